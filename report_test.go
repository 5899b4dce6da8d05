package settlex_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
)

// settledWeek is a week, settled up to its end.
func settledWeek(t *testing.T) *house {
	t.Helper()
	h := open(t, threeRegions())
	h.take(week()...)
	h.settle(ist("2026-03-08 18:00"))
	return h
}

func (h *house) report(o settlex.ReportOptions) []report.Written {
	h.t.Helper()
	written, err := h.Report(h.t.Context(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	return written
}

func outcomes(written []report.Written) map[report.Outcome]int {
	n := make(map[report.Outcome]int)
	for _, w := range written {
		n[w.Outcome]++
	}
	return n
}

// Writing the files again leaves them alone and says so; each has a manifest
// that fits.
func TestReportTwice(t *testing.T) {
	t.Parallel()
	h, dir := settledWeek(t), t.TempDir()
	options := settlex.ReportOptions{Dir: dir, From: date("2026-03-02"), To: date("2026-03-03"), Tail: true}
	const files = 4 * 3 * (2*2 + 1) // formats, currencies, two days of two reports and a tail
	if diff := cmp.Diff(map[report.Outcome]int{report.Created: files}, outcomes(h.report(options))); diff != "" {
		t.Errorf("first (-want +got)\n%s", diff)
	}
	before := tree(t, dir)
	if diff := cmp.Diff(map[report.Outcome]int{report.Unchanged: files}, outcomes(h.report(options))); diff != "" {
		t.Errorf("second (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("files (-before +after)\n%s", diff)
	}
	checked, err := report.Check(dir)
	if err != nil || checked.Files != files || len(checked.Findings) != 0 {
		t.Errorf("%+v, %v", checked, err)
	}
}

// A date without a batch has files with a header and zero totals, in every
// currency.
func TestReportEmptyDay(t *testing.T) {
	t.Parallel()
	h, dir := settledWeek(t), t.TempDir()
	h.report(settlex.ReportOptions{Dir: dir, Formats: []report.Format{report.CSV}, From: date("2026-02-01"), To: date("2026-02-01"), Tail: true})
	files := only(tree(t, dir), "settlex_", ".csv")
	if len(files) != 9 {
		t.Errorf("%d files, want 9: %v", len(files), slices.Sorted(maps.Keys(files)))
	}
	for name, content := range files {
		if strings.Count(content, "\r\n") != 1 {
			t.Errorf("%s is not a header alone:\n%s", name, content)
		}
	}
}

// The itemised report says of each line what a bookkeeper needs to know.
func TestItemisedReport(t *testing.T) {
	t.Parallel()
	h, dir := settledWeek(t), t.TempDir()
	h.take(deposit("late", "m2", "2026-03-07 09:00", "10.00"))
	h.settle(ist("2026-03-09 12:00"))
	h.report(settlex.ReportOptions{Dir: dir, Formats: []report.Format{report.CSV}, From: date("2026-03-01"), To: date("2026-03-09")})
	columns := []string{"business_date", "value_date", "window", "batch_status", "merchant_id", "line_no", "reporting_category", "type", "source_id",
		"entry_id", "created_local", "gross", "fee", "tax", "tax_code", "reserve", "net", "running_balance", "late", "original_business_date", "reason_code"}
	var got []string
	for _, day := range []string{"2026-03-04", "2026-03-05", "2026-03-07", "2026-03-09"} {
		for _, row := range table(t, dir+"/settlex_itemised_all_INR_"+day+"_all_v1.csv") {
			var cells []string
			if row["source_id"] == row["batch_id"] {
				row["source_id"] = "ITSELF"
			}
			for _, c := range columns {
				cells = append(cells, row[c])
			}
			got = append(got, strings.Join(cells, "|"))
		}
	}
	want := []string{
		"2026-03-04|2026-03-04|w1|carried_forward|m2|1|refund|refund|r2|refund/r2/created|2026-03-04T11:00:00.000000+05:30|-20.00|0.00|0.00||0.00|-20.00|-20.00|false||return",
		"2026-03-04|2026-03-04|w1|carried_forward|m2|2|carry|carry_out|ITSELF||2026-03-04T12:00:00.000000+05:30|20.00|0.00|0.00||0.00|20.00|0.00|false||",
		"2026-03-05|2026-03-05|w2|carried_forward|m1|1|carry|carry_in|ITSELF||2026-03-05T18:00:00.000000+05:30|-1017.70|0.00|0.00||0.00|-1017.70|-1017.70|false||",
		"2026-03-05|2026-03-05|w2|carried_forward|m1|2|dispute|dispute_won|x1|dispute/x1/won|2026-03-05T12:30:00.000000+05:30|750.00|0.00|0.00||0.00|750.00|-267.70|false||fraud",
		"2026-03-05|2026-03-05|w2|carried_forward|m1|3|payment|deposit_failed|a2|deposit/a2/failed|2026-03-05T13:00:00.000000+05:30|-500.00|0.00|0.00||50.00|-450.00|-717.70|false||reversed",
		"2026-03-05|2026-03-05|w2|carried_forward|m1|4|carry|carry_out|ITSELF||2026-03-05T18:00:00.000000+05:30|717.70|0.00|0.00||0.00|717.70|0.00|false||",
		"2026-03-07|2026-03-07|w1|carried_forward|m1|1|carry|carry_in|ITSELF||2026-03-07T12:00:00.000000+05:30|-717.70|0.00|0.00||0.00|-717.70|-717.70|false||",
		"2026-03-07|2026-03-07|w1|carried_forward|m1|2|reserve|reserve_release|a1|deposit/a1/reserve.released|2026-03-07T12:00:00.000000+05:30|0.00|0.00|0.00||100.00|100.00|-617.70|false|2026-03-02|due",
		"2026-03-07|2026-03-07|w1|carried_forward|m1|3|carry|carry_out|ITSELF||2026-03-07T12:00:00.000000+05:30|617.70|0.00|0.00||0.00|617.70|0.00|false||",
		"2026-03-07|2026-03-07|w1|carried_forward|m2|1|carry|carry_in|ITSELF||2026-03-07T12:00:00.000000+05:30|-20.00|0.00|0.00||0.00|-20.00|-20.00|false||",
		"2026-03-07|2026-03-07|w1|carried_forward|m2|2|reserve|reserve_release|a3|deposit/a3/reserve.released|2026-03-07T12:00:00.000000+05:30|0.00|0.00|0.00||2.00|2.00|-18.00|false|2026-03-02|due",
		"2026-03-07|2026-03-07|w1|carried_forward|m2|3|carry|carry_out|ITSELF||2026-03-07T12:00:00.000000+05:30|18.00|0.00|0.00||0.00|18.00|0.00|false||",
		"2026-03-09|2026-03-09|w1|closed|m2|1|payment|deposit|late|deposit/late/captured|2026-03-08T20:00:00.000010+05:30|10.00|-0.20|-0.04|gst|-1.00|8.76|8.76|true|2026-03-07|",
		"2026-03-09|2026-03-09|w1|closed|m2|2|payment|deposit|a5|deposit/a5/captured|2026-03-08T20:00:00.000000+05:30|80.00|-1.60|-0.29|gst|-8.00|70.11|78.87|false||",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
}

// The overview says what the files say: its sums are those of all rows read
// back.
func TestOverviewEqualsFiles(t *testing.T) {
	t.Parallel()
	h, dir := settledWeek(t), t.TempDir()
	options := settlex.ReportOptions{Dir: dir, Formats: []report.Format{report.CSV}, From: date("2026-03-01"), To: date("2026-03-09"), Tail: true}
	h.report(options)
	all, err := h.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 {
		t.Errorf("%d regions, want 3", len(all))
	}
	var lines, batches int
	for _, s := range all {
		var batched, unsettled settlex.Figures
		var paid money.Amount
		files := fmt.Sprintf("_all_%s_", s.Currency)
		for name := range only(tree(t, dir), "settlex_", ".csv") {
			if !strings.Contains(name, files) {
				continue
			}
			for _, row := range table(t, dir+"/"+name) {
				switch {
				case strings.HasPrefix(name, "settlex_itemised"):
					lines++
					if row["reporting_category"] != "carry" {
						count(t, &batched, row)
					}
				case strings.HasPrefix(name, "settlex_tail"):
					count(t, &unsettled, row)
				default:
					batches++
					paid = plus(t, paid, row["net"])
				}
			}
		}
		if diff := cmp.Diff([]any{batched, unsettled, paid}, []any{s.Batched, s.Unsettled, s.Paid}, amounts()); diff != "" {
			t.Errorf("%s (-files +overview)\n%s", s.Region, diff)
		}
		lines, batches = lines-s.Lines, batches-s.Batches
	}
	if lines != 0 || batches != 0 {
		t.Errorf("the files have %d lines and %d batches more than the overview", lines, batches)
	}
}

func amounts() cmp.Option {
	return cmp.AllowUnexported(money.Amount{}, money.Currency{}, calendar.Date{})
}

// count adds a row of a file to figures, as a reader of the file would.
func count(t *testing.T, f *settlex.Figures, row map[string]string) {
	t.Helper()
	f.Movements++
	f.Fees, f.Taxes = plus(t, f.Fees, row["fee"]), plus(t, f.Taxes, row["tax"])
	f.Withheld, f.Net = plus(t, f.Withheld, row["withholding"]), plus(t, f.Net, row["net"])
	category := row["reporting_category"]
	if category == "reserve" {
		f.Released = plus(t, f.Released, row["reserve"])
	} else {
		f.Held = plus(t, f.Held, row["reserve"])
	}
	for name, into := range map[string]*money.Amount{"payment": &f.Gross, "refund": &f.Refunds, "dispute": &f.Disputes, "payout": &f.Payouts} {
		if name == category {
			*into = plus(t, *into, row["gross"])
		}
	}
}

func plus(t *testing.T, a money.Amount, major string) money.Amount {
	t.Helper()
	sum, err := a.Add(minor(major))
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// The summary spells the batch equation out, and shows what became of a batch.
func TestSummaryReport(t *testing.T) {
	t.Parallel()
	h, dir := settledWeek(t), t.TempDir()
	id := h.batches()[0].ID
	h.take(payment.Event{Kind: payment.BatchSent, ID: id, OccurredAt: ist("2026-03-09 15:00"), Rail: "imps", RailRef: "UTR1"})
	h.report(settlex.ReportOptions{Dir: dir, Formats: []report.Format{report.CSV}, From: date("2026-03-01"), To: date("2026-03-09")})
	seen := 0
	for name := range only(tree(t, dir), "settlex_summary", ".csv") {
		for _, row := range table(t, dir+"/"+name) {
			seen++
			have := plus(t, plus(t, minor(row["opening_carry"]), row["line_net"]), row["carry_out"])
			if have != minor(row["net"]) {
				t.Errorf("batch %s does not add up: %v", row["batch_id"], row)
			}
			if row["batch_id"] == id && (row["batch_status"] != "submitted" || row["bank_reference"] != "UTR1") {
				t.Errorf("the batch that was sent is %s, reference %q", row["batch_status"], row["bank_reference"])
			}
		}
	}
	if seen != len(h.batches()) {
		t.Errorf("%d rows for %d batches", seen, len(h.batches()))
	}
}

// One batch has a report of its own.
func TestReportBatch(t *testing.T) {
	t.Parallel()
	h, dir := settledWeek(t), t.TempDir()
	b := h.batches()[0]
	written, err := h.ReportBatch(t.Context(), dir, nil, b.ID)
	if err != nil || len(written) != len(report.Formats()) {
		t.Fatalf("%d files, %v", len(written), err)
	}
	for _, w := range written {
		if w.Totals.Rows != int64(b.Lines) || w.Totals.Net != b.Net {
			t.Errorf("%s: totals %+v of a batch of %d lines and %s", w.Path, w.Totals, b.Lines, b.Net)
		}
	}
	if _, err := h.ReportBatch(t.Context(), dir, nil, "set_0"); !errors.Is(err, settlement.ErrUnknownBatch) {
		t.Errorf("unknown batch: %v", err)
	}
}

// Options that make no sense are refused.
func TestReportOptions(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	for name, o := range map[string]settlex.ReportOptions{
		"no directory": {From: date("2026-03-01"), To: date("2026-03-01")},
		"no dates":     {Dir: t.TempDir()},
		"backwards":    {Dir: t.TempDir(), From: date("2026-03-02"), To: date("2026-03-01")},
		"format":       {Dir: t.TempDir(), From: date("2026-03-01"), To: date("2026-03-01"), Formats: []report.Format{"pdf"}},
	} {
		if _, err := h.Report(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A merchant may be paid in a currency that is no region's own: it belongs to
// the merchant's region, and to the files like any other.
func TestReportForeignCurrency(t *testing.T) {
	t.Parallel()
	usd, rules, dir := money.MustCurrency("USD"), threeRegions(), t.TempDir()
	capture := rules.Fees[0]
	capture.ID, capture.Match.Currency = "capture-USD", usd
	rules.Fees = append(rules.Fees, capture)
	store := open(t, rules).store.Store
	engine, err := settlex.New(t.Context(), settlex.Config{
		Store: store, Rules: rules, Clock: func() time.Time { return ist("2026-03-03 12:00") }, Merchants: []merchant.Merchant{{ID: "m7", Region: "IN"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Engine: engine, t: t}
	h.take(in(usd, deposit("u1", "m7", "2026-03-02 10:00", "10.00")))
	if done, err := h.Settle(t.Context(), calendar.Date{}, nil); err != nil || done.Batches != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	h.report(settlex.ReportOptions{Dir: dir, Formats: []report.Format{report.CSV}, From: date("2026-03-02"), To: date("2026-03-02")})
	if rows := table(t, dir+"/settlex_itemised_all_USD_2026-03-02_all_v1.csv"); len(rows) != 1 {
		t.Errorf("%d rows, want 1: %v", len(rows), rows)
	}
	if complete, err := h.Complete(usd); err != nil || complete != date("2026-03-02") {
		t.Errorf("complete through %s, %v; want 2026-03-02", complete, err)
	}
}

// histories draws a few days of some merchants, in order, without what depends
// on when the job ran: payouts, and failures after the reserve's date.
func histories() *rapid.Generator[[]payment.Event] {
	return rapid.Custom(func(t *rapid.T) (events []payment.Event) {
		instant := func(day, days int) time.Time { // never at a cut-off, where booking instants shift by a microsecond
			second := rapid.IntRange(0, days*24-1).Draw(t, "hour")*3600 + rapid.IntRange(1, 3599).Draw(t, "second")
			return ist("2026-03-01 00:00").AddDate(0, 0, day).Add(time.Duration(second) * time.Second)
		}
		for i := range rapid.IntRange(10, 40).Draw(t, "deposits") {
			day := rapid.IntRange(0, 3).Draw(t, "day")
			d := deposit(fmt.Sprint("d", i), rapid.SampledFrom([]string{"m1", "m2", "m3", "m9"}).Draw(t, "merchant"), "2026-03-01 00:00", "1.00")
			d.OccurredAt, d.Amount = instant(day, 1), money.Minor(rapid.Int64Range(1, 100000).Draw(t, "amount"))
			d.Currency = rapid.SampledFrom([]money.Currency{inr(), inr(), pkr(), bdt()}).Draw(t, "currency")
			events = append(events, d)
			if rapid.Bool().Draw(t, "refunded") {
				r := in(d.Currency, refund(fmt.Sprint("r", i), d.ID, "2026-03-01 00:00", "1.00"))
				r.OccurredAt, r.Amount = instant(day+1, 4), d.Amount
				events = append(events, r)
			}
		}
		slices.SortStableFunc(events, func(a, b payment.Event) int { return a.OccurredAt.Compare(b.OccurredAt) })
		return events
	})
}

// Whether events and jobs come day by day, or all events and then all jobs, or
// jobs only after days off: itemised and summary files are the same bytes.
func TestSameFilesWheneverJobsRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	for seed := range 3 {
		events := histories().Example(seed)
		dirs := map[string]string{"at the end": "", "day by day": "", "after days off": ""}
		for name, days := range map[string][]int{"at the end": {12}, "day by day": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "after days off": {2, 7, 12}} {
			h, rest := open(t, threeRegions()), events
			for _, day := range days {
				now := ist("2026-03-01 20:00").AddDate(0, 0, day)
				n, _ := slices.BinarySearchFunc(rest, now, func(e payment.Event, t time.Time) int { return e.OccurredAt.Compare(t) })
				h.take(rest[:n]...)
				rest = rest[n:]
				h.settle(now)
			}
			dirs[name] = t.TempDir()
			h.report(settlex.ReportOptions{
				Dir: dirs[name], Formats: []report.Format{report.CSV, report.Parquet}, From: date("2026-03-01"), To: date("2026-03-12"),
			})
		}
		for _, suffix := range []string{".csv", ".parquet"} {
			want := only(tree(t, dirs["at the end"]), "settlex_", suffix)
			for _, name := range []string{"day by day", "after days off"} {
				if diff := cmp.Diff(want, only(tree(t, dirs[name]), "settlex_", suffix)); diff != "" {
					t.Errorf("seed %d (-at the end +%s)\n%s", seed, name, diff)
				}
			}
		}
	}
}
