package torture

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// contents is what a file holds.
type contents struct {
	items    []*ledger.Booked
	block    []int // of each item
	byKey    map[string]int
	accounts map[ledger.AccountID]ledger.Account
	head     ledger.Head
	tree     ledger.TreeHead
	rows     map[string]string // of the host
}

// readContents reads one snapshot.
func readContents(ctx context.Context, books *ledger.Ledger) (*contents, error) {
	c := &contents{byKey: make(map[string]int), accounts: make(map[ledger.AccountID]ledger.Account)}
	err := books.Read(ctx, func(r ledger.Reader) (err error) {
		if c.head, err = ledger.Together(ctx, r); err != nil {
			return err
		}
		if c.tree, err = treeHead(ctx, r, c.head); err != nil {
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
	number := 0
	for block, err := range r.Blocks(ctx, 0, 1) {
		if err != nil {
			return err
		}
		number++
		for _, item := range block.Items {
			if item.Key != "" {
				c.byKey[item.Key] = len(c.items)
			}
			c.items, c.block = append(c.items, item), append(c.block, number)
		}
	}
	return nil
}

// item gives what took a key, or nil, and the number of its block.
func (c *contents) item(key string) (item *ledger.Booked, block int) {
	i, ok := c.byKey[key]
	if !ok {
		return nil, 0
	}
	return c.items[i], c.block[i]
}

// readRows reads the host's own rows.
func readRows(db *bbolt.DB) (map[string]string, error) {
	rows := make(map[string]string)
	err := db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(hostRows)
		if bucket == nil {
			return nil
		}
		return bucket.ForEach(func(key, value []byte) error {
			rows[string(key)] = string(value)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("rows of the host: %w", err)
	}
	return rows, nil
}
