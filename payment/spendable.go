package payment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// ErrWindowsDue marks a decision about a fixed or minimum reserve or about a debt while
// windows of the merchant are due and not closed: their batches build, give back and take
// back too, and would see what was decided after them.
var ErrWindowsDue = errors.New("windows are due and not closed, settle first")

// WindowMark is the place of a window among those whose batches follow one another:
// they close in order of watermark, then schedule.
type WindowMark struct {
	Watermark time.Time    `json:"watermark"` // nothing that is booked from it on is settled in the window
	Schedule  merchant.Pin `json:"schedule"`
}

// MarkOf is the mark of a window of a schedule.
func MarkOf(s *merchant.Schedule, w calendar.Window) WindowMark {
	return WindowMark{Watermark: s.Watermark(w), Schedule: s.Pin()}
}

// Compare orders marks as the batches of a merchant close.
func (m WindowMark) Compare(o WindowMark) int {
	return cmp.Or(m.Watermark.Compare(o.Watermark), cmp.Compare(m.Schedule.ID, o.Schedule.ID), cmp.Compare(m.Schedule.Version, o.Schedule.Version))
}

// WindowSum is what the movements in no batch add up to that are settled in one
// window. Minor units.
type WindowSum struct {
	WindowMark
	Net       money.Amount `json:"net"`
	Available money.Amount `json:"available"`        // of Net, what is not pending
	PaidIn    money.Amount `json:"paid_in,omitzero"` // of Net, what the merchant has paid in
	Debits    bool         `json:"debits,omitempty"` // its batch makes what it lacks a receivable, and leaves nothing behind
}

// SumOf is the sum of a window of a schedule, of no movement yet.
func SumOf(s *merchant.Schedule, w calendar.Window) WindowSum {
	return WindowSum{WindowMark: MarkOf(s, w), Debits: s.Negative == merchant.NegativeDebit}
}

// FoldedWindow is a window that its merchant's position counts as behind, until its batch
// is closed.
type FoldedWindow struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	WindowSum
}

// Ref makes FoldedWindow a ledger.Record: those of a merchant and currency order as their
// batches close.
func (f *FoldedWindow) Ref() ledger.Ref { return FoldedRef(f.Merchant, f.Currency, f.WindowMark) }

// FoldedRef names the record of a window that is behind.
func FoldedRef(merchantID string, currency money.Currency, in WindowMark) ledger.Ref {
	return ledger.Ref{Kind: FoldedRecord, ID: ItemPrefix(merchantID, currency) + in.Watermark.UTC().Format("20060102T150405.000000Z") + "/" + in.Schedule.String()}
}

// count adds a movement that is settled in a window by a job, and gives the windows that
// are behind from now on.
func (p *Position) count(item *Item, in WindowSum) (behind []WindowSum, err error) {
	if behind, err = p.fold(item.BookedAt); err != nil {
		return nil, err
	}
	at, known := slices.BinarySearchFunc(p.Open, in.WindowMark, func(w WindowSum, m WindowMark) int { return w.Compare(m) })
	open := make([]WindowSum, 0, len(p.Open)+1) // what is stored is shared
	open = append(open, p.Open[:at]...)
	if known {
		open = append(open, p.Open[at:]...)
	} else {
		open = append(append(open, in), p.Open[at:]...)
	}
	w := &open[at]
	p.Open = open
	return behind, w.Count(item)
}

// Count adds a movement. Errors: money.ErrOverflow.
func (w *WindowSum) Count(item *Item) (err error) {
	if w.Net, err = w.Net.Add(item.Net); err != nil {
		return err
	}
	if item.Category == CategoryAdjustment && item.Type == TopUpRecord {
		if w.PaidIn, err = w.PaidIn.Add(item.Net); err != nil {
			return err
		}
	}
	w.Available, err = money.Sum(w.Available, item.Net, item.Pending.Neg())
	return err
}

// fold counts the windows into Behind that get no movement any more which is booked
// from an instant on, and gives them.
func (p *Position) fold(booked time.Time) (behind []WindowSum, err error) {
	for len(p.Open) > 0 && !p.Open[0].Watermark.After(booked) {
		if p.Behind, err = p.Open[0].Leaves(p.begins()); err != nil {
			return nil, err
		}
		behind = append(behind, p.Open[0])
		p.Folded, p.Open = p.Open[0].WindowMark, p.Open[1:]
	}
	return behind, nil
}

// begins is what the first window begins with that is not counted behind: what the last
// batch carries, also what was too little to pay, or what is behind already.
func (p *Position) begins() money.Amount {
	if p.Folded.Watermark.IsZero() {
		return p.Carry
	}
	return p.Behind
}

// Leaves is what is behind after a window's batch: what it pays is gone, and what it lacks
// the next one has to make good, but for what becomes a receivable. It may leave more. Errors: money.ErrOverflow.
func (w *WindowSum) Leaves(behind money.Amount) (money.Amount, error) {
	sum, err := behind.Add(w.Net)
	if w.Debits {
		return money.Amount{}, err
	}
	return money.Min(sum, money.Amount{}), err
}

// Settled counts a window as closed, and all before it: what the batch carries is
// what is behind now. Where later windows were counted behind already, they stay so
// until the last of them is closed.
func (p *Position) Settled(in WindowMark) {
	at, known := slices.BinarySearchFunc(p.Open, in, func(w WindowSum, m WindowMark) int { return w.Compare(m) })
	if known {
		at++
	}
	p.Open = p.Open[at:]
	if p.Folded.Compare(in) <= 0 {
		p.Folded, p.Behind = WindowMark{}, money.Min(p.Carry, money.Amount{})
	}
}

// Due tells whether a window is not closed that nothing is settled in any more which
// is booked at an instant, and gives the last one's watermark.
func (p *Position) Due(at time.Time) (watermark time.Time, due bool) {
	watermark = p.Folded.Watermark
	for i := range p.Open {
		if !p.Open[i].Watermark.After(at) {
			watermark = p.Open[i].Watermark
		}
	}
	return watermark, !watermark.IsZero()
}

// behind is what the batches before a window leave to it, 0 or less, and what is open
// from it on. Without a window, which is that of a movement settled by hand, all
// batches come before.
func (p *Position) behind(in *WindowMark) (sum money.Amount, open []WindowSum, err error) {
	sum, open = p.begins(), p.Open
	for len(open) > 0 && (in == nil || open[0].Compare(*in) < 0) {
		if sum, err = open[0].Leaves(sum); err != nil {
			return sum, nil, err
		}
		open = open[1:]
	}
	return money.Min(sum, money.Amount{}), open, nil
}

// Spendable is how much of what is available a movement may take that is settled in a
// window, or with nil by hand: what belongs to windows before its own is their
// batches', whether a job has closed them or not; what they lack has to be made good.
// What was settled by hand may be spent besides. Minor units, and below 0 where
// something is owed. Errors: money.ErrOverflow.
func (p *Position) Spendable(in *WindowMark) (money.Amount, error) {
	sum, open, err := p.behind(in)
	for i := 0; i < len(open) && err == nil; i++ {
		sum, err = sum.Add(open[i].Available)
	}
	if err != nil {
		return sum, err
	}
	hand, err := p.handMoney(calendar.Date{})
	if err != nil {
		return sum, err
	}
	return sum.Add(hand)
}

// owed is what the merchant owes when all that is pending has come, where a movement
// is settled in a window, or with nil by hand; waits tells that windows before it wait
// for their batches.
func (p *Position) owed(in *WindowMark) (owed money.Amount, waits bool, err error) {
	sum, open, err := p.behind(in)
	waits = !p.Folded.Watermark.IsZero() || len(open) < len(p.Open)
	for i := 0; i < len(open) && err == nil; i++ {
		sum, err = sum.Add(open[i].Net)
	}
	if err == nil {
		sum, err = sum.Add(p.Manual)
	}
	return money.Max(sum.Neg(), money.Amount{}), waits, err
}

// window is the one that a movement of the event is settled in, and its mark; by hand
// there is no mark.
func (p *plan) window() (WindowPin, *WindowMark, error) {
	pin, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil || manual(schedule) {
		return pin, nil, err
	}
	if pin, err = p.settles(pin, schedule); err != nil {
		return pin, nil, err
	}
	mark := MarkOf(schedule, pin.Window)
	return pin, &mark, nil
}

// lack tells what is missing where an amount is more than a position lets the event
// take of what is available; nil: it is not. matures is what the plan makes available
// beforehand. An account without a floor may be taken below 0 by anything.
func (p *plan) lack(position *Position, amount, matures money.Amount, key string) (lack, err error) {
	id := ledger.AccountID{Path: AvailablePath(p.merchant.ID), Currency: p.event.Currency}
	account, ok := p.state.Account(id)
	if ok && !account.Limited {
		return nil, nil
	}
	stands, err := account.Available()
	if err != nil {
		return nil, err
	}
	if stands, err = stands.Add(matures); err != nil {
		return nil, err
	}
	pin, mark, err := p.window()
	if err != nil {
		return nil, err
	}
	spendable, err := position.Spendable(mark)
	if err != nil {
		return nil, err
	}
	left, err := money.Sum(money.Min(stands, spendable), amount.Neg(), account.Floor.Neg())
	if err != nil || left.Sign() >= 0 {
		return nil, err
	}
	failure := &ledger.Failure{
		Reason: ledger.ErrInsufficientFunds, Key: key, Account: id, Has: money.Min(stands, spendable), Change: amount.Neg(), Bound: account.Floor,
	}
	if stands.Cmp(spendable) <= 0 || mark == nil {
		return failure, nil
	}
	return fmt.Errorf("%w; what belongs to the windows up to %s is their batches'", failure, pin.Opens.UTC().Format(timeFormat)), nil
}

// spends refuses to take more of what is available than the event may.
func (p *plan) spends(amount money.Amount, key string) error {
	matures, err := p.matures()
	if err != nil {
		return err
	}
	lack, err := p.lack(p.position(), amount, matures, key)
	if err != nil {
		return err
	}
	return lack
}

// matures is what the plan has made available of what was pending.
func (p *plan) matures() (money.Amount, error) {
	position := p.position()
	var before money.Amount
	if stored := take[Position](p.state, PositionRecord, position.Ref().ID); stored != nil {
		before = stored.Matured
	}
	return position.Matured.Sub(before)
}
