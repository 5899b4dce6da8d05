package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/settlex/settlex/ledger"
)

// several is a store with room for several transactions at once, which it commits
// one after the other.
type several struct {
	*memory
	writers int
	enter   func() // called as a write begins, beside others

	inside, most atomic.Int64 // writes that have begun and not ended: now, and at most
}

// Writers implements ledger.Concurrent.
func (s *several) Writers() int { return s.writers }

// Write implements ledger.Store.
func (s *several) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	now := s.inside.Add(1)
	defer s.inside.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	s.enter()
	return s.memory.Write(ctx, fn)
}

var errFull = errors.New("disk is full")

// crowd is callers that come again and again, and may give up at any time.
type crowd struct {
	*several
	books        *ledger.Ledger
	failed, left atomic.Int64 // calls that the store's errors and panics ended, and that gave up
}

// newCrowd is one on a store that fails now and then, and panics.
func newCrowd(t *testing.T, writers int) *crowd {
	t.Helper()
	c := &crowd{several: &several{memory: newMemory(), writers: writers, enter: runtime.Gosched}}
	commits := 0
	c.commit = func(*snapshot) error { // one at a time
		switch commits++; commits % 9 { // however few groups there are, some fail
		case 4:
			return errFull
		case 8:
			panic("a bug")
		}
		return nil
	}
	c.books = open(t, c)
	return c
}

// do is DoAll, with the leader's panic as the outcome it stands for.
func (c *crowd) do(ctx context.Context, commands []ledger.Command) (errs []error, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ledger.ErrIndefinite, r)
		}
	}()
	return c.books.DoAll(ctx, commands...)
}

// call asks for some entries and refusals at once, and holds the answers against what
// was asked. It gives the entries that were booked, and the keys that were not.
func (c *crowd) call(ctx context.Context, name string, source *rand.Rand) (booked []ledger.Result, not []string, err error) {
	commands := make([]ledger.Command, 1+source.IntN(3))
	refusals, results, keys := make([]error, len(commands)), make([]ledger.Result, len(commands)), make([]string, len(commands))
	for i := range commands {
		keys[i] = fmt.Sprint(name, ".", i)
		one := book(sale(keys[i], 1))
		if source.IntN(4) == 0 {
			refusals[i] = fmt.Errorf("%w: %s", errRefused, keys[i])
		}
		one.apply = func(s *ledger.State) (err error) {
			if refusals[i] == nil {
				results[i], err = s.Book(sale(keys[i], 1))
				return err
			}
			return refusals[i]
		}
		commands[i] = one
	}
	errs, err := c.do(ctx, commands)
	switch {
	case errors.Is(err, context.Canceled):
		c.left.Add(1)
		return nil, keys, nil
	case errors.Is(err, errFull), errors.Is(err, ledger.ErrIndefinite):
		c.failed.Add(1)
		return nil, keys, nil
	case err != nil:
		return nil, nil, err
	case len(errs) != len(commands):
		return nil, nil, fmt.Errorf("%d outcomes of %d commands", len(errs), len(commands))
	}
	for i := range commands {
		switch {
		case errs[i] != refusals[i]: //nolint:errorlint // this very error, and no other
			return nil, nil, fmt.Errorf("%s gives %w, want %w", keys[i], errs[i], refusals[i])
		case errs[i] != nil:
			not = append(not, keys[i])
		case results[i].Key != keys[i]:
			return nil, nil, fmt.Errorf("%s gives %q", keys[i], results[i].Key)
		default:
			booked = append(booked, results[i])
		}
	}
	return booked, not, nil
}

// caller comes so many times, and finds what it was told in the journal, in its own
// order.
func (c *crowd) caller(ctx context.Context, t *testing.T, number, times int) {
	t.Helper()
	source := rand.New(rand.NewPCG(uint64(number), 2))
	last := uint64(0)
	for i := range times {
		ctx, cancel := context.WithCancel(ctx)
		if source.IntN(3) == 0 {
			go cancel() // at about the time it calls
		}
		booked, not, err := c.call(ctx, fmt.Sprintf("%d-%d", number, i), source)
		cancel()
		if err != nil {
			t.Error(err)
			return
		}
		for _, r := range booked {
			found, ok, err := c.books.Entry(t.Context(), r.Key)
			if err != nil || !ok || found.Seq != r.Seq || r.Seq <= last {
				t.Errorf("%s is item %d behind item %d; there: %t, as %d, %v", r.Key, r.Seq, last, ok, found.Seq, err)
			}
			last = r.Seq
		}
		for _, key := range not {
			if _, ok, err := c.books.Entry(t.Context(), key); ok || err != nil {
				t.Errorf("%s was not booked and is there: %t, %v", key, ok, err)
			}
		}
	}
}

// However many lead, every caller gets the outcome of its own commands and no other:
// while others give up, the store fails, and commits panic.
func TestGroupWriters(t *testing.T) {
	t.Parallel()
	for _, writers := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(writers), func(t *testing.T) {
			t.Parallel()
			const callers, times = 64, 12
			c := newCrowd(t, writers)
			var wait sync.WaitGroup
			for i := range callers {
				wait.Go(func() { c.caller(t.Context(), t, i, times) })
			}
			wait.Wait()
			c.commit = nil
			mustPost(t, c.books, sale("nobody is left behind", 1))
			if got := c.most.Load(); got > int64(writers) {
				t.Errorf("%d transactions at once, want %d at most", got, writers)
			}
			if c.failed.Load() == 0 || c.left.Load() == 0 {
				t.Errorf("%d calls failed and %d gave up: nothing was tried", c.failed.Load(), c.left.Load())
			}
		})
	}
}
