package payment

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// Handle is the command that books one event. After it was applied without an
// error, Repeated tells whether the event had been booked before, and Late
// whether it came too late for its window.
//
// Its errors are *FieldError (wrapping ErrUnknown, ErrConflict, ErrTransition,
// ErrTooMuch, ErrUnknownMerchant, or what merchant, fees and calendar report)
// and the ledger's own, such as ledger.ErrInsufficientFunds.
type Handle struct {
	Rules *Rules
	Event Event  // normalized
	Batch string // payouts: id of the batch it came in; empty: none
	// Customer is what is known of the payer of a new deposit; nil: nothing, or the
	// event is of another kind. It is stored beside the deposit, and no part of what
	// happened: a repetition of the event brings none.
	Customer *CustomerData
	Repeated bool
	Late     bool // it came after the watermark of its window, and goes to a later batch

	asked     *ledger.State // the last one that was asked for everything
	following bool          // the event follows from another one by the rules
}

// At implements ledger.Command: a fact is booked under its own instant.
func (h *Handle) At() time.Time { return h.Event.OccurredAt }

// Need implements ledger.Command. Once a plan was made of what is loaded, more that
// is loaded does not change it: it is not made again.
func (h *Handle) Need(s *ledger.State, n *ledger.Need) {
	if h.asked == s || h.Event.Validate() != nil {
		return
	}
	before := len(n.Records)
	n.Record(ledger.Ref{Kind: sourceKind(h.Event.Kind), ID: h.Event.ID})
	if h.Customer != nil {
		n.Record(CustomerRef(h.Event.ID))
	}
	if h.Event.Merchant != "" {
		n.Record(MerchantRef(h.Event.Merchant))
		n.Record(PositionRef(h.Event.Merchant, h.Event.Currency))
	}
	if h.Event.Parent != "" {
		n.Record(ledger.Ref{Kind: DepositRecord, ID: h.Event.Parent})
	}
	if h.Event.Kind == PayoutRequested {
		n.Record(QueueRef(h.Event.Merchant, h.Event.Currency))
	}
	if len(n.Records) > before { // without them no plan gets far
		return
	}
	n.Explore(func() {
		p, err := h.plan(s)
		if err == nil {
			p.need(n)
		}
		h.asked = s
	})
}

// need asks for what the plan touches.
func (p *plan) need(n *ledger.Need) {
	for i := range p.entries {
		n.Entry(&p.entries[i])
	}
	for i := range p.items {
		n.Record(PositionRef(p.items[i].item.Merchant, p.items[i].item.Currency))
	}
}

// Apply implements ledger.Command.
func (h *Handle) Apply(s *ledger.State) error {
	h.asked = nil
	if err := h.Event.Validate(); err != nil {
		return err
	}
	p, err := h.plan(s)
	if err != nil {
		return err
	}
	h.Late = false
	if h.Repeated = p.repeated; p.repeated {
		return nil
	}
	if err := h.introduce(p); err != nil {
		return err
	}
	if h.Late, err = p.carryOut(s); err != nil || p.follows == nil {
		return err
	}
	return h.follow(s, *p.follows)
}

// follow books what follows from the event by the rules, after it.
func (h *Handle) follow(s *ledger.State, e Event) error {
	next := &Handle{Rules: h.Rules, Event: e.Normalize(), following: true}
	err := next.Apply(s)
	h.Late = h.Late || next.Late
	if err != nil {
		return fmt.Errorf("%s %s: %w", e.Kind, e.ID, err)
	}
	return nil
}

// carryOut does what the plan says. late tells that a movement came after the
// watermark of its window.
func (p *plan) carryOut(s *ledger.State) (late bool, err error) {
	if err := p.announce(); err != nil {
		return false, err
	}
	balances, err := watchEntries(s, p.entries)
	if err != nil {
		return false, err
	}
	booked := make([]ledger.Booked, len(p.entries))
	for i, entry := range p.entries {
		result, err := s.Book(entry)
		if err != nil {
			return false, err
		}
		if result.Replayed {
			return false, fmt.Errorf("%w: entry %q is booked, but %s %s is not known", ledger.ErrCorrupt, entry.Key, p.event.Kind, p.event.ID)
		}
		booked[i] = result.Booked
	}
	for _, ref := range p.deletes {
		s.Delete(ref)
	}
	if len(p.entries) == 0 {
		p.note(s.Now())
	}
	for _, record := range p.records {
		s.Put(record)
	}
	for _, planned := range p.lines {
		by, line := &booked[planned.entry], planned.line
		line.Lane, line.Seq, line.Entry, line.BookedAt = by.Lane, by.Seq, by.Key, by.At
		s.Put(line)
	}
	for _, news := range p.news {
		s.Tell(news)
	}
	for _, planned := range p.items {
		in, after, err := addBooked(s, p.rules, planned.schedule, &booked[planned.entry], planned.item)
		if err != nil {
			return false, err
		}
		if late = late || after; after {
			if err := p.holdUntil(s, &planned, in); err != nil {
				return false, err
			}
		}
	}
	return late, balances.Tell(s)
}

// note keeps, of a step of which nothing is booked, when it came.
func (p *plan) note(now time.Time) {
	if now.Equal(p.event.OccurredAt) {
		return
	}
	for _, record := range p.records {
		r, ok := record.(resource)
		if !ok {
			continue
		}
		steps := r.lived().Steps
		for i := range slices.Backward(steps) {
			if step := &steps[i]; step.Kind == p.event.Kind && step.At.Equal(p.event.OccurredAt) && step.Noted.IsZero() {
				step.Noted = now
				break
			}
		}
	}
}

// AddBooked is AddItem for a movement of an entry that has just been booked: it
// gets the entry's place and key. It is late when it comes after the watermark of
// its window. The rules say what else its batch may do; the command must have declared to
// need the merchant. Errors: *FieldError where the schedule cannot say when it settles;
// those of merchant.Book and fees.
func AddBooked(s *ledger.State, rules *Rules, schedule *merchant.Schedule, by *ledger.Booked, item Item) (late bool, err error) {
	_, late, err = addBooked(s, rules, schedule, by, item)
	return late, err
}

// addBooked is AddBooked, and gives the window the movement is settled in.
func addBooked(s *ledger.State, rules *Rules, schedule *merchant.Schedule, by *ledger.Booked, item Item) (in WindowPin, late bool, err error) {
	item.Lane, item.Seq, item.Entry, item.BookedAt = by.Lane, by.Seq, by.Key, notBefore(by.At, s, PositionRef(item.Merchant, item.Currency))
	in, late, err = settles(schedule, item.Window, item.BookedAt)
	if err != nil {
		return in, false, err
	}
	if item.Manual {
		return in, false, AddItem(s, &item)
	}
	sum, err := rules.sumIn(s, &item, schedule, in.Window)
	if err != nil {
		return in, false, err
	}
	return in, late, addItem(s, &item, sum)
}

// holdUntil notes with the reserve of a deposit that came late where the deposit is
// settled, and has the position count it by that.
func (p *plan) holdUntil(s *ledger.State, deposit *plannedItem, in WindowPin) error {
	for _, r := range p.records {
		hold, ok := r.(*Hold)
		if !ok || deposit.item.Type != DepositRecord || hold.ID != deposit.item.SourceID {
			continue
		}
		late := *hold
		late.Settles, late.From = &in.Window, deposit.schedule.Watermark(in.Window)
		left, err := hold.Left()
		if err != nil {
			return err
		}
		position, err := take[Position](s, PositionRecord, PositionRef(hold.Merchant, hold.Currency).ID).Freed(hold, left)
		if err != nil {
			return err
		}
		if err := position.withhold(&late, left); err != nil {
			return err
		}
		s.Put(position)
		s.Put(&late)
	}
	return nil
}

// introduce adds the record of the payer.
func (h *Handle) introduce(p *plan) error {
	if h.Customer == nil {
		return nil
	}
	if sourceKind(h.Event.Kind) != DepositRecord {
		return &FieldError{FieldKind, fmt.Errorf("a %s has no customer, only a deposit", h.Event.Kind)}
	}
	customer, err := h.Customer.customer(p.state, h.Event.ID)
	if errors.Is(err, ErrErased) { // what happened is booked, and what was erased stays so
		return nil
	}
	if customer != nil {
		p.records = append(p.records, customer)
	}
	return err
}

// notBefore gives the instant a movement counts as booked at. A batch of
// movements that cancel out books nothing, so closing it does not move the
// journal's time, and a fact of before its watermark can still come.
func notBefore(at time.Time, s *ledger.State, position ledger.Ref) time.Time {
	stored, ok := s.Record(position).(*Position)
	if !ok {
		return at
	}
	for _, passed := range []time.Time{stored.Closed, stored.Folded.Watermark} {
		if passed.After(at) {
			at = passed
		}
	}
	return at
}

// settles gives the window a movement is settled in that counts as booked at an
// instant. Without one it would wait for its batch for ever.
func settles(s *merchant.Schedule, pin WindowPin, booked time.Time) (in WindowPin, late bool, err error) {
	in = pin
	if in.Window, late, err = s.Settles(pin.Window, booked); err != nil {
		err = &FieldError{FieldOccurredAt, fmt.Errorf("booked at %s: schedule %s: %w", booked.Format(timeFormat), s.ID, err)}
	}
	return in, late, err
}

// plan chooses the recipe.
func (h *Handle) plan(s *ledger.State) (*plan, error) {
	p := &plan{state: s, rules: h.Rules, event: &h.Event, batch: h.Batch, following: h.following}
	for _, recipes := range []func() map[Kind]func() error{
		p.deposits, p.refunds, p.disputes, p.payouts, p.rails, p.bankLines, p.ownMoney, p.adjustments, p.debts, p.decisions,
	} {
		if recipe := recipes()[h.Event.Kind]; recipe != nil {
			return p, recipe()
		}
	}
	return nil, &FieldError{FieldKind, fmt.Errorf("%s is not an event of a payment", h.Event.Kind)}
}

// AddItem records a movement of a merchant's money that is settled by hand, and
// counts it in the merchant's position, which the command must have declared to
// need.
func AddItem(s *ledger.State, item *Item) error { return addItem(s, item, WindowSum{}) }

// addItem records a movement that is in no batch yet; one that a job settles belongs
// to a window.
func addItem(s *ledger.State, item *Item, in WindowSum) error {
	position := Position{Merchant: item.Merchant, Currency: item.Currency}
	if stored, ok := s.Record(position.Ref()).(*Position); ok {
		position = *stored
	}
	var err error
	if position.Unassigned, err = position.Unassigned.Add(item.Net); err != nil {
		return err
	}
	if item.Manual {
		position.Manual, err = position.Manual.Add(item.Net)
	} else {
		err = countWindow(s, &position, item, in)
	}
	if err != nil {
		return err
	}
	if item.Manual && !item.Pending.IsZero() {
		if position.Maturing, err = addOn(position.Maturing, item.matures(), item.Pending); err != nil {
			return err
		}
		position.Maturing = slices.DeleteFunc(position.Maturing, func(m Maturity) bool { return m.Amount.IsZero() }) // all of it was drawn
		position.ByHand = item.Window.Schedule
	}
	s.Put(&position)
	s.Put(item)
	return nil
}

// countWindow counts a movement in the window it is settled in, and keeps the windows
// that are behind from now on.
func countWindow(s *ledger.State, p *Position, item *Item, in WindowSum) error {
	m, _ := s.Record(MerchantRef(p.Merchant)).(*Merchant)
	behind, err := p.count(item, in, m)
	for _, w := range behind {
		s.Put(&FoldedWindow{Merchant: p.Merchant, Currency: p.Currency, WindowSum: w})
	}
	return err
}

// matures is the date on which the pending part becomes available, settled by hand.
func (i *Item) matures() calendar.Date {
	if i.MaturesOn.IsZero() {
		return i.Window.SettlementDate
	}
	return i.MaturesOn
}

// addOn adds an amount under a date to a list that is ascending and has one
// amount for each date. The list itself is left as it was.
func addOn(list []Maturity, on calendar.Date, amount money.Amount) ([]Maturity, error) {
	list = slices.Clone(list)
	i, found := findOn(list, on)
	if !found {
		list = slices.Insert(list, i, Maturity{On: on})
	}
	sum, err := list[i].Amount.Add(amount)
	list[i].Amount = sum
	return list, err
}

func findOn(list []Maturity, on calendar.Date) (at int, found bool) {
	return slices.BinarySearchFunc(list, on, func(m Maturity, d calendar.Date) int { return m.On.Compare(d) })
}
