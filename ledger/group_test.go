package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/settlex/settlex/ledger"
)

// gate stops a store's writes as they begin, until it is opened.
type gate struct {
	*memory
	open chan struct{}
}

// newGate gives books whose writes wait at the gate. Use it inside a bubble of
// synctest, where waiting for others takes no time and is certain.
func newGate(t testing.TB) (*gate, *ledger.Ledger) {
	t.Helper()
	g := &gate{memory: newMemory(), open: make(chan struct{})}
	g.begin = func(context.Context) { <-g.open }
	return g, open(t, g)
}

// calls collects what concurrent calls came to.
type calls struct {
	wait sync.WaitGroup
	mu   sync.Mutex
	errs map[string]error
}

// start runs fn beside the test and waits until it waits.
func (c *calls) start(name string, fn func() error) {
	c.wait.Go(func() {
		err := fn()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.errs == nil {
			c.errs = make(map[string]error)
		}
		c.errs[name] = err
	})
	synctest.Wait()
}

// done tells whether the call is over, and what it came to.
func (c *calls) done(name string) (over bool, err error) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	err, over = c.errs[name]
	return over, err
}

func postOne(ctx context.Context, books *ledger.Ledger, e ledger.Entry) func() error {
	return func() error {
		_, err := books.Post(ctx, e)
		return err
	}
}

// Everybody who comes while one commits is committed together, and each gets
// the outcome of its own entries.
func TestGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, books := newGate(t)
		var c calls
		c.start("float", postOne(t.Context(), books, sale("float", 500)))
		for i := range 100 {
			c.start(fmt.Sprint("sale ", i), postOne(t.Context(), books, sale(fmt.Sprint("s", i), 1)))
			c.start(fmt.Sprint("payout ", i), postOne(t.Context(), books, transfer(fmt.Sprint("p", i), "payout", available, bank, 100)))
			c.start(fmt.Sprint("invalid ", i), postOne(t.Context(), books, ledger.Entry{Key: fmt.Sprint("x", i)}))
		}
		close(g.open)
		c.wait.Wait()

		if g.writes != 2 || len(g.snapshot().blocks) != 2 {
			t.Errorf("%d transactions and %d blocks, want 2: the first, and one for everybody who came meanwhile", g.writes, len(g.snapshot().blocks))
		}
		paid := 0
		for i := range 100 {
			if err := c.errs[fmt.Sprint("sale ", i)]; err != nil {
				t.Errorf("sale %d: %v", i, err)
			}
			if err := c.errs[fmt.Sprint("invalid ", i)]; !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("invalid %d: %v", i, err)
			}
			switch err := c.errs[fmt.Sprint("payout ", i)]; {
			case err == nil:
				paid++
			case !errors.Is(err, ledger.ErrInsufficientFunds):
				t.Errorf("payout %d: %v", i, err)
			}
		}
		if paid != 6 { // out of 5.00 and a hundred times 0.01
			t.Errorf("%d payouts of 1.00 were booked", paid)
		}
	})
}

// A group is not larger than its cap, unless one caller alone is.
func TestGroupCap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, books := newGate(t)
		many := func(n int) func() error {
			commands := make([]ledger.Command, n)
			for i := range commands {
				commands[i] = &work{}
			}
			return func() error {
				_, err := books.DoAll(t.Context(), commands...)
				return err
			}
		}
		var c calls
		for i, n := range []int{1, 9000, 1, 8191, 1, 1} { // the first alone, then one too many, then two groups
			c.start(fmt.Sprint(i), many(n))
		}
		close(g.open)
		c.wait.Wait()
		if g.writes != 4 {
			t.Errorf("%d transactions, want 4", g.writes)
		}
		for name, err := range c.errs {
			if err != nil {
				t.Errorf("call %s: %v", name, err)
			}
		}
	})
}

// A batch weighs as much as it has requests.
func TestGroupCapCountsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, books := newGate(t)
		batch := func(key string, n int) func() error {
			requests := make([]ledger.Request, n)
			for i := range requests {
				requests[i] = sale(key, 1) // the first is booked, the others replay it
			}
			return func() error {
				outcomes, err := books.Execute(t.Context(), ledger.Independent, requests...)
				return errors.Join(err, ledger.Failed(outcomes))
			}
		}
		var c calls
		for i, n := range []int{1, 8190, 1, 1, 1, 8191, 1} { // the first alone, then a full group, one too many for the next, the rest
			c.start(fmt.Sprint(i), batch(fmt.Sprint("k", i), n))
		}
		close(g.open)
		c.wait.Wait()
		var sizes []int
		for _, b := range g.snapshot().blocks {
			sizes = append(sizes, len(b.Items))
		}
		wantDiff(t, "items of each group", []int{1, 3, 2, 1}, sizes)
		for name, err := range c.errs {
			if err != nil {
				t.Errorf("call %s: %v", name, err)
			}
		}
	})
}

// A caller that gives up before anybody has begun with its entries takes them
// back, wherever it stands in the queue.
func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, books := newGate(t)
		var c calls
		c.start("leader", postOne(t.Context(), books, sale("leader", 1)))
		ctx, cancel := context.WithCancel(t.Context())
		c.start("first", postOne(ctx, books, sale("first", 1)))
		c.start("middle", postOne(ctx, books, sale("middle", 1)))
		c.start("stays", postOne(t.Context(), books, sale("stays", 1)))
		c.start("last", postOne(ctx, books, sale("last", 1)))
		cancel()
		for _, name := range []string{"first", "middle", "last"} {
			if over, err := c.done(name); !over || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: over is %t with %v, want it to end at once", name, over, err)
			}
		}
		close(g.open)
		c.wait.Wait()
		for _, name := range []string{"leader", "stays"} {
			if err := c.errs[name]; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for key, want := range map[string]bool{"leader": true, "first": false, "middle": false, "stays": true, "last": false} {
			if _, ok, err := books.Entry(t.Context(), key); ok != want || err != nil {
				t.Errorf("entry %s is there: %t, %v; want %t", key, ok, err, want)
			}
		}
	})
}

// Once work has begun the outcome is waited for, and it is told as it is.
func TestCancelledTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{memory: newMemory(), open: make(chan struct{})}
		g.commit = func(*snapshot) error { <-g.open; return nil } // everything is decided already
		books := open(t, g)
		var c calls
		ctx, cancel := context.WithCancel(t.Context())
		c.start("leader", postOne(ctx, books, sale("leader", 1)))
		cancel()
		if over, _ := c.done("leader"); over {
			t.Error("the leader left in the middle of its commit")
		}
		c.start("follower", postOne(t.Context(), books, sale("follower", 1)))
		close(g.open)
		c.wait.Wait()
		for _, name := range []string{"leader", "follower"} {
			if err := c.errs[name]; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantPosted(t, books, available, "0.02")
	})
}

// A follower whose entries are being committed waits like the leader.
func TestFollowerCancelledTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, books := newGate(t)
		var c calls
		ctx, cancel := context.WithCancel(t.Context())
		c.start("leader", postOne(t.Context(), books, sale("leader", 1)))
		c.start("next", postOne(t.Context(), books, sale("next", 1)))
		c.start("follower", postOne(ctx, books, sale("follower", 1)))
		g.open <- struct{}{} // the leader commits; next leads, with the follower in its group
		if over, _ := c.done("leader"); !over {
			t.Fatal("the leader waits for others")
		}
		cancel()
		if over, _ := c.done("follower"); over {
			t.Error("the follower left while its entry was being committed")
		}
		close(g.open)
		c.wait.Wait()
		if err := c.errs["follower"]; err != nil {
			t.Errorf("follower: %v", err)
		}
		wantPosted(t, books, available, "0.03")
	})
}

// A caller that gives up at the moment it is told to lead either leads or hands
// the lead on: who stands behind it is never forgotten.
func TestCancelledAsTheLeadComes(t *testing.T) {
	t.Parallel()
	left := 0
	for range 500 {
		synctest.Test(t, func(t *testing.T) {
			store := newMemory()
			books := open(t, store)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			finish := make(chan struct{})
			store.commit = func(*snapshot) error {
				<-finish
				cancel()
				return nil
			}
			var c calls
			for _, name := range []string{"leader", "next", "last"} {
				if name == "next" {
					c.start(name, postOne(ctx, books, sale(name, 1)))
				} else {
					c.start(name, postOne(t.Context(), books, sale(name, 1)))
				}
			}
			close(finish)
			c.wait.Wait()
			if c.errs["leader"] != nil || c.errs["last"] != nil {
				t.Errorf("calls give %v", c.errs)
			}
			_, there, err := books.Entry(t.Context(), "next")
			if gone := errors.Is(c.errs["next"], context.Canceled); gone == there || err != nil {
				t.Errorf("next gives %v and is there: %t, %v", c.errs["next"], there, err)
			}
			if !there {
				left++
			}
		})
	}
	if left == 0 {
		t.Error("no caller left in 500 attempts")
	}
}

// The leader's context does not reach into the commit it makes for others.
func TestLeaderContextIsNotTheGroups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		var inside error
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // of the bubble's clock
		defer cancel()
		store.begin = func(group context.Context) {
			<-ctx.Done()
			inside = group.Err()
		}
		if _, err := open(t, store).Post(ctx, sale("a", 1)); err != nil || inside != nil || ctx.Err() == nil {
			t.Errorf("posting gives %v with the context at %v inside and %v outside", err, inside, ctx.Err())
		}
	})
}

// A store's error is everybody's, and the next group is not touched by it.
func TestGroupFails(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"surely":       errors.New("disk is full"),
		"indefinitely": fmt.Errorf("%w: commit: input/output error", ledger.ErrIndefinite),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, books := newGate(t)
				failing := true
				g.commit = func(*snapshot) error {
					if failing {
						return failure
					}
					return nil
				}
				var c calls
				for i := range 10 {
					c.start(fmt.Sprint(i), postOne(t.Context(), books, sale(fmt.Sprint(i), 1)))
				}
				c.start("rejected", postOne(t.Context(), books, transfer("p", "payout", available, bank, 1000)))
				close(g.open)
				c.wait.Wait()
				for name, err := range c.errs {
					if !errors.Is(err, failure) {
						t.Errorf("call %s: %v, want %v", name, err, failure)
					}
				}
				wantPosted(t, books, available, "none")

				failing = false
				if got := mustPost(t, books, sale("3", 1))[0]; got.Replayed || got.Seq != 1 {
					t.Errorf("a retry gives %+v", got)
				}
			})
		})
	}
}

// When a commit panics, whoever waited for it is told that the outcome is
// unknown, and the panic goes on in the leader.
func TestGroupPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, books := newGate(t)
		panicking := true
		g.commit = func(next *snapshot) error {
			if panicking && len(next.items()) > 1 {
				panic("a bug")
			}
			return nil
		}
		var c calls
		c.start("first", postOne(t.Context(), books, sale("first", 1)))
		c.start("leader", func() (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("panic: %v", r)
				}
			}()
			return postOne(t.Context(), books, sale("leader", 1))()
		})
		for i := range 5 {
			c.start(fmt.Sprint(i), postOne(t.Context(), books, sale(fmt.Sprint(i), 1)))
		}
		close(g.open)
		c.wait.Wait()
		wantText(t, c.errs["leader"], "panic: a bug")
		for i := range 5 {
			if err := c.errs[fmt.Sprint(i)]; !errors.Is(err, ledger.ErrIndefinite) {
				t.Errorf("call %d: %v, want ErrIndefinite", i, err)
			}
		}
		panicking = false
		mustPost(t, books, sale("leader", 1), sale("0", 1))
		wantPosted(t, books, available, "0.03")
	})
}

// In a crowd where anybody may give up at any time, every call is told the
// truth: booked when it says so, and not there when it gave up.
func TestGroupCrowd(t *testing.T) {
	t.Parallel()
	const callers, each = 32, 40
	books := open(t, newMemory())
	gaveUp := make([]map[string]bool, callers)
	var wait sync.WaitGroup
	for i := range callers {
		gaveUp[i] = make(map[string]bool)
		wait.Go(func() {
			for j := range each {
				key := fmt.Sprintf("%d-%d", i, j)
				ctx, cancel := context.WithCancel(t.Context())
				if j%3 == 0 {
					go cancel() // at about the time it is posted
				}
				_, err := books.Post(ctx, sale(key, 1))
				cancel()
				if gaveUp[i][key] = err != nil; err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
	wait.Wait()
	booked := 0
	for i := range callers {
		for key, gone := range gaveUp[i] {
			if _, ok, err := books.Entry(t.Context(), key); ok == gone || err != nil {
				t.Errorf("%s gave up: %t, is there: %t, %v", key, gone, ok, err)
			}
			if !gone {
				booked++
			}
		}
	}
	wantPosted(t, books, available, fmt.Sprintf("%d.%02d", booked/100, booked%100))
}
