package payment_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// full gives an event everything that its kind may carry.
func full(e payment.Event) payment.Event {
	e.RailRef, e.BankRef = "RR1", "BR1"
	switch e.Kind {
	case payment.RailSettled:
		e.Cost, e.CostTax = rs("5.00"), rs("0.90")
		return e
	case payment.RailInvoiced, payment.RailInvoiceNetted:
		e.CostTax = rs("0.90")
		return e
	}
	e.OrderID, e.ReasonCode = "order-1", "because"
	if e.Kind == payment.DepositCaptured || e.Kind == payment.DepositCreated {
		e.Brand, e.Funding = "visa", "credit"
	}
	return e
}

// story is one event of each kind, each possible after those before it.
func story() []payment.Event {
	return []payment.Event{
		full(captured()),
		full(refund("r1", "d1", "100.00", "2026-03-02 11:00")),
		full(later(payment.RefundConfirmed, "r1", "2026-03-02 12:00")),
		full(later(payment.RefundFailed, "r1", "2026-03-02 13:00")),
		full(dispute("c1", "d1", "500.00", "2026-03-02 14:00")),
		full(later(payment.DisputeDebited, "c1", "2026-03-02 14:20")),
		full(later(payment.DisputeEvidence, "c1", "2026-03-02 14:40")),
		full(withAmount("200.00", later(payment.DisputeWon, "c1", "2026-03-02 15:00"))),
		full(later(payment.DisputeCredited, "c1", "2026-03-02 15:30")),
		full(dispute("c2", "d1", "100.00", "2026-03-02 16:00")),
		full(refund("r2", "d1", "50.00", "2026-03-02 16:10")),
		full(later(payment.RefundCanceled, "r2", "2026-03-02 16:20")),
		full(refund("r3", "d1", "20.00", "2026-03-02 16:30")),
		full(later(payment.RefundUnknown, "r3", "2026-03-02 16:40")),
		full(later(payment.RefundConfirmed, "r3", "2026-03-02 16:50")),
		full(later(payment.DisputeLost, "c2", "2026-03-02 17:00")),
		full(deposit("d2", "50.00", "2026-03-02 17:00")),
		full(later(payment.DepositFailed, "d2", "2026-03-02 17:30")),
		full(railPays("s1", "1050.00", "2026-03-03 09:00")),
		full(of(hand, deposit("d3", "1000.00", "2026-03-03 10:00"))),
		full(payout("p1", "100.00", "2026-03-05 10:00")),
		full(later(payment.PayoutSent, "p1", "2026-03-05 11:00")),
		full(later(payment.PayoutCompleted, "p1", "2026-03-05 12:00")),
		full(later(payment.PayoutReturned, "p1", "2026-03-06 12:00")),
		full(payout("p2", "100.00", "2026-03-06 13:00")),
		full(later(payment.PayoutFailed, "p2", "2026-03-06 14:00")),
		full(begun("d4", "10.00", "2026-03-06 15:00")),
		full(later(payment.DepositAction, "d4", "2026-03-06 15:01")),
		full(later(payment.DepositAuthorized, "d4", "2026-03-06 15:02")),
		full(deposit("d4", "10.00", "2026-03-06 15:03")),
		full(begun("d5", "10.00", "2026-03-06 15:00")),
		full(later(payment.DepositExpired, "d5", "2026-03-06 15:04")),
		full(begun("d6", "10.00", "2026-03-06 15:00")),
		full(later(payment.DepositCanceled, "d6", "2026-03-06 15:04")),
		full(passing(payment.RailCharged, "k1", "5.00", "2026-03-06 16:00")),
		full(passing(payment.RailInvoiced, "i1", "4.00", "2026-03-06 16:00")),
		full(passing(payment.RailInvoiceNetted, "i2", "1.00", "2026-03-06 16:00")),
		full(passing(payment.BankCredit, "b1", "7.00", "2026-03-06 16:00")),
		full(later(payment.BankExplained, "b1", "2026-03-06 16:01")),
		full(passing(payment.BankDebit, "b2", "7.00", "2026-03-06 16:00")),
		full(later(payment.BankCharged, "b2", "2026-03-06 16:01")),
		full(passing(payment.FeesMoved, "t1", "1.00", "2026-03-06 16:00")),
		full(passing(payment.Opened, "o1", "100.00", "2026-03-06 16:00")),
	}
}

// Every kind of event, told again at the end: nothing is written.
func TestRepetition(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(story()...)
	for _, e := range story() {
		d.again(e)
		e.OccurredAt = e.OccurredAt.Add(999) // below a microsecond
		d.again(e)
	}
}

// What a refund or dispute takes from its deposit, and what a later event takes
// from its resource, may be said or left out the second time.
func TestRepetitionOfWhatIsInherited(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(story()...)
	for _, e := range story() {
		switch e.Kind {
		case payment.RefundCreated, payment.DisputeOpened:
			e.Merchant, e.Method, e.Brand, e.Funding = m, "UPI", "visa", "credit"
			d.again(e)
		case payment.PayoutSent, payment.PayoutCompleted, payment.PayoutReturned, payment.PayoutFailed:
			e.Merchant, e.Currency, e.Method = hand, inr(), "IMPS"
			d.again(e)
		case payment.RefundConfirmed, payment.RefundFailed, payment.RefundCanceled, payment.RefundUnknown,
			payment.DisputeEvidence, payment.DisputeDebited, payment.DisputeCredited, payment.DisputeLost, payment.DepositFailed:
			e.Merchant, e.Currency, e.Method = m, inr(), "UPI"
			d.again(e)
		}
	}
}

// change is one field told otherwise.
type change struct {
	field payment.Field
	alter func(*payment.Event)
}

func changes() []change {
	return []change{
		{payment.FieldOccurredAt, func(e *payment.Event) { e.OccurredAt = e.OccurredAt.Add(1000) }},
		{payment.FieldMerchant, func(e *payment.Event) { e.Merchant = "other" }},
		{payment.FieldCurrency, func(e *payment.Event) { e.Currency = money.MustCurrency("PKR") }},
		{payment.FieldAmount, func(e *payment.Event) { e.Currency, e.Amount = inr(), rs("1.23") }},
		{payment.FieldMethod, func(e *payment.Event) { e.Method, e.Rail = "CASH", "cash" }},
		{payment.FieldRail, func(e *payment.Event) { e.Rail = "other" }},
		{payment.FieldBrand, func(e *payment.Event) { e.Brand = "other" }},
		{payment.FieldFunding, func(e *payment.Event) { e.Funding = "other" }},
		{payment.FieldBorder, func(e *payment.Event) { e.Border = payment.BorderCross }},
		{payment.FieldOrderID, func(e *payment.Event) { e.OrderID = "other" }},
		{payment.FieldParent, func(e *payment.Event) { e.Parent = "other" }},
		{payment.FieldReasonCode, func(e *payment.Event) { e.ReasonCode = "other" }},
		{payment.FieldRailRef, func(e *payment.Event) { e.RailRef = "other" }},
		{payment.FieldBankRef, func(e *payment.Event) { e.BankRef = "other" }},
		{payment.FieldCost, func(e *payment.Event) { e.Cost = rs("5.01") }},
		{payment.FieldCostTax, func(e *payment.Event) { e.CostTax = rs("0.91") }},
	}
}

// applies tells whether a change is one of the content an event of that kind
// has: where a cost has no place, it is refused for another reason.
func (c change) applies(k payment.Kind) bool {
	switch c.field {
	case payment.FieldCost:
		return k == payment.RailSettled || k == payment.DepositCaptured
	case payment.FieldCostTax:
		return k == payment.RailSettled || k == payment.RailInvoiced || k == payment.RailInvoiceNetted
	}
	return true
}

// The same event with other content is a conflict that names the field, for
// every kind of event and every field, and writes nothing.
func TestConflict(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(story()...)
	before := d.everything()
	for _, e := range story() {
		for _, c := range changes() {
			if !c.applies(e.Kind) {
				continue
			}
			told := e
			c.alter(&told)
			repeated, err := d.report(told)
			var at *payment.FieldError
			if repeated && err == nil || !errors.Is(err, payment.ErrConflict) || !errors.As(err, &at) || at.Field != c.field {
				t.Errorf("%s %s with another %s: repeated %t, error %v", e.Kind, e.ID, c.field, repeated, err)
			}
		}
	}
	d.same(before, "a conflict")
}

// A conflict says both values.
func TestConflictText(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(story()...)
	for _, test := range []struct {
		e    payment.Event
		want string
	}{
		{
			full(deposit("d1", "999.99", "2026-03-02 10:00")),
			`amount: was reported before with other content: was "1000.00", is now "999.99"`,
		},
		{ // the first of several in the order of files
			full(by("CARD", deposit("d1", "999.99", "2026-03-02 10:01"))),
			`occurred_at: was reported before with other content: was "2026-03-02T04:30:00Z", is now "2026-03-02T04:31:00Z"`,
		},
		{
			full(of(hand, captured())),
			`merchant_id: was reported before with other content: was "m", is now "hand"`,
		},
		{ // the amount of a later event must be its resource's
			full(withAmount("99.00", later(payment.RefundConfirmed, "r1", "2026-03-02 12:00"))),
			`amount: was reported before with other content: was "100.00", is now "99.00"`,
		},
		{ // but what is won of a dispute is its own
			full(withAmount("201.00", later(payment.DisputeWon, "c1", "2026-03-02 15:00"))),
			`amount: was reported before with other content: was "200.00", is now "201.00"`,
		},
	} {
		d.refuse(test.e, test.want)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A later event that contradicts its resource is refused the first time, too:
// what would be booked is not what it says.
func TestContradiction(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(full(captured()), refund("r1", "d1", "250.00", "2026-03-02 11:00"))
	confirmed := later(payment.RefundConfirmed, "r1", "2026-03-02 12:00")
	for _, test := range []struct {
		name  string
		alter func(*payment.Event)
		want  string
	}{
		{"amount", func(e *payment.Event) { e.Amount, e.Currency = rs("249.99"), inr() }, `was "250.00", is now "249.99"`},
		{"merchant_id", func(e *payment.Event) { e.Merchant = hand }, `was "m", is now "hand"`},
		{"currency", func(e *payment.Event) { e.Currency = money.MustCurrency("PKR") }, `was "INR", is now "PKR"`},
		{"rail", func(e *payment.Event) { e.Rail = "imps" }, `was "upi", is now "imps"`},
		{"parent_id", func(e *payment.Event) { e.Parent = "d9" }, `was "d1", is now "d9"`},
		{"brand", func(e *payment.Event) { e.Brand = "rupay" }, `was "visa", is now "rupay"`},
	} {
		e := confirmed
		test.alter(&e)
		d.refuse(e, test.name+": was reported before with other content: "+test.want)
	}
	same := confirmed
	same.Merchant, same.Currency, same.Amount, same.Method, same.Parent = m, inr(), rs("250.00"), "UPI", "d1"
	d.book(same)
}

// A rail that is only derived from the method says nothing: a deposit may name
// a rail, and a later event only the method.
func TestDerivedRailIsNoContradiction(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	e := captured()
	e.Rail = "upi-yes"
	d.book(e, by("UPI", later(payment.DepositFailed, "d1", "2026-03-02 11:00")))
	d.account("rails/upi-yes/receivable", "0.00")
}

// What a rail has told, or tells, is a repetition at another instant and with other
// references, but not for another amount; what happens once more is none.
func TestRepetitionOfARail(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	byRail := func(e payment.Event) payment.Event {
		e.FromRail = true
		return e
	}
	d.book(full(captured()), full(refund("r1", "d1", "100.00", "2026-03-02 11:00")), byRail(later(payment.RefundConfirmed, "r1", "2026-03-02 12:00")))
	d.again(full(later(payment.RefundConfirmed, "r1", "2026-03-02 12:01")))
	d.again(withAmount("100.00", later(payment.RefundConfirmed, "r1", "2026-03-02 11:59")))
	d.refuse(withAmount("99.00", later(payment.RefundConfirmed, "r1", "2026-03-02 12:01")), `amount: was reported before with other content: was "100.00", is now "99.00"`)
	d.book(full(later(payment.RefundFailed, "r1", "2026-03-02 13:00")))
	d.again(byRail(later(payment.RefundFailed, "r1", "2026-03-02 13:30")))
	d.again(later(payment.RefundConfirmed, "r1", "2026-03-02 12:30"))
	d.refuse(full(later(payment.RefundFailed, "r1", "2026-03-02 13:30")),
		`occurred_at: was reported before with other content: was "2026-03-02T07:30:00Z", is now "2026-03-02T08:00:00Z"`)
	d.book(later(payment.RefundConfirmed, "r1", "2026-03-02 14:00")) // after all
	d.again(byRail(later(payment.RefundConfirmed, "r1", "2026-03-02 14:01")))
}
