package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// ErrNoWindow is wrapped by the errors for a window that does not exist.
var ErrNoWindow = errors.New("no such window")

// Window is one stretch of event time that is settled together, from one
// closing cut-off of a schedule to the next.
type Window struct {
	// BusinessDate is the local date of the cut-off that closes the window: the
	// date it is listed for, also where the zone skips that time or the whole
	// date. It may be a holiday.
	BusinessDate Date   `json:"business_date"`
	Label        string `json:"label,omitempty"` // of the closing cut-off
	Ordinal      int    `json:"ordinal"`         // of the closing cut-off among those listed for a day, from 0
	// Opens and Closes are UTC. An event at Opens belongs to the window, one at
	// Closes to the next; with CutoffInclusive it is the other way round.
	Opens  time.Time `json:"opens"`
	Closes time.Time `json:"closes"`
	// SettlementDate is when the money of the window is due.
	SettlementDate Date `json:"settlement_date"`
	// DueAt is the instant, UTC, before which the money is not due: with a delay
	// in hours, on SettlementDate in the schedule's zone. With the other delays,
	// which name a date only, it is the zero time.
	DueAt time.Time `json:"due_at,omitzero"`
}

// WindowAt returns the window that instant t belongs to. Every instant belongs
// to exactly one. It returns a *RangeError when the window's closing, opening or
// settlement date depends on a date that a calendar of the schedule does not
// know, if only because it might override the date's cut-offs, and an error wrapping ErrOutOfRange outside the years 1 to 9999.
func (s *Schedule) WindowAt(t time.Time) (Window, error) {
	if s.CutoffInclusive {
		t = t.Add(-1) // opens < t <= closes is opens <= t-1ns < closes
	}
	return s.windowAround(t)
}

// WindowOf returns the window that closes on business date d at the cut-off with
// that ordinal. When the anchor closes none there, or an override or a skipped
// hour has left it without any time, the error wraps ErrNoWindow; the errors of
// WindowAt are possible too.
func (s *Schedule) WindowOf(d Date, ordinal int) (Window, error) {
	if d.IsZero() || ordinal < 0 || ordinal >= len(s.cutoffs()) || s.Zone == nil {
		return Window{}, s.noWindow(d, ordinal)
	}
	closes := Cutoff(d, s.clock(d, ordinal), s.Zone)
	w, err := s.windowAround(closes.Add(-1))
	if err != nil {
		return Window{}, err
	}
	if w.BusinessDate != d || w.Ordinal != ordinal {
		return Window{}, s.noWindow(d, ordinal)
	}
	return w, nil
}

func (s *Schedule) noWindow(d Date, ordinal int) error {
	return fmt.Errorf("%w: none closes on %q at cut-off %d of %d", ErrNoWindow, d, ordinal, len(s.cutoffs()))
}

// Next returns the window that opens when w closes. It returns the errors of
// WindowAt.
func (s *Schedule) Next(w Window) (Window, error) { return s.windowAround(w.Closes) }

// windowAround returns the window with Opens <= t < Closes.
//
// The dates on which windows close are the anchor's dates, each rolled. Rolling
// keeps their order, so a search that starts at the anchor's last date up to t
// and steps while needed finds the day that closes after t and the one before.
func (s *Schedule) windowAround(t time.Time) (Window, error) {
	if s.Zone == nil || len(s.cutoffs()) == 0 {
		return Window{}, fmt.Errorf("%w: the schedule has no zone or no cut-off", ErrNoWindow)
	}
	f := finder{schedule: s, span: spanAt(t, s.Zone)}
	now := t.Unix()
	day, err := f.closing(s.Anchor.onOrBefore(dateOfWall(now + f.span.offset)))
	for err == nil && day.last > now {
		day, err = f.closing(s.Anchor.onOrBefore(day.anchor.AddDays(-1)))
	}
	before := day
	for err == nil && day.last <= now {
		before = day
		day, err = f.closing(s.Anchor.after(day.anchor))
	}
	if err != nil {
		return Window{}, err
	}
	return f.window(before, day, now)
}

// finder looks for a window of a schedule near an instant.
type finder struct {
	schedule *Schedule
	span     span // of the instant looked for
}

// closing is a date on which windows close.
type closing struct {
	anchor Date  // as the anchor names it
	date   Date  // rolled
	last   int64 // instant of the last cut-off
	exact  bool  // whether the clock shows that cut-off, and does not skip it
	// unknown: a calendar has no facts for the date, and so may override the cut-off:
	// last is where it would be else.
	unknown error
}

func (f *finder) closing(anchor Date) (closing, error) {
	s := f.schedule
	if anchor.IsZero() {
		return closing{}, fmt.Errorf("%w: the window leaves the years 1 to 9999", ErrOutOfRange)
	}
	date, err := s.Anchor.Roll.apply(s.Calendars, anchor)
	if err != nil {
		return closing{}, err
	}
	last, exact := f.cutoff(date, len(s.cutoffs())-1)
	return closing{anchor: anchor, date: date, last: last, exact: exact, unknown: s.Calendars.knows(date)}, nil
}

// window returns the window around now, which lies between the last cut-off of
// before and that of day.
func (f *finder) window(before, day closing, now int64) (Window, error) {
	s := f.schedule
	opens, closes, ordinal := before.last, day.last, len(s.cutoffs())-1
	opening := before.unknown
	if s.Anchor.everyCutoff() {
		// Backwards, because of two cut-offs that an override or a skipped hour
		// has put in disorder or on one instant, the later one counts.
		for i := ordinal - 1; i >= 0; i-- {
			at, _ := f.cutoff(day.date, i)
			if at <= now {
				opens, opening = max(opens, at), nil
				break
			}
			if at < closes {
				closes, ordinal = at, i
			}
		}
	}
	if closes == day.last && !day.exact {
		var err error
		if day, ordinal, err = f.skipped(day, ordinal); err != nil {
			return Window{}, err
		}
	}
	w := Window{
		BusinessDate: day.date, Label: s.cutoffs()[ordinal].Label, Ordinal: ordinal,
		Opens: time.Unix(opens, 0).UTC(), Closes: time.Unix(closes, 0).UTC(),
	}
	var err error
	w.DueAt, w.SettlementDate, err = s.due(day.date, w.Closes)
	if err = cmp.Or(err, day.unknown, opening); err != nil {
		return Window{}, err
	}
	return w, nil
}

// skipped moves on from a cut-off that the clock skips to the last of those that
// fall on the same end of the gap: the others close windows without any time.
// Cut-offs of several dates can meet there when a gap goes over midnight.
func (f *finder) skipped(day closing, ordinal int) (closing, int, error) {
	s := f.schedule
	for next := day; !next.exact && next.last == day.last; {
		var err error
		if next, err = f.closing(s.Anchor.after(next.anchor)); err != nil {
			return closing{}, 0, err
		}
		for i := len(s.cutoffs()) - 1; i >= 0; i-- {
			at, _ := f.cutoff(next.date, i)
			if at == day.last {
				day, ordinal = closing{anchor: next.anchor, date: next.date, last: at, unknown: next.unknown}, i
				break
			}
			if !s.Anchor.everyCutoff() {
				break
			}
		}
	}
	return day, ordinal, nil
}

// cutoff returns the instant of a listed cut-off on date d, in seconds, and
// whether the clock shows it then or skips it.
func (f *finder) cutoff(d Date, ordinal int) (at int64, exact bool) {
	wall := d.wall() + f.schedule.clock(d, ordinal).seconds()
	if at, ok := f.span.cutoff(wall); ok {
		return at, true
	}
	return cutoff(wall, f.schedule.Zone)
}

// clock returns the time of day of a listed cut-off on date d: the earliest
// override of the calendars, else as listed.
func (s *Schedule) clock(d Date, ordinal int) Clock {
	listed := s.cutoffs()[ordinal]
	at, overridden := listed.At, false
	for _, c := range s.Calendars {
		o, found := c.override(d, listed.Label, ordinal == len(s.cutoffs())-1)
		if found && (!overridden || o.Compare(at) < 0) {
			at, overridden = o, true
		}
	}
	return at
}
