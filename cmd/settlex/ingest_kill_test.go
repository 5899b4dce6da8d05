package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/payment/feed"
)

// longFile is a directory with the sample's configuration, its data file, and
// long.csv: more events than are sorted in memory, and bad rows between them.
func longFile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	succeed(t, "init", "--config", filepath.Join(dir, "settlex.yaml"))
	var good, long bytes.Buffer
	if err := feed.Write(&good, feed.CSV, sample.Many(17_000)); err != nil {
		t.Fatal(err)
	}
	row := 0
	for line := range bytes.Lines(good.Bytes()) {
		long.Write(line)
		if row++; row%1000 == 0 {
			fmt.Fprintf(&long, "deposit,bad %d\n", row)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "long.csv"), long.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A process that is killed while it ingests a file that is not in memory, and run
// again, leaves what an undisturbed one leaves: nothing is lost, nothing is there
// twice, neither events nor bad rows, and no temporary file stays.
func TestIngestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("ingests files of 17,000 events")
	}
	args := []string{"ingest", "--skip-bad-rows", "bad.csv", "long.csv"}
	run := func(dir string, k kill) { runKilled(t, dir, args, k, k != kill{}) }
	outcome := func(dir string) map[string]string {
		files := make(map[string]string)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			files[entry.Name()] = ""
		}
		bad, err := os.ReadFile(filepath.Join(dir, "bad.csv"))
		if err != nil {
			t.Fatal(err)
		}
		files["bad.csv"] = string(bad)
		config := filepath.Join(dir, "settlex.yaml")
		files["balances"] = succeed(t, "balances", "--config", config)
		_, files["journal"], _ = strings.Cut(succeed(t, "export", "--config", config, "--format", "hledger"), "\ndecimal-mark")
		succeed(t, "verify", "--config", config)
		return files
	}
	undisturbed := longFile(t)
	run(undisturbed, kill{})
	want := outcome(undisturbed)
	if n := strings.Count(want["bad.csv"], "\n"); n != 18 {
		t.Errorf("%d lines are set aside, want a header and 17 rows", n)
	}
	for _, line := range []int{2, 20} { // of 17 bad rows and 4 quarters
		t.Run(fmt.Sprint("line ", line), func(t *testing.T) {
			t.Parallel()
			dir := longFile(t)
			run(dir, kill{line: line})
			run(dir, kill{})
			if diff := cmp.Diff(want, outcome(dir)); diff != "" {
				t.Errorf("(-undisturbed +killed):\n%.2000s", diff)
			}
		})
	}
}
