package payment

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// payoutTable is what may happen to a payout. Completed is not the end of it.
var payoutTable = table{
	resource: PayoutRecord,
	moves: []Move{
		{PayoutRequested, "", Requested, event.PayoutCreated},
		{PayoutSent, Requested, Sent, event.PayoutSent},
		{PayoutCompleted, Sent, Completed, event.PayoutCompleted},
		{PayoutFailed, Requested, Failed, event.PayoutFailed},
		{PayoutFailed, Sent, Failed, event.PayoutFailed},
		{PayoutReturned, Completed, Returned, event.PayoutReturned},
	},
	requires: map[Kind][]Field{PayoutRequested: {FieldMerchant, FieldCurrency, FieldAmount, FieldMethod}},
}

// payouts are the recipes of its events.
func (p *plan) payouts() map[Kind]func() error {
	return map[Kind]func() error{
		PayoutRequested: p.payout, PayoutSent: p.payoutMoves, PayoutCompleted: p.payoutMoves,
		PayoutFailed: p.payoutMoves, PayoutReturned: p.payoutMoves,
	}
}

// payout is the recipe of a requested payout. For a merchant that is settled
// by hand, what has matured by then becomes available first, whether or not a
// job has run: the outcome depends on dates only.
func (p *plan) payout() error {
	if known := take[Payout](p.state, PayoutRecord, p.event.ID); known != nil {
		p.repeated = true
		return known.same(p.event)
	}
	if err := p.locate(p.event.Merchant, false); err != nil {
		return err
	}
	pin, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	_, fee, err := p.rules.price(p.scope, p.event, fees.EventPayout, pin.BusinessDate)
	if err != nil {
		return &FieldError{FieldKind, err}
	}
	total, err := money.Sum(p.event.Amount, fee.Fee, fee.Tax)
	if err != nil {
		return err
	}
	if err := p.mature(calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone)); err != nil {
		return err
	}
	payout := &Payout{Facts: facts(p.event), Life: born(p.event, Requested), Fee: fee}
	requested := p.post(EntryPayout, "requested", -1, p.dr(AvailablePath(p.merchant.ID), total), p.cr(payoutsPath(p.merchant.ID), total))
	p.records = append(p.records, payout)
	return p.move(requested, CategoryPayout, PayoutRecord, &payout.Facts,
		Item{Gross: p.event.Amount.Neg(), Fee: fee.Fee.Neg(), Tax: fee.Tax.Neg(), TaxCode: taxCode(fee.Taxes)})
}

// mature moves what has become available by a date out of pending.
func (p *plan) mature(on calendar.Date) error {
	position := take[Position](p.state, PositionRecord, PositionRef(p.merchant.ID, p.event.Currency).ID)
	if position == nil {
		return nil
	}
	entry, changed, err := position.matureBy(on)
	if err != nil || entry == nil {
		return err
	}
	p.entries = append(p.entries, *entry)
	p.records = append(p.records, changed)
	return nil
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
	if _, err := s.Book(*entry); err != nil {
		return err
	}
	s.Put(changed)
	return nil
}

func (m *Mature) plan(s *ledger.State) (*ledger.Entry, *Position, error) {
	position, ok := s.Record(PositionRef(m.Merchant, m.Currency)).(*Position)
	if !ok {
		return nil, nil, nil
	}
	return position.matureBy(m.On)
}

// total is what the payout costs the merchant: amount, fee and tax; extra is
// fee and tax alone.
func (p *Payout) total() (total, extra money.Amount, err error) {
	if extra, err = p.Fee.Total(); err != nil {
		return total, extra, err
	}
	total, err = p.Amount.Add(extra)
	return total, extra, err
}

// payoutMoves is the recipe of a payout on its way.
func (p *plan) payoutMoves() error {
	before, err := existing[*Payout](p, PayoutRecord)
	if err != nil || p.repeated {
		return err
	}
	payout := *before
	if payout.Life, err = payout.next(p.event); err != nil {
		return err
	}
	p.records = append(p.records, &payout)
	total, extra, err := payout.total()
	if err != nil {
		return err
	}
	m, rail := p.merchant.ID, railPayoutsPath(payout.Rail)
	switch p.event.Kind {
	case PayoutSent:
		p.post(EntryPayoutSent, "sent", -1, p.dr(payoutsPath(m), payout.Amount), p.cr(rail, payout.Amount))
		return nil
	case PayoutCompleted:
		postings := []ledger.Posting{
			p.dr(rail, payout.Amount), p.dr(payoutsPath(m), extra),
			p.cr(bankPath(p.bank), payout.Amount), p.cr(payoutFee, payout.Fee.Fee),
		}
		p.post(EntryPayoutDone, "completed", -1, append(postings, p.taxes(p.cr, payout.Fee.Taxes)...)...)
		return nil
	case PayoutFailed:
		back := []ledger.Posting{p.dr(payoutsPath(m), total)}
		if before.Status == Sent {
			back = []ledger.Posting{p.dr(rail, payout.Amount), p.dr(payoutsPath(m), extra)}
		}
		failed := p.post(EntryPayoutFailed, "failed", -1, append(back, p.cr(AvailablePath(m), total))...)
		return p.move(failed, CategoryPayout, string(PayoutFailed), &payout.Facts,
			Item{Gross: payout.Amount, Fee: payout.Fee.Fee, Tax: payout.Fee.Tax, TaxCode: taxCode(payout.Fee.Taxes)})
	default: // returned after it completed: the fee was earned
		returned := p.post(EntryPayoutReturned, "returned", -1, p.dr(bankPath(p.bank), payout.Amount), p.cr(AvailablePath(m), payout.Amount))
		return p.move(returned, CategoryPayout, string(PayoutReturned), &payout.Facts, Item{Gross: payout.Amount})
	}
}
