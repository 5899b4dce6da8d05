package settlement_test

import (
	"context"
	"errors"

	"github.com/settlex/settlex/ledger"
)

var errPulled = errors.New("the plug was pulled")

// faulty is a store that counts its write transactions and fails one of them.
type faulty struct {
	ledger.Store
	writes int
	fail   int  // the write that fails, from 1; 0: none
	after  bool // it fails after its commit, as a lost connection would
}

// Write implements ledger.Store.
func (f *faulty) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	f.writes++
	if f.writes != f.fail {
		return f.Store.Write(ctx, fn)
	}
	if !f.after {
		return errPulled
	}
	return errors.Join(f.Store.Write(ctx, fn), ledger.ErrIndefinite, errPulled)
}
