package payment

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/event"
)

// A Move is one row of a resource's transition table: an event that finds a status
// and leaves another. What the table lacks is an error and writes nothing.
type Move struct {
	On    Kind
	From  Status // empty: the event brings the resource into being
	To    Status
	Tells event.Type // leaves in the same transaction; empty: nothing does
}

// table is all that may happen to one kind of resource.
type table struct {
	resource string // kind of record
	moves    []Move // in the order of its life
	requires map[Kind][]Field
	follow   []Kind // of the moves, those that nobody reports: they follow from what is booked
	early    []Move // of what preceded the move to From and is told after it: it books nothing, nothing leaves
}

// tables are those of all resources, in the order of a payment's life.
var tables = []*table{&depositTable, &refundTable, &disputeTable, &payoutTable, &railTable, &railCostTable, &railInvoiceTable, &bankLineTable, &feeTransferTable, &openingTable, &decisionTable, &adjustmentTable, &debtTable, &topUpTable, &feeDeductionTable, &writeOffTable, &batchTable}

// batchTable lists what is reported and decided of settlement batches. Package settlement
// has their statuses.
var batchTable = table{
	resource: "batch",
	moves: []Move{
		{On: BatchHeld}, {On: BatchReleased}, {On: BatchApproved}, {On: BatchSent}, {On: BatchInTransit}, {On: BatchUnknown}, {On: BatchRefused},
		{On: BatchRetried}, {On: BatchPaid}, {On: BatchCanceled}, {On: BatchReturned},
	},
	requires: map[Kind][]Field{
		BatchHeld: {FieldActor, FieldReasonCode}, BatchReleased: {FieldActor, FieldReasonCode}, BatchApproved: {FieldActor},
		BatchRetried: {FieldActor, FieldReasonCode}, BatchCanceled: {FieldReasonCode},
	},
}

// Resources lists the kinds of resource that events happen to.
func Resources() []string {
	out := make([]string, len(tables))
	for i, t := range tables {
		out[i] = t.resource
	}
	return out
}

// Moves is the transition table of a resource, in the order of its life; nil: there
// is no such resource. Settlement batches have theirs in package settlement.
func Moves(resource string) []Move {
	for _, t := range tables {
		if t.resource == resource && t != &batchTable {
			return slices.Concat(t.moves, t.early)
		}
	}
	return nil
}

// tableOf is the table an event is in; nil: it is of no known kind.
func tableOf(k Kind) *table {
	for _, t := range tables {
		if slices.ContainsFunc(t.moves, func(m Move) bool { return m.On == k }) {
			return t
		}
	}
	return nil
}

// Kinds lists every kind that is reported, in the order of a payment's life.
func Kinds() []Kind {
	var kinds []Kind
	for _, t := range tables {
		for _, m := range t.moves {
			if !slices.Contains(kinds, m.On) && !slices.Contains(t.follow, m.On) {
				kinds = append(kinds, m.On)
			}
		}
	}
	return kinds
}

// find gives the row of an event that finds a status; nil: there is none.
func (t *table) find(on Kind, from Status) *Move {
	for i := range t.moves {
		if m := &t.moves[i]; m.On == on && m.From == from {
			return m
		}
	}
	return nil
}

// early gives the life after an event that is told too late to change anything: it
// happened before the resource came to stand where it does. Nil: the event is none.
func (l Life) early(e *Event) *Life {
	for _, m := range tableOf(e.Kind).early {
		for _, step := range slices.Backward(l.Steps) {
			if m.On != e.Kind || m.From != step.Status || step.Kind == e.Kind {
				continue
			}
			if !e.OccurredAt.Before(step.At) {
				break
			}
			now := l.with(e, m.To)
			now.Status = l.Status
			return &now
		}
	}
	return nil
}

// next gives the life after an event, which the resource's table must allow.
func (l Life) next(e *Event) (Life, error) {
	if m := tableOf(e.Kind).find(e.Kind, l.Status); m != nil && l.Status != "" {
		return l.with(e, m.To), nil
	}
	return l, &FieldError{FieldKind, fmt.Errorf("%s %w: %s is %s", e.Kind, ErrTransition, e.ID, l.Status)}
}

// ResourceOf gives the kind of resource that an event happens to; empty: it is of no
// known kind.
func ResourceOf(k Kind) string { return sourceKind(k) }
