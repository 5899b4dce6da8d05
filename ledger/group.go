package ledger

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// maxGroup caps the commands one transaction carries, unless a single caller
// brings more.
const maxGroup = 8192

// weigh tells how many items commands are likely to book: one each, but for a
// batch.
func weigh(commands []Command) int {
	n := 0
	for _, c := range commands {
		if batch, ok := c.(*batch); ok {
			n += batch.weight()
		} else {
			n++
		}
	}
	return n
}

// waiter is one caller with its commands.
type waiter struct {
	commands []Command
	errs     []error       // one for each command, once done
	err      error         // the whole transaction failed
	done     chan struct{} // closed when the outcome is set
	lead     chan struct{} // closed when this waiter is to commit for the queue
}

// group combines callers: whoever finds nobody leading commits for everybody
// who waits. A lone caller waits for nobody; there is no timer.
type group struct {
	mu      sync.Mutex
	queue   []*waiter // its first has been told to lead, if leading
	leading bool
	commit  func(context.Context, []Command) ([]error, error)
}

// do hands commands to the group and waits for their outcome. The first
// result has one error or nil for each command; the second reports that the
// whole transaction failed. A context that ends before anybody has begun takes
// the commands back; afterwards the outcome is waited for.
func (g *group) do(ctx context.Context, commands []Command) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := g.enqueue(commands)
	select {
	case <-w.done:
		return w.errs, w.err
	case <-w.lead:
		g.work(ctx)
		return w.errs, w.err
	case <-ctx.Done():
		if g.withdraw(w) {
			return nil, ctx.Err()
		}
		<-w.done
		return w.errs, w.err
	}
}

func (g *group) enqueue(commands []Command) *waiter {
	w := &waiter{commands: commands, done: make(chan struct{}), lead: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, w)
	if !g.leading {
		g.leading = true
		close(w.lead)
	}
	return w
}

// withdraw takes a waiter back, unless its work has begun. One that was told
// to lead hands the lead on.
func (g *group) withdraw(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, w)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	select {
	case <-w.lead:
		g.handOn()
	default:
	}
	return true
}

// handOn tells the first of the queue to lead, if there is one.
func (g *group) handOn() {
	if g.leading = len(g.queue) > 0; g.leading {
		close(g.queue[0].lead)
	}
}

// work commits one group, the leader's own commands first in it, and hands
// the lead on. If the commit panics the others are told and the panic goes on.
func (g *group) work(ctx context.Context) {
	batch, commands := g.take()
	var errs []error
	err := fmt.Errorf("%w: the commit panicked", ErrIndefinite)
	defer func() { g.finish(batch, errs, err) }()
	errs, err = g.commit(context.WithoutCancel(ctx), commands)
}

// take gives the head of the queue up to the cap, leader first.
func (g *group) take() (batch []*waiter, commands []Command) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for n < len(g.queue) && (n == 0 || len(commands)+len(g.queue[n].commands) <= maxGroup) {
		commands = append(commands, g.queue[n].commands...)
		n++
	}
	batch, g.queue = g.queue[:n:n], append([]*waiter(nil), g.queue[n:]...)
	return batch, commands
}

func (g *group) finish(batch []*waiter, errs []error, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handOn()
	for _, w := range batch {
		if w.err = err; err == nil {
			n := len(w.commands)
			w.errs, errs = errs[:n:n], errs[n:]
		}
		close(w.done)
	}
}
