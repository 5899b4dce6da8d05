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
	t := b.terms()
	for i := range t.Opened {
		s.openAccount(&t.Opened[i], b)
	}
	if err := s.foldAct(b, &t); err != nil {
		return err
	}
	s.head.Seq = b.Seq
	return nil
}

func (s *State) foldAct(b *Booked, t *Terms) error {
	switch b.Act {
	case Posted:
		return s.each(b, (*Account).post)
	case Held:
		return s.foldHold(b, t)
	case Captured:
		return s.foldCapture(b, t)
	case Released, Expired:
		return s.foldEnd(b, t)
	case Reversed:
		if err := s.each(b, (*Account).post); err != nil {
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
	account.No, account.Opened, account.LimitsSeq = s.head.Accounts, b.At, b.Seq
	for i := range account.Counters {
		account.Counters[i].Since = b.Seq
	}
	s.open(s.place(o.AccountID), &account)
}

// edit gives an account to be changed by an item.
func (s *State) edit(id AccountID, b *Booked) (*Account, error) {
	p := s.place(id)
	if p.now == nil {
		return nil, fmt.Errorf("%w: account %s was never opened", ErrCorrupt, id)
	}
	account := s.own(p)
	account.Seq = b.Seq
	return account, nil
}

// each changes every account of an item by what its postings add up to.
func (s *State) each(b *Booked, change func(*Account, sum, *Booked) error) error {
	added, err := sums(b.Postings)
	if err != nil {
		return err
	}
	for _, sum := range added {
		account, err := s.edit(sum.AccountID, b)
		if err != nil {
			return err
		}
		if err := change(account, sum, b); err != nil {
			return fmt.Errorf("%s: %w", sum.AccountID, err)
		}
	}
	return nil
}

// post adds to the totals and counts.
func (a *Account) post(s sum, b *Booked) error {
	if err := a.total(s); err != nil {
		return err
	}
	return a.count(flowOf(a.Type, s.Side), s.Amount, money.Minor(1), b.At, b.At, b.Seq)
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
func (a *Account) hold(side Side, amount money.Amount) error {
	held := &a.HeldDebits
	if side == Credit {
		held = &a.HeldCredits
	}
	after, err := held.Add(amount)
	if err != nil {
		return err
	}
	if after.Sign() < 0 {
		return fmt.Errorf("%w: account %s has %s held on the %s side, %s of it end", ErrCorrupt, a.AccountID, held, side, amount.Neg())
	}
	*held = after
	return nil
}

// count counts an amount for the velocity limits of one flow, in the slot of
// an instant, as of now. Limits that were set after seq since do not count it.
func (a *Account) count(flow Flow, amount, number money.Amount, at, now time.Time, since uint64) error {
	cloned := false
	for i, v := range a.Velocity {
		if v.Flow != flow || a.Counters[i].Since > since {
			continue
		}
		if !cloned {
			a.Counters, cloned = slices.Clone(a.Counters), true
		}
		change := amount
		if v.Measure == Count {
			change = number
		}
		var err error
		if a.Counters[i].Slots, err = count(a.Counters[i].Slots, slotNo(v.Per, at), slotNo(v.Per, now), change); err != nil {
			return err
		}
	}
	return nil
}
