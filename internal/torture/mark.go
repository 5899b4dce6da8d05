package torture

import (
	"context"
	"errors"
	"io"

	"github.com/settlex/settlex/ledger"
)

// Marks tell the parent where the worker is: one byte each.
const (
	markBegin = 'B' // a transaction is decided and about to be committed
	markEnd   = 'E' // it has been
)

// marks writes them; nil: nobody wants to know.
type marks struct{ out io.Writer }

func (m marks) begin() error { return m.write(markBegin) }

func (m marks) end() error { return m.write(markEnd) }

func (m marks) write(mark byte) error {
	if m.out == nil {
		return nil
	}
	_, err := m.out.Write([]byte{mark})
	return err
}

// marked is a store that marks its commits.
type marked struct {
	ledger.Store
	marks marks
}

// Write implements ledger.Store.
func (m marked) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	began := false
	err := m.Store.Write(ctx, func(tx ledger.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		began = true
		return m.marks.begin()
	})
	if began {
		err = errors.Join(err, m.marks.end())
	}
	return err
}
