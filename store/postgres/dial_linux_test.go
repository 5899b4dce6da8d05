package postgres_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/settlex/settlex/store/postgres"
)

// A connection is lost when the server's machine has given no sign of life for 25 seconds, also while it owes us an answer.
func TestDialGivesUp(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := postgres.DialServer(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn() //nolint:errcheck // it panics
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name         string
		level, place int
		want         int
	}{
		{"it asks", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"after seconds", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 10},
		{"again after seconds", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 5},
		{"so often", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3},
		{"what was sent waits for milliseconds", syscall.IPPROTO_TCP, 0x12, 25_000},
	} {
		var got int
		controlErr := raw.Control(func(fd uintptr) { got, err = syscall.GetsockoptInt(int(fd), row.level, row.place) })
		if controlErr != nil || err != nil || got != row.want {
			t.Errorf("%s: %d, %v, %v, want %d", row.name, got, controlErr, err, row.want)
		}
	}
}
