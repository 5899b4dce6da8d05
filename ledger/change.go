package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/settlex/settlex/money"
)

// AccountChange sets an account's limits, status or metadata; what is left zero
// stays as it is. An account that does not exist is opened as the chart says.
// Every change is an item of the journal, so who set which limit when can
// always be told. Refused with ErrNotEmpty.
type AccountChange struct {
	Key       string         // as an Entry's
	Account   string         // path
	Currency  money.Currency //
	Limits    *Limits        // nil: as they are; else all of them anew. What stands below a new floor may stay there
	Status    Status         // zero: as it is. AccountClosed needs a balance of zero and no open holds
	Metadata  []Attribute    // nil: as it is; empty and not nil: none; else all of it anew, as an Entry's
	Force     bool           // AccountClosed: also with a balance or open holds
	Kind      string         // free, at most 64 bytes
	Reference string         // why, and who said so; free, at most 255 bytes
}

// Change is an AccountChange as the journal keeps it.
type Change struct {
	AccountID
	Limits      *Limits
	Status      Status
	Metadata    []Attribute
	HasMetadata bool
	Force       bool
}

func (c *Change) equal(o *Change) bool {
	return c.AccountID == o.AccountID && c.Status == o.Status && c.HasMetadata == o.HasMetadata && c.Force == o.Force &&
		slices.Equal(c.Metadata, o.Metadata) && (c.Limits == nil) == (o.Limits == nil) && (c.Limits == nil || c.Limits.equal(*o.Limits))
}

// String is the change in one line.
func (c *Change) String() string {
	text := c.AccountID.String()
	if c.Status != 0 {
		text += " " + c.Status.String()
	}
	if c.Limits != nil {
		text += fmt.Sprintf(" %+v", *c.Limits)
	}
	if c.HasMetadata {
		text += fmt.Sprint(" ", c.Metadata)
	}
	if c.Force {
		text += " by force"
	}
	return text
}

func (c AccountChange) id() AccountID { return AccountID{Path: c.Account, Currency: c.Currency} }

func (c AccountChange) draft(d *Booked) {
	change := &Change{
		AccountID: c.id(), Status: c.Status, HasMetadata: c.Metadata != nil, Force: c.Force,
		Metadata: sorted(c.Metadata),
	}
	if len(change.Metadata) == 0 {
		change.Metadata = nil
	}
	if c.Limits != nil {
		limits := *c.Limits
		if limits.Velocity = slices.Clone(limits.Velocity); len(limits.Velocity) == 0 {
			limits.Velocity = nil
		}
		change.Limits = &limits
	}
	d.Key, d.Kind, d.Reference = c.Key, c.Kind, c.Reference
	d.Act, d.Terms = Changed, &Terms{Change: change}
}

func (c AccountChange) faults(d *Booked) []error {
	faults := d.checkTexts(0)
	if err := checkPath(c.Account); err != nil {
		faults = append(faults, err)
	}
	if c.Currency.IsZero() {
		faults = append(faults, errors.New("currency is missing"))
	}
	if c.Status > AccountClosed {
		faults = append(faults, fmt.Errorf("%s is no status of an account", c.Status))
	}
	if c.Force && c.Status != AccountClosed {
		faults = append(faults, errors.New("force is for closing an account"))
	}
	if c.Limits == nil && c.Status == 0 && c.Metadata == nil {
		faults = append(faults, errors.New("changes nothing"))
	}
	if c.Limits != nil {
		faults = append(faults, c.Limits.check()...)
	}
	return append(faults, checkMetadata(d.Change.Metadata)...)
}

func (c AccountChange) need(_ *State, n *Need) {
	n.Key(c.Key)
	n.Account(c.id())
}

func (c AccountChange) apply(s *State, d *Booked) error {
	account, _, err := s.opened(s.wholePlace(c.id()), d)
	if err != nil {
		return &EntryError{Key: d.Key, Faults: []error{err}}
	}
	if c.Status != AccountClosed || c.Force {
		return nil
	}
	posted, err := account.Posted()
	if err != nil {
		return err
	}
	if !posted.IsZero() || account.Holds > 0 {
		return &Failure{Reason: ErrNotEmpty, Key: d.Key, Account: account.AccountID, Has: posted, Change: account.Held()}
	}
	return nil
}

func (s *State) foldChange(b *Booked, c *Change) error {
	account, err := s.edit(s.wholePlace(c.AccountID), b)
	if err != nil {
		return err
	}
	if c.Status != 0 {
		account.Status = c.Status
	}
	if c.HasMetadata {
		account.Metadata = slices.Clone(c.Metadata) // the caller has it, and who gets the result
	}
	if c.Limits != nil {
		account.setLimits(c.Limits.clone(), b)
	}
	return nil
}

// setLimits sets new limits. A velocity limit that was there before goes on
// counting, whatever its maximum is now; a new one begins at zero.
func (a *Account) setLimits(l Limits, b *Booked) {
	counters := make([]Counter, len(l.Velocity))
	for i, v := range l.Velocity {
		counters[i].begin(b)
		if was := slices.IndexFunc(a.Velocity, v.same); was >= 0 {
			counters[i] = a.Counters[was]
		}
	}
	a.Limits, a.LimitsLane, a.LimitsSeq, a.Counters = l, b.Lane, b.Seq, counters
}
