// Package wire puts a network between a client and a server that stand on one machine: one that is slow, that breaks, or that hangs.
//
//	proxy, err := wire.Listen(ctx, "127.0.0.1:5432", wire.Options{Latency: 500 * time.Microsecond})
//	... connect to proxy.Addr() in place of the server
//	cut := proxy.Cut(3, wire.BeforeAnswer) // the third request from now on is carried out, and nobody hears of it
//	<-cut
//	fmt.Println(proxy.RoundTrips())
//	err = proxy.Close()
//
// A proxy knows nothing of what it passes on. A round trip is a burst of the client's bytes followed by a burst of the server's: a client that
// sends ten requests without waiting for an answer makes one, one that waits ten times makes ten.
//
// What holds:
//
//   - Every byte is delayed, none waits for another: bytes sent a microsecond apart arrive a microsecond apart, [Options.Latency] later.
//   - Bytes of a connection arrive in order, unchanged.
//   - Faults fall by count, not by time, so a test with one connection meets them in the same place every time.
//
// Limits: bandwidth is that of the machine, and connections open and close in no time. When a server answers a long burst before the client has sent all of it, what follows the beginning of the
// answer counts as the next round trip. A proxy reads at most some megabytes ahead of a slow or frozen side.
package wire
