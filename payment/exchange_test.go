package payment_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

func pkr() money.Currency { return money.MustCurrency("PKR") }

// bothSides are the terms without the reserve, and captures in Pakistan, yen and
// Kuwaiti dinar cost nothing.
func bothSides() *payment.Rules {
	rules := noReserve()
	for id, code := range map[string]string{"PK": "PKR", "JP": "JPY", "KW": "KWD"} {
		currency := money.MustCurrency(code)
		rules.Book.Regions = append(rules.Book.Regions, merchant.Region{ID: id, Currencies: []money.Currency{currency}, Bank: "escrow_" + id})
		rules.Book.Schedules[0].For = append(rules.Book.Schedules[0].For, merchant.Scope{Region: id})
		free := price("capture-"+id, fees.EventCapture, fees.Component{Rate: money.MustRate("0%")})
		free.Match.Currency = currency
		rules.Fees = append(rules.Fees, free)
	}
	return rules
}

// savedAbroad is a merchant by hand with 100,000.00 PKR available from Thursday
// 5 March on.
func savedAbroad() payment.Event {
	return in("PKR", of(hand, deposit("d1", "100000.00", "2026-03-03 10:00")))
}

// in makes an event be in another currency, with the same number of minor units.
func in(currency string, e payment.Event) payment.Event {
	e.Currency = money.MustCurrency(currency)
	return e
}

// trade turns 100,000.00 PKR of the merchant by hand into rupees of India.
func trade(id string) *payment.Exchange {
	return &payment.Exchange{
		ID: id, Merchant: hand, Sold: pkr(), Bought: inr(), Amount: rs("100000.00"), Actor: "ops", Instant: at("2026-03-05 10:00"),
		Quote: payment.Quote{
			ID: "q1", Source: "treasury", Mid: money.MustRate("0.30123"), Client: money.MustRate("0.2982177"),
			QuotedAt: at("2026-03-05 09:59"), ValidUntil: at("2026-03-05 10:01"),
		},
	}
}

// trade exchanges for the first time.
func (d *desk) trade(x *payment.Exchange) {
	d.Helper()
	x.Rules = d.rules
	if err := d.Books().Do(d.Context(), x); err != nil || x.Repeated {
		d.Fatalf("exchange %s: repeated %t, %v", x.ID, x.Repeated, err)
	}
}

// accountIn wants an account to stand at an amount, on its normal side.
func (d *desk) accountIn(path, currency, want string) {
	d.Helper()
	c := money.MustCurrency(currency)
	account, _, err := d.Books().Account(d.Context(), path, c)
	if err != nil {
		d.Fatal(err)
	}
	posted, err := account.Posted()
	if err != nil {
		d.Fatal(err)
	}
	if got := c.Format(posted); got != want {
		d.Errorf("%s:%s stands at %s, want %s", path, currency, got, want)
	}
}

// 100,000.00 PKR to INR, mid 0.30123, client mid - 1 %.
func TestExchange(t *testing.T) {
	t.Parallel()
	d := open(t, bothSides())
	d.book(savedAbroad())
	x := trade("x1")
	d.trade(x)
	d.accountIn("merchants/hand/available", "PKR", "0.00")
	d.accountIn("fx/PKR", "PKR", "100000.00")
	d.accountIn("fx/INR", "INR", "-30123.00")
	d.accountIn("merchants/hand/available", "INR", "29821.77")
	d.accountIn("income/fx_spread", "INR", "301.23")
	want := &payment.Exchanged{
		ID: "x1", At: x.Instant, Merchant: hand, Sold: pkr(), Bought: inr(), Amount: rs("100000.00"), Worth: rs("30123.00"), Got: rs("29821.77"),
		Spread: rs("301.23"), Quote: x.Quote, Actor: "ops",
	}
	if diff := cmp.Diff(want, record[*payment.Exchanged](d, payment.ExchangeRecord, "x1")); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	before := d.everything()
	again := trade("x1")
	again.Rules, again.Instant = d.rules, at("2026-03-09 10:00") // when the quote is stale
	if err := d.Books().Do(t.Context(), again); err != nil || !again.Repeated {
		t.Errorf("again: repeated %t, %v", again.Repeated, err)
	}
	again.Amount = rs("1.00")
	err := d.Books().Do(t.Context(), again)
	if want := `exchange x1: amount was reported before with other content: was "100000.00", is now "1.00"`; !errors.Is(err, payment.ErrConflict) || err.Error() != want {
		t.Errorf("with another amount: %v", err)
	}
	d.same(before, "an exchange told again")
}

// Whatever the rates and the currencies' digits, both sides balance: what the
// money is worth is rounded to the nearest, what the merchant gets down.
func TestExchangeRounding(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sold, bought     string
		amount           int64 // minor units
		mid, client      string
		worth, got, rest string
	}{
		{"PKR", "INR", 1, "0.5", "0.5", "", "", ""}, // half a paisa is nothing
		{"PKR", "INR", 3, "0.5", "0.5", "0.02", "0.01", "0.01"},
		{"PKR", "INR", 5, "0.5", "0.5", "0.02", "0.02", "0.00"},
		{"INR", "JPY", 10_003, "1.7", "1.65", "170", "165", "5"},
		{"JPY", "INR", 165, "0.588235294117647058", "0.58", "97.06", "95.70", "1.36"},
		{"INR", "KWD", 123_456, "0.0036", "0.0035999", "4.444", "4.444", "0.000"},
		{"KWD", "JPY", 1_234, "500.5", "500.4999", "618", "617", "1"},
	} {
		t.Run(test.sold+" "+test.bought+" "+test.mid, func(t *testing.T) {
			t.Parallel()
			d := open(t, bothSides())
			saved := in(test.sold, of(hand, deposit("d1", "1.00", "2026-03-03 10:00")))
			saved.Amount = money.Minor(10 * test.amount)
			d.book(saved)
			x := trade("x1")
			x.Rules, x.Amount = d.rules, money.Minor(test.amount)
			x.Sold, x.Bought = money.MustCurrency(test.sold), money.MustCurrency(test.bought)
			x.Quote.Mid, x.Quote.Client = money.MustRate(test.mid), money.MustRate(test.client)
			err := d.Books().Do(t.Context(), x)
			if test.got == "" {
				if !errors.Is(err, payment.ErrQuote) {
					t.Errorf("error %v, want %v", err, payment.ErrQuote)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := record[*payment.Exchanged](d, payment.ExchangeRecord, "x1")
			f := x.Bought.Format
			if got, want := fmt.Sprint(f(r.Worth), f(r.Got), f(r.Spread)), fmt.Sprint(test.worth, test.got, test.rest); got != want {
				t.Errorf("worth, got and spread: %s, want %s", got, want)
			}
		})
	}
}

// What cannot be exchanged is refused, and nothing is written.
func TestExchangeRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		alter func(*payment.Exchange)
		is    error
		want  string
	}{
		{"stale", func(x *payment.Exchange) { x.Instant = at("2026-03-05 10:02") }, payment.ErrQuote,
			"exchange x1: quote cannot be used: quote q1 was valid until 2026-03-05T04:31:00Z, it is 2026-03-05T04:32:00Z"},
		{"not given yet", func(x *payment.Exchange) { x.Instant = at("2026-03-05 09:58") }, payment.ErrQuote,
			"exchange x1: quote cannot be used: quote q1 was given at 2026-03-05T04:29:00Z, after 2026-03-05T04:28:00Z"},
		{"no quote", func(x *payment.Exchange) { x.Quote = payment.Quote{} }, payment.ErrQuote,
			`exchange x1: quote cannot be used: id "" of source ""`},
		{"no end", func(x *payment.Exchange) { x.Quote.ValidUntil = time.Time{} }, payment.ErrQuote,
			"exchange x1: quote cannot be used: quote q1 is valid from 2026-03-05T04:29:00Z to 0001-01-01T00:00:00Z"},
		{"no rate", func(x *payment.Exchange) { x.Quote.Client = money.Rate{} }, payment.ErrQuote,
			"exchange x1: quote cannot be used: quote q1 gives 0 where the money is worth 0.30123"},
		{"above what it is worth", func(x *payment.Exchange) { x.Quote.Client = money.MustRate("0.30124") }, payment.ErrQuote,
			"exchange x1: quote cannot be used: quote q1 gives 0.30124 where the money is worth 0.30123"},
		{"a card number", func(x *payment.Exchange) { x.Actor = "4111 1111 1111 1111" }, payment.ErrCardNumber, ""},
		{"into itself", func(x *payment.Exchange) { x.Bought = pkr() }, nil, `exchange x1: cannot turn "PKR" into "PKR"`},
		{"nothing", func(x *payment.Exchange) { x.Amount = money.Amount{} }, nil, "exchange x1: amount 0.00 is not above 0"},
		{"an absurd amount", func(x *payment.Exchange) { x.Amount = money.Minor(payment.AmountMax + 1) }, payment.ErrTooLarge,
			"exchange x1: amount: 10000000000000000.01 is above the most that is taken, 10000000000000000.00"},
		{"more than anything is worth", func(x *payment.Exchange) {
			x.Amount, x.Quote.Mid = money.Minor(payment.AmountMax), money.MustRate("1.1")
		}, payment.ErrTooLarge, "exchange x1: what is bought: 11000000000000000.00 is above the most that is taken, 10000000000000000.00"},
		{"a stranger", func(x *payment.Exchange) { x.Merchant = "stranger" }, payment.ErrUnknownMerchant,
			`exchange x1: merchant_id: "stranger": merchant is not known`},
		{"more than is available", func(x *payment.Exchange) { x.Amount = rs("100000.01") }, ledger.ErrInsufficientFunds, ""},
		{"before it is available", func(x *payment.Exchange) {
			x.Instant, x.Quote.QuotedAt = at("2026-03-04 10:00"), at("2026-03-04 09:00")
		}, ledger.ErrInsufficientFunds, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, bothSides())
			d.book(savedAbroad())
			before := d.everything()
			x := trade("x1")
			x.Rules = d.rules
			test.alter(x)
			err := d.Books().Do(t.Context(), x)
			if err == nil || test.is != nil && !errors.Is(err, test.is) || test.want != "" && err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
			d.same(before, "a refused exchange")
		})
	}
}

// Batches in both currencies take an exchange as a line.
func TestExchangeIsSettled(t *testing.T) {
	t.Parallel()
	d := open(t, bothSides())
	d.book(in("PKR", deposit("d1", "2000.00", "2026-03-02 10:00")), in("PKR", refund("r1", "d1", "1000.00", "2026-03-02 11:00")))
	d.settle("2026-03-02")
	d.book(later(payment.RefundFailed, "r1", "2026-03-03 10:00"))
	x := trade("x1")
	x.Merchant, x.Amount, x.Instant, x.Quote.QuotedAt = m, rs("500.00"), at("2026-03-03 11:00"), at("2026-03-03 10:59")
	d.trade(x)
	got := map[string]string{}
	for _, b := range d.settle("2026-03-03") {
		got[b.Currency.String()] = b.Currency.Format(b.Net) + " of which exchanged " + b.Currency.Format(b.Categories.Exchanges)
	}
	want := map[string]string{"PKR": "500.00 of which exchanged -500.00", "INR": "149.10 of which exchanged 149.10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

// Who is suspended or closed exchanges nothing; an exchange of before is recognised, and
// one who is closing may still turn what is left into the currency it is paid in.
func TestExchangeOfTheInactive(t *testing.T) {
	t.Parallel()
	d := open(t, bothSides())
	d.book(savedAbroad())
	half := trade("x0")
	half.Amount = rs("50000.00")
	d.trade(half)
	act := func(kind payment.MerchantAct, when string) {
		decided := decision(kind, when)
		decided.ID = hand
		d.decide(decided)
	}
	other := func(id, when string) *payment.Exchange {
		x := trade(id)
		x.Rules, x.Amount, x.Instant, x.Quote.QuotedAt, x.Quote.ValidUntil = d.rules, rs("50000.00"), at(when), at(when), at(when)
		return x
	}
	refused := func(x *payment.Exchange, want string) {
		t.Helper()
		before := d.everything()
		if err := d.Books().Do(t.Context(), x); fmt.Sprint(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
		d.same(before, "a refused exchange")
	}
	act(payment.MerchantSuspend, "2026-03-06 10:00")
	refused(other("x1", "2026-03-06 10:00"), "exchange x1: merchant_id: hand takes no new payments: it is suspended since 2026-03-06T04:30:00Z")
	if err := d.Books().Do(t.Context(), half); err != nil || !half.Repeated {
		t.Errorf("the exchange of before: repeated %t, %v", half.Repeated, err)
	}
	act(payment.MerchantClose, "2026-03-06 11:00")
	d.trade(other("x1", "2026-03-06 12:00"))
	d.book(payout("p1", "29815.86", "2026-03-06 13:00"), later(payment.PayoutSent, "p1", "2026-03-06 14:00"), later(payment.PayoutCompleted, "p1", "2026-03-06 15:00"))
	d.closesOut(hand)
	refused(other("x2", "2026-12-01 10:00"), "exchange x2: merchant_id: hand takes no new payments: it is closed since 2026-11-30T06:30:00Z")
}
