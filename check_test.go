package settlex_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// guarded is a story of two merchants: both are settled on Monday; on Tuesday the rail
// pays us, the first one's batch is paid, the second one's is on its way, and the
// first one refunds what it has been paid.
func guarded(h *house) {
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"), deposit("a2", "m2", "2026-03-02 10:30", "500.00"))
	h.settle(ist("2026-03-02 12:00"))
	ids := make(map[string]string)
	for _, b := range h.batches() {
		ids[b.Merchant] = b.ID
	}
	h.take(
		payment.Event{
			Kind: payment.RailSettled, ID: "s1", OccurredAt: ist("2026-03-03 09:00"), Rail: "upi", Currency: inr(),
			Amount: minor("1500.00"), Cost: minor("5.00"), CostTax: minor("0.90"),
		},
		payment.Event{Kind: payment.BatchSent, ID: ids["m1"], OccurredAt: ist("2026-03-03 10:00"), Rail: "neft"},
		payment.Event{Kind: payment.BatchPaid, ID: ids["m1"], OccurredAt: ist("2026-03-03 11:00")},
		payment.Event{Kind: payment.BatchSent, ID: ids["m2"], OccurredAt: ist("2026-03-03 11:30"), Rail: "neft"},
		refund("r1", "a1", "2026-03-03 13:00", "300.00"),
	)
}

// safe is a region's row of a day in INR, as a bookkeeper reads it out.
func (h *house) safe(day string) string {
	h.t.Helper()
	rows, err := h.Safeguarding(h.t.Context(), "IN", date(day))
	if err != nil || len(rows) != 1 {
		h.t.Fatalf("%d rows, %v", len(rows), err)
	}
	s, f := &rows[0], inr().Format
	return fmt.Sprintf("escrow %s + receivables %s + clearing %s = %s; merchants %s (debts %s) + payouts %s + refunds %s + returns %s + suspense %s = %s; surplus %s, short %t",
		f(s.Escrow), f(s.Receivables), f(s.Clearing), f(s.Held), f(s.Merchants), f(s.Debts), f(s.Payouts), f(s.Refunds), f(s.Returns),
		f(s.Suspense), f(s.Owed), f(s.Surplus), s.Short())
}

// What is held for merchants at the end of a day, against what is owed. The first
// merchant owes 200.00 on Tuesday. Were that set against the second one's money, 29.50
// would seem left, which is our fee less what the rail kept; but 170.50 are missing.
func TestSafeguarding(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	guarded(h)
	want := map[string]string{
		"2026-03-01": "escrow 0.00 + receivables 0.00 + clearing 0.00 = 0.00; merchants 0.00 (debts 0.00) + payouts 0.00 + refunds 0.00 + " +
			"returns 0.00 + suspense 0.00 = 0.00; surplus 0.00, short false",
		"2026-03-02": "escrow 0.00 + receivables 1500.00 + clearing 0.00 = 1500.00; merchants 1464.60 (debts 0.00) + payouts 0.00 + refunds 0.00 + " +
			"returns 0.00 + suspense 0.00 = 1464.60; surplus 35.40, short false",
		"2026-03-03": "escrow 617.70 + receivables 0.00 + clearing 0.00 = 617.70; merchants 50.00 (debts 200.00) + payouts 438.20 + refunds 300.00 + " +
			"returns 0.00 + suspense 0.00 = 788.20; surplus -170.50, short true",
	}
	for day, row := range want {
		if diff := cmp.Diff(row, h.safe(day)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", day, diff)
		}
	}
	// What happened on Monday and is told after Tuesday's refund is booked on Tuesday.
	h.take(deposit("a3", "m2", "2026-03-02 20:00", "100.00"))
	if diff := cmp.Diff(want["2026-03-02"], h.safe("2026-03-02")); diff != "" {
		t.Errorf("Monday changed (-want +got)\n%s", diff)
	}
	tuesday := "escrow 617.70 + receivables 100.00 + clearing 0.00 = 717.70; merchants 147.64 (debts 200.00) + payouts 438.20 + refunds 300.00 + " +
		"returns 0.00 + suspense 0.00 = 885.84; surplus -168.14, short true"
	if diff := cmp.Diff(tuesday, h.safe("2026-03-03")); diff != "" {
		t.Errorf("Tuesday (-want +got)\n%s", diff)
	}
	if _, err := h.Safeguarding(t.Context(), "IN", date("2026-06-01")); !errors.Is(err, settlex.ErrNotOver) {
		t.Errorf("today: %v", err)
	}
	if _, err := h.Safeguarding(t.Context(), "XX", date("2026-03-03")); !errors.Is(err, merchant.ErrNoRegion) {
		t.Errorf("a region that is none: %v", err)
	}
	if got := h.LastDay(); got != date("2026-05-30") { // in Karachi it is still the 31st
		t.Errorf("the last day is %s", got)
	}
}

// found checks the books and gives what does not hold.
func (h *house) found(options settlex.CheckOptions) (all []string) {
	h.t.Helper()
	checked, err := h.Check(h.t.Context(), options)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range checked.Findings {
		f := &checked.Findings[i]
		c := f.Currency
		figures := fmt.Sprintf("%s %s %s", c.Format(f.Have), c.Format(f.Wanted), c.Format(f.Difference))
		if f.Rule.Counts {
			figures = fmt.Sprintf("%s %s %s", f.Have, f.Wanted, f.Difference)
		}
		all = append(all, fmt.Sprintf("%s %s: %s%s %s %s", f.Region, f.Rule.ID, f.Path, f.Subject, c, figures))
	}
	if n := checked.Broken() + checked.Alarms(); n != len(all) {
		h.t.Errorf("%d broken or alarms, %d found", n, len(all))
	}
	return all
}

// Alarms are what the world outside has brought about; the books are sound.
func TestCheckAlarms(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(
		deposit("a1", "m1", "2026-03-02 10:00", "1000.00"), deposit("a2", "m1", "2026-03-02 10:00", "50.00"),
		payment.Event{Kind: payment.DisputeOpened, ID: "x1", Parent: "a2", OccurredAt: ist("2026-03-02 11:00"), Currency: inr(), Amount: minor("50.00"), ReasonCode: "fraud"},
		payment.Event{Kind: payment.DisputeLost, ID: "x1", OccurredAt: ist("2026-03-02 11:30")},
	)
	h.settle(ist("2026-03-02 12:00"))
	b := h.batches()[0]
	h.take(
		payment.Event{Kind: payment.BatchSent, ID: b.ID, OccurredAt: ist("2026-03-03 10:00"), Rail: "neft"},
		payment.Event{Kind: payment.BatchPaid, ID: b.ID, OccurredAt: ist("2026-03-03 11:00")},
		payment.Event{Kind: payment.DisputeDebited, ID: "x1", OccurredAt: ist("2026-03-10 11:40"), Currency: inr(), Amount: minor("49.00")},
	)
	below := fmt.Sprintf("IN bank: bank/in-escrow INR -%s 0.00 -%[1]s", inr().Format(b.Net))
	want := []string{
		"IN clearing: disputes/upi/clearingdispute x1 INR -1.00 0.00 -1.00",
		"IN bank: bank/in-escrow INR -901.52 0.00 -901.52",
		"IN receivable age: rails/upi/receivable INR 1050.00 0.00 1050.00",
	}
	if diff := cmp.Diff(want, h.found(settlex.CheckOptions{})); diff != "" {
		t.Errorf("now (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{below}, h.found(settlex.CheckOptions{On: date("2026-03-09")})); diff != "" {
		t.Errorf("a week later (-want +got)\n%s", diff)
	}
	if got := h.found(settlex.CheckOptions{On: date("2026-03-02")}); got != nil {
		t.Errorf("that day: %q", got)
	}
	strict := settlex.CheckOptions{On: date("2026-03-09"), Limits: payment.Limits{Rails: map[string]int{"upi": 6}}}
	if diff := cmp.Diff([]string{below, want[2]}, h.found(strict)); diff != "" {
		t.Errorf("a rail that pays within six days (-want +got)\n%s", diff)
	}
	if got := h.found(settlex.CheckOptions{Region: "PK"}); got != nil {
		t.Errorf("another region: %q", got)
	}
	if _, err := h.Check(t.Context(), settlex.CheckOptions{On: date("2026-06-01")}); !errors.Is(err, settlex.ErrNotOver) {
		t.Errorf("today: %v", err)
	}
}

// What rails pay counts against the oldest of what they owe.
func TestCheckAgeIsOfTheOldest(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	pays := func(id, at, amount string) payment.Event {
		return payment.Event{Kind: payment.RailSettled, ID: id, OccurredAt: ist(at), Rail: "upi", Currency: inr(), Amount: minor(amount)}
	}
	h.take(
		deposit("a1", "m1", "2026-03-02 10:00", "100.00"), deposit("a2", "m1", "2026-03-09 10:00", "100.00"), deposit("a3", "m1", "2026-03-20 10:00", "100.00"),
		pays("s1", "2026-03-21 10:00", "99.99"), pays("s2", "2026-03-22 10:00", "0.01"), pays("s3", "2026-03-23 10:00", "200.00"),
	)
	for day, want := range map[string]string{"2026-03-20": "2026-03-02", "2026-03-21": "2026-03-02", "2026-03-22": "2026-03-09", "2026-03-23": ""} {
		checked, err := h.Check(t.Context(), settlex.CheckOptions{On: date(day)})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range checked.Findings {
			got += f.Since.String()
		}
		if got != want {
			t.Errorf("on %s the oldest is of %q, want %q", day, got, want)
		}
	}
}

// Each rule that only a fault of the books can break is broken by one.
func TestCheckBroken(t *testing.T) {
	t.Parallel()
	h := on(t, anystore.Open(t), threeRegions()) // nothing verifies what is broken
	guarded(h)
	if err := h.Books().Do(t.Context(), &tampering{h}); err != nil {
		t.Fatal(err)
	}
	broken := make(map[string]int)
	for _, f := range h.findings() {
		broken[f.Rule.ID]++
	}
	want := map[string]int{"left": 1, "once": 1, "refunds": 1, "available": 2, "in flight": 1, "settlement": 1, "rolling reserve": 1, "fixed reserve": 1}
	if diff := cmp.Diff(want, broken); diff != "" {
		t.Errorf("broken (-want +got)\n%s", diff)
	}
}

func (h *house) findings() (all []settlex.CheckFinding) {
	h.t.Helper()
	checked, err := h.Check(h.t.Context(), settlex.CheckOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range checked.Findings {
		if !f.Rule.Alarm {
			all = append(all, f)
		}
	}
	return all
}

// tampering changes records behind the books' back: a refund of more than was
// captured, a movement that is in a batch and in none, a batch that says it was not
// sent, reserves that are not there, one of them on no account, and a carry.
type tampering struct{ h *house }

func (t *tampering) records() (all []ledger.Record) {
	ctx := context.Background()
	err := t.h.Books().Read(ctx, func(r ledger.Reader) error {
		for f, err := range ledger.RecordsOf[*payment.Refund](ctx, r, payment.RefundRecord, "r1") {
			if err != nil {
				return err
			}
			f.Amount = minor("1000.01")
			all = append(all, f)
		}
		for l, err := range ledger.RecordsOf[*settlement.Line](ctx, r, settlement.LineRecord, "") {
			if err != nil {
				return err
			}
			if l.Merchant == "m2" {
				again := l.Item
				again.Pending = minor("0.00")
				all = append(all, &again)
			}
		}
		for b, err := range ledger.RecordsOf[*settlement.Batch](ctx, r, settlement.BatchRecord, "") {
			if err != nil {
				return err
			}
			if b.Merchant == "m2" {
				b.Status = settlement.Approved
				all = append(all, b)
			}
		}
		for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "m1/") {
			if err != nil {
				return err
			}
			p.Carry = minor("0.01")
			all = append(all, p)
		}
		for hold, err := range ledger.RecordsOf[*payment.Hold](ctx, r, payment.HoldRecord, "m1/") {
			if err != nil {
				return err
			}
			hold.Amount = minor("100.01")
			all = append(all, hold)
		}
		all = append(all, &payment.Pool{Merchant: "m1", Currency: inr(), Kind: reserve.KindFixed, Built: minor("1.00")})
		return nil
	})
	if err != nil {
		t.h.t.Fatal(err)
	}
	return all
}

func (t *tampering) At() time.Time { return time.Time{} }

func (t *tampering) Need(_ *ledger.State, n *ledger.Need) {
	for _, r := range t.records() {
		n.Record(r.Ref())
	}
}

func (t *tampering) Apply(s *ledger.State) error {
	for _, r := range t.records() {
		s.Put(r)
	}
	return nil
}
