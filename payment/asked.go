package payment

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// Asked is what settlements that were asked for have taken of a merchant's movements in one
// currency before the windows of these close. Requests are numbered from 1.
type Asked struct {
	Count   uint64        `json:"count"`            // of requests so far
	Instant uint64        `json:"instant,omitzero"` // the last one that took everything
	Demand  uint64        `json:"demand,omitzero"`  // the last one that took what was available
	At      time.Time     `json:"at,omitzero"`      // instant of that
	Through calendar.Date `json:"through,omitzero"` // and its date: what is settled by it was available
}

// took tells whether a request after a number has taken what is settled in a window.
func (a *Asked) took(number uint64, w *calendar.Window) bool {
	return a.Instant > number || a.Demand > number && AvailableBy(w, a.At, a.Through)
}

// AvailableBy tells whether what is settled in a window is available at an instant of a
// date, in the schedule's zone.
func AvailableBy(w *calendar.Window, at time.Time, on calendar.Date) bool {
	if w.DueAt.IsZero() {
		return !w.SettlementDate.After(on)
	}
	return !w.DueAt.After(at)
}

// Matures is the date on which the pending part of a movement becomes available, where it is
// settled by hand.
func (i *Item) Matures() calendar.Date { return i.matures() }

// Take takes movements of a window out of what is open, all that are left or some. Errors:
// ledger.ErrCorrupt where no such window is open, money.ErrOverflow.
func (p *Position) Take(taken WindowSum, all bool) error {
	at, known := slices.BinarySearchFunc(p.Open, taken.WindowMark, func(w WindowSum, m WindowMark) int { return w.Compare(m) })
	if !known {
		return fmt.Errorf("%w: position %s knows no window of %s at %s", ledger.ErrCorrupt, p.Ref().ID, taken.Schedule, taken.Watermark.UTC().Format(timeFormat))
	}
	p.Open = slices.Clone(p.Open) // what is stored is shared
	if all {
		p.Open = slices.Delete(p.Open, at, at+1)
		return nil
	}
	w := &p.Open[at]
	var err error
	if w.Net, err = w.Net.Sub(taken.Net); err != nil {
		return err
	}
	if w.Available, err = w.Available.Sub(taken.Available); err != nil {
		return err
	}
	if w.PaidIn, err = w.PaidIn.Sub(taken.PaidIn); err != nil {
		return err
	}
	w.ToDebt, err = w.ToDebt.Sub(taken.ToDebt)
	return err
}

// TakeByHand takes what has been pending and becomes available on a date out of what is
// settled by hand. Where that has matured already, nothing has to be moved any more.
// Errors: money.ErrOverflow.
func (p *Position) TakeByHand(m Maturity) (pending bool, err error) {
	at, pending := findOn(p.Maturing, m.On)
	if !pending {
		p.Matured, err = p.Matured.Sub(m.Amount)
		return false, err
	}
	p.Maturing = slices.Clone(p.Maturing)
	if p.Maturing[at].Amount, err = p.Maturing[at].Amount.Sub(m.Amount); err == nil && p.Maturing[at].Amount.IsZero() {
		p.Maturing = slices.Delete(p.Maturing, at, at+1)
	}
	return true, err
}

// Pends tells whether what becomes available on a date has not matured.
func (p *Position) Pends(on calendar.Date) bool {
	_, pending := findOn(p.Maturing, on)
	return pending
}
