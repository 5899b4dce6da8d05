package wire_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/wire"
)

// echo is a server that answers every line with the line, and remembers what it heard.
type echo struct {
	mu    sync.Mutex
	heard []string
	ended chan struct{} // receives when a connection has ended
}

func newEcho() *echo { return &echo{ended: make(chan struct{}, 100)} }

// serve talks to one client until it leaves.
func (e *echo) serve(connection net.Conn) {
	defer func() { e.ended <- struct{}{} }()
	defer connection.Close()
	lines := bufio.NewReader(connection)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			e.mu.Lock()
			e.heard = append(e.heard, line)
			e.mu.Unlock()
		}
		if err != nil {
			return
		}
		if _, err := io.WriteString(connection, line); err != nil {
			return
		}
	}
}

func (e *echo) lines() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.heard...)
}

// listen has the server take TCP connections until the test ends.
func (e *echo) listen(t *testing.T) (addr string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go e.serve(connection)
		}
	}()
	return listener.Addr().String()
}

// front starts a proxy before an address.
func front(t *testing.T, server string, o wire.Options) *wire.Proxy {
	t.Helper()
	proxy, err := wire.Listen(t.Context(), server, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	return proxy
}

// client is one end of a conversation.
type client struct {
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, addr string) client {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return client{connection, bufio.NewReader(connection)}
}

// ask sends a line and returns what comes of the answer.
func (c client) ask(line string) (string, error) {
	if _, err := io.WriteString(c, line); err != nil {
		return "", err
	}
	return c.answers.ReadString('\n')
}

// mustAsk is ask for an answer that has to come.
func (c client) mustAsk(t *testing.T, line string) {
	t.Helper()
	answer, err := c.ask(line)
	if err != nil {
		t.Fatal(err)
	}
	same(t, line, answer)
}

func same[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// pipes is a network in memory, for time that tests set: the listener and the way to the server.
type pipes struct {
	clients chan net.Conn
	closed  chan struct{}
	once    sync.Once
	server  *echo
}

func newPipes(server *echo) *pipes {
	return &pipes{clients: make(chan net.Conn), closed: make(chan struct{}), server: server}
}

// Accept waits for connect.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case connection := <-p.clients:
		return connection, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return new(net.TCPAddr) }

// reach is the proxy's way to the server.
func (p *pipes) reach(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go p.server.serve(theirs)
	return ours, nil
}

// connect is a client's way to the proxy.
func (p *pipes) connect() client {
	ours, theirs := net.Pipe()
	p.clients <- theirs
	return client{ours, bufio.NewReader(ours)}
}

// lost tells whether a connection was lost, however its end was told of it.
func lost(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.As(err, &network) && !network.Timeout()
}
