package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// schemas lists those of a database that a bench makes.
func schemas(t *testing.T, dsn string) []string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	gauge, err := postgres.OpenGauge(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer gauge.Close(ctx)
	names, err := gauge.Schemas(ctx, "settlex_bench_")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A server is measured with the figures of a file, and those of the way to it; nothing is left there.
func TestBenchPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a cluster and measures it")
	}
	dsn := pgtest.Database(t, pgtest.Newest(t))
	out := succeed(t, "bench", "ledger", "--store", "postgres", "--dsn", dsn, "--json", "--mode", "single", "--clients", "16", "--entries", "640",
		"--accounts", "100", "--lanes", "3", "--writers", "2", "--simulate-latency", "200us", "--verify", "--reads", "--reopen")
	var line struct {
		RoundTripsPerGroup *float64 `json:"round_trips_per_group"`
		LogBytesPerEntry   *float64 `json:"log_bytes_per_entry"`
		RawEntriesPerS     *float64 `json:"raw_entries_per_s"`
		RawWriters         *int     `json:"raw_writers"`
		BareUpdatePerS     *float64 `json:"bare_update_per_s"`
		BytesPerEntry      float64  `json:"bytes_per_entry"`
		FsyncP50           *float64 `json:"fsync_p50_us"`
		Server             struct {
			Engine   string            `json:"engine"`
			Lanes    int               `json:"lanes"`
			Writers  int               `json:"writers"`
			Latency  float64           `json:"latency_us"`
			Settings map[string]string `json:"settings"`
		} `json:"server"`
	}
	if err := json.Unmarshal([]byte(out), &line); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if line.RoundTripsPerGroup == nil || *line.RoundTripsPerGroup < 1.9 || *line.RoundTripsPerGroup > 3 {
		t.Errorf("%v round trips to a commit, want 2, and few more while statements are new", line.RoundTripsPerGroup)
	}
	if line.LogBytesPerEntry == nil || line.RawEntriesPerS == nil || line.BareUpdatePerS == nil || line.BytesPerEntry <= 0 || line.FsyncP50 != nil {
		t.Errorf("figures: %s", out)
	}
	s := line.Server
	got := []any{s.Engine, s.Lanes, s.Writers, s.Latency, s.Settings["fsync"], s.Settings["synchronous_commit"], *line.RawWriters}
	if diff := cmp.Diff([]any{"postgresql", 3, 2, 200.0, "on", "on", 2}, got); diff != "" {
		t.Errorf("server (-want +got):\n%s", diff)
	}
	if left := schemas(t, dsn); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// What is to be kept is the last run's.
func TestBenchPostgresKeeps(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t, pgtest.Newest(t))
	succeed(t, "bench", "ledger", "--store", "postgres", "--dsn", dsn, "--entries", "100", "--accounts", "10", "--runs", "2", "--bounds=false", "--keep")
	if left := schemas(t, dsn); len(left) != 1 {
		t.Errorf("left: %q, want one schema", left)
	}
}

// A database that cannot be reached is named, and nothing is measured.
func TestBenchPostgresNowhere(t *testing.T) {
	t.Parallel()
	r := command(t, "bench", "ledger", "--store", "postgres", "--dsn", "postgres://127.0.0.1:1/none?connect_timeout=1")
	if r.code != exitFailure || !strings.HasPrefix(r.stderr, "settlex: bench: failed to connect") || r.stdout != "" {
		t.Errorf("exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}
