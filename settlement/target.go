package settlement

import (
	"cmp"
	"context"
	"errors"
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

	watermark time.Time
	asked     *asked // what it takes because somebody asked for it; nil: it is the window's
}

func (t *Target) owner() owner { return owner{t.Merchant, t.Currency} }

// holds tells whether a window is the target's own.
func (t *Target) holds(w calendar.Window) bool {
	return w.BusinessDate == t.Window.BusinessDate && w.Ordinal == t.Window.Ordinal
}

// owner is whose batches follow one another: carry goes from one to the next.
type owner struct {
	merchant string
	currency money.Currency
}

func (o owner) prefix() string { return payment.ItemPrefix(o.merchant, o.currency) }

// Schedules gives the version of a schedule that a movement was pinned to.
// Versions are never changed, so answers may be kept.
type Schedules func(merchant.Pin) (*merchant.Schedule, error)

// windowOf is the window an item is settled in.
func windowOf(s *merchant.Schedule, item *payment.Item) (window calendar.Window, late bool, err error) {
	if window, late, err = s.Settles(item.Window.Window, item.BookedAt); err != nil {
		return window, late, fmt.Errorf("window of %s: %w", item.Entry, err)
	}
	return window, late, nil
}

// members visits what belongs to a target from an item on (its id; empty: from the first),
// in the order of its lines, by business date, lane and sequence. Those settled by hand are
// in no window; a request takes them too. It stops when visit says so.
func members(
	ctx context.Context, r ledger.Reader, t *Target, from string, schedules Schedules, visit func(item *payment.Item, late bool) (bool, error),
) error {
	if t.asked != nil {
		return visitAll(ctx, r, t.owner(), from, schedules, func(item *payment.Item, _ *merchant.Schedule, w *calendar.Window, late bool) (bool, error) {
			if !t.asked.takes(item, w) {
				return true, nil
			}
			return visit(item, late)
		})
	}
	prefix := t.owner().prefix()
	for record, err := range r.Records(ctx, payment.ItemRecord, prefix, from) {
		if err != nil {
			return err
		}
		item, ok := record.(*payment.Item)
		if !ok {
			return fmt.Errorf("%w: record of kind %q is a %T", ledger.ErrCorrupt, payment.ItemRecord, record)
		}
		if item.Window.BusinessDate.After(t.Window.BusinessDate) {
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
		if !t.holds(window) {
			continue
		}
		if more, err := visit(item, late); err != nil || !more {
			return err
		}
	}
	return nil
}

func compareTargets(a, b Target) int {
	return cmp.Or(
		a.watermark.Compare(b.watermark),
		cmp.Compare(a.Merchant, b.Merchant),
		a.Currency.Compare(b.Currency),
		a.mark().Compare(b.mark()),
	)
}

// mark is the target's place among the batches of its owner.
func (t *Target) mark() payment.WindowMark {
	return payment.WindowMark{Watermark: t.watermark, Schedule: t.Window.Schedule}
}

// Ready says which windows are to be closed: those whose watermark has passed.
//
// The batches of one merchant and currency close in the order of their
// watermarks, for carry goes along it. So a window of a business date up to
// Through waits if one of a later date has the earlier watermark, as happens
// with two schedules of different cut-offs, zones or grace.
type Ready struct {
	Horizon time.Time     // windows whose watermark is after it stay open
	Through calendar.Date // windows of later business dates are not closed; zero: all may be
	Grace   time.Duration // the longest grace of any schedule
	// Currency is whose windows are looked for; zero: those of every one.
	Currency money.Currency
	// Rules say which reserves are given back because their plans have ended; nil:
	// none is.
	Rules *payment.Rules
}

// last is a date behind which no window lies that is ready, or that a ready
// one may have to wait for.
func (r Ready) last() calendar.Date {
	last := payment.DateUTC(r.Horizon).AddDays(2) // ahead of the local date in every zone
	if r.Through.IsZero() {
		return last
	}
	const apart = 3 // days between the same cut-off of two zones, and a day's two ends
	if through := r.Through.AddDays(apart + int(r.Grace/(24*time.Hour))); last.IsZero() || through.Before(last) {
		return through
	}
	return last
}

// prefix gives the targets of one owner up to the first that is not ready.
func (r Ready) prefix(targets []Target) []Target {
	slices.SortFunc(targets, compareTargets)
	if r.Through.IsZero() {
		return targets
	}
	end := slices.IndexFunc(targets, func(t Target) bool { return t.Window.BusinessDate.After(r.Through) })
	if end < 0 {
		return targets
	}
	return targets[:end]
}

// leavesOut tells whether windows of an owner are not looked for.
func (r Ready) leavesOut(p *payment.Position) bool {
	return !r.Currency.IsZero() && r.Currency != p.Currency
}

// known gives, of the targets of one owner in order, those that come before a window which
// nobody knows: carry goes along them. The error says so, where the window may be one that is
// asked for, or what is would have to wait for it.
func (r Ready) known(targets []Target, unknown *unknowns) ([]Target, error) {
	if unknown.err == nil {
		return targets, nil
	}
	end := slices.IndexFunc(targets, func(t Target) bool { return t.watermark.After(unknown.from) })
	if end >= 0 {
		return targets[:end], unknown.err
	}
	if !r.Through.IsZero() && unknown.on.After(r.Through) {
		return targets, nil
	}
	return targets, unknown.err
}

// Due lists the batches to close: every window that is ready and has a
// movement or a hold in no batch yet. They come in order of watermark, then
// merchant, currency and schedule, which is the order in which they would have
// been closed in time: carry goes along it. What is not due yet is hardly
// looked at; memory grows with the number of batches.
//
// What is Refused of one merchant and currency, as by a calendar that ends before the window
// in which a reserve is given back, keeps back only its batches from there on: the others are
// listed, and the error joins the refusals. With any other error none is.
func Due(ctx context.Context, r ledger.Reader, schedules Schedules, ready Ready) ([]Target, error) {
	var targets []Target
	var faults []error
	leave, err := leavers(ctx, r)
	if err != nil {
		return nil, err
	}
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
		if err != nil {
			return nil, err
		}
		if ready.leavesOut(p) {
			continue
		}
		due, err := dueOf(ctx, r, p, leave[p.Merchant], schedules, ready)
		if err != nil && !Refused(err) {
			return nil, err
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("merchant %s in %s: %w", p.Merchant, p.Currency, err))
		}
		targets = append(targets, due...)
	}
	slices.SortFunc(targets, compareTargets)
	return targets, errors.Join(faults...)
}

// dueOf lists the batches of one owner, in order, as far as they are known; the merchant is
// given if it is leaving.
func dueOf(
	ctx context.Context, r ledger.Reader, p *payment.Position, leave *payment.Merchant, schedules Schedules, ready Ready,
) (targets []Target, err error) {
	type key struct {
		schedule merchant.Pin
		date     calendar.Date
		ordinal  int
	}
	found := make(map[key]bool)
	add := func(s *merchant.Schedule, w calendar.Window) {
		k := key{s.Pin(), w.BusinessDate, w.Ordinal}
		if found[k] || s.Watermark(w).After(ready.Horizon) {
			return
		}
		found[k] = true
		targets = append(targets, Target{
			Merchant: p.Merchant, Currency: p.Currency, Window: payment.WindowPin{Schedule: s.Pin(), Window: w}, watermark: s.Watermark(w),
		})
	}
	o, last := owner{p.Merchant, p.Currency}, ready.last()
	if err = scanWindows(ctx, r, p, schedules, add); err != nil {
		return nil, err
	}
	var unknown unknowns
	f := freesOf(ctx, r, p, schedules, ready.Rules)
	err = scanHolds(ctx, r, o, last, f, &unknown, func(_ freed, s *merchant.Schedule, w calendar.Window) { add(s, w) })
	if err != nil {
		return nil, err
	}
	back := func(it *rest) error { return it.among(targets, &unknown, add) }
	if err = scanPools(ctx, r, o, last, f, back); err == nil && leave != nil {
		err = scanLeaving(ctx, r, leave, p, f, targets, back)
	}
	if err != nil {
		return nil, err
	}
	return ready.known(ready.prefix(targets), &unknown)
}
