package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// A Command is one unit of work: it declares what it touches, then decides.
// Commands of any room are grouped into one transaction; a command that is
// rejected leaves nothing behind and does not touch its neighbours.
type Command interface {
	// Need declares what the command touches, as far as s already tells. It is
	// called again after every load until it declares nothing new. What it
	// forgets is loaded when Apply touches it, at the price of a round trip.
	Need(s *State, n *Need)
	// Apply decides. It books entries and puts records through s only. An
	// error rejects the command. It may be called again on a fresh state, so
	// results are overwritten, never accumulated.
	Apply(s *State) error
	// At is the earliest instant the command may bear, UTC; zero means now.
	// A replay of history gives the instants of the facts.
	At() time.Time
}

// Apply decides commands in order on s and is pure. clock is the instant of
// the group; each command gets the later of its own At (or clock, if that is
// zero) and the lane's last instant + 1 microsecond; one whose own At is the
// lane's last instant shares it.
//
// The result has one error or nil for each command that was decided. A command
// may turn out to touch what s was not told, because a command before it in the
// group changed its course: then Apply stops in front of it and says what is
// missing. Load that, and call Apply again with the rest.
func Apply(s *State, clock time.Time, commands []Command) (errs []error, missing *Need) {
	errs = make([]error, 0, len(commands))
	for _, c := range commands {
		s.now = s.instant(c.At(), clock)
		seq := s.head.Seq
		missing, err := s.decide(c)
		if missing != nil {
			return errs, missing
		}
		if s.head.Seq > seq { // only what is booked moves the lane's time: a replay must not
			s.head.At = s.now
		}
		s.undo = s.undo[:0]
		errs = append(errs, err)
	}
	return errs, nil
}

// decide applies one command, all or nothing.
func (s *State) decide(c Command) (missing *Need, err error) {
	m := s.mark()
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		absent, ok := r.(notLoaded)
		if !ok {
			panic(r)
		}
		s.rollback(m)
		missing = &Need{state: s}
		absent(missing)
	}()
	return nil, s.attempt(func() error { return c.Apply(s) })
}

func (s *State) instant(at, clock time.Time) time.Time {
	replayed := !at.IsZero()
	if !replayed {
		at = clock
	}
	at = at.UTC().Truncate(time.Microsecond)
	if replayed && at.Equal(s.head.At) {
		return at // facts of one instant stay together, so that a cut-off never parts them
	}
	if next := s.head.At.Add(time.Microsecond); at.Before(next) {
		return next
	}
	return at
}

// Book validates e and books it. The order of checks is fixed, so that every
// store gives the same first fault: the entry itself (every fault), its key
// (replay or conflict), its accounts in the order of postings, its limits in
// the order of postings.
func (s *State) Book(e Entry) (Result, error) {
	e = e.normalized()
	if err := e.validate(); err != nil {
		return Result{}, err
	}
	key := e.Key
	taken, loaded := s.keys[key]
	if !loaded {
		panic(notLoaded(func(n *Need) { n.Key(key) }))
	}
	if taken != nil {
		return replay(taken, &e)
	}
	today := calendar.DateOf(s.now, time.UTC)
	if today.IsZero() { // it could be written and never be read again
		return Result{}, fmt.Errorf("entry %q: the clock says %s, outside the years 1 to 9999", e.Key, s.now.Format(time.RFC3339))
	}
	if e.ValueDate.IsZero() {
		e.ValueDate = today
	}
	var result Result
	err := s.attempt(func() error {
		breached, err := s.post(&e)
		if err != nil {
			return err
		}
		s.head.Seq++
		result.Booked = Booked{Entry: e, Lane: s.head.Lane, Seq: s.head.Seq, At: s.now, Breached: breached}
		kept := result.Booked
		s.booked = append(s.booked, &kept)
		s.keys[e.Key] = &kept
		return nil
	})
	return result, err
}

func replay(taken *Booked, e *Entry) (Result, error) {
	if field, was, now := difference(&taken.Entry, e); field != "" {
		return Result{}, &ConflictError{Key: e.Key, Field: field, Seq: taken.Seq, Was: was, Now: now}
	}
	return Result{Booked: *taken, Replayed: true}, nil
}

// effect is what an entry does to one account.
type effect struct {
	account         *Account
	pattern         Pattern
	debits, credits money.Amount
}

// post changes the balances of every account of e, or none.
func (s *State) post(e *Entry) (breached bool, err error) {
	effects, err := s.effects(e)
	if err != nil {
		return false, err
	}
	for i := range effects {
		below, err := effects[i].check(e)
		if err != nil {
			return false, err
		}
		breached = breached || below
	}
	for i := range effects {
		if err := s.apply(&effects[i]); err != nil {
			return false, fmt.Errorf("entry %q: %w", e.Key, err)
		}
	}
	return breached, nil
}

// effects sums the postings per account, opening accounts at first use.
func (s *State) effects(e *Entry) ([]effect, error) {
	effects := make([]effect, 0, len(e.Postings))
	var unknown []error
	for i := range e.Postings {
		p := &e.Postings[i]
		at := slices.IndexFunc(effects, func(f effect) bool { return f.account.AccountID == p.ID() })
		if at < 0 {
			account, pattern, err := s.open(p.ID())
			if err != nil {
				unknown = append(unknown, &PostingError{Index: i, Err: err})
				continue
			}
			effects = append(effects, effect{account: account, pattern: pattern})
			at = len(effects) - 1
		}
		sum := &effects[at].debits
		if p.Side == Credit {
			sum = &effects[at].credits
		}
		var err error
		if *sum, err = sum.Add(p.Amount); err != nil {
			return nil, &PostingError{Index: i, Err: err}
		}
	}
	if unknown != nil {
		return nil, &EntryError{Key: e.Key, Faults: unknown}
	}
	return effects, nil
}

// open finds an account, or opens it as the chart says.
func (s *State) open(id AccountID) (*Account, Pattern, error) {
	account, loaded := s.accounts[id]
	if !loaded {
		panic(notLoaded(func(n *Need) { n.Account(id) }))
	}
	pattern, ok := s.chart.Match(id.Path)
	if !ok {
		return nil, Pattern{}, fmt.Errorf("%w: %s", ErrUnknownAccount, id.Path)
	}
	if account != nil {
		return account, pattern, nil
	}
	s.head.Accounts++
	account = &Account{AccountID: id, No: s.head.Accounts, Type: pattern.Type, Limited: pattern.Limited, Floor: pattern.Floor, Opened: s.now}
	s.accounts[id] = account
	s.undo = append(s.undo, undo{account: account, opened: true})
	s.dirty = append(s.dirty, account)
	return account, pattern, nil
}

// check holds the net effect against the account's floor. A floor counts only
// when the entry lowers what is available.
func (f *effect) check(e *Entry) (below bool, err error) {
	if !f.account.Limited {
		return false, nil
	}
	change, err := Balance{Debits: f.debits, Credits: f.credits}.Net(f.account.Type.Normal())
	if err != nil || change.Sign() >= 0 {
		return false, err
	}
	available, err := f.account.Available()
	if err != nil {
		return false, err
	}
	after, err := available.Add(change)
	if err != nil {
		return false, fmt.Errorf("entry %q: available of %s: %w", e.Key, f.account.AccountID, err)
	}
	if after.Cmp(f.account.Floor) >= 0 {
		return false, nil
	}
	if slices.Contains(f.pattern.MayBreach, e.Kind) {
		return true, nil
	}
	return false, &FundsError{Key: e.Key, Account: f.account.AccountID, Available: available, Change: change, Floor: f.account.Floor}
}

func (s *State) apply(f *effect) error {
	debits, err := f.account.Debits.Add(f.debits)
	if err != nil {
		return fmt.Errorf("debits of %s: %w", f.account.AccountID, err)
	}
	credits, err := f.account.Credits.Add(f.credits)
	if err != nil {
		return fmt.Errorf("credits of %s: %w", f.account.AccountID, err)
	}
	s.undo = append(s.undo, undo{account: f.account, balance: f.account.Balance})
	s.dirty = append(s.dirty, f.account)
	f.account.Balance = Balance{Debits: debits, Credits: credits, Seq: s.head.Seq + 1}
	return nil
}

// difference names the first field in which two entries differ. A zero value
// date of the new one means "as booked".
func difference(was, now *Entry) (field, a, b string) {
	switch {
	case was.Kind != now.Kind:
		return "kind", was.Kind, now.Kind
	case was.Reference != now.Reference:
		return "reference", was.Reference, now.Reference
	case was.ValueDate != now.ValueDate && !now.ValueDate.IsZero():
		return "value date", was.ValueDate.String(), now.ValueDate.String()
	case was.PartOf != now.PartOf:
		return "part of", was.PartOf, now.PartOf
	case !slices.Equal(was.Metadata, now.Metadata):
		return "metadata", fmt.Sprint(was.Metadata), fmt.Sprint(now.Metadata)
	case len(was.Postings) != len(now.Postings):
		return "number of postings", fmt.Sprint(len(was.Postings)), fmt.Sprint(len(now.Postings))
	}
	for i, p := range was.Postings {
		if q := now.Postings[i]; p != q {
			return fmt.Sprintf("posting %d", i), p.describe(), q.describe()
		}
	}
	return "", "", ""
}

func (p Posting) describe() string {
	return fmt.Sprintf("%s %s %s %s", p.Side, p.Account, p.Currency, p.Currency.Format(p.Amount))
}
