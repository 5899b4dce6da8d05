package settlement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// table is what may happen to a batch once it is closed. Paid is not the end of it.
var table = []payment.Move{
	move(payment.BatchHeld, Closed, Held, event.SettlementHeld),
	move(payment.BatchHeld, Held, Held, event.SettlementHeld), // for another reason
	move(payment.BatchHeld, Approved, Held, event.SettlementHeld),
	move(payment.BatchReleased, Held, Closed, event.SettlementReleased),
	move(payment.BatchApproved, Closed, Approved, event.SettlementApproved),
	move(payment.BatchSent, Approved, Submitted, event.SettlementSubmitted),
	move(payment.BatchSent, Failed, Submitted, event.SettlementSubmitted),
	move(payment.BatchInTransit, Submitted, InTransit, event.SettlementInTransit),
	move(payment.BatchInTransit, Unknown, InTransit, event.SettlementInTransit),
	move(payment.BatchUnknown, Submitted, Unknown, event.SettlementUnknown),
	move(payment.BatchUnknown, InTransit, Unknown, event.SettlementUnknown),
	move(payment.BatchRefused, Submitted, Failed, event.SettlementFailed),
	move(payment.BatchRefused, InTransit, Failed, event.SettlementFailed),
	move(payment.BatchRefused, Unknown, Failed, event.SettlementFailed),
	move(payment.BatchRetried, Failed, Closed, event.SettlementRetried),
	move(payment.BatchPaid, Submitted, Paid, event.SettlementPaid),
	move(payment.BatchPaid, InTransit, Paid, event.SettlementPaid),
	move(payment.BatchPaid, Unknown, Paid, event.SettlementPaid),
	move(payment.BatchPaid, Closed, Paid, event.SettlementPaid), // by a sending that was said to have failed, as below
	move(payment.BatchPaid, Held, Paid, event.SettlementPaid),
	move(payment.BatchPaid, Approved, Paid, event.SettlementPaid),
	move(payment.BatchPaid, Failed, Paid, event.SettlementPaid),
	move(payment.BatchPaid, Canceled, Paid, event.SettlementPaid),
	move(payment.BatchCanceled, Closed, Canceled, event.SettlementCanceled),
	move(payment.BatchCanceled, Held, Canceled, event.SettlementCanceled),
	move(payment.BatchCanceled, Approved, Canceled, event.SettlementCanceled),
	move(payment.BatchCanceled, Failed, Canceled, event.SettlementCanceled),
	move(payment.BatchReturned, Paid, Returned, event.SettlementReturned),
}

func move(on payment.Kind, from, to Status, tells event.Type) payment.Move {
	return payment.Move{On: on, From: payment.Status(from), To: payment.Status(to), Tells: tells}
}

// Moves is the transition table of a batch, in the order of its life. What it lacks
// is refused and writes nothing. A batch comes into being by being closed.
func Moves() []payment.Move { return slices.Clone(table) }

// Move is the command that books what is reported about a batch. After it was
// applied without an error, Repeated tells whether it was booked before, and Late
// whether the money it puts back came too late for the window of its instant.
//
// A report is a repetition when it bears the instant of an earlier one of its kind, or
// when one of the two is a rail's that the engine drives: it and whoever reports what it
// told have clocks and references of their own. A batch that was refused may be sent again,
// at a later instant; what is told of a sending that is over moves nothing.
//
// Its errors are *payment.FieldError (wrapping ErrUnknownBatch, payment.ErrConflict,
// payment.ErrTransition, or what merchant and calendar report) and the ledger's own.
type Move struct {
	Rules    *payment.Rules // which window money belongs to that a batch puts back: canceled and returned need it
	Event    payment.Event  // normalized; ID is the batch's
	Sending  string         // reference of the sending that a rail's answer is about; empty: the last one
	Repeated bool
	Late     bool

	// nothing is set where the rules cancel a batch that waits for nothing but a quote: what
	// its conversion is then, with the quote at which it buys nothing.
	nothing *Conversion
	after   *Batch // it was applied: as the batch stands; nil: it was booked before
}

// moved is what a report will do. No entry and no batch: it was booked before.
type moved struct {
	batch   *Batch // afterwards
	step    *Step
	tells   event.Type
	follows int // index of the first step of the batch that follows from the rules
	entries []ledger.Entry
	backs   []back
}

// back is what an entry puts back into the merchant's money, or takes out of it again.
type back struct {
	entry    int // index of it
	item     payment.Item
	schedule *merchant.Schedule // that settles it
}

// At implements ledger.Command.
func (m *Move) At() time.Time { return m.Event.OccurredAt }

// Need implements ledger.Command.
func (m *Move) Need(s *ledger.State, n *ledger.Need) {
	id, _ := BatchOf(m.Event.ID)
	n.Record(BatchRef(id))
	n.Record(heldRef(id))
	n.Explore(func() {
		out, err := m.plan(s)
		if err != nil || out == nil {
			return
		}
		for i := range out.entries {
			n.Entry(&out.entries[i])
		}
		for i := range out.backs {
			n.Record(payment.PositionRef(out.batch.Merchant, out.backs[i].item.Currency))
		}
	})
}

// Apply implements ledger.Command.
func (m *Move) Apply(s *ledger.State) error {
	if err := m.Event.Validate(); err != nil {
		return err
	}
	out, err := m.plan(s)
	if err != nil {
		return err
	}
	m.Late, m.after = false, nil
	if m.Repeated = out == nil; m.Repeated {
		return nil
	}
	if err := m.book(s, out); err != nil {
		return err
	}
	if out.batch.FX.waits() && out.batch.Status == Canceled {
		s.Delete((&Unconverted{Batch: out.batch.ID}).Ref())
	}
	if out.tells != "" {
		if err := out.batch.tell(s, out.tells, out.step); err != nil {
			return err
		}
	}
	if stored, ok := s.Record(out.batch.Ref()).(*Batch); ok {
		m.release(s, stored)
	}
	m.after = out.batch
	return out.batch.save(s, out.follows)
}

// book books what a report does to the money.
func (m *Move) book(s *ledger.State, out *moved) error {
	balances, err := payment.WatchEntries(s, out.entries)
	if err != nil {
		return err
	}
	backs := out.backs
	for i := range out.entries {
		booked, err := s.Book(out.entries[i])
		if err != nil {
			return err
		}
		if booked.Replayed {
			return fmt.Errorf("%w: entry %q is booked, but %s %s is not known", ledger.ErrCorrupt, out.entries[i].Key, m.Event.Kind, m.Event.ID)
		}
		if len(backs) == 0 || backs[0].entry != i {
			continue
		}
		late, err := payment.AddBooked(s, m.Rules, backs[0].schedule, &booked.Booked, backs[0].item)
		if err != nil {
			return err
		}
		m.Late, backs = m.Late || late, backs[1:]
	}
	return balances.Tell(s)
}

// plan gives what the report does; nil: it was booked before.
func (m *Move) plan(s *ledger.State) (*moved, error) {
	e := &m.Event
	id, no := BatchOf(e.ID)
	stored, ok := s.Record(BatchRef(id)).(*Batch)
	if !ok || no > len(stored.Parts) {
		return nil, fault(payment.FieldID, "%w: %s", ErrUnknownBatch, e.ID)
	}
	if !e.Kind.OfBatch() {
		return nil, fault(payment.FieldKind, "%s is not an event of a batch", e.Kind)
	}
	if m.nothing != nil && !stored.onlyWaits() {
		return nil, nil // meanwhile
	}
	concerned := stored.reported(e, no)
	seen := stored.seen(concerned, no)
	if err := agrees(seen, e); err != nil {
		return nil, err
	}
	if last := seen.sending(); m.Sending != "" && (last == nil || !last.is(m.Sending)) {
		return nil, fault(payment.FieldKind, "%w: batch %s was refused and sent again", payment.ErrConflict, e.ID)
	}
	row, err := next(seen, e, len(concerned) > 0)
	if err != nil || row == nil {
		return nil, err
	}
	if err := cmp.Or(stored.mayDecide(e), stored.held(s, e)); err != nil {
		return nil, err
	}
	batch := *stored
	if m.nothing != nil {
		batch.FX = m.nothing
	}
	rail := e.Rail
	if e.Kind != payment.BatchSent {
		rail = seen.Rail()
	}
	step := batch.take(Status(row.To), Step{
		Kind: e.Kind, At: e.OccurredAt, Rail: rail, Ref: e.RailRef, BankRef: e.BankRef, Reason: e.ReasonCode, Actor: e.Actor, Part: no, FromRail: e.FromRail,
	})
	out := &moved{batch: &batch, step: step, tells: row.Tells, follows: len(stored.Steps) + 1}
	batch.follow(s, e.OccurredAt, e.OccurredAt)
	for i, p := range concerned {
		back, err := out.post(e, stored.piece(p), p.No)
		if err == nil && !back.IsZero() {
			err = m.putBack(s, out, PartID(stored.ID, p.No), back)
		}
		switch {
		case err != nil:
			return nil, err
		case e.Kind == payment.BatchCanceled && batch.Status == Canceled && i == len(concerned)-1:
			err = m.fees(s, out, true) // it pays nothing
		case e.Kind == payment.BatchPaid && stored.Status == Canceled && i == 0:
			err = m.fees(s, out, false)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// reported lists the pieces that an event is about: where it repeats a report of the whole
// batch, those that this was about.
func (b *Batch) reported(e *payment.Event, no int) []Part {
	for i := range b.Steps {
		step := &b.Steps[i]
		if no == 0 && step.Part == 0 && step.kind() == e.Kind && !step.follows() && step.At.Equal(e.OccurredAt) {
			return slices.DeleteFunc(slices.Clone(b.Pieces()), func(p Part) bool { return !step.of(p.No) })
		}
	}
	return b.concerned(e.Kind, no)
}

// seen is the batch as an event sees it: the part that it is about, or all those it happens
// to.
func (b *Batch) seen(concerned []Part, no int) *Batch {
	switch {
	case len(b.Parts) == 0 || no == 0 && len(concerned) == 0:
		return b.paying()
	case no > 0:
		return b.piece(b.Parts[no-1])
	}
	seen := *b.paying()
	seen.Status, seen.Net = concerned[0].Status, money.Amount{}
	for _, p := range concerned {
		seen.Net, _ = seen.Net.Add(p.Amount)
	}
	seen.Steps = slices.DeleteFunc(slices.Clone(b.Steps), func(s Step) bool {
		return !slices.ContainsFunc(concerned, func(p Part) bool { return s.of(p.No) })
	})
	return &seen
}

// next finds the row of the table that an event takes; nil: it repeats one that was
// booked. may tells whether it may happen to anything.
func next(b *Batch, e *payment.Event, may bool) (*payment.Move, error) {
	h := historyOf(b, e)
	if h.same != nil {
		return nil, h.same.repeats(b, e)
	}
	if e.Kind == payment.BatchHeld && b.Status == Held && b.Hold.Reason == HoldManual && b.sum(Closed, Approved).IsZero() {
		return nil, nil // once more is not more
	}
	at := row(e.Kind, b.Status)
	if !may {
		at = nil
	}
	switch again := h.stands && at == nil || h.before != nil && at != nil && !e.OccurredAt.After(h.since); {
	case h.told != nil && (h.stands || !e.OccurredAt.After(h.since)):
		return nil, h.told.repeats(b, e)
	case h.stands && e.FromRail:
		return nil, h.before.repeats(b, e)
	case again:
		return nil, fault(payment.FieldOccurredAt, "%w: was %s, is now %s", payment.ErrConflict,
			h.before.At.Format(time.RFC3339Nano), e.OccurredAt.Format(time.RFC3339Nano))
	case at == nil:
		return nil, fault(payment.FieldKind, "%s %w: batch %s is %s", e.Kind, payment.ErrTransition, e.ID, b.Status)
	case e.Kind == payment.BatchSent && e.Rail == "":
		return nil, fault(payment.FieldRail, "is missing; a %s needs it", e.Kind)
	}
	return at, nil
}

// opening lists what makes another report of a kind possible.
func opening(kind payment.Kind) []payment.Kind {
	switch kind {
	case payment.BatchSent, payment.BatchRetried:
		return []payment.Kind{payment.BatchRefused}
	case payment.BatchHeld, payment.BatchApproved:
		return []payment.Kind{payment.BatchReleased, payment.BatchRetried}
	case payment.BatchReleased:
		return []payment.Kind{payment.BatchHeld}
	case payment.BatchInTransit:
		return []payment.Kind{payment.BatchSent, payment.BatchUnknown}
	case payment.BatchUnknown:
		return []payment.Kind{payment.BatchSent, payment.BatchInTransit}
	}
	return []payment.Kind{payment.BatchSent}
}

// history is what was told before of the kind of an event.
type history struct {
	same   *Step     // at the very instant
	before *Step     // the last one
	told   *Step     // the last one of a rail's; nil too where another one stands
	stands bool      // before is about the sending that is the last
	since  time.Time // another one must be later: before, and what made another one possible
}

func historyOf(b *Batch, e *payment.Event) (h history) {
	opens := opening(e.Kind)
	for i := range b.Steps {
		step := &b.Steps[i]
		switch kind := step.kind(); {
		case kind == e.Kind && !step.follows():
			h.before, h.stands = step, true
			if step.At.Equal(e.OccurredAt) {
				h.same = step
			}
			if step.FromRail {
				h.told = step
			}
		case slices.Contains(opens, kind):
			h.stands = false
		default:
			continue
		}
		if step.At.After(h.since) {
			h.since = step.At
		}
	}
	if h.stands && !h.before.FromRail {
		h.told = nil
	}
	return h
}

// post makes the entries of the report's recipe for a piece, as it stood, and gives what
// they put back into the merchant's money.
func (o *moved) post(e *payment.Event, was *Batch, part int) (back money.Amount, err error) {
	rail, of, bank := payment.RailPayoutsPath(was.Rail()), payment.SettlementPath(was.ID), payment.BankPath(was.Bank)
	available, returns := payment.AvailablePath(was.Merchant), payment.RailReturnsPath(was.Rail())
	switch e.Kind {
	case payment.BatchSent:
		o.entry(e, was, part, payment.EntryBatchSent, was.again("sent", e.Kind), of, payment.RailPayoutsPath(e.Rail))
	case payment.BatchRefused:
		o.entry(e, was, part, payment.EntryBatchRefused, was.again("refused", e.Kind), rail, of)
	case payment.BatchPaid:
		switch was.Status {
		case Canceled: // its money was put back already
			o.entry(e, was, part, payment.EntryBatchRevived, "revived", available, bank)
			return was.Net.Neg(), nil
		case Approved, Closed, Held, Failed: // nor had it come back by then
			o.entry(e, was, part, payment.EntryBatchPaid, "paid", of, bank)
		default:
			o.entry(e, was, part, payment.EntryBatchPaid, "paid", rail, bank)
		}
	case payment.BatchCanceled:
		o.entry(e, was, part, payment.EntryBatchCanceled, "canceled", of, available)
		return was.Net, nil
	case payment.BatchReturned:
		o.entry(e, was, part, payment.EntryBatchReturned, "returned", bank, returns)
		o.entry(e, was, part, payment.EntryBatchCredited, "recredited", returns, available)
		return was.Net, nil
	case payment.BatchInTransit, payment.BatchUnknown: // what was sent stays on its way
	case payment.BatchHeld, payment.BatchReleased, payment.BatchApproved, payment.BatchRetried: // decisions move no money
	default:
		return back, fault(payment.FieldKind, "%s has no recipe", e.Kind)
	}
	return back, nil
}

// entry moves a piece's net from one account to another.
func (o *moved) entry(e *payment.Event, was *Batch, part int, kind, step, debit, credit string) {
	o.entries = append(o.entries, ledger.Entry{
		Key: was.key(stepOf(part, step)), Kind: kind, Reference: e.RailRef, ValueDate: payment.DateUTC(e.OccurredAt), Owner: Owner, OrFirstOpen: true,
		Postings: []ledger.Posting{ledger.Dr(debit, was.Net, was.Currency), ledger.Cr(credit, was.Net, was.Currency)},
	})
}

// stepOf names a step of a piece: 2/paid.
func stepOf(part int, step string) string {
	if part == 0 {
		return step
	}
	return fmt.Sprintf("%d/%s", part, step)
}

// again names a step that may be taken more than once: sent, sent.2, sent.3. The batch is
// as it stood before it.
func (b *Batch) again(step string, kind payment.Kind) string {
	n := 1
	for i := range b.Steps {
		if b.Steps[i].kind() == kind {
			n++
		}
	}
	if n < 2 {
		return step
	}
	return fmt.Sprintf("%s.%d", step, n)
}

// putBack makes what the last entry puts back a movement that waits for a later batch.
func (m *Move) putBack(s *ledger.State, out *moved, source string, amount money.Amount) error {
	b, step := out.batch, out.step
	schedule, pin, err := m.settles(s, b, b.PaidIn())
	if err != nil {
		return err
	}
	out.backs = append(out.backs, back{len(out.entries) - 1, payment.Item{
		Merchant: b.Merchant, Currency: b.PaidIn(), OccurredAt: step.At, Window: pin,
		Manual: payment.ByHand(schedule), Category: payment.CategoryBatch, Type: string(step.Kind), SourceID: source,
		Rail: step.Rail, RailRef: step.Ref, BankRef: step.BankRef, ReasonCode: step.Reason, Gross: amount, Net: amount,
	}, schedule})
	return nil
}

// settles says when money in a currency is settled that what was reported puts back.
func (m *Move) settles(s *ledger.State, b *Batch, c money.Currency) (schedule *merchant.Schedule, pin payment.WindowPin, err error) {
	at := m.Event.OccurredAt
	if m.Rules == nil {
		return nil, pin, fault(payment.FieldKind, "%s needs the rules that say which window the money belongs to", m.Event.Kind)
	}
	stored, ok := s.Record(payment.MerchantRef(b.Merchant)).(*payment.Merchant)
	if !ok {
		return nil, pin, fmt.Errorf("%w: merchant %s is not there", ledger.ErrCorrupt, b.Merchant)
	}
	if schedule, err = scheduleOf(m.Rules.Book, &stored.Merchant, b, c, at); err != nil {
		return nil, pin, &payment.FieldError{Field: payment.FieldOccurredAt, Err: err}
	}
	window, err := schedule.Timing.WindowAt(at)
	if err != nil {
		return nil, pin, fault(payment.FieldOccurredAt, "schedule %s: %w", schedule.ID, err)
	}
	return schedule, payment.WindowPin{Schedule: schedule.Pin(), Window: window}, nil
}

// scheduleOf gives the schedule that money is settled by which a batch puts back:
// that of the merchant whatever the method; else, where there are only schedules
// for methods, the batch's own in the version in force, which is meant for no other
// currency than the batch's.
func scheduleOf(book *merchant.Book, m *merchant.Merchant, b *Batch, c money.Currency, at time.Time) (*merchant.Schedule, error) {
	scope, err := book.Case(m, c, "")
	if err != nil {
		return nil, err
	}
	schedule, err := book.Schedule(scope, at)
	if c != b.Currency || !errors.Is(err, merchant.ErrNoSchedule) {
		return schedule, err
	}
	if own := book.Version(b.Window.Schedule.ID, at); own != nil {
		return own, nil
	}
	return nil, err
}

// agrees tells whether what an event says about its batch is true.
func agrees(b *Batch, e *payment.Event) error {
	if !e.Amount.IsZero() && (e.Amount != b.Pays() || e.Currency != b.PaidIn()) {
		return fault(payment.FieldAmount, "%s %s is not what batch %s pays, %s %s",
			e.Currency, e.Currency.Format(e.Amount), b.ID, b.PaidIn(), b.PaidIn().Format(b.Pays()))
	}
	if e.OccurredAt.Before(b.Window.Closes) {
		return fault(payment.FieldOccurredAt, "%s is before batch %s closed at %s",
			e.OccurredAt.Format(time.RFC3339), b.ID, b.Window.Closes.Format(time.RFC3339))
	}
	if sent := b.Rail(); e.Kind != payment.BatchSent && e.Rail != "" && sent != "" && e.Rail != sent {
		return otherRail(b, sent, e.Rail)
	}
	return nil
}

func otherRail(b *Batch, was, now string) error {
	return fault(payment.FieldRail, "%w: batch %s was sent by %s, not %s", payment.ErrConflict, b.ID, was, now)
}

// repeats compares a repetition with what was booked.
func (s *Step) repeats(b *Batch, e *payment.Event) error {
	if e.Kind == payment.BatchSent && e.Rail != s.Rail {
		return otherRail(b, s.Rail, e.Rail)
	}
	if s.FromRail || e.FromRail {
		return nil
	}
	for _, c := range []struct {
		field    payment.Field
		was, now string
	}{
		{payment.FieldRailRef, s.Ref, e.RailRef}, {payment.FieldBankRef, s.BankRef, e.BankRef},
		{payment.FieldReasonCode, s.Reason, e.ReasonCode}, {payment.FieldActor, s.Actor, e.Actor},
	} {
		if s.Kind == "" && c.field != payment.FieldRailRef {
			break // steps were kept without the rest once
		}
		if c.was != c.now {
			return fault(c.field, "%w: was %q, is now %q", payment.ErrConflict, c.was, c.now)
		}
	}
	return nil
}

func fault(f payment.Field, format string, args ...any) error {
	return &payment.FieldError{Field: f, Err: fmt.Errorf(format, args...)}
}
