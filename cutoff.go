package settlex

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// NextCutoff is when the window that is open now closes.
type NextCutoff struct {
	Schedule merchant.Pin
	Window   calendar.Window
	Zone     *time.Location // of the schedule
	ByHand   bool           // nobody closes the window: money becomes available by itself
}

// String writes the cut-off in its zone, such as "2026-03-02 18:00 Asia/Kolkata
// (+05:30)".
func (n NextCutoff) String() string {
	at := n.Window.Closes.In(n.Zone)
	text := fmt.Sprintf("%s %s (%s)", at.Format("2006-01-02 15:04"), n.Zone, at.Format("-07:00"))
	if n.Window.Label != "" {
		text += ", " + n.Window.Label
	}
	return text
}

// NextCutoff gives the next cut-off of a merchant's payments in a currency, by a
// method or, if it is empty, by those that have no schedule of their own. Errors:
// payment.ErrUnknownMerchant where the configuration makes none, those of
// merchant.Book.Schedule, and calendar.ErrOutOfRange.
func (e *Engine) NextCutoff(ctx context.Context, id string, currency money.Currency, method string) (NextCutoff, error) {
	now := e.now()
	c, err := e.caseOf(ctx, id, currency, method)
	if err != nil {
		return NextCutoff{}, err
	}
	w, s, err := e.rules.Book.NextCutoff(c, now)
	if err != nil {
		return NextCutoff{}, err
	}
	return nextCutoff(s, w), nil
}

// NextCutoffOf gives the next cut-off of the schedule that a batch was closed by: of
// the version in force now, or of the batch's own where none is configured any more.
// The error is that of the calendars.
func (e *Engine) NextCutoffOf(pin merchant.Pin) (NextCutoff, error) {
	now := e.now()
	s := e.rules.Book.Version(pin.ID, now)
	if s == nil {
		var err error
		if s, err = e.schedule(pin); err != nil {
			return NextCutoff{}, err
		}
	}
	w, err := s.Timing.WindowAt(now)
	if err != nil {
		return NextCutoff{}, fmt.Errorf("next cut-off of schedule %s: %w", s.ID, err)
	}
	return nextCutoff(s, w), nil
}

func nextCutoff(s *merchant.Schedule, w calendar.Window) NextCutoff {
	return NextCutoff{Schedule: s.Pin(), Window: w, Zone: s.Timing.Zone, ByHand: payment.ByHand(s)}
}

// Schedule gives a version of a schedule, as a batch or a movement is pinned to it:
// every version that was ever configured is kept, with its calendars. An error wraps
// ledger.ErrCorrupt.
func (e *Engine) Schedule(pin merchant.Pin) (*merchant.Schedule, error) { return e.schedule(pin) }

// ExplainSchedule says which schedule a merchant's payment at an instant finds, what
// it passes over and why, and the window it gives. Errors are those of NextCutoff; what
// was found before them is there all the same.
func (e *Engine) ExplainSchedule(ctx context.Context, id string, currency money.Currency, method string, at time.Time) (merchant.Explanation, error) {
	c, err := e.caseOf(ctx, id, currency, method)
	if err != nil {
		return merchant.Explanation{}, err
	}
	return e.rules.Book.Explain(c, at)
}

// caseOf gives the case of a payment.
func (e *Engine) caseOf(ctx context.Context, id string, currency money.Currency, method string) (merchant.Scope, error) {
	m, ok, err := e.Merchant(ctx, id)
	if err != nil {
		return merchant.Scope{}, err
	}
	if !ok && !e.rules.CreateMerchants {
		return merchant.Scope{}, fmt.Errorf("%q: %w", id, payment.ErrUnknownMerchant)
	}
	if !ok {
		m.ID = id
	}
	return e.rules.Book.Case(&m.Merchant, currency, method)
}
