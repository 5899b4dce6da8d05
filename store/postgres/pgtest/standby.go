package pgtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Standby makes a copy of the running cluster that follows it by streaming, through a replication slot, and starts it. From then on the
// primary is synchronous: a commit is acknowledged when the standby has it on disk (and waits for as long as there is no standby). The standby
// belongs to the test too, and can be read from.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	ctx, cancel := c.timeout()
	defer cancel()
	s, err := newCluster(ctx, c.server, c.settings)
	if err != nil {
		t.Fatalf("standby of %s: %v", c.server, err)
	}
	s.ownedBy(t)
	name := fmt.Sprintf("standby_%d", s.port)
	if err := c.copyTo(ctx, s, name); err != nil {
		t.Fatalf("copy %s for a standby: %v", c.server, err)
	}
	mark := c.log.len()
	if err := c.waitFor(ctx, name); err != nil {
		t.Fatalf("have %s wait for a standby: %v", c.server, err)
	}
	s.Start()
	if err := c.log.await(ctx, mark, `standby "`+name+`" is now a synchronous standby`, c.run.gone); err != nil {
		t.Fatalf("standby of %s: %v", c.server, err)
	}
	return s
}

// Promote makes a standby a primary of its own, which takes writes when Promote returns. The old one must be dead by then, or there are two.
func (c *Cluster) Promote() {
	c.t.Helper()
	ctx, cancel := c.timeout()
	defer cancel()
	if err := c.promote(ctx); err != nil {
		c.t.Fatalf("promote the standby: %v", err)
	}
}

func (c *Cluster) promote(ctx context.Context) error {
	connection, err := pgx.Connect(ctx, c.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close(context.WithoutCancel(ctx)) }()
	var promoted bool
	if err := connection.QueryRow(ctx, "SELECT pg_promote(wait => true)").Scan(&promoted); err != nil {
		return err
	}
	if !promoted {
		return errors.New("it is still a standby")
	}
	return nil
}

// MultiDSN is one URL for several clusters. A client takes the first that is not a standby.
func MultiDSN(clusters ...*Cluster) string {
	hosts := make([]string, len(clusters))
	for i, c := range clusters {
		hosts[i] = c.Addr()
	}
	return "postgres://postgres@" + strings.Join(hosts, ",") + "/postgres?sslmode=disable&target_session_attrs=read-write"
}

// copyTo makes a base backup by hand: not every installation brings pg_basebackup, and we stand beside the files anyway.
func (c *Cluster) copyTo(ctx context.Context, s *Cluster, name string) error {
	connection, err := pgx.Connect(ctx, c.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close(context.WithoutCancel(ctx)) }()
	// The slot keeps the WAL from here on, so the copy needs none of its own.
	if _, err := connection.Exec(ctx, "SELECT pg_create_physical_replication_slot($1, true)", name); err != nil {
		return err
	}
	if _, err := connection.Exec(ctx, "SELECT pg_backup_start($1, fast => true)", name); err != nil {
		return err
	}
	if err := copyData(s.nest.owner, c.data(), s.data()); err != nil {
		return err
	}
	var label string
	if err := connection.QueryRow(ctx, "SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)").Scan(&label); err != nil {
		return err
	}
	if err := s.write("backup_label", label); err != nil {
		return err
	}
	if err := s.write("standby.signal", ""); err != nil {
		return err
	}
	return s.write("postgresql.auto.conf", fmt.Sprintf("primary_conninfo = 'host=127.0.0.1 port=%d user=postgres sslmode=disable application_name=%s'\nprimary_slot_name = '%s'\n",
		c.port, name, name))
}

// waitFor makes the primary wait for the standby from its first word on. Later it would hear of one that is idle only every ten seconds.
func (c *Cluster) waitFor(ctx context.Context, name string) error {
	return c.exec(ctx, "ALTER SYSTEM SET synchronous_standby_names = "+pgx.Identifier{name}.Sanitize(), "SELECT pg_reload_conf()")
}
