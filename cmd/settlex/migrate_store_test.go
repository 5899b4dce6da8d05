package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// settledDays is booksWithDays, settled and reported.
func settledDays(t *testing.T) (dir, config string) {
	t.Helper()
	dir, config = booksWithDays(t)
	succeed(t, "settle", "--through", "2026-03-05", "--config", config)
	succeed(t, "report", "--from", "2026-03-01", "--to", "2026-03-05", "--config", config)
	return dir, config
}

var noEntries = regexp.MustCompile(`(?m)^; lane \d+, no entries\n`)

// shown is everything that books in a place show.
func shown(t *testing.T, config, data string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, line := range []string{"balances", "summary", "export --format hledger", "export --format beancount", "verify --files", "period show"} {
		said := succeed(t, append(strings.Fields(line), "--config", config, "--data", data)...)
		out[line] = noEntries.ReplaceAllString(said, "") // of the lanes that a database has besides
	}
	return out
}

// Books move to a database and back, and nothing about them is another: what they
// show, checkpoints that were signed before, proofs, and keys that are taken.
func TestMigrateStore(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			dir, config := settledDays(t)
			path := func(name string) string { return filepath.Join(dir, name) }
			key := strings.TrimSpace(succeed(t, "proof", "key", "--name", "books.example/main", "--out", path("signer.key")))
			succeed(t, "proof", "checkpoint", "--signer", path("signer.key"), "--out", path("kept"), "--config", config)
			deposit := "deposit/" + readCSV(t, path("days.csv"))[0]["id"] + "/captured"
			prove := func(data string) string {
				return succeed(t, "proof", "entry", deposit, "--checkpoint", path("kept"), "--config", config, "--data", data)
			}
			file, database, back := path("settlex.db"), newDatabase(t, server), path("back.db")
			want, proved := shown(t, config, file), prove(file)

			said := succeed(t, "migrate-store", "--from", "bolt:"+file, "--to", database, "--checkpoint", path("kept"), "--key", key)
			if !strings.Contains(said, "the copy verifies") || strings.Contains(said, secret) {
				t.Errorf("said %q", said)
			}
			succeed(t, "migrate-store", "--from", database, "--to", "bolt:"+back, "--checkpoint", path("kept"), "--key", key)
			for _, data := range []string{database, back} {
				if diff := cmp.Diff(want, shown(t, config, data)); diff != "" {
					t.Errorf("%s (-before +after):\n%s", place(data), diff)
				}
				if diff := cmp.Diff(proved, prove(data)); diff != "" {
					t.Errorf("%s: proof (-before +after):\n%s", place(data), diff)
				}
				said := succeed(t, "ingest", path("days.csv"), "--config", config, "--data", data)
				if !strings.Contains(said, " 0 new, ") {
					t.Errorf("%s: %q, want nothing new", place(data), said)
				}
				succeed(t, "verify", "--checkpoint", path("kept"), "--key", key, "--config", config, "--data", data)
			}
		})
	}
}

// A process that is killed anywhere and run again goes on, and until it is done
// nobody else opens the target.
func TestMigrateStoreKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills many processes")
	}
	server := pgtest.Newest(t)
	source, config := settledDays(t)
	from := filepath.Join(source, "settlex.db")
	want := shown(t, config, from)
	first := newDatabase(t, server)
	began := time.Now()
	succeed(t, "migrate-store", "--from", "bolt:"+from, "--to", first)
	whole := time.Since(began)
	items, err := itemsOf(t, first)
	if err != nil || items == 0 {
		t.Fatalf("%d items were moved, %v", items, err)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	var hits atomic.Int64
	const parts = 3
	t.Cleanup(func() {
		t.Logf("%d of at most %d processes were killed before they were done", hits.Load(), 4*parts)
		if hits.Load() == 0 {
			t.Error("no process was killed")
		}
	})
	for part := range 2 * parts {
		for _, to := range []string{"database", "file"} {
			t.Run(fmt.Sprintf("to a %s, part %d", to, part), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				own := filepath.Join(dir, "settlex.db") // one process has a file
				if err := os.WriteFile(own, content, 0o600); err != nil {
					t.Fatal(err)
				}
				database := newDatabase(t, server)
				succeed(t, "migrate", "--data", database)
				args, data := []string{"migrate-store", "--from", "bolt:" + own, "--to", database}, database
				if to == "file" {
					succeed(t, args...)
					data = filepath.Join(dir, "moved.db")
					args = []string{"migrate-store", "--from", database, "--to", "bolt:" + data}
				}
				k := kill{after: whole * time.Duration(part+1) / parts / 2}
				if part >= parts {
					k = kill{line: part - parts + 1}
				}
				if runKilled(t, dir, args, k, true) {
					hits.Add(1)
					if to == "database" {
						wantWholeOrShut(t, data, items)
					}
					runOut(t, database)
				}
				if _, err := os.Stat(data); to == "database" || err != nil { // else it was done before the kill
					runKilled(t, dir, args, kill{}, false)
				}
				if diff := cmp.Diff(want, shown(t, config, data)); diff != "" {
					t.Errorf("(-source +moved):\n%s", diff)
				}
				if to == "file" {
					if entries := tree(t, dir, false); len(entries) != 2 {
						t.Errorf("left behind: %v", entries)
					}
				}
			})
		}
	}
}

// wantWholeOrShut wants a database to hold nothing or all items of the books, or to
// be opened by nobody but who moves them.
func wantWholeOrShut(t *testing.T, data string, all uint64) {
	t.Helper()
	items, err := itemsOf(t, data)
	if errors.Is(err, postgres.ErrMoving) {
		return
	}
	if err != nil || items != 0 && items != all {
		t.Errorf("half-moved books can be opened: they have %d items of %d, %v", items, all, err)
	}
}

// itemsOf counts the items of the journal in a database.
func itemsOf(t *testing.T, data string) (uint64, error) {
	t.Helper()
	store, err := postgres.Open(t.Context(), data, postgres.Options{})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	var head ledger.Head
	err = store.Read(t.Context(), func(r ledger.Reader) (err error) {
		head, err = ledger.Together(t.Context(), r)
		return err
	})
	return head.Seq, err
}

// runOut has the leases of a process that was killed run out at once.
func runOut(t *testing.T, database string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "UPDATE leases SET expires_at = now() WHERE expires_at > now()")
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// bookedElsewhere makes a database whose books do not lie in the first lane. Each process chooses one by chance, so it
// takes another database as long as it chose that.
func bookedElsewhere(t *testing.T, server pgtest.Server, config, events string) string {
	t.Helper()
	for {
		database := newDatabase(t, server)
		succeed(t, "init", "--config", config, "--data", database)
		succeed(t, "ingest", events, "--config", config, "--data", database)
		conn, err := pgx.Connect(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		first := int64(0)
		err = conn.QueryRow(t.Context(), "SELECT seq FROM lanes WHERE lane = 0").Scan(&first)
		if err := errors.Join(err, conn.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		if first == 0 {
			return database
		}
	}
}

func TestMigrateStoreFaults(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	server := pgtest.Newest(t)
	dir, config := booksWithDays(t)
	file, empty := filepath.Join(dir, "settlex.db"), newDatabase(t, server)
	other := bookedElsewhere(t, server, config, filepath.Join(dir, "days.csv"))
	tests := []struct {
		line string
		code int
		want string
	}{
		{"", exitUsage, "--from is missing: bolt:FILE or postgres://USER@HOST/DATABASE"},
		{"--from bolt:a.db", exitUsage, "--to is missing: "},
		{"--from a.db --to bolt:b.db", exitUsage, "--from begins neither with bolt: nor with postgres://"},
		{"--from bolt:a.db --to bolt:b.db", exitUsage, "both stores are data files: settlex backup copies one"},
		{"--from " + empty + " --to " + other, exitUsage, "both stores are databases: pg_dump"},
		{"--from " + empty + " --to bolt:b.db --lanes 3", exitUsage, "--lanes is for a new database"},
		{"--from bolt: --to " + empty, exitUsage, "--from is empty"},
		{"--data x --from bolt:a.db --to " + empty, exitUsage, "--data means nothing here"},
		{"--from bolt:nowhere.db --to " + empty, exitFailure, "nowhere.db is not there"},
		{"--from " + empty + " --to bolt:" + file, exitFailure, file + " is there already"},
		{"--from " + empty + " --to bolt:b.db", exitFailure, "open " + postgres.Name(empty) + `: schema "public": there is no ledger`},
		{"--from bolt:" + file + " --to " + other, exitFailure, "move " + file + " to " + postgres.Name(other) + ": target: the target holds other books: "},
		{"--from " + other + " --to bolt:" + filepath.Join(dir, "b.db"), exitFailure, "move " + postgres.Name(other) + " to " + filepath.Join(dir, "b.db") + ": source: only a journal of one lane can be moved: lane "},
	}
	for _, tt := range tests {
		r := command(t, append([]string{"migrate-store"}, strings.Fields(tt.line)...)...)
		if r.code != tt.code || !strings.HasPrefix(r.stderr, "settlex: "+tt.want) || strings.Contains(r.stderr+r.stdout, secret) {
			t.Errorf("%s: exit code %d, %q, want %d, %q", tt.line, r.code, r.stderr, tt.code, tt.want)
		}
	}
	verifyAtEnd(t, config)
	succeed(t, "verify", "--config", config, "--data", other) // still as it was, and no move has begun there
}

// A source that somebody uses is not moved.
func TestMigrateStoreInUse(t *testing.T) {
	t.Parallel()
	dir, data := onDatabase(t, pgtest.Newest(t), 1)
	store, err := postgres.Open(t.Context(), data, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	lease, err := store.Lease(leaseRun, postgres.LeaseOptions{Owner: "another/1", TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lease.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "held.db")
	held, err := bolt.Open(file, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for _, test := range []struct{ line, want string }{
		{"--from " + data + " --to bolt:" + filepath.Join(dir, "new.db"), `another process has the lease: lease is held: "run" by another/1: stop every process there first`},
		{"--from bolt:" + file + " --to " + newDatabase(t, pgtest.Newest(t)), "open " + file + ": file is in use by another process"},
	} {
		var stdout, stderr strings.Builder
		p := &program{out: &output{w: &stdout}, err: &stderr, clock: time.Now, owner: "here/1", lockWait: time.Millisecond}
		code := p.execute(context.WithoutCancel(t.Context()), append([]string{"migrate-store"}, strings.Fields(test.line)...))
		if want := "settlex: " + test.want + "\n"; code != exitFailure || stderr.String() != want {
			t.Errorf("exit code %d, %q, want %q", code, stderr.String(), want)
		}
	}
}
