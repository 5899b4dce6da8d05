package settlex_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
	"github.com/settlex/settlex/store/bolt"
)

// try simulates rules on the house's books, to which nothing must be written.
func (h *house) try(s settlex.Simulation) (*settlex.Difference, error) {
	h.t.Helper()
	dir := h.t.TempDir()
	s.Scratch = func() (ledger.Store, func() error, error) {
		path := filepath.Join(dir, "replay.db")
		store, err := bolt.Open(path, bolt.Options{Throwaway: true})
		if err != nil {
			return nil, nil, err
		}
		return store, func() error { return errors.Join(store.Close(), os.Remove(path)) }, nil
	}
	s.Dir = dir
	writes, heads := h.store.writes, h.heads()
	d, err := h.Simulate(h.t.Context(), s)
	if h.store.writes != writes {
		h.t.Errorf("a simulation has written %d times", h.store.writes-writes)
	}
	if diff := cmp.Diff(heads, h.heads()); diff != "" {
		h.t.Errorf("heads of the journal (-before +after a simulation)\n%s", diff)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		h.t.Errorf("a simulation leaves %d files, %v", len(left), err)
	}
	return d, err
}

// heads are the ends of the journal.
func (h *house) heads() (heads []ledger.Head) {
	h.t.Helper()
	err := h.Books().Read(h.t.Context(), func(r ledger.Reader) (err error) {
		heads, err = r.Heads(h.t.Context())
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return heads
}

// daily is India with one window at 18:00, paid so many business days later, a fee of so
// much, and no reserve.
func daily(delay int, fee string) *payment.Rules {
	rules := threeRegions()
	rules.Book.Schedules = []merchant.Schedule{schedule("IN", "Asia/Kolkata", delay, "18:00")}
	rules.Book.Plans, rules.Plans = nil, nil
	for i := range rules.Fees {
		if rules.Fees[i].Match.Event == fees.EventCapture {
			rules.Fees[i].Components[0].Rate = money.MustRate(fee)
		}
	}
	return rules
}

// What other rules change is told in money and in days, and nothing is written. Monday's
// money waits a day and Tuesday's too where it was paid the same evening.
func TestSimulateDifference(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(
		deposit("d1", "m1", "2026-03-02 10:00", "1000.00"), deposit("d2", "m1", "2026-03-03 10:00", "3000.00"),
		deposit("d3", "m2", "2026-03-03 11:00", "500.00"), refund("r1", "d1", "2026-03-03 12:00", "100.00"),
	)
	h.settle(ist("2026-03-05 00:00"))
	d, err := h.try(settlex.Simulation{Rules: daily(2, "1%"), To: date("2026-03-05")})
	if err != nil {
		t.Fatal(err)
	}
	if !d.Real.Exact() || d.Real.Batches != 3 {
		t.Errorf("%+v, want 3 batches that are the same", d.Real)
	}
	if len(d.Left) > 0 || d.Events != 6 { // with two merchants that come into being
		t.Errorf("%d events, %v left out", d.Events, d.Left)
	}
	var got []string
	for _, row := range append(d.Rows, d.Totals...) {
		for _, o := range []settlex.Outcome{row.Before, row.After} {
			average, err := o.Waiting.Average()
			if err != nil {
				t.Fatal(err)
			}
			c := row.Currency
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s: paid %s in %d, fees %s, tax %s, waited %s hundredths of a day, at most %d, balance %s", row.Merchant, c,
				c.Format(o.Paid), o.Batches, c.Format(o.Fees), c.Format(o.Taxes), average, o.Waiting.Max, c.Format(o.Balance))))
		}
	}
	want := []string{
		"m1 INR: paid 3805.60 in 2, fees 80.00, tax 14.40, waited 0 hundredths of a day, at most 0, balance 0.00",
		"m1 INR: paid 3852.80 in 2, fees 40.00, tax 7.20, waited 200 hundredths of a day, at most 2, balance 0.00",
		"m2 INR: paid 488.20 in 1, fees 10.00, tax 1.80, waited 0 hundredths of a day, at most 0, balance 0.00",
		"m2 INR: paid 494.10 in 1, fees 5.00, tax 0.90, waited 200 hundredths of a day, at most 2, balance 0.00",
		"INR: paid 4293.80 in 3, fees 90.00, tax 16.20, waited 0 hundredths of a day, at most 0, balance 0.00",
		"INR: paid 4346.90 in 3, fees 45.00, tax 8.10, waited 200 hundredths of a day, at most 2, balance 0.00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("difference (-want +got)\n%s", diff)
	}
}

// Only the dates that are compared count, and what was before them is replayed all the
// same: it was carried into them.
func TestSimulatePeriod(t *testing.T) {
	t.Parallel()
	small := daily(0, "2%")
	small.Book.Schedules[0].MinPayout = minor("500.00")
	h := open(t, small)
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "400.00"), deposit("d2", "m1", "2026-03-04 10:00", "400.00"), deposit("d3", "m1", "2026-03-09 10:00", "900.00"))
	h.settle(ist("2026-03-10 00:00"))
	d, err := h.try(settlex.Simulation{Rules: daily(0, "2%"), From: date("2026-03-04"), To: date("2026-03-06")})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Rows) != 1 {
		t.Fatalf("%d rows, want 1", len(d.Rows))
	}
	before, after := d.Rows[0].Before, d.Rows[0].After
	if before.Paid != minor("781.12") || before.Waiting.Max != 2 || before.Batches != 1 {
		t.Errorf("paid %s in %d, waited %d at most; both deposits are paid on the 4th", inr().Format(before.Paid), before.Batches, before.Waiting.Max)
	}
	if after.Paid != minor("390.56") || after.Waiting.Max != 0 {
		t.Errorf("without a minimum paid %s, waited %d at most; the first was paid on the 2nd", inr().Format(after.Paid), after.Waiting.Max)
	}
	if d.Real.Batches != 2 || !d.Real.Exact() { // of the 2nd and the 4th
		t.Errorf("%+v", d.Real)
	}
}

// A payout for which there is no money yet by other rules is left out with everything that
// happened to it, and told; it is no fault of the run.
func TestSimulatePayoutWithoutMoney(t *testing.T) {
	t.Parallel()
	h := open(t, byHandIn(0))
	payout := deposit("p1", "m9", "2026-03-02 15:00", "500.00")
	payout.Kind = payment.PayoutRequested
	h.take(deposit("d1", "m9", "2026-03-02 10:00", "1000.00"), payout,
		payment.Event{Kind: payment.PayoutSent, ID: "p1", OccurredAt: ist("2026-03-02 16:00")},
		payment.Event{Kind: payment.PayoutCompleted, ID: "p1", OccurredAt: ist("2026-03-02 17:00")})
	d, err := h.try(settlex.Simulation{Rules: byHandIn(3), To: date("2026-03-10")})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Left) != 1 || !d.Left[0].Changed || d.Left[0].ID != "p1" || d.Left[0].Amount != minor("500.00") || !strings.Contains(d.Left[0].Reason, "insufficient funds") {
		t.Fatalf("left out: %+v, want p1 alone, by the other rules", d.Left)
	}
	row := d.Rows[0]
	if row.Before.Payouts != minor("500.00") || !row.After.Payouts.IsZero() {
		t.Errorf("payouts of %s and %s, want 500.00 and none", inr().Format(row.Before.Payouts), inr().Format(row.After.Payouts))
	}
	if row.Before.Waiting.Max != 0 || row.After.Waiting.Max != 3 {
		t.Errorf("waited %d and %d days, want 0 and 3", row.Before.Waiting.Max, row.After.Waiting.Max)
	}
}

// byHandIn is threeRegions where m9, settled by hand, has its money so many days later.
func byHandIn(days int) *payment.Rules {
	rules := threeRegions()
	rules.Book.Plans, rules.Plans = nil, nil
	for i := range rules.Book.Schedules {
		if s := &rules.Book.Schedules[i]; s.Timing.Anchor.Kind == calendar.Manual {
			s.Timing.Delay.N = days
		}
	}
	return rules
}

// What came back of a batch is replayed where other rules make the batch too, and left out
// where they make others.
func TestSimulateReturnedBatch(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"), deposit("d2", "m1", "2026-03-04 10:00", "1000.00"))
	h.settle(ist("2026-03-03 00:00"))
	id := h.batches()[0].ID
	h.take(
		payment.Event{Kind: payment.BatchSent, ID: id, Rail: "imps", OccurredAt: ist("2026-03-03 09:00")},
		payment.Event{Kind: payment.BatchPaid, ID: id, OccurredAt: ist("2026-03-03 10:00")},
		payment.Event{Kind: payment.BatchReturned, ID: id, OccurredAt: ist("2026-03-04 09:00"), ReasonCode: "closed_account"},
	)
	h.settle(ist("2026-03-05 00:00"))
	same, err := h.try(settlex.Simulation{Rules: daily(0, "1%"), To: date("2026-03-05")})
	if err != nil {
		t.Fatal(err)
	}
	if !same.Real.Exact() || len(same.Left) > 0 || same.Rows[0].After.Paid != minor("1976.40") {
		t.Errorf("%+v, left out %v, paid %s: the batch comes back in both", same.Real, same.Left, inr().Format(same.Rows[0].After.Paid))
	}
	if w := same.Rows[0].After.Waiting; w.Money != minor("1976.40") || w.Days != minor("1976.40") || w.Max != 2 {
		t.Errorf("%s waited %s days, at most %d: what came back waits from the 2nd to the 4th", inr().Format(w.Money), inr().Format(w.Days), w.Max)
	}
	later := daily(1, "2%")
	later.Book.Schedules[0].Version = "2"
	others, err := h.try(settlex.Simulation{Rules: later, To: date("2026-03-05")})
	if err != nil {
		t.Fatal(err)
	}
	if len(others.Left) != 1 || others.Left[0].Kind != payment.BatchReturned || others.Rows[0].After.Paid != minor("1952.80") {
		t.Errorf("left out %+v, paid %s: there is no such batch", others.Left, inr().Format(others.Rows[0].After.Paid))
	}
}

// A debt that was reclassified at the very watermark, once the batch was closed, is in the replay, which closes
// the batch before it, too.
func TestSimulateReclassified(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"), refund("r1", "d1", "2026-03-03 12:00", "100.00"))
	h.settle(ist("2026-03-03 18:00"))
	debt := deposit("b1", "m1", "2026-03-03 18:00", "50.00")
	debt.Kind, debt.Method = payment.DebtReclassified, ""
	h.take(debt, deposit("d2", "m1", "2026-03-04 11:00", "500.00"))
	h.settle(ist("2026-03-05 00:00"))
	d, err := h.try(settlex.Simulation{Rules: daily(0, "2%"), To: date("2026-03-05")})
	if err != nil {
		t.Fatal(err)
	}
	if !d.Real.Exact() || d.Real.Batches != 3 || len(d.Left) > 0 {
		t.Errorf("%+v, left out %v, want 3 batches that are the same", d.Real, d.Left)
	}
}

// Of a batch that is paid in parts, the part that came back waits for the batch that pays
// it again, and the other one does not.
func TestSimulateReturnedPart(t *testing.T) {
	t.Parallel()
	parts := daily(0, "2%")
	parts.Book.Schedules[0].MaxPayout = minor("500.00")
	h := open(t, parts)
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"), deposit("d2", "m1", "2026-03-04 10:00", "1000.00"))
	h.settle(ist("2026-03-03 00:00"))
	id := h.batches()[0].ID
	h.take(
		payment.Event{Kind: payment.BatchSent, ID: id, Rail: "imps", OccurredAt: ist("2026-03-03 09:00")},
		payment.Event{Kind: payment.BatchPaid, ID: id, OccurredAt: ist("2026-03-03 10:00")},
		payment.Event{Kind: payment.BatchReturned, ID: settlement.PartID(id, 2), OccurredAt: ist("2026-03-04 09:00"), ReasonCode: "closed_account"},
	)
	h.settle(ist("2026-03-05 00:00"))
	d, err := h.try(settlex.Simulation{Rules: parts, To: date("2026-03-05")})
	if err != nil {
		t.Fatal(err)
	}
	is, w := d.Rows[0].Before, d.Rows[0].Before.Waiting
	if !d.Real.Exact() || is.Paid != minor("1952.80") || w.Money != minor("1952.80") || w.Days != minor("952.80") || w.Max != 2 {
		t.Errorf("%+v, paid %s, %s waited %s days, at most %d: 476.40 of the 2nd are paid on the 4th", d.Real, inr().Format(is.Paid), inr().Format(w.Money), inr().Format(w.Days), w.Max)
	}
}

// What is held until somebody lets it go is not paid, and waits for more than a date; what
// is held until a date is paid then.
func TestSimulateHeld(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"))
	h.settle(ist("2026-03-03 00:00"))
	for _, c := range []struct {
		hold         merchant.ScheduleHold
		paid, unsent string
		waited       int
	}{
		{merchant.ScheduleHold{Reason: "x"}, "0.00", "976.40", 0},
		{merchant.ScheduleHold{Reason: "x", Until: date("2026-03-04")}, "976.40", "0.00", 2},
		{merchant.ScheduleHold{Reason: "x", Until: date("2026-03-09")}, "976.40", "0.00", 7}, // after the clock ends
	} {
		held := daily(0, "2%")
		held.Book.Schedules[0].Hold = &c.hold
		d, err := h.try(settlex.Simulation{Rules: held, To: date("2026-03-05")})
		if err != nil {
			t.Fatal(err)
		}
		before, after := d.Rows[0].Before, d.Rows[0].After
		if before.Paid != minor("976.40") || !before.Unsent.IsZero() {
			t.Errorf("without a hold paid %s, unsent %s", inr().Format(before.Paid), inr().Format(before.Unsent))
		}
		if after.Paid != minor(c.paid) || after.Unsent != minor(c.unsent) || after.Waiting.Max != c.waited {
			t.Errorf("until %s: paid %s, unsent %s, waited %d, want %s, %s, %d", c.hold.Until, inr().Format(after.Paid), inr().Format(after.Unsent), after.Waiting.Max, c.paid, c.unsent, c.waited)
		}
	}
}

// What is paid in another currency stands in the row of that, with the spread.
func TestSimulateConverted(t *testing.T) {
	t.Parallel()
	h, source := abroad(t)
	source.quote(t, inRupees("q1", "0.3", "2026-03-02 10:00"))
	h.take(pakistani("d1", "2026-03-02 12:00", "1000.00"), pakistani("d2", "2026-03-05 12:00", "500.00")) // the quote is stale by then
	h.settle(ist("2026-03-07 00:00"))
	none := paidInRupees("1%")
	for i := range none.Book.Schedules {
		none.Book.Schedules[i].FX = nil
	}
	for _, c := range []struct {
		name  string
		rules *payment.Rules
		want  []string
	}{
		{"a spread of 20 %", paidInRupees("20%"), []string{"p1 INR: 297.00 and 240.00, spread 3.00 and 60.00, unsent 0.00 and 0.00", "p1 PKR: 0.00 and 0.00, spread 0.00 and 0.00, unsent 500.00 and 500.00"}},
		{"no conversion", none, []string{"p1 INR: 297.00 and 0.00, spread 3.00 and 0.00, unsent 0.00 and 0.00", "p1 PKR: 0.00 and 1500.00, spread 0.00 and 0.00, unsent 500.00 and 0.00"}},
	} {
		d, err := h.try(settlex.Simulation{Rules: c.rules})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range d.Rows {
			f, b, a := row.Currency.Format, &row.Before, &row.After
			got = append(got, fmt.Sprintf("%s %s: %s and %s, spread %s and %s, unsent %s and %s", row.Merchant, row.Currency, f(b.Paid), f(a.Paid), f(b.Spread), f(a.Spread), f(b.Unsent), f(a.Unsent)))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
		if !d.Real.Exact() {
			t.Errorf("%s: %+v", c.name, d.Real)
		}
	}
}

// A batch that a late quote gave up is no decision: nothing of it is told again.
func TestSimulateBuysNothing(t *testing.T) {
	t.Parallel()
	h, source := abroad(t)
	h.take(pakistani("d1", "2026-03-02 12:00", "0.01"))
	h.settle(ist("2026-03-03 01:00"))
	source.quote(t, inRupees("q1", "0.3", "2026-03-03 04:00"))
	was := *h.clock
	*h.clock = ist("2026-03-03 05:30") // when a replay looks, too
	if err := h.Convert(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	*h.clock = was
	h.take(pakistani("d2", "2026-03-03 14:00", "10.00"))
	h.settle(ist("2026-03-04 01:00"))
	d, err := h.try(settlex.Simulation{Rules: paidInRupees("20%")})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Left) > 0 || !d.Real.Exact() {
		t.Errorf("left out %+v, %+v", d.Left, d.Real)
	}
}

// Windows that nobody has closed are closed by the replay, so what it says of them never
// was; those behind the last date are not compared.
func TestSimulateUnclosed(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"), deposit("d2", "m2", "2026-03-02 10:00", "1000.00"), deposit("d3", "m1", "2026-03-04 10:00", "1000.00"))
	for _, c := range []struct {
		settled                 string
		to                      string
		batches, same, unclosed int
		first                   string
	}{
		{"", "2026-03-05", 0, 0, 3, "of m1 on 2026-03-02 is not closed in the books"},
		{"2026-03-03 00:00", "2026-03-03", 2, 2, 0, ""},
		{"", "2026-03-05", 2, 2, 1, "of m1 on 2026-03-04 is not closed in the books"},
		{"2026-03-05 00:00", "2026-03-05", 3, 3, 0, ""},
	} {
		if c.settled != "" {
			h.settle(ist(c.settled))
		}
		d, err := h.try(settlex.Simulation{Rules: daily(0, "1%"), To: date(c.to)})
		if err != nil {
			t.Fatal(err)
		}
		a := d.Real
		if a.Batches != c.batches || a.Same != c.same || a.Unclosed != c.unclosed || !strings.HasSuffix(a.First, c.first) || a.Exact() != (c.first == "") {
			t.Errorf("settled %q, up to %s: %+v, exact %t, want %+v", c.settled, c.to, a, a.Exact(), c)
		}
	}
}

// What stands on invoices has the business date of what it was charged for, like what is
// paid: any two halves of a period come to the whole.
func TestSimulateInvoicedPeriod(t *testing.T) {
	t.Parallel()
	h := open(t, invoiced())
	h.take(
		deposit("d1", "m1", "2026-03-31 10:00", "1000.00"), // 2026-03-31
		deposit("d2", "m1", "2026-03-31 19:00", "2000.00"), // behind the cut-off: 2026-04-01
		deposit("d3", "m1", "2026-04-01 01:00", "4000.00"), // 2026-04-01, and still 2026-03-31 in UTC
	)
	h.settle(ist("2026-04-02 00:00"))
	for _, c := range []struct{ from, to, fees, paid string }{
		{"", "2026-04-01", "580.00", "7000.00"},
		{"", "2026-03-31", "460.00", "1000.00"}, // with what the 20.00 and 40.00 of March lack,
		{"2026-04-01", "2026-04-01", "120.00", "6000.00"},
	} {
		s := settlex.Simulation{Rules: invoiced(), To: date(c.to)}
		if c.from != "" {
			s.From = date(c.from)
		}
		d, err := h.try(s)
		if err != nil {
			t.Fatal(err)
		}
		if is := d.Rows[0].Before; is.Fees != minor(c.fees) || is.Paid != minor(c.paid) || is != d.Rows[0].After {
			t.Errorf("%q to %s: fees %s of paid %s, want %s of %s", c.from, c.to, inr().Format(is.Fees), inr().Format(is.Paid), c.fees, c.paid)
		}
	}
}

// invoiced is daily where fees of captures stand on invoices, at least 500.00 a month.
func invoiced() *payment.Rules {
	rules := daily(0, "2%")
	for i := range rules.Fees {
		if rules.Fees[i].Match.Event == fees.EventCapture {
			least := minor("500.00")
			rules.Fees[i].Charge, rules.Fees[i].MonthlyMin = fees.ChargeGross, &least
		}
	}
	return rules
}

// Rules that cannot book what has happened give no answer, nor does a history that others
// have a hand in.
func TestSimulateRefuses(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"))
	free := daily(0, "2%")
	free.Fees = nil
	if _, err := h.try(settlex.Simulation{Rules: free}); !errors.Is(err, settlex.ErrNotReplayable) || !strings.Contains(fmt.Sprint(err), "deposit d1 of 2026-03-02T04:30:00Z") {
		t.Errorf("without a price for the deposit: %v", err)
	}
	if _, err := h.try(settlex.Simulation{Rules: daily(0, "2%"), From: date("2026-03-03"), To: date("2026-03-02")}); err == nil {
		t.Error("a period that ends before it begins was taken")
	}
	foreign := on(t, anystore.Open(t), daily(0, "2%"))
	foreign.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"))
	_, err := foreign.Books().Post(t.Context(), ledger.Entry{Key: "gift", Kind: "gift", Postings: []ledger.Posting{
		ledger.Dr("expense/goodwill", minor("1.00"), inr()), ledger.Cr("merchants/m1/available", minor("1.00"), inr()),
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = foreign.try(settlex.Simulation{Rules: daily(0, "2%")})
	if want := "posted gift moves merchants/m1/available and is no payment's"; !errors.Is(err, settlex.ErrNotReplayable) || !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("with an entry of the host's: %v, want %s", err, want)
	}
}

// An engine that only reads makes nothing and answers all the same.
func TestReadOnlyEngine(t *testing.T) {
	t.Parallel()
	h := open(t, daily(0, "2%"))
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "1000.00"))
	writes := h.store.writes
	e, err := settlex.New(t.Context(), settlex.Config{
		Store: h.store, Rules: daily(1, "2%"), Merchants: []merchant.Merchant{{ID: "new"}}, ReadOnly: true, Clock: func() time.Time { return *h.clock },
	})
	if err != nil {
		t.Fatal(err)
	}
	if all, err := e.Merchants(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d merchants, %v, want 1", len(all), err)
	}
	if _, err := e.Settle(context.Background(), calendar.Date{}, func(*settlement.Batch) {}); !errors.Is(err, settlex.ErrReadOnly) {
		t.Errorf("settled by an engine that only reads: %v", err)
	}
	if h.store.writes != writes {
		t.Errorf("written %d times", h.store.writes-writes)
	}
}
