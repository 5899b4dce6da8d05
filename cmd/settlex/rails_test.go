package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment/iso20022"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// banked is a configuration with a rail of files; books stand for DATA.
const banked = `data: DATA
regions: [{id: IN, currencies: [INR], bank: in_escrow}]
merchants: [{id: m-1, name: First Shop, region: IN}]
schedules:
  - {id: in, for: [platform], timezone: Asia/Kolkata, cutoffs: [{at: "18:00"}], anchor: {kind: manual}, delay: {n: 2}, calendars: [IN]}
fees:
  - {id: capture, match: {event: capture}, components: [{kind: c, rate: 0%}]}
  - {id: dispute, match: {event: dispute}, components: [{kind: c, rate: 0%}]}
  - {id: payout, match: {event: payout}, components: [{kind: c, rate: 0%}]}
rails:
  - id: bank
    kind: file
    for: [platform]
    outbox: out
    inbox: in
    sender: Example Pay
    timezone: Asia/Kolkata
    accounts: [{bank: in_escrow, name: Example Pay, account: "000111222333", agent: HDFC0000001}]
    beneficiaries: [{merchant: m-1, name: First Shop, account: "50100012345678"}]
`

// manyPayouts is how many leave in these tests: in two files.
const manyPayouts = 600

// owing is a directory whose books, in a file or in a database, have payouts that are to
// leave.
func owing(t *testing.T, data string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var events bytes.Buffer
	_, _ = fmt.Fprintln(&events, "kind,id,occurred_at,merchant_id,currency,amount,method,rail")
	_, _ = fmt.Fprintf(&events, "deposit,d,2026-03-02T10:00:00+05:30,m-1,INR,%d.00,UPI,upi\n", 2*manyPayouts)
	_, _ = fmt.Fprintf(&events, "rail_settlement,r,2026-03-03T10:00:00+05:30,,INR,%d.00,,upi\n", 2*manyPayouts)
	for i := range manyPayouts {
		_, _ = fmt.Fprintf(&events, "payout,p-%04d,2026-03-09T10:00:00+05:30,m-1,INR,1.00,IMPS,bank\n", i)
	}
	for name, text := range map[string]string{"settlex.yaml": strings.Replace(banked, "DATA", data, 1), "events.csv": events.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "settlex.yaml")
	succeed(t, "init", "--config", config)
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "events.csv"))
	return dir
}

// courier carries files to the bank, and its reports back.
type courier struct {
	dir   string
	times map[string]int // each payment was in a file
}

// carry takes what is in the outbox and reports on it.
func (c *courier) carry(t *testing.T, status string) (files int) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.dir, "out", "*.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range regexp.MustCompile("<EndToEndId>([^<]*)<").FindAllSubmatch(content, -1) {
			c.times[string(id[1])]++
		}
		message := strings.TrimSuffix(filepath.Base(name), ".xml")
		report := `<Document xmlns="` + iso20022.Status + `"><CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId><CreDtTm>2026-03-10T05:00:00Z</CreDtTm></GrpHdr>` +
			`<OrgnlGrpInfAndSts><OrgnlMsgId>` + message + `</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>` + status + `</GrpSts>` +
			`</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>`
		if err := os.MkdirAll(filepath.Join(c.dir, "in"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.dir, "in", message+"-"+status+".xml"), []byte(report), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	return len(found)
}

// settled runs the jobs until the bank has nothing more to do, and gives how often the
// payments were in files and what has become of them.
func (c *courier) settled(t *testing.T) map[string]int {
	t.Helper()
	config := filepath.Join(c.dir, "settlex.yaml")
	for files := 1; files > 0; {
		if r := commandAt(t, onTenth, "run", "--once", "--quiet", "--config", config); r.code != exitOK {
			t.Fatalf("%s%s", r.stdout, r.stderr)
		}
		files = c.carry(t, "ACSC")
	}
	verifyAtEnd(t, config)
	succeed(t, "check", "--strict", "--config", config)
	got := make(map[string]int)
	for _, times := range c.times {
		got[fmt.Sprintf("left %d times", times)]++
	}
	for _, what := range []string{"payout.sent", "payout.completed", "payout.failed"} {
		got[what] = strings.Count(succeed(t, "events", "--quiet", "--type", what, "--config", config), "\n")
	}
	return got
}

func onTenth() time.Time { return time.Date(2026, time.March, 10, 5, 0, 0, 0, time.UTC) }

// wantSettled is each payment once.
func wantSettled() map[string]int {
	return map[string]int{"left 1 times": manyPayouts, "payout.sent": manyPayouts, "payout.completed": manyPayouts, "payout.failed": 0}
}

// runOnce is the jobs as a process.
func runOnce(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "settlex", "run", "--once", "--quiet")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), clockVar+"="+onTenth().Format(time.RFC3339))
	return cmd
}

// A process killed with SIGKILL anywhere between the books and the outbox, or between the
// inbox and the books, and run again, pays each payout once.
func TestRailsKilled(t *testing.T) {
	t.Parallel()
	dir := owing(t, "settlex.db")
	began := time.Now()
	if out, err := runOnce(t, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(began)
	parts, killed := 6, 0
	if testing.Short() {
		parts = 2
	}
	for part := range parts { // one after the other: the time of one says when the next is killed
		c := &courier{owing(t, "settlex.db"), make(map[string]int)}
		for range 2 { // sending, then taking answers
			cmd := runOnce(t, c.dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(whole*time.Duration(part+1)/time.Duration(parts+1), func() { _ = cmd.Process.Kill() })
			if cmd.Wait() != nil {
				killed++
			}
			timer.Stop()
			c.carry(t, "ACSC")
		}
		if diff := cmp.Diff(wantSettled(), c.settled(t)); diff != "" {
			t.Errorf("part %d (-want +got)\n%s", part, diff)
		}
	}
	if t.Logf("%d of %d processes were killed", killed, 2*parts); killed == 0 {
		t.Error("no process was killed")
	}
}

// Processes that send from one database at once pay each payout once.
func TestRailsOnDatabase(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("sends and collects on two servers")
	}
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			c := &courier{owing(t, newDatabase(t, server)), make(map[string]int)}
			var done sync.WaitGroup
			for range 3 {
				done.Go(func() {
					if out, err := runOnce(t, c.dir).CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
			done.Wait()
			if diff := cmp.Diff(wantSettled(), c.settled(t)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
