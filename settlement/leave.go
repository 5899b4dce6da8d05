package settlement

import "github.com/settlex/settlex/payment"

// MayLeave tells whether a batch has never been handed to a rail and may still be. One
// that came back is sent again by nobody's leave but a person's.
func MayLeave(b *Batch) bool {
	for _, step := range b.Steps {
		if step.Status == Submitted {
			return false
		}
	}
	switch b.Status {
	case Closing, Closed, Approved:
		return b.Status != Closed || b.Net.Sign() > 0
	case CarriedForward, Submitted, Unknown, Paid, Canceled, Returned:
		return false
	}
	return b.Net.Sign() > 0
}

// Told lists the kinds of event that rails have reported of a batch.
func Told(b *Batch) []payment.Kind {
	var kinds []payment.Kind
	for _, step := range b.Steps {
		if step.Kind != "" {
			kinds = append(kinds, step.Kind)
		}
	}
	return kinds
}
