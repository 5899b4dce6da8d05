package wire

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what a network is like. The zero value is one that nobody notices.
type Options struct {
	// Latency is what every byte takes in each direction; a round trip takes two of it.
	Latency time.Duration
	// Now is the clock; by default the machine's.
	Now func() time.Time
	// After tells when a time has passed; by default the machine's timer.
	After func(time.Duration) <-chan time.Time
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	return o
}

// Proxy stands between clients and one server. It may be used from several goroutines.
type Proxy struct {
	options  Options
	listener net.Listener
	dial     func(context.Context) (net.Conn, error)
	cancel   context.CancelFunc
	work     sync.WaitGroup

	roundTrips atomic.Int64
	gate       gate
	faults     faults
}

// Listen starts a proxy on a free port of loopback, in front of the server at an address such as "127.0.0.1:5432". The server need not be
// there yet: each client gets a connection of its own, and is sent away when there is none to be had. Ctx bounds the call, not the proxy.
func Listen(ctx context.Context, server string, o Options) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", server) }
	return Serve(ctx, listener, dial, o), nil
}

// Serve is Listen on any listener and for any way to the server. The proxy closes the listener. Ctx lends its values, and does not end the proxy.
func Serve(ctx context.Context, listener net.Listener, dial func(context.Context) (net.Conn, error), o Options) *Proxy {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &Proxy{options: o.withDefaults(), listener: listener, dial: dial, cancel: cancel}
	p.work.Go(func() { p.accept(ctx) })
	return p
}

// Addr is where clients connect, "127.0.0.1:40000".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// RoundTrips is how many there were so far, over all connections: bursts of requests of which at least the beginning of the answer was passed
// on. Setting up a connection has some too.
func (p *Proxy) RoundTrips() int64 { return p.roundTrips.Load() }

// Close cuts every connection, and returns when nothing of the proxy is left.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.listener.Close()
	p.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // closed before
	}
	return err
}

// accept takes clients until the proxy is closed.
func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.connect(ctx, client) })
	}
}

// connect gives a client its own connection to the server, and serves it until both sides are done.
func (p *Proxy) connect(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	if !p.gate.pass(ctx) {
		return
	}
	server, err := p.dial(ctx)
	if err != nil {
		return // the client sees its connection closed
	}
	l := &link{proxy: p, client: client, server: server}
	l.carry(ctx)
}
