package settlex

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// perSubmission is how many instructions leave at once at most, perLook how many items of
// the journal are looked at in one transaction.
const (
	perSubmission = 500
	perLook       = 10_000
)

// Dispatched is what a run of Send did.
type Dispatched struct {
	Submissions int // made and booked
	Payouts     int // in them
	Batches     int // in them, or parts of them
	Delivered   int // submissions handed over, those of earlier runs included
}

// Send hands payouts and settlement batches that are approved to the rails that the
// configuration names for them. What leaves is booked as sent and assigned to a submission
// in one transaction, and handed over afterwards, again and again until the rail has it.
// Run again, after a crash too, it sends nothing twice. sent, if not nil, is told of
// each submission that was handed over.
//
// The error joins those of rails and of instructions that wait; everything else has
// left.
func (e *Engine) Send(ctx context.Context, sent func(*payment.Submission)) (Dispatched, error) {
	d := &dispatch{Engine: e, sent: sent, down: make(map[string]bool), left: make(map[string]bool)}
	d.missing(ctx)
	if len(e.routes.rails) == 0 {
		return d.done, d.faults
	}
	d.redeliver(ctx)
	if err := d.follow(ctx); err != nil {
		return d.done, errors.Join(d.faults, err)
	}
	err := d.leave(ctx)
	return d.done, errors.Join(d.faults, err)
}

// dispatch is one run of Send.
type dispatch struct {
	*Engine
	sent   func(*payment.Submission)
	done   Dispatched
	down   map[string]bool // rails that did not take what they were handed
	left   map[string]bool // batches of which something left
	faults error
}

// missing tells of what is booked as sent by rails that are not there any more, and
// may not have left.
func (d *dispatch) missing(ctx context.Context) {
	for s, err := range open(ctx, d.books, "") {
		switch {
		case err != nil:
			d.faults = errors.Join(d.faults, err)
		case !s.Delivered && d.routes.rail(s.Rail) == nil:
			d.faults = joinNamed(d.faults, "rail "+s.Rail, fmt.Errorf("submission %s of %d instructions waits to be handed over, and the rail is not there any more", s.Message, s.Count))
		}
	}
}

// redeliver hands over again what was booked as sent and may not have left.
func (d *dispatch) redeliver(ctx context.Context) {
	for _, rail := range d.routes.rails {
		h := &handed{d.books, rail.Name()}
		for s, err := range h.Open(ctx) {
			if err == nil && s.Delivered {
				continue
			}
			var list []payment.Instruction
			if err == nil {
				list, err = h.Instructions(ctx, s)
			}
			if err == nil {
				err = d.deliver(ctx, rail, s, list)
			}
			if err != nil {
				d.down[rail.Name()], d.faults = true, joinNamed(d.faults, "rail "+rail.Name(), err)
				break
			}
		}
	}
}

// deliver hands a submission over and notes that the rail has it.
func (d *dispatch) deliver(ctx context.Context, rail payment.Rail, s *payment.Submission, list []payment.Instruction) error {
	if err := rail.Submit(ctx, s, list); err != nil {
		return fmt.Errorf("hand over submission %s: %w", s.Message, err)
	}
	refs := submissionRefs(s)
	err := d.books.Do(ctx, &together{needs: refs, then: func(state *ledger.State) error {
		return change(state, refs, func(s *payment.Submission) error { s.Delivered = true; return nil })
	}})
	if err != nil {
		return fmt.Errorf("note that submission %s is handed over: %w", s.Message, err)
	}
	if d.done.Delivered++; d.sent != nil {
		d.sent(s)
	}
	return nil
}

// follow looks through the journal, from where the last run has come to, for payouts
// and batches that may have to leave, and notes them. Other routes than the last time
// mean that it begins again.
func (d *dispatch) follow(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = d.followSome(ctx); err != nil {
			return fmt.Errorf("look for what has to leave: %w", err)
		}
	}
	return nil
}

func (d *dispatch) followSome(ctx context.Context) (more bool, err error) {
	was, err := d.state(ctx)
	if err != nil {
		return false, err
	}
	now := *was
	if now.Routes != d.routes.id {
		now.Routes, now.Cursor = d.routes.id, ""
	}
	found := make(map[ledger.Ref]*payment.Departure)
	n := 0
	for item, err := range d.books.Changes(ctx, now.Cursor) {
		if err != nil {
			return false, err
		}
		now.Cursor = item.Cursor
		if departure := departing(item.Key); departure != nil {
			found[departure.Ref()] = departure
		}
		if n++; n == perLook {
			more = true
			break
		}
	}
	if now == *was {
		return false, nil
	}
	return more, d.books.Do(ctx, &together{needs: []ledger.Ref{payment.DispatchRef()}, then: func(s *ledger.State) error {
		if stored := dispatchIn(s); stored != *was {
			return errors.New("somebody else is sending")
		}
		s.Put(&now)
		for _, departure := range found {
			s.Put(departure)
		}
		return nil
	}})
}

// departing tells which payout or batch an entry is about; nil: none.
func departing(key string) *payment.Departure {
	parts := strings.SplitN(key, "/", 3)
	switch {
	case len(parts) < 3:
		return nil
	case parts[0] == payment.PayoutRecord:
		return &payment.Departure{Object: payment.PayoutRecord, Source: parts[1]}
	case parts[0] == "settlement":
		return &payment.Departure{Object: payment.BatchObject, Source: parts[1]}
	}
	return nil
}

func (d *dispatch) state(ctx context.Context) (*payment.Dispatch, error) {
	var found *payment.Dispatch
	err := d.books.Read(ctx, func(r ledger.Reader) (err error) {
		found, err = record[*payment.Dispatch](ctx, r, payment.DispatchRef())
		return err
	})
	if found == nil {
		found = new(payment.Dispatch)
	}
	return found, err
}

func dispatchIn(s *ledger.State) payment.Dispatch {
	if stored, ok := s.Record(payment.DispatchRef()).(*payment.Dispatch); ok {
		return *stored
	}
	return payment.Dispatch{}
}

// load is what leaves by one rail.
type load struct {
	rail payment.Rail
	list []payment.Instruction
}

// leave sends what is ready, and forgets what need not leave any more.
func (d *dispatch) leave(ctx context.Context) error {
	at := d.now()
	loads, gone, over, err := d.ready(ctx, at)
	if err != nil {
		return fmt.Errorf("find what is ready to leave: %w", err)
	}
	if err := d.conclude(ctx, over); err != nil {
		return err
	}
	for group := range slices.Chunk(gone, ingestGroup) {
		err := d.books.Do(ctx, &together{needs: group, then: func(s *ledger.State) error {
			for _, ref := range group {
				s.Delete(ref)
			}
			return nil
		}})
		if err != nil {
			return err
		}
	}
	for _, l := range loads {
		for part := range slices.Chunk(l.list, perSubmission) {
			if d.down[l.rail.Name()] {
				break
			}
			if err := d.submit(ctx, l.rail, at, slices.Clone(part)); err != nil {
				d.down[l.rail.Name()], d.faults = true, joinNamed(d.faults, "rail "+l.rail.Name(), err)
			}
		}
	}
	return nil
}

// ready looks at what waits: what is ready to leave, by rail in the order of the routes,
// what need not leave any more, and the instructions of that whose outcome was reported.
func (d *dispatch) ready(ctx context.Context, at time.Time) (loads []load, gone []ledger.Ref, over []string, err error) {
	err = d.books.Read(ctx, func(r ledger.Reader) error {
		loads, gone, over = make([]load, len(d.routes.rails)), nil, nil
		for i, rail := range d.routes.rails {
			loads[i].rail = rail
		}
		for departure, err := range ledger.RecordsOf[*payment.Departure](ctx, r, payment.DepartureRecord, "") {
			if err != nil {
				return err
			}
			list, stays, err := d.look(ctx, r, departure, at)
			if err != nil {
				d.faults = joinNamed(d.faults, departure.Object+" "+departure.Source, err)
				continue
			}
			if !stays {
				ids, err := reported(ctx, r, departure)
				if err != nil {
					return err
				}
				gone, over = append(gone, departure.Ref()), append(over, ids...)
				continue
			}
			for _, one := range list {
				rail := d.routes.way(one.scope)
				if rail == nil {
					gone = append(gone, departure.Ref())
					break
				}
				if one.early(rail, at) {
					continue
				}
				i := slices.Index(d.routes.rails, rail)
				loads[i].list = append(loads[i].list, one.Instruction)
			}
		}
		return nil
	})
	return loads, gone, over, err
}

// routed is an instruction, the case that says its way, and when it may leave.
type routed struct {
	payment.Instruction
	scope merchant.Scope
	due   time.Time // a rail that takes no execution date is not handed it before
}

// early tells whether an instruction waits for its day: its rail would pay it at once.
func (r *routed) early(rail payment.Rail, at time.Time) bool {
	dated, ok := rail.(payment.DatedRail)
	return at.Before(r.due) && (!ok || !dated.PaysOnDate())
}

// look tells what becomes of something that waits: it leaves now (instructions), it
// stays, or it need not leave.
func (d *dispatch) look(ctx context.Context, r ledger.Reader, w *payment.Departure, at time.Time) (list []*routed, stays bool, err error) {
	if w.Object == payment.PayoutRecord {
		payout, err := record[*payment.Payout](ctx, r, ledger.Ref{Kind: payment.PayoutRecord, ID: w.Source})
		if err != nil || payout == nil || !payment.MayLeave(payout.Status) {
			return nil, false, err
		}
		if !payment.Leaves(payout.Status) || payout.OccurredAt.After(at) {
			return nil, true, nil
		}
		one, err := d.payout(ctx, r, payout)
		return []*routed{one}, true, err
	}
	batch, err := record[*settlement.Batch](ctx, r, settlement.BatchRef(w.Source))
	if err != nil || batch == nil || !settlement.MayLeave(batch) {
		return nil, false, err
	}
	list, err = d.batch(ctx, r, batch, at)
	return list, true, err
}

// batch gives the instructions for what of a batch is approved, unless its merchant is
// held or it is not due yet.
func (d *dispatch) batch(ctx context.Context, r ledger.Reader, b *settlement.Batch, at time.Time) (list []*routed, err error) {
	holds, err := settlement.FindMerchantHold(ctx, r, b.Merchant)
	if err != nil || holds.InForce() != nil {
		return nil, err
	}
	if at.Before(b.Window.DueAt) { // due some hours after the cut-off, whatever a rail is told
		return nil, nil
	}
	schedule, err := d.schedule(b.Window.Schedule)
	if err != nil {
		return nil, err
	}
	for _, p := range b.Pieces() {
		if p.Status != settlement.Approved {
			continue
		}
		id := settlement.PartID(b.ID, p.No)
		list = append(list, &routed{
			payment.Instruction{
				ID: payment.EndToEndID(payment.BatchObject, id, b.Attempt(p)), Object: payment.BatchObject, Source: id, Merchant: b.Merchant,
				Bank: b.Bank, Beneficiary: b.Merchant, Currency: b.PaidIn(), Amount: p.Amount, Due: b.Window.SettlementDate,
			},
			merchant.Scope{Merchant: b.Merchant, Region: b.PaidFrom(), Currency: b.PaidIn()},
			calendar.Cutoff(b.Window.SettlementDate, calendar.Clock{}, schedule.Timing.Zone),
		})
	}
	return list, nil
}

// departureOf is what an instruction waited as.
func departureOf(i *payment.Instruction) *payment.Departure {
	source := i.Source
	if i.Object == payment.BatchObject {
		source, _ = settlement.BatchOf(source)
	}
	return &payment.Departure{Object: i.Object, Source: source}
}

func (d *dispatch) payout(ctx context.Context, r ledger.Reader, p *payment.Payout) (*routed, error) {
	owner, err := record[*payment.Merchant](ctx, r, payment.MerchantRef(p.Merchant))
	if err == nil && owner == nil {
		err = fmt.Errorf("%w: merchant %q is not there", ledger.ErrCorrupt, p.Merchant)
	}
	if err != nil {
		return nil, err
	}
	region, err := d.rules.Book.Region(&owner.Merchant, p.Currency)
	if err != nil {
		return nil, err
	}
	return &routed{
		payment.Instruction{
			ID: payment.EndToEndID(payment.PayoutRecord, p.ID, 1), Object: payment.PayoutRecord, Source: p.ID, Merchant: p.Merchant, Method: p.Method,
			Bank: region.Bank, Beneficiary: p.Merchant, OrderID: p.OrderID, Currency: p.Currency, Amount: p.Amount,
		},
		merchant.Scope{Merchant: p.Merchant, Region: region.ID, Currency: p.Currency, Method: p.Method},
		time.Time{},
	}, nil
}

// submit books instructions as sent, in a submission of their own, and hands it over.
// What cannot leave is left out and waits.
func (d *dispatch) submit(ctx context.Context, rail payment.Rail, at time.Time, list []payment.Instruction) error {
	for len(list) > 0 {
		s, err := d.assign(ctx, rail, at, list)
		if refused, ok := errors.AsType[*payment.NotCarriedError](err); ok {
			before := len(list)
			list = slices.DeleteFunc(list, func(i payment.Instruction) bool { return i.ID == refused.ID })
			if len(list) == before {
				return err
			}
			d.faults = joinNamed(d.faults, "rail "+rail.Name()+" waits", refused)
			continue
		}
		if err != nil {
			return err
		}
		d.count(list)
		return d.deliver(ctx, rail, s, list)
	}
	return nil
}

func (d *dispatch) count(list []payment.Instruction) {
	d.done.Submissions++
	for i := range list {
		if list[i].Object == payment.PayoutRecord {
			d.done.Payouts++
		} else {
			id, _ := settlement.BatchOf(list[i].Source)
			d.left[id] = true
		}
	}
	d.done.Batches = len(d.left)
}

// assign prepares a submission and books it, in one transaction with what it sends. An
// instruction that is refused is a *payment.NotCarriedError.
func (d *dispatch) assign(ctx context.Context, rail payment.Rail, at time.Time, list []payment.Instruction) (*payment.Submission, error) {
	was, err := d.state(ctx)
	if err != nil {
		return nil, err
	}
	s, err := payment.NewSubmission(rail.Name(), was.Made+1, at, list)
	if err != nil {
		return nil, err
	}
	if err := rail.Prepare(s, list); err != nil {
		return nil, err
	}
	err = d.books.Do(ctx, d.assigning(s, list, was))
	if member, ok := errors.AsType[*memberError](err); ok {
		err = &payment.NotCarriedError{ID: list[member.index].ID, Err: member.err}
	}
	return s, err
}

// assigning is the command that does it.
func (d *dispatch) assigning(s *payment.Submission, list []payment.Instruction, was *payment.Dispatch) *together {
	t := &together{at: s.At, needs: []ledger.Ref{payment.DispatchRef(), s.Ref()}}
	for i := range list {
		one := &list[i]
		t.commands = append(t.commands, &sending{Command: d.sends(one, s.Rail), instruction: one})
		t.needs = append(t.needs, one.Ref(), departureOf(one).Ref())
	}
	t.then = func(state *ledger.State) error {
		now := *was
		now.Made++
		if stored := dispatchIn(state); stored != *was || state.Record(s.Ref()) != nil {
			return errors.New("somebody else is sending")
		}
		state.Put(&now)
		state.Put(s)
		for i := range list {
			kept := list[i]
			state.Put(&kept)
			if waits := departureOf(&kept).Ref(); state.Record(waits) != nil {
				state.Delete(waits)
			}
		}
		return nil
	}
	return t
}

// sends is the command that books an instruction as sent.
func (e *Engine) sends(i *payment.Instruction, rail string) ledger.Command {
	event := payment.Event{Kind: payment.PayoutSent, ID: i.Source, OccurredAt: i.Sent, RailRef: i.ID, FromRail: true}
	if i.Object == payment.BatchObject {
		event.Kind, event.Rail = payment.BatchSent, rail
	}
	command, _ := e.command(event)
	return command
}

// sending refuses to send what was sent before, by us or by somebody else.
type sending struct {
	ledger.Command
	instruction *payment.Instruction
}

// Apply implements ledger.Command.
func (c *sending) Apply(s *ledger.State) error {
	if s.Record(c.instruction.Ref()) != nil {
		return fmt.Errorf("%s %s has left before", c.instruction.Object, c.instruction.Source)
	}
	if err := c.Command.Apply(s); err != nil {
		return err
	}
	repeated := false
	switch done := c.Command.(type) {
	case *payment.Handle:
		repeated = done.Repeated
	case *settlement.Move:
		repeated = done.Repeated
	}
	if repeated {
		return fmt.Errorf("%s %s is booked as sent already", c.instruction.Object, c.instruction.Source)
	}
	return nil
}

// command makes the command that books an event, and a way to ask afterwards whether
// it was booked before and whether it came late.
func (e *Engine) command(event payment.Event) (c ledger.Command, outcome func() (repeated, late bool)) {
	if payment.ResourceOf(event.Kind) == payment.BatchObject {
		move := &settlement.Move{Rules: e.rules, Event: event}
		return move, func() (bool, bool) { return move.Repeated, move.Late }
	}
	handle := &payment.Handle{Rules: e.rules, Event: event}
	return handle, func() (bool, bool) { return handle.Repeated, handle.Late }
}
