package scenario

import (
	"time"

	"github.com/settlex/settlex/payment"
)

// event reads what happened at an instant; known is false for a line of
// another kind.
func event(w *words, at time.Time) (e payment.Event, known bool) {
	e.OccurredAt = at
	kinds := map[string]map[string]payment.Kind{
		"deposit": {"of": payment.DepositCaptured, "failed": payment.DepositFailed},
		"refund": {
			"of": payment.RefundCreated, "confirmed": payment.RefundConfirmed, "failed": payment.RefundFailed,
			"canceled": payment.RefundCanceled, "unknown": payment.RefundUnknown,
		},
		"dispute": {
			"of": payment.DisputeOpened, "evidence": payment.DisputeEvidence, "won": payment.DisputeWon, "lost": payment.DisputeLost,
			"debited": payment.DisputeDebited, "credited": payment.DisputeCredited,
		},
		"payout": {
			"of": payment.PayoutRequested, "sent": payment.PayoutSent, "completed": payment.PayoutCompleted,
			"failed": payment.PayoutFailed, "returned": payment.PayoutReturned,
		},
		"rail": {"of": payment.RailSettled},
	}
	resource := w.peek()
	verbs := kinds[resource]
	if verbs == nil {
		return e, false
	}
	w.next("a resource")
	if resource == "rail" {
		e.Rail = w.next("a rail")
		w.expect("pays")
	}
	e.ID = w.next("an id")
	verb := w.next("what happened")
	if e.Kind = verbs[verb]; e.Kind == "" {
		w.fail("a %s knows no %q", resource, verb)
		return e, true
	}
	if verb == "of" || w.accept("with") { // a dispute that is won, debited or credited in part
		e.Amount, e.Currency = w.amount()
	}
	circumstances(w, &e)
	return e, true
}

// circumstances reads what else is said, in any order.
func circumstances(w *words, e *payment.Event) {
	for w.more() && w.err == nil {
		switch {
		case w.accept("by"):
			e.Method = w.next("a method")
		case w.accept("via"):
			e.Rail = w.next("a rail")
		case w.accept("for"):
			e.Merchant = w.next("a merchant")
		case w.accept("from"), w.accept("about"):
			e.Parent = w.next("a deposit")
		case w.accept("because"):
			e.ReasonCode = w.next("a reason")
		case w.accept("keeping"):
			e.Cost = w.figure(e.Currency)
		case w.accept("and tax of"):
			e.CostTax = w.figure(e.Currency)
		default:
			return
		}
	}
}
