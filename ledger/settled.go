package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrUnsettled marks a question about an instant that is not over yet: with
// several lanes, something may still be booked at or before it.
var ErrUnsettled = errors.New("not settled yet")

// UnsettledError is ErrUnsettled with its instants.
type UnsettledError struct {
	Asked   time.Time // what was asked about
	Settled time.Time // up to here nothing changes any more, UTC
}

// Unwrap gives ErrUnsettled.
func (e *UnsettledError) Unwrap() error { return ErrUnsettled }

// Error gives both instants.
func (e *UnsettledError) Error() string {
	return fmt.Sprintf("%v: asked about %s, the journal is settled up to %s", ErrUnsettled, e.Asked.Format(time.RFC3339Nano), e.Settled.Format(time.RFC3339Nano))
}

// forever is later than everything that can be booked.
var forever = time.Unix(1<<40, 0) // the year 36812

// settledThrough tells up to which instant the lanes of a snapshot are settled,
// and whether all there is lies before it. One lane is in order of its instants
// anyhow: it is settled for ever.
func settledThrough(ctx context.Context, r Reader) (settled time.Time, all bool, err error) {
	heads, err := r.Heads(ctx)
	if err != nil || len(heads) == 1 {
		return forever, true, err
	}
	settled, latest := heads[0].Settled(), heads[0].At
	for _, h := range heads[1:] {
		if h.Settled().Before(settled) {
			settled = h.Settled()
		}
		if h.At.After(latest) {
			latest = h.At
		}
	}
	return settled, !latest.After(settled), nil
}

// Beat settles everything that is booked so far: no lane will ever book anything
// at or before the latest instant there is. It waits for those that are booking, and
// they for it. On a store with one lane there is nothing to do. Questions that need it
// ask for it; call it from time to time, so that they need not.
func (l *Ledger) Beat(ctx context.Context) error { return l.beat(ctx, time.Time{}) }

// beat is Beat, and settles every lane up to an instant that is not to come.
func (l *Ledger) beat(ctx context.Context, through time.Time) error {
	lanes := 0
	err := l.store.Read(ctx, func(r Reader) error {
		heads, err := r.Heads(ctx)
		lanes = len(heads)
		return err
	})
	if err == nil && lanes > 1 {
		err = l.Do(ctx, beat{through})
	}
	if err != nil {
		return fmt.Errorf("settle the lanes: %w", err)
	}
	return nil
}

// beat is the command that promises, for every lane, that nothing comes up to an
// instant, nor before anything that is booked. It does not promise all the time that
// the clock says is over: facts are booked under their own instants, and looking at
// the books must not make those late that are still to come.
type beat struct{ through time.Time }

func (beat) At() time.Time          { return time.Time{} }
func (beat) Need(_ *State, n *Need) { n.OnlyOne() }
func (b beat) Apply(s *State) error {
	latest := s.since // of the other lanes
	if s.head.At.After(latest) {
		latest = s.head.At
	}
	s.promised = latest.Add(time.Microsecond) // behind all, or a fact of the same instant could still come in its lane
	if through := earlier(b.through, s.now); through.After(s.promised) {
		s.promised = through
	}
	s.NotBefore(s.promised) // also for what follows in the group
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// readSettled runs fn on a snapshot of which everything is settled, if that can be
// brought about, up to an instant at least. What commits while it does may lie
// behind what fn is told.
func (l *Ledger) readSettled(ctx context.Context, through time.Time, fn func(r Reader, settled time.Time) error) error {
	for beaten := false; ; beaten = true {
		short := false
		err := l.store.Read(ctx, func(r Reader) error {
			settled, all, err := settledThrough(ctx, r)
			if err != nil {
				return err
			}
			if short = !beaten && (!all || through.After(settled)); short {
				return nil
			}
			return fn(r, settled)
		})
		if err != nil || !short {
			return err
		}
		if err := l.beat(ctx, through); err != nil {
			return err
		}
	}
}
