package settlex

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Figures sum movements of merchants' money by what they are. Amounts are
// signed minor units, positive in the merchants' favour.
type Figures struct {
	Movements   int
	Gross       money.Amount // payments, late failures taken off
	Refunds     money.Amount // gross, failed ones taken off
	Disputes    money.Amount // gross, won ones taken off
	Payouts     money.Amount // gross, failed and returned ones taken off
	PutBack     money.Amount // by batches that were canceled or returned
	Adjustments money.Amount // adjustments, and what became of debts
	Exchanged   money.Amount // turned into another currency, or out of one
	Fees        money.Amount
	Taxes       money.Amount
	Withheld    money.Amount // tax withheld at source
	Held        money.Amount // reserve withheld, less what came back with its deposit
	Released    money.Amount // reserve given back on its date
	Net         money.Amount // the sum of all of these
}

// RegionSummary sums the movements of one region and currency. Every movement
// is either in a batch or unsettled. What the batches pay is
// Batched.Net - CarriedOut.
type RegionSummary struct {
	Region     string
	Currency   money.Currency
	Batches    int           // closed, those carried forward included
	Carried    int           // carried forward
	Lines      int           // of the batches, those that carry included
	First      calendar.Date // business date of the first batch
	Last       calendar.Date // business date of the last batch
	Batched    Figures       // movements in batches
	CarriedOut money.Amount  // left for later batches by the last one of each merchant, negative when owed to us
	Paid       money.Amount  // what the batches pay
	Unsettled  Figures       // movements in no batch
}

// Overview sums up every batch and the unsettled tail by region and currency,
// in order of region. It proves the batch equation of each batch on the way;
// an error wraps settlement.ErrEquation.
func (e *Engine) Overview(ctx context.Context) ([]RegionSummary, error) {
	found := make(map[string]*RegionSummary)
	of := func(region string, c money.Currency) *RegionSummary {
		key := region + " " + c.String()
		if found[key] == nil {
			found[key] = &RegionSummary{Region: region, Currency: c}
		}
		return found[key]
	}
	err := e.books.Read(ctx, func(r ledger.Reader) error {
		for b, err := range settlement.All(ctx, r) {
			if err != nil {
				return err
			}
			if err := of(b.Region, b.Currency).count(ctx, r, b); err != nil {
				return err
			}
		}
		return e.countTail(ctx, r, of)
	})
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	out := make([]RegionSummary, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[key])
	}
	return out, nil
}

// count adds a batch.
func (s *RegionSummary) count(ctx context.Context, r ledger.Reader, b *settlement.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	s.Batches++
	s.Lines += b.Lines
	if b.AtClose == settlement.CarriedForward {
		s.Carried++
	}
	if date := b.Window.BusinessDate; s.First.IsZero() || date.Before(s.First) {
		s.First = date
	}
	if date := b.Window.BusinessDate; date.After(s.Last) {
		s.Last = date
	}
	if err := addTo(&s.Paid, b.Net); err != nil {
		return err
	}
	for line, err := range settlement.Lines(ctx, r, b.ID) {
		if err != nil {
			return err
		}
		if line.OfBatch() {
			continue
		}
		if err := s.Batched.add(&line.Item); err != nil {
			return err
		}
	}
	return nil
}

// add counts one movement.
func (f *Figures) add(i *payment.Item) error {
	f.Movements++
	reserve, gross := &f.Held, &f.Gross
	switch i.Category {
	case payment.CategoryReserve:
		if i.Reserve.Sign() > 0 { // else it is built, or put back
			reserve = &f.Released
		}
	case payment.CategoryRefund:
		gross = &f.Refunds
	case payment.CategoryDispute:
		gross = &f.Disputes
	case payment.CategoryPayout:
		gross = &f.Payouts
	case payment.CategoryBatch:
		gross = &f.PutBack
	case payment.CategoryAdjustment:
		gross = &f.Adjustments
	case payment.CategoryExchange:
		gross = &f.Exchanged
	}
	for _, sum := range []struct {
		into *money.Amount
		add  money.Amount
	}{
		{gross, i.Gross}, {&f.Fees, i.Fee}, {&f.Taxes, i.Tax}, {&f.Withheld, i.Withholding}, {reserve, i.Reserve}, {&f.Net, i.Net},
	} {
		if err := addTo(sum.into, sum.add); err != nil {
			return err
		}
	}
	return nil
}

// homes gives the region of a merchant's payments in a currency.
type homes func(merchant string, c money.Currency) (string, error)

// homes reads every merchant of a snapshot.
func (e *Engine) homes(ctx context.Context, r ledger.Reader) (homes, error) {
	known := make(map[string]*merchant.Merchant)
	for m, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, "") {
		if err != nil {
			return nil, err
		}
		known[m.ID] = &m.Merchant
	}
	return func(id string, c money.Currency) (string, error) {
		region, err := e.rules.Book.Region(known[id], c)
		if err != nil {
			return "", err
		}
		return region.ID, nil
	}, nil
}

// countTail adds what is in no batch, and the carry of each merchant.
func (e *Engine) countTail(ctx context.Context, r ledger.Reader, of func(string, money.Currency) *RegionSummary) error {
	homes, err := e.homes(ctx, r)
	if err != nil {
		return err
	}
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
		if err != nil {
			return err
		}
		id, err := homes(p.Merchant, p.Currency)
		if err != nil {
			return err
		}
		if err := addTo(&of(id, p.Currency).CarriedOut, p.Carry); err != nil {
			return err
		}
	}
	for i, err := range ledger.RecordsOf[*payment.Item](ctx, r, payment.ItemRecord, "") {
		if err != nil {
			return err
		}
		id, err := homes(i.Merchant, i.Currency)
		if err != nil {
			return err
		}
		if err := of(id, i.Currency).Unsettled.add(i); err != nil {
			return err
		}
	}
	return nil
}
