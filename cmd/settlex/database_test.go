package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// secret is the password of every URL here: it must never be seen.
const secret = "geheim"

// newDatabase is the URL, with a password, of a database without a ledger.
func newDatabase(t *testing.T, server pgtest.Server) string {
	t.Helper()
	u, err := url.Parse(pgtest.Database(t, server))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), secret) // nobody asks for it
	return u.String()
}

// onDatabase is firstDays on a database with a number of lanes.
func onDatabase(t *testing.T, server pgtest.Server, lanes int) (dir, data string) {
	t.Helper()
	dir, data = firstDays(t), newDatabase(t, server)
	if err := os.Remove(filepath.Join(dir, "settlex.db")); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "settlex.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, bytes.Replace(text, []byte("data: settlex.db"), []byte("data: "+data), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, "migrate", "--data", data, "--lanes", fmt.Sprint(lanes))
	return dir, data
}

// scene is a directory whose books are in a file or in a database.
type scene struct{ dir, name string }

// play runs command lines one after the other and gives what they print, with the
// scene's own names taken out.
func (s scene) play(t *testing.T, lines []string) (out []string) {
	t.Helper()
	clock := func() time.Time { return time.Date(2026, time.March, 7, 20, 0, 0, 0, time.UTC) }
	for _, line := range lines {
		args := strings.Fields(strings.ReplaceAll(line, "DIR", s.dir))
		r := commandAt(t, clock, append(args, "--config", filepath.Join(s.dir, "settlex.yaml"))...)
		text := fmt.Sprintf("%s: %d\n%s%s", line, r.code, r.stdout, r.stderr)
		if strings.Contains(text, secret) {
			t.Errorf("the password is told:\n%s", text)
		}
		out = append(out, strings.NewReplacer(s.dir, "DIR", s.name, "BOOKS").Replace(text))
	}
	return out
}

// Every command says and writes the same on a database, to the byte, as on a data
// file. Of a journal in several lanes the positions in it are others.
func TestCommandsOnDatabase(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	lines := []string{
		"init", "ingest DIR/days.csv", "ingest DIR/days.csv", "settle --through 2026-03-05", "settle --through 2026-03-05",
		"report --from 2026-03-01 --to 2026-03-05", "summary", "balances", "verify --files", "period show",
		"period close 2026-02-28 --reason February", "period show", "ingest nowhere.csv",
		"export --format beancount", "proof checkpoint --signer DIR/signer.key --out DIR/now", "balances --merchant nobody",
	}
	key := []byte(succeedSigner(t))
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			file := scene{firstDays(t), "settlex.db"}
			dir, data := onDatabase(t, server, 1)
			database := scene{dir, postgres.Name(data)}
			for _, s := range []scene{file, database} {
				if err := os.WriteFile(filepath.Join(s.dir, "signer.key"), key, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, got := file.play(t, lines), database.play(t, lines)
			want[0] = strings.Replace(want[0], "DIR/BOOKS", "BOOKS", 1)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-file +database):\n%s", diff)
			}
			if diff := cmp.Diff(tree(t, filepath.Join(file.dir, "reports"), false), tree(t, filepath.Join(database.dir, "reports"), false)); diff != "" {
				t.Errorf("reports (-file +database):\n%s", diff)
			}
			if diff := cmp.Diff(tree(t, file.dir, false)["now"], tree(t, database.dir, false)["now"]); diff != "" {
				t.Errorf("checkpoint (-file +database):\n%s", diff)
			}
		})
	}
}

// succeedSigner makes a signer key.
func succeedSigner(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "signer.key")
	succeed(t, "proof", "key", "--name", "books.example/main", "--out", name)
	key, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(key)
}

// With many lanes the files are the same but for where in the journal things stand,
// and an entry is proved in its lane. The merchants came into being before, in
// another lane, long after what is ingested.
func TestManyLanes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("books the bundled month in 16 lanes")
	}
	dir, _ := onDatabase(t, pgtest.Newest(t), 16)
	config := filepath.Join(dir, "settlex.yaml")
	verifyAtEnd(t, config)
	file := firstDays(t)
	for _, d := range []string{dir, file} {
		for _, line := range []string{"balances", "ingest " + filepath.Join(d, "days.csv"), "settle --through 2026-03-05", "report --from 2026-03-01 --to 2026-03-05"} {
			succeed(t, append(strings.Fields(line), "--config", filepath.Join(d, "settlex.yaml"))...)
		}
	}
	data := func(dir string) map[string]string {
		files := tree(t, filepath.Join(dir, "reports"), false)
		for name := range files {
			if strings.HasSuffix(name, ".manifest") {
				delete(files, name)
			}
		}
		return files
	}
	if diff := cmp.Diff(data(file), data(dir)); diff != "" || len(data(file)) == 0 {
		t.Errorf("reports (-file +database):\n%s", diff)
	}

	path := func(name string) string { return filepath.Join(dir, name) }
	key := strings.TrimSpace(succeed(t, "proof", "key", "--name", "books.example/main", "--out", path("signer.key")))
	events := readCSV(t, path("days.csv"))
	deposit := "deposit/" + events[0]["id"] + "/captured"
	succeed(t, "proof", "entry", deposit, "--signer", path("signer.key"), "--out", path("proof"), "--config", config)
	said := succeed(t, "proof", "verify", path("proof"), "--key", key)
	if !strings.Contains(said, "proved: item ") || !strings.Contains(said, deposit) {
		t.Errorf("said %q", said)
	}
	lanes := 0
	for lane := range 16 {
		name := path(fmt.Sprint("lane-", lane))
		succeed(t, "proof", "checkpoint", "--signer", path("signer.key"), "--lane", fmt.Sprint(lane), "--out", name, "--config", config)
		r := command(t, "proof", "entry", deposit, "--checkpoint", name, "--config", config)
		switch {
		case r.code == exitOK:
			lanes++
		case !strings.Contains(r.stderr, fmt.Sprintf("it is of lane %d of the journal, the item is in lane ", lane)):
			t.Errorf("lane %d: %s", lane, r.stderr)
		}
		succeed(t, "verify", "--checkpoint", name, "--key", key, "--config", config)
	}
	if lanes != 1 {
		t.Errorf("the entry is proved in %d lanes", lanes)
	}
}

// What cannot be done says why, and never the password.
func TestDatabaseFaults(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	server := pgtest.Newest(t)
	dir, data := onDatabase(t, server, 2)
	empty, name := newDatabase(t, server), postgres.Name(data)
	nobody := "postgres://u:" + secret + "@127.0.0.1:1/books?sslmode=disable&connect_timeout=2"
	files := " is for data files, and these books are in the database " + name + ": "
	tests := []struct{ line, want string }{
		{"backup copy.db", "settlex: backup" + files},
		{"restore copy.db", "settlex: restore" + files},
		{"compact", "settlex: compact" + files},
		{"balances --data " + empty, "settlex: open " + postgres.Name(empty) + `: schema "public": there is no ledger: run settlex migrate`},
		{"balances --data " + nobody, "settlex: open postgres://127.0.0.1:1/books: "},
		{"init --data " + nobody, "settlex: open postgres://127.0.0.1:1/books: "},
		{"run --data " + nobody, "settlex: open postgres://127.0.0.1:1/books: "},
		{"settle --through 2026-03-01 --data postgres://u:" + secret + "@h:port/b", "settlex: open postgres://?: "},
		{"init", "settlex: DIR/settlex.yaml and " + name + " are there already"},
		{"import --data " + data + " books.journal", "settlex: "},
	}
	for _, tt := range tests {
		r := command(t, append(strings.Fields(tt.line), "--config", filepath.Join(dir, "settlex.yaml"))...)
		if text := r.stdout + r.stderr; strings.Contains(text, secret) {
			t.Errorf("%s: the password is told:\n%s", tt.line, text)
		}
		if got := strings.ReplaceAll(r.stderr, dir, "DIR"); r.code != exitFailure || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: exit code %d, %q, want %q", tt.line, r.code, got, tt.want)
		}
	}
}

// A URL of something else is no place of books.
func TestOtherURLs(t *testing.T) {
	t.Parallel()
	want := "settlex: --data is a URL that does not begin with postgres:// or postgresql://, and so neither a database nor the path of a file (see settlex balances --help)\n"
	if r := command(t, "balances", "--data", "mysql://u:"+secret+"@h/b"); r.code != exitUsage || cmp.Diff(want, r.stderr) != "" {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
}

// A journal is imported into a database of its own, and again changes nothing.
func TestImportIntoDatabase(t *testing.T) {
	t.Parallel()
	dir, server := t.TempDir(), pgtest.Newest(t)
	journal := filepath.Join(dir, "books.journal")
	const text = "2026-02-01 rent\n  Expenses:Rent  100.00 INR\n  Assets:Bank\n"
	if err := os.WriteFile(journal, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	data := newDatabase(t, server)
	for _, want := range []string{"1 entry new, 0 booked before", "0 entries new, 1 booked before"} {
		said := succeed(t, "import", journal, "--data", data)
		if !strings.Contains(said, postgres.Name(data)+": "+want) || !strings.Contains(said, "verify found nothing") || strings.Contains(said, secret) {
			t.Errorf("said %q, want %s", said, want)
		}
	}
}

// While somebody settles, nobody else does; by hand one is told who it is.
func TestSettleAlone(t *testing.T) {
	t.Parallel()
	dir, data := onDatabase(t, pgtest.Newest(t), 2)
	store, err := postgres.Open(t.Context(), data, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	lease, err := store.Lease(leaseSettle, postgres.LeaseOptions{Owner: "another/1", TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	term, err := lease.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	settle := func(wait time.Duration) result {
		var stdout, stderr bytes.Buffer
		p := &program{out: &output{w: &stdout}, err: &stderr, clock: time.Now, owner: "here/1", lockWait: wait}
		code := p.execute(context.WithoutCancel(t.Context()), []string{"settle", "--through", "2026-03-05", "--config", filepath.Join(dir, "settlex.yaml")})
		return result{code, stdout.String(), stderr.String()}
	}
	want := result{exitFailure, "", `settlex: another process has the lease: lease is held: "settle" by another/1` + "\n"}
	if diff := cmp.Diff(want, settle(time.Millisecond), cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := term.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := settle(time.Millisecond); r.code != exitOK {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
}
