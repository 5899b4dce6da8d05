package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/sample"
)

// firstDays is a directory with the sample's configuration, its data file, and
// days.csv: the events of 1 to 5 March.
func firstDays(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	succeed(t, "init", "--config", filepath.Join(dir, "settlex.yaml"))
	var days bytes.Buffer
	for line := range bytes.Lines(sample.PaymentsCSV()) {
		fields := bytes.SplitN(line, []byte(","), 4)
		if at := string(fields[2]); at == "occurred_at" || at < "2026-03-06" {
			days.Write(line)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "days.csv"), days.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// killedJob is what is killed: command lines one after the other.
func killedJob() [][]string {
	return [][]string{
		{"ingest", "days.csv"},
		{"settle", "--through", "2026-03-05"},
		{"report", "--from", "2026-03-01", "--to", "2026-03-05", "--format", "csv,parquet"},
	}
}

// kill says when a process is killed: after a line of its standard error, or
// after a time. The zero value lets it live.
type kill struct {
	step  int           // which of the commands
	line  int           // of its standard error, from 1
	part  int           // or, counted from 1, of its time:
	after time.Duration // since it was started
}

// String is the place without a time, which differs from run to run.
func (k kill) String() string {
	command := killedJob()[k.step][0]
	if k.line > 0 {
		return fmt.Sprintf("%s line %d", command, k.line)
	}
	return fmt.Sprintf("%s part %d", command, k.part)
}

// runJob runs the commands in a directory as processes, up to the one that is
// killed.
func runJob(t *testing.T, dir string, k kill) (killed bool) {
	t.Helper()
	for step, args := range killedJob() {
		doomed := k != kill{} && step == k.step
		if runKilled(t, dir, args, k, doomed) {
			return true
		}
		if doomed {
			return false // it was done before the time came
		}
	}
	return false
}

// runKilled runs one command; if it is doomed, until it is killed. A command
// that ends by itself must end well.
func runKilled(t *testing.T, dir string, args []string, k kill, doomed bool) (killed bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // CommandContext kills with SIGKILL
	cmd := exec.CommandContext(ctx, "settlex", args...)
	cmd.Dir = dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if doomed && k.after > 0 {
		timer := time.AfterFunc(k.after, cancel)
		defer timer.Stop()
	}
	var text strings.Builder
	lines := 0
	for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
		text.WriteString(scanner.Text() + "\n")
		if lines++; doomed && lines == k.line {
			cancel()
		}
	}
	if err := cmd.Wait(); err != nil && ctx.Err() == nil {
		t.Fatalf("settlex %s: %v\n%s", strings.Join(args, " "), err, &text)
	} else {
		killed = err != nil
	}
	return killed
}

// A process killed with SIGKILL anywhere, and run again to the end, leaves the
// bytes of an undisturbed run: data files and manifests, balances, and the
// journal.
func TestKilled(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	undisturbed := firstDays(t)
	began := time.Now()
	runJob(t, undisturbed, kill{})
	whole := time.Since(began)
	want := outcomeOf(t, undisturbed)

	var kills []kill
	for step := range killedJob() {
		for line := 1; line <= 3; line++ {
			kills = append(kills, kill{step: step, line: line})
		}
		for part := 1; part <= 2; part++ {
			kills = append(kills, kill{step: step, part: part, after: whole / 3 * time.Duration(part) / 3})
		}
	}
	var hits atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d of %d processes were killed before they were done", hits.Load(), len(kills))
		if hits.Load() == 0 {
			t.Error("no process was killed")
		}
	})
	for _, k := range kills {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			dir := firstDays(t)
			if runJob(t, dir, k) {
				hits.Add(1)
			}
			runJob(t, dir, kill{})
			if diff := cmp.Diff(want, outcomeOf(t, dir)); diff != "" {
				t.Errorf("(-undisturbed +killed):\n%s", diff)
			}
		})
	}
}

// outcomeOf is everything that an interrupted job must end up with.
func outcomeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	config := filepath.Join(dir, "settlex.yaml")
	verifyAtEnd(t, config)
	outcome := tree(t, filepath.Join(dir, "reports"), false)
	outcome["balances"] = succeed(t, "balances", "--config", config)
	journal := succeed(t, "export", "--config", config, "--format", "hledger")
	_, entries, _ := strings.Cut(journal, "\ndecimal-mark") // above it stands the hash of blocks, which follow the commits
	outcome["journal"] = entries
	return outcome
}
