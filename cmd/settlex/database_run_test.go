//go:build unix

package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/store/postgres/pgtest"
)

const runClock = "2026-03-05T20:00:00Z"

// jobsOnFile is what the jobs leave behind on a data file, undisturbed: the hashes
// of all reports, and the batches that were closed, in order.
func jobsOnFile(t *testing.T) (reports map[string]string, batches []string) {
	t.Helper()
	dir := firstDays(t)
	config := filepath.Join(dir, "settlex.yaml")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	verifyAtEnd(t, config)
	p := startRun(t, dir, runClock)
	lines := append(p.until("caught up"), p.stop(t, syscall.SIGTERM)...)
	return tree(t, filepath.Join(dir, "reports"), false), values(lines, `msg="batch closed"`, "batch")
}

// Two processes run on one database: one has the jobs, each batch is closed once,
// and when that process ends in order the other goes on within seconds.
func TestRunTogether(t *testing.T) {
	t.Parallel()
	reports, batches := jobsOnFile(t)
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			dir, _ := onDatabase(t, server, 1)
			config := filepath.Join(dir, "settlex.yaml")
			succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
			verifyAtEnd(t, config)
			first := startRun(t, dir, runClock)
			lines := first.until("this process has the jobs")
			second := startRun(t, dir, runClock)
			waiting := second.until("msg=waiting")
			if last := waiting[len(waiting)-1]; !strings.Contains(last, `lease is held: \"run\" by `) {
				t.Errorf("the second says %q", last)
			}
			lines = append(lines, first.until("caught up")...)
			succeed(t, "settle", "--config", config, "--through", "2026-03-05") // by hand, in between
			began := time.Now()
			lines = append(lines, first.stop(t, syscall.SIGTERM)...)
			after := second.until("caught up")
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s until the other had the jobs", took)
			}
			lines = append(lines, after...)
			lines = append(lines, second.stop(t, syscall.SIGTERM)...)
			if log := strings.Join(lines, "\n"); strings.Contains(log, "level=ERROR") || strings.Count(log, "this process has the jobs\"") != 2 {
				t.Errorf("log:\n%s", log)
			}
			if diff := cmp.Diff(batches, values(lines, `msg="batch closed"`, "batch")); diff != "" {
				t.Errorf("batches (-file +database):\n%s", diff)
			}
			if diff := cmp.Diff(reports, tree(t, filepath.Join(dir, "reports"), false)); diff != "" {
				t.Errorf("reports (-file +database):\n%s", diff)
			}
		})
	}
}

// takeOver is how long the documentation says it takes until another process has
// the jobs of one that was killed.
const takeOver = 15 * time.Second

// A process is killed in the middle of its work; another one takes over within the
// time that is documented, and the files are those of an undisturbed run.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	reports, batches := jobsOnFile(t)
	dir, data := onDatabase(t, pgtest.Newest(t), 1)
	config := filepath.Join(dir, "settlex.yaml")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	verifyAtEnd(t, config)
	first := startRun(t, dir, runClock)
	first.until("this process has the jobs")
	second := startRun(t, dir, runClock)
	second.until("started")
	first.until("batch closed")
	killed := time.Now()
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.cmd.Wait() // it was killed
	second.until("this process has the jobs")
	took := time.Since(killed)
	if t.Logf("another process had the jobs after %s", took); took > takeOver {
		t.Errorf("that is more than %s", takeOver)
	}
	after := append(second.until("caught up"), second.stop(t, syscall.SIGTERM)...)
	if log := strings.Join(after, "\n"); strings.Contains(log, "level=ERROR") {
		t.Errorf("log:\n%s", log)
	}
	closed := closedBatches(t, data)
	slices.Sort(batches)
	if diff := cmp.Diff(batches, closed); diff != "" {
		t.Errorf("batches (-file +database):\n%s", diff)
	}
	if diff := cmp.Diff(reports, tree(t, filepath.Join(dir, "reports"), false)); diff != "" {
		t.Errorf("reports (-file +database):\n%s", diff)
	}
}

// closedBatches are the ids of the batches in a database, in order.
func closedBatches(t *testing.T, data string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), "SELECT convert_from(id, 'UTF8') FROM records WHERE kind = 'batch'")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

// A process that is stopped, so that its lease runs out, and wakes up again, has
// lost the jobs and writes nothing.
func TestRunPaused(t *testing.T) {
	t.Parallel()
	dir, _ := onDatabase(t, pgtest.Newest(t), 1)
	config := filepath.Join(dir, "settlex.yaml")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	verifyAtEnd(t, config)
	first := startRun(t, dir, runClock)
	first.until("batch closed")
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	second := startRun(t, dir, runClock)
	second.until("caught up")
	defer second.stop(t, syscall.SIGTERM)
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	lines := first.until("this process has the jobs no more")
	lines = append(lines, first.until("msg=waiting")...)
	log := strings.Join(append(lines, first.stop(t, syscall.SIGTERM)...), "\n")
	if !strings.Contains(log, "lease was taken over, nothing was written") && !strings.Contains(log, "another process has taken the lease over") {
		t.Errorf("log:\n%s", log)
	}
}
