package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/money"
)

// result is what a command line came to.
type result struct {
	code           int
	stdout, stderr string
}

// command runs a command line in this process.
func command(t *testing.T, args ...string) result {
	t.Helper()
	return commandAt(t, time.Now, args...)
}

// commandAt is command with a clock of its own.
func commandAt(t *testing.T, clock func() time.Time, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{out: &output{w: &stdout}, err: &stderr, clock: clock, owner: "test/1"}
	code := p.execute(context.WithoutCancel(t.Context()), args) // cleanups run commands too
	return result{code, stdout.String(), stderr.String()}
}

// succeed runs a command line that must succeed and gives its standard output.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	r := command(t, args...)
	if r.code != exitOK {
		t.Fatalf("settlex %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// verifyAtEnd proves the books when the test ends.
func verifyAtEnd(t *testing.T, config string) {
	t.Helper()
	t.Cleanup(func() { succeed(t, "verify", "--config", config, "--files") })
}

// tree gives the hash of every file below a directory, by its path there. With
// times, a file that was written anew counts as another.
func tree(t *testing.T, dir string, times bool) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name] = fmt.Sprintf("%x", sha256.Sum256(content))
		if times {
			info, err := entry.Info()
			if err != nil {
				return err
			}
			files[name] += " of " + info.ModTime().Format(time.RFC3339Nano)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// csvRow is a row of a CSV file by the names of its columns.
type csvRow map[string]string

// readCSV reads the rows of all files that match a pattern, in the order of
// their names.
func readCSV(t *testing.T, pattern string) []csvRow {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	var rows []csvRow
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, record := range records[1:] {
			row := make(csvRow, len(record))
			for i, column := range records[0] {
				row[column] = record[i]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// amount reads a column that holds an amount, a sign allowed.
func (r csvRow) amount(t *testing.T, column string) money.Amount {
	t.Helper()
	c, err := money.ParseCurrency(r["currency"])
	if err != nil {
		t.Fatal(err)
	}
	digits, negative := strings.CutPrefix(r[column], "-")
	a, err := c.Parse(digits)
	if err != nil {
		t.Fatalf("column %s: %v", column, err)
	}
	if negative {
		return a.Neg()
	}
	return a
}

// plus adds amounts that cannot overflow.
func plus(t *testing.T, amounts ...money.Amount) money.Amount {
	t.Helper()
	sum, err := money.Sum(amounts...)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
