package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/store/bolt"
)

// booksWithDays is the configuration of books in which the first days are booked.
func booksWithDays(t *testing.T) (dir, config string) {
	t.Helper()
	dir = firstDays(t)
	config = filepath.Join(dir, "settlex.yaml")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	return dir, config
}

// A data file in use is not copied, and whoever asks is told how it is.
func TestBackupInUse(t *testing.T) {
	t.Parallel()
	dir, config := booksWithDays(t)
	verifyAtEnd(t, config)
	data := filepath.Join(dir, "settlex.db")
	held, err := bolt.Open(data, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	before := tree(t, dir, false)
	inUse := "file is in use by another process"
	for _, test := range []struct{ args, want string }{
		{"backup " + filepath.Join(dir, "copy.db"), "settlex: open " + data + ": " + inUse + "; a program that keeps it open backs it up itself, with Store.Backup\n"},
		{"compact", "settlex: compact " + data + ": " + inUse + "\n"},
		{"restore " + data + " --data " + filepath.Join(dir, "copy.db"), ""},
	} {
		var stdout, stderr bytes.Buffer
		p := &program{out: &output{w: &stdout}, err: &stderr, clock: time.Now, lockWait: time.Millisecond}
		code := p.execute(context.WithoutCancel(t.Context()), append(strings.Fields(test.args), "--config", config))
		if code != exitFailure || test.want != "" && stderr.String() != test.want || !strings.Contains(stderr.String(), inUse) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, want %q", test.args, code, stderr.String(), test.want)
		}
		if diff := cmp.Diff(before, tree(t, dir, false)); diff != "" {
			t.Errorf("%s: files (-before +after):\n%s", test.args, diff)
		}
	}
}

// While run waits for its next waking, the data file is backed up.
func TestBackupBesideRun(t *testing.T) {
	t.Parallel()
	dir, config := booksWithDays(t)
	verifyAtEnd(t, config)
	p := startRun(t, dir, "2026-03-05T20:00:00Z")
	p.until("caught up")
	copied := filepath.Join(dir, "copy.db")
	succeed(t, "backup", copied, "--config", config)
	p.stop(t, os.Interrupt)
	succeed(t, "verify", "--config", config, "--data", copied)
}

// Books that do not verify are neither backed up, nor restored, and nothing is
// left of the attempt: what the pages do not show, the ledger does.
func TestBackupOfDamage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("damages and copies files for seconds")
	}
	dir, config := booksWithDays(t)
	good, bad := filepath.Join(dir, "good.db"), filepath.Join(dir, "bad.db")
	succeed(t, "backup", good, "--config", config)
	tamper(t, filepath.Join(dir, "settlex.db"))
	content, err := os.ReadFile(filepath.Join(dir, "settlex.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, content, 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir, false)
	for _, args := range [][]string{
		{"backup", filepath.Join(dir, "copy.db"), "--config", config},
		{"restore", bad, "--config", config, "--data", filepath.Join(dir, "copy.db")},
	} {
		r := command(t, args...)
		if want := regexp.MustCompile(`(?m)^settlex: verify: \d+ findings? \(`); r.code != exitFailure || !want.MatchString(r.stderr) || r.stdout == "" {
			t.Errorf("%s: exit code %d\n%s%s", args[0], r.code, r.stdout, r.stderr)
		}
		if diff := cmp.Diff(before, tree(t, dir, false)); diff != "" {
			t.Errorf("%s: files (-before +after):\n%s", args[0], diff)
		}
	}
	if err := os.Remove(filepath.Join(dir, "settlex.db")); err != nil {
		t.Fatal(err)
	}
	succeed(t, "restore", good, "--config", config)
	succeed(t, "verify", "--config", config)
}

// tamper removes a record behind the ledger's back.
func tamper(t *testing.T, data string) {
	t.Helper()
	db, err := bbolt.Open(data, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		positions := tx.Bucket([]byte("settlex")).Bucket([]byte("records")).Bucket([]byte("position"))
		key, _ := positions.Cursor().First()
		return positions.Delete(key)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
