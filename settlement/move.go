package settlement

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// transitions says which status a rail's report may find and which it leaves.
var transitions = map[payment.Kind]struct{ from, to Status }{
	payment.BatchSent: {Approved, Submitted},
	payment.BatchPaid: {Submitted, Paid},
}

// Move is the command that books what a rail reports about a batch. After it
// was applied without an error, Repeated tells whether it was booked before.
type Move struct {
	Event    payment.Event // normalized; ID is the batch's
	Repeated bool
}

// At implements ledger.Command.
func (m *Move) At() time.Time { return m.Event.OccurredAt }

// Need implements ledger.Command.
func (m *Move) Need(s *ledger.State, n *ledger.Need) {
	n.Record(BatchRef(m.Event.ID))
	n.Explore(func() {
		if _, entry, err := m.plan(s); err == nil && entry != nil {
			n.Entry(entry)
		}
	})
}

// Apply implements ledger.Command.
func (m *Move) Apply(s *ledger.State) error {
	if err := m.Event.Validate(); err != nil {
		return err
	}
	batch, entry, err := m.plan(s)
	if err != nil {
		return err
	}
	if m.Repeated = entry == nil; m.Repeated {
		return nil
	}
	if _, err := s.Book(*entry); err != nil {
		return err
	}
	s.Put(batch)
	return nil
}

// plan gives the batch afterwards and the entry to book; no entry means that
// the event was booked before.
func (m *Move) plan(s *ledger.State) (*Batch, *ledger.Entry, error) {
	e := &m.Event
	stored, ok := s.Record(BatchRef(e.ID)).(*Batch)
	if !ok {
		return nil, nil, &payment.FieldError{Field: payment.FieldID, Err: fmt.Errorf("%w: %s", ErrUnknownBatch, e.ID)}
	}
	move, ok := transitions[e.Kind]
	if !ok {
		return nil, nil, &payment.FieldError{Field: payment.FieldKind, Err: fmt.Errorf("%s is not an event of a batch", e.Kind)}
	}
	if err := agrees(stored, e); err != nil {
		return nil, nil, err
	}
	for _, step := range stored.Steps {
		if step.Status == move.to {
			return stored, nil, repeats(&step, e)
		}
	}
	if stored.Status != move.from {
		return nil, nil, &payment.FieldError{Field: payment.FieldKind, Err: fmt.Errorf("%s %w: batch %s is %s", e.Kind, payment.ErrTransition, e.ID, stored.Status)}
	}
	batch := *stored
	batch.Status = move.to
	batch.Steps = append(append([]Step(nil), stored.Steps...), Step{Status: move.to, At: e.OccurredAt, Rail: railOf(stored, e), Ref: e.RailRef})
	entry, err := m.entry(stored)
	return &batch, entry, err
}

func (m *Move) entry(b *Batch) (*ledger.Entry, error) {
	entry := &ledger.Entry{Reference: m.Event.RailRef, ValueDate: payment.DateUTC(m.Event.OccurredAt), Owner: Owner, OrFirstOpen: true}
	if m.Event.Kind == payment.BatchSent {
		if m.Event.Rail == "" {
			return nil, &payment.FieldError{Field: payment.FieldRail, Err: fmt.Errorf("is missing; a %s needs it", m.Event.Kind)}
		}
		entry.Key, entry.Kind = b.key("sent"), payment.EntryBatchSent
		entry.Postings = []ledger.Posting{
			ledger.Dr(payment.SettlementPath(b.ID), b.Net, b.Currency), ledger.Cr(payment.RailPayoutsPath(m.Event.Rail), b.Net, b.Currency),
		}
		return entry, nil
	}
	rail := railOf(b, &m.Event)
	entry.Key, entry.Kind = b.key("paid"), payment.EntryBatchPaid
	entry.Postings = []ledger.Posting{
		ledger.Dr(payment.RailPayoutsPath(rail), b.Net, b.Currency), ledger.Cr(payment.BankPath(b.Bank), b.Net, b.Currency),
	}
	return entry, nil
}

// agrees tells whether what an event says about its batch is true.
func agrees(b *Batch, e *payment.Event) error {
	if !e.Amount.IsZero() && (e.Amount != b.Net || e.Currency != b.Currency) {
		return &payment.FieldError{Field: payment.FieldAmount, Err: fmt.Errorf("%s %s is not the net of batch %s, %s %s",
			e.Currency, e.Currency.Format(e.Amount), b.ID, b.Currency, b.Currency.Format(b.Net))}
	}
	if e.OccurredAt.Before(b.Window.Closes) {
		return &payment.FieldError{Field: payment.FieldOccurredAt, Err: fmt.Errorf("%s is before batch %s closed at %s",
			e.OccurredAt.Format(time.RFC3339), b.ID, b.Window.Closes.Format(time.RFC3339))}
	}
	if sent := railOf(b, &payment.Event{}); e.Rail != "" && sent != "" && e.Rail != sent {
		return &payment.FieldError{Field: payment.FieldRail, Err: fmt.Errorf("%w: batch %s was sent by %s, not %s", payment.ErrConflict, b.ID, sent, e.Rail)}
	}
	return nil
}

// railOf is the rail a batch was sent by, or the event's when it was not sent yet.
func railOf(b *Batch, e *payment.Event) string {
	for _, step := range b.Steps {
		if step.Rail != "" {
			return step.Rail
		}
	}
	return e.Rail
}

// repeats compares a repetition with what was booked.
func repeats(step *Step, e *payment.Event) error {
	if !step.At.Equal(e.OccurredAt) {
		return &payment.FieldError{Field: payment.FieldOccurredAt, Err: fmt.Errorf("%w: was %s, is now %s", payment.ErrConflict,
			step.At.Format(time.RFC3339Nano), e.OccurredAt.Format(time.RFC3339Nano))}
	}
	if step.Ref != e.RailRef {
		return &payment.FieldError{Field: payment.FieldRailRef, Err: fmt.Errorf("%w: was %q, is now %q", payment.ErrConflict, step.Ref, e.RailRef)}
	}
	return nil
}
