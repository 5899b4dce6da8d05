package fees

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
)

// ErrNoSchedule means that no schedule of the table prices a movement. It is never read as a fee of 0: a free movement has a
// schedule that says so.
var ErrNoSchedule = errors.New("no fee schedule")

// ErrBadQuery means that a query lacks a fact without which no schedule can be chosen.
var ErrBadQuery = errors.New("bad fee query")

// NoScheduleError is the error of a query that nothing answers. It wraps ErrNoSchedule.
type NoScheduleError struct{ Query Query }

// Error names the query.
func (e *NoScheduleError) Error() string { return ErrNoSchedule.Error() + " for " + e.Query.String() }

// Unwrap returns ErrNoSchedule.
func (e *NoScheduleError) Unwrap() error { return ErrNoSchedule }

// Table is a set of schedules in any order, versions of one id beside each other. Its order never decides a selection, provided
// the table passes Validate.
type Table []Schedule

// Select returns the one schedule that prices q; it points into the table and must not be changed. Of the versions of one id
// that are in force on q.On only the one with the latest EffectiveFrom stands; among the schedules that stand and match, the
// one with the most bound dimensions wins, then the highest priority, then the latest EffectiveFrom, then the smallest id.
//
// Errors: ErrBadQuery without a known event, a currency or a date; *NoScheduleError, which wraps ErrNoSchedule, when nothing
// matches.
func (t Table) Select(q Query) (*Schedule, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if best := t.standing(&q, false); best != nil {
		return best, nil
	}
	return nil, &NoScheduleError{Query: q}
}

// SelectNamed is Select for what costs nothing unless a schedule names its event (Event.Optional): only schedules that do are
// asked, and nil without an error means that none is for it. Errors: ErrBadQuery.
func (t Table) SelectNamed(q Query) (*Schedule, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	return t.standing(&q, true), nil
}

// check requires the facts without which no schedule can be chosen.
func (q *Query) check() error {
	if !q.Event.known() || q.Currency.IsZero() || q.On.IsZero() {
		return fmt.Errorf("%w: event, currency and date are required: %s", ErrBadQuery, *q)
	}
	return nil
}

// standing returns the first in selection order of the schedules that match, are in force and stand, or nil; of those that name
// the event, if asked.
func (t Table) standing(q *Query, named bool) *Schedule {
	best := t.best(q, named, false)
	if best != nil && t.superseded(best, q.On) { // rare, so the search that asks this of every candidate comes second
		best = t.best(q, named, true)
	}
	return best
}

// best is standing, of those that do not stand too, unless asked.
func (t Table) best(q *Query, named, standing bool) *Schedule {
	var best *Schedule
	for i := range t {
		s := &t[i]
		if s.Match.matches(q) && s.InForce(q.On) && (best == nil || s.beats(best)) &&
			!(named && s.Match.Event == "") && !(standing && t.superseded(s, q.On)) {
			best = s
		}
	}
	return best
}

// superseded reports whether a later version of s is in force on the day, so that s does not stand. Without this an old version that bound more
// dimensions would win over its successor for ever.
func (t Table) superseded(s *Schedule, day calendar.Date) bool {
	for i := range t {
		o := &t[i]
		if o.EffectiveFrom.After(s.EffectiveFrom) && o.ID == s.ID && o.InForce(day) {
			return true
		}
	}
	return false
}

// beats reports whether s goes before o in the selection order, both matching.
func (s *Schedule) beats(o *Schedule) bool {
	if a, b := s.Match.Bound(), o.Match.Bound(); a != b {
		return a > b
	}
	if s.Priority != o.Priority {
		return s.Priority > o.Priority
	}
	if c := s.EffectiveFrom.Compare(o.EffectiveFrom); c != 0 {
		return c > 0
	}
	return s.ID < o.ID
}

// Find returns the schedule with that id and version, which a fee pinned when it was computed, and whether the table has it. It
// points into the table and must not be changed.
func (t Table) Find(id, version string) (*Schedule, bool) {
	for i := range t {
		if t[i].ID == id && t[i].Version == version {
			return &t[i], true
		}
	}
	return nil, false
}
