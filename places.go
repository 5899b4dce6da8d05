package settlex

import (
	"context"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// places tells which region an account belongs to: a merchant's and a batch's to the
// merchant's region, a bank account to the region it is of, and all others, which
// regions share, to the one that lists their currency.
type places struct {
	book      *merchant.Book
	merchants map[string]*merchant.Merchant
	batches   map[string]string // by id: the merchant
}

// places reads every merchant and batch of a snapshot.
func (e *Engine) places(ctx context.Context, r ledger.Reader) (places, error) {
	p := places{book: e.rules.Book, merchants: make(map[string]*merchant.Merchant), batches: make(map[string]string)}
	for m, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, "") {
		if err != nil {
			return p, err
		}
		p.merchants[m.ID] = &m.Merchant
	}
	for b, err := range ledger.RecordsOf[*settlement.Batch](ctx, r, settlement.BatchRecord, "") {
		if err != nil {
			return p, err
		}
		p.batches[b.ID] = b.Merchant
	}
	return p, nil
}

// owner is the merchant whose money an account holds; empty: nobody's alone.
func (p places) owner(path string) string {
	if m, _, ok := payment.MerchantOf(path); ok {
		return m
	}
	if batch, ok := strings.CutPrefix(path, "settlements/"); ok {
		return p.batches[batch]
	}
	return ""
}

// of is the region of an account; empty: none is configured for it.
func (p places) of(id ledger.AccountID) string {
	if bank, ok := strings.CutPrefix(id.Path, "bank/"); ok {
		for i := range p.book.Regions {
			if p.book.Regions[i].Bank == bank {
				return p.book.Regions[i].ID
			}
		}
	}
	var m *merchant.Merchant
	if owner := p.owner(id.Path); owner != "" {
		m = p.merchants[owner]
	}
	region, err := p.book.Region(m, id.Currency)
	if err != nil {
		return ""
	}
	return region.ID
}

// region finds a region by its id; nil: there is none.
func (e *Engine) region(id string) *merchant.Region {
	for i := range e.rules.Book.Regions {
		if r := &e.rules.Book.Regions[i]; r.ID == id {
			return r
		}
	}
	return nil
}

// dayEnd is the instant at which a day is over in a region: midnight in the zone of
// its schedule for a currency, or in UTC where it has none.
func (e *Engine) dayEnd(region string, currency money.Currency, day calendar.Date) time.Time {
	return calendar.Cutoff(day.AddDays(1), calendar.Clock{}, e.zone(region, currency))
}

// zone is where a region's clocks hang: its own schedule's before that of anything
// narrower.
func (e *Engine) zone(region string, currency money.Currency) *time.Location {
	var zone *time.Location
	best := 0
	for i := range e.rules.Book.Schedules {
		s := &e.rules.Book.Schedules[i]
		for _, scope := range s.For {
			if scope.Region != region || !scope.Currency.IsZero() && scope.Currency != currency {
				continue
			}
			rank := 1
			if scope.Method == "" {
				rank = 2
			}
			if rank > best {
				zone, best = s.Timing.Zone, rank
			}
		}
	}
	if zone != nil {
		return zone
	}
	for i := range e.rules.Book.Schedules {
		if s := &e.rules.Book.Schedules[i]; e.governs(s, currency) {
			return s.Timing.Zone
		}
	}
	return time.UTC
}

// LastDay is the last date that is over in every region, by the clocks of their
// schedules.
func (e *Engine) LastDay() calendar.Date {
	last := calendar.DateOf(e.now(), time.UTC).AddDays(1)
	for i := range e.rules.Book.Regions {
		r := &e.rules.Book.Regions[i]
		for _, c := range r.Currencies {
			if over := calendar.DateOf(e.now(), e.zone(r.ID, c)).AddDays(-1); over.Before(last) {
				last = over
			}
		}
	}
	return last
}
