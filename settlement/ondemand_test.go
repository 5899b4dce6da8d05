package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// ask asks for a settlement of m1 in INR.
func (h *house) ask(key string, kind settlement.Kind, at time.Time) (batch *settlement.Batch, repeated bool, err error) {
	h.t.Helper()
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Chunk: h.chunk, Quotes: h.quotes}
	req := settlement.Request{Key: key, Merchant: "m1", Currency: inr(), Kind: kind, By: "anna", At: at}
	return closer.Request(context.Background(), req, func(*settlement.Batch) {})
}

// asks is ask that must not be refused.
func (h *house) asks(key string, kind settlement.Kind, at time.Time) *settlement.Batch {
	h.t.Helper()
	batch, repeated, err := h.ask(key, kind, at)
	if err != nil || repeated {
		h.t.Fatalf("request %s: repeated %t, %v", key, repeated, err)
	}
	return batch
}

// Instant settlement of 2,000.00, fee 5.00, tax 0.90: 1,994.10 is paid, on the day it was
// asked for, of money that is pending. What was asked for is taken out of its window.
func TestInstant(t *testing.T) {
	t.Parallel()
	h := open(t, charging(rulesWith(india()), fees.EventInstant))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "1500.00"), deposit("d2", "m1", ist("2026-03-02 13:00"), "500.00"))
	b := h.asks("r1", settlement.Instant, ist("2026-03-02 14:00"))
	h.sound()
	h.take(deposit("d3", "m1", ist("2026-03-02 15:00"), "7.00"), refund("f1", "d1", ist("2026-03-02 16:00"), "2.00"))
	h.settle(ist("2026-03-03 00:00"))
	h.wants(`
		m1 INR 2026-03-02 instant closed, due 2026-03-02: 0.00 + 1994.10 + 0.00 = 1994.10
		  1 instant_fee ` + b.ID + ` -5.90
		  2 deposit d1 1500.00
		  3 deposit d2 500.00
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 5.00 + 0.00 = 5.00
		  1 deposit d3 7.00
		  2 refund f1 -2.00
	`)
	if c := b.Charges; len(c) != 1 || c[0].Event != fees.EventInstant || c[0].Base != minor("2000.00") || c[0].Fee.Fee != minor("5.00") || c[0].Tax != minor("0.90") {
		t.Errorf("charges %+v", c)
	}
	if b.Kind != settlement.Instant || b.Number != 1 || b.RequestedBy != "anna" || b.Status != settlement.Approved || !b.Watermark.Before.Equal(ist("2026-03-02 14:00")) {
		t.Errorf("batch %+v", b)
	}
	if got := h.balance("income/instant_fee", inr()); got != "5.00" {
		t.Errorf("income is %s, want 5.00", got)
	}
}

// Whoever cannot be told by what schedule a reserve is given back is not told that nothing is due.
func TestOnDemandWithoutASchedule(t *testing.T) {
	t.Parallel()
	card := india()
	card.Timing.Cutoffs[0].At = calendar.MustClock("12:30")
	h := open(t, reserving(byMethod(india(), card), 60, "IN"))
	h.take(byCard(deposit("c1", "m1", ist("2026-03-02 12:00"), "100.00")), deposit("d1", "m1", ist("2026-03-02 12:01"), "10.00"))
	h.settle(ist("2026-03-02 13:00"))
	h.take(about(payment.ToppedUp, "t1", "2026-03-03 11:00", "3.00"))
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Rules: h.rules, Schedules: func(pin merchant.Pin) (*merchant.Schedule, error) {
		if pin.ID == "in-card" {
			return nil, errPulled
		}
		return h.schedule(pin)
	}}
	req := settlement.Request{Key: "r1", Merchant: "m1", Currency: inr(), Kind: settlement.OnDemand, By: "anna", At: ist("2026-03-03 12:00")}
	batch, _, err := closer.Request(context.Background(), req, func(*settlement.Batch) {})
	if _, field := errors.AsType[*payment.FieldError](err); batch != nil || field || !errors.Is(err, errPulled) {
		t.Errorf("batch %v, error %v, of a field %t; want the fault", batch, err, field)
	}
	h.asks("r1", settlement.OnDemand, req.At)
}

// On demand: what is available by its date and in no batch, and what was carried on, however
// little; what is pending stays in its window. Windows that are due are closed first.
func TestOnDemand(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinPayout = minor("100.00")
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(schedule))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "60.00"))
			run(h, "2026-03-02")
			h.take(
				deposit("d2", "m1", ist("2026-03-03 10:00"), "10.00"), refund("f1", "d1", ist("2026-03-03 11:00"), "5.00"),
				about(payment.ToppedUp, "t1", "2026-03-03 11:30", "3.00"),
			)
			h.asks("r1", settlement.OnDemand, ist("2026-03-03 12:00"))
			h.sound()
			h.take(deposit("d3", "m1", ist("2026-03-03 13:00"), "95.00"))
			h.settle(ist("2026-03-04 00:00"))
			h.wants(`
				m1 INR 2026-03-02 carried_forward, due 2026-03-03: 0.00 + 60.00 + -60.00 = 0.00
				  1 deposit d1 60.00
				  2 carry_out -60.00
				m1 INR 2026-03-03 on_demand closed, due 2026-03-03: 60.00 + -2.00 + 0.00 = 58.00
				  1 carry_in 60.00
				  2 refund f1 -5.00
				  3 top_up t1 3.00
				m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 105.00 + 0.00 = 105.00
				  1 deposit d2 10.00
				  2 deposit d3 95.00
			`)
		})
	}
}

// A request may ask for what is settled by hand: what has matured by its date, on demand, or
// all of it. A payout finds what is left.
func TestOnDemandByHand(t *testing.T) {
	t.Parallel()
	byHand := india()
	byHand.Timing.Anchor = calendar.Anchor{Kind: calendar.Manual}
	for name, run := range jobs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, charging(reserving(rulesWith(byHand), 3, "IN"), fees.EventInstant))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), deposit("d2", "m1", ist("2026-03-04 12:00"), "50.00"))
			run(h, "2026-03-03")
			h.take(refund("f1", "d2", ist("2026-03-05 10:00"), "10.00"))
			h.asks("r1", settlement.OnDemand, ist("2026-03-05 12:00"))
			h.sound()
			h.take(deposit("d3", "m1", ist("2026-03-05 13:00"), "20.00"))
			h.asks("r2", settlement.Instant, ist("2026-03-05 14:00"))
			h.sound()
			h.take(refund("f2", "d3", ist("2026-03-05 15:00"), "1.00"))
			h.settle(ist("2026-03-06 00:00"))
			h.wants(`
				m1 INR 2026-03-05 on_demand closed, due 2026-03-05: 0.00 + 135.00 + 0.00 = 135.00
				  1 deposit d1 90.00
				  2 reserve_release d1 10.00
				  3 deposit d2 45.00
				  4 refund f1 -10.00
				m1 INR 2026-03-05 instant closed, due 2026-03-05: 0.00 + 12.10 + 0.00 = 12.10
				  1 instant_fee ` + h.batches()[1].ID + ` -5.90
				  2 deposit d3 18.00
				tail: m1 INR refund f2 -1.00 of 2026-03-05
			`)
			if got := h.balance(payment.PendingPath("m1"), inr()); got != "0.00" {
				t.Errorf("pending is %s, want 0.00", got)
			}
		})
	}
}

// Asking again with the same key does nothing; with other content it is refused. What would
// pay nothing, and an instant settlement without a price, are refused and leave no trace.
func TestRequestRefused(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "60.00"))
	refused := func(key string, kind settlement.Kind, at string, want error) {
		t.Helper()
		if _, _, err := h.ask(key, kind, ist(at)); !errors.Is(err, want) {
			t.Errorf("request %s: %v, want %v", key, err, want)
		}
	}
	refused("r1", settlement.OnDemand, "2026-03-02 13:00", settlement.ErrNothingToPay)
	refused("r1", settlement.Instant, "2026-03-02 13:00", settlement.ErrNoInstant)
	h.take(about(payment.ToppedUp, "t1", "2026-03-02 13:30", "3.00"))
	b := h.asks("r1", settlement.OnDemand, ist("2026-03-02 14:00"))
	again, repeated, err := h.ask("r1", settlement.OnDemand, ist("2026-03-02 15:00"))
	if err != nil || !repeated || again.ID != b.ID || b.Net != minor("3.00") {
		t.Errorf("again: batch %+v, repeated %t, %v", again, repeated, err)
	}
	refused("r1", settlement.Instant, "2026-03-02 15:00", payment.ErrConflict)
	refused("r2", settlement.OnDemand, "2026-03-02 15:00", settlement.ErrNothingToPay)
	if _, _, err := h.ask("bad key\n", settlement.OnDemand, ist("2026-03-02 15:00")); err == nil {
		t.Error("a key of two lines was taken")
	}
	if n := len(records[*settlement.Request](h, settlement.RequestRecord)); n != 1 {
		t.Errorf("%d requests are kept, want 1", n)
	}
}

// Who is suspended asks for nothing; who is leaving is paid everything, also the minimum
// balance.
func TestRequestStands(t *testing.T) {
	t.Parallel()
	schedule := india()
	schedule.MinBalance = minor("10.00")
	h := open(t, rulesWith(schedule))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "60.00"))
	h.decides(payment.MerchantSuspend, ist("2026-03-03 09:00"))
	if _, _, err := h.ask("r1", settlement.OnDemand, ist("2026-03-03 10:00")); !errors.Is(err, payment.ErrInactive) {
		t.Errorf("suspended: %v, want %v", err, payment.ErrInactive)
	}
	h.decides(payment.MerchantResume, ist("2026-03-03 11:00"))
	h.take(about(payment.ToppedUp, "t1", "2026-03-03 11:30", "20.00"))
	if b := h.asks("r1", settlement.OnDemand, ist("2026-03-03 12:00")); b.Net != minor("20.00") || b.Kept != minor("10.00") {
		t.Errorf("%s, keeps %s", tell(b), b.Kept)
	}
	h.decides(payment.MerchantClose, ist("2026-03-03 13:00"))
	if b := h.asks("r2", settlement.OnDemand, ist("2026-03-03 14:00")); b.Net != minor("10.00") || !b.Kept.IsZero() {
		t.Errorf("%s, keeps %s", tell(b), b.Kept)
	}
}

// However small the chunks, and wherever it is cut off, a batch that was asked for is the
// same; what is booked meanwhile is no member of it.
func TestRequestCutOff(t *testing.T) {
	t.Parallel()
	want := ""
	for _, chunk := range append(chunks(t), 0) {
		for fail := 1; ; fail++ {
			h := openOn(t, t, charging(rulesWith(india()), fees.EventInstant))
			for i := range 5 {
				h.take(deposit(fmt.Sprint("d", i+1), "m1", ist("2026-03-02 12:00"), "10.00"))
			}
			h.chunk = chunk
			sound := h.store
			h.on(&faulty{Store: sound, fail: fail})
			_, _, err := h.ask("r1", settlement.Instant, ist("2026-03-02 13:00"))
			h.on(sound)
			if err != nil && !errors.Is(err, errPulled) {
				t.Fatal(err)
			}
			cut := err != nil
			h.sound()
			if len(records[*settlement.Request](h, settlement.RequestRecord)) > 0 {
				h.take(deposit("meanwhile", "m1", ist("2026-03-02 12:30"), "1.00"))
				h.sound()
			}
			if _, _, err := h.ask("r1", settlement.Instant, ist("2026-03-02 13:00")); err != nil {
				t.Fatal(err)
			}
			h.sound()
			got := ""
			for _, b := range h.batches() {
				got += tell(b) + fmt.Sprint(b.ID, len(h.lines(b.ID)), b.Categories)
			}
			if want == "" {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("chunks of %d, cut off at transaction %d (-whole +resumed)\n%s", chunk, fail, diff)
			}
			if !cut {
				break
			}
		}
	}
}

// A request of a clock that is behind is one behind what was booked: the windows that are
// over by then are closed first, as the job does.
func TestRequestClockBehind(t *testing.T) {
	t.Parallel()
	told := func(asks string) (all []string) {
		h := open(t, rulesWith(india()))
		h.take(deposit("d1", "m1", ist("2026-03-01 12:00"), "60.00"), deposit("d2", "m1", ist("2026-03-02 17:58"), "60.00"))
		h.settle(ist("2026-03-01 19:00"))
		h.take(about(payment.ToppedUp, "t1", "2026-03-02 18:01", "20.00"))
		h.asks("r1", settlement.OnDemand, ist(asks))
		for _, b := range h.batches() {
			all = append(all, tell(b))
		}
		h.sound()
		return all
	}
	want := told("2026-03-02 18:02")
	for _, behind := range []string{"2026-03-02 18:00", "2026-03-02 17:59", "2026-03-01 19:00"} {
		if diff := cmp.Diff(want, told(behind)); diff != "" {
			t.Errorf("asked at %s (-in time +behind)\n%s", behind, diff)
		}
	}
}

// Payouts, refunds and reserves see what a request has left: the same sums, whatever was
// taken of their windows.
func TestSpendableAfterRequest(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "60.00"), about(payment.ToppedUp, "t1", "2026-03-02 13:00", "30.00"))
	h.asks("r1", settlement.OnDemand, ist("2026-03-02 14:00"))
	if err := h.try(payout("p1", "m1", "2026-03-02 14:30", "1.00")); err == nil {
		t.Error("a payout took what a request had taken")
	}
	h.take(about(payment.ToppedUp, "t2", "2026-03-02 15:00", "30.00"), payout("p2", "m1", "2026-03-02 15:30", "25.00"))
	h.sound()
	h.settle(ist("2026-03-03 00:00"))
	if got := tell(h.batches()[1]); got != "m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 65.00 + 0.00 = 65.00" {
		t.Errorf("the window's batch: %s", got)
	}
}

// What is asked for is turned into another currency like any other batch, at the quote of
// its instant.
func TestRequestConverted(t *testing.T) {
	t.Parallel()
	h := abroad(t, quote("Q1", "0.30123", "2026-03-02 07:00:00", ""))
	topUp := about(payment.ToppedUp, "t1", "2026-03-02 13:00", "1000.00")
	topUp.Currency = pkr()
	h.take(topUp)
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Quotes: h.quotes}
	req := settlement.Request{Key: "r1", Merchant: "m1", Currency: pkr(), Kind: settlement.OnDemand, By: "anna", At: pkt("2026-03-02 13:00")}
	b, _, err := closer.Request(t.Context(), req, func(*settlement.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	if b.PaidIn() != inr() || b.Pays() != minor("298.21") || !b.FX.At.Equal(req.At) || b.FX.Quote.ID != "Q1" {
		t.Errorf("%s pays %s %s: %+v", tell(b), b.PaidIn(), b.Pays(), b.FX)
	}
	h.settle(pkt("2026-03-02 18:00"))
	if got := tell(h.batches()[1]); got != "m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 100000.00 + 0.00 = 100000.00" {
		t.Errorf("the window's batch: %s", got)
	}
}
