package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/bench"
)

// benchLines runs a bench and gives its lines of JSON.
func benchLines(t *testing.T, args ...string) []map[string]any {
	t.Helper()
	out := succeed(t, append([]string{"bench", "ledger", "--json", "--path", filepath.Join(t.TempDir(), "ledger.db")}, args...)...)
	return parseLines[map[string]any](t, out)
}

// benchProcess runs a bench in a process of its own, as one that starts others must be, and gives its lines of JSON. It
// leaves nothing behind.
func benchProcess[T any](t *testing.T, args ...string) []T {
	t.Helper()
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "settlex", append(append([]string{"bench"}, args...), "--json")...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	return parseLines[T](t, string(out))
}

// parseLines reads lines of JSON.
func parseLines[T any](t *testing.T, out string) (lines []T) {
	t.Helper()
	for text := range strings.Lines(out) {
		var line T
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}

// The names that scripts rely on are there, with what was asked for and figures
// that go together.
func TestBenchJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want map[string]any
	}{
		{
			"batch", []string{"--entries", "2000", "--accounts", "100"},
			map[string]any{"mode": "batch", "batch": 2000.0, "clients": 1.0, "accounts": 100.0, "keys": "random", "key_bytes": 36.0, "limits": 0.5, "hot": 0.0},
		},
		{
			"single", []string{"--mode", "single", "--clients", "16", "--entries", "320", "--keys", "ordered", "--key-bytes", "20", "--hot", "1", "--limits", "1"},
			map[string]any{"mode": "single", "batch": 1.0, "clients": 16.0, "accounts": 10000.0, "keys": "ordered", "key_bytes": 20.0, "limits": 1.0, "hot": 1.0},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lines := benchLines(t, test.args...)
			if len(lines) != 1 {
				t.Fatalf("%d lines, want 1", len(lines))
			}
			line := lines[0]
			got := make(map[string]any)
			for name := range test.want {
				got[name] = line[name]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
			figure := func(name string) float64 {
				value, ok := line[name].(float64)
				if !ok || value <= 0 {
					t.Errorf("%s is %v", name, line[name])
				}
				return value
			}
			for _, name := range []string{
				"entries", "seconds", "p50_us", "entries_per_group", "raw_batch", "raw_writers", "p99_us", "bytes_per_entry", "file_bytes", "fsync_p50_us", "raw_bytes_per_entry",
				"key_memory_bytes", "metadata", "postings", "seed",
			} {
				figure(name)
			}
			for name, ratio := range map[string]float64{
				"to_raw":  figure("entries_per_s") / figure("raw_entries_per_s"),
				"to_bare": figure("entries_per_s") / figure("bare_update_per_s"),
			} {
				if was := figure(name); was < 0.99*ratio || was > 1.01*ratio {
					t.Errorf("%s is %v, want %v", name, was, ratio)
				}
			}
			for _, name := range []string{"last_to_second_million", "bytes_written_per_entry", "rss_anon_bytes", "rss_file_bytes", "reads", "reopen", "server", "round_trips_per_group", "log_bytes_per_entry"} {
				if _, ok := line[name]; !ok {
					t.Errorf("%s is missing", name)
				}
			}
			if line["last_to_second_million"] != nil {
				t.Errorf("last_to_second_million is %v of few entries", line["last_to_second_million"])
			}
			head, _ := line["head"].(map[string]any)
			if openings, ok := head["openings"].(float64); !ok || head["seq"] != figure("entries")+openings {
				t.Errorf("head %v does not add up", head)
			}
		})
	}
}

// Several runs give a line each, and their medians.
func TestBenchRuns(t *testing.T) {
	t.Parallel()
	lines := benchLines(t, "--entries", "300", "--runs", "3", "--bounds=false")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4", len(lines))
	}
	var rates []float64
	for i, line := range lines[:3] {
		if line["run"] != float64(i+1) || line["median"] != false || line["to_raw"] != nil {
			t.Errorf("line %d: run %v, median %v, to_raw %v", i, line["run"], line["median"], line["to_raw"])
		}
		rate, _ := line["entries_per_s"].(float64)
		rates = append(rates, rate)
	}
	slices.Sort(rates)
	if median := lines[3]; median["median"] != true || median["entries_per_s"] != rates[1] {
		t.Errorf("medians: %v of %v", median["entries_per_s"], rates)
	}
	names := func(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
	if diff := cmp.Diff(names(lines[0]), names(lines[3])); diff != "" {
		t.Errorf("fields (-of a run +of the medians):\n%s", diff)
	}
}

// What cannot be meant is refused, and every fault of it is named.
func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no such bench", []string{"bench", "everything"}, `unknown command "everything"`},
		{"which", []string{"bench"}, "ledger, ingest or close?"},
		{"an argument", []string{"bench", "ledger", "x"}, `ledger takes no argument, "x" is one`},
		{"store", []string{"bench", "ledger", "--store", "sqlite"}, `store is "sqlite": bolt or postgres`},
		{"no database", []string{"bench", "ledger", "--store", "postgres"}, "--store postgres needs a --dsn, such as postgres://"},
		{"a file for a server", []string{"bench", "ledger", "--store", "postgres", "--dsn", "x", "--path", "x"}, "--path is for --store bolt"},
		{"memory of a server", []string{"bench", "ledger", "--store", "postgres", "--dsn", "x", "--key-memory", "1"}, "--key-memory is for --store bolt"},
		{"cache of a server", []string{"bench", "ledger", "--store", "postgres", "--dsn", "x", "--drop-cache", "--reopen"}, "--drop-cache is for --store bolt"},
		{"a database for a file", []string{"bench", "ledger", "--dsn", "x"}, "--dsn is for --store postgres"},
		{"latency of a file", []string{"bench", "ledger", "--simulate-latency", "2ms"}, "--simulate-latency is for --store postgres"},
		{"no lanes", []string{"bench", "ledger", "--store", "postgres", "--dsn", "x", "--lanes", "0"}, "lanes is 0: between 1 and 1024"},
		{"many writers", []string{"bench", "ledger", "--store", "postgres", "--dsn", "x", "--writers", "1025"}, "writers is 1025: between 1 and 1024"},
		{"latency", []string{"bench", "ledger", "--store", "postgres", "--dsn", "x", "--simulate-latency", "-1s"}, "simulated latency is -1s: between 0 and a minute"},
		{"mode", []string{"bench", "ledger", "--mode", "bulk"}, `mode is "bulk": batch or single`},
		{"keys", []string{"bench", "ledger", "--keys", "none"}, `keys are "none": random or ordered`},
		{"negative entries", []string{"bench", "ledger", "--entries", "-5"}, "entries is -5: between 1 and"},
		{"negative fraction", []string{"bench", "ledger", "--hot", "-0.5"}, "hot is -0.5: a share between 0 and 1"},
		{"fraction above one", []string{"bench", "ledger", "--limits", "1.01"}, "limits is 1.01: a share between 0 and 1"},
		{"batch above entries", []string{"bench", "ledger", "--batch", "10", "--entries", "5"}, "batch is 10, and there are 5 entries"},
		{"batch of none", []string{"bench", "ledger", "--batch", "0"}, "batch is 0: at least 1"},
		{"clients of none", []string{"bench", "ledger", "--clients", "0"}, "clients is 0: at least 1"},
		{"key memory", []string{"bench", "ledger", "--key-memory", "0"}, "key memory is 0 MiB: between 1 and 1073741824"},
		{"runs", []string{"bench", "ledger", "--runs", "0"}, "runs is 0: at least 1"},
		{"no number", []string{"bench", "ledger", "--clients", "many"}, `invalid argument "many"`},
		{"data", []string{"bench", "ledger", "--data", "settlex.db"}, "bench takes no --data: --path names its file"},
		{"two faults", []string{"bench", "ledger", "--mode", "x", "--runs", "-1"}, "runs is -1: at least 1\nmode is \"x\": batch or single"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := command(t, test.args...)
			if r.code != exitUsage || !strings.Contains(r.stderr, test.want) || r.stdout != "" {
				t.Errorf("exit code %d, %q, %q; want %d, %q", r.code, r.stdout, r.stderr, exitUsage, test.want)
			}
		})
	}
}

// A file that is there is somebody's, and one that was asked for stays.
func TestBenchPath(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	succeed(t, "bench", "ledger", "--path", path, "--entries", "100", "--runs", "2")
	before := tree(t, dir, true)
	if len(before) != 1 {
		t.Errorf("files: %v, want ledger.db alone", before)
	}
	r := command(t, "bench", "ledger", "--path", path, "--entries", "100")
	if want := "settlex: " + path + " is there already: bench wants a new file\n"; r.code != exitFailure || r.stderr != want {
		t.Errorf("exit code %d, %q, want %q", r.code, r.stderr, want)
	}
	if diff := cmp.Diff(before, tree(t, dir, true)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// ender ends a context when something is written.
type ender struct {
	text bytes.Buffer
	end  func()
}

// Write implements io.Writer.
func (e *ender) Write(b []byte) (int, error) {
	e.end()
	return e.text.Write(b)
}

// A bench that is interrupted leaves nothing, and does not say that it would go on.
// It tells how far it is, since somebody watches.
func TestBenchInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stderr := &ender{end: func() { cancel(errInterrupted) }}
	p := &program{out: &output{w: &bytes.Buffer{}}, err: stderr, clock: time.Now, terminal: true}
	code := p.execute(ctx, []string{"bench", "ledger", "--path", filepath.Join(dir, "ledger.db"), "--batch", "100", "--entries", "300000", "--bounds=false"})
	if want := "settlex: bench: interrupted, and nothing of it is left\n"; code != exitFailure || !strings.HasSuffix(stderr.text.String(), want) {
		t.Errorf("exit code %d, %q, want %q", code, stderr.text.String(), want)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// benchSample is a result with every figure.
func benchSample(t *testing.T) *bench.Result {
	t.Helper()
	settings, err := bench.Defaults().Complete()
	if err != nil {
		t.Fatal(err)
	}
	pair := bench.Places{Hot: bench.Quantiles{P50: 6.04, P99: 812.5, N: 2000}, Rare: bench.Quantiles{P50: 0.96, P99: 1234567, N: 2000}}
	return &bench.Result{
		Run: 5, Median: true, Settings: settings, Store: "bolt", Sync: "fdatasync on every commit",
		Machine: bench.Machine{Version: "v1.0.0", Go: "go1.26.0", OS: "linux", Arch: "amd64", CPUs: 2, GOMAXPROCS: 2},
		Seconds: 3.2, EntriesPerS: 625000.4, P50: 12345.6, P99: 45678.9, BytesPerEntry: 120.5, BytesWrittenPerEntry: new(500.25),
		FileBytes: 1 << 30, RSSAnon: new(int64(300 << 20)), FsyncP50: new(210.5), BareUpdatePerS: new(4500.0), RawEntriesPerS: new(2500000.0),
		EntriesPerGroup: 8190, RawBytesPerEntry: new(131.7), ToRaw: new(0.25), ToBare: new(138.89), LastToSecondMillion: new(0.98), VerifySeconds: new(4.5),
		Head: bench.Head{Seq: 2000100, Blocks: 250},
		Reads: &bench.Reads{
			BalanceNow: pair, BalanceOn: pair, BalanceAt: pair, PageBooked: pair, PageValued: pair,
			HotLines: 1000000, RareLines: 50, WritesPerS: 400000,
		},
		Reopen: &bench.Reopen{Warm: bench.Opening{All: 12.5}, Cold: &bench.Opening{All: 1250}},
	}
}

// What people read has units, and the bounds beside the results.
func TestBenchTable(t *testing.T) {
	t.Parallel()
	server := benchSample(t)
	server.Store, server.Sync, server.Reopen.Cold = "postgres", "COMMIT of the server", nil
	server.FsyncP50, server.BytesWrittenPerEntry = nil, nil
	server.RoundTripsPerGroup, server.LogBytesPerEntry, server.RawBatch, server.RawWriters = new(2.01), new(812.5), new(1000), new(2)
	server.Server = &bench.ServerFacts{
		Engine: "postgresql", Version: "PostgreSQL 15.18", Lanes: 16, Writers: 2, Latency: 2000,
		Settings: map[string]string{"fsync": "on", "synchronous_commit": "on"},
	}
	for _, test := range []struct {
		name, golden string
		result       *bench.Result
	}{
		{"a file", "testdata/bench.golden", benchSample(t)},
		{"a server", "testdata/bench_server.golden", server},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := benchTable(test.result)
			if *update {
				if err := os.WriteFile(test.golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(test.golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}
