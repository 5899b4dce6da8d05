package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait for a server.
const patience = time.Minute

// Cluster is one server with its own data ("database cluster" is PostgreSQL's word for that). Methods without an error end the test when
// they fail, so they are for its goroutine; Kill may be called from any.
type Cluster struct {
	t      testing.TB
	server Server
	nest   *nest
	dir    string // holds data and the socket
	port   int
	// settings are arguments of postgres.
	settings []string
	log      *serverLog

	mu  sync.Mutex
	run *run // the last one
	// settled says that the port is known to others.
	settled bool
}

// NewCluster starts a server of the test's own, which is stopped and removed when the test ends. Settings read "name=value", as in
// postgresql.conf, and win over those of this package.
func NewCluster(t testing.TB, server Server, settings ...string) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := newCluster(ctx, server, settings)
	if err != nil {
		t.Fatalf("%s: %v", server, err)
	}
	c.ownedBy(t)
	if err := c.initialise(ctx); err != nil {
		t.Fatalf("%s: %v", server, err)
	}
	c.Start()
	return c
}

// newCluster has a place and a port, and no data yet.
func newCluster(ctx context.Context, server Server, settings []string) (*Cluster, error) {
	n, err := theNest()
	if err != nil {
		return nil, err
	}
	dir, err := n.directory()
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	return &Cluster{server: server, nest: n, dir: dir, port: port, settings: settings, log: newServerLog()}, nil
}

// ownedBy has the cluster end with the test, and its log printed when the test failed.
func (c *Cluster) ownedBy(t testing.TB) {
	t.Helper()
	c.t = t
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of %s on port %d:\n%s", c.server, c.port, tail(c.Log()))
		}
		if err := c.remove(); err != nil {
			t.Errorf("remove %s: %v", c.server, err)
		}
	})
}

// initialise makes an empty cluster.
func (c *Cluster) initialise(ctx context.Context) error {
	args := []string{"--pgdata", c.data(), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--no-instructions"}
	english := []string{"--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US"}
	out, err := c.initdb(ctx, append(english, args...))
	if err != nil && strings.Contains(out, "ICU is not supported") {
		out, err = c.initdb(ctx, append([]string{"--locale", "C"}, args...))
	}
	if err != nil {
		return fmt.Errorf("initdb, %s: %w\n%s", c.nest.owner, err, out)
	}
	return nil
}

func (c *Cluster) initdb(ctx context.Context, args []string) (string, error) {
	out, err := c.nest.owner.command(ctx, filepath.Join(c.server.Bin, "initdb"), args...).CombinedOutput()
	return string(out), err
}

// data is PGDATA.
func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// Start starts a server that was stopped or killed, and returns when it lets clients in; after a kill it has recovered by then. It keeps its
// port.
func (c *Cluster) Start() {
	c.t.Helper()
	ctx, cancel := c.timeout()
	defer cancel()
	if err := c.start(ctx); err != nil {
		c.t.Fatalf("start %s: %v", c.server, err)
	}
}

// Stop is an orderly end: clients are sent away, what they had open is rolled back, memory is written out.
func (c *Cluster) Stop() {
	c.t.Helper()
	if err := c.end(func(p *os.Process) error { return p.Signal(fastStop) }); err != nil {
		c.t.Fatalf("stop %s: %v", c.server, err)
	}
}

// Kill ends all processes of the server at once, as if the machine's power were cut, and returns when they are gone. It may be called from
// any goroutine.
func (c *Cluster) Kill() {
	c.t.Helper()
	if err := c.end(killAll); err != nil {
		c.t.Errorf("kill %s: %v", c.server, err)
		return
	}
	c.freeMemory()
}

// Restart is Stop and Start.
func (c *Cluster) Restart() {
	c.t.Helper()
	c.Stop()
	c.Start()
}

// Addr is where the server listens, "127.0.0.1:15432".
func (c *Cluster) Addr() string { return "127.0.0.1:" + strconv.Itoa(c.port) }

// DSN is the URL of the cluster's database postgres, for a superuser. It is the same after a restart.
func (c *Cluster) DSN() string { return c.dsn("postgres") }

func (c *Cluster) dsn(database string) string {
	return "postgres://postgres@" + c.Addr() + "/" + database + "?sslmode=disable"
}

// Log is what the server said, over all its runs.
func (c *Cluster) Log() string {
	text, _ := c.log.since(0)
	return text
}

// timeout bounds a deed. A test's context ends before its cleanups do, so it has no part in this.
func (c *Cluster) timeout() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.t.Context()), patience)
}

// remove ends what runs and leaves nothing behind.
func (c *Cluster) remove() error {
	err := c.end(func(p *os.Process) error { return p.Signal(immediateStop) })
	if errors.Is(err, errNotRunning) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}
