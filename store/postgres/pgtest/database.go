package pgtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the server of an installation that all tests of the binary use.
type shared struct {
	start func() (*Cluster, error) // the first call does it
	made  atomic.Int64             // databases
}

// sharedServers are the shared servers by bin directory.
var sharedServers sync.Map

// Database makes an empty database for the test, on the server that all tests of the binary share, and returns its URL, for a superuser. It
// is dropped when the test ends, whoever is still connected.
func Database(t testing.TB, server Server) (dsn string) {
	t.Helper()
	s, c := sharedCluster(t, server)
	return c.database(t, fmt.Sprintf("test_%d", s.made.Add(1)))
}

// Lasting makes an empty database like [Database], which is there until the test binary ends. It is for who lends it to one test after another.
func Lasting(t testing.TB, server Server) (dsn string) {
	t.Helper()
	s, c := sharedCluster(t, server)
	name := fmt.Sprintf("lasting_%d", s.made.Add(1))
	if err := c.create(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return c.dsn(name)
}

// sharedCluster is the shared server of an installation, which runs.
func sharedCluster(t testing.TB, server Server) (*shared, *Cluster) {
	t.Helper()
	value, _ := sharedServers.LoadOrStore(server.Bin, newShared(server))
	s, ok := value.(*shared)
	if !ok {
		panic("pgtest: not a shared server")
	}
	c, err := s.start()
	if err != nil {
		t.Fatalf("start %s: %v", server, err)
	}
	return s, c
}

func newShared(server Server) *shared {
	return &shared{start: sync.OnceValues(func() (*Cluster, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := newCluster(ctx, server, nil)
		if err != nil {
			return nil, err
		}
		if err := c.initialise(ctx); err != nil {
			return nil, err
		}
		err = c.start(ctx)
		return c, err
	})}
}

// Database makes an empty database that is there as long as the cluster is, and returns its URL, for a superuser.
func (c *Cluster) Database(name string) (dsn string) {
	c.t.Helper()
	ctx, cancel := c.timeout()
	defer cancel()
	if err := c.create(ctx, name); err != nil {
		c.t.Fatal(err)
	}
	return c.dsn(name)
}

func (c *Cluster) create(ctx context.Context, name string) error {
	return c.exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE template0")
}

// database makes one that lasts as long as the test.
func (c *Cluster) database(t testing.TB, name string) string {
	t.Helper()
	mark := c.log.len()
	if err := c.create(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if said, _ := c.log.since(mark); t.Failed() {
			t.Logf("since database %s was made, %s said:\n%s", name, c.server, tail(said))
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := c.exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return c.dsn(name)
}

// exec runs statements on a connection of their own.
func (c *Cluster) exec(ctx context.Context, statements ...string) error {
	connection, err := pgx.Connect(ctx, c.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range statements {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
