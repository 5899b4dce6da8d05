package sandbox

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Follow gives what a real rail would report after an event, in order: for a deposit
// that was asked for (payment.DepositCaptured at the instant of the request) all that
// comes of it, which need not be a capture; for a refund, a payout or a batch that was sent, its outcomes.
// Other events have none.
//
// A dispute gets the deposit's id and -dispute.
func Follow(e payment.Event) []payment.Event {
	e = e.Normalize()
	switch e.Kind {
	case payment.DepositCaptured:
		return followDeposit(&e)
	case payment.RefundCreated:
		return followPayment(&e, payment.RefundRecord, e.OrderID)
	case payment.PayoutSent:
		return followPayment(&e, payment.PayoutRecord, e.OrderID)
	case payment.BatchSent:
		return followPayment(&e, payment.BatchObject, e.Merchant)
	}
	return nil
}

func followDeposit(request *payment.Event) []payment.Event {
	var out []payment.Event
	for _, step := range choose(true, request.OrderID, request.Amount).Steps {
		e := payment.Event{
			Kind: step.Kind, ID: request.ID, OccurredAt: request.OccurredAt.Add(step.After), Currency: request.Currency, ReasonCode: step.Reason,
		}
		switch step.Kind {
		case payment.DepositCreated, payment.DepositCaptured:
			e = *request
			e.Kind, e.OccurredAt = step.Kind, e.OccurredAt.Add(step.After)
		case payment.DisputeOpened:
			e.ID, e.Parent, e.Amount = disputeID(request.ID), request.ID, request.Amount
		case payment.DisputeWon, payment.DisputeLost:
			e.ID = disputeID(request.ID)
		}
		out = append(out, e.Normalize())
	}
	return out
}

// disputeID is the id of the dispute about a deposit.
func disputeID(deposit string) string {
	id := deposit + "-dispute"
	if merchant.CheckID(id) == nil {
		return id
	}
	sum := sha256.Sum256([]byte(deposit))
	return hex.EncodeToString(sum[:16]) + "-dispute"
}

func followPayment(sent *payment.Event, object, order string) []payment.Event {
	instruction := payment.Instruction{Object: object, Source: sent.ID}
	var out []payment.Event
	for n := range choose(false, order, sent.Amount).Steps {
		report := reportOf(choose(false, order, sent.Amount), n, "", sent.OccurredAt)
		if e, ok := report.Event(&instruction); ok {
			e.FromRail = false // whoever gets it reports it
			out = append(out, e)
		}
	}
	return out
}
