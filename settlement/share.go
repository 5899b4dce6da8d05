package settlement

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Shares divide what a batch pays in another currency among its lines, by largest
// remainder of their nets, ties by their order. They follow from the lines alone, and
// keep one bit of each.
type Shares struct{ of *money.Shares }

// SharesOf reads the lines of a batch. The shares of one that was not converted are none.
func SharesOf(ctx context.Context, r ledger.Reader, b *Batch) (*Shares, error) {
	if !b.Converted() {
		return &Shares{}, nil
	}
	of, err := money.NewShares(b.FX.Got, b.Net)
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", b.ID, err)
	}
	for line, err := range Lines(ctx, r, b.ID) {
		if err != nil {
			return nil, err
		}
		if line.Type != payment.TypeFXOut {
			of.Add(line.Net)
		}
	}
	if err := of.Settle(); err != nil {
		return nil, fmt.Errorf("%w: batch %s: %w", ErrEquation, b.ID, err)
	}
	return &Shares{of}, nil
}

// Of gives the share of a line, in minor units of what the batch is paid in. The line
// that turns the net into it has none, nor have lines of batches that are paid in their own
// currency. Error: money.ErrOverflow.
func (s *Shares) Of(l *Line) (share money.Amount, ok bool, err error) {
	if s.of == nil || l.Type == payment.TypeFXOut {
		return money.Amount{}, false, nil
	}
	share, err = s.of.Of(l.No-1, l.Net)
	return share, err == nil, err
}
