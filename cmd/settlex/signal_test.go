//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// process is settlex running in a directory, with its log.
type process struct {
	cmd *exec.Cmd
	log *bufio.Scanner
}

// startRun starts settlex run with its clock at an instant.
func startRun(t *testing.T, dir, clock string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "settlex", "run", "--config", "settlex.yaml")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), clockVar+"="+clock)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd, bufio.NewScanner(stderr)}
}

// until gives the lines of the log up to the first with a text, all of them
// when there is none.
func (p *process) until(text string) (lines []string) {
	for p.log.Scan() {
		lines = append(lines, p.log.Text())
		if strings.Contains(p.log.Text(), text) {
			break
		}
	}
	return lines
}

// stop sends a signal and gives what is logged until the process has ended,
// which it must do well.
func (p *process) stop(t *testing.T, signal os.Signal) []string {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	lines := p.until("no such line")
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after %s: %v\n%s", signal, err, strings.Join(lines, "\n"))
	}
	return lines
}

// values gives the values of a key in the lines that have a text, in their
// order.
func values(lines []string, text, key string) (out []string) {
	pattern := regexp.MustCompile(` ` + key + `=(\S+)`)
	for _, line := range lines {
		if found := pattern.FindStringSubmatch(line); found != nil && strings.Contains(line, text) {
			out = append(out, found[1])
		}
	}
	return out
}

// instants reads times as the log has them, each in a zone of its own.
func instants(t *testing.T, texts []string) (all []time.Time) {
	t.Helper()
	for _, text := range texts {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, at)
	}
	return all
}

// What was missed is caught up in order; a signal ends the program well; the
// next start finds nothing to do.
func TestRun(t *testing.T) {
	t.Parallel()
	const now = "2026-03-05T20:00:00Z"
	dir := firstDays(t)
	config := filepath.Join(dir, "settlex.yaml")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	verifyAtEnd(t, config)

	p := startRun(t, dir, now)
	lines := append(p.until("caught up"), p.stop(t, syscall.SIGTERM)...)
	log := strings.Join(lines, "\n")
	closes := instants(t, values(lines, `msg="batch closed"`, "cutoff"))
	if len(closes) < 30 || !slices.IsSortedFunc(closes, time.Time.Compare) {
		t.Errorf("windows closed in the order %v", closes)
	}
	for currency, last := range map[string]string{"BDT": "2026-03-05", "INR": "2026-03-05", "PKR": "2026-03-05"} {
		dates := values(lines, "currency="+currency, "business_date")
		if len(dates) == 0 || !slices.IsSorted(dates) || dates[len(dates)-1] != last {
			t.Errorf("files in %s written of %v, want them up to %s", currency, dates, last)
		}
	}
	if !strings.Contains(log, "msg=verified") || strings.Contains(log, "level=ERROR") || !strings.HasSuffix(log, "msg=stopped") {
		t.Errorf("log:\n%s", log)
	}

	before := tree(t, dir, true)
	if _, ok := before[filepath.Join("reports", "settlex_itemised_all_INR_2026-03-05_all_v1.csv")]; !ok {
		t.Error("no report of INR on 2026-03-05")
	}
	p = startRun(t, dir, now)
	lines = append(p.until("caught up"), p.stop(t, os.Interrupt)...)
	if closed := values(lines, "batch closed", "batch"); len(closed) > 0 {
		t.Errorf("closed again: %v", closed)
	}
	if diff := cmp.Diff(before, tree(t, dir, true)); diff != "" {
		t.Errorf("files (-before +after the second start):\n%s", diff)
	}

	// A signal in the middle: what is under way is finished, the rest the next time.
	interrupted := firstDays(t)
	succeed(t, "ingest", "--config", filepath.Join(interrupted, "settlex.yaml"), filepath.Join(interrupted, "days.csv"))
	verifyAtEnd(t, filepath.Join(interrupted, "settlex.yaml"))
	p = startRun(t, interrupted, now)
	p.until("batch closed")
	p.stop(t, syscall.SIGTERM)
	p = startRun(t, interrupted, now)
	p.until("caught up")
	p.stop(t, syscall.SIGTERM)
	if diff := cmp.Diff(tree(t, filepath.Join(dir, "reports"), false), tree(t, filepath.Join(interrupted, "reports"), false)); diff != "" {
		t.Errorf("reports (-undisturbed +interrupted):\n%s", diff)
	}
}

// While run waits, other commands have their turn: it holds the data file only
// while it works.
func TestRunSharesTheDataFile(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	config := filepath.Join(dir, "settlex.yaml")
	verifyAtEnd(t, config)
	p := startRun(t, dir, "2026-03-05T20:00:00Z")
	p.until("caught up")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	p.stop(t, syscall.SIGTERM)
}

// The first signal asks, the second does not: a process that cannot finish ends
// at once, with exit code 1.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	fifo := filepath.Join(dir, "fifo.csv")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "settlex", "ingest", "fifo.csv")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(fifo, os.O_WRONLY, 0) // returns when the other end is open
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		_ = cmd.Process.Signal(syscall.SIGTERM) // may have ended
		select {
		case err = <-ended:
			if code := cmd.ProcessState.ExitCode(); code != exitFailure {
				t.Errorf("exit code %d, want %d: %v", code, exitFailure, err)
			}
			return
		default:
		}
	}
}

// A signal in the middle of ingesting: what is taken so far stays, the exit code
// says that it is not all.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	verifyAtEnd(t, filepath.Join(dir, "settlex.yaml"))
	fifo := filepath.Join(dir, "fifo.csv")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "settlex", "ingest", "fifo.csv")
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(to, "kind,id,occurred_at\n")
	for err == nil { // until it has seen the signal and hangs up
		_, err = io.WriteString(to, "refund_confirmed,ref-1,2026-03-05T10:00:00Z\n")
	}
	to.Close()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitFailure {
		t.Errorf("got %v", err)
	}
	if want := "settlex: interrupted; the same command goes on where it stopped\n"; stderr.String() != want {
		t.Errorf("got %q, want %q", stderr.String(), want)
	}
}
