package payment_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// draws has a refund or dispute draw on the reserve of its deposit, or put back.
func (d *desk) draws(e payment.Event, most, back string) string {
	d.Helper()
	c := &payment.Draw{Handle: payment.Handle{Rules: d.rules, Event: e.Normalize()}, Most: rs(most), Back: rs(back)}
	if err := d.Books().Do(d.Context(), c); err != nil {
		d.Fatal(err)
	}
	return inr().Format(c.Did)
}

// A hold gives what is left of it and no more, and takes back what it gave, as
// long as its date has not begun.
func TestDrawAndRestore(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured()) // holds 100.00 until 31 May
	for _, step := range []struct {
		event      payment.Event
		most, back string
		want       string
		stands     string
	}{
		{refund("r1", "d1", "30.00", "2026-03-02 12:00"), "30.00", "0.00", "30.00", "70.00"},
		{dispute("c1", "d1", "90.00", "2026-03-02 13:00"), "90.00", "0.00", "70.00", "0.00"},
		{refund("r2", "d1", "5.00", "2026-03-02 14:00"), "5.00", "0.00", "0.00", "0.00"},
		{refund("r3", "d1", "5.00", "2026-03-02 15:00"), "0.00", "70.00", "70.00", "70.00"},
		{refund("r4", "d1", "5.00", "2026-05-30 23:59"), "0.00", "70.00", "30.00", "100.00"},
		{refund("r5", "d1", "5.00", "2026-05-30 23:59"), "25.00", "0.00", "25.00", "75.00"},
		{refund("r6", "d1", "5.00", "2026-05-31 00:00"), "5.00", "0.00", "0.00", "75.00"},
		{refund("r7", "d1", "5.00", "2026-05-31 00:00"), "0.00", "25.00", "0.00", "75.00"},
	} {
		if got := d.draws(step.event, step.most, step.back); got != step.want {
			t.Errorf("%s: %s, want %s", step.event.ID, got, step.want)
		}
		d.stands(m, "reserve/rolling "+step.stands)
	}
	d.settle("2026-05-31")
	d.stands(m, "reserve/rolling 0.00")
	hold := record[*payment.Hold](d, payment.ReleasedRecord, "m/INR/2026-05-31/d1")
	if diff := cmp.Diff([]money.Amount{rs("100.00"), rs("75.00"), rs("125.00"), rs("100.00")},
		[]money.Amount{hold.Amount, hold.Released, hold.Drawn, hold.Restored}); diff != "" {
		t.Errorf("amount, released, drawn, restored (-want +got):\n%s", diff)
	}
	if hold.Told != 7 {
		t.Errorf("%d events have left, want 7", hold.Told)
	}
}

// What is drawn makes room under the plan's cap, and what is put back takes it.
func TestDrawsAndTheCap(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Plans[0].Cap = new(rs("150.00"))
	d := open(t, rules)
	d.book(captured())
	d.draws(refund("r1", "d1", "80.00", "2026-03-02 12:00"), "80.00", "0.00")
	d.book(deposit("d2", "2000.00", "2026-03-02 13:00"))
	d.stands(m, "reserve/rolling 150.00") // 20.00 of d1, 130.00 of d2
	d.draws(refund("r2", "d1", "80.00", "2026-03-02 14:00"), "0.00", "80.00")
	d.book(deposit("d3", "1000.00", "2026-03-02 15:00"))
	d.stands(m, "reserve/rolling 230.00")
}

// The entries of a draw and of what is put back say what they were for, and each
// is a movement of its own.
func TestDrawEntries(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	d.draws(refund("r1", "d1", "30.00", "2026-03-02 12:00"), "30.00", "0.00")
	d.draws(refund("r1", "d1", "30.00", "2026-03-02 13:00"), "0.00", "30.00")
	d.wantEntry("refund/r1/reserve.drawn", "reserve.drawn refund/r1/reserve.drawn\n"+
		"  Dr merchants/m/reserve/rolling 30.00\n  Cr merchants/m/available 30.00\n")
	d.wantEntry("refund/r1/reserve.restored", "reserve.restored refund/r1/reserve.restored\n"+
		"  Dr merchants/m/available 30.00\n  Cr merchants/m/reserve/rolling 30.00\n")
	type row struct{ Type, Source, Parent, Reason, Reserve, Net string }
	var got []row
	for _, i := range records[*payment.Item](d, payment.ItemRecord) {
		if i.Category == payment.CategoryReserve {
			got = append(got, row{i.Type, i.SourceID, i.ParentID, i.ReasonCode, inr().Format(i.Reserve), inr().Format(i.Net)})
		}
	}
	want := []row{{"reserve_drawn", "d1", "d1", "refund", "30.00", "30.00"}, {"reserve_restored", "d1", "d1", "refund", "-30.00", "-30.00"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("movements (-want +got):\n%s", diff)
	}
}

// A plan ends and gives back what it holds; a refund fails under its next version and
// puts back what it had drawn. That is released on its date, by an entry of its own.
func TestReleasedAgain(t *testing.T) {
	t.Parallel()
	rules := drawing()
	rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-03-31"), reserve.EndRelease
	d := open(t, rules)
	d.book(captured())
	d.settle("2026-03-02")
	d.book(refund("r1", "d1", "40.00", "2026-03-05 10:00"))
	d.stands(m, "reserve/rolling 60.00")
	d.settle("2026-04-01")
	d.stands(m, "reserve/rolling 0.00")
	next := rules.Plans[0]
	next.Version, next.EffectiveFrom, next.EffectiveTo = "2", date("2026-05-01"), calendar.Date{}
	rules.Plans = append(rules.Plans, next)
	d.book(later(payment.RefundFailed, "r1", "2026-05-05 10:00"))
	d.stands(m, "reserve/rolling 40.00")
	d.settle("2026-06-30")
	d.stands(m, "reserve/rolling 0.00")
	hold := record[*payment.Hold](d, payment.ReleasedRecord, "m/INR/2026-05-31/d1")
	if hold.Released != rs("100.00") || hold.Told != 5 {
		t.Errorf("released %s, %d events have left; want 100.00 and 5", inr().Format(hold.Released), hold.Told)
	}
	d.wantEntry("deposit/d1/reserve.released/4", "reserve.released deposit/d1/reserve.released/4\n"+
		"  Dr merchants/m/reserve/rolling 40.00\n  Cr merchants/m/available 40.00\n")
}

// What the books refuse of one merchant keeps its own windows open, and no other's.
func TestOneMerchantKeepsNoOtherOpen(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.decide(decision(payment.MerchantCreate, "2026-03-01 12:00"))
	d.book(
		captured(), of(shop, deposit("s1", "1000.00", "2026-03-02 11:00")),
		deposit("d2", "1000.00", "2026-03-03 10:00"), of(shop, deposit("s2", "1000.00", "2026-03-03 11:00")),
	)
	freeze := func(key string, status ledger.Status) {
		_, err := d.Books().ChangeAccount(d.Context(), ledger.AccountChange{
			Key: key, Account: payment.PendingPath(m), Currency: inr(), Status: status, Reference: "court order",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	freeze("freeze", ledger.Frozen)
	out, err := d.Settle(d.Context(), date("2026-03-03"), nil)
	if !errors.Is(err, ledger.ErrAccountStatus) || out.Batches != 2 {
		t.Errorf("%d batches, %v; want 2 and %v", out.Batches, err, ledger.ErrAccountStatus)
	}
	d.stands(shop, "pending 0.00")
	d.stands(m, "pending 1752.80")
	freeze("thaw", ledger.Open)
	if batches := d.settle("2026-03-03"); len(batches) != 2 {
		t.Errorf("%d batches afterwards, want 2", len(batches))
	}
	d.stands(m, "pending 0.00")
}
