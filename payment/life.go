package payment

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/money"
)

// Sentinels a caller may branch on.
var (
	// ErrUnknown marks a resource that is not there: the deposit of a refund,
	// the payout that is said to have completed.
	ErrUnknown = errors.New("not known")
	// ErrConflict marks an event that repeats an earlier one with other content.
	ErrConflict = errors.New("was reported before with other content")
	// ErrTransition marks an event that the resource's status does not allow.
	ErrTransition = errors.New("is not possible now")
	// ErrTooMuch marks a refund or dispute of more than is left of its deposit.
	ErrTooMuch = errors.New("more than is left of the deposit")
	// ErrUnknownMerchant marks a merchant nobody created.
	ErrUnknownMerchant = errors.New("merchant is not known")
)

// Status is where a resource stands in its life.
type Status string

// Statuses. Which resource knows which is in the transition tables.
const (
	// Of several resources.
	Pending   Status = "pending"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Canceled  Status = "canceled"
	Approved  Status = "approved"
	Rejected  Status = "rejected"
	Returned  Status = "returned"
	Unknown   Status = "unknown" // nobody knows the outcome yet; it is asked about later

	// Of deposits.
	RequiresAction    Status = "requires_action"
	Authorized        Status = "authorized"
	Expired           Status = "expired"
	PartiallyRefunded Status = "partially_refunded"
	Refunded          Status = "refunded"

	// Of disputes.
	NeedsResponse Status = "needs_response"
	UnderReview   Status = "under_review"
	Won           Status = "won"
	Lost          Status = "lost"

	// Of payouts.
	Requested Status = "requested"
	Queued    Status = "queued"
	Sent      Status = "sent"
	Completed Status = "completed"

	// Of reserves.
	Held     Status = "held"
	Drawn    Status = "drawn"
	Released Status = "released"

	// Of what rails pay us.
	Received Status = "received"

	// Of what rails charge us.
	Accrued Status = "accrued"
	Paid    Status = "paid"
	Netted  Status = "netted"

	// Of lines of bank statements.
	Unexplained Status = "unexplained"
	Explained   Status = "explained"
	Kept        Status = "kept" // for its owner

	// Of what is done once it is booked.
	Booked Status = "booked"
)

// Step is one event of a resource's life, kept so that a repetition of it is
// recognised.
type Step struct {
	Kind    Kind         `json:"kind"`
	At      time.Time    `json:"at"`     // when it happened, UTC
	Status  Status       `json:"status"` // afterwards
	Amount  money.Amount `json:"amount,omitzero"`
	Reason  string       `json:"reason,omitempty"`
	RailRef string       `json:"rail_reference,omitempty"`
	BankRef string       `json:"bank_reference,omitempty"`
	Actor   string       `json:"actor,omitempty"`
	Follows bool         `json:"follows,omitempty"` // from the step before it: nobody reported it

	// FromRail says that a rail which the engine drives told it, or was handed it.
	FromRail bool `json:"from_rail,omitempty"`

	// Noted is the journal's time when the step came, UTC, where nothing was booked of it
	// and that was not At; zero: At is. An entry has its own.
	Noted time.Time `json:"noted,omitzero"`
}

// Life is the status of a resource and how it got there.
type Life struct {
	Status Status `json:"status"`
	Steps  []Step `json:"steps"`
	Told   uint64 `json:"told,omitzero"` // how many events have left about it
}

// find looks for an earlier event of the same kind. One with the same content
// is a repetition; with other content the error names the first field that
// differs. A rail and whoever reports what it told have clocks and references of
// their own: what one of them tells after the other is a repetition, whatever those are,
// unless it is a failure that comes behind a payment after all.
func (l *Life) find(e *Event) (repeated bool, err error) {
	byRail := false
	for i := range l.Steps {
		step := &l.Steps[i]
		if step.Kind != e.Kind || step.Follows {
			continue
		}
		fault := step.same(e)
		if fault == nil {
			return true, nil
		}
		byRail = byRail || (step.FromRail || e.FromRail) && step.sameAmount(e) && !paidSince(l.Steps[i:], e)
		if err == nil {
			err = fault
		}
	}
	if l.afresh(e) || l.inParts(e) {
		return false, nil
	}
	if byRail {
		return true, nil
	}
	return false, err
}

// paidSince tells whether a payout that is said to have failed was paid after it had, and
// before what is said now: somebody has to look whether it came back.
func paidSince(steps []Step, e *Event) bool {
	return e.Kind == PayoutFailed && slices.ContainsFunc(steps, func(s Step) bool {
		return s.Kind == PayoutCompleted && s.At.Before(e.OccurredAt)
	})
}

// had tells whether a step of a kind was reported.
func (l *Life) had(kind Kind) bool {
	return slices.ContainsFunc(l.Steps, func(s Step) bool { return s.Kind == kind })
}

// same tells whether an event repeats the step.
func (s *Step) same(e *Event) error {
	switch {
	case !s.At.Equal(e.OccurredAt):
		return differs(FieldOccurredAt, s.At.Format(time.RFC3339Nano), e.OccurredAt.Format(time.RFC3339Nano))
	case s.Amount != e.Amount:
		return differs(FieldAmount, e.Currency.Format(s.Amount), e.Currency.Format(e.Amount))
	case s.Reason != e.ReasonCode:
		return differs(FieldReasonCode, s.Reason, e.ReasonCode)
	case s.RailRef != e.RailRef:
		return differs(FieldRailRef, s.RailRef, e.RailRef)
	case s.BankRef != e.BankRef:
		return differs(FieldBankRef, s.BankRef, e.BankRef)
	case s.Actor != e.Actor:
		return differs(FieldActor, s.Actor, e.Actor)
	}
	return nil
}

// sameAmount tells whether an event is about as much as the step, where both say it.
func (s *Step) sameAmount(e *Event) bool {
	return s.Amount == e.Amount || s.Amount.IsZero() || e.Amount.IsZero()
}

// afresh tells whether something happens once more: a deposit that had failed and
// succeeded late fails, a refund that had is paid or fails, and this is later than all
// of it.
func (l *Life) afresh(e *Event) bool {
	return slices.Contains([]Kind{DepositFailed, RefundConfirmed, RefundFailed}, e.Kind) && tableOf(e.Kind).find(e.Kind, l.Status) != nil &&
		!slices.ContainsFunc(l.Steps, func(s Step) bool { return !s.At.Before(e.OccurredAt) })
}

// inParts tells whether the scheme moves one more part of its money: at an instant of its
// own and, where it has one, under a reference of its own.
func (l *Life) inParts(e *Event) bool {
	return (e.Kind == DisputeDebited || e.Kind == DisputeCredited) && !slices.ContainsFunc(l.Steps, func(s Step) bool {
		return s.Kind == e.Kind && (s.FromRail || e.FromRail || s.At.Equal(e.OccurredAt) || s.RailRef != "" && s.RailRef == e.RailRef)
	})
}

func differs(f Field, was, now string) error {
	return &FieldError{f, fmt.Errorf("%w: was %q, is now %q", ErrConflict, was, now)}
}

// with appends a step without touching the slice of the life before.
func (l Life) with(e *Event, to Status) Life {
	steps := make([]Step, len(l.Steps), len(l.Steps)+1)
	copy(steps, l.Steps)
	step := Step{Kind: e.Kind, At: e.OccurredAt, Status: to, Amount: e.Amount, Reason: e.ReasonCode, RailRef: e.RailRef, BankRef: e.BankRef, Actor: e.Actor, FromRail: e.FromRail}
	return Life{Status: to, Steps: append(steps, step), Told: l.Told}
}

// follows is the life after a move that follows from what an event did.
func (l Life) follows(kind Kind, e *Event) (Life, error) {
	next, err := l.next(&Event{Kind: kind, ID: e.ID, OccurredAt: e.OccurredAt})
	if err == nil {
		next.Steps[len(next.Steps)-1].Follows = true
	}
	return next, err
}

// born is the life of a resource that an event opens.
func born(e *Event, status Status) Life { return Life{}.with(e, status) }
