package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Reversal takes an entry back, or a part of it, by a new entry with the sides
// exchanged. All reversals of an entry together never exceed it. A reversal
// cannot be reversed, and an entry that belongs to a room only by that room.
// Refused with ErrNotFound, ErrNotReversible, ErrReversed, ErrExceedsEntry and as
// an Entry, looked for in this order.
type Reversal struct {
	Key       string        // as an Entry's
	Of        string        // key of the entry to take back
	Kind      string        // of the new entry, as are the following
	ValueDate calendar.Date // required, and it must be open
	Reference string        //
	Metadata  []Attribute   //
	Owner     string        // the room that asks: the original's; empty if that has none

	All      bool      // everything that is left; then there are no Postings
	Postings []Posting // as they are to be booked: balanced, each on the other side than in the original
}

// TakenBack is what has been taken back of an entry. It is stored as a record.
type TakenBack struct {
	Of   string         // key of the entry
	Legs []TakenBackLeg // one for each account, in the order of the first reversal that touched it
}

// TakenBackLeg is what was taken back on one account, in minor units.
type TakenBackLeg struct {
	Account  string
	Currency money.Currency
	Amount   money.Amount
}

// Ref implements Record.
func (r *TakenBack) Ref() Ref { return reversedRef(r.Of) }

func reversedRef(key string) Ref { return Ref{Kind: ReversalRecord, ID: key} }

// on gives what was taken back on an account.
func (r *TakenBack) on(id AccountID) (at int, amount money.Amount) {
	at = slices.IndexFunc(r.Legs, func(l TakenBackLeg) bool { return l.Account == id.Path && l.Currency == id.Currency })
	if at >= 0 {
		amount = r.Legs[at].Amount
	}
	return at, amount
}

// fits tells whether what was taken back is no more than the entry booked.
func (r *TakenBack) fits(original *Booked) error {
	booked, err := sums(original.Postings)
	if err != nil {
		return err
	}
	for _, leg := range r.Legs {
		at := slices.IndexFunc(booked, func(s sum) bool { return s.Path == leg.Account && s.Currency == leg.Currency })
		var had money.Amount
		if at >= 0 {
			had = booked[at].Amount
		}
		if leg.Amount.Cmp(had) > 0 {
			return fmt.Errorf("%s taken back on %s %s, booked were %s", leg.Amount, leg.Account, leg.Currency, had)
		}
	}
	return nil
}

func (r Reversal) draft(d *Booked) {
	d.Entry = Entry{
		Key: r.Key, Kind: r.Kind, Reference: r.Reference, Metadata: sorted(r.Metadata), ValueDate: r.ValueDate, Owner: r.Owner, Postings: r.Postings,
	}
	d.Act, d.Terms = Reversed, &Terms{Of: r.Of, All: r.All}
}

func (r Reversal) faults(d *Booked) []error {
	faults := append(checkPart("original", r.Of, r.All, d), d.checkPartly(r.All)...)
	if r.ValueDate.IsZero() {
		faults = append(faults, errors.New("value date is missing"))
	}
	return faults
}

func (r Reversal) need(s *State, n *Need) {
	n.Key(r.Key)
	n.Key(r.Of)
	n.Record(reversedRef(r.Of))
	if original := s.taken(r.Of); original != nil {
		for i := range original.Postings {
			n.Account(original.Postings[i].ID())
		}
	}
}

func (r Reversal) apply(s *State, d *Booked) error {
	original, err := r.original(s, d)
	if err != nil {
		return err
	}
	left, err := s.leftOf(original)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return &Failure{Reason: ErrReversed, Key: d.Key, Of: r.Of}
	}
	if r.All {
		d.Postings = left
	} else if err := within(d, r.Of, left); err != nil {
		return err
	}
	if err := s.dates(d, false); err != nil {
		return err
	}
	return s.admit(d)
}

// original finds the entry, if it can be reversed at all.
func (r Reversal) original(s *State, d *Booked) (*Booked, error) {
	original := s.key(r.Of)
	if original == nil || original.Act == Refused {
		return nil, &Failure{Reason: ErrNotFound, Key: d.Key, Of: fmt.Sprintf("entry %q", r.Of)}
	}
	why := ""
	switch {
	case original.Act == Reversed:
		why = "a reversal itself"
	case !original.IsEntry():
		why = "no entry, it was " + original.Act.String()
	case original.Owner != r.Owner:
		why = fmt.Sprintf("of the room %q, and only it may", original.Owner)
	}
	if why != "" {
		return nil, &Failure{Reason: ErrNotReversible, Key: d.Key, Of: fmt.Sprintf("%q is %s", r.Of, why)}
	}
	if err := original.balanced(); err != nil {
		return nil, fmt.Errorf("entry %q: %w", r.Of, err)
	}
	return original, nil
}

// leftOf gives the postings that would take back all that is left of an entry.
func (s *State) leftOf(original *Booked) ([]Posting, error) {
	booked, err := sums(original.Postings)
	if err != nil {
		return nil, err
	}
	taken, _ := s.Record(reversedRef(original.Key)).(*TakenBack)
	var left []Posting
	for _, sum := range booked {
		amount := sum.Amount
		if taken != nil {
			_, already := taken.on(sum.AccountID)
			if amount, err = amount.Sub(already); err != nil {
				return nil, err
			}
		}
		if amount.Sign() < 0 {
			return nil, fmt.Errorf("%w: %s more of %s was taken back than entry %q has", ErrCorrupt, amount.Neg(), sum.AccountID, original.Key)
		}
		if amount.Sign() > 0 {
			left = append(left, Posting{Account: sum.Path, Side: sum.Side.other(), Amount: amount, Currency: sum.Currency})
		}
	}
	return left, nil
}

// other is the opposite side.
func (s Side) other() Side {
	if s == Debit {
		return Credit
	}
	return Debit
}

// within checks that every posting is a part of what is left.
func within(d *Booked, of string, left []Posting) error {
	asked, err := sums(d.Postings)
	if err != nil {
		return &EntryError{Key: d.Key, Faults: []error{err}}
	}
	for _, sum := range asked {
		var has money.Amount
		for _, p := range left {
			if p.ID() == sum.AccountID && p.Side == sum.Side {
				has = p.Amount
			}
		}
		if sum.Amount.Cmp(has) > 0 {
			return &Failure{Reason: ErrExceedsEntry, Key: d.Key, Account: sum.AccountID, Of: of, Has: has, Change: sum.Amount}
		}
	}
	return nil
}

func (s *State) foldReversal(b *Booked, t *Terms) error {
	r := &TakenBack{Of: t.Of}
	if stored, ok := s.Record(r.Ref()).(*TakenBack); ok {
		r.Legs = slices.Clone(stored.Legs)
	}
	added, err := sums(b.Postings)
	if err != nil {
		return err
	}
	for _, sum := range added {
		at, amount := r.on(sum.AccountID)
		if amount, err = amount.Add(sum.Amount); err != nil {
			return err
		}
		if at < 0 {
			r.Legs = append(r.Legs, TakenBackLeg{Account: sum.Path, Currency: sum.Currency, Amount: amount})
		} else {
			r.Legs[at].Amount = amount
		}
	}
	s.Put(r)
	return nil
}
