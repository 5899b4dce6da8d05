package ledger

import (
	"fmt"

	"github.com/settlex/settlex/money"
)

// effect is what the postings of an item do to one account. All of them stand
// on one side.
type effect struct {
	place   *place
	posting int // index of the first
	side    Side
	amount  money.Amount

	account *Account // as it stands, or as the item opens it: not to be changed
	pattern *Pattern

	total    money.Amount // of its side, afterwards
	counters []Counter    // afterwards
}

// gather adds an item's postings up per account, in order of first use. What it
// gives is good until the next item is looked at.
func (s *State) gather(b *Booked) ([]effect, error) {
	s.effects, s.gathered = s.effects[:0], nil
	for i := range b.Postings {
		posting := &b.Postings[i]
		p := s.placeOf(i, posting)
		if at := p.effect; at < len(s.effects) && s.effects[at].place == p {
			sum, err := s.effects[at].amount.Add(posting.Amount)
			if err != nil {
				return nil, &PostingError{Index: i, Err: err}
			}
			s.effects[at].amount = sum
			continue
		}
		p.effect = len(s.effects)
		s.effects = append(s.effects, effect{place: p, posting: i, side: posting.Side, amount: posting.Amount})
	}
	s.gathered = b
	return s.effects, nil
}

// placeOf gives the place of a posting's account.
func (s *State) placeOf(i int, p *Posting) *place {
	if i < len(s.spotted) && s.spotted[i].loaded {
		return s.spotted[i]
	}
	return s.place(p.ID())
}

// effectsOf is gather, unless that was just done when the item was admitted.
func (s *State) effectsOf(b *Booked) ([]effect, error) {
	if s.gathered == b {
		return s.effects, nil
	}
	return s.gather(b)
}

// foldPostings adds an entry to its accounts. It reckons everything before it
// changes anything.
func (s *State) foldPostings(b *Booked) error {
	effects, err := s.effectsOf(b)
	if err != nil {
		return err
	}
	for i := range effects {
		if err := effects[i].reckon(b); err != nil {
			return err
		}
		if err := s.bound(effects[i].place, effects[i].total); err != nil {
			return err
		}
	}
	for i := range effects {
		f := &effects[i]
		a := s.own(f.place)
		if a.Lane, a.Seq = b.Lane, b.Seq; f.side == Debit {
			a.Debits = f.total
		} else {
			a.Credits = f.total
		}
		a.Counters = f.counters
	}
	return nil
}

// reckon finds what the effect makes of its account.
func (f *effect) reckon(b *Booked) (err error) {
	a := f.place.now
	if a == nil {
		return neverOpened(f.place.id)
	}
	total := &a.Debits
	if f.side == Credit {
		total = &a.Credits
	}
	if f.total, err = total.Add(f.amount); err == nil {
		f.counters, err = a.counted(flowOf(a.Type, f.side), f.amount, money.Minor(1), b.Place(), b.At)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.AccountID, err)
	}
	return nil
}

func neverOpened(id AccountID) error {
	return fmt.Errorf("%w: account %s was never opened", ErrCorrupt, id)
}
