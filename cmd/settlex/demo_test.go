package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// One demo for all that can be asked about what it leaves behind.
//
//nolint:tparallel // in turn: the data file has one user at a time
func TestDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes the bundled month through everything, twice")
	}
	dir := filepath.Join(t.TempDir(), "settlex-demo")
	config := filepath.Join(dir, "settlex.yaml")
	verifyAtEnd(t, config)
	summary := succeed(t, "demo", "--dir", dir)

	t.Run("golden", func(t *testing.T) {
		golden(t, "testdata/demo.golden", strings.ReplaceAll(summary, dir, "settlex-demo"))
	})
	t.Run("again", func(t *testing.T) { demoAgain(t, dir, summary) })
	for _, code := range []string{"BDT", "INR", "PKR"} {
		c := money.MustCurrency(code)
		printed := readSummary(t, summary, c)
		t.Run("files "+code, func(t *testing.T) { compareWithFiles(t, filepath.Join(dir, "reports"), c, printed) })
		t.Run("events "+code, func(t *testing.T) { compareWithEvents(t, c, printed) })
	}
	t.Run("once", func(t *testing.T) {
		var deposits, refunds []string
		for _, e := range sample.Events() {
			switch e.Kind {
			case payment.DepositCaptured:
				deposits = append(deposits, e.ID)
			case payment.RefundCreated:
				refunds = append(refunds, e.ID)
			}
		}
		checkOnce(t, filepath.Join(dir, "reports"), "deposit", deposits)
		checkOnce(t, filepath.Join(dir, "reports"), "refund", refunds)
	})
	t.Run("batch", func(t *testing.T) { reportOneBatch(t, dir) })
	t.Run("hledger", func(t *testing.T) { agreeWithHLedger(t, config, summary) })
	t.Run("beancount", func(t *testing.T) { agreeWithBeancount(t, config, summary) })
}

// golden compares a text with a file, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// The second run says that nothing changed, and is right.
func demoAgain(t *testing.T, dir, first string) {
	t.Helper()
	before := tree(t, dir, true)
	again := succeed(t, "demo", "--dir", dir)
	if diff := cmp.Diff(before, tree(t, dir, true)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if !strings.Contains(again, "nothing changed") {
		t.Errorf("it does not say that nothing changed:\n%s", again)
	}
	figuresOfFirst, _, _ := strings.Cut(first, "verify found nothing")
	figures, _, _ := strings.Cut(again, "verify found nothing")
	if diff := cmp.Diff(figuresOfFirst, figures); diff != "" {
		t.Errorf("figures (-first +second):\n%s", diff)
	}
}

// printed is a region's table as the demo prints it: for each row its figures
// in minor units, in the order of the columns.
type printed map[string][]money.Amount

// readSummary finds the table of a currency in the demo's output.
func readSummary(t *testing.T, summary string, c money.Currency) printed {
	t.Helper()
	title := regexp.MustCompile(`(?m)^.*, ` + c.String() + `: ([\d,]+) batch.* ([\d,]+) carried forward$`).FindStringSubmatchIndex(summary)
	if title == nil {
		t.Fatalf("no table of %s in:\n%s", c, summary)
	}
	rows := printed{
		"batches": {count2amount(t, summary[title[2]:title[3]])},
		"carried": {count2amount(t, summary[title[4]:title[5]])},
	}
	row := regexp.MustCompile(`^([a-z][a-z ]*?)  +(-?[\d,.]+(?: +-?[\d,.]+)*)$`)
	for line := range strings.SplitSeq(summary[title[1]+2:], "\n") {
		if found := row.FindStringSubmatch(line); found != nil {
			for cell := range strings.FieldsSeq(found[2]) {
				if found[1] == "movements" {
					rows[found[1]] = append(rows[found[1]], count2amount(t, cell))
				} else {
					rows[found[1]] = append(rows[found[1]], csvRow{"currency": c.String(), "x": strings.ReplaceAll(cell, ",", "")}.amount(t, "x"))
				}
			}
		}
		if strings.HasPrefix(line, "paid to merchants") {
			break
		}
	}
	return rows
}

func count2amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseMinor(strings.ReplaceAll(text, ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is printed about batches is what their files hold, and what is printed
// about the rest is what the tail's file holds.
func compareWithFiles(t *testing.T, dir string, c money.Currency, shown printed) {
	t.Helper()
	itemised := readCSV(t, filepath.Join(dir, "settlex_itemised_all_"+c.String()+"_*.csv"))
	batches := readCSV(t, filepath.Join(dir, "settlex_summary_all_"+c.String()+"_*.csv"))
	tail := readCSV(t, filepath.Join(dir, "settlex_tail_all_"+c.String()+"_*.csv"))
	want := printed{"batches": {money.Minor(int64(len(batches)))}, "carried": {money.Amount{}}}
	var carries, paid money.Amount
	for _, batch := range batches {
		if batch["batch_status"] == "carried_forward" {
			want["carried"][0] = plus(t, want["carried"][0], money.Minor(1))
		}
		carries = plus(t, carries, batch.amount(t, "opening_carry"), batch.amount(t, "carry_out"))
		paid = plus(t, paid, batch.amount(t, "net"))
	}
	want["carry out"], want["paid to merchants"] = []money.Amount{carries}, []money.Amount{paid}
	inBatches, inNone := sumMovements(t, itemised), sumMovements(t, tail)
	for label := range inBatches {
		want[label] = []money.Amount{inBatches[label], inNone[label], plus(t, inBatches[label], inNone[label])}
	}
	for _, row := range figureRows() {
		if row.seldom && inBatches[row.label].IsZero() && inNone[row.label].IsZero() {
			delete(want, row.label)
		}
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("the files (-) and what is printed (+):\n%s", diff)
	}
}

// sumMovements sums the rows of files as the summary's rows do.
func sumMovements(t *testing.T, rows []csvRow) map[string]money.Amount {
	t.Helper()
	sums := make(map[string]money.Amount)
	for _, row := range figureRows() {
		sums[row.label] = money.Amount{}
	}
	add := func(label string, amount money.Amount) { sums[label] = plus(t, sums[label], amount) }
	labels := map[string]string{"payment": "payments", "refund": "refunds", "dispute": "disputes", "payout": "payouts", "settlement": "batches put back"}
	for _, row := range rows {
		category := row["reporting_category"]
		if category == "carry" {
			continue
		}
		add("movements", money.Minor(1))
		if label := labels[category]; label != "" {
			add(label, row.amount(t, "gross"))
		}
		add("fees", row.amount(t, "fee"))
		add("taxes on fees", row.amount(t, "tax"))
		add("tax withheld", row.amount(t, "withholding"))
		if category == "reserve" {
			add("reserve released", row.amount(t, "reserve"))
		} else {
			add("reserve held", row.amount(t, "reserve"))
		}
		add("net", row.amount(t, "net"))
	}
	return sums
}

// What is printed about all movements together is what the file of events says.
func compareWithEvents(t *testing.T, c money.Currency, shown printed) {
	t.Helper()
	amounts, labels := make(map[string]money.Amount), make(map[string]string)
	want := map[string]money.Amount{"payments": {}, "refunds": {}, "disputes": {}, "payouts": {}}
	add := func(label string, amount money.Amount) { want[label] = plus(t, want[label], amount) }
	opens := map[payment.Kind]string{
		payment.DepositCaptured: "payments", payment.RefundCreated: "refunds", payment.DisputeOpened: "disputes", payment.PayoutRequested: "payouts",
	}
	undoes := []payment.Kind{payment.DepositFailed, payment.RefundFailed, payment.DisputeWon, payment.PayoutFailed, payment.PayoutReturned}
	for _, e := range sample.Events() {
		if label := opens[e.Kind]; label != "" && e.Currency == c {
			amounts[e.ID], labels[e.ID] = e.Amount, label
			if label != "payments" { // those take away
				amounts[e.ID] = e.Amount.Neg()
			}
			add(label, amounts[e.ID])
		}
		for _, undo := range undoes {
			if label := labels[e.ID]; e.Kind == undo && label != "" {
				add(label, amounts[e.ID].Neg())
			}
		}
	}
	got := make(map[string]money.Amount)
	for label := range want {
		got[label] = shown[label][2]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events (-) and what is printed (+):\n%s", diff)
	}
}

// checkOnce finds each of some movements in exactly one row of the itemised
// reports and the tail.
func checkOnce(t *testing.T, dir, typ string, ids []string) {
	t.Helper()
	rows := append(readCSV(t, filepath.Join(dir, "settlex_itemised_all_*.csv")), readCSV(t, filepath.Join(dir, "settlex_tail_all_*.csv"))...)
	found := make(map[string]int)
	for _, row := range rows {
		if row["type"] == typ {
			found[row["source_id"]]++
		}
	}
	for _, id := range ids {
		if found[id] != 1 {
			t.Errorf("%s %s is in %d places, want 1", typ, id, found[id])
		}
		delete(found, id)
	}
	for id := range found {
		t.Errorf("%s %s is in the files, and in no event", typ, id)
	}
}

// The report of one batch holds its rows of the day's report.
func reportOneBatch(t *testing.T, dir string) {
	t.Helper()
	var of []csvRow
	day := readCSV(t, filepath.Join(dir, "reports", "settlex_itemised_all_INR_2026-03-11_*.csv"))
	id := day[len(day)-1]["batch_id"]
	for _, row := range day {
		if row["batch_id"] == id {
			of = append(of, row)
		}
	}
	out := filepath.Join(t.TempDir(), "one")
	args := []string{"report", "--config", filepath.Join(dir, "settlex.yaml"), "--batch", id, "--format", "csv", "--out", out}
	want := result{stdout: "1 file in " + out + ": 1 created\nnext cut-off of in-t0: 2026-04-06 11:00 Asia/Kolkata (+05:30), morning\n"}
	if got := commandAt(t, func() time.Time { return time.Date(2026, time.April, 6, 0, 0, 0, 0, time.UTC) }, args...); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if diff := cmp.Diff(of, readCSV(t, filepath.Join(out, "*.csv"))); diff != "" {
		t.Errorf("rows (-of the day +of the batch):\n%s", diff)
	}
	unknown := command(t, append(args, "--batch", "set_0000")...)
	if want := "settlex: report of batch set_0000: batch is not known: set_0000\n"; unknown.code != exitFailure || unknown.stderr != want {
		t.Errorf("exit code %d, %q, want %q", unknown.code, unknown.stderr, want)
	}
}

// Files that somebody has changed are not touched, nor is anything else made.
func TestDemoRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"settlex.yaml", "payments.csv"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			changed := filepath.Join(dir, name)
			if err := os.WriteFile(changed, []byte("kind,id\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir, true)
			r := command(t, "demo", "--dir", dir)
			want := "settlex: " + changed + " is not the bundled one: move " + dir + " away, or name another directory with --dir\n"
			if r.code != exitFailure || r.stderr != want || r.stdout != "" {
				t.Errorf("exit code %d\n%s%s, want\n%s", r.code, r.stdout, r.stderr, want)
			}
			if diff := cmp.Diff(before, tree(t, dir, true)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

// On a terminal there is a bar instead of lines.
func TestBar(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	p := &program{err: &shown, terminal: true}
	s := p.begin("ingest")
	s.at(1, 2)
	s.clear()
	s.at(2, 2)
	s.end()
	if text := shown.String(); !strings.Contains(text, "ingest") || !strings.Contains(text, "50%") || strings.Contains(text, "ingest: 50 %") {
		t.Errorf("got %q", text)
	}
}
