package postgres

import (
	"context"
	"sync"
)

// lanes hands out lanes to the write transactions of this process, no two the same at a time. A transaction gets the one that was given
// back last, whose rows are still warm, unless it had to be waited for: then another process books there too, and should have it for itself.
type lanes struct {
	turns chan struct{} // holds as many as may still begin
	mu    sync.Mutex
	free  []uint16 // the last is next
	warm  []warm   // by lane; who has the lane has what belongs to it
}

// newLanes begins with n lanes in random order, for at most as many writers.
func newLanes(n, writers int, chance func() float64) *lanes {
	l := &lanes{turns: make(chan struct{}, writers), free: make([]uint16, n), warm: make([]warm, n)}
	for i := range l.free {
		l.free[i] = uint16(i) //nolint:gosec // there are at most 1024
	}
	for i := n - 1; i > 0; i-- {
		j := int(chance() * float64(i+1))
		l.free[i], l.free[j] = l.free[j], l.free[i]
	}
	return l
}

// enter waits for a turn and gives a lane.
func (l *lanes) enter(ctx context.Context) (lane uint16, err error) {
	select {
	case l.turns <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.free) - 1
	lane, l.free = l.free[last], l.free[:last]
	return lane, nil
}

// swap gives another lane for one that somebody does not let go of, if there is one.
func (l *lanes) swap(lane uint16) uint16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.free) == 0 {
		return lane
	}
	last := len(l.free) - 1
	other := l.free[last]
	l.free = append([]uint16{lane}, l.free[:last]...)
	return other
}

// leave gives a lane back, which had to be waited for or not.
func (l *lanes) leave(lane uint16, waited bool) {
	l.mu.Lock()
	if waited {
		l.free = append([]uint16{lane}, l.free...) // last in turn
	} else {
		l.free = append(l.free, lane)
	}
	l.mu.Unlock()
	<-l.turns
}
