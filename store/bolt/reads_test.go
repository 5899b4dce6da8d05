package bolt_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// naive is what a journal says, without any index.
type naive struct {
	head     ledger.Head
	items    []*ledger.Booked
	accounts map[ledger.AccountID][]*ledger.Booked // entries that touch each
	byKey    map[string]uint64
	byRef    map[string][]uint64
}

// newNaive reads the journal of a snapshot, or of a transaction.
func newNaive(ctx context.Context, r ledger.Reader) (*naive, error) {
	head, err := ledger.Together(ctx, r)
	if err != nil {
		return nil, err
	}
	n := &naive{head: head, accounts: make(map[ledger.AccountID][]*ledger.Booked), byKey: make(map[string]uint64), byRef: make(map[string][]uint64)}
	for item, err := range r.Items(ctx, 0, 0) {
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		if item.Key != "" {
			n.byKey[item.Key] = item.Seq
		}
		if item.Reference != "" {
			n.byRef[item.Reference] = append(n.byRef[item.Reference], item.Seq)
		}
		if !item.IsEntry() {
			continue
		}
		for _, p := range item.Postings {
			if list := n.accounts[p.ID()]; len(list) == 0 || list[len(list)-1] != item {
				n.accounts[p.ID()] = append(list, item)
			}
		}
	}
	if uint64(len(n.items)) != head.Seq {
		return nil, fmt.Errorf("head says %d, the journal has %d items", head.Seq, len(n.items))
	}
	return n, nil
}

// ids lists the accounts that were moved, in order.
func (n *naive) ids() []ledger.AccountID {
	out := make([]ledger.AccountID, 0, len(n.accounts))
	for id := range n.accounts {
		out = append(out, id)
	}
	slices.SortFunc(out, ledger.AccountID.Compare)
	return out
}

// total adds up the postings of an account that keep lets pass.
func (n *naive) total(id ledger.AccountID, keep func(*ledger.Booked) bool) (b ledger.Balance, err error) {
	for _, item := range n.accounts[id] {
		if !keep(item) {
			continue
		}
		for _, p := range item.Postings {
			if p.ID() == id && err == nil {
				err = b.Add(p)
			}
		}
		b.Seq = item.Seq
	}
	return b, err
}

// check compares all that a reader says by its indexes with the journal; of the
// accounts those that are chosen are looked at closely.
func (n *naive) check(ctx context.Context, r *bolt.Tx, closely func(i int) bool) error {
	if head, err := ledger.Together(ctx, r); err != nil || head != n.head {
		return fmt.Errorf("head is %+v, %w; want %+v", head, err, n.head)
	}
	for i, id := range n.ids() {
		if closely(i) {
			if err := n.checkAccount(ctx, r, id); err != nil {
				return fmt.Errorf("head %d, account %s: %w", n.head.Seq, id, err)
			}
		}
	}
	if err := n.checkAccounts(ctx, r); err != nil {
		return fmt.Errorf("head %d, %w", n.head.Seq, err)
	}
	for reference, want := range n.byRef {
		for _, from := range []uint64{0, want[len(want)/2], want[len(want)-1] + 1} {
			if err := same("items of reference "+reference, from, want, r.Referenced(ctx, reference, ledger.Place{Seq: from})); err != nil {
				return fmt.Errorf("head %d, %w", n.head.Seq, err)
			}
		}
	}
	return n.checkKeys(r)
}

func (n *naive) checkKeys(r *bolt.Tx) error {
	for key, seq := range n.byKey {
		item, err := r.TakenBy(key)
		if err != nil || item == nil || item.Seq != seq {
			return fmt.Errorf("head %d, key %s is item %d, found %+v, %w", n.head.Seq, key, seq, item, err)
		}
	}
	for _, free := range []string{"nobody's", "", keyCollides[0], keyCollides[1], keyCollides[2], keyCollides[3]} {
		if _, taken := n.byKey[free]; taken {
			continue
		}
		if item, err := r.TakenBy(free); item != nil || err != nil {
			return fmt.Errorf("head %d, key %q is free, found %+v, %w", n.head.Seq, free, item, err)
		}
	}
	return nil
}

// keyCollides are keys and references that have one hash, two by two.
var keyCollides = []string{"c285129", "c806821", "c196781", "c946713"}

// same compares seqs, those before a seq left out, with what a list yields.
func same(what string, from uint64, want []uint64, list iter.Seq2[*ledger.Booked, error]) error {
	var got []uint64
	for item, err := range list {
		if err != nil {
			return fmt.Errorf("%s from %d: %w", what, from, err)
		}
		got = append(got, item.Seq)
	}
	at := slices.IndexFunc(want, func(seq uint64) bool { return seq >= from })
	if at < 0 {
		at = len(want)
	}
	if !slices.Equal(got, want[at:]) {
		return fmt.Errorf("%s from %d are %v, want %v", what, from, got, want[at:])
	}
	return nil
}

func seqs(items []*ledger.Booked) (out []uint64) {
	for _, item := range items {
		out = append(out, item.Seq)
	}
	return out
}

func (n *naive) checkAccount(ctx context.Context, r *bolt.Tx, id ledger.AccountID) error {
	moved := n.accounts[id]
	all := seqs(moved)
	for _, from := range []uint64{0, all[len(all)/2], all[len(all)/2] + 1, n.head.Seq, n.head.Seq + 1, 1 << 63} {
		if err := same("movements", from, all, r.Movements(ctx, id, ledger.Place{Seq: from})); err != nil {
			return err
		}
	}
	want, next := ledger.Balance{}, moved
	for seq := range n.head.Seq + 2 {
		if len(next) > 0 && next[0].Seq == seq {
			for _, p := range next[0].Postings {
				if p.ID() != id {
					continue
				}
				if err := want.Add(p); err != nil {
					return err
				}
			}
			want.Seq, next = seq, next[1:]
		}
		if stride := 1 + n.head.Seq/100; seq%stride != n.head.Seq%stride && seq > 20 {
			continue
		}
		if got, err := r.BalanceBefore(ctx, id, ledger.Place{Seq: seq + 1}); got != want || err != nil {
			return fmt.Errorf("balance at %d is %+v, %w; want %+v", seq, got, err, want)
		}
	}
	return n.checkDated(ctx, r, id)
}

func (n *naive) checkDated(ctx context.Context, r *bolt.Tx, id ledger.AccountID) error {
	byDate := slices.Clone(n.accounts[id])
	slices.SortStableFunc(byDate, func(a, b *ledger.Booked) int {
		return cmp.Or(a.ValueDate.Compare(b.ValueDate), cmp.Compare(a.Seq, b.Seq))
	})
	places := []ledger.DatedPlace{{}, {On: byDate[0].ValueDate}, {On: byDate[len(byDate)-1].ValueDate.AddDays(1)}}
	for _, item := range byDate {
		places = append(places, ledger.DatedPlace{On: item.ValueDate, Place: item.Place()}, ledger.DatedPlace{On: item.ValueDate, Place: item.Place().Next()})
	}
	for i, from := range places {
		if i > 8 && i%7 != 0 {
			continue
		}
		at := slices.IndexFunc(byDate, func(item *ledger.Booked) bool {
			return cmp.Or(item.ValueDate.Compare(from.On), cmp.Compare(item.Seq, from.Seq)) >= 0
		})
		if at < 0 {
			at = len(byDate)
		}
		if err := same(fmt.Sprint("dated movements from ", from), 0, seqs(byDate[at:]), r.Dated(ctx, id, from)); err != nil {
			return err
		}
	}
	for day := byDate[0].ValueDate.AddDays(-1); !day.After(byDate[len(byDate)-1].ValueDate.AddDays(1)); day = day.AddDays(1) {
		if err := n.checkDay(ctx, r, id, day); err != nil {
			return err
		}
	}
	return nil
}

func (n *naive) checkDay(ctx context.Context, r *bolt.Tx, id ledger.AccountID, day calendar.Date) error {
	want, err := n.total(id, func(item *ledger.Booked) bool { return !item.ValueDate.After(day) })
	if err != nil {
		return err
	}
	want.Seq = 0
	if got, err := r.BalanceOn(ctx, id, day); got != want || err != nil {
		return fmt.Errorf("balance on %s is %+v, %w; want %+v", day, got, err, want)
	}
	return nil
}

// checkAccounts compares the totals of all accounts, listed and loaded.
func (n *naive) checkAccounts(ctx context.Context, r *bolt.Tx) error {
	listed := make(map[ledger.AccountID]ledger.Balance)
	for a, err := range r.Accounts(ctx, "") {
		if err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
		a.HeldDebits, a.HeldCredits = money.Amount{}, money.Amount{}
		listed[a.AccountID] = a.Balance
	}
	s := ledger.NewState(nil)
	ids := n.ids()
	if err := r.Load(ctx, &ledger.Need{Accounts: ids}, s); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	for _, id := range ids {
		want, err := n.total(id, func(*ledger.Booked) bool { return true })
		if err != nil {
			return err
		}
		loaded, ok := s.Account(id)
		if got := listed[id]; got.Debits != want.Debits || got.Credits != want.Credits || got.Seq < want.Seq {
			return fmt.Errorf("account %s is listed with %+v, want %+v", id, got, want)
		}
		if !ok || loaded.Debits != want.Debits || loaded.Credits != want.Credits || loaded.Seq != listed[id].Seq {
			return fmt.Errorf("account %s is loaded as %+v, want %+v", id, loaded, want)
		}
	}
	return nil
}
