package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/settlex/settlex/internal/wire"
)

// benchNetwork is the way to a server. It counts round trips, and can be made slow.
type benchNetwork struct {
	latency time.Duration // of a round trip
	trips   atomic.Int64

	mu      sync.Mutex
	proxies map[string]*wire.Proxy // by the server's network and address
}

// dial connects to a server, as package net does it.
func (n *benchNetwork) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if n.latency > 0 {
		proxy, err := n.proxy(ctx, network, address)
		if err != nil {
			return nil, err
		}
		network, address = "tcp", proxy.Addr()
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn, trips: &n.trips}, nil
}

// proxy gives the slow way to a server.
func (n *benchNetwork) proxy(ctx context.Context, network, address string) (*wire.Proxy, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	server := network + " " + address
	if proxy := n.proxies[server]; proxy != nil {
		return proxy, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, network, address) }
	if n.proxies == nil {
		n.proxies = make(map[string]*wire.Proxy)
	}
	n.proxies[server] = wire.Serve(ctx, listener, dial, wire.Options{Latency: n.latency / 2}) // there, and back
	return n.proxies[server], nil
}

func (n *benchNetwork) roundTrips() int64 { return n.trips.Load() }

func (n *benchNetwork) close() (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, proxy := range n.proxies {
		err = errors.Join(err, proxy.Close())
	}
	return err
}

// countedConn counts requests that were answered, however many pieces they came in.
type countedConn struct {
	net.Conn
	trips *atomic.Int64
	asked atomic.Bool
}

// Write implements net.Conn.
func (c *countedConn) Write(b []byte) (int, error) {
	c.asked.Store(true)
	return c.Conn.Write(b)
}

// Read implements net.Conn.
func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.asked.Swap(false) {
		c.trips.Add(1)
	}
	return n, err
}
