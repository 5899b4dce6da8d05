package ledger

import (
	"time"
)

// A Command is one unit of work: it declares what it touches, then decides.
// Commands of any room are grouped into one transaction; a command that is
// rejected leaves nothing behind and does not touch its neighbours.
type Command interface {
	// Need declares what the command touches, as far as s already tells. It is
	// called again after every load until it declares nothing new. What it
	// forgets is loaded when Apply touches it, at the price of a round trip.
	Need(s *State, n *Need)
	// Apply decides. It books entries and puts records through s only. An
	// error rejects the command. It may be called again on a fresh state, so
	// results are overwritten, never accumulated.
	Apply(s *State) error
	// At is the earliest instant the command may bear, UTC; zero means now.
	// A replay of history gives the instants of the facts.
	At() time.Time
}

// Apply decides commands in order on s and is pure. clock is the instant of
// the group; each command gets the later of its own At (or clock, if that is
// zero) and one microsecond after the lane's last instant and after what other
// lanes changed last of what was read; one whose own At is the lane's last instant shares it.
//
// The result has one error or nil for each command that was decided. A command
// may turn out to touch what s was not told, because a command before it in the
// group changed its course: then Apply stops in front of it and says what is
// missing. Load that, and call Apply again with the rest.
func Apply(s *State, clock time.Time, commands []Command) (errs []error, missing *Need) {
	errs = make([]error, 0, len(commands))
	s.loads++ // what was missing the last time is there now
	for _, c := range commands {
		s.at(s.instant(c.At(), clock))
		seq := s.head.Seq
		missing, err := s.decide(c)
		if missing != nil {
			return errs, missing
		}
		if s.head.Seq > seq { // only what is booked moves the lane's time: a replay must not
			s.head.At = s.now
		}
		s.journal.drop()
		errs = append(errs, err)
	}
	return errs, nil
}

// decide applies one command, all or nothing.
func (s *State) decide(c Command) (missing *Need, err error) {
	return s.unlessMissing(func() error { return c.Apply(s) })
}

// unlessMissing runs fn, all or nothing. missing is what it touched first that
// the state was not told; nothing of fn is done then.
func (s *State) unlessMissing(fn func() error) (missing *Need, err error) {
	m := s.mark()
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		absent, ok := r.(notLoaded)
		if !ok {
			panic(r)
		}
		s.rollback(m)
		missing = &Need{state: s}
		absent(missing)
	}()
	if err = fn(); err != nil {
		s.rollback(m)
	} else {
		s.release(m)
	}
	return nil, err
}

func (s *State) instant(at, clock time.Time) time.Time {
	replayed := !at.IsZero()
	if !replayed {
		at = clock
	}
	at = at.UTC().Truncate(time.Microsecond)
	if replayed && at.Equal(s.head.At) && at.After(s.since) {
		return at // facts of one instant stay together, so that a cut-off never parts them
	}
	last := s.head.At
	if s.since.After(last) {
		last = s.since
	}
	if next := last.Add(time.Microsecond); at.Before(next) {
		return next
	}
	return at
}
