package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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

// logged is the wall clock of a line of a log.
var logged = regexp.MustCompile(`(?m)^time=\S+ `)

// play runs command lines one after the other, a second apart, and gives what they print,
// with the scene's own names taken out. A line that begins with ! has to fail.
func (s scene) play(t *testing.T, from string, lines []string) (out []string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		does, fails := strings.CutPrefix(line, "! ")
		args := strings.Fields(strings.ReplaceAll(does, "DIR", s.dir))
		r := commandAt(t, func() time.Time { return at.Add(time.Duration(i) * time.Second) }, append(args, "--config", filepath.Join(s.dir, "settlex.yaml"))...)
		if (r.code != exitOK) != fails {
			t.Errorf("%s: exit code %d\n%s%s", line, r.code, r.stdout, r.stderr)
		}
		text := fmt.Sprintf("%s: %d\n%s%s", line, r.code, r.stdout, r.stderr)
		if strings.Contains(text, secret) {
			t.Errorf("the password is told:\n%s", text)
		}
		out = append(out, strings.NewReplacer(filepath.Join(s.dir, s.name), "BOOKS", s.dir, "DIR", s.name, "BOOKS").Replace(logged.ReplaceAllString(text, "")))
	}
	return out
}

// write puts a file into the scene.
func (s scene) write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every command says and writes the same on a database, to the byte, as on a data
// file. Of a journal in several lanes the positions in it are others.
func TestCommandsOnDatabase(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	lines := []string{
		"! init", "ingest DIR/days.csv", "ingest DIR/days.csv", "settle --through 2026-03-05", "settle --through 2026-03-05",
		"report --from 2026-03-01 --to 2026-03-05", "summary", "balances", "verify --files", "period show",
		"period close 2026-02-28 --reason February", "period show", "! ingest nowhere.csv",
		"export --format beancount", "proof checkpoint --signer DIR/signer.key --out DIR/now", "! balances --merchant nobody",
	}
	key := []byte(succeedSigner(t))
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			dir, data := onDatabase(t, server, 1)
			file, database := scene{firstDays(t), "settlex.db"}, scene{dir, postgres.Name(data)}
			for _, s := range []scene{file, database} {
				s.write(t, "signer.key", key)
			}
			const at = "2026-03-07T20:00:00Z"
			if diff := cmp.Diff(file.play(t, at, lines), database.play(t, at, lines)); diff != "" {
				t.Errorf("(-file +database):\n%s", diff)
			}
			sameFiles(t, file, database, "now")
		})
	}
}

// sameFiles wants the same reports of two scenes, and the same file of a name.
func sameFiles(t *testing.T, file, database scene, name string) {
	t.Helper()
	want, got := tree(t, filepath.Join(file.dir, "reports"), false), tree(t, filepath.Join(database.dir, "reports"), false)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("reports (-file +database):\n%s", diff)
	}
	one, other := tree(t, file.dir, false)[name], tree(t, database.dir, false)[name]
	if diff := cmp.Diff(one, other); diff != "" || one == "" {
		t.Errorf("%s (-file +database):\n%s", name, diff)
	}
}

// A Saturday, and the Monday after it: there is money to ask for, and a rail refuses a batch.
const (
	saturday = `kind,id,occurred_at,merchant_id,currency,amount,method,rail
deposit,d_1,2026-03-07T10:00:00+05:30,m_in_kirana,INR,40000.00,UPI,upi
deposit,d_2,2026-03-07T10:05:00+05:30,m_in_chaiwala,INR,900.00,CARD,card
deposit,d_3,2026-03-07T10:10:00+05:30,m_in_booknest,INR,1200.00,UPI,upi
deposit,d_4,2026-03-07T10:15:00+05:30,m_in_sareeshop,INR,5000.00,UPI,upi
deposit,d_5,2026-03-07T10:20:00+05:30,m_in_yatra,INR,3000.00,CARD,card
`
	monday = `kind,id,occurred_at,merchant_id,currency,amount,method,rail
deposit,d_6,2026-03-09T13:00:00+05:30,m_in_kirana,INR,1500.00,UPI,upi
deposit,d_7,2026-03-09T13:10:00+05:30,m_in_booknest,INR,2000.00,NETBANKING,netbanking
`
	refusal = `kind,id,occurred_at,rail,reason_code
settlement_sent,%[1]s,2026-03-09T13:20:00+05:30,neft,
settlement_refused,%[1]s,2026-03-09T13:25:00+05:30,neft,AC04
`
)

// decisions are what people decide about the batches of the Saturday and ask for on the
// Monday, and what they look at. The batch of m_in_kirana is so large that it waits for an
// approval, that of m_in_sareeshop is refused.
func decisions(batches map[string]string) []string {
	large, small, refused := batches["m_in_kirana"], batches["m_in_chaiwala"], batches["m_in_sareeshop"]
	const by = " --by asha --reason looked"
	return []string{
		"settlement list --merchant m_in_kirana", "settlement show " + large, "settlement approve " + large + " --by ravi",
		"settlement hold " + small + by, "settlement list --status held", "settlement release " + small + by,
		"settlement cancel " + batches["m_in_booknest"] + by, "! settlement show set_none",
		"settlement hold --merchant m_in_yatra" + by, "settlement release --merchant m_in_yatra" + by,
		"ingest DIR/monday.csv", "ingest DIR/refusal.csv", "settlement retry " + refused + by,
		"settlement request --merchant m_in_kirana --currency INR --by asha --key monday",
		"settlement request --merchant m_in_booknest --currency INR --by asha --instant",
		"! settlement request --merchant m_in_kirana --currency INR --by asha",
		"merchant list", "merchant suspend m_in_chaiwala" + by, "merchant create m_in_new --name New --region IN --by asha", "merchant show m_in_chaiwala",
		"schedule explain --merchant m_in_kirana", "fees explain d_6", "fees explain d_7 --json", "config versions",
		"run --once", "simulate --reserves DIR/none.yaml --csv DIR/difference.csv", "balance --merchant m_in_yatra --entries all --format csv",
		"report --balance-and-fees --from 2026-03-01 --to 2026-03-08", "check", "check --safeguarding", "events", "settlement list",
	}
}

// So do the commands by which people decide and look, and those that run once and simulate.
func TestDecisionsOnDatabase(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	dir, data := onDatabase(t, pgtest.Newest(t), 1)
	file, database := scene{firstDays(t), "settlex.db"}, scene{dir, postgres.Name(data)}
	if err := os.Remove(filepath.Join(file.dir, "settlex.db")); err != nil {
		t.Fatal(err)
	}
	for _, s := range []scene{file, database} {
		config, err := os.ReadFile(filepath.Join(s.dir, "settlex.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		const small = "min_payout: 500.00 INR"
		s.write(t, "settlex.yaml", bytes.Replace(config, []byte(small), []byte(small+"\n    approve_above: 30000.00 INR"), 1))
		s.write(t, "saturday.csv", []byte(saturday))
		s.write(t, "monday.csv", []byte(monday))
		s.write(t, "none.yaml", []byte("reserves: []\n"))
	}
	const evening, afternoon = "2026-03-07T20:00:00Z", "2026-03-09T08:00:00Z"
	file.play(t, evening, []string{"init"})
	database.play(t, evening, []string{"balances"}) // the first that makes an engine, as init is
	lines := []string{"ingest DIR/saturday.csv", "settle --through 2026-03-07", "settlement list"}
	want, got := file.play(t, evening, lines), database.play(t, evening, lines)
	batches := make(map[string]string)
	for _, found := range regexp.MustCompile(`(?m)^(set_\S+) +(\S+) +2026-03-07 `).FindAllStringSubmatch(want[2], -1) {
		batches[found[2]] = found[1]
	}
	for _, s := range []scene{file, database} {
		s.write(t, "refusal.csv", fmt.Appendf(nil, refusal, batches["m_in_sareeshop"]))
	}
	lines = decisions(batches)
	want, got = append(want, file.play(t, afternoon, lines)...), append(got, database.play(t, afternoon, lines)...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-file +database):\n%s", diff)
	}
	sameFiles(t, file, database, "difference.csv")
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
