package settlement

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Target is one batch to close.
type Target struct {
	Merchant string
	Currency money.Currency
	Window   payment.WindowPin
}

// Schedules gives the version of a schedule that a movement was pinned to.
// Versions are never changed, so answers may be kept.
type Schedules func(merchant.Pin) (*merchant.Schedule, error)

// watermark is the instant before which a window's movements must have been
// booked.
func watermark(s *merchant.Schedule, w calendar.Window) time.Time {
	return w.Closes.Add(s.Timing.Grace)
}

// windowOf is the window an item is settled in: its own, or, when it was
// booked too late for that, the first whose watermark it was booked before.
func windowOf(s *merchant.Schedule, item *payment.Item) (window calendar.Window, late bool, err error) {
	own := item.Window.Window
	if item.BookedAt.Before(watermark(s, own)) {
		return own, false, nil
	}
	window, err = s.Timing.WindowAt(item.BookedAt.Add(-s.Timing.Grace))
	return window, true, err
}

// releaseWindow is the window a hold is released in: the one that holds the
// start of its release date.
func releaseWindow(s *merchant.Schedule, hold *payment.Hold) (calendar.Window, error) {
	return s.Timing.WindowAt(calendar.Cutoff(hold.ReleaseOn, calendar.Clock{}, s.Timing.Zone))
}

// Ready says which windows are to be closed: those whose watermark has passed.
type Ready struct {
	Horizon time.Time     // windows whose watermark is after it stay open
	Through calendar.Date // windows of later business dates are not closed; zero: all may be
}

func (r Ready) closes(s *merchant.Schedule, w calendar.Window) bool {
	return !watermark(s, w).After(r.Horizon) && (r.Through.IsZero() || !w.BusinessDate.After(r.Through))
}

// Due lists the batches to close: every window that is ready and has a
// movement or a hold in no batch yet. They come in order of cut-off, then
// merchant, currency and schedule. Memory grows with their number.
func Due(ctx context.Context, r ledger.Reader, schedules Schedules, ready Ready) ([]Target, error) {
	found := make(map[targetKey]Target)
	add := func(m string, c money.Currency, s *merchant.Schedule, w calendar.Window) {
		if ready.closes(s, w) {
			pin := payment.WindowPin{Schedule: s.Pin(), Window: w}
			found[targetKey{m, c, s.Pin(), w.BusinessDate, w.Ordinal}] = Target{Merchant: m, Currency: c, Window: pin}
		}
	}
	for record, err := range r.Records(ctx, payment.ItemRecord, "", "") {
		if err != nil {
			return nil, err
		}
		item := record.(*payment.Item)
		if item.Manual || item.Window.Closes.After(ready.Horizon) {
			continue
		}
		schedule, err := schedules(item.Window.Schedule)
		if err != nil {
			return nil, err
		}
		window, _, err := windowOf(schedule, item)
		if err != nil {
			return nil, fmt.Errorf("window of %s: %w", item.Entry, err)
		}
		add(item.Merchant, item.Currency, schedule, window)
	}
	for record, err := range r.Records(ctx, payment.HoldRecord, "", "") {
		if err != nil {
			return nil, err
		}
		hold := record.(*payment.Hold)
		if hold.Manual {
			continue
		}
		schedule, err := schedules(hold.Window.Schedule)
		if err != nil {
			return nil, err
		}
		if calendar.Cutoff(hold.ReleaseOn, calendar.Clock{}, schedule.Timing.Zone).After(ready.Horizon) {
			continue
		}
		window, err := releaseWindow(schedule, hold)
		if err != nil {
			return nil, fmt.Errorf("release of the reserve of %s: %w", hold.ID, err)
		}
		add(hold.Merchant, hold.Currency, schedule, window)
	}
	targets := make([]Target, 0, len(found))
	for _, t := range found {
		targets = append(targets, t)
	}
	slices.SortFunc(targets, compareTargets)
	return targets, nil
}

type targetKey struct {
	merchant string
	currency money.Currency
	schedule merchant.Pin
	date     calendar.Date
	ordinal  int
}

func compareTargets(a, b Target) int {
	return cmp.Or(
		a.Window.Closes.Compare(b.Window.Closes),
		cmp.Compare(a.Merchant, b.Merchant),
		a.Currency.Compare(b.Currency),
		cmp.Compare(a.Window.Schedule.String(), b.Window.Schedule.String()),
	)
}

// members yields what belongs to a target, in the order of its lines: items
// by business date, lane and sequence. It holds nothing in memory.
func members(ctx context.Context, r ledger.Reader, t *Target, schedules Schedules, visit func(item *payment.Item, late bool) (bool, error)) error {
	last := t.Window.BusinessDate
	for record, err := range r.Records(ctx, payment.ItemRecord, payment.ItemPrefix(t.Merchant, t.Currency), "") {
		if err != nil {
			return err
		}
		item := record.(*payment.Item)
		if item.Window.BusinessDate.After(last) {
			return nil
		}
		if item.Manual || item.Window.Schedule != t.Window.Schedule {
			continue
		}
		schedule, err := schedules(item.Window.Schedule)
		if err != nil {
			return err
		}
		window, late, err := windowOf(schedule, item)
		if err != nil {
			return err
		}
		if window.BusinessDate != t.Window.BusinessDate || window.Ordinal != t.Window.Ordinal {
			continue
		}
		if more, err := visit(item, late); err != nil || !more {
			return err
		}
	}
	return nil
}

// dueHolds gives the holds that a target releases, in order of their dates.
func dueHolds(ctx context.Context, r ledger.Reader, t *Target, schedules Schedules) ([]*payment.Hold, error) {
	var due []*payment.Hold
	for record, err := range r.Records(ctx, payment.HoldRecord, payment.ItemPrefix(t.Merchant, t.Currency), "") {
		if err != nil {
			return nil, err
		}
		hold := record.(*payment.Hold)
		if hold.ReleaseOn.After(t.Window.BusinessDate) {
			return due, nil
		}
		if hold.Manual || hold.Window.Schedule != t.Window.Schedule {
			continue
		}
		schedule, err := schedules(hold.Window.Schedule)
		if err != nil {
			return nil, err
		}
		window, err := releaseWindow(schedule, hold)
		if err != nil {
			return nil, err
		}
		if window.BusinessDate == t.Window.BusinessDate && window.Ordinal == t.Window.Ordinal {
			due = append(due, hold)
		}
	}
	return due, nil
}
