package pgtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports for servers lie below those that the kernel gives to outgoing connections (32768 and up on Linux), so that the port of a killed server
// is still free when it is started again.
const portMin, portEnd = 15000, 32000

// givenPorts are the ports that servers of this binary were given. They keep them when they are stopped.
var givenPorts sync.Map

// freePort is a port of loopback that nobody listens on. Another program may be faster than the server that is to have it.
func freePort(ctx context.Context) (int, error) {
	var listen net.ListenConfig
	var last error
	for range 100 {
		port := portMin + rand.IntN(portEnd-portMin)
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		l, err := listen.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
		last = err
	}
	return 0, errors.Join(errors.New("no free port on loopback"), last)
}
