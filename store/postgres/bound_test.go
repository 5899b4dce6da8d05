package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// boundEntries are entries of two postings with their bytes, from a number on.
func boundEntries(from, n int) (items []*ledger.Booked, bodies [][]byte) {
	inr := money.MustCurrency("INR")
	for i := from; i < from+n; i++ {
		item := &ledger.Booked{
			Act: ledger.Posted, Seq: uint64(i + 1), At: time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC), //nolint:gosec // small
			Entry: ledger.Entry{
				Key: fmt.Sprint("k", i), Kind: "sale", ValueDate: calendar.MustDate("2026-03-31"),
				Postings: []ledger.Posting{ledger.Dr("bank", money.Minor(5), inr), ledger.Cr("m", money.Minor(5), inr)},
			},
		}
		items, bodies = append(items, item), append(bodies, item.AppendCanonical(nil))
	}
	return items, bodies
}

// Writers write their rows into the tables of a ledger, each into a lane of its own, and nothing is left when the bound is closed.
func TestBound(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dsn := pgtest.Database(t, pgtest.Newest(t))
	var dialled atomic.Int64
	bound, err := postgres.OpenBound(ctx, dsn, postgres.BoundOptions{
		Schema: "rows_alone", Writers: 2,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, writer := range []int{0, 1, 0, 0} {
		items, bodies := boundEntries(3*i, 3)
		write, err := bound.Stage(writer, items, bodies)
		if err == nil {
			err = write()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(bound.Update([]byte("one row")), bound.Update([]byte("one more"))); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	got := make(map[string]int)
	for table, where := range map[string]string{
		"items": "lane = 0 AND seq BETWEEN 1 AND 9", "postings": "amount = 5", "blocks": "last_seq = first_seq + 2", "log_hashes": "true", "bare": "true", "accounts": "true",
	} {
		var n int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM rows_alone."+table+" WHERE "+where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		got[table] = n
	}
	want := map[string]int{"items": 9, "postings": 24, "blocks": 4, "log_hashes": 5, "bare": 2, "accounts": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if dialled.Load() == 0 {
		t.Error("nothing was dialled")
	}
	if err := bound.Close(); err != nil {
		t.Fatal(err)
	}
	gauge := openGauge(t, dsn)
	if left, err := gauge.Schemas(ctx, "rows_"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func openGauge(t *testing.T, dsn string) *postgres.Gauge {
	t.Helper()
	gauge, err := postgres.OpenGauge(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gauge.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return gauge
}

// A gauge tells what a database says of itself.
func TestGauge(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dsn := pgtest.Database(t, pgtest.Newest(t))
	gauge := openGauge(t, dsn)
	if gauge.Engine != postgres.PostgreSQL || gauge.Server == "" {
		t.Errorf("engine %q, server %q", gauge.Engine, gauge.Server)
	}
	settings, err := gauge.Settings(ctx, "fsync", "no_such_setting", "full_page_writes")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"fsync": "on", "full_page_writes": "on"}, settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	before, ok, err := gauge.LogBytes(ctx)
	if !ok || err != nil {
		t.Fatalf("log: %t, %v", ok, err)
	}
	if _, err := postgres.Migrate(ctx, dsn, postgres.MigrateOptions{Schema: "gauged"}); err != nil {
		t.Fatal(err)
	}
	if after, _, err := gauge.LogBytes(ctx); err != nil || after < before+10_000 {
		t.Errorf("the log was at %d, now at %d, %v", before, after, err)
	}
	for schema, least := range map[string]int64{"gauged": 50_000, "none": 0, "": 0} {
		bytes, ok, err := gauge.Size(ctx, schema)
		if err != nil || !ok || bytes < least || least == 0 && bytes != 0 {
			t.Errorf("schema %q has %d bytes, %t, %v", schema, bytes, ok, err)
		}
	}
	for range 2 { // what is gone may be dropped again
		if err := gauge.DropSchema(ctx, "gauged"); err != nil {
			t.Error(err)
		}
	}
	if left, err := gauge.Schemas(ctx, ""); err != nil || cmp.Equal(left, []string{}) {
		t.Errorf("schemas: %q, %v", left, err)
	}
}

// What cannot be reached is said.
func TestGaugeNowhere(t *testing.T) {
	t.Parallel()
	const nowhere = "postgres://127.0.0.1:1/none?connect_timeout=1"
	if _, err := postgres.OpenGauge(t.Context(), nowhere); err == nil {
		t.Error("a gauge of nothing was opened")
	}
	if _, err := postgres.OpenBound(t.Context(), nowhere, postgres.BoundOptions{Schema: "x"}); err == nil {
		t.Error("a bound of nothing was opened")
	}
	if _, err := postgres.OpenBound(t.Context(), nowhere, postgres.BoundOptions{}); err == nil {
		t.Error("a bound without a schema was opened")
	}
}
