package payment_test

import (
	"context"

	"github.com/settlex/settlex/payment"
)

// background is for cleanups, which run when a test's own context is over.
func background() context.Context { return context.Background() }

// deposit is captured by UPI for merchant m.
func deposit(id, amount, when string) payment.Event {
	return payment.Event{
		Kind: payment.DepositCaptured, ID: id, OccurredAt: at(when), Merchant: m, Currency: inr(), Amount: rs(amount), Method: "UPI",
	}
}

// begun is a deposit by UPI that merchant m waits for.
func begun(id, amount, when string) payment.Event {
	e := deposit(id, amount, when)
	e.Kind = payment.DepositCreated
	return e
}

// refund goes to the payer of a deposit.
func refund(id, parent, amount, when string) payment.Event {
	return payment.Event{
		Kind: payment.RefundCreated, ID: id, OccurredAt: at(when), Currency: inr(), Amount: rs(amount), Parent: parent, ReasonCode: "returned",
	}
}

// dispute takes money of a deposit back.
func dispute(id, parent, amount, when string) payment.Event {
	return payment.Event{
		Kind: payment.DisputeOpened, ID: id, OccurredAt: at(when), Currency: inr(), Amount: rs(amount), Parent: parent, ReasonCode: "fraud",
	}
}

// payout is requested by hand.
func payout(id, amount, when string) payment.Event {
	return payment.Event{
		Kind: payment.PayoutRequested, ID: id, OccurredAt: at(when), Merchant: hand, Currency: inr(), Amount: rs(amount), Method: "IMPS",
	}
}

// railPays is what UPI pays us.
func railPays(id, amount, when string) payment.Event {
	return payment.Event{Kind: payment.RailSettled, ID: id, OccurredAt: at(when), Rail: "upi", Currency: inr(), Amount: rs(amount)}
}

// passing is money that is no merchant's.
func passing(kind payment.Kind, id, amount, when string) payment.Event {
	return payment.Event{Kind: kind, ID: id, OccurredAt: at(when), Rail: "upi", Currency: inr(), Amount: rs(amount)}
}

// later is a further event of a resource.
func later(kind payment.Kind, id, when string) payment.Event {
	return payment.Event{Kind: kind, ID: id, OccurredAt: at(when)}
}

// decided makes an event somebody's decision.
func decided(actor string, e payment.Event) payment.Event {
	e.Actor = actor
	return e
}

// of makes a deposit somebody else's.
func of(merchant string, e payment.Event) payment.Event {
	e.Merchant = merchant
	return e
}

// over makes an event name its rail.
func over(rail string, e payment.Event) payment.Event {
	e.Rail = rail
	return e
}

// by makes an event be of another method.
func by(method string, e payment.Event) payment.Event {
	e.Method = method
	return e
}

// of an amount that an event does not have to have.
func withAmount(amount string, e payment.Event) payment.Event {
	e.Currency, e.Amount = inr(), rs(amount)
	return e
}
