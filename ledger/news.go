package ledger

import "sync"

// news tells whoever waits that something was committed.
type news struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed by the next commit.
func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}
