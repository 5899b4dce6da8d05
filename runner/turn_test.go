package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/settlex/settlex/runner"
)

// desk is a lease in memory. Its clock is a number that a test moves.
type desk struct {
	mu      sync.Mutex
	now     int
	token   int
	expires int
	owner   string
	fails   error // of every call
}

const ttl = 4 // ticks

// term is a term of a desk.
type term struct {
	*desk
	token int
}

func (d *desk) acquire(owner string) func(context.Context) (*term, error) {
	return func(ctx context.Context) (*term, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case d.fails != nil:
			return nil, d.fails
		case d.now < d.expires:
			return nil, fmt.Errorf("%w: %s", runner.ErrTaken, d.owner)
		}
		d.token++
		d.owner, d.expires = owner, d.now+ttl
		return &term{d, d.token}, nil
	}
}

func (t *term) Renew(context.Context) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fails != nil || t.token != t.desk.token {
		return false, t.fails
	}
	t.expires = t.now + ttl
	return true, nil
}

func (t *term) Release(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == t.desk.token {
		t.expires = t.now
	}
	return t.fails
}

// set changes the desk.
func (d *desk) set(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn()
}

// held tells whether somebody holds the desk.
func (d *desk) held() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now < d.expires
}

// turn is a turn at a desk whose ticks a test sends.
func (d *desk) turn(owner string, ticks chan time.Time) runner.Turn[*term] {
	return runner.Turn[*term]{Acquire: d.acquire(owner), Options: runner.Options{
		Ticks: func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} },
	}}
}

// A term lasts as long as the work, however long that is, and ends with it.
func TestTake(t *testing.T) {
	t.Parallel()
	d, ticks := &desk{}, make(chan time.Time)
	failed := errors.New("the work failed")
	err := d.turn("a", ticks).Take(t.Context(), func(ctx context.Context, _ *term) error {
		for range 3 * ttl {
			d.set(func() { d.now++ })
			ticks <- time.Time{}
			ticks <- time.Time{} // the renewal of the one before is done
			if !d.held() || ctx.Err() != nil {
				t.Errorf("at %d the term is over: %v", d.now, ctx.Err())
			}
		}
		return failed
	})
	if !errors.Is(err, failed) || errors.Is(err, runner.ErrLost) || d.held() {
		t.Errorf("error %v, still held: %t", err, d.held())
	}
}

// Whoever comes second waits, and is told for whom, once.
func TestTakeWaits(t *testing.T) {
	t.Parallel()
	d, ticks := &desk{}, make(chan time.Time)
	if _, err := d.acquire("first")(t.Context()); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	second := d.turn("second", ticks)
	second.Log = slog.New(slog.NewTextHandler(&log, nil))
	worked := make(chan error)
	go func() {
		worked <- second.Take(t.Context(), func(context.Context, *term) error { return nil })
	}()
	for waiting := true; waiting; { // it may ask late, so nobody knows which tick is the last
		d.set(func() { d.now++ })
		select {
		case ticks <- time.Time{}:
		case err := <-worked:
			if waiting = false; err != nil || d.now < ttl {
				t.Errorf("worked at %d: %v", d.now, err)
			}
		}
	}
	if n := strings.Count(log.String(), "another process has the lease: first"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}

// A number of tries ends, and so does waiting when it is to stop.
func TestTakeGivesUp(t *testing.T) {
	t.Parallel()
	d, ticks := &desk{}, make(chan time.Time, 10)
	if _, err := d.acquire("first")(t.Context()); err != nil {
		t.Fatal(err)
	}
	never := func(context.Context, *term) error { t.Error("it worked"); return nil }
	second := d.turn("second", ticks)
	second.Tries = 3
	ticks <- time.Time{}
	ticks <- time.Time{}
	if err := second.Take(t.Context(), never); !errors.Is(err, runner.ErrTaken) || len(ticks) != 0 {
		t.Errorf("error %v with %d ticks left", err, len(ticks))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	second.Tries = 0
	if err := second.Take(ctx, never); err != nil {
		t.Error(err)
	}
}

// Work whose term another has ended is told to stop.
func TestTakeLost(t *testing.T) {
	t.Parallel()
	d, ticks := &desk{}, make(chan time.Time)
	err := d.turn("a", ticks).Take(t.Context(), func(ctx context.Context, _ *term) error {
		d.set(func() { d.token, d.owner, d.expires = d.token+1, "b", d.now+ttl })
		ticks <- time.Time{}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if !errors.Is(err, runner.ErrLost) || !d.held() {
		t.Errorf("error %v, the other one has it: %t", err, d.held())
	}
}

// While nobody can be asked the work goes on: what it may write is not decided
// here.
func TestTakeThroughFailures(t *testing.T) {
	t.Parallel()
	d, ticks := &desk{fails: errors.New("no connection")}, make(chan time.Time)
	var log bytes.Buffer
	turn := d.turn("a", ticks)
	turn.Log = slog.New(slog.NewTextHandler(&log, nil))
	go func() {
		ticks <- time.Time{}
		d.set(func() { d.fails = nil })
		ticks <- time.Time{}
	}()
	err := turn.Take(t.Context(), func(ctx context.Context, _ *term) error {
		d.set(func() { d.fails = errors.New("gone again") })
		ticks <- time.Time{}
		ticks <- time.Time{}
		return ctx.Err()
	})
	if err == nil || err.Error() != "release the lease: gone again" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "no connection") || !strings.Contains(log.String(), "gone again") {
		t.Errorf("log:\n%s", log.String())
	}
}
