package settlex

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Collected is what a run of Collect did.
type Collected struct {
	Answers  int // taken
	Events   int // booked for them
	Repeated int // answers that had been taken before, or were refused before for the same reason
	Refused  int // answers that will never be booked, handed back to their rail
}

// RefusedAnswerError says that an answer of a rail will never be booked as it is, and
// that the rail has it back: the rail of files sets it aside.
type RefusedAnswerError struct {
	Rail string
	Name string // of the answer
	Err  error  // *iso20022.Error of a file, else what the books say
}

// Error names the answer and the reason.
func (e *RefusedAnswerError) Error() string {
	return fmt.Sprintf("answer %s is refused: %v", e.Name, e.Err)
}

// Unwrap gives the reason.
func (e *RefusedAnswerError) Unwrap() error { return e.Err }

// Collect asks all rails what became of what they were handed, and books it: each answer
// in one transaction, all of it or nothing, and once. What the books know already, because
// somebody reported it in another way, is not booked again. taken, if not nil, is
// told of each answer.
//
// The error joins those of the answers that were not taken, and all others are taken. What
// contradicts the books or is malformed goes back to its rail: *RefusedAnswerError, once for
// each reason, however often the rail tells it. What cannot be taken yet, or because the store fails, stays where it is.
func (e *Engine) Collect(ctx context.Context, taken func(rail string, a *payment.Answer, events int)) (Collected, error) {
	c := &collection{Engine: e, taken: taken}
	var faults error
	for _, rail := range e.routes.rails {
		h := &handed{e.books, rail.Name()}
		for a, err := range rail.Answers(ctx, e.now(), h) {
			switch {
			case err == nil:
				err = c.take(ctx, rail, h, a)
			case a != nil:
				err = c.refuse(ctx, rail, a, err)
			}
			faults = joinNamed(faults, "rail "+rail.Name(), err)
		}
	}
	return c.done, faults
}

// refuse gives an answer back to its rail, and tells of it unless that was done before for
// the same reason.
func (c *collection) refuse(ctx context.Context, rail payment.Rail, a *payment.Answer, why error) error {
	known, err := c.remembered(ctx, payment.AnswerRefusedRef(rail.Name(), a.ID))
	if err != nil {
		return err
	}
	var refused error
	if known == nil || known.Refused != why.Error() {
		refused = &RefusedAnswerError{Rail: rail.Name(), Name: a.Name, Err: why}
	}
	if err := rail.Refused(ctx, a, why); err != nil {
		return errors.Join(refused, fmt.Errorf("set answer %s aside: %w", a.Name, err))
	}
	if refused == nil {
		c.done.Repeated++
		return nil
	}
	c.done.Refused++
	return errors.Join(refused, c.remember(ctx, rail, a, why))
}

// remember notes why an answer was refused.
func (c *collection) remember(ctx context.Context, rail payment.Rail, a *payment.Answer, why error) error {
	if a.ID == "" || why.Error() == "" { // a malformed one may have no name
		return nil
	}
	record := &payment.Answered{Rail: rail.Name(), Answer: a.ID, Name: a.Name, Message: a.Message, At: c.now(), Refused: why.Error()}
	err := c.books.Do(ctx, &together{needs: []ledger.Ref{record.Ref()}, then: func(s *ledger.State) error {
		s.Put(record)
		return nil
	}})
	if err != nil {
		return fmt.Errorf("note that answer %s is refused: %w", a.Name, err)
	}
	return nil
}

// never tells whether what the books say to an answer will be so whenever they are
// asked: it contradicts them. What is early, or too late for the value dates that are
// open, may be taken another day.
func never(err error) bool {
	if field, ok := errors.AsType[*payment.FieldError](err); ok && field.Field != payment.FieldOccurredAt {
		return true
	}
	return errors.Is(err, payment.ErrUnknown) || errors.Is(err, payment.ErrTransition) || errors.Is(err, payment.ErrConflict)
}

// collection is one run of Collect.
type collection struct {
	*Engine
	taken func(rail string, a *payment.Answer, events int)
	done  Collected
}

// take books an answer, unless it was taken before, and lets the rail know.
func (c *collection) take(ctx context.Context, rail payment.Rail, h *handed, a *payment.Answer) error {
	known, err := c.remembered(ctx, payment.AnsweredRef(rail.Name(), a.ID))
	switch {
	case err != nil:
		return err
	case known != nil:
		c.done.Repeated++
	default:
		events, err := c.book(ctx, h, a)
		if err != nil && never(err) {
			return c.refuse(ctx, rail, a, err)
		}
		if err != nil {
			return fmt.Errorf("answer %s: %w", a.Name, err)
		}
		c.done.Answers++
		c.done.Events += events
		if c.taken != nil {
			c.taken(rail.Name(), a, events)
		}
	}
	return rail.Taken(ctx, a)
}

// remembered is what is known of an answer; nil: nothing.
func (c *collection) remembered(ctx context.Context, ref ledger.Ref) (found *payment.Answered, err error) {
	err = c.books.Read(ctx, func(r ledger.Reader) error {
		found, err = record[*payment.Answered](ctx, r, ref)
		return err
	})
	return found, err
}

// book books all events of an answer with the record that it was taken.
func (c *collection) book(ctx context.Context, h *handed, a *payment.Answer) (int, error) {
	s, err := h.Submission(ctx, a.Message)
	if err != nil {
		return 0, err
	}
	list, err := h.Instructions(ctx, s)
	if err != nil {
		return 0, err
	}
	events, err := c.events(ctx, a, list)
	if err != nil {
		return 0, err
	}
	t := &together{at: latest(events)}
	for _, told := range events {
		command, _ := c.command(told.Event)
		if move, ok := command.(*settlement.Move); ok {
			move.Sending = told.instruction
		}
		t.commands = append(t.commands, command)
	}
	answered := &payment.Answered{Rail: s.Rail, Answer: a.ID, Name: a.Name, Message: a.Message, At: c.now(), Events: len(events)}
	final := c.final(a, list)
	t.needs = append(submissionRefs(s), answered.Ref(), payment.AnswerRefusedRef(s.Rail, a.ID))
	for _, i := range final {
		t.needs = append(t.needs, i.Ref())
	}
	t.then = func(state *ledger.State) error { return settle(state, submissionRefs(s), answered, final) }
	err = c.books.Do(ctx, t)
	if member, ok := errors.AsType[*memberError](err); ok {
		err = fmt.Errorf("%s of %s: %w", events[member.index].Kind, events[member.index].ID, member.err)
	}
	return len(events), err
}

// final lists the instructions of which an answer says the last word.
func (c *collection) final(a *payment.Answer, list []payment.Instruction) (final []payment.Instruction) {
	for _, i := range list {
		if slices.ContainsFunc(a.Reports, func(r payment.Report) bool { return r.Final && r.Instruction == i.ID }) {
			final = append(final, i)
		}
	}
	return final
}

// settle notes that an answer was taken, and of what nothing more is expected.
func settle(state *ledger.State, submission []ledger.Ref, answered *payment.Answered, final []payment.Instruction) error {
	if state.Record(answered.Ref()) != nil {
		return fmt.Errorf("answer %s of rail %s was taken meanwhile", answered.Answer, answered.Rail)
	}
	state.Put(answered)
	if refused := payment.AnswerRefusedRef(answered.Rail, answered.Answer); state.Record(refused) != nil {
		state.Delete(refused)
	}
	return change(state, submission, func(s *payment.Submission) error {
		s.Delivered = true // whoever answers has it, whatever became of our note
		return finish(state, s, final)
	})
}

// latest is the instant an answer is booked under: that of the last thing it tells.
func latest(events []toldEvent) (at time.Time) {
	for i := range events {
		if events[i].OccurredAt.After(at) {
			at = events[i].OccurredAt
		}
	}
	return at
}

// toldEvent is an event and the instruction that a rail told it of.
type toldEvent struct {
	payment.Event
	instruction string // id
}

// events are those of an answer that the books do not know yet.
func (c *collection) events(ctx context.Context, a *payment.Answer, list []payment.Instruction) ([]toldEvent, error) {
	var fresh []toldEvent
	err := c.books.Read(ctx, func(r ledger.Reader) error {
		fresh = nil
		for n := range a.Reports {
			at := slices.IndexFunc(list, func(i payment.Instruction) bool { return i.ID == a.Reports[n].Instruction })
			if at < 0 {
				return fmt.Errorf("instruction %q of message %q is %w", a.Reports[n].Instruction, a.Message, payment.ErrUnknown)
			}
			event, ok, err := c.event(ctx, r, &list[at], a.Reports[n])
			if err != nil {
				return fmt.Errorf("instruction %s: %w", list[at].ID, err)
			}
			if ok {
				fresh = append(fresh, toldEvent{event, list[at].ID})
			}
		}
		return nil
	})
	return fresh, err
}

// event is what a report means for the books as they are; false: nothing. What is
// refused after it had completed has come back; a refusal that was told before is
// told again.
func (c *collection) event(ctx context.Context, r ledger.Reader, i *payment.Instruction, report payment.Report) (payment.Event, bool, error) {
	if err := c.checkInstant(report.At); err != nil {
		return payment.Event{}, false, err
	}
	told, err := toldOf(ctx, r, i)
	if err != nil {
		return payment.Event{}, false, err
	}
	knows := func(o payment.Outcome) bool { return slices.Contains(told, payment.KindOf(i.Object, o)) }
	if report.Outcome == payment.OutcomeFailed && knows(payment.OutcomeCompleted) && !knows(payment.OutcomeFailed) {
		report.Outcome = payment.OutcomeReturned
	}
	event, ok := report.Event(i)
	if !ok || knows(report.Outcome) || !report.Outcome.Decides() && (knows(payment.OutcomeCompleted) || knows(payment.OutcomeFailed)) {
		return payment.Event{}, false, nil
	}
	return event, true, nil
}

// toldOf lists the kinds of event that were booked of what an instruction pays.
func toldOf(ctx context.Context, r ledger.Reader, i *payment.Instruction) (kinds []payment.Kind, err error) {
	if i.Object == payment.PayoutRecord {
		payout, err := record[*payment.Payout](ctx, r, ledger.Ref{Kind: payment.PayoutRecord, ID: i.Source})
		if err == nil && payout == nil {
			err = fmt.Errorf("payout %q is %w", i.Source, payment.ErrUnknown)
		}
		if err != nil {
			return nil, err
		}
		for _, step := range payout.Steps {
			kinds = append(kinds, step.Kind)
		}
		return kinds, nil
	}
	id, _ := settlement.BatchOf(i.Source)
	batch, err := settlement.Find(ctx, r, id)
	if err != nil {
		return nil, err
	}
	return settlement.Told(batch, i.ID), nil
}
