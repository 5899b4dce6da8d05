package settlement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Part is one of the instructions by which a batch is paid that is too large for one.
type Part struct {
	No     int          `json:"no"`     // from 1
	Amount money.Amount `json:"amount"` // minor units, above 0
	Status Status       `json:"status"`
}

// mostParts is in how many parts a batch is paid at most. Each is in its record, which is
// written at every step of every one.
const mostParts = 10_000

// split divides what a batch pays into parts of at most a limit, full ones and a rest;
// nil: it is paid in one, as it is without a limit. What would be too many parts is as many
// as there may be, of one size but for a minor unit, and above the limit.
func split(net, limit money.Amount) (parts []Part, err error) {
	if limit.Sign() <= 0 || net.Cmp(limit) <= 0 {
		return nil, nil
	}
	for left := net; left.Sign() > 0; {
		if len(parts) == mostParts {
			return even(net)
		}
		part := Part{No: len(parts) + 1, Amount: money.Min(left, limit), Status: Closed}
		if left, err = left.Sub(part.Amount); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// checkParts proves that the parts are what the batch pays.
func (b *Batch) checkParts() error {
	var sum money.Amount
	for i, p := range b.Parts {
		var err error
		if sum, err = sum.Add(p.Amount); err != nil || p.No != i+1 || p.Amount.Sign() <= 0 {
			return fmt.Errorf("%w: batch %s: part %d of %s is in the place of part %d", ErrEquation, b.ID, p.No, b.PaidIn().Format(p.Amount), i+1)
		}
	}
	if len(b.Parts) > 0 && sum != b.Pays() {
		return fmt.Errorf("%w: batch %s: its parts sum to %s, it pays %s", ErrEquation, b.ID, b.PaidIn().Format(sum), b.PaidIn().Format(b.Pays()))
	}
	return nil
}

// even divides what a batch pays into as many parts as there may be.
func even(net money.Amount) ([]Part, error) {
	parts, weights := make([]Part, mostParts), make([]money.Amount, mostParts)
	for i := range weights {
		weights[i] = money.Minor(1)
	}
	amounts, err := money.Allocate(net, weights)
	if err != nil {
		return nil, err
	}
	for i, amount := range amounts {
		parts[i] = Part{No: i + 1, Amount: amount, Status: Closed}
	}
	return parts, nil
}

// PartID names a part of a batch in events and instructions; the batch itself is part 0.
func PartID(batch string, no int) string {
	if no == 0 {
		return batch
	}
	return batch + "." + strconv.Itoa(no)
}

// BatchOf gives the batch that the id of a batch or of a part names, and which part.
func BatchOf(id string) (batch string, no int) {
	if dot := strings.LastIndexByte(id, '.'); dot > 0 {
		if no, err := strconv.Atoi(id[dot+1:]); err == nil && no > 0 && PartID(id[:dot], no) == id {
			return id[:dot], no
		}
	}
	return id, 0
}

// Pieces are what a batch is paid by: its parts, or itself as part 0.
func (b *Batch) Pieces() []Part {
	if len(b.Parts) > 0 {
		return b.Parts
	}
	return []Part{{Amount: b.Pays(), Status: b.Status}}
}

// piece is the batch as a part of it sees it: its status, its amount and its life. Of a
// batch that is one piece it is the batch, as it is paid.
func (b *Batch) piece(p Part) *Batch {
	if p.No == 0 {
		return b.paying()
	}
	seen := *b.paying()
	seen.Status, seen.Net, seen.Parts = p.Status, p.Amount, nil
	seen.Steps = slices.DeleteFunc(slices.Clone(b.Steps), func(s Step) bool { return !s.of(p.No) })
	return &seen
}

// row gives the row of the table that an event takes from a status; nil: there is none.
func row(on payment.Kind, from Status) *payment.Move {
	for i := range table {
		if table[i].On == on && table[i].From == payment.Status(from) {
			return &table[i]
		}
	}
	return nil
}

// concerned lists the pieces that something happens to which happens to one part, or, part
// 0, to all that stand so that it may.
func (b *Batch) concerned(kind payment.Kind, no int) (pieces []Part) {
	for _, p := range b.Pieces() {
		if (no == 0 || p.No == no) && b.may(kind, p) {
			pieces = append(pieces, p)
		}
	}
	if kind == payment.BatchPaid && no == 0 {
		return paidWhole(pieces, b.Pieces())
	}
	return pieces
}

// may tells whether something may happen to a piece as it stands. What never left was not
// paid.
func (b *Batch) may(kind payment.Kind, p Part) bool {
	left := func(s Step) bool { return s.kind() == payment.BatchSent && s.of(p.No) }
	return row(kind, p.Status) != nil && (kind != payment.BatchPaid || slices.ContainsFunc(b.Steps, left))
}

// paidWhole lists which of the pieces that may be paid a report is about that names none
// of them: those on their way; else those that are said to have failed, unless
// a part is paid already: then it says which.
func paidWhole(pieces, all []Part) (left []Part) {
	for _, p := range pieces {
		if slices.Contains([]Status{Submitted, InTransit, Unknown}, p.Status) {
			left = append(left, p)
		}
	}
	if len(left) > 0 || slices.ContainsFunc(all, func(p Part) bool { return p.Status == Paid || p.Status == Returned }) {
		return left
	}
	return pieces
}

// stands is what a batch's parts come to: what keeps one of them back comes first, then
// what is on its way, then how it ended.
func stands(parts []Part) Status {
	n := make(map[Status]int)
	for _, p := range parts {
		n[p.Status]++
	}
	for _, first := range []Status{Held, Closed, Unknown, Submitted} {
		if n[first] > 0 {
			return first
		}
	}
	switch {
	case n[InTransit] > 0 && n[Approved] > 0:
		return Submitted
	case n[InTransit] > 0:
		return InTransit
	case n[Approved] > 0:
		return Approved
	case n[Paid] == len(parts):
		return Paid
	case n[Paid] > 0:
		return PartiallyPaid
	case n[Failed] > 0:
		return Failed
	case n[Returned] > 0:
		return Returned
	}
	return Canceled
}

// sum adds up the pieces that stand in one of some ways. They are no more than the batch.
func (b *Batch) sum(statuses ...Status) (total money.Amount) {
	for _, p := range b.Pieces() {
		if slices.Contains(statuses, p.Status) {
			total, _ = total.Add(p.Amount)
		}
	}
	return total
}
