package payment

import (
	"errors"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/reserve"
)

// Last is the place of the owner's last batch.
func (p *Position) Last() WindowMark { return WindowMark{Watermark: p.Closed, Schedule: p.ClosedBy} }

// OpenWindow is a window of a schedule, or, where that closes no later than the last batch
// did, the schedule's first one that is open. The error is the calendar's, when it ends
// before.
func OpenWindow(s *merchant.Schedule, w calendar.Window, last WindowMark) (calendar.Window, error) {
	if MarkOf(s, w).Compare(last) > 0 {
		return w, nil
	}
	w, _, err := s.Settles(w, last.Watermark)
	return w, err
}

// WindowOn gives the window that holds the start of a day, see WindowOfAll.
func (r *Rules) WindowOn(scope merchant.Scope, on calendar.Date) (*merchant.Schedule, calendar.Window, error) {
	return r.WindowOfAll(scope, calendar.Cutoff(on, calendar.Clock{}, time.UTC), func(s *merchant.Schedule) time.Time {
		return calendar.Cutoff(on, calendar.Clock{}, s.Timing.Zone)
	})
}

// WindowOfAll gives the window that holds an instant, by the merchant's schedule for all
// methods that is in force; no schedule: there is none that a job closes. The error is the
// calendar's, when it ends before.
func (r *Rules) WindowOfAll(scope merchant.Scope, inForce time.Time, at func(*merchant.Schedule) time.Time) (*merchant.Schedule, calendar.Window, error) {
	s, err := r.Book.Schedule(scope, inForce)
	if errors.Is(err, merchant.ErrNoSchedule) || err == nil && manual(s) {
		return nil, calendar.Window{}, nil
	}
	if err != nil {
		return nil, calendar.Window{}, err
	}
	w, err := s.Timing.WindowAt(at(s))
	return s, w, err
}

// Due tells whether a window is not closed that nothing is settled in any more which
// is booked at an instant, and gives the last one's watermark: one with movements, or one
// in which what is withheld is given back, as far as the rules still have its schedule. The
// error is the calendar's, when it ends before that.
func (p *Position) Due(at time.Time, r *Rules) (watermark time.Time, due bool, err error) {
	watermark = p.Folded.Watermark
	for i := range p.Open {
		if w := p.Open[i].Watermark; !w.After(at) && w.After(watermark) {
			watermark = w
		}
	}
	for i := range p.Held {
		gives, err := p.gives(&p.Held[i], at, r)
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
func (p *Position) gives(held *Withheld, by time.Time, r *Rules) (time.Time, error) {
	at := slices.IndexFunc(r.Book.Schedules, func(s merchant.Schedule) bool { return s.Pin() == held.Schedule })
	if at < 0 {
		return time.Time{}, nil
	}
	s, on, ended := &r.Book.Schedules[at], held.On, false
	if end, releases := r.ended(held.Plan); releases && end.Before(on) {
		on, ended = end, true
	}
	begins := calendar.Cutoff(on, calendar.Clock{}, s.Timing.Zone)
	if begins.After(by) {
		return time.Time{}, nil
	}
	w, err := s.Timing.WindowAt(begins)
	if err == nil && ended {
		w, err = OpenWindow(s, w, p.Last())
	}
	if err != nil || MarkOf(s, w).Compare(p.Last()) <= 0 { // its deposit came late, and is settled in a window that is open
		return time.Time{}, err
	}
	return s.Watermark(w), nil
}

// poolsDue is the watermark of the last window that is over and not closed, and in which a
// fixed or minimum reserve is given back because its plan has ended; zero: of none.
func (p *plan) poolsDue() (watermark time.Time, err error) {
	now, last := p.state.Now(), p.position().Last()
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
		s, w, err := p.rules.WindowOn(p.scope, on)
		if err == nil && s != nil {
			w, err = OpenWindow(s, w, last)
		}
		if err != nil {
			return time.Time{}, err
		}
		if s != nil && !s.Watermark(w).After(now) && s.Watermark(w).After(watermark) {
			watermark = s.Watermark(w)
		}
	}
	return watermark, nil
}
