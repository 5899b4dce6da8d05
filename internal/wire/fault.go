package wire

import (
	"fmt"
	"sync"
)

// Point is where in a round trip a connection is cut.
type Point int

// The points, in the order in which a request meets them.
const (
	// BeforeRequest loses the request: the server sees its client vanish and nothing of what it asked.
	BeforeRequest Point = iota + 1
	// BeforeAnswer passes the request on and loses the answer, when its first bytes are there. The server may finish what it was asked.
	BeforeAnswer
	// MidAnswer is BeforeAnswer after half of the first bytes that came of it.
	MidAnswer
)

// String is the point in words.
func (p Point) String() string {
	switch p {
	case BeforeRequest:
		return "before the request"
	case BeforeAnswer:
		return "before the answer"
	case MidAnswer:
		return "in the middle of the answer"
	}
	return fmt.Sprintf("point %d", int(p))
}

// fault is a cut that is still to come.
type fault struct {
	left   int // requests until it falls, 1 is the next one
	point  Point
	struck chan struct{}
}

// faults are those of a proxy.
type faults struct {
	mu    sync.Mutex
	armed []*fault
}

// Cut has the connection of a coming request cut. Requests are the beginnings of round trips, counted over all connections of the proxy from now
// on; 1 is the next. The channel is closed when it has happened. Other connections, and new ones, go on. It panics when the request is not positive
// or the point none of those above.
//
// Clients ask more than one may think: to set up a connection, to describe a statement, and pgx, once a connection broke, to cancel what it was
// doing, on a new one. So arm a fault on connections that are warm, and the next one when the last is over.
func (p *Proxy) Cut(request int, at Point) <-chan struct{} {
	if request < 1 || at < BeforeRequest || at > MidAnswer {
		panic(fmt.Sprintf("wire: cut request %d at %s", request, at))
	}
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	f := &fault{left: request, point: at, struck: make(chan struct{})}
	p.faults.armed = append(p.faults.armed, f)
	return f.struck
}

// count counts a request and returns the fault that falls on it, nil when there is none.
func (f *faults) count() *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due *fault
	var later []*fault
	for _, armed := range f.armed {
		armed.left--
		switch {
		case armed.left > 0:
			later = append(later, armed)
		case due == nil:
			due = armed
		default:
			armed.left = 1 // one connection is cut once
			later = append(later, armed)
		}
	}
	f.armed = later
	return due
}
