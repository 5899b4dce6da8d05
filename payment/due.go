package payment

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/reserve"
)

// Last is the place of the owner's last batch. One that was asked for comes behind all windows of its
// watermark: instants are whole microseconds.
func (p *Position) Last() WindowMark {
	if p.ClosedBy == (merchant.Pin{}) && !p.Closed.IsZero() {
		return WindowMark{Watermark: p.Closed.Add(time.Microsecond)}
	}
	return WindowMark{Watermark: p.Closed, Schedule: p.ClosedBy}
}

// Windows finds the windows of one merchant and currency in which something is given back by
// itself. Calendars end, and versions of schedules are kept as they were: where the calendar
// of one does not reach, the window is that of its version in force at the instant, or else of
// the merchant's schedule for all methods that is.
type Windows struct {
	Book  *merchant.Book
	Scope func() (merchant.Scope, error) // of all methods; asked where it is needed
	Last  WindowMark                     // of the owner's last batch
}

// UnknownWindow says that nobody can tell in which window something is given back.
type UnknownWindow struct {
	From time.Time // its watermark is after this instant; zero: anything may be
	Err  error
}

func (u *UnknownWindow) Error() string { return u.Err.Error() }

// Unwrap gives what the calendar says.
func (u *UnknownWindow) Unwrap() error { return u.Err }

// Released gives the window in which a hold is given back that comes due at an instant, by the
// version of a schedule that its deposit was pinned by. One whose plan has ended is given back in
// a window that is open, for that may be decided later; so is one that goes by another version.
// The error is an *UnknownWindow.
func (w *Windows) Released(pinned *merchant.Schedule, at time.Time, ended bool) (*merchant.Schedule, calendar.Window, error) {
	due := func(*merchant.Schedule) time.Time { return at }
	if ended {
		return w.Open(pinned, due)
	}
	s, in, err := w.At(pinned, due)
	if err == nil && s != pinned {
		return w.Open(pinned, due)
	}
	return s, in, err
}

// Open gives the window that holds an instant, or, where that closes no later than the last batch
// did, the first one that is open. The error is an *UnknownWindow.
func (w *Windows) Open(s *merchant.Schedule, at func(*merchant.Schedule) time.Time) (*merchant.Schedule, calendar.Window, error) {
	first, in, err := w.At(s, at)
	switch {
	case err == nil && MarkOf(first, in).Compare(w.Last) > 0:
		return first, in, nil
	case err == nil:
		s = first
	case !at(s).Before(w.Last.Watermark.Add(-s.Timing.Grace)): // else it is over, whichever it is, or is the open one
		return nil, in, err
	}
	after := func(s *merchant.Schedule) time.Time { return w.Last.Watermark.Add(-s.Timing.Grace) }
	just := func(s *merchant.Schedule) time.Time { return after(s).Add(-time.Microsecond) }
	if beside, in, err := w.At(s, just); err == nil && beside.Watermark(in).Equal(w.Last.Watermark) && MarkOf(beside, in).Compare(w.Last) > 0 {
		return beside, in, nil // of the same watermark as the last batch, and closed behind it
	}
	s, in, err = w.At(s, after)
	if unknown, ok := errors.AsType[*UnknownWindow](err); ok && unknown.From.Before(w.Last.Watermark) {
		unknown.From = w.Last.Watermark
	}
	return s, in, err
}

// At gives the window that holds an instant. The error is an *UnknownWindow.
func (w *Windows) At(s *merchant.Schedule, at func(*merchant.Schedule) time.Time) (*merchant.Schedule, calendar.Window, error) {
	in, err := s.Timing.WindowAt(at(s))
	if err == nil {
		return s, in, nil
	}
	unknown := &UnknownWindow{From: at(s), Err: err}
	if !errors.Is(err, calendar.ErrOutOfRange) {
		return nil, in, unknown
	}
	others, err := w.inForce(s, at(s))
	if err != nil {
		return nil, in, err
	}
	for _, other := range others {
		if in, err = other.Timing.WindowAt(at(other)); err == nil {
			return other, in, nil
		}
		unknown.Err = err
	}
	unknown.Err = fmt.Errorf("%w: configure a version of schedule %s that is effective from %s or before, by calendars that reach further",
		unknown.Err, s.ID, calendar.DateOf(at(s), s.Timing.Zone))
	return nil, in, unknown
}

// inForce lists, of the version of a schedule and the merchant's own that are in force at an
// instant, those that a job closes.
func (w *Windows) inForce(s *merchant.Schedule, at time.Time) (others []*merchant.Schedule, err error) {
	if version := w.Book.Version(s.ID, at); version != nil && !manual(version) {
		others = append(others, version)
	}
	own, err := w.Own(at)
	if own != nil && !slices.Contains(others, own) {
		others = append(others, own)
	}
	return others, err
}

// On gives the window that holds the start of a day by the merchant's own schedule, or the first
// open one, see Own and Open.
func (w *Windows) On(on calendar.Date) (*merchant.Schedule, calendar.Window, error) {
	s, err := w.Own(calendar.Cutoff(on, calendar.Clock{}, time.UTC))
	if err != nil || s == nil {
		return nil, calendar.Window{}, err
	}
	return w.Open(s, func(s *merchant.Schedule) time.Time { return calendar.Cutoff(on, calendar.Clock{}, s.Timing.Zone) })
}

// Own gives the merchant's schedule for all methods that is in force at an instant; nil: there
// is none that a job closes. The error is an *UnknownWindow.
func (w *Windows) Own(at time.Time) (*merchant.Schedule, error) {
	scope, err := w.Scope()
	if err != nil {
		return nil, &UnknownWindow{Err: err}
	}
	s, err := w.Book.Schedule(scope, at)
	if errors.Is(err, merchant.ErrNoSchedule) || err == nil && manual(s) {
		return nil, nil
	}
	if err != nil {
		return nil, &UnknownWindow{Err: err}
	}
	return s, nil
}

// Due tells whether a window is not closed that nothing is settled in any more which
// is booked at an instant, and gives the last one's watermark: one with movements, or one
// in which what is withheld is given back. schedules gives the version of a schedule, nil
// where it is not there any more: of what goes by that the window is not known. The error is
// its own, or the calendar's, when it ends before that.
func (p *Position) Due(
	at time.Time, r *Rules, w *Windows, schedules func(merchant.Pin) (*merchant.Schedule, error),
) (watermark time.Time, due bool, err error) {
	watermark = p.Folded.Watermark
	for i := range p.Open {
		if w := p.Open[i].Watermark; !w.After(at) && w.After(watermark) {
			watermark = w
		}
	}
	for i := range p.Held {
		if p.Held[i].Schedule == (merchant.Pin{}) { // given back by hand
			continue
		}
		s, err := schedules(p.Held[i].Schedule)
		if err != nil {
			return time.Time{}, false, err
		}
		if s == nil {
			continue
		}
		gives, err := p.Held[i].gives(s, at, r, w)
		if err != nil {
			return time.Time{}, false, err
		}
		if !gives.After(at) && gives.After(watermark) {
			watermark = gives
		}
	}
	return watermark, !watermark.IsZero(), nil
}

// gives is the watermark of the window in which what is withheld is given back by itself,
// looked for no further than an instant; zero: in none that begins until then.
func (w *Withheld) gives(pinned *merchant.Schedule, by time.Time, r *Rules, windows *Windows) (time.Time, error) {
	on, ended := w.On, false
	if end, releases := r.ended(w.Plan); releases && end.Before(on) {
		on, ended = end, true
	}
	begins := calendar.Cutoff(on, calendar.Clock{}, pinned.Timing.Zone)
	if begins.After(by) {
		return time.Time{}, nil
	}
	s, in, err := windows.Released(pinned, begins, ended)
	if err != nil {
		return time.Time{}, err
	}
	back := MarkOf(s, in)
	if settled := (WindowMark{Watermark: w.From, Schedule: w.Schedule}); settled.Compare(back) > 0 {
		back = settled
	}
	if back.Compare(windows.Last) <= 0 { // of before there was From: its deposit came late, and is settled in a window that is open
		return time.Time{}, nil
	}
	return back.Watermark, nil
}

// windows finds the windows in which something of the merchant is given back.
func (p *plan) windows() *Windows {
	scope := p.scope
	scope.Method = ""
	return &Windows{Book: p.rules.Book, Scope: func() (merchant.Scope, error) { return scope, nil }, Last: p.position().Last()}
}

// schedule gives a version of a schedule: one that is configured, or that was.
func (p *plan) schedule(pin merchant.Pin) (*merchant.Schedule, error) {
	if s := p.rules.Book.Pinned(pin); s != nil {
		return s, nil
	}
	if stored := take[Schedule](p.state, ScheduleRecord, ScheduleRef(pin).ID); stored != nil {
		return &stored.Schedule, nil
	}
	return nil, nil
}

// poolsDue is the watermark of the last window that is over and not closed, and in which a
// fixed or minimum reserve is given back because its plan has ended; zero: of none.
func (p *plan) poolsDue() (watermark time.Time, err error) {
	now, windows := p.state.Now(), p.windows()
	for _, kind := range reserve.Kinds() {
		on := p.rules.PoolEnds(p.scope, kind)
		if on.IsZero() || on.After(calendar.DateOf(now, time.UTC).AddDays(1)) { // it begins nowhere yet
			continue
		}
		balance, err := p.pool(kind).Balance()
		if err != nil {
			return time.Time{}, err
		}
		if balance.IsZero() {
			continue
		}
		s, w, err := windows.On(on)
		if err != nil {
			return time.Time{}, err
		}
		if s != nil && !s.Watermark(w).After(now) && s.Watermark(w).After(watermark) {
			watermark = s.Watermark(w)
		}
	}
	return watermark, nil
}
