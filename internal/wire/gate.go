package wire

import (
	"context"
	"sync"
)

// gate is where bytes wait while the network hangs.
type gate struct {
	mu     sync.Mutex
	thawed chan struct{} // closed by Thaw; nil while bytes pass
}

// Freeze makes the network hang: no byte of any connection is passed on any more, in either direction, and nobody is told. New connections hang
// too. Bytes that are being handed over at this moment may still pass.
func (p *Proxy) Freeze() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.gate.thawed == nil {
		p.gate.thawed = make(chan struct{})
	}
}

// Thaw ends Freeze. What was sent meanwhile is passed on.
func (p *Proxy) Thaw() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.gate.thawed != nil {
		close(p.gate.thawed)
		p.gate.thawed = nil
	}
}

// pass waits while the network hangs. It is false when ctx ends first.
func (g *gate) pass(ctx context.Context) bool {
	g.mu.Lock()
	thawed := g.thawed
	g.mu.Unlock()
	if thawed == nil {
		return true
	}
	select {
	case <-thawed:
		return true
	case <-ctx.Done():
		return false
	}
}
