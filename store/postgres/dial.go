package postgres

import (
	"context"
	"net"
	"strings"
	"syscall"
	"time"
)

// How long a server may give no sign of life before its connections are lost. One whose machine is gone says no goodbye, and the
// kernel would keep on trying for a quarter of an hour.
const (
	aliveIdle     = 10 * time.Second
	aliveInterval = 5 * time.Second
	aliveCount    = 3
	aliveAtMost   = aliveIdle + aliveCount*aliveInterval
)

// dial connects to a server.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: aliveIdle, Interval: aliveInterval, Count: aliveCount},
		Control: func(network, _ string, c syscall.RawConn) (err error) {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			if controlErr := c.Control(func(fd uintptr) { err = giveUp(fd, aliveAtMost) }); controlErr != nil {
				return controlErr
			}
			return err
		},
	}
	return d.DialContext(ctx, network, address)
}
