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
	leads    bool        // it was told to lead, and has not given that back
	next     *waiter     // behind it in the queue or the batch
}

// signal ends a caller's waiting.
type signal bool

const (
	done signal = false // the outcome is set
	lead signal = true  // commit for the queue
)

// group combines callers: whoever finds nobody leading commits for everybody
// who waits. A lone caller waits for nobody; there is no timer. Where a store
// commits several transactions at once several may lead, each with a group of its
// own.
type group struct {
	mu      sync.Mutex
	queue   queue
	writers func() int // how many may lead at once; nil: one
	leaders int        // how many do
	flying  int        // weight of what the leaders have taken
	crowd   bool       // the last group had others in it, who may come again
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
	if g.leaders == 0 { // and so nobody waits
		g.leaders, g.flying, w.leads = 1, w.weight, true
		return true
	}
	w.turn = make(chan signal, 1)
	g.queue.push(w)
	g.handOn()
	return false
}

// withdraw takes a waiter back, unless its work has begun. One that was told
// to lead hands the lead on.
func (g *group) withdraw(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !w.leads {
		return g.queue.remove(w)
	}
	<-w.turn
	w.leads = false
	g.leaders, g.flying = g.leaders-1, g.flying-w.weight
	g.handOn()
	return true
}

// handOn tells the first of the queue to lead, if nobody does or it is worth it
// to begin beside those who do.
func (g *group) handOn() {
	if g.queue.first == nil || g.leaders > 0 && (g.leaders >= g.most() || g.queue.weight < g.share()) {
		return
	}
	w := g.queue.pop()
	g.leaders, g.flying, w.leads = g.leaders+1, g.flying+w.weight, true
	w.turn <- lead
}

// minShare is the least weight for which a leader begins beside others: what a
// transaction costs by itself has to be shared by some.
const minShare = 16

// most is how many may lead at once.
func (g *group) most() int {
	if g.writers == nil {
		return 1
	}
	return max(1, g.writers())
}

// share is what each of so many leaders would get of all that is there. Who takes
// more leaves the others with nothing to do while he commits, and so does who
// begins with less: it is less for everybody from then on.
func (g *group) share() int {
	writers := g.most()
	return max(minShare, (g.flying+g.queue.weight+writers-1)/writers)
}

// work commits one group, the leader's own commands first in it, and hands
// the lead on. If the commit panics the others are told and the panic goes on.
func (g *group) work(ctx context.Context, leader *waiter) {
	g.linger()
	commands, weight := g.take(leader)
	var errs []error
	err := errPanicked
	defer func() { g.finish(leader, weight, errs, err) }()
	errs, err = g.commit(context.WithoutCancel(ctx), commands)
}

var errPanicked = fmt.Errorf("%w: the commit panicked", ErrIndefinite)

// maxYields bounds how often a leader lets others run.
const maxYields = 8

// linger lets those come who were in the group before: each needs a moment to
// hear its outcome and to ask for more. It goes on as long as more have come, so
// that a caller without company pays nothing.
func (g *group) linger() {
	seen := -1
	for range maxYields {
		g.mu.Lock()
		waiting, crowd, enough := g.queue.length, g.crowd, g.most() > 1 && g.queue.weight >= g.share()
		g.mu.Unlock()
		if waiting <= seen || waiting == 0 && !crowd || enough {
			return
		}
		seen = waiting
		runtime.Gosched()
	}
}

// take takes the head of the queue behind the leader, up to the cap, and gives
// the commands of all with their weight.
func (g *group) take(leader *waiter) (commands []Command, weight int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	most := maxGroup
	if g.most() > 1 {
		most = min(most, g.share())
	}
	end, n := leader, 1
	for weight = leader.weight; g.queue.first != nil && weight+g.queue.first.weight <= most; n++ {
		end.next = g.queue.pop()
		end = end.next
		weight += end.weight
	}
	if commands = leader.commands; n > 1 {
		commands = make([]Command, 0, weight)
		for w := leader; w != nil; w = w.next {
			commands = append(commands, w.commands...)
		}
	}
	g.crowd, g.flying = n > 1, g.flying+weight-leader.weight
	g.handOn() // what is left may be enough for one more
	return commands, weight
}

// finish tells the outcome to everybody in the leader's batch, which had a weight.
func (g *group) finish(leader *waiter, weight int, errs []error, err error) {
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
	g.leaders, g.flying = g.leaders-1, g.flying-weight
	g.handOn()
}
