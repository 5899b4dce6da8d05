package settlement

import (
	"slices"

	"github.com/settlex/settlex/payment"
)

// MayLeave tells whether a batch may be handed to a rail, now or later. One that was
// refused is sent again by nobody's leave but a person's.
func MayLeave(b *Batch) bool {
	return b.Status == Closing || b.Owed().Sign() > 0
}

// Attempt says the how manieth sending of a piece of a batch the next one is, from 1.
func (b *Batch) Attempt(p Part) int {
	n := 1
	for _, step := range b.piece(p).Steps {
		if step.kind() == payment.BatchSent {
			n++
		}
	}
	return n
}

// SendingOf is the rail that a piece of the batch was last sent by, and the reference it
// was sent under; empty: it was not sent.
func (b *Batch) SendingOf(p Part) (rail, ref string) {
	if last := b.piece(p).sending(); last != nil {
		return last.Rail, last.Ref
	}
	return "", ""
}

// Told lists the kinds of event that were reported of one sending of a batch by a rail that
// the engine drives: its reference is that of what the rail was handed.
func Told(b *Batch, sending string) []payment.Kind {
	var kinds []payment.Kind
	of := false
	for _, p := range b.Parts {
		if one := b.piece(p); slices.ContainsFunc(one.Steps, func(s Step) bool { return s.is(sending) && s.Part == p.No }) {
			b = one
			break
		}
	}
	for i := range b.Steps {
		step := &b.Steps[i]
		if step.kind() == payment.BatchSent {
			of = step.is(sending)
		}
		if of {
			kinds = append(kinds, step.kind())
		}
	}
	return kinds
}

// ToldOtherwise lists the sendings of a batch by rails that the engine drives of which somebody
// else has reported the outcome: their references are those of what the rails were handed.
func ToldOtherwise(b *Batch) (sendings []string) {
	for _, p := range b.Pieces() {
		sending := ""
		for _, step := range b.piece(p).Steps {
			switch step.kind() {
			case payment.BatchSent:
				if sending = ""; step.FromRail {
					sending = step.Ref
				}
			case payment.BatchPaid, payment.BatchRefused:
				if sending != "" && !step.FromRail {
					sendings = append(sendings, sending)
				}
				sending = ""
			}
		}
	}
	return sendings
}

// sending is the step that sent a batch last; nil: none did.
func (b *Batch) sending() *Step {
	for i := range slices.Backward(b.Steps) {
		if b.Steps[i].kind() == payment.BatchSent {
			return &b.Steps[i]
		}
	}
	return nil
}

// is tells whether a step is that sending by a rail that the engine drives.
func (s *Step) is(sending string) bool { return s.FromRail && s.Ref == sending }
