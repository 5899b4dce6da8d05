package settlement

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// ErrHeld marks a merchant who is held, or what does not go on for that.
var ErrHeld = errors.New("is held")

// ErrNotHeld marks a merchant who is not held and should be released.
var ErrNotHeld = errors.New("is not held")

// HoldDecision is the command that holds all batches of a merchant, or releases them:
// those that are not sent yet, which follow (Review), and those that are closed from
// then on. Holding one who is held changes nothing.
//
// Its errors are *payment.FieldError, wrapping payment.ErrUnknownMerchant or ErrNotHeld.
type HoldDecision struct {
	Merchant string
	Release  bool
	By       string // who decides
	Reason   string
	When     time.Time
	Repeated bool // after it was applied: the merchant was held already
}

// At implements ledger.Command.
func (d *HoldDecision) At() time.Time { return time.Time{} }

// Need implements ledger.Command.
func (d *HoldDecision) Need(_ *ledger.State, n *ledger.Need) {
	n.Record(payment.MerchantRef(d.Merchant))
	n.Record(MerchantHoldRef(d.Merchant))
}

// Apply implements ledger.Command.
func (d *HoldDecision) Apply(s *ledger.State) error {
	d.Repeated = false
	if err := payment.CheckDecision(d.By, d.Reason); err != nil {
		return err
	}
	if s.Record(payment.MerchantRef(d.Merchant)) == nil {
		return fault(payment.FieldMerchant, "%w: %q", payment.ErrUnknownMerchant, d.Merchant)
	}
	holds := &MerchantHold{Merchant: d.Merchant}
	if stored := holdsOf(s, d.Merchant); stored != nil {
		holds.Periods = slices.Clone(stored.Periods)
	}
	at := d.When.UTC().Truncate(time.Microsecond)
	open := holds.InForce()
	switch {
	case d.Release && open == nil:
		return fault(payment.FieldMerchant, "%s %w", d.Merchant, ErrNotHeld)
	case d.Release && !at.After(open.Since):
		return fault(payment.FieldOccurredAt, "%s is not after the hold of %s", at.Format(time.RFC3339), open.Since.Format(time.RFC3339))
	case d.Release:
		open.Released, open.ReleasedBy, open.ReleaseReason = at, d.By, d.Reason
	case open != nil:
		d.Repeated = true
		return nil
	case len(holds.Periods) > 0 && at.Before(holds.Periods[len(holds.Periods)-1].Released):
		return fault(payment.FieldOccurredAt, "%s is before the last release", at.Format(time.RFC3339))
	default:
		holds.Periods = append(holds.Periods, HoldPeriod{Since: at, By: d.By, Reason: d.Reason})
	}
	s.Put(holds)
	return nil
}

// Sweep is the command that notes that the batches of a merchant have followed its holds
// as they were when Periods of them had begun or ended.
type Sweep struct {
	Merchant string
	Of       MerchantHold // as it was when the batches were looked for
}

// At implements ledger.Command.
func (w *Sweep) At() time.Time { return time.Time{} }

// Need implements ledger.Command.
func (w *Sweep) Need(_ *ledger.State, n *ledger.Need) { n.Record(MerchantHoldRef(w.Merchant)) }

// Apply implements ledger.Command.
func (w *Sweep) Apply(s *ledger.State) error {
	stored := holdsOf(s, w.Merchant)
	if stored == nil || !slices.Equal(stored.Periods, w.Of.Periods) {
		return nil // it has changed since: another sweep follows
	}
	swept := *stored
	swept.Swept = true
	s.Put(&swept)
	return nil
}

// held refuses what a hold of the batch's merchant forbids, and to let a part alone go of a
// batch that something else holds too.
func (b *Batch) held(s *ledger.State, e *payment.Event) error {
	if _, no := BatchOf(e.ID); no > 0 && e.Kind == payment.BatchReleased && b.Hold != nil && b.Hold.Reason == HoldManual {
		below, ok := b.ruled(holdsOf(s, b.Merchant), b.block(s), e.OccurredAt)
		if others := slices.ContainsFunc(b.Parts, func(p Part) bool { return p.No != no && p.Status == Held }); ok && others {
			return fault(payment.FieldID, "%w: batch %s is held too for another reason (%s): release all of it", payment.ErrTransition, b.ID, below.Reason)
		}
	}
	stands := holdsOf(s, b.Merchant).InForce()
	if stands == nil {
		return nil
	}
	leaves := e.Kind == payment.BatchSent && e.FromRail
	if leaves || e.Kind == payment.BatchReleased && b.Hold != nil && b.Hold.Reason == HoldMerchant {
		return &payment.FieldError{Field: payment.FieldID, Err: fmt.Errorf("merchant %s %w since %s by %q, %s: release the merchant",
			b.Merchant, ErrHeld, stands.Since.Format(time.RFC3339), stands.By, stands.Reason)}
	}
	return nil
}
