package settlement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// ByHand gives the commands that are due for merchants who are settled by
// hand: pending money becomes available on its date, reserves are released on
// theirs. Both book under the start of that date in the schedule's zone. What
// is not due yet is hardly looked at. What is Refused of one merchant and currency keeps the
// others from nothing: the error joins the refusals. With any other error there is no command.
func ByHand(ctx context.Context, r ledger.Reader, schedules Schedules, ready Ready) ([]ledger.Command, error) {
	var commands []ledger.Command
	var faults []error
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
		if err != nil {
			return nil, err
		}
		if ready.leavesOut(p) {
			continue
		}
		due, err := byHandOf(ctx, r, p, schedules, ready)
		if err != nil && !Refused(err) {
			return nil, err
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("merchant %s in %s: %w", p.Merchant, p.Currency, err))
		}
		commands = append(commands, due...)
	}
	return commands, errors.Join(faults...)
}

// byHandOf gives the commands of one merchant and currency.
func byHandOf(ctx context.Context, r ledger.Reader, p *payment.Position, schedules Schedules, ready Ready) (commands []ledger.Command, err error) {
	early := ready.Rules != nil && ready.Rules.EndsEarly()
	f := freesOf(ctx, r, p, schedules, ready.Rules)
	mature, err := maturing(p, schedules, ready)
	if err != nil {
		return nil, err
	}
	if mature != nil {
		commands = append(commands, mature)
	}
	for hold, err := range ledger.RecordsOf[*payment.Hold](ctx, r, payment.HoldRecord, payment.ItemPrefix(p.Merchant, p.Currency)) {
		if err != nil {
			return nil, err
		}
		if hold.ReleaseOn.After(ready.last()) && !early {
			break
		}
		on, at, reason, err := f.release(hold)
		if err != nil {
			return nil, err
		}
		if hold.Manual && ready.reaches(on, at) {
			commands = append(commands, &freeing{due: freed{hold, reason}, on: on, at: at})
		}
	}
	return commands, nil
}

// reaches tells whether a date is due that begins at an instant.
func (r Ready) reaches(date calendar.Date, at time.Time) bool {
	return !at.After(r.Horizon) && (r.Through.IsZero() || !date.After(r.Through))
}

// maturing gives the command for what has matured of a position; nil: nothing.
func maturing(p *payment.Position, schedules Schedules, ready Ready) (*payment.Mature, error) {
	if len(p.Maturing) == 0 {
		return nil, nil
	}
	schedule, err := schedules(p.ByHand)
	if err != nil {
		return nil, err
	}
	var due *payment.Mature
	var sum money.Amount
	for _, m := range p.Maturing {
		if at := calendar.Cutoff(m.On, calendar.Clock{}, schedule.Timing.Zone); ready.reaches(m.On, at) {
			due = &payment.Mature{Merchant: p.Merchant, Currency: p.Currency, On: m.On, Instant: at}
			if sum, err = sum.Add(m.Amount); err != nil {
				return nil, err
			}
		}
	}
	if sum.IsZero() { // what was drawn later cancels out what was captured earlier
		return nil, nil
	}
	return due, nil
}

// freeing is the command that releases a hold of a merchant who is settled by
// hand; the movement waits for a batch like any other.
type freeing struct {
	due freed
	on  calendar.Date
	at  time.Time
}

// At implements ledger.Command.
func (f *freeing) At() time.Time { return f.at }

// Need implements ledger.Command.
func (f *freeing) Need(s *ledger.State, n *ledger.Need) {
	ref := f.due.hold.Ref()
	n.Record(ref)
	n.Record(payment.PositionRef(f.due.hold.Merchant, f.due.hold.Currency))
	n.Explore(func() {
		hold, ok := s.Record(ref).(*payment.Hold)
		if !ok {
			return
		}
		if entry, _, _, err := hold.ReleaseAll(laterOf(f.on, hold.HeldOn), f.due.reason); err == nil {
			n.Entry(&entry)
		}
	})
}

// Apply implements ledger.Command.
func (f *freeing) Apply(s *ledger.State) error {
	hold, ok := s.Record(f.due.hold.Ref()).(*payment.Hold)
	if !ok {
		return nil // released meanwhile
	}
	item, err := releaseHold(s, freed{hold, f.due.reason}, laterOf(f.on, hold.HeldOn), f.at)
	if err != nil {
		return err
	}
	if position, ok := s.Record(payment.PositionRef(hold.Merchant, hold.Currency)).(*payment.Position); ok {
		if position, err = position.Freed(hold, item.Reserve); err != nil {
			return err
		}
		s.Put(position)
	}
	item.Window = hold.Window // of the deposit: its own window is nobody's to close
	return payment.AddItem(s, item)
}

func laterOf(a, b calendar.Date) calendar.Date {
	if b.After(a) {
		return b
	}
	return a
}
