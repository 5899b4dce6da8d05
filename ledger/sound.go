package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/money"
)

// bring loads what is needed and looks at it before anybody decides on it: what
// can never be, whatever was booked, is ErrCorrupt, and nothing goes on.
func (n *Need) bring(ctx context.Context, r Reader) error {
	s := n.state
	if err := n.load(ctx, r); err != nil {
		return err
	}
	for _, list := range [][]AccountID{n.Moved, n.Accounts} {
		for _, id := range list {
			p := s.find(id)
			if !p.loaded {
				return fmt.Errorf("load %s: the store does not say whether there is such an account", id)
			}
			if p.stored != nil && !p.share { // of a hold that was placed in another lane, a share may hold less than nothing
				if err := p.stored.sound(); err != nil {
					return err
				}
			}
		}
	}
	for _, ref := range n.Records {
		if h, ok := s.records[ref].(*HoldState); ok {
			if err := h.sound(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sound tells what in an account contradicts itself.
func (a *Account) sound() error {
	switch {
	case a.Debits.Sign() < 0 || a.Credits.Sign() < 0 || a.HeldDebits.Sign() < 0 || a.HeldCredits.Sign() < 0:
		return fmt.Errorf("%w: account %s has a total below zero: debits %s, credits %s, held %s and %s",
			ErrCorrupt, a.AccountID, a.Debits, a.Credits, a.HeldDebits, a.HeldCredits)
	case a.Holds == 0 && (!a.HeldDebits.IsZero() || !a.HeldCredits.IsZero()):
		return fmt.Errorf("%w: account %s has %s and %s held, and no open hold", ErrCorrupt, a.AccountID, a.HeldDebits, a.HeldCredits)
	case len(a.Counters) != len(a.Velocity):
		return fmt.Errorf("%w: account %s has %d counters for %d velocity limits", ErrCorrupt, a.AccountID, len(a.Counters), len(a.Velocity))
	}
	return nil
}

// sound tells what in a hold contradicts itself.
func (h *HoldState) sound() error {
	held, captured := Booked{}, Booked{}
	for _, leg := range h.Legs {
		if leg.Side != Debit && leg.Side != Credit {
			return fmt.Errorf("%w: hold %q: %s is held on side %d", ErrCorrupt, h.Key, leg.ID(), leg.Side)
		}
		if leg.Amount.Sign() <= 0 || leg.Captured.Sign() < 0 || leg.Captured.Cmp(leg.Amount) > 0 {
			return fmt.Errorf("%w: hold %q: %s of %s captured, held were %s", ErrCorrupt, h.Key, leg.Captured, leg.ID(), leg.Amount)
		}
		held.Postings = append(held.Postings, leg.posting(leg.Amount))
		captured.Postings = append(captured.Postings, leg.posting(leg.Captured))
	}
	for _, b := range []*Booked{&held, &captured} {
		if err := b.balanced(); err != nil {
			return fmt.Errorf("hold %q: %w", h.Key, err)
		}
	}
	return nil
}

func (l HoldLeg) posting(amount money.Amount) Posting {
	return Posting{Account: l.Account, Side: l.Side, Amount: amount, Currency: l.Currency}
}

// balanced checks postings that were made from what is stored and not by a
// caller: that their debits equal their credits.
func (b *Booked) balanced() error {
	for i, p := range b.Postings {
		if p.Side != Debit && p.Side != Credit {
			return fmt.Errorf("%w: posting %d: %v is neither debit nor credit", ErrCorrupt, i, p.Side)
		}
	}
	if faults := b.checkBalance(); len(faults) > 0 {
		return fmt.Errorf("%w: %w", ErrCorrupt, errors.Join(faults...))
	}
	return nil
}
