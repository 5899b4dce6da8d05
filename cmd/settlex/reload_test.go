//go:build unix

package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/runner"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// reloadable is a configuration of one region, with a place for a calendar's override.
const reloadable = `
run: {wake: "0 0 1 1 *"}
formats: [csv]
unknown_merchants: create
calendars: [{id: PK, extends: PK%OVERRIDES%}]
regions: [{id: PK, currencies: [PKR], bank: pk_escrow}]
schedules:
  - {id: pk, for: [{region: PK}], timezone: Asia/Karachi, cutoffs: [{at: 18:00}], delay: {n: 1}, calendars: [PK]}
fees:
  - {id: capture, match: {event: capture}, components: [{kind: c, rate: %RATE%}]}
  - {id: dispute, match: {event: dispute}, components: [{kind: c, rate: 1%}]}
  - {id: payout, match: {event: payout}, components: [{kind: c, rate: 1%}]}
`

// reload fills in the places of reloadable.
func reload(overrides, rate string) string {
	return strings.NewReplacer("%OVERRIDES%", overrides, "%RATE%", rate).Replace(reloadable)
}

const early = ", cutoff_overrides: [{date: 2026-03-19, at: 13:00}]"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// running is a program whose jobs are woken by the test.
type running struct {
	t    *testing.T
	dir  string
	log  *bytes.Buffer
	jobs []runner.Job
	c    *standing
}

// runJobs makes the jobs of settlex run on a data file.
func runJobs(t *testing.T, dir string, clock func() time.Time) *running {
	t.Helper()
	r := &running{t: t, dir: dir, log: new(bytes.Buffer)}
	p := &program{out: &output{w: new(bytes.Buffer)}, err: r.log, clock: clock, owner: "test/1", config: filepath.Join(dir, "settlex.yaml")}
	keys := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "config" {
			return slog.Attr{}
		}
		return a
	}
	var err error
	if r.c, err = p.stand(slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{ReplaceAttr: keys}))); err != nil {
		t.Fatal(err)
	}
	s, err := p.session(t.Context(), r.c.Config)
	if err != nil {
		t.Fatal(err)
	}
	r.jobs, err = p.jobs(s, r.c, func(ctx context.Context, c *config.Config, fn func(context.Context, *session) error) error {
		s, err := p.session(ctx, c)
		if err != nil {
			return err
		}
		return s.do(func(s *session) error { return fn(ctx, s) })
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

// wake runs the jobs once and gives what was logged by the first of them.
func (r *running) wake() string {
	r.t.Helper()
	r.log.Reset()
	if _, err := r.jobs[0].Step(r.t.Context()); err != nil {
		r.log.WriteString("failed: " + err.Error() + "\n")
	}
	told := r.log.String()
	if err := runner.Once(r.t.Context(), runner.Config{Jobs: r.jobs[1:]}); err != nil {
		r.t.Error(err)
	}
	return told
}

// A changed configuration is taken at the next waking if it is right as a whole; else
// its faults are told, once, and the one of before goes on.
func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "settlex.yaml")
	write(t, path, reload("", "1%"))
	write(t, filepath.Join(dir, "day.csv"), "kind,id,occurred_at,merchant_id,currency,amount,method,parent_id,reason_code\n"+
		"deposit,d-1,2026-03-19T10:00:00+05:00,m_shop,PKR,1000.00,WALLET,,\n")
	succeed(t, "init", "--config", path)
	now := time.Date(2026, time.March, 19, 12, 0, 0, 0, time.UTC)
	succeed(t, "ingest", "--config", path, filepath.Join(dir, "day.csv"))
	r := runJobs(t, dir, func() time.Time { return now })
	want := func(lines ...string) {
		t.Helper()
		if diff := cmp.Diff(strings.Join(append(lines, ""), "\n"), r.wake()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
	before := r.c.Config
	want()
	write(t, path, strings.ReplaceAll(reload(early, "1%"), "Asia/Karachi", "Asia/Atlantis")+"fee: []\n")
	want(
		`level=ERROR msg="configuration fault" fault="`+path+`:8:45: schedules[0].timezone: unknown time zone Asia/Atlantis"`,
		`level=ERROR msg="configuration fault" fault="`+path+`:13:1: fee: is unknown; known here: `+known(t, path)+`"`,
		`level=ERROR msg="configuration refused: that of before goes on" faults=2`,
	)
	want() // told once
	if r.c.Config != before {
		t.Error("a configuration with faults stands")
	}
	write(t, path, strings.ReplaceAll(reload(early, "2%"), "formats: [csv]", "formats: [jsonl]"))
	told := r.wake()
	after := r.c.Config
	pk, was := after.Rules.Book.Schedules[0], before.Rules.Book.Schedules[0]
	line := `level=INFO msg="configuration taken" calendar_added=[PK@` + pk.Timing.Calendars[0].Version + `] calendar_gone=[PK@` + was.Timing.Calendars[0].Version +
		`] schedule_added=[` + pk.Pin().String() + `] schedule_gone=[` + was.Pin().String() +
		`] fee_schedule_added=[capture@` + after.Rules.Fees[0].Version + `] fee_schedule_gone=[capture@` + before.Rules.Fees[0].Version + "]\n"
	if diff := cmp.Diff(line, told); diff != "" || len(pk.Timing.Calendars[0].CutoffOverrides) != 1 {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	// What stays as it is until a new start is said; what cannot be is refused by the books, and tried again.
	write(t, path, strings.ReplaceAll(reload(early, "2%"), "formats: [csv]", "formats: [jsonl]\nreports: files\ndata: other.db"))
	want(`level=WARN msg="data and run.wake change when settlex run is started again" data=`+filepath.Join(dir, "settlex.db")+` wake="0 0 1 1 *"`,
		`level=INFO msg="configuration taken" versions=unchanged`)
	write(t, path, strings.ReplaceAll(strings.ReplaceAll(reload("", "2%"), "PKR", "INR"), "2026-03-19", "2026-03-20"))
	refusal := "failed: the configuration of before goes on, the books refuse the new one: register the configuration: " +
		"merchant m_shop has money in PKR: no region lists currency PKR"
	want(refusal)
	want(refusal)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	want("failed: the configuration of before goes on: " + path + " is not there; settlex init writes one, --config names another")

	// The next day the window has closed, and its files are written as the last sound configuration says.
	now = now.AddDate(0, 0, 1)
	r.wake()
	files, err := filepath.Glob(filepath.Join(dir, "files", "settlex_itemised_*_PKR_2026-03-19_*"))
	if err != nil || len(files) != 2 || !strings.HasSuffix(files[0], ".jsonl") {
		t.Errorf("files %v, %v", files, err)
	}
	write(t, path, reload("", "1%"))
	succeed(t, "verify", "--config", path)
}

// known lists the keys at the top of a configuration, as a fault does.
func known(t *testing.T, path string) string {
	t.Helper()
	_, err := config.Parse(path, []byte("x: 1"))
	_, list, found := strings.Cut(err.Error(), "known here: ")
	if list, _, _ = strings.Cut(list, "\n"); !found {
		t.Fatal(err)
	}
	return list
}

// A hangup has the running program look at once.
func TestReloadOnHangup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "settlex.yaml")
	write(t, path, reload("", "1%"))
	succeed(t, "init", "--config", path)
	hangUp(t, dir, "")
}

// So it does on a database.
func TestReloadOnHangupOnDatabase(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			dir, data := t.TempDir(), newDatabase(t, server)
			write(t, filepath.Join(dir, "settlex.yaml"), reload("", "1%")+"data: "+data+"\n")
			succeed(t, "migrate", "--data", data, "--lanes", "1")
			hangUp(t, dir, "data: "+data+"\n")
		})
	}
}

// hangUp writes a wrong and a right configuration in a directory, and hangs up on the
// program that runs there each time.
func hangUp(t *testing.T, dir, more string) {
	t.Helper()
	path := filepath.Join(dir, "settlex.yaml")
	p := startRun(t, dir, "2026-03-19T12:00:00Z")
	p.until("caught up")
	take := func(config, text string) string {
		t.Helper()
		write(t, path, config+more)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		lines := p.until(text)
		return lines[len(lines)-1]
	}
	if line := take(reload("", "1%")+"fee: []\n", "configuration refused"); !strings.Contains(line, "faults=1") {
		t.Errorf("log %q", line)
	}
	if line := take(reload(early, "1%"), "configuration taken"); !strings.Contains(line, "calendar_added=[PK@") || !strings.Contains(line, "schedule_added=[pk@") {
		t.Errorf("log %q", line)
	}
	p.stop(t, syscall.SIGTERM)
}
