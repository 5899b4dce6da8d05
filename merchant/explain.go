package merchant

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
)

// Verdict is what came of a schedule that could have been the one for a case.
type Verdict string

// The verdicts.
const (
	Applies  Verdict = "applies"   // it is the one
	Wider    Verdict = "wider"     // meant for it, but another is meant more narrowly
	Older    Verdict = "older"     // as narrow, but another is effective from a later date
	Behind   Verdict = "behind"    // as narrow and from the same date, but further down in the book
	NotYet   Verdict = "not_yet"   // meant for it, but not effective yet
	NotMeant Verdict = "not_meant" // none of its scopes covers the case

	Superseded Verdict = "superseded" // meant for it, but a later version of it is in force
)

// Candidate is one version of a schedule, and why it is the one for a case or not.
type Candidate struct {
	Schedule *Schedule
	Scope    Scope // the narrowest of its scopes that covers the case; of NotMeant none
	Verdict  Verdict
	Why      string // the verdict in words, with its figures; empty: it applies
	rank     int
}

// Explanation is how a schedule was found for a case, and the window that it gives
// an instant.
type Explanation struct {
	Case       Scope
	At         time.Time
	Candidates []Candidate     // all of the book, in the order of resolution; what does not cover the case last
	Schedule   *Schedule       // nil: none is meant for it
	Window     calendar.Window // that the instant belongs to
	RolledFrom []calendar.Date // the dates of the anchor whose closing is on the business date; itself, where nothing rolls
	Way        []calendar.Step // from the business date through the settlement date
}

// Explain finds what Schedule finds, and keeps what it passed over. The error is that
// of Schedule or of the calendars; what was found before it is there all the same.
func (b *Book) Explain(c Scope, at time.Time) (Explanation, error) {
	e := Explanation{Case: c, At: at, Candidates: b.candidates(c, at)}
	schedule, err := b.Schedule(c, at)
	if err != nil {
		return e, err
	}
	e.Schedule = schedule
	if e.Window, err = schedule.Timing.WindowAt(at); err != nil {
		return e, fmt.Errorf("schedule %s: %w", schedule.ID, err)
	}
	var rolled error
	e.RolledFrom, rolled = schedule.Timing.RolledFrom(e.Window.BusinessDate)
	e.Way, err = schedule.Timing.Way(e.Window)
	return e, errors.Join(rolled, err)
}

// candidates judges every schedule of the book.
func (b *Book) candidates(c Scope, at time.Time) []Candidate {
	all := make([]Candidate, len(b.Schedules))
	for i := range b.Schedules {
		x := candidate(&b.Schedules[i], c, at)
		if later := b.successor(x.Schedule, at); x.Verdict == Applies && later != nil {
			x.Verdict, x.Why = Superseded, fmt.Sprintf("%s is effective from %s", later.Pin(), later.EffectiveFrom)
		}
		all[i] = x
	}
	// Of schedules alike the one of the later date comes first, then the first of the book.
	slices.SortStableFunc(all, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(x.rank, y.rank), y.Schedule.EffectiveFrom.Compare(x.Schedule.EffectiveFrom))
	})
	var best *Candidate
	for i := range all {
		switch x := &all[i]; {
		case x.Verdict != Applies:
		case best == nil:
			best = x
		case x.rank > best.rank:
			x.Verdict, x.Why = Wider, fmt.Sprintf("%s is narrower", best.Scope)
		case x.Schedule.EffectiveFrom != best.Schedule.EffectiveFrom:
			x.Verdict, x.Why = Older, fmt.Sprintf("%s is effective from %s", best.Schedule.Pin(), best.Schedule.EffectiveFrom)
		default:
			x.Verdict, x.Why = Behind, fmt.Sprintf("%s stands before it", best.Schedule.Pin())
		}
	}
	return all
}

// candidate judges one schedule by itself.
func candidate(s *Schedule, c Scope, at time.Time) Candidate {
	x := Candidate{Schedule: s, Verdict: NotMeant, rank: widest + 1}
	for _, scope := range s.For {
		if rank, ok := scope.rank(); ok && scope.covers(c) && rank < x.rank {
			x.Scope, x.rank, x.Verdict = scope, rank, Applies
		}
	}
	today := calendar.DateOf(at, s.Timing.Zone)
	switch {
	case x.Verdict == NotMeant:
		names := make([]string, len(s.For))
		for i, scope := range s.For {
			names[i] = scope.String()
		}
		x.Why = "it is for " + strings.Join(names, ", ")
	case s.comes(at):
		x.Verdict, x.Why = NotYet, fmt.Sprintf("effective from %s, and it was %s in %s", s.EffectiveFrom, today, s.Timing.Zone)
	}
	return x
}

// widest is the rank of the widest scope.
const widest = 5

// Live lists the schedules that a new movement could find at an instant or later:
// the version in force of each id, and those that come into force.
func (b *Book) Live(at time.Time) []*Schedule {
	inForce := make(map[string]*Schedule, len(b.Schedules)) // as Version finds them
	for i := range b.Schedules {
		s := &b.Schedules[i]
		if best := inForce[s.ID]; !s.comes(at) && (best == nil || s.EffectiveFrom.After(best.EffectiveFrom)) {
			inForce[s.ID] = s
		}
	}
	var live []*Schedule
	for i := range b.Schedules {
		if s := &b.Schedules[i]; s.comes(at) || inForce[s.ID] == s {
			live = append(live, s)
		}
	}
	return live
}

// comes tells whether the schedule is not yet effective at an instant.
func (s *Schedule) comes(at time.Time) bool {
	return s.EffectiveFrom.After(calendar.DateOf(at, s.Timing.Zone))
}

// NextCutoff gives the window that is open at an instant for a case, and its
// schedule: the window closes at the next cut-off. The errors are those of Schedule
// and of the calendars.
func (b *Book) NextCutoff(c Scope, at time.Time) (calendar.Window, *Schedule, error) {
	schedule, err := b.Schedule(c, at)
	if err != nil {
		return calendar.Window{}, nil, err
	}
	w, err := schedule.Timing.WindowAt(at)
	if err != nil {
		return calendar.Window{}, nil, fmt.Errorf("schedule %s: %w", schedule.ID, err)
	}
	return w, schedule, nil
}
