package payment

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// A Rail carries money out to its beneficiaries and tells what became of it. The
// engine drives it; a rail keeps nothing that the books do not have.
//
// # At most one payment
//
// What leaves is first assigned to a Submission in the books, in the transaction
// that books it as sent. Only then is the submission handed over, and handed over
// again until Submit has returned nil: after a crash, a time-out, a failed disk. So
// a rail is called at least once, and must pay at most once. It tells repetitions by
// Submission.Message and Instruction.ID, both unique for ever. Handing over what was
// handed over before does nothing and is no error; the same id with another content
// is an error.
//
// # When nobody knows
//
// An error of Submit says that nobody knows whether the submission has left. It is
// never taken for a failure of the payments: they stay sent. A rail that knows that it
// will not pay returns nil and answers with OutcomeFailed. An outcome that cannot be
// told yet is OutcomeUnknown, and is asked about by the next Answers.
type Rail interface {
	// Name is an id, as merchant.CheckID has it, that no other rail of the engine has.
	// Settlement batches are booked on its account.
	Name() string
	// Prepare completes a submission before anything is written: Submission.Digest and
	// what is needed to hand it over later, whatever the configuration says by then. It
	// changes nothing outside. An instruction that the rail cannot carry is a *NotCarriedError: the
	// engine leaves it out, where it waits, and prepares the rest again.
	Prepare(s *Submission, instructions []Instruction) error
	// Submit hands a prepared submission over, see above.
	Submit(ctx context.Context, s *Submission, instructions []Instruction) error
	// Answers yields what there is to be told by an instant, in the order in which it is
	// to be booked. What was taken may be yielded again until Taken was called. An error
	// is about one answer, and others may follow it. One that comes with an answer says
	// that it will never be one: it is malformed, or about what was not handed over.
	Answers(ctx context.Context, now time.Time, handed Handed) iter.Seq2[*Answer, error]
	// Taken is called once an answer is booked, and again if nobody knows whether it was.
	Taken(ctx context.Context, a *Answer) error
	// Refused is called instead with an answer that will never be booked, and why: it
	// came with an error, or it contradicts the books. A rail that keeps answers sets it
	// aside with the reason, where it is yielded no more until somebody puts it back. One
	// that is yielded again is tried again, and refused again without a word to anybody
	// else while the reason is the same.
	Refused(ctx context.Context, a *Answer, why error) error
}

// A DatedRail is a Rail that may be told to pay on a date to come (Instruction.Due). Others
// are handed a settlement batch on the day, for they pay at once.
type DatedRail interface {
	Rail
	PaysOnDate() bool
}

// Handed is what a rail may ask about what it was handed.
type Handed interface {
	// Submission finds one by its message id. Errors: ErrUnknown.
	Submission(ctx context.Context, message string) (*Submission, error)
	// Instructions gives those of a submission, in their order.
	Instructions(ctx context.Context, s *Submission) ([]Instruction, error)
	// Open yields the submissions of which something has no final outcome yet, in the
	// order in which they were made.
	Open(ctx context.Context) iter.Seq2[*Submission, error]
}

// NotCarriedError says that a rail cannot carry an instruction as it is.
type NotCarriedError struct {
	ID  string // of the instruction
	Err error
}

// Error names the instruction first.
func (e *NotCarriedError) Error() string { return fmt.Sprintf("instruction %s: %v", e.ID, e.Err) }

// Unwrap gives the reason.
func (e *NotCarriedError) Unwrap() error { return e.Err }

// Outcome is what a rail says of an instruction.
type Outcome string

// Outcomes. None of them is the last word unless the report says so: what has
// completed may come back.
const (
	OutcomePending   Outcome = "pending"   // accepted, or being looked at: no money moves, and a batch is in transit
	OutcomeUnknown   Outcome = "unknown"   // nobody knows; it is asked about later
	OutcomeCompleted Outcome = "completed" // the money has reached its destination
	OutcomeFailed    Outcome = "failed"    // it was refused, or failed on its way: it did not leave for good
	OutcomeReturned  Outcome = "returned"  // it came back after it had completed
)

// Decides tells whether money has moved, or will not: nothing of what it takes back is
// told after it.
func (o Outcome) Decides() bool { return o != OutcomePending && o != OutcomeUnknown }

// Answer is what a rail tells at once: all of it is booked, or nothing is.
type Answer struct {
	ID      string // tells the answer apart for ever: what was taken is not taken again
	Name    string // for people: the name of a file
	Message string // of the submission it is about
	Reports []Report
}

// Report is what an answer says of one instruction.
type Report struct {
	Instruction string // id
	Outcome     Outcome
	At          time.Time // when it happened, by the rail's clock, UTC
	ReasonCode  string    // of failures and returns: why
	Detail      string    // what the rail adds, for people
	RailRef     string    // the rail's reference
	Final       bool      // nothing more is expected
}

// BatchObject is what an Instruction's Object is when it pays a settlement batch.
const BatchObject = "batch"

var outcomeKinds = map[string]map[Outcome]Kind{
	PayoutRecord: {OutcomeUnknown: PayoutUnknown, OutcomeCompleted: PayoutCompleted, OutcomeFailed: PayoutFailed, OutcomeReturned: PayoutReturned},
	BatchObject:  {OutcomePending: BatchInTransit, OutcomeUnknown: BatchUnknown, OutcomeCompleted: BatchPaid, OutcomeFailed: BatchRefused, OutcomeReturned: BatchReturned},
	RefundRecord: {OutcomeUnknown: RefundUnknown, OutcomeCompleted: RefundConfirmed, OutcomeFailed: RefundFailed, OutcomeReturned: RefundFailed},
}

// KindOf gives the kind of event that tells an outcome of a payout, a batch or a
// refund; empty: there is none, and nothing is booked.
func KindOf(object string, o Outcome) Kind { return outcomeKinds[object][o] }

// Event is what a report means for the resource that the instruction pays; false:
// nothing is to be booked. The event says no amount: the instruction's was held
// against the report by whoever made it.
func (r *Report) Event(i *Instruction) (Event, bool) {
	kind := KindOf(i.Object, r.Outcome)
	if kind == "" {
		return Event{}, false
	}
	e := Event{Kind: kind, ID: i.Source, OccurredAt: r.At, ReasonCode: r.ReasonCode, RailRef: r.RailRef, FromRail: true}
	if i.Object == BatchObject { // it may have been sent again by another
		e.Rail = i.Rail()
	}
	return e.Normalize(), true
}

// Events are what an answer means, given the instructions of its submission. Error:
// ErrUnknown for a report on another instruction.
func (a *Answer) Events(instructions []Instruction) ([]Event, error) {
	known := make(map[string]*Instruction, len(instructions))
	for i := range instructions {
		known[instructions[i].ID] = &instructions[i]
	}
	var events []Event
	for n := range a.Reports {
		r := &a.Reports[n]
		instruction := known[r.Instruction]
		if instruction == nil {
			return nil, fmt.Errorf("%s: instruction %q of message %q is %w", a.Name, r.Instruction, a.Message, ErrUnknown)
		}
		if e, ok := r.Event(instruction); ok {
			events = append(events, e)
		}
	}
	return events, nil
}
