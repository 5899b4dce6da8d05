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
	if !q.Event.known() || q.Currency.IsZero() || q.On.IsZero() {
		return nil, fmt.Errorf("%w: event, currency and date are required: %s", ErrBadQuery, q)
	}
	best := t.best(&q, false)
	if best != nil && t.superseded(best, q.On) { // rare, so the search that asks this of every candidate comes second
		best = t.best(&q, true)
	}
	if best == nil {
		return nil, &NoScheduleError{Query: q}
	}
	return best, nil
}

// SelectNamed is Select for what costs nothing unless a schedule names its event (Event.Optional): only schedules that do are
// asked, and nil without an error means that none is for it. Errors: ErrBadQuery.
func (t Table) SelectNamed(q Query) (*Schedule, error) {
	var named Table
	for i := range t {
		if t[i].Match.Event == q.Event {
			named = append(named, t[i])
		}
	}
	s, err := named.Select(q)
	if errors.Is(err, ErrNoSchedule) {
		return nil, nil
	}
	return s, err
}

// best returns the first in selection order of the schedules that match and are in force, or nil; of those that stand, if asked.
func (t Table) best(q *Query, standing bool) *Schedule {
	var best *Schedule
	for i := range t {
		s := &t[i]
		if s.Match.matches(q) && s.InForce(q.On) && (best == nil || s.beats(best)) && !(standing && t.superseded(s, q.On)) {
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
