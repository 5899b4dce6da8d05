package settlement

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// leaving tells whether a batch is one of a merchant who is leaving: it was closing or
// closed just before the batch's watermark. Such a batch pays everything, however
// little, builds no reserve, and gives back what is in those that batches build.
func leaving(m *payment.Merchant, watermark time.Time) bool {
	status, _ := m.StoodAt(watermark.Add(-time.Microsecond))
	return status == payment.Closing || status == payment.Closed
}

// merchantOf reads a merchant.
func merchantOf(ctx context.Context, r ledger.Reader, id string) (*payment.Merchant, error) {
	for m, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, id) {
		if err != nil {
			return nil, err
		}
		if m.ID == id {
			return m, nil
		}
		break // the exact id is the first with this prefix
	}
	return nil, fmt.Errorf("%w: merchant %s is not there", ledger.ErrCorrupt, id)
}

// leavers reads the merchants who are closing or closed.
func leavers(ctx context.Context, r ledger.Reader) (map[string]*payment.Merchant, error) {
	found := make(map[string]*payment.Merchant)
	for m, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, "") {
		if err != nil {
			return nil, err
		}
		if m.Status == payment.Closing || m.Status == payment.Closed {
			found[m.ID] = m
		}
	}
	return found, nil
}

// scanLeaving visits what is left to a merchant whom somebody decided to close, from
// the window of that decision on, and that no movement brings into a batch: what earlier
// ones carried on because it was too little, or put into fixed and minimum reserves.
// With nothing left it does so only if batches are due that may leave something. Whose
// windows no job closes any more is paid by hand; what batches have carried on is paid
// by the schedule of the last one.
func scanLeaving(
	ctx context.Context, r ledger.Reader, m *payment.Merchant, p *payment.Position, f *frees, due []Target, visit func(*rest) error,
) error {
	decided := closedFrom(m)
	if f.rules == nil || decided.IsZero() {
		return nil
	}
	left, err := anythingLeft(ctx, r, p)
	if err != nil || !left && len(due) == 0 {
		return err
	}
	return visit(&rest{
		there: left, leaves: func(Target) bool { return true }, on: payment.DateUTC(decided), windows: f.windows, what: "last batch of " + m.ID,
		find: func(w *payment.Windows) (*merchant.Schedule, calendar.Window, error) {
			s, err := w.Own(decided)
			if err == nil && s == nil {
				s, err = f.carriedBy(p, due, decided)
			}
			if err != nil || s == nil {
				return nil, calendar.Window{}, err
			}
			return w.Open(s, func(*merchant.Schedule) time.Time { return decided })
		},
	})
}

// carriedBy is the schedule of the last batch before a merchant was closing: what that has
// carried on is paid by it, where no job closes the windows of now, less what is owed by hand.
// nil: nothing is.
func (f *frees) carriedBy(p *payment.Position, due []Target, decided time.Time) (*merchant.Schedule, error) {
	closed := lastClosed(p, due, decided)
	if carries := p.Carry.Sign() > 0; closed.IsZero() || !carries && len(due) == 0 {
		return nil, nil
	}
	return f.windows.Own(closed.Add(-time.Microsecond))
}

// lastClosed is the watermark of the last batch before an instant, closed or due.
func lastClosed(p *payment.Position, due []Target, before time.Time) time.Time {
	last := p.Closed
	for i := range due {
		if w := due[i].watermark; w.After(last) && !w.After(before) {
			last = w
		}
	}
	return last
}

// anythingLeft tells whether something waits for a batch that is no movement.
func anythingLeft(ctx context.Context, r ledger.Reader, p *payment.Position) (left bool, err error) {
	carried, err := carriedFor(p)
	left = carried.Sign() > 0 && carried != p.Unpayable
	for _, kind := range reserve.Kinds() {
		if kind.Pooled() && !left && err == nil {
			left, err = poolHolds(ctx, r, owner{p.Merchant, p.Currency}, kind)
		}
	}
	return left, err
}

// carriedFor is what batches have carried on to be paid: what is owed of what no job
// settles is taken off.
func carriedFor(p *payment.Position) (money.Amount, error) {
	owed, err := p.OwedByHand(calendar.Date{})
	if err != nil {
		return owed, err
	}
	return p.Carry.Add(owed)
}

// cannotPay notes what a batch of a merchant who is leaving carries on: it could not pay it.
func (c *closing) cannotPay(position *payment.Position) (err error) {
	position.Unpayable = money.Amount{}
	if c.last && c.batch.AtClose == CarriedForward {
		position.Unpayable, err = carriedFor(position)
		position.Unpayable = money.Max(position.Unpayable, money.Amount{})
	}
	return err
}

// closedFrom is the instant from which a merchant is closing; zero: it is not.
func closedFrom(m *payment.Merchant) time.Time {
	for _, step := range m.Steps {
		if step.Act == payment.MerchantClose {
			return step.At
		}
	}
	return time.Time{}
}
