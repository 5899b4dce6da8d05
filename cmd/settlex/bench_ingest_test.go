package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/settlex/settlex/internal/bench"
)

// Both processes book as many entries with as many postings; the figures go
// together, and nothing is left behind.
func TestBenchIngest(t *testing.T) {
	t.Parallel()
	lines := benchProcess[bench.Ingest](t, "ingest", "--events", "700", "--runs", "2", "--format", "ndjson")
	if len(lines) != 3 || !lines[2].Median {
		t.Fatalf("%d lines, want two runs and a median", len(lines))
	}
	for _, line := range lines {
		if line.Events != 700 || line.Entries < 1000 || line.Postings < 2*line.Entries || line.Entries != lines[0].Entries || line.FileBytes < 700*100 {
			t.Errorf("%+v", line)
		}
		if l := line.Ledger; l == nil || l.Entries != line.Entries || l.Postings != line.Postings/line.Entries || l.More <= 0 {
			t.Errorf("beside it: %+v", l)
		}
		if got := line.EntriesPerS / line.Ledger.EntriesPerS; got < line.Ratio*0.99 || got > line.Ratio*1.01 {
			t.Errorf("ratio %v, and the rates' is %v", line.Ratio, got)
		}
	}
}

// What cannot be measured is refused.
func TestBenchIngestRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--events", "0"}, {"--runs", "0"}, {"--format", "xml"}} {
		if r := command(t, append([]string{"bench", "ingest"}, args...)...); r.code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", args, r.code, r.stderr)
		}
	}
}

// A program that fails is told with what it says.
func TestBenchIngestChildFails(t *testing.T) {
	t.Parallel()
	_, err := bench.RunChild(exec.CommandContext(context.WithoutCancel(t.Context()), "settlex", "no-such-command"))
	if err == nil || !strings.Contains(err.Error(), "no-such-command") {
		t.Errorf("got %v", err)
	}
}
