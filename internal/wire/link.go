package wire

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// How much is read at once, and how many such pieces may be on their way in one direction.
const (
	pieceMax = 32 << 10
	aheadMax = 256
)

// piece is some bytes on their way.
type piece struct {
	bytes []byte
	due   time.Time // zero: at once
}

var errCut = errors.New("the connection was cut")

// link is one client's way to the server.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	mu sync.Mutex
	// asking is true from the first byte of a request to the first of its answer that is passed on.
	asking bool
	// fault is what the present request will meet, nil for nothing.
	fault *fault
}

// carry passes bytes on in both directions until both have ended, or ctx has.
func (l *link) carry(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	defer l.close()

	requests, answers := make(chan piece, aheadMax), make(chan piece, aheadMax)
	var work sync.WaitGroup
	work.Go(func() { l.read(ctx, l.client, requests, l.asked) })
	work.Go(func() { l.read(ctx, l.server, answers, func() bool { return true }) })
	work.Go(func() { l.write(ctx, l.server, requests, l.request) })
	work.Go(func() { l.write(ctx, l.client, answers, l.answer) })
	work.Wait()
}

// close ends both connections.
func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// read takes in what one side sends, until it ends or arrived says that nothing more counts.
func (l *link) read(ctx context.Context, from net.Conn, to chan<- piece, arrived func() bool) {
	defer close(to)
	buffer := make([]byte, pieceMax)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !arrived() {
				return
			}
			p := piece{bytes: append([]byte(nil), buffer[:n]...)}
			if latency := l.proxy.options.Latency; latency > 0 {
				p.due = l.proxy.options.Now().Add(latency)
			}
			select {
			case to <- p:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// write passes on what was read, each piece when it is due, then the end of it. What cannot be passed on any more is dropped, and the other
// direction goes on: bytes that were sent before somebody vanished arrive.
func (l *link) write(ctx context.Context, to net.Conn, from <-chan piece, pass func([]byte) error) {
	var err error
	for p := range from {
		if err != nil {
			continue
		}
		if !l.wait(ctx, p.due) || !l.proxy.gate.pass(ctx) {
			return
		}
		err = pass(p.bytes)
	}
	half, ok := to.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = to.Close()
	}
}

// wait returns when a piece is due. It is false when ctx ends first.
func (l *link) wait(ctx context.Context, due time.Time) bool {
	if due.IsZero() {
		return true
	}
	left := due.Sub(l.proxy.options.Now())
	if left <= 0 {
		return true
	}
	select {
	case <-l.proxy.options.After(left):
		return true
	case <-ctx.Done():
		return false
	}
}

// asked notes that the client sent something. It is false when that is lost, and the connection with it.
func (l *link) asked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking {
		return true
	}
	l.asking = true
	l.fault = l.proxy.faults.count()
	if l.fault == nil || l.fault.point != BeforeRequest {
		return true
	}
	l.close()
	close(l.fault.struck)
	return false
}

// request passes a piece of a request on.
func (l *link) request(bytes []byte) error {
	_, err := l.server.Write(bytes)
	return err
}

// answer passes a piece of an answer on, or cuts the client off.
func (l *link) answer(bytes []byte) error {
	if fault := l.answered(); fault != nil {
		return l.cut(fault, bytes)
	}
	_, err := l.client.Write(bytes)
	return err
}

// answered notes that an answer is there. The count is right before the client can look.
func (l *link) answered() *fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil && l.asking {
		l.asking = false
		l.proxy.roundTrips.Add(1)
	}
	return l.fault
}

// cut ends the client's side. What it asked is still passed on, and the server left to finish by itself. The error drops the rest of the answer.
func (l *link) cut(f *fault, bytes []byte) error {
	if f.point == MidAnswer {
		_, _ = l.client.Write(bytes[:len(bytes)/2]) // the client may have gone first
	}
	_ = l.client.Close()
	close(f.struck)
	return errCut
}
