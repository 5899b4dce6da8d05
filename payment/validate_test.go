package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// What an event must be by itself, before anybody asks what is known.
func TestValidate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		event payment.Event
		alter func(*payment.Event)
		want  string // the fault; none: the event is sound
	}{
		{"nothing is wrong", captured(), func(*payment.Event) {}, ""},
		{"unknown kind", captured(), func(e *payment.Event) { e.Kind = "gift" }, `kind: "gift" is not a kind of event`},
		{"no kind", captured(), func(e *payment.Event) { e.Kind = "" }, `kind: "" is not a kind of event`},
		{"no id", captured(), func(e *payment.Event) { e.ID = "" }, `id: id is missing`},
		{"id of other letters", captured(), func(e *payment.Event) { e.ID = "d/1" }, `id: id "d/1" has '/', which is not one of [A-Za-z0-9._-]`},
		{"no instant", captured(), func(e *payment.Event) { e.OccurredAt = time.Time{} }, `occurred_at: is missing`},
		{"deposit without merchant", captured(), func(e *payment.Event) { e.Merchant = "" }, `merchant_id: is missing; a deposit needs it`},
		{"deposit without currency", captured(), func(e *payment.Event) { e.Currency = money.Currency{} }, `currency: is missing; a deposit needs it`},
		{"deposit of nothing", captured(), func(e *payment.Event) { e.Amount = money.Amount{} }, `amount: is missing or zero; a deposit needs one above 0`},
		{"deposit without method", captured(), func(e *payment.Event) { e.Method = "" }, `method: is missing; a deposit needs it`},
		{"payout without method", payout("p1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Method = "" }, `method: is missing; a payout needs it`},
		{"refund of nothing known", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Parent = "" }, `parent_id: is missing; a refund needs it`},
		{"refund of no amount", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Amount = money.Amount{} }, `amount: is missing or zero; a refund needs one above 0`},
		{"refund without a reason", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = "" }, `reason_code: is missing; a refund needs it`},
		{"dispute without a reason", dispute("c1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = "" }, `reason_code: is missing; a dispute needs it`},
		{"refund for a reason in words", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = "item_Returned" }, `reason_code: code "item_Returned" has 'R', which is not one of [a-z0-9_]`},
		{"dispute for a reason with a point", dispute("c1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = "10.4" }, `reason_code: code "10.4" has '.', which is not one of [a-z0-9_]`},
		{"reason of 64 bytes", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = strings.Repeat("a_9z", 16) }, ""},
		{"reason of 65 bytes", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = strings.Repeat("x", 65) }, `reason_code: code "` + strings.Repeat("x", 65) + `" has 65 bytes, at most 64 are allowed`},
		{"a failure gives its reason in the rail's words", later(payment.RefundFailed, "r1", "2026-03-02 10:00"), func(e *payment.Event) { e.ReasonCode = "U30: Debit failed" }, ""},
		{"dispute about nothing known", dispute("c1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Parent = "" }, `parent_id: is missing; a dispute needs it`},
		{"rail settlement without rail", railPays("s1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Rail = "" }, `rail: is missing; a rail_settlement needs it`},
		{"rail settlement with the method for its rail", railPays("s1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Rail, e.Method = "", "UPI" }, ""},
		{"a later event needs its id and instant only", later(payment.RefundFailed, "r1", "2026-03-02 10:00"), func(*payment.Event) {}, ""},
		{"negative amount", captured(), func(e *payment.Event) { e.Amount = rs("-0.01") }, `amount: -0.01 is negative`},
		{"negative cost", railPays("s1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Cost = rs("-0.01") }, `cost: -0.01 is negative`},
		{"negative tax on the cost", railPays("s1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.CostTax = rs("-0.01") }, `cost_tax: -0.01 is negative`},
		{"the largest amount", captured(), func(e *payment.Event) { e.Amount = money.Minor(payment.AmountMax) }, ""},
		{"an absurd amount", captured(), func(e *payment.Event) { e.Amount = money.Minor(payment.AmountMax + 1) },
			`amount: 10000000000000000.01 is above the most that is taken, 10000000000000000.00`},
		{"an absurd cost", railPays("s1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Cost = money.Minor(payment.AmountMax + 1) },
			`cost: 10000000000000000.01 is above the most that is taken, 10000000000000000.00`},
		{"absurd tax", railPays("s1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.CostTax = money.Minor(payment.AmountMax + 1) },
			`cost_tax: 10000000000000000.01 is above the most that is taken, 10000000000000000.00`},
		{"cost of a deposit", captured(), func(e *payment.Event) { e.Cost, e.CostTax = rs("0.01"), rs("0.01") }, ""},
		{"cost of a deposit that begins", captured(), func(e *payment.Event) { e.Kind, e.Cost = payment.DepositCreated, rs("0.01") },
			`cost: has no place in a deposit_created, only in a rail_settlement or deposit`},
		{"border", captured(), func(e *payment.Event) { e.Border = "abroad" }, `border: "abroad" is neither domestic nor cross_border`},
		{"tax on the cost of a payout", payout("p1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.CostTax = rs("0.01") }, `cost_tax: has no place in a payout, only in a rail_settlement, rail_invoice or deposit`},
		{"merchant of other letters", captured(), func(e *payment.Event) { e.Merchant = "m 1" }, `merchant_id: id "m 1" has ' ', which is not one of [A-Za-z0-9._-]`},
		{"method that makes no rail", captured(), func(e *payment.Event) { e.Method = "BANK TRANSFER" }, `rail: id "bank transfer" has ' ', which is not one of [A-Za-z0-9._-]`},
		{"parent of dots", refund("r1", "d1", "1.00", "2026-03-02 10:00"), func(e *payment.Event) { e.Parent = ".." }, `parent_id: id ".." consists of dots`},
		{"long order id", captured(), func(e *payment.Event) { e.OrderID = strings.Repeat("x", 256) }, `order_id: "` + strings.Repeat("x", 40) + `" is not a text of at most 255 bytes`},
		{"order id of 255 bytes", captured(), func(e *payment.Event) { e.OrderID = strings.Repeat("x", 255) }, ""},
		{"text that is none", captured(), func(e *payment.Event) { e.RailRef = "\xff" }, `rail_reference: "\xff" is not a text of at most 255 bytes`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := test.event
			test.alter(&e)
			e = e.Normalize()
			if diff := cmp.Diff(test.want, text(e.Validate())); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// With everything any kind needs, an event of each kind is sound.
func TestValidateKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range payment.Kinds() {
		e := payment.Event{
			Kind: kind, ID: "x", OccurredAt: at("2026-03-02 10:00"), Merchant: m, Currency: inr(), Amount: rs("1.00"), Method: "UPI", Parent: "d",
			ReasonCode: "r", Actor: "anna",
		}
		e = e.Normalize()
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	e := by("BANK_TRANSFER", captured())
	e.OccurredAt = e.OccurredAt.Add(1999).In(kolkata())
	got := e.Normalize()
	if got.Rail != "bank_transfer" || !got.OccurredAt.Equal(captured().OccurredAt.Add(1000)) || got.OccurredAt.Location() != time.UTC {
		t.Errorf("rail %q, at %s", got.Rail, got.OccurredAt)
	}
	if e.Rail = "imps"; e.Normalize().Rail != "imps" {
		t.Error("a rail that is named is not kept")
	}
}

// What the configuration does not provide for is refused where the event says
// it, and nothing is written.
func TestRulesThatSayNothing(t *testing.T) {
	t.Parallel()
	rupees := func(alter func(*payment.Rules)) *payment.Rules {
		rules := terms()
		alter(rules)
		return rules
	}
	dollars := captured()
	dollars.Currency = money.MustCurrency("USD")
	taxed := railPays("s1", "10.00", "2026-03-02 10:00")
	taxed.CostTax = rs("0.18")
	greedy := railPays("s1", "10.00", "2026-03-02 10:00")
	greedy.Cost, greedy.CostTax = rs("9.99"), rs("0.02")
	for _, test := range []struct {
		name  string
		rules *payment.Rules
		event payment.Event
		want  string
	}{
		{"no region for the currency", terms(), dollars, `currency: no region lists currency USD`},
		{"no region for what a rail paid", terms(), func() payment.Event {
			e := railPays("s1", "1.00", "2026-03-02 10:00")
			e.Currency = money.MustCurrency("USD")
			return e
		}(), `currency: no region lists currency USD`},
		{
			"no settlement schedule", rupees(func(r *payment.Rules) { r.Book.Schedules = r.Book.Schedules[1:] }), captured(),
			`merchant_id: no settlement schedule is meant for merchant=m region=IN currency=INR method=UPI at 2026-03-02T04:30:00Z`,
		},
		{
			"a date the calendar does not know", terms(), deposit("d1", "1.00", "2031-03-02 10:00"),
			`occurred_at: schedule daily: date outside the calendar's validity: ` +
				`calendar IN (version 2025-2026.1) is valid from 2025-01-01 to 2026-12-31, asked about 2031-03-03`,
		},
		{
			"no fee for a capture", rupees(func(r *payment.Rules) { r.Fees = r.Fees[1:] }), captured(),
			`method: no fee schedule for event capture, merchant m, method UPI, region IN, currency INR, on 2026-03-02`,
		},
		{
			"no fee for a payout", rupees(func(r *payment.Rules) { r.Fees = r.Fees[:3] }), payout("p1", "1.00", "2026-03-02 10:00"),
			`kind: no fee schedule for event payout, merchant hand, method IMPS, region IN, currency INR, on 2026-03-02`,
		},
		{"a rail that keeps more than it owes", terms(), greedy, `cost: the rail kept 10.01 of 10.00`},
		{
			"no code for the tax a rail charges", rupees(func(r *payment.Rules) { r.Book.Regions[0].InputTax = "" }), taxed,
			`cost_tax: the region has no input_tax code to book it under`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			open(t, test.rules).refuse(test.event, test.want)
		})
	}
	t.Run("no fee for a dispute", func(t *testing.T) {
		t.Parallel()
		d := open(t, rupees(func(r *payment.Rules) { r.Fees = r.Fees[:2] }))
		d.book(captured())
		d.refuse(dispute("c1", "d1", "1.00", "2026-03-03 10:00"),
			`kind: no fee schedule for event dispute, merchant m, method UPI, region IN, currency INR, on 2026-03-02`)
	})
}

// A merchant may belong to a region its currency does not: schedules, fees,
// reserves and the bank follow the merchant.
func TestRegionOfTheMerchant(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Book.Regions = append(rules.Book.Regions, merchant.Region{
		ID: "GLOBAL", Currencies: []money.Currency{money.MustCurrency("USD")}, Bank: "escrow_global",
	})
	rules.Book.Schedules[0].For = append(rules.Book.Schedules[0].For, merchant.Scope{Region: "GLOBAL"})
	free := price("global", fees.EventCapture, fees.Component{})
	free.Match.Region = "GLOBAL"
	rules.Fees = append(rules.Fees, free)
	rules.CreateMerchants = true
	d := open(t, rules)
	if err := d.Books().Do(t.Context(), &putting{&payment.Merchant{Merchant: merchant.Merchant{ID: "expat", Region: "GLOBAL"}}}); err != nil {
		t.Fatal(err)
	}
	d.book(of("expat", captured()), refund("r1", "d1", "1000.00", "2026-03-02 11:00"), later(payment.RefundConfirmed, "r1", "2026-03-02 12:00"))
	d.stands("expat", "pending 0.00", "available 0.00", "reserve/rolling 0.00")
	d.account("bank/escrow_global", "-1000.00")
	d.account("bank/escrow_in", "0.00")
}

// Taxes that a configuration splits are booked apart and reported together.
func TestSplitTax(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Fees[0].Tax.Split = []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}}
	d := open(t, rules)
	d.book(captured())
	d.account("tax/cgst", "1.80")
	d.account("tax/sgst", "1.80")
	if got := records[*payment.Item](d, payment.ItemRecord)[0].TaxCode; got != "cgst+sgst" {
		t.Errorf("tax code %q", got)
	}
}
