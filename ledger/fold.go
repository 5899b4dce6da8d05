package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/money"
)

// fold does what an item of the journal says. It decides nothing: the same
// items give the same accounts, holds and periods, when they are booked and
// when Verify reads them again.
func (s *State) fold(b *Booked) error {
	t := b.Terms
	if t == nil {
		t = &noTerms
	}
	for i := range t.Opened {
		s.openAccount(&t.Opened[i], b)
	}
	if err := s.foldAct(b, t); err != nil {
		return err
	}
	s.head.Seq = b.Seq
	return nil
}

// noTerms is the terms of an item that has none.
var noTerms Terms

// foldWhole is fold, or nothing. An entry that opens no account changes nothing
// before all is reckoned.
func (s *State) foldWhole(b *Booked) error {
	if b.Act == Posted && (b.Terms == nil || len(b.Opened) == 0) {
		return s.fold(b)
	}
	return s.attempt(func() error { return s.fold(b) })
}

func (s *State) foldAct(b *Booked, t *Terms) error {
	switch b.Act {
	case Posted:
		return s.foldPostings(b)
	case Held:
		return s.foldHold(b, t)
	case Captured:
		return s.foldCapture(b, t)
	case Released, Expired:
		return s.foldEnd(b, t)
	case Reversed:
		if err := s.foldPostings(b); err != nil {
			return err
		}
		return s.foldReversal(b, t)
	case Changed:
		return s.foldChange(b, t.Change)
	case Closed, Reopened:
		s.head.Closed = t.Through
	case Refused:
	default:
		return fmt.Errorf("%w: %s cannot be booked", ErrCorrupt, b.Act)
	}
	return nil
}

// openAccount makes an account that did not exist.
func (s *State) openAccount(o *Opening, b *Booked) {
	s.head.Accounts++
	account := o.account()
	account.Home, account.No, account.Opened = b.Lane, s.head.Accounts, b.At
	account.LimitsLane, account.LimitsSeq = b.Lane, b.Seq
	for i := range account.Counters {
		account.Counters[i].begin(b)
	}
	s.open(s.place(o.AccountID), account)
}

// edit gives an account to be changed by an item.
func (s *State) edit(p *place, b *Booked) (*Account, error) {
	if p.now == nil {
		return nil, neverOpened(p.id)
	}
	account := s.own(p)
	account.Lane, account.Seq = b.Lane, b.Seq
	return account, nil
}

// total adds to the totals.
func (a *Account) total(s sum) (err error) {
	if s.Side == Debit {
		a.Debits, err = a.Debits.Add(s.Amount)
	} else {
		a.Credits, err = a.Credits.Add(s.Amount)
	}
	return err
}

// hold adds to what is held; a negative amount takes from it. More cannot be
// taken than there is.
// Of a share it can: what it is taken from may have come in another lane.
func (a *Account) hold(side Side, amount money.Amount, share bool) error {
	held := &a.HeldDebits
	if side == Credit {
		held = &a.HeldCredits
	}
	after, err := held.Add(amount)
	if err != nil {
		return err
	}
	if after.Sign() < 0 && !share {
		return fmt.Errorf("%w: account %s has %s held on the %s side, %s of it end", ErrCorrupt, a.AccountID, held, side, amount.Neg())
	}
	*held = after
	return nil
}

// count counts an amount for the velocity limits of one flow, in the slot of
// a place, as of now. Limits that were set behind that place do not count it.
func (a *Account) count(flow Flow, amount, number money.Amount, at Place, now time.Time) (err error) {
	a.Counters, err = a.counted(flow, amount, number, at, now)
	return err
}

// counted gives the counters that count leaves; those there are stay as they
// are.
func (a *Account) counted(flow Flow, amount, number money.Amount, at Place, now time.Time) ([]Counter, error) {
	counters, cloned := a.Counters, false
	for i, v := range a.Velocity {
		if v.Flow != flow || !counters[i].counts(at) {
			continue
		}
		if !cloned {
			counters, cloned = slices.Clone(counters), true
		}
		change := amount
		if v.Measure == Count {
			change = number
		}
		var err error
		if counters[i].Slots, err = count(counters[i].Slots, slotNo(v.Per, at.At), slotNo(v.Per, now), change); err != nil {
			return nil, err
		}
	}
	return counters, nil
}
