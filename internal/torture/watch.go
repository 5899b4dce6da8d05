package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// watchEvery is how often a snapshot is looked at.
const watchEvery = 2 * time.Millisecond

// watch holds one snapshot after another to the law of a bank, and notes tree heads that everything later must continue.
func (d *desk) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := make(map[uint16]uint64)
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		seen, err := d.look(ctx, last)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && d.site.Forgives(err):
			continue
		}
		for i := range seen {
			if err == nil && n%8 == 0 {
				err = d.log.write(line{Head: &seen[i]})
			}
		}
		if err != nil {
			return errors.Join(err, d.log.write(line{Wrong: "watching: " + err.Error()}))
		}
	}
}

// look looks at one snapshot, and notes where its lanes end.
func (d *desk) look(ctx context.Context, last map[uint16]uint64) (seen []ledger.TreeHead, err error) {
	known := d.acknowledged()
	err = d.books.Read(ctx, func(r ledger.Reader) error {
		heads, err := r.Heads(ctx)
		if err != nil {
			return err
		}
		for _, head := range heads {
			if known := max(last[head.Lane], known[head.Lane]); head.Seq < known {
				return fmt.Errorf("in a snapshot lane %d ends at %d, behind %d, which was acknowledged or seen before", head.Lane, head.Seq, known)
			}
			last[head.Lane] = head.Seq
		}
		if seen, err = treeHeads(ctx, r, heads); err != nil {
			return err
		}
		return lawful(ctx, r)
	})
	return seen, err
}

// treeHeads are those of lanes that have blocks.
func treeHeads(ctx context.Context, r ledger.Reader, heads []ledger.Head) ([]ledger.TreeHead, error) {
	var out []ledger.TreeHead
	for _, head := range heads {
		if head.Blocks == 0 {
			continue
		}
		root, err := ledger.Root(ctx, r, head.Lane, head.Blocks)
		if err != nil {
			return nil, err
		}
		out = append(out, ledger.TreeHead{Lane: head.Lane, Blocks: head.Blocks, Root: root})
	}
	return out, nil
}

// lawful: over all accounts debits equal credits, what is held too, and no customer has less than nothing.
func lawful(ctx context.Context, r ledger.Reader) error {
	type sums struct{ debits, credits, heldDebits, heldCredits []money.Amount }
	all := make(map[money.Currency]*sums)
	for a, err := range r.Accounts(ctx, "") {
		if err != nil {
			return err
		}
		s := all[a.Currency]
		if s == nil {
			s = new(sums)
			all[a.Currency] = s
		}
		s.debits, s.credits = append(s.debits, a.Debits), append(s.credits, a.Credits)
		s.heldDebits, s.heldCredits = append(s.heldDebits, a.HeldDebits), append(s.heldCredits, a.HeldCredits)
		available, err := a.Available()
		if err != nil {
			return err
		}
		if available.Sign() < 0 && strings.HasPrefix(a.Path, "customers/") {
			return fmt.Errorf("%s has %s available", a.AccountID, available)
		}
	}
	for currency, s := range all {
		if err := errors.Join(same(s.debits, s.credits), same(s.heldDebits, s.heldCredits)); err != nil {
			return fmt.Errorf("%s: %w", currency, err)
		}
	}
	return nil
}

func same(debits, credits []money.Amount) error {
	d, err := money.Sum(debits...)
	if err != nil {
		return err
	}
	c, err := money.Sum(credits...)
	if err != nil {
		return err
	}
	if d != c {
		return fmt.Errorf("debits add up to %s, credits to %s", d, c)
	}
	return nil
}

// follow reads the change feed to its end and waits for more: every item comes once, each lane in order.
func (d *desk) follow(ctx context.Context) error {
	var cursor ledger.Cursor
	last := make(map[uint16]uint64)
	for {
		for item, err := range d.books.Changes(ctx, cursor) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && d.site.Forgives(err) {
				break
			}
			if err != nil {
				return errors.Join(err, d.log.write(line{Wrong: "following: " + err.Error()}))
			}
			if item.Seq != last[item.Lane]+1 {
				return d.log.write(line{Wrong: fmt.Sprintf("the change feed gives item %s behind item %d of its lane", placeOf(item.Booked), last[item.Lane])})
			}
			last[item.Lane], cursor = item.Seq, item.Cursor
		}
		if err := d.books.Wait(ctx, cursor); err != nil && (ctx.Err() != nil || !d.site.Forgives(err)) {
			return err
		}
	}
}
