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
	if _, no := BatchOf(e.ID); no > 0 && e.Kind == payment.BatchHeld && b.Hold != nil && b.Hold.Reason != HoldManual {
		return fault(payment.FieldID, "%w: batch %s is held already (%s): hold all of it", payment.ErrTransition, b.ID, b.Hold.Reason)
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
	b.Steps = append(slices.Clip(b.Steps), step)
	b.Hold = b.holding()
	taken := &b.Steps[len(b.Steps)-1]
	switch {
	case to == Closed && b.FX.waits(): // whoever lets it go, there is nothing to pay yet
		b.take(Held, Step{Kind: payment.BatchHeld, At: step.At, Hold: b.FX.Waits})
	case step.Kind == payment.BatchRetried && b.heldWhole():
		b.join(&step)
	case to == Closed && !b.NeedsApproval:
		b.take(Approved, Step{Kind: payment.BatchApproved, At: step.At})
	}
	return taken
}

// join has parts that are tried again stay with the others of a batch that is held.
func (b *Batch) join(retried *Step) {
	by := *b.Hold
	for _, p := range b.Parts {
		if retried.of(p.No) && p.Status == Closed {
			b.take(Held, Step{Kind: payment.BatchHeld, At: retried.At, Hold: by.Reason, Reason: by.Detail, Until: by.Until, Part: p.No})
		}
	}
}

// holder is the step that holds a piece, by its place among all; below 0: none ever did.
func (b *Batch) holder(p Part) int {
	for i := range slices.Backward(b.Steps) {
		if step := &b.Steps[i]; step.Kind == payment.BatchHeld && step.of(p.No) {
			return i
		}
	}
	return -1
}

// holding is what the batch is held for: the last of the holds that its pieces are held by;
// nil: it is not held.
func (b *Batch) holding() *Hold {
	last := -1
	for _, p := range b.Pieces() {
		if p.Status == Held {
			last = max(last, b.holder(p))
		}
	}
	if last < 0 {
		return nil
	}
	by := &b.Steps[last]
	return &Hold{Reason: by.Hold, Detail: by.Reason, Since: by.At, Until: by.Until, By: by.Actor}
}

// heldWhole tells whether a hold of the whole batch stands, not of a part alone.
func (b *Batch) heldWhole() bool {
	return slices.ContainsFunc(b.Parts, func(p Part) bool {
		by := b.holder(p)
		return p.Status == Held && by >= 0 && b.Steps[by].Part == 0
	})
}

// letGo tells whether a hold for a reason has ended, of all of the batch or of a part.
func (b *Batch) letGo(reason HoldReason) bool {
	held := make(map[int]HoldReason)
	for i := range b.Steps {
		step := &b.Steps[i]
		for _, p := range b.Pieces() {
			switch {
			case !step.of(p.No):
			case step.Kind == payment.BatchHeld:
				held[p.No] = step.Hold
			case step.Kind == payment.BatchReleased && held[p.No] == reason:
				return true
			}
		}
	}
	return false
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
