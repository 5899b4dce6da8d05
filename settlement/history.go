package settlement

import (
	"slices"

	"github.com/settlex/settlex/payment"
)

// parts say what the kinds of record of this room are in a replay of history: batches
// come about again, and what was reported of them is told again.
var parts = map[string]payment.Part{
	BatchRecord: payment.Told, LineRecord: payment.Derived, DayRecord: payment.Derived, ClosingRecord: payment.Derived, ReportedRecord: payment.Beside,
	HeldRecord: payment.Derived, MerchantHoldRecord: payment.Told, RequestRecord: payment.Told, BlockRecord: payment.Derived, UnconvertedRecord: payment.Derived,
}

// PartOf says what a kind of record of this room is in a replay; payment.NoPart: it is not
// known.
func PartOf(kind string) payment.Part { return parts[kind] }

// ToldRecords lists the kinds of record that hold what was reported or decided.
func ToldRecords() []string { return []string{BatchRecord, MerchantHoldRecord, RequestRecord} }

// bookings are the entries by which a report about a batch is found in the journal, by
// kind. What closing or converting it books is without one.
var bookings = map[string][]payment.Kind{
	payment.EntryBatchSent: {payment.BatchSent}, payment.EntryBatchRefused: {payment.BatchRefused}, payment.EntryBatchPaid: {payment.BatchPaid},
	payment.EntryBatchCanceled: {payment.BatchCanceled}, payment.EntryBatchReturned: {payment.BatchReturned}, payment.EntryBatchRevived: {payment.BatchPaid},
}

// Marks gives the events that may have booked an entry of a batch, by the entry's kind;
// none: it is of no event.
func Marks(entry string) []payment.Kind { return bookings[entry] }

// Replayable tells whether a replay of history knows a kind of event of batches.
func Replayable(k payment.Kind) bool {
	switch k {
	case payment.BatchUnknown, payment.BatchHeld, payment.BatchReleased, payment.BatchApproved, payment.BatchInTransit, payment.BatchRetried:
		return true // they book nothing
	}
	for _, kinds := range bookings {
		if slices.Contains(kinds, k) {
			return true
		}
	}
	return false
}

// Past gives what was reported of a batch, in that order, as events that Move takes.
func (b *Batch) Past() (all []payment.Event) {
	for i := range b.Steps {
		step := &b.Steps[i]
		kind := step.kind()
		if kind == "" || step.follows() || kind == payment.BatchCanceled && b.BuysNothing() {
			continue
		}
		e := payment.Event{
			Kind: kind, ID: PartID(b.ID, step.Part), OccurredAt: step.At, Currency: b.Currency, ReasonCode: step.Reason, RailRef: step.Ref, BankRef: step.BankRef,
			Actor: step.Actor, FromRail: step.FromRail,
		}
		if kind == payment.BatchSent {
			e.Rail = step.Rail
		}
		all = append(all, e)
	}
	return all
}

// Past gives what was decided about a merchant's batches, in that order.
func (h *MerchantHold) Past() (all []HoldDecision) {
	for _, p := range h.Periods {
		all = append(all, HoldDecision{Merchant: h.Merchant, By: p.By, Reason: p.Reason, When: p.Since})
		if !p.Released.IsZero() {
			all = append(all, HoldDecision{Merchant: h.Merchant, Release: true, By: p.ReleasedBy, Reason: p.ReleaseReason, When: p.Released})
		}
	}
	return all
}
