package settlement

import (
	"errors"
	"fmt"
	"slices"

	"github.com/settlex/settlex/payment"
)

// ErrOwnBatch marks a batch that its maker wants to approve.
var ErrOwnBatch = errors.New("is the maker of the batch and cannot approve it")

// Makers are who must not approve all of the batch that waits for it, in the order of its
// parts: who asked for it, or let one of them go on last after it was held or refused.
// None: its schedule made it, and anybody may approve it.
func (b *Batch) Makers() (makers []string) {
	waiting := b.concerned(payment.BatchApproved, 0)
	if len(waiting) == 0 {
		waiting = b.Pieces()
	}
	for _, p := range waiting {
		if maker := b.piece(p).maker(); maker != "" && !slices.Contains(makers, maker) {
			makers = append(makers, maker)
		}
	}
	return makers
}

// maker is the one of a piece.
func (b *Batch) maker() string {
	for _, step := range slices.Backward(b.Steps) {
		if kind := step.kind(); step.Actor != "" && (kind == payment.BatchReleased || kind == payment.BatchRetried) {
			return step.Actor
		}
	}
	return b.RequestedBy
}

// mayDecide refuses what somebody is not the one to decide.
func (b *Batch) mayDecide(e *payment.Event) error {
	if e.Kind == payment.BatchReleased && b.FX.waits() && b.Hold.Reason == b.FX.Waits {
		return fault(payment.FieldKind, "%w: batch %s waits for a quote of %s in %s (%s), and is released by it; it can be canceled",
			payment.ErrTransition, b.ID, b.Currency, b.FX.Target, b.FX.Waits)
	}
	if e.Kind != payment.BatchApproved {
		return nil
	}
	_, no := BatchOf(e.ID)
	for _, p := range b.concerned(e.Kind, no) {
		if maker := b.piece(p).maker(); maker != "" && payment.SameActor(e.Actor, maker) {
			return &payment.FieldError{Field: payment.FieldActor, Err: fmt.Errorf("%q %w: %q let it go on", e.Actor, ErrOwnBatch, maker)}
		}
	}
	return nil
}

// follows tells whether a step follows from the rules: nobody reported or decided it.
func (s *Step) follows() bool {
	switch s.Kind {
	case payment.BatchHeld, payment.BatchReleased, payment.BatchApproved:
		return s.Actor == ""
	}
	return false
}

// take adds a step that leads what it concerns to a status, and what follows from that: a
// batch that is held no longer, or tried again, is approved by the rules where nobody has
// to. It gives the step itself.
func (b *Batch) take(to Status, step Step) *Step {
	step.Status = to
	if to == Held && step.Hold == "" {
		step.Hold = HoldManual
	}
	b.lead(to, &step)
	switch {
	case to == Held:
		b.Hold = &Hold{Reason: step.Hold, Detail: step.Reason, Since: step.At, By: step.Actor}
	case b.Status != Held:
		b.Hold = nil
	}
	b.Steps = append(slices.Clip(b.Steps), step)
	taken := &b.Steps[len(b.Steps)-1]
	switch {
	case to == Closed && b.FX.waits(): // whoever lets it go, there is nothing to pay yet
		b.take(Held, Step{Kind: payment.BatchHeld, At: step.At, Hold: b.FX.Waits})
	case to == Closed && !b.NeedsApproval:
		b.take(Approved, Step{Kind: payment.BatchApproved, At: step.At})
	}
	return taken
}

// lead gives a status to what a step concerns, and has it say what that is.
func (b *Batch) lead(to Status, step *Step) {
	if len(b.Parts) == 0 {
		b.Status = to
		return
	}
	parts := slices.Clone(b.Parts)
	concerned := b.concerned(step.Kind, step.Part)
	for _, p := range concerned {
		parts[p.No-1].Status = to
		if step.Part == 0 && len(concerned) < len(parts) {
			step.Parts = append(step.Parts, p.No)
		}
	}
	b.Parts, b.Status = parts, stands(parts)
}
