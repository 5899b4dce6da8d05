package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/settlex/settlex/internal/bench"
)

// One batch is closed with as many lines as were asked for, in chunks and in one go; the
// figures go together, and nothing is left behind.
func TestBenchClose(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "settlex", "bench", "close", "--lines", "600", "--runs", "2", "--json")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines []bench.Closing
	for text := range strings.Lines(string(out)) {
		var line bench.Closing
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	if len(lines) != 3 || !lines[2].Median || lines[2].Run != 2 {
		t.Fatalf("%d lines, want two runs and a median: %s", len(lines), out)
	}
	for _, line := range lines {
		if line.Lines != 600 || line.LineBytes < 600*300 || line.Seconds <= 0 || line.BoundS <= 0 {
			t.Errorf("%+v", line)
		}
		if got := line.LinesPerS / line.BoundPerS; got < line.Ratio*0.98 || got > line.Ratio*1.02 {
			t.Errorf("ratio %v, and the rates' is %v", line.Ratio, got)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

// What cannot be measured is refused.
func TestBenchCloseRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--lines", "0"}, {"--runs", "0"}} {
		if r := command(t, append([]string{"bench", "close"}, args...)...); r.code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", args, r.code, r.stderr)
		}
	}
}
