package torture

import (
	"context"
	"fmt"
	"slices"

	"github.com/settlex/settlex/ledger"
)

// contents is what a file holds.
type contents struct {
	items    []*ledger.Booked // in order of their places
	block    map[place]uint64 // that holds an item, by its number in the lane
	byKey    map[string]int
	accounts map[ledger.AccountID]ledger.Account
	heads    []ledger.Head
	trees    []ledger.TreeHead // of lanes that have some
	rows     map[string]string // of the host
}

// place names an item.
type place struct {
	lane uint16
	seq  uint64
}

func placeOf(item *ledger.Booked) place { return place{item.Lane, item.Seq} }

// String is the place for people: the lane is named if it is not the first.
func (p place) String() string {
	if p.lane == 0 {
		return fmt.Sprint(p.seq)
	}
	return fmt.Sprintf("%d@%d", p.seq, p.lane)
}

// readContents reads one snapshot.
func readContents(ctx context.Context, books *ledger.Ledger) (*contents, error) {
	c := &contents{block: make(map[place]uint64), byKey: make(map[string]int), accounts: make(map[ledger.AccountID]ledger.Account)}
	err := books.Read(ctx, func(r ledger.Reader) (err error) {
		if c.heads, err = r.Heads(ctx); err != nil {
			return err
		}
		if c.trees, err = treeHeads(ctx, r, c.heads); err != nil {
			return err
		}
		for a, err := range r.Accounts(ctx, "") {
			if err != nil {
				return err
			}
			c.accounts[a.AccountID] = a
		}
		return c.readItems(ctx, r)
	})
	return c, err
}

func (c *contents) readItems(ctx context.Context, r ledger.Reader) error {
	for _, head := range c.heads {
		number := uint64(0)
		for block, err := range r.Blocks(ctx, head.Lane, 1) {
			if err != nil {
				return err
			}
			number++
			for _, item := range block.Items {
				c.items = append(c.items, item)
				c.block[placeOf(item)] = number
			}
		}
	}
	slices.SortStableFunc(c.items, func(a, b *ledger.Booked) int { return a.Place().Compare(b.Place()) })
	for i, item := range c.items {
		if item.Key != "" {
			c.byKey[item.Key] = i
		}
	}
	return nil
}

// item gives what took a key, or nil.
func (c *contents) item(key string) *ledger.Booked {
	i, ok := c.byKey[key]
	if !ok {
		return nil
	}
	return c.items[i]
}
