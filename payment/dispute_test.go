package payment_test

import (
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// square tells whether a dispute has left nothing in clearing that is to come.
func (d *desk) wantSquare(id string, want bool) {
	d.Helper()
	got, err := record[*payment.Dispute](d, payment.DisputeRecord, id).Square()
	if err != nil || got != want {
		d.Errorf("dispute %s: square %t, %v", id, got, err)
	}
}

// A dispute is square when it is decided and the scheme has what the merchant
// lost, in whatever order that is told.
func TestSquareDisputes(t *testing.T) {
	t.Parallel()
	debited := later(payment.DisputeDebited, "c1", "2026-03-06 10:00")
	credited := later(payment.DisputeCredited, "c1", "2026-03-09 10:00")
	won := later(payment.DisputeWon, "c1", "2026-03-07 10:00")
	lost := later(payment.DisputeLost, "c1", "2026-03-07 10:00")
	for _, test := range []struct {
		name   string
		events []payment.Event
		square []bool // after each of them
	}{
		{"lost", []payment.Event{debited, lost}, []bool{false, true}},
		{"lost before the scheme takes its money", []payment.Event{lost, later(payment.DisputeDebited, "c1", "2026-03-08 10:00")}, []bool{false, true}},
		{"won", []payment.Event{debited, won, credited}, []bool{false, false, true}},
		{"won before the scheme takes anything", []payment.Event{won}, []bool{true}},
		{"won, and taken and given back all the same", []payment.Event{won, later(payment.DisputeDebited, "c1", "2026-03-08 10:00"), credited}, []bool{true, false, true}},
		{"won in part", []payment.Event{debited, withAmount("300.00", won), credited}, []bool{false, false, true}},
		{"won in part, the rest taken", []payment.Event{withAmount("300.00", won), withAmount("450.00", later(payment.DisputeDebited, "c1", "2026-03-08 10:00"))}, []bool{false, true}},
		{"too little taken", []payment.Event{withAmount("749.99", debited), lost}, []bool{false, false}},
		{"too little given back", []payment.Event{debited, won, withAmount("749.99", credited)}, []bool{false, false, false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(captured(), dispute("c1", "d1", "750.00", "2026-03-05 10:00"))
			d.wantSquare("c1", false)
			for i, e := range test.events {
				d.book(e)
				d.wantSquare("c1", test.square[i])
			}
			if test.square[len(test.square)-1] {
				d.account("disputes/upi/clearing", "0.00")
			}
		})
	}
}

// The scheme takes no more than was disputed, gives back no more than was
// recovered, in as many parts as it likes.
func TestSchemeMovesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	debited := later(payment.DisputeDebited, "c1", "2026-03-06 10:00")
	credited := later(payment.DisputeCredited, "c1", "2026-03-09 10:00")
	d.book(captured(), dispute("c1", "d1", "750.00", "2026-03-05 10:00"))
	d.refuse(withAmount("750.01", debited), "amount: INR 750.01 is more than the 750.00 of dispute c1")
	d.refuse(credited, "kind: dispute_credited is not possible now: c1 is needs_response")
	d.book(withAmount("700.00", debited))
	d.refuse(withAmount("50.00", debited), `amount: was reported before with other content: was "700.00", is now "50.00"`)
	d.book(withAmount("300.00", later(payment.DisputeWon, "c1", "2026-03-07 10:00")))
	d.refuse(withAmount("300.01", credited), "amount: INR 300.01 is more than the 300.00 recovered of dispute c1")
	d.book(withAmount("250.00", credited))
	d.again(withAmount("250.00", credited))
	d.account("bank/escrow_in", "-450.00")
	d.account("disputes/upi/clearing", "0.00") // -750.00 + 700.00 + 300.00 - 250.00: what it kept is what was lost
	d.wantSquare("c1", true)

	more := later(payment.DisputeDebited, "c1", "2026-03-06 09:00") // told after what happened after it
	d.refuse(withAmount("50.01", more), "amount: INR 50.01 is more than the 50.00 that are left of the 750.00 of dispute c1")
	more.RailRef = "r2"
	d.book(withAmount("20.00", more))
	again := withAmount("20.00", later(payment.DisputeDebited, "c1", "2026-03-06 09:30"))
	again.RailRef = "r2" // one reference is one part
	d.refuse(again, `occurred_at: was reported before with other content: was "2026-03-06T04:30:00Z", is now "2026-03-06T04:00:00Z"`)
	rest := later(payment.DisputeDebited, "c1", "2026-03-08 10:00")
	rest.RailRef = "r3"
	d.book(rest) // 30.00
	d.wantSquare("c1", false)
	d.refuse(withAmount("50.01", later(payment.DisputeCredited, "c1", "2026-03-10 10:00")),
		"amount: INR 50.01 is more than the 50.00 that are left of the 300.00 recovered of dispute c1")
	d.book(withAmount("50.00", later(payment.DisputeCredited, "c1", "2026-03-10 10:00")))
	for _, e := range []payment.Event{
		withAmount("700.00", debited), withAmount("20.00", more), rest, withAmount("250.00", credited),
		withAmount("50.00", later(payment.DisputeCredited, "c1", "2026-03-10 10:00")),
	} {
		d.again(e)
	}
	d.account("bank/escrow_in", "-450.00")
	d.account("disputes/upi/clearing", "0.00")
	d.wantSquare("c1", true)
	for kind, first := range map[payment.Kind]string{payment.DisputeDebited: "06", payment.DisputeCredited: "09"} {
		d.refuse(withAmount("0.01", later(kind, "c1", "2026-03-11 10:00")),
			`occurred_at: was reported before with other content: was "2026-03-`+first+`T04:30:00Z", is now "2026-03-11T04:30:00Z"`)
	}
}

// A refund that comes back goes where it was paid from, whatever the rail does by
// then; so each account comes back to where it was.
func TestNettedRefundComesBack(t *testing.T) {
	t.Parallel()
	for _, netted := range []bool{true, false} {
		rules := terms()
		rules.Rails = map[string]payment.RailTerms{"upi": {NetsRefunds: netted}}
		d := open(t, rules)
		d.book(captured(), refund("r1", "d1", "250.00", "2026-03-05 10:00"), later(payment.RefundConfirmed, "r1", "2026-03-05 11:00"))
		receivable, bank := "1000.00", "-250.00"
		if netted {
			receivable, bank = "750.00", "0.00"
		}
		d.account("rails/upi/receivable", receivable)
		d.account("bank/escrow_in", bank)
		rules.Rails = map[string]payment.RailTerms{"upi": {NetsRefunds: !netted}}
		d.book(later(payment.RefundFailed, "r1", "2026-03-06 10:00"))
		d.account("rails/upi/receivable", "1000.00")
		d.account("bank/escrow_in", "0.00")
		d.account("rails/upi/refunds", "0.00")
	}
}

// One that nets refunds need not net disputes.
func TestRailsNetOneAndNotTheOther(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Rails = map[string]payment.RailTerms{"upi": {NetsRefunds: true}, "card": {NetsDisputes: true}}
	d := open(t, rules)
	d.book(captured(), by("CARD", deposit("d2", "1000.00", "2026-03-02 10:00")))
	for i, parent := range []string{"d1", "d2"} {
		r, c := []string{"r1", "r2"}[i], []string{"c1", "c2"}[i]
		d.book(
			refund(r, parent, "100.00", "2026-03-05 10:00"), later(payment.RefundConfirmed, r, "2026-03-05 11:00"),
			dispute(c, parent, "10.00", "2026-03-05 12:00"), later(payment.DisputeDebited, c, "2026-03-05 13:00"),
		)
	}
	d.account("rails/upi/receivable", "900.00")
	d.account("rails/card/receivable", "990.00")
	d.account("bank/escrow_in", "-110.00") // 10.00 by UPI, 100.00 by card
}

// A refund and a dispute of the same money pay twice only where the rules say so;
// then each is held against the deposit by itself.
func TestPayTwice(t *testing.T) {
	t.Parallel()
	const tooMuch = " is more than is left of the deposit: of deposit d1, 1000.00 was captured, "
	for name, test := range map[string]struct {
		scopes []merchant.Scope
		twice  bool
	}{
		"not said":               {nil, false},
		"said of somebody else":  {[]merchant.Scope{{Merchant: hand}}, false},
		"said of another method": {[]merchant.Scope{{Region: "IN", Method: "CARD"}}, false},
		"said of the merchant":   {[]merchant.Scope{{Merchant: m}}, true},
		"said of all":            {[]merchant.Scope{{}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := terms()
			rules.PayTwice = test.scopes
			d := open(t, rules)
			d.book(captured(), refund("r1", "d1", "600.00", "2026-03-05 10:00"))
			whole := dispute("c1", "d1", "1000.00", "2026-03-05 11:00")
			if !test.twice {
				d.refuse(whole, "amount: INR 1000.00"+tooMuch+"600.00 is refunded and 0.00 disputed")
				d.book(dispute("c1", "d1", "400.00", "2026-03-05 11:00"))
				d.refuse(refund("r2", "d1", "0.01", "2026-03-05 12:00"), "amount: INR 0.01"+tooMuch+"600.00 is refunded and 400.00 disputed")
				return
			}
			d.book(whole, refund("r2", "d1", "400.00", "2026-03-05 12:00"))
			d.refuse(refund("r3", "d1", "0.01", "2026-03-05 13:00"), "amount: INR 0.01"+tooMuch+"1000.00 is refunded and 1000.00 disputed")
			d.refuse(dispute("c2", "d1", "0.01", "2026-03-05 13:00"), "amount: INR 0.01"+tooMuch+"1000.00 is refunded and 1000.00 disputed")
			d.account("income/processing_fee", "0.00") // given back once
			d.book(later(payment.DisputeWon, "c1", "2026-03-09 10:00"), dispute("c2", "d1", "1000.00", "2026-03-10 10:00"))
		})
	}
}

// Two refunds of one amount are two refunds, and what one of them comes to does
// not touch the other.
func TestTwoRefundsOfOneAmount(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(
		captured(), refund("r1", "d1", "250.00", "2026-03-02 11:00"), refund("r2", "d1", "250.00", "2026-03-02 11:00"),
		later(payment.RefundUnknown, "r1", "2026-03-02 12:00"), later(payment.RefundCanceled, "r2", "2026-03-02 12:00"),
	)
	d.account("rails/upi/refunds", "250.00")
	d.account("income/processing_fee", "15.00")
	d.stands(m, "pending 726.40", "available 5.90")
	d.book(later(payment.RefundFailed, "r1", "2026-03-02 13:00")) // the inquiry
	d.account("rails/upi/refunds", "0.00")
	d.account("income/processing_fee", "20.00")
	d.stands(m, "pending 976.40", "available 0.00")
	if got := record[*payment.Deposit](d, payment.DepositRecord, "d1"); got.Status != payment.Succeeded {
		t.Errorf("deposit is %s", got.Status)
	}
}

// What a rail nets of a dispute is settled with the first part of it.
func TestPartsAreNettedAlike(t *testing.T) {
	t.Parallel()
	rules := terms()
	rules.Rails = map[string]payment.RailTerms{"upi": {NetsDisputes: true}}
	d := open(t, rules)
	d.book(captured(), dispute("c1", "d1", "750.00", "2026-03-05 10:00"), withAmount("700.00", later(payment.DisputeDebited, "c1", "2026-03-06 10:00")))
	rules.Rails = nil
	d.book(later(payment.DisputeDebited, "c1", "2026-03-07 10:00"))
	d.account("rails/upi/receivable", "250.00")
	d.account("bank/escrow_in", "0.00")
	d.account("disputes/upi/clearing", "0.00")
}
