package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/money"
)

// proofShop is a directory with books of which a checkpoint was signed after
// half of the events, "half", and another after all of them, "all"; early.db is
// the data file as it was between the two.
type proofShop struct {
	dir, config, key string
}

func newProofShop(t *testing.T) *proofShop {
	t.Helper()
	dir := firstDays(t)
	s := &proofShop{dir: dir, config: filepath.Join(dir, "settlex.yaml")}
	verifyAtEnd(t, s.config)
	days := s.read(t, "days.csv")
	lines := bytes.SplitAfter(days, []byte("\n"))
	s.write(t, "begun.csv", bytes.Join(lines[:len(lines)/2], nil))

	s.key = strings.TrimSpace(succeed(t, "proof", "key", "--name", "books.example/main", "--out", s.path("signer.key")))
	s.do(t, "ingest", s.path("begun.csv"))
	s.do(t, "proof", "checkpoint", "--signer", s.path("signer.key"), "--out", s.path("half"))
	s.write(t, "early.db", s.read(t, "settlex.db"))
	s.do(t, "ingest", s.path("days.csv"))
	s.do(t, "proof", "checkpoint", "--signer", s.path("signer.key"), "--out", s.path("all"), "--since", s.path("half"), "--key", s.key)
	return s
}

func (s *proofShop) path(name string) string { return filepath.Join(s.dir, name) }

func (s *proofShop) read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(s.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (s *proofShop) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(s.path(name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// do runs a command on the books, which must succeed.
func (s *proofShop) do(t *testing.T, args ...string) string {
	t.Helper()
	return succeed(t, append(args, "--config", s.config)...)
}

// fail runs a command that must fail, and wants what it says.
func (s *proofShop) fail(t *testing.T, code int, stdout, stderr string, args ...string) {
	t.Helper()
	r := command(t, args...)
	for _, said := range []struct{ what, have, want string }{{"stdout", r.stdout, stdout}, {"stderr", r.stderr, stderr}} {
		if have := strings.ReplaceAll(said.have, s.dir+string(filepath.Separator), ""); !regexp.MustCompile(said.want).MatchString(have) {
			t.Errorf("settlex %s: %s is %q, want %s", strings.Join(args, " "), said.what, have, said.want)
		}
	}
	if r.code != code {
		t.Errorf("settlex %s: exit code %d, want %d", strings.Join(args, " "), r.code, code)
	}
}

// An operator signs and proves; an auditor checks with the files and the
// verifier key alone.
func TestProof(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	s := newProofShop(t)
	const key = "deposit/dep_in_000001/captured"
	s.do(t, "proof", "entry", key, "--checkpoint", s.path("half"), "--out", s.path("old.proof"))
	s.do(t, "proof", "entry", key, "--signer", s.path("signer.key"), "--out", s.path("new.proof"))
	printed := s.do(t, "proof", "entry", key, "--checkpoint", s.path("all"))
	if printed != string(s.read(t, "new.proof")) {
		t.Error("the proof under a new checkpoint of the same journal is not the one under the kept checkpoint")
	}

	desk := t.TempDir() // the auditor's, with neither configuration nor data file
	files := []string{"old.proof", "new.proof", "half", "all", "all.consistency"}
	args := []string{"proof", "verify", "--key", s.key, "--config", filepath.Join(desk, "none.yaml")}
	for i, name := range files {
		content := s.read(t, name)
		files[i] = filepath.Join(desk, name)
		if err := os.WriteFile(files[i], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.ReplaceAll(succeed(t, append(args, files...)...), desk+string(filepath.Separator), "")
	want := regexp.MustCompile(`(?s)^old\.proof: proved: item [\d,]+ is in the journal of books\.example/main, in block 1 of 1
  under the checkpoint of 2026-\S+Z
  posted      2026-\S+Z
  key         "deposit/dep_in_000001/captured"
  kind        "deposit\.captured"
.*  debit   rails/\S+ +INR [\d,]+\.\d\d
  credit  merchants/\S+/pending +INR [\d,]+\.\d\d
new\.proof: proved: item [\d,]+ is in the journal of books\.example/main, in block 1 of \d+
.*half: signed by books\.example/main: 1 block, [\d,]+ items, up to 2026-\S+Z
  root \S{44}
all: signed by books\.example/main: \d+ blocks, [\d,]+ items, up to 2026-\S+Z
  root \S{44}
all\.consistency: proved: the journal of books\.example/main was only added to
  from 1 block, [\d,]+ items, up to 2026-\S+Z
  to   \d+ blocks, [\d,]+ items, up to 2026-\S+Z
$`)
	if !want.MatchString(got) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if quiet := succeed(t, append(args, append(files, "--quiet")...)...); quiet != "" {
		t.Errorf("quietly: %q", quiet)
	}
}

// What proves nothing is named with its reason.
func TestProofRefused(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	s := newProofShop(t)
	s.do(t, "proof", "entry", "--seq", "1", "--checkpoint", s.path("half"), "--out", s.path("good.proof"))
	good := s.read(t, "good.proof")
	s.write(t, "bad.proof", regexp.MustCompile(`"amount": "\d`).ReplaceAll(good, []byte(`"amount": "9`)))
	s.write(t, "bad", bytes.Replace(s.read(t, "half"), []byte("\n1\n"), []byte("\n2\n"), 1))
	other := strings.TrimSpace(succeed(t, "proof", "key", "--name", "books.example/other", "--out", s.path("other.key")))

	s.fail(t, exitFailure, `(?s)^good\.proof: proved: .*bad\.proof: proof is refused: what it shows is not what the item's bytes say\nhalf: signed by `,
		`^settlex: proof verify: 1 of 3 files refused\n$`, "proof", "verify", s.path("good.proof"), s.path("bad.proof"), s.path("half"), "--key", s.key)
	s.fail(t, exitFailure, `^bad: proof is refused: not signed by a given key: `, `^settlex: proof verify: 1 of 1 file refused\n$`, "proof", "verify", s.path("bad"), "--key", s.key)
	s.fail(t, exitFailure, `^half: proof is refused: not signed by a given key, but by books\.example/main\+`, `refused`, "proof", "verify", s.path("half"), "--key", other)
	s.fail(t, exitFailure, `^signer\.key: proof is refused: no signed checkpoint`, `refused`, "proof", "verify", s.path("signer.key"), "--key", s.key)
	s.fail(t, exitFailure, `(?s)^none: open none: no such file or directory\nhalf: signed by `, `^settlex: proof verify: 1 of 2 files refused\n$`,
		"proof", "verify", s.path("none"), s.path("half"), "--key", s.key)
	s.fail(t, exitFailure, `^$`, `^settlex: verifier key "nonsense": `, "proof", "verify", s.path("half"), "--key", "nonsense")
}

// A data file that was cut back to an earlier copy agrees with itself. Only
// what is kept elsewhere shows that its end is missing.
func TestVerifyCutBack(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	s := newProofShop(t)
	got := s.do(t, "verify", "--checkpoint", s.path("half"), "--checkpoint", s.path("all"), "--key", s.key)
	want := regexp.MustCompile(`^the journal continues the checkpoint of 2026-\S+Z over 1 block
the journal continues the checkpoint of 2026-\S+Z over \d+ blocks
verify found nothing \([\d,]+ items, [\d,]+ accounts\)\n$`)
	if !want.MatchString(got) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	early := []string{"--config", s.config, "--data", s.path("early.db")}
	succeed(t, append([]string{"verify"}, early...)...)
	succeed(t, append([]string{"verify", "--checkpoint", s.path("half"), "--key", s.key}, early...)...)
	s.fail(t, exitFailure, `^journal: want at least the \d+ blocks of a checkpoint, have 1 blocks: its end is missing\n$`, `^settlex: verify: 1 finding `,
		append([]string{"verify", "--checkpoint", s.path("half"), "--checkpoint", s.path("all"), "--key", s.key}, early...)...)
	s.fail(t, exitFailure, `^$`, `journal does not continue the checkpoint: it covers \d+ blocks, there are 1: the end is missing\n$`,
		append([]string{"proof", "checkpoint", "--signer", s.path("signer.key"), "--out", s.path("after"), "--since", s.path("all"), "--key", s.key}, early...)...)
	s.fail(t, exitFailure, `^$`, `prove item 1: journal does not continue the checkpoint`,
		append([]string{"proof", "entry", "--seq", "1", "--checkpoint", s.path("all")}, early...)...)
	for _, name := range []string{"after", "after.consistency"} {
		if _, err := os.Stat(s.path(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was written: %v", name, err)
		}
	}
}

// Books that were written anew, with all their hashes, are not the ones that
// were signed.
func TestVerifyRewritten(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	s := newProofShop(t)
	succeed(t, "init", "--config", s.config, "--data", s.path("new.db"), "--quiet")
	days := s.read(t, "begun.csv")
	lines := bytes.SplitAfter(days, []byte("\n"))
	s.write(t, "fewer.csv", append(bytes.Join(lines[:1], nil), bytes.Join(lines[2:], nil)...))
	anew := []string{"--config", s.config, "--data", s.path("new.db")}
	succeed(t, append([]string{"ingest", s.path("fewer.csv")}, anew...)...)
	succeed(t, append([]string{"verify"}, anew...)...)
	s.fail(t, exitFailure, `^checkpoint over 1 blocks: want root \S{44}, as it was signed, have \S{44}\n$`, `^settlex: verify: 1 finding `,
		append([]string{"verify", "--checkpoint", s.path("half"), "--key", s.key}, anew...)...)
}

// A key that signs is written once, for its owner alone.
func TestProofKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "signer.key")
	public := succeed(t, "proof", "key", "--name", "books.example/main", "--out", file)
	if !regexp.MustCompile(`^books\.example/main\+[0-9a-f]{8}\+\S{44}\n$`).MatchString(public) {
		t.Errorf("printed %q", public)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.ParseSigner(string(private)); err != nil {
		t.Error(err)
	}
	r := command(t, "proof", "key", "--name", "books.example/main", "--out", file)
	if want := "settlex: " + file + " is there already, and stays as it is\n"; r.code != exitFailure || r.stderr != want || r.stdout != "" {
		t.Errorf("again: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, private) {
		t.Errorf("the key was overwritten: %v", err)
	}
}

func TestProofFaults(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	s := newProofShop(t)
	signer, half, all := s.path("signer.key"), s.path("half"), s.path("all")
	rows := []struct {
		code   int
		stderr string
		args   []string
	}{
		{exitUsage, `^settlex: key, checkpoint, entry or verify\? \(see settlex proof --help\)`, []string{}},
		{exitUsage, `unknown command "entri"; did you mean entry\?`, []string{"entri"}},
		{exitUsage, `--name and --out are needed`, []string{"key", "--name", "x"}},
		{exitUsage, `"a b" cannot be the name of one`, []string{"key", "--name", "a b", "--out", s.path("x")}},
		{exitUsage, `--signer is missing`, []string{"checkpoint"}},
		{exitUsage, `--since and --key go together`, []string{"checkpoint", "--signer", signer, "--since", half, "--out", s.path("x")}},
		{exitUsage, `--since needs --out`, []string{"checkpoint", "--signer", signer, "--since", half, "--key", s.key}},
		{exitFailure, `all is there already, and stays as it is`, []string{"checkpoint", "--signer", signer, "--out", all}},
		{exitFailure, `half: signer key: malformed`, []string{"checkpoint", "--signer", half}},
		{exitFailure, `signer\.key: proof is refused: `, []string{"checkpoint", "--signer", signer, "--since", signer, "--key", s.key, "--out", s.path("x")}},
		{exitUsage, `which entry\? Give its key, or --seq`, []string{"entry", "--checkpoint", all}},
		{exitUsage, `which entry\? Give its key, or --seq`, []string{"entry", "key", "--seq", "3", "--checkpoint", all}},
		{exitUsage, `one key at a time, here are 2`, []string{"entry", "a", "b", "--checkpoint", all}},
		{exitUsage, `--checkpoint or --signer is needed`, []string{"entry", "key"}},
		{exitUsage, `--checkpoint or --signer is needed`, []string{"entry", "key", "--checkpoint", all, "--signer", signer}},
		{exitFailure, `no entry has the key "nobody"`, []string{"entry", "nobody", "--checkpoint", all}},
		{exitFailure, `prove item 999999: not found`, []string{"entry", "--seq", "999999", "--checkpoint", all}},
		{exitFailure, `item is behind the checkpoint`, []string{"entry", "--seq", "750", "--checkpoint", half}},
		{exitFailure, `all is there already, and stays as it is`, []string{"entry", "--seq", "6", "--checkpoint", half, "--out", all}},
		{exitUsage, `which file\?`, []string{"verify", "--key", s.key}},
		{exitUsage, `--key is missing`, []string{"verify", all}},
	}
	for _, row := range rows {
		s.fail(t, row.code, `^$`, row.stderr, append(append([]string{"proof"}, row.args...), "--config", s.config)...)
	}
	s.fail(t, exitUsage, `^$`, `--checkpoint and --key go together`, "verify", "--checkpoint", half, "--config", s.config)
	s.fail(t, exitUsage, `^$`, `--checkpoint and --key go together`, "verify", "--key", s.key, "--config", s.config)
	s.fail(t, exitFailure, `^$`, `^settlex: settlex\.yaml: proof is refused`, "verify", "--checkpoint", s.config, "--key", s.key, "--config", s.config)
}

// What an item says in words, whatever its act.
func TestItemInWords(t *testing.T) {
	t.Parallel()
	inr := money.MustCurrency("INR")
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	account := ledger.AccountID{Path: "merchants/m1/available", Currency: inr}
	legs := []ledger.Posting{ledger.Dr(account.Path, money.Minor(123_456_78), inr), ledger.Cr("bank", money.Minor(123_456_78), inr)}
	limits := ledger.Limits{Limited: true, Floor: money.Minor(-500_00), Capped: true, Ceiling: money.Minor(1_000_000_00), Velocity: []ledger.Velocity{
		{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(10_000_00)},
		{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(7)},
	}}
	rows := []struct {
		name string
		item ledger.Booked
		want string
	}{
		{
			"captured",
			ledger.Booked{Act: ledger.Captured, At: at, Breached: true, Entry: ledger.Entry{
				Key: "c1", Kind: "payout", ValueDate: calendar.MustDate("2026-03-02"), Postings: legs, Metadata: []ledger.Attribute{{Name: "why", Value: "line\nfeed"}},
			}, Terms: &ledger.Terms{Of: "h1", All: true, Final: true, Asked: calendar.MustDate("2026-02-27"), Opened: []ledger.Opening{{AccountID: account, Type: ledger.Liability, Limits: limits}}}},
			`  captured    2026-03-02T12:00:00Z
  key         "c1"
  kind        "payout"
  value date  2026-03-02
  limits      breached, as the chart allows
  of          "h1"
  asked for   all that was left
  final       what was left was given back
  asked for   value date 2026-02-27, which was closed
  opened      merchants/m1/available INR, liability, floor -500.00, ceiling 1,000,000.00, 24h out sum at most 10,000.00, 1h in count at most 7
  metadata    "why" = "line\nfeed"
  debit   merchants/m1/available  INR 123,456.78
  credit  bank                    INR 123,456.78
`,
		},
		{
			"held",
			ledger.Booked{Act: ledger.Held, At: at, Entry: ledger.Entry{Key: "h1", Postings: legs}, Terms: &ledger.Terms{Expires: at.Add(time.Hour)}},
			`  held     2026-03-02T12:00:00Z
  key      "h1"
  expires  2026-03-02T13:00:00Z
  debit   merchants/m1/available  INR 123,456.78
  credit  bank                    INR 123,456.78
`,
		},
		{
			"changed",
			ledger.Booked{Act: ledger.Changed, At: at, Entry: ledger.Entry{Key: "a1"}, Terms: &ledger.Terms{Change: &ledger.Change{
				AccountID: account, Status: ledger.AccountClosed, Force: true, Limits: &ledger.Limits{}, HasMetadata: true,
			}}},
			`  changed   2026-03-02T12:00:00Z
  key       "a1"
  account   merchants/m1/available INR
  status    closed, by force
  limits    none
  metadata  none
`,
		},
		{
			"closed",
			ledger.Booked{Act: ledger.Closed, At: at, Entry: ledger.Entry{Key: "p1"}, Terms: &ledger.Terms{Through: calendar.MustDate("2026-02-28")}},
			`  closed          2026-03-02T12:00:00Z
  key             "p1"
  closed through  2026-02-28
`,
		},
		{
			"refused",
			ledger.Booked{Act: ledger.Refused, At: at, Entry: ledger.Entry{Key: "r1"}, Terms: &ledger.Terms{Refusal: &ledger.Refusal{
				Asked:   ledger.Booked{Act: ledger.Posted, Entry: ledger.Entry{Key: "r1", Kind: "payout", Postings: legs}},
				Failure: ledger.Failure{Reason: ledger.ErrInsufficientFunds, Account: account, Has: money.Minor(1_00), Change: money.Minor(-123_456_78)},
			}}},
			`  refused  2026-03-02T12:00:00Z
  key      "r1"
  because  insufficient funds: merchants/m1/available has INR 1.00 available, 123456.78 is asked for, the floor is 0.00
  what was asked for:
    posted
    key     "r1"
    kind    "payout"
    debit   merchants/m1/available  INR 123,456.78
    credit  bank                    INR 123,456.78
`,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, itemInWords(&row.item)); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}
