package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// A batch that waited for a quote and buys nothing at it is given up, once, and told of with
// the reason: its money is a line of the next batch, as it would have been carried on had the
// quote been there in time.
func TestFXLateQuoteBuysNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quote settlement.Quote
		at    time.Time // it is in force at
	}{
		"of the watermark": {quote("Q1", "0.000000000001", "2026-03-02 12:00:00", ""), pkt("2026-03-02 18:00")},
		"of later":         {quote("Q1", "0.000000000001", "2026-03-02 15:00:00", ""), pkt("2026-03-02 21:00")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, charging(rulesWith(pakistan(), india()), fees.EventFX))
			h.rules.Fees[len(h.rules.Fees)-1].Match.Currency = pkr()
			h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100.00"))
			id := h.settle(pkt("2026-03-02 18:00"))[0].ID
			h.quotes = quotes(tc.quote)
			var told []string
			closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Quotes: h.quotes}
			for range 2 { // once is enough
				err := closer.Convert(context.Background(), pkt("2026-03-02 21:00"), func(b *settlement.Batch) { told = append(told, b.ID) })
				if err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff([]string{id}, told); diff != "" {
				t.Errorf("told of (-want +got)\n%s", diff)
			}
			b := h.only()
			if b.Status != settlement.Canceled || b.Hold != nil || b.Converted() || !b.BuysNothing() || b.FX.Quote.ID != "Q1" || !b.FX.At.Equal(tc.at) {
				t.Errorf("%s, %+v, %+v", b.Status, b.Hold, b.FX)
			}
			if last := b.Steps[len(b.Steps)-1]; last.Reason != "fx_buys_nothing" || !last.At.Equal(pkt("2026-03-02 21:00")) {
				t.Errorf("last step %+v", last)
			}
			if past := b.Past(); len(past) != 0 {
				t.Errorf("a replay is told of what follows from the rules: %+v", past)
			}
			h.stands("given up", map[string]string{
				payment.AvailablePath("m1") + " PKR": "100.00", payment.SettlementPath(id) + " PKR": "0.00", "income/fx_fee PKR": "0.00", "fx/PKR PKR": "none",
			})
			h.matches()
			if left := records[*settlement.Unconverted](h, settlement.UnconvertedRecord); len(left) != 0 {
				t.Errorf("it still waits: %v", left)
			}
			if held := records[*settlement.HeldBatch](h, settlement.HeldRecord); len(held) != 0 {
				t.Errorf("it is still held: %v", held)
			}
			h.quotes = quotes(tc.quote, quote("Q2", "0.3", "2026-03-03 12:00:00", ""))
			next := h.settle(pkt("2026-03-03 18:00"))[0].ID
			h.wants(fmt.Sprintf(`
				m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 94.10 + 0.00 = 94.10
				  1 fx_fee %[1]s -5.90
				  2 deposit d1 100.00
				m1 PKR 2026-03-03 closed, due 2026-03-04: 0.00 + 94.10 + 0.00 = 94.10
				  1 fx_fee %[2]s -5.90
				  2 settlement_canceled %[1]s 100.00
				  3 fx_out -94.10
			`, id, next))
		})
	}
}

// What somebody else holds is not given up before they let it go.
func TestFXLateQuoteBuysNothingHeld(t *testing.T) {
	t.Parallel()
	h := abroad(t)
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	decided := func(kind payment.Kind, at string) payment.Event {
		e := later(kind, id, pkt(at))
		e.Actor, e.ReasonCode = "anna", "because"
		return e
	}
	h.take(decided(payment.BatchHeld, "2026-03-02 18:31"))
	h.quotes = quotes(quote("Q1", "0.000000000001", "2026-03-02 12:00:00", ""))
	h.settle(pkt("2026-03-02 20:00"))
	if b := h.only(); b.Status != settlement.Held || b.Hold.Reason != settlement.HoldManual {
		t.Fatalf("%s, %+v", b.Status, b.Hold)
	}
	h.take(decided(payment.BatchReleased, "2026-03-02 20:30"))
	h.settle(pkt("2026-03-02 21:00"))
	if b := h.only(); b.Status != settlement.Canceled || !b.BuysNothing() {
		t.Errorf("%s, %+v", b.Status, b.FX)
	}
}

// Who asks for money that buys nothing is told that, with the quote.
func TestFXDemandBuysNothing(t *testing.T) {
	t.Parallel()
	h := abroad(t, quote("Q1", "0.000000000001", "2026-03-02 07:00:00", ""))
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Quotes: h.quotes}
	h.settle(pkt("2026-03-02 18:00"))
	req := settlement.Request{Key: "r1", Merchant: "m1", Currency: pkr(), Kind: settlement.OnDemand, By: "anna", At: pkt("2026-03-02 18:30")}
	_, _, err := closer.Request(context.Background(), req, func(*settlement.Batch) {})
	want := "PKR 100000.00 are not one minor unit of INR at quote Q1"
	if !errors.Is(err, settlement.ErrNothingToPay) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// What the rules gave up must have bought nothing.
func TestVerifyFXGivenUp(t *testing.T) {
	t.Parallel()
	h := abroad(t)
	h.settle(pkt("2026-03-02 18:00"))
	h.quotes = quotes(quote("Q1", "0.000000000001", "2026-03-02 12:00:00", ""))
	h.settle(pkt("2026-03-02 20:00"))
	b := *h.only()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	forged, q := *b.FX, *b.FX.Quote
	q.Mid, q.Client = money.MustRate("0.3"), money.MustRate("0.3")
	forged.Quote = &q
	b.FX = &forged
	if err := b.Check(); !errors.Is(err, settlement.ErrEquation) {
		t.Errorf("it bought something: %v", err)
	}
}

// A quote that is loaded after the window was closed leads to what it would have led to in
// time: the same money on every account, paid by the same batches, whether it buys anything
// or not.
func TestFXLoadedLateIsLoadedInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := pakistan()
		s.MinPayout = money.Minor(rapid.Int64Range(0, 300).Draw(rt, "min payout"))
		s.MinBalance = money.Minor(rapid.SampledFrom([]int64{0, 0, 150}).Draw(rt, "kept"))
		s.FX.Spread = money.MustRate(rapid.SampledFrom([]string{"0%", "1%", "50%"}).Draw(rt, "spread"))
		if rapid.Bool().Draw(rt, "split") {
			s.MaxPayout = money.Minor(2)
		}
		rules := rulesWith(s, india())
		for _, e := range []fees.Event{fees.EventFX, fees.EventSettlement} {
			if rapid.Bool().Draw(rt, string(e)) {
				rules = charging(rules, e)
				rules.Fees[len(rules.Fees)-1].Match.Currency = pkr()
			}
		}
		rate := rapid.SampledFrom([]string{"0.000000000001", "0.001", "0.002", "0.003", "0.01", "0.3"}).Draw(rt, "rate")
		list := quotes(quote("Q1", rate, "2026-03-02 12:00:00", "2026-03-04 12:00:00"))
		s.FX.MaxAge = 72 * time.Hour
		first, second := rapid.Int64Range(1, 2000).Draw(rt, "first"), rapid.Int64Range(1, 100_000).Draw(rt, "second")
		house := func(late bool) *house {
			h := openOn(t, rt, rules)
			if !late {
				h.quotes = list
			}
			d := rupees("d1", "m1", pkt("2026-03-02 12:00"), "0.00")
			d.Amount = money.Minor(first)
			h.take(d)
			h.settle(pkt("2026-03-02 18:00"))
			h.quotes = list
			h.settle(pkt("2026-03-02 20:00"))
			d = rupees("d2", "m1", pkt("2026-03-03 12:00"), "0.00")
			d.Amount = money.Minor(second)
			h.take(d)
			h.settle(pkt("2026-03-03 18:00"))
			h.settle(pkt("2026-03-03 20:00"))
			h.sound()
			h.matches()
			return h
		}
		inTime, late := house(false), house(true)
		if diff := cmp.Diff(inTime.standing(), late.standing()); diff != "" {
			rt.Errorf("accounts (-in time +late)\n%s", diff)
		}
		for i, b := range inTime.batches() {
			l := late.batches()[i]
			if b.AtClose == settlement.CarriedForward && l.BuysNothing() { // its money went on in another way
				continue
			}
			if b.ID != l.ID || b.Pays() != l.Pays() || b.PaidIn() != l.PaidIn() || b.CarryOut != l.CarryOut || b.Status != l.Status {
				rt.Errorf("in time %s %s, late %s %s", tell(b), b.Status, tell(l), l.Status)
			}
		}
	})
}

// standing is what stands on all accounts that hold anything.
func (h *house) standing() map[string]string {
	h.t.Helper()
	all := make(map[string]string)
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for a, err := range r.Accounts(ctx, "") {
			if err != nil {
				return err
			}
			have, err := a.Posted()
			if err != nil {
				return err
			}
			if !have.IsZero() {
				all[a.String()] = a.Currency.Format(have)
			}
		}
		return nil
	})
	return all
}
