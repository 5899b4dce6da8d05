package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// pakistan is the schedule of PKR that is paid in INR: one window a day, closing at
// 18:00, which is 13:00 UTC, at mid less 1 %, by quotes of one day.
func pakistan() merchant.Schedule {
	s := daily("PK", "Asia/Karachi", "18:00")
	s.FX = &merchant.FXTerms{Target: inr(), Spread: money.MustRate("1%"), MaxAge: 24 * time.Hour}
	return s
}

func pkt(text string) time.Time { return local("Asia/Karachi", text) }

// rupees is a payment of a merchant in PKR.
func rupees(id, m string, at time.Time, amount string) payment.Event {
	e := deposit(id, m, at, amount)
	e.Currency = pkr()
	return e
}

func quotes(all ...settlement.Quote) settlement.Quotes {
	list, err := settlement.NewQuoteList(all...)
	if err != nil {
		panic(err)
	}
	return list
}

// abroad is a house whose merchants of PKR are paid in INR, with a payment of
// 100,000.00 in the window that closes at 13:00 UTC on 2026-03-02.
func abroad(t *testing.T, all ...settlement.Quote) *house {
	t.Helper()
	h := open(t, rulesWith(pakistan(), india()))
	h.quotes = quotes(all...)
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"))
	return h
}

// only is the batch of a house that has one.
func (h *house) only() *settlement.Batch {
	h.t.Helper()
	all := h.batches()
	if len(all) != 1 {
		h.t.Fatalf("%d batches", len(all))
	}
	return all[0]
}

// stands compares what stands on accounts, written "path currency".
func (h *house) stands(when string, want map[string]string) {
	h.t.Helper()
	got := make(map[string]string, len(want))
	for at := range want {
		var path, code string
		if _, err := fmt.Sscan(at, &path, &code); err != nil {
			h.t.Fatalf("%s: %v", at, err)
		}
		got[at] = h.balance(path, money.MustCurrency(code))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("%s (-want +got)\n%s", when, diff)
	}
}

// The vector of the design: the mid value is rounded half to even, what the merchant
// gets down, the spread is the difference; the batch holds the target and pays it from
// the bank of its region.
func TestFXBatch(t *testing.T) {
	t.Parallel()
	h := abroad(t, quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	own, available := payment.SettlementPath(id), payment.AvailablePath("m1")
	h.stands("closed", map[string]string{
		available + " PKR": "0.00", own + " PKR": "0.00", own + " INR": "29821.77", available + " INR": "none",
		"fx/PKR PKR": "100000.00", "fx/INR INR": "-30123.00", "income/fx_spread INR": "301.23",
	})
	h.wants(`
		m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 100000.00 + 0.00 = 100000.00
		  1 deposit d1 100000.00
		  2 fx_out -100000.00
	`)
	b := h.only()
	if b.Pays() != minor("29821.77") || b.PaidIn() != inr() || b.Bank != "in-escrow" || b.Region != "PK" || b.PaidFrom() != "IN" || b.Status != settlement.Approved {
		t.Errorf("batch %+v", b)
	}
	if q := b.FX.Quote; q.ID != "Q1" || q.Mid.String() != "0.30123" || q.Client.String() != "0.2982177" || q.Source != "desk" ||
		!q.QuotedAt.Equal(utc("2026-03-02 12:00:00")) || !q.ValidUntil.Equal(utc("2026-03-03 12:00:00")) || !b.FX.At.Equal(pkt("2026-03-02 18:00")) {
		t.Errorf("converted at %+v as of %s", q, b.FX.At)
	}
	if last := h.lines(id)[1]; last.Entry != "settlement/"+id+"/sold" || last.ParentID != "Q1" || !last.Running.IsZero() {
		t.Errorf("what goes out is %+v", last)
	}
	paid := sent(id, pkt("2026-03-03 09:00"))
	paid.Amount, paid.Currency = minor("100000.00"), pkr()
	var wrong *payment.FieldError
	if err := h.try(paid); !errors.As(err, &wrong) || wrong.Field != payment.FieldAmount {
		t.Errorf("sent in another currency: %v", err)
	}
	paid.Amount, paid.Currency = minor("29821.77"), inr()
	h.take(paid)
	h.stands("sent", map[string]string{own + " INR": "0.00", payment.RailPayoutsPath("imps") + " INR": "29821.77"})
	h.take(later(payment.BatchPaid, id, pkt("2026-03-03 09:30")))
	h.stands("paid", map[string]string{payment.RailPayoutsPath("imps") + " INR": "0.00", payment.BankPath("in-escrow") + " INR": "-29821.77", payment.BankPath("pk-escrow") + " PKR": "none"})
}

// A batch is converted at the quote that was in force at its watermark: of those that
// were given by then the last, never a later one.
func TestFXQuoteAtWatermark(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		quotes []settlement.Quote
		want   string // id of the quote, or why it waits
	}{
		{"at the watermark itself", []settlement.Quote{quote("old", "0.3", "2026-03-02 12:00:00", ""), quote("new", "0.4", "2026-03-02 13:00:00", "")}, "new"},
		{"a microsecond after it", []settlement.Quote{quote("old", "0.3", "2026-03-02 12:00:00", ""), quote("new", "0.4", "2026-03-02 13:00:00.000001", "")}, "old"},
		{"only later", []settlement.Quote{quote("new", "0.4", "2026-03-02 13:00:00.000001", "")}, "fx_quote_missing"},
		{"as old as may be", []settlement.Quote{quote("old", "0.3", "2026-03-01 13:00:00", "")}, "old"},
		{"stale by a microsecond", []settlement.Quote{quote("old", "0.3", "2026-03-01 12:59:59.999999", "")}, "fx_quote_stale"},
		{"valid until then", []settlement.Quote{quote("old", "0.3", "2026-03-02 12:00:00", "2026-03-02 13:00:00")}, "old"},
		{"over by a microsecond", []settlement.Quote{quote("old", "0.3", "2026-03-02 12:00:00", "2026-03-02 12:59:59.999999")}, "fx_quote_stale"},
		{"valid for long, and too old", []settlement.Quote{quote("old", "0.3", "2026-02-01 12:00:00", "2027-02-01 12:00:00")}, "fx_quote_stale"},
		{"an earlier one that is still valid", []settlement.Quote{
			quote("old", "0.3", "2026-03-02 11:00:00", ""), quote("new", "0.4", "2026-03-02 12:00:00", "2026-03-02 12:30:00"),
		}, "old"},
		{"none", nil, "fx_quote_missing"},
		{"nothing to be had for it", []settlement.Quote{quote("old", "0.000000000001", "2026-03-02 12:00:00", "")}, "carried_forward"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := abroad(t, tc.quotes...)
			h.settle(pkt("2026-03-02 18:00"))
			b := h.only()
			var got string
			switch {
			case b.Converted():
				got = b.FX.Quote.ID
			case b.Hold != nil:
				got = string(b.Hold.Reason)
			default:
				got = string(b.Status)
			}
			if got != tc.want {
				t.Errorf("%s, want %s: %+v", got, tc.want, b.FX)
			}
		})
	}
}

// source is a host's source of quotes that has one answer to everything.
type source settlement.Quote

func (s source) Quote(context.Context, money.Currency, money.Currency, time.Time) (*settlement.Quote, error) {
	return (*settlement.Quote)(&s), nil
}

// What a host's source answers is not believed: at a quote that is none, or of something
// else, nothing is converted and nothing is given up, whenever it comes.
func TestFXQuoteOfAHostIsChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*settlement.Quote)
		want  string
	}{
		"no id":                {func(q *settlement.Quote) { q.ID = "" }, `quote "": id: is missing`},
		"no source":            {func(q *settlement.Quote) { q.Source = "" }, `quote "q": source: is missing`},
		"over before it began": {func(q *settlement.Quote) { q.ValidUntil = utc("2026-03-02 11:00:00") }, `quote "q": valid_until: 2026-03-02T11:00:00Z is before the quote was given, at 2026-03-02T12:00:00Z`},
		"the other way round":  {func(q *settlement.Quote) { q.Base, q.Currency = inr(), pkr() }, `quote "q": is of INR in PKR, not of PKR in INR`},
		"worthless":            {func(q *settlement.Quote) { q.Rate = money.Rate{} }, `quote "q": rate: 0 is not above 0`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := quote("q", "0.3", "2026-03-02 12:00:00", "")
			tc.spoil(&q)
			h := abroad(t)
			h.quotes = source(q)
			h.settle(pkt("2026-03-02 18:00"))
			if b := h.only(); b.Status != settlement.Held || b.Hold.Reason != settlement.HoldNoQuote || b.Hold.Detail != tc.want {
				t.Errorf("closed as %s, held %+v, want for %q", b.Status, b.Hold, tc.want)
			}
			h.settle(pkt("2026-03-02 19:00"))
			if b := h.only(); b.Status != settlement.Held || b.FX.Quote != nil {
				t.Errorf("looked at again, it is %s, %+v", b.Status, b.FX)
			}
		})
	}
}

// A batch without a quote is closed and held. It keeps its net in its own currency,
// leaves by nobody's word, and is converted and released when there is one.
func TestFXWaitsForQuote(t *testing.T) {
	t.Parallel()
	h := abroad(t)
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	own := payment.SettlementPath(id)
	h.stands("without a quote", map[string]string{own + " PKR": "100000.00", own + " INR": "none", "fx/PKR PKR": "none"})
	b := h.only()
	if b.Status != settlement.Held || b.Hold.Detail != "no quote of PKR in INR by 2026-03-02T13:00:00Z" || b.Pays() != minor("100000.00") || b.PaidIn() != pkr() {
		t.Errorf("batch %+v, held %+v", b, b.Hold)
	}
	decided := func(kind payment.Kind, at string) payment.Event {
		e := later(kind, id, pkt(at))
		e.Actor, e.ReasonCode = "anna", "because"
		return e
	}
	if err := h.try(decided(payment.BatchReleased, "2026-03-02 18:30")); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("released without a quote: %v", err)
	}
	h.take(decided(payment.BatchHeld, "2026-03-02 18:31"), decided(payment.BatchReleased, "2026-03-02 18:32"))
	if b := h.only(); b.Status != settlement.Held || b.Hold.Reason != settlement.HoldNoQuote {
		t.Errorf("let go by whoever held it: %s, %+v", b.Status, b.Hold)
	}
	if err := h.try(sent(id, pkt("2026-03-02 18:33"))); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("sent without a quote: %v", err)
	}
	h.settle(pkt("2026-03-02 19:00"))
	h.quotes = quotes(quote("late", "0.31", "2026-03-02 14:00:00", ""), quote("later", "0.32", "2026-03-02 16:00:00", ""))
	h.settle(pkt("2026-03-02 18:59"))
	if b := h.only(); b.Converted() {
		t.Errorf("converted before it was given: %+v", b.FX)
	}
	h.settle(pkt("2026-03-02 19:30"))
	h.settle(pkt("2026-03-02 21:30")) // once is enough
	h.wants(`
		m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 100000.00 + 0.00 = 100000.00
		  1 deposit d1 100000.00
		  2 fx_out -100000.00
	`)
	b = h.only()
	if b.Status != settlement.Approved || b.Hold != nil || b.FX.Quote.ID != "late" || !b.FX.At.Equal(pkt("2026-03-02 19:30")) {
		t.Errorf("converted: %+v, %+v", b, b.FX)
	}
	h.stands("converted", map[string]string{own + " PKR": "0.00", own + " INR": "30690.00", "income/fx_spread INR": "310.00"})
	if left := records[*settlement.Unconverted](h, settlement.UnconvertedRecord); len(left) != 0 {
		t.Errorf("it still waits: %v", left)
	}
}

// A quote of before the watermark that becomes known afterwards makes the batch what it
// would have been: the same lines, the same figures.
func TestFXQuoteKnownLater(t *testing.T) {
	t.Parallel()
	q := quote("Q1", "0.30123", "2026-03-02 12:00:00", "")
	known, told := abroad(t, q), abroad(t)
	known.settle(pkt("2026-03-02 18:00"))
	told.settle(pkt("2026-03-02 18:00"))
	told.quotes = quotes(q, quote("Q2", "0.4", "2026-03-02 14:00:00", ""))
	told.settle(pkt("2026-03-05 12:00"))
	if diff := cmp.Diff(known.lines(known.only().ID), told.lines(told.only().ID), amounts()); diff != "" {
		t.Errorf("lines (-known +told later)\n%s", diff)
	}
	if diff := cmp.Diff(known.only().FX, told.only().FX, amounts()); diff != "" {
		t.Errorf("conversion (-known +told later)\n%s", diff)
	}
}

// What an own hold keeps is converted and stays held for that.
func TestFXHeldForSomethingElse(t *testing.T) {
	t.Parallel()
	s := pakistan()
	s.Hold = &merchant.ScheduleHold{Reason: "audit"}
	h := open(t, rulesWith(s, india()))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"))
	h.settle(pkt("2026-03-02 18:00"))
	h.quotes = quotes(quote("late", "0.31", "2026-03-02 14:00:00", ""))
	h.settle(pkt("2026-03-02 20:00"))
	if b := h.only(); !b.Converted() || b.Status != settlement.Held || b.Hold.Reason != settlement.HoldSchedule {
		t.Errorf("%s, %+v, %+v", b.Status, b.Hold, b.FX)
	}
}

// What a batch does not pay that was converted stays in the target: a line of the
// merchant's next batch in it, which is converted no more.
func TestFXPutBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		events func(id string) []payment.Event
		typ    string
	}{
		"canceled": {func(id string) []payment.Event { return []payment.Event{canceled(id, pkt("2026-03-03 10:00"))} }, "settlement_canceled"},
		"returned": {func(id string) []payment.Event {
			return []payment.Event{sent(id, pkt("2026-03-03 09:00")), later(payment.BatchPaid, id, pkt("2026-03-03 09:30")), later(payment.BatchReturned, id, pkt("2026-03-03 10:00"))}
		}, "settlement_returned"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := abroad(t, quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
			id := h.settle(pkt("2026-03-02 18:00"))[0].ID
			h.take(tc.events(id)...)
			h.stands(name, map[string]string{payment.AvailablePath("m1") + " INR": "29821.77", payment.AvailablePath("m1") + " PKR": "0.00"})
			h.settle(pkt("2026-03-03 18:00"))
			h.wants(fmt.Sprintf(`
				m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 29821.77 + 0.00 = 29821.77
				  1 %s %s 29821.77
				m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 100000.00 + 0.00 = 100000.00
				  1 deposit d1 100000.00
				  2 fx_out -100000.00
			`, tc.typ, id))
			if b := h.batches()[0]; b.FX != nil || b.Bank != "in-escrow" {
				t.Errorf("in its own currency: %+v", b)
			}
		})
	}
}

// canceled gives up a batch.
func canceled(id string, at time.Time) payment.Event {
	e := later(payment.BatchCanceled, id, at)
	e.ReasonCode = "closed_account"
	return e
}

// One that was never converted goes back in its own currency, and is converted no more.
func TestFXCanceledUnconverted(t *testing.T) {
	t.Parallel()
	h := abroad(t)
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	h.take(canceled(id, pkt("2026-03-03 10:00")))
	h.quotes = quotes(quote("late", "0.31", "2026-03-03 04:00:00", ""))
	h.settle(pkt("2026-03-03 18:00"))
	h.wants(fmt.Sprintf(`
		m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 100000.00 + 0.00 = 100000.00
		  1 deposit d1 100000.00
		m1 PKR 2026-03-03 closed, due 2026-03-04: 0.00 + 100000.00 + 0.00 = 100000.00
		  1 settlement_canceled %s 100000.00
		  2 fx_out -100000.00
	`, id))
}

// Caught up with after days off, batches are what they would have been on time, byte for
// byte, by the quotes that are known: written in chunks, too.
func TestFXCatchUp(t *testing.T) {
	t.Parallel()
	days := []string{"2026-03-02", "2026-03-03", "2026-03-04"}
	house := func(chunk int) *house {
		h := open(t, rulesWith(pakistan(), india()))
		h.chunk = chunk
		var all []settlement.Quote
		for i, day := range days {
			all = append(all, quote("Q"+day, fmt.Sprintf("0.30%d", i+1), day+" 12:00:00", ""))
			for n := range 3 {
				h.take(rupees(fmt.Sprintf("d%d-%d", i, n), "m1", pkt(day+" 12:00").Add(time.Duration(n)*time.Minute), fmt.Sprintf("%d.%d7", 1000+n, i)))
			}
			h.take(deposit("in-"+day, "m1", pkt(day+" 12:30"), "5.00"))
		}
		h.quotes = quotes(all...)
		return h
	}
	prompt, late := house(0), house(2)
	for _, day := range days {
		prompt.settle(pkt(day + " 18:00"))
	}
	late.settle(pkt("2026-03-09 09:00"))
	if diff := cmp.Diff(prompt.story(), late.story()); diff != "" {
		t.Errorf("story (-on time +caught up)\n%s", diff)
	}
	for i, b := range prompt.batches() {
		c := late.batches()[i]
		if diff := cmp.Diff(prompt.lines(b.ID), late.lines(c.ID), amounts(), placed()); diff != "" {
			t.Errorf("lines (-on time +caught up)\n%s", diff)
		}
		if diff := cmp.Diff(b.FX, c.FX, amounts(), placed()); diff != "" {
			t.Errorf("conversion (-on time +caught up)\n%s", diff)
		}
	}
}

// placed leaves out where entries of closing stand in the journal.
func placed() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool { last := p.Last().String(); return last == ".Seq" }, cmp.Ignore())
}

// Nothing is left unbalanced, whatever the amount, the rate and the spread, and what a
// batch pays is what its lines come to by largest remainder.
func TestFXProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := pakistan()
		s.FX.Spread = money.MustRate(fmt.Sprintf("0.%06d", rapid.IntRange(0, 999_999).Draw(rt, "spread")))
		s.FX.Target = rapid.SampledFrom([]money.Currency{inr(), bdt()}).Draw(rt, "target")
		h := openOn(t, rt, rulesWith(s, india(), daily("BD", "Asia/Dhaka", "18:00")))
		q := quote("Q", fmt.Sprintf("%d.%012d", rapid.IntRange(0, 500).Draw(rt, "whole"), rapid.Int64Range(1, 999_999_999_999).Draw(rt, "fraction")), "2026-03-02 12:00:00", "")
		q.Currency = s.FX.Target
		h.quotes = quotes(q)
		for i, n := 0, rapid.IntRange(1, 6).Draw(rt, "deposits"); i < n; i++ {
			e := rupees(fmt.Sprintf("d%d", i), "m1", pkt("2026-03-02 12:00").Add(time.Duration(i)*time.Second), "0.00")
			e.Amount = money.Minor(rapid.Int64Range(1, 1e9).Draw(rt, "amount"))
			h.take(e)
			if rapid.Bool().Draw(rt, "refunded") {
				back := refund(fmt.Sprintf("r%d", i), e.ID, pkt("2026-03-02 13:00").Add(time.Duration(i)*time.Second), "0.00")
				back.Currency, back.Amount = pkr(), money.Minor(rapid.Int64Range(1, mustInt(e.Amount)).Draw(rt, "back"))
				h.take(back)
			}
		}
		h.settle(pkt("2026-03-02 18:00"))
		for _, b := range h.batches() {
			if b.AtClose == settlement.CarriedForward {
				continue
			}
			h.shared(b)
		}
		h.sound()
		expected := h.expected()
		for path, c := range map[string]money.Currency{"fx/PKR": pkr(), "fx/" + s.FX.Target.String(): s.FX.Target} {
			want := "none"
			if sum, ok := expected[ledger.AccountID{Path: path, Currency: c}]; ok {
				want = c.Format(sum)
			}
			if got := h.balance(path, c); got != want {
				rt.Errorf("%s stands at %s, records say %s", path, got, want)
			}
		}
	})
}

func mustInt(a money.Amount) int64 {
	n, _ := a.Int64()
	return n
}

// expected is what records say that accounts hold.
func (h *house) expected() payment.Expected {
	h.t.Helper()
	x := make(payment.Expected)
	h.read(func(ctx context.Context, r ledger.Reader) error {
		if err := x.Expect(ctx, r); err != nil {
			return err
		}
		return settlement.Expect(ctx, r, x, make(map[ledger.AccountID]bool))
	})
	return x
}

// shared wants the shares of a batch's lines to add up to what it pays.
func (h *house) shared(b *settlement.Batch) {
	h.t.Helper()
	var sum money.Amount
	h.read(func(ctx context.Context, r ledger.Reader) error {
		shares, err := settlement.SharesOf(ctx, r, b)
		if err != nil {
			return err
		}
		for l, err := range settlement.Lines(ctx, r, b.ID) {
			if err != nil {
				return err
			}
			share, ok, err := shares.Of(l)
			if err != nil {
				return err
			}
			if ok == (l.Type == payment.TypeFXOut) {
				h.t.Errorf("line %d, %s: has a share: %t", l.No, l.Type, ok)
			}
			if sum, err = sum.Add(share); err != nil {
				return err
			}
		}
		return nil
	})
	if sum != b.Pays() {
		h.t.Errorf("shares of %s add up to %s, it pays %s", b.ID, sum, b.Pays())
	}
}

// A batch whose conversion is not what its quote says is found.
func TestVerifyFXForged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*settlement.Conversion){
		"the rate":    func(f *settlement.Conversion) { q := *f.Quote; q.Mid = money.MustRate("0.4"); f.Quote = &q },
		"the figures": func(f *settlement.Conversion) { f.Got, f.Spread = minor("29821.78"), minor("301.22") },
		"the instant": func(f *settlement.Conversion) { f.At = f.At.AddDate(0, 0, 1) },
		"no quote":    func(f *settlement.Conversion) { f.Quote = nil },
	} {
		h := openOn(t, t, rulesWith(pakistan(), india()))
		h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
		h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"))
		h.settle(pkt("2026-03-02 18:00"))
		b := *h.only()
		forged := *b.FX
		change(&forged)
		b.FX = &forged
		if err := b.Check(); !errors.Is(err, settlement.ErrEquation) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What turning a batch into another currency costs beside the spread is charged in its own,
// as a line before it. Where the batch is canceled, other fees go back in that currency;
// this one stays, and so does what the batch was turned into.
func TestFXFee(t *testing.T) {
	t.Parallel()
	rules := rulesWith(pakistan(), india())
	for _, event := range []fees.Event{fees.EventFX, fees.EventSettlement} {
		rules = charging(rules, event)
		rules.Fees[len(rules.Fees)-1].Match.Currency = pkr()
	}
	h := open(t, rules)
	h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100011.80"))
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	h.wants(fmt.Sprintf(`
		m1 PKR 2026-03-02 closed, due 2026-03-03: 0.00 + 100000.00 + 0.00 = 100000.00
		  1 settlement_fee %[1]s -5.90
		  2 fx_fee %[1]s -5.90
		  3 deposit d1 100011.80
		  4 fx_out -100000.00
	`, id))
	h.shared(h.only())
	h.stands("closed", map[string]string{"income/fx_fee PKR": "5.00", "income/settlement_fee PKR": "5.00", payment.SettlementPath(id) + " INR": "29821.77"})
	h.take(canceled(id, pkt("2026-03-03 10:00")))
	h.stands("canceled", map[string]string{
		"income/fx_fee PKR": "5.00", "income/settlement_fee PKR": "0.00", "tax/gst PKR": "0.90",
		payment.AvailablePath("m1") + " INR": "29821.77", payment.AvailablePath("m1") + " PKR": "5.90",
	})
	h.settle(pkt("2026-03-03 17:30"))
	if b := h.batches()[0]; b.Currency != inr() || b.Pays() != minor("29821.77") {
		t.Errorf("put back: %+v", b)
	}
}

// What is too large for one instruction is split in the currency that is paid, whenever it
// is converted; each part goes its own way.
func TestFXParts(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{true, false} {
		s := pakistan()
		s.MaxPayout = minor("20000.00")
		h := open(t, rulesWith(s, india()))
		q := quote("Q1", "0.30123", "2026-03-02 12:00:00", "")
		if early {
			h.quotes = quotes(q)
		}
		h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"))
		id := h.settle(pkt("2026-03-02 18:00"))[0].ID
		if !early {
			h.quotes = quotes(q)
			h.settle(pkt("2026-03-02 19:00"))
		}
		if got, want := partsOf(h.only()), "approved: 20000.00 approved 9821.77 approved"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		h.take(
			happensAt(payment.BatchSent, id, 0), happensAt(payment.BatchPaid, settlement.PartID(id, 1), 1),
			happensAt(payment.BatchRefused, settlement.PartID(id, 2), 2), happensAt(payment.BatchCanceled, settlement.PartID(id, 2), 3),
		)
		h.matches()
		h.stands("in parts", map[string]string{
			payment.AvailablePath("m1") + " INR": "9821.77", payment.BankPath("in-escrow") + " INR": "-20000.00", payment.SettlementPath(id) + " INR": "0.00",
		})
	}
}

// A batch that gets its quote while its merchant is held is converted and held for that.
func TestFXMerchantHeld(t *testing.T) {
	t.Parallel()
	h := abroad(t)
	h.settle(pkt("2026-03-02 18:00"))
	if err := h.holds("m1", false, "dora", pkt("2026-03-02 18:30")); err != nil {
		t.Fatal(err)
	}
	h.quotes = quotes(quote("late", "0.31", "2026-03-02 14:00:00", ""))
	h.settle(pkt("2026-03-02 19:30"))
	if b := h.only(); !b.Converted() || b.Status != settlement.Held || b.Hold.Reason != settlement.HoldMerchant {
		t.Errorf("%s, %+v", b.Status, b.Hold)
	}
	if err := h.holds("m1", true, "dora", pkt("2026-03-02 20:00")); err != nil {
		t.Fatal(err)
	}
	h.follow(pkt("2026-03-02 20:01"))
	if b := h.only(); b.Status != settlement.Approved {
		t.Errorf("released: %s, %+v", b.Status, b.Hold)
	}
}

// What is asked for is converted at the quote that is in force when it is asked for.
func TestFXInstant(t *testing.T) {
	t.Parallel()
	rules := charging(rulesWith(pakistan(), india()), fees.EventInstant)
	rules.Fees[len(rules.Fees)-1].Match.Currency = pkr()
	h := open(t, rules)
	h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 07:00:00", ""), quote("Q2", "0.4", "2026-03-02 08:00:00", ""))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100005.90"))
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Quotes: h.quotes}
	req := settlement.Request{Key: "r1", Merchant: "m1", Currency: pkr(), Kind: settlement.Instant, By: "anna", At: pkt("2026-03-02 12:30")}
	b, _, err := closer.Request(context.Background(), req, func(*settlement.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	if !b.Converted() || b.FX.Quote.ID != "Q1" || b.Pays() != minor("29821.77") || b.Bank != "in-escrow" || b.Status != settlement.Approved {
		t.Errorf("%s pays %s: %+v", b.Status, b.Pays(), b.FX)
	}
	h.shared(b)
	h.matches()
}

// Whatever happens to a batch in another currency and its parts, before it is converted and
// after, in whatever order: no money is lost in either currency.
func TestFXLives(t *testing.T) {
	t.Parallel()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; testing.Short() && runs > 10 {
			return
		}
		s := pakistan()
		if rapid.Bool().Draw(rt, "split") {
			s.MaxPayout = minor("20.00")
		}
		if rapid.Bool().Draw(rt, "approved") {
			s.ApproveAbove = new(minor("200.00"))
		}
		if rapid.Bool().Draw(rt, "held") {
			s.Hold = &merchant.ScheduleHold{Until: date("2026-03-03"), Reason: "x"}
		}
		rules := rulesWith(s, india())
		for _, event := range []fees.Event{fees.EventFX, fees.EventSettlement} {
			if rapid.Bool().Draw(rt, string(event)) {
				rules = charging(rules, event)
				rules.Fees[len(rules.Fees)-1].Match.Currency = pkr()
			}
		}
		h := openOn(t, rt, rules)
		if rapid.Bool().Draw(rt, "known") {
			h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
		}
		h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "250.00"))
		id := h.settle(pkt("2026-03-02 18:00"))[0].ID
		at := pkt("2026-03-03 00:00")
		for range rapid.IntRange(1, 20).Draw(rt, "events") {
			at = at.Add(time.Minute)
			switch what := rapid.SampledFrom(append(kinds(), "hold", "release", "follow", "quote")).Draw(rt, "what"); what {
			case "hold", "release":
				_ = h.holds("m1", what == "release", "dora", at) // it may be held already
			case "follow":
				h.follow(at)
			case "quote":
				h.quotes = quotes(quote("Q2", rapid.SampledFrom([]string{"0.31", "0.000000000001"}).Draw(rt, "rate"), "2026-03-02 18:00:00", ""))
				closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Quotes: h.quotes}
				if err := closer.Convert(context.Background(), at, func(*settlement.Batch) {}); err != nil {
					rt.Fatal(err)
				}
			default:
				e := happens(what, settlement.PartID(id, rapid.IntRange(0, len(h.only().Parts)).Draw(rt, "part")), at)
				if e.Actor != "" {
					e.Actor = rapid.SampledFrom([]string{"anna", "ben"}).Draw(rt, "actor")
				}
				_ = h.try(e) // much of it is refused
			}
			h.sound()
			h.matches()
			b, back := h.only(), money.Amount{}
			for _, i := range records[*payment.Item](h, payment.ItemRecord) {
				if i.Category == payment.CategoryBatch {
					back, _ = back.Add(i.Gross)
				}
			}
			if total, err := money.Sum(b.Owed(), b.Sent(), b.PaidOut(), back); err != nil || total != b.Pays() {
				rt.Fatalf("%s: waits %s, on its way %s, paid %s, put back %s: not %s", partsOf(b), b.Owed(), b.Sent(), b.PaidOut(), back, b.Pays())
			}
			if !b.Converted() && (b.Status == settlement.Approved || b.Status == settlement.Closed || !b.Sent().IsZero()) {
				rt.Fatalf("%s without a quote", partsOf(b))
			}
		}
	})
}

// A schedule that pays each merchant in its own currency goes by the merchant's terms just
// before the watermark; who has none, or the batch's own currency, is paid as it is.
func TestFXIntoTheMerchantsOwn(t *testing.T) {
	t.Parallel()
	s := pakistan()
	s.FX = &merchant.FXTerms{OfMerchant: true, Spread: money.MustRate("1%"), MaxAge: 24 * time.Hour}
	h := open(t, rulesWith(s, india()))
	h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""), quote("Q2", "0.3", "2026-03-03 12:00:00", ""))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100.00"))
	become := func(c money.Currency, at time.Time) {
		t.Helper()
		d := &payment.MerchantDecision{Rules: h.rules, Act: payment.MerchantChange, ID: "m1", Actor: "ops", Reason: "moves", Instant: at, Terms: merchant.Terms{Currency: c}}
		if err := h.books.Do(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	h.settle(pkt("2026-03-02 18:00"))
	become(inr(), pkt("2026-03-02 19:00"))
	h.take(rupees("d2", "m1", pkt("2026-03-03 12:00"), "100.00"))
	h.settle(pkt("2026-03-03 18:00"))
	become(pkr(), pkt("2026-03-03 19:00"))
	h.take(rupees("d3", "m1", pkt("2026-03-04 12:00"), "100.00"))
	h.settle(pkt("2026-03-04 18:00"))
	var got []string
	for _, b := range h.batches() {
		got = append(got, b.Window.BusinessDate.String()+" "+b.PaidIn().String()+" "+b.PaidIn().Format(b.Pays()))
	}
	want := []string{"2026-03-02 PKR 100.00", "2026-03-03 INR 29.70", "2026-03-04 PKR 100.00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paid (-want +got)\n%s", diff)
	}
}
