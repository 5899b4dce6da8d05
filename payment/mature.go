package payment

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Mature is the command that makes available what has matured for a merchant
// who is settled by hand. Nothing to move is no error.
type Mature struct {
	Merchant string
	Currency money.Currency
	On       calendar.Date // what is due up to this date
	Instant  time.Time     // to book under, UTC
	Moved    bool
}

// At implements ledger.Command.
func (m *Mature) At() time.Time { return m.Instant }

// Need implements ledger.Command.
func (m *Mature) Need(s *ledger.State, n *ledger.Need) {
	n.Explore(func() {
		if entry, _, err := m.plan(s); err == nil && entry != nil {
			n.Entry(entry)
		}
	})
}

// Apply implements ledger.Command.
func (m *Mature) Apply(s *ledger.State) error {
	entry, changed, err := m.plan(s)
	if m.Moved = entry != nil; err != nil || !m.Moved {
		return err
	}
	balances, err := watchEntries(s, []ledger.Entry{*entry})
	if err != nil {
		return err
	}
	if _, err := s.Book(*entry); err != nil {
		return err
	}
	s.Put(changed)
	return balances.Tell(s)
}

func (m *Mature) plan(s *ledger.State) (*ledger.Entry, *Position, error) {
	position, ok := s.Record(PositionRef(m.Merchant, m.Currency)).(*Position)
	if !ok {
		return nil, nil, nil
	}
	return position.matureBy(m.On)
}

// mature moves what has become available by a date out of pending.
func (p *plan) mature(on calendar.Date) error {
	entry, changed, err := p.position().matureBy(on)
	if err != nil || entry == nil {
		return err
	}
	p.entries = append(p.entries, *entry)
	p.keep(changed)
	return nil
}

// matureNow moves what has become available by the event's date, by its schedule.
func (p *plan) matureNow() error {
	_, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	return p.mature(calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone))
}

// matureBy gives the entry that moves what has matured by a date, under the
// date on which the last of it was due, and the position afterwards; nil when
// there is nothing to move.
func (p *Position) matureBy(on calendar.Date) (*ledger.Entry, *Position, error) {
	due := 0
	var sum money.Amount
	var err error
	for due < len(p.Maturing) && !p.Maturing[due].On.After(on) {
		if sum, err = sum.Add(p.Maturing[due].Amount); err != nil {
			return nil, nil, err
		}
		due++
	}
	if sum.IsZero() {
		return nil, nil, nil
	}
	changed := *p
	changed.Maturing = append([]Maturity(nil), p.Maturing[due:]...)
	changed.Matured, err = p.Matured.Add(sum)
	changed.Matures++
	if err != nil {
		return nil, nil, err
	}
	return &ledger.Entry{
		Key:  fmt.Sprintf("position/%s/%s/available/%d", p.Merchant, p.Currency, changed.Matures),
		Kind: EntryAvailable, ValueDate: p.Maturing[due-1].On, Postings: mature(p.Merchant, sum, p.Currency),
		Owner: Owner, OrFirstOpen: true,
	}, &changed, nil
}

// mature moves a sum from pending to available; a negative one, of fees above
// what was captured, the other way round.
func mature(merchantID string, sum money.Amount, currency money.Currency) []ledger.Posting {
	from, to := PendingPath(merchantID), AvailablePath(merchantID)
	if sum.Sign() < 0 {
		from, to = to, from
	}
	return []ledger.Posting{ledger.Dr(from, sum.Abs(), currency), ledger.Cr(to, sum.Abs(), currency)}
}
