package ledger

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/money"
)

func (e Entry) draft(d *Booked) {
	d.Entry, d.Act = e, Posted
	d.OrFirstOpen = false
	d.normalize()
}

func (e Entry) faults(d *Booked) []error { return d.Entry.check() }

func (e Entry) need(_ *State, n *Need) {
	n.postings(e.Key, e.Postings)
}

func (e Entry) apply(s *State, d *Booked) error {
	if err := s.dates(d, e.OrFirstOpen); err != nil {
		return err
	}
	return s.admit(d)
}

// dates gives a draft its value date, if that is open.
func (s *State) dates(d *Booked, orFirstOpen bool) error {
	if d.ValueDate.IsZero() {
		d.ValueDate = s.today
	}
	if s.head.Closed.IsZero() || d.ValueDate.After(s.head.Closed) {
		return nil
	}
	if !orFirstOpen {
		return &Failure{Reason: ErrPeriodClosed, Key: d.Key, Date: d.ValueDate, Closed: s.head.Closed}
	}
	t := d.terms()
	t.Asked, d.ValueDate = d.ValueDate, s.head.Closed.AddDays(1)
	d.Terms = &t
	return nil
}

// admit checks that accounts take the postings of an entry or a hold: that the
// chart has them, that their status and their limits allow it.
func (s *State) admit(d *Booked) error {
	effects, err := s.gather(d)
	if err != nil {
		return &EntryError{Key: d.Key, Faults: []error{err}}
	}
	if err := s.look(effects, d); err != nil {
		return err
	}
	for i := range effects {
		if err := effects[i].admits(d); err != nil {
			return err
		}
	}
	for i := range effects {
		breached, err := effects[i].check(s, d)
		if err != nil {
			return err
		}
		d.Breached = d.Breached || breached
	}
	return nil
}

// look looks the accounts of effects up; what is not open yet is opened by the
// draft.
func (s *State) look(effects []effect, d *Booked) error {
	var unknown []error
	for i := range effects {
		f := &effects[i]
		var err error
		if f.account, f.pattern, err = s.opened(f.place, d); err != nil {
			unknown = append(unknown, &PostingError{Index: f.posting, Err: err})
		}
	}
	if unknown != nil {
		return &EntryError{Key: d.Key, Faults: unknown}
	}
	return nil
}

// opened gives an account as it is, or as the draft will open it. It is not to
// be changed.
func (s *State) opened(p *place, d *Booked) (*Account, *Pattern, error) {
	pattern := s.patternOf(p)
	switch {
	case pattern == nil:
		return nil, nil, fmt.Errorf("%w: %s", ErrUnknownAccount, p.id.Path)
	case p.now != nil && p.now.Type != pattern.Type:
		return nil, nil, fmt.Errorf("%w: %s was opened as %s, the chart says %s", ErrUnknownAccount, p.id, p.now.Type, pattern.Type)
	case p.now != nil:
		return p.now, pattern, nil
	}
	t := d.terms()
	opening := Opening{AccountID: p.id, Type: pattern.Type, Limits: pattern.limits()}
	t.Opened = append(t.Opened, opening)
	d.Terms = &t
	return opening.account(), pattern, nil
}

// account is the account just opened, but for its number and instant.
func (o *Opening) account() *Account {
	return &Account{AccountID: o.AccountID, Type: o.Type, Status: Open, Limits: o.Limits.clone(), Counters: make([]Counter, len(o.Limits.Velocity))}
}

// admits holds an effect against the account's status.
func (f *effect) admits(d *Booked) error {
	a := f.account
	if a.Status == Open || a.Status == NoDebit && f.side == Credit {
		return nil
	}
	return &Failure{Reason: ErrAccountStatus, Key: d.Key, Account: a.AccountID, Of: a.Status.String()}
}

// flow is the direction of the effect.
func (f *effect) flow() Flow { return flowOf(f.account.Type, f.side) }

func flowOf(t Type, side Side) Flow {
	if side == t.Normal() {
		return In
	}
	return Out
}

// check holds the net effect against the account's limits: its floor if it
// lowers what is available, its ceiling if it raises what stands there, then
// its velocity limits in their order.
func (f *effect) check(s *State, d *Booked) (breached bool, err error) {
	if f.account.unlimited() {
		return false, nil
	}
	failure, err := f.exceeds(s)
	if err != nil {
		return false, fmt.Errorf("%q: %w", d.Key, err)
	}
	if failure == nil {
		return false, nil
	}
	if slices.Contains(f.pattern.MayBreach, d.Kind) {
		return true, nil
	}
	failure.Key, failure.Account = d.Key, f.account.AccountID
	return false, failure
}

// exceeds gives the first limit that the effect would breach.
func (f *effect) exceeds(s *State) (*Failure, error) {
	a := f.account
	if f.flow() == Out {
		available, err := a.Available()
		if err != nil {
			return nil, err
		}
		after, err := available.Sub(f.amount)
		if err != nil {
			return nil, fmt.Errorf("available of %s: %w", a.AccountID, err)
		}
		if a.Limited && after.Cmp(a.Floor) < 0 {
			return &Failure{Reason: ErrInsufficientFunds, Has: available, Change: f.amount.Neg(), Bound: a.Floor}, nil
		}
	} else if a.Capped {
		highest, err := a.highest()
		if err != nil {
			return nil, err
		}
		after, err := highest.Add(f.amount)
		if err != nil {
			return nil, fmt.Errorf("standing of %s: %w", a.AccountID, err)
		}
		if after.Cmp(a.Ceiling) > 0 {
			return &Failure{Reason: ErrCeiling, Has: highest, Change: f.amount, Bound: a.Ceiling}, nil
		}
	}
	return f.tooFast(s)
}

func (f *effect) tooFast(s *State) (*Failure, error) {
	a := f.account
	for i, v := range a.Velocity {
		if v.Flow != f.flow() {
			continue
		}
		has, err := flowed(a.Counters[i].Slots, slotNo(v.Per, s.now))
		if err != nil {
			return nil, err
		}
		change := v.measured(f.amount)
		after, err := has.Add(change)
		if err != nil {
			return nil, err
		}
		if after.Cmp(v.Max) > 0 {
			return &Failure{Reason: ErrVelocity, Of: v.String(), Has: has, Change: change, Bound: v.Max}, nil
		}
	}
	return nil, nil
}

// measured is what one entry or hold of an amount counts.
func (v *Velocity) measured(amount money.Amount) money.Amount {
	if v.Measure == Count {
		return money.Minor(1)
	}
	return amount
}
