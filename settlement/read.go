package settlement

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// ErrUnknownBatch marks an id no batch has.
var ErrUnknownBatch = errors.New("batch is not known")

// Find reads a batch by id. Error: ErrUnknownBatch.
func Find(ctx context.Context, r ledger.Reader, id string) (*Batch, error) {
	for b, err := range ledger.RecordsOf[*Batch](ctx, r, BatchRecord, id) {
		if err != nil {
			return nil, err
		}
		if b.ID == id {
			return b, nil
		}
		break
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownBatch, id)
}

// All yields every batch that is closed, in order of currency, business date,
// cut-off and merchant.
func All(ctx context.Context, r ledger.Reader) iter.Seq2[*Batch, error] { return list(ctx, r, "") }

// OnDay yields the batches of one currency and business date that are closed,
// in order of cut-off and merchant.
func OnDay(ctx context.Context, r ledger.Reader, currency money.Currency, date calendar.Date) iter.Seq2[*Batch, error] {
	return list(ctx, r, DayPrefix(currency, date))
}

func list(ctx context.Context, r ledger.Reader, prefix string) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for day, err := range ledger.RecordsOf[*Day](ctx, r, DayRecord, prefix) {
			var batch *Batch
			if err == nil {
				batch, err = Find(ctx, r, day.Batch)
			}
			if err == nil && batch.Status == Closing {
				continue
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// Lines yields the lines of a batch in order.
func Lines(ctx context.Context, r ledger.Reader, batch string) iter.Seq2[*Line, error] {
	return ledger.RecordsOf[*Line](ctx, r, LineRecord, batch+"/")
}

// Reported is how far the daily files of a currency have been written, and
// how far the books were verified afterwards. Dates are business dates.
type Reported struct {
	Currency money.Currency `json:"currency"`
	Through  calendar.Date  `json:"through,omitzero"`
	Verified calendar.Date  `json:"verified,omitzero"`
}

// Ref makes Reported a ledger.Record.
func (r *Reported) Ref() ledger.Ref { return ledger.Ref{Kind: ReportedRecord, ID: r.Currency.String()} }

// FindReported reads how far the files of a currency have been written.
func FindReported(ctx context.Context, r ledger.Reader, currency money.Currency) (Reported, error) {
	for reported, err := range ledger.RecordsOf[*Reported](ctx, r, ReportedRecord, currency.String()) {
		if err != nil {
			return Reported{}, err
		}
		return *reported, nil
	}
	return Reported{Currency: currency}, nil
}

// FirstDay gives the business date of a currency's first batch; the zero date
// when there is none.
func FirstDay(ctx context.Context, r ledger.Reader, currency money.Currency) (calendar.Date, error) {
	for day, err := range ledger.RecordsOf[*Day](ctx, r, DayRecord, currency.String()+"/") {
		if err != nil {
			return calendar.Date{}, err
		}
		return day.Date, nil
	}
	return calendar.Date{}, nil
}
