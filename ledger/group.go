package ledger

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// maxGroup caps the weight of the commands one transaction carries, unless a
// single caller brings more.
const maxGroup = 8192

// weigh tells how many items commands may book: one each, and a batch as many
// as it has requests.
func weigh(commands []Command) int {
	n := 0
	for _, c := range commands {
		if b, ok := c.(*batch); ok {
			n += len(b.requests)
		} else {
			n++
		}
	}
	return n
}

// waiter is one caller with its commands.
type waiter struct {
	commands []Command
	weight   int
	errs     []error     // one for each command, once done
	err      error       // the whole transaction failed
	turn     chan signal // holds one; nil: it leads at once and waits for nobody
	next     *waiter     // behind it in the queue or the batch
}

// signal ends a caller's waiting.
type signal bool

const (
	done signal = false // the outcome is set
	lead signal = true  // commit for the queue
)

// group combines callers: whoever finds nobody leading commits for everybody
// who waits. A lone caller waits for nobody; there is no timer.
type group struct {
	mu          sync.Mutex
	first, last *waiter // the queue; its first leads, if leading
	waiting     int     // how many are in the queue
	leading     bool
	crowd       bool // the last group had others in it, who may come again
	commit      func(context.Context, []Command) ([]error, error)
}

// do hands commands to the group and waits for their outcome. The first
// result has one error or nil for each command; the second reports that the
// whole transaction failed. A context that ends before anybody has begun takes
// the commands back; afterwards the outcome is waited for.
func (g *group) do(ctx context.Context, commands []Command) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{commands: commands, weight: weigh(commands)}
	if g.enqueue(w) {
		g.work(ctx, w)
		return w.errs, w.err
	}
	select {
	case turn := <-w.turn:
		if turn == lead {
			g.work(ctx, w)
		}
	case <-ctx.Done():
		if g.withdraw(w) {
			return nil, ctx.Err()
		}
		<-w.turn
	}
	return w.errs, w.err
}

// enqueue tells whether the waiter is to lead at once.
func (g *group) enqueue(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting++; g.first == nil {
		g.first, g.last = w, w
	} else {
		g.last.next, g.last = w, w
	}
	if g.leading {
		w.turn = make(chan signal, 1)
		return false
	}
	g.leading = true
	return true
}

// withdraw takes a waiter back, unless its work has begun. One that was told
// to lead hands the lead on.
func (g *group) withdraw(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	var before *waiter
	at := g.first
	for at != nil && at != w {
		before, at = at, at.next
	}
	if at == nil {
		return false
	}
	if g.waiting--; before == nil {
		g.first = w.next
	} else {
		before.next = w.next
	}
	if g.last == w {
		g.last = before
	}
	select {
	case <-w.turn:
		g.handOn()
	default:
	}
	return true
}

// handOn tells the first of the queue to lead, if there is one.
func (g *group) handOn() {
	if g.leading = g.first != nil; g.leading {
		g.first.turn <- lead
	}
}

// work commits one group, the leader's own commands first in it, and hands
// the lead on. If the commit panics the others are told and the panic goes on.
func (g *group) work(ctx context.Context, leader *waiter) {
	g.linger()
	commands := g.take()
	var errs []error
	err := errPanicked
	defer func() { g.finish(leader, errs, err) }()
	errs, err = g.commit(context.WithoutCancel(ctx), commands)
}

var errPanicked = fmt.Errorf("%w: the commit panicked", ErrIndefinite)

// maxYields bounds how often a leader lets others run.
const maxYields = 8

// linger lets those come who were in the group before: each needs a moment to
// hear its outcome and to ask for more. It goes on as long as more have come, so
// that a caller without company pays nothing.
func (g *group) linger() {
	seen := 0
	for range maxYields {
		g.mu.Lock()
		waiting, crowd := g.waiting, g.crowd
		g.mu.Unlock()
		if waiting <= seen || waiting == 1 && !crowd {
			return
		}
		seen = waiting
		runtime.Gosched()
	}
}

// take takes the head of the queue, leader first, up to the cap, and gives its
// commands.
func (g *group) take() (commands []Command) {
	g.mu.Lock()
	defer g.mu.Unlock()
	end, weight, n := g.first, g.first.weight, 1
	for end.next != nil && weight+end.next.weight <= maxGroup {
		end = end.next
		weight, n = weight+end.weight, n+1
	}
	if commands = g.first.commands; n > 1 {
		commands = make([]Command, 0, weight)
		for w := g.first; w != end.next; w = w.next {
			commands = append(commands, w.commands...)
		}
	}
	g.crowd, g.waiting = n > 1, g.waiting-n
	if g.first, end.next = end.next, nil; g.first == nil {
		g.last = nil
	}
	return commands
}

// finish tells the outcome to everybody in the leader's batch.
func (g *group) finish(leader *waiter, errs []error, err error) {
	for w := leader; w != nil; {
		if w.err = err; err == nil {
			n := len(w.commands)
			w.errs, errs = errs[:n:n], errs[n:]
		}
		next := w.next // once told, a caller may be gone with w
		if w != leader {
			w.turn <- done
		}
		w = next
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handOn()
}
