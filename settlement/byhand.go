package settlement

import (
	"context"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// ByHand gives the commands that are due for merchants who are settled by
// hand: pending money becomes available on its date, reserves are released on
// theirs. Both book under the start of that date in the schedule's zone.
func ByHand(ctx context.Context, r ledger.Reader, schedules Schedules, ready Ready) ([]ledger.Command, error) {
	commands, err := maturing(ctx, r, schedules, ready)
	if err != nil {
		return nil, err
	}
	for hold, err := range ledger.RecordsOf[*payment.Hold](ctx, r, payment.HoldRecord, "") {
		if err != nil {
			return nil, err
		}
		if !hold.Manual {
			continue
		}
		schedule, err := schedules(hold.Window.Schedule)
		if err != nil {
			return nil, err
		}
		if at, ok := ready.reaches(schedule, hold.ReleaseOn); ok {
			commands = append(commands, &freeing{hold: hold, at: at})
		}
	}
	return commands, nil
}

// reaches gives the start of a date in the schedule's zone, and whether it is
// due.
func (r Ready) reaches(s *merchant.Schedule, date calendar.Date) (time.Time, bool) {
	at := calendar.Cutoff(date, calendar.Clock{}, s.Timing.Zone)
	return at, !at.After(r.Horizon) && (r.Through.IsZero() || !date.After(r.Through))
}

func maturing(ctx context.Context, r ledger.Reader, schedules Schedules, ready Ready) ([]ledger.Command, error) {
	var commands []ledger.Command
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
		if err != nil {
			return nil, err
		}
		if len(p.Maturing) == 0 {
			continue
		}
		schedule, err := schedules(p.ByHand)
		if err != nil {
			return nil, err
		}
		last := -1
		for i := range p.Maturing {
			if _, ok := ready.reaches(schedule, p.Maturing[i].On); ok {
				last = i
			}
		}
		if last >= 0 {
			on := p.Maturing[last].On
			at, _ := ready.reaches(schedule, on)
			commands = append(commands, &payment.Mature{Merchant: p.Merchant, Currency: p.Currency, On: on, Instant: at})
		}
	}
	return commands, nil
}

// freeing is the command that releases a hold of a merchant who is settled by
// hand; the movement waits for a batch like any other.
type freeing struct {
	hold *payment.Hold
	at   time.Time
}

// At implements ledger.Command.
func (f *freeing) At() time.Time { return f.at }

// Need implements ledger.Command.
func (f *freeing) Need(_ *ledger.State, n *ledger.Need) {
	n.Record(f.hold.Ref())
	n.Record(payment.PositionRef(f.hold.Merchant, f.hold.Currency))
	if entry, _, _, err := f.hold.ReleaseAll(f.hold.ReleaseOn, reasonDue); err == nil {
		n.Entry(&entry)
	}
}

// Apply implements ledger.Command.
func (f *freeing) Apply(s *ledger.State) error {
	hold, ok := s.Record(f.hold.Ref()).(*payment.Hold)
	if !ok {
		return nil // released meanwhile
	}
	item, err := releaseHold(s, hold, hold.ReleaseOn, f.at)
	if err != nil {
		return err
	}
	item.Window = hold.Window // of the deposit: its own window is nobody's to close
	return payment.AddItem(s, item)
}
