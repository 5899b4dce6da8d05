package main

import (
	"testing"

	"github.com/settlex/settlex/internal/bench"
)

// One batch is closed with as many lines as were asked for, in chunks and in one go; the
// figures go together, and nothing is left behind.
func TestBenchClose(t *testing.T) {
	t.Parallel()
	lines := benchProcess[bench.Closing](t, "close", "--lines", "600", "--runs", "2")
	if len(lines) != 3 || !lines[2].Median || lines[2].Run != 2 {
		t.Fatalf("%d lines, want two runs and a median: %+v", len(lines), lines)
	}
	for _, line := range lines {
		if line.Lines != 600 || line.LineBytes < 600*300 || line.Seconds <= 0 || line.BoundS <= 0 {
			t.Errorf("%+v", line)
		}
		if got := line.LinesPerS / line.BoundPerS; got < line.Ratio*0.98 || got > line.Ratio*1.02 {
			t.Errorf("ratio %v, and the rates' is %v", line.Ratio, got)
		}
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
