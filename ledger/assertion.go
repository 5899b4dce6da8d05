package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Assertion says what a balance is. In an atomic batch it is a guard: it sees
// what the requests before it did, and a wrong one fails the batch. By itself,
// through Ledger.Assert, it is an alarm. It has no key, is not booked and burns
// nothing. An account that does not exist stands at zero. Refused with
// ErrAssertion.
type Assertion struct {
	Account  string         // path; with Subtree every account whose path is it or lies below it
	Currency money.Currency //
	Subtree  bool           //
	On       calendar.Date  // balance by value date at the end of this day; zero: everything booked
	Amount   money.Amount   // posted, minor units: on the account's normal side; of a subtree: debits - credits
}

// Standing names a balance as of a value date.
type Standing struct {
	AccountID
	On calendar.Date
}

// Tree names the accounts of one currency whose path is Root or lies below it.
type Tree struct {
	Root     string
	Currency money.Currency
}

// Holds tells whether an account belongs to the tree.
func (t Tree) Holds(id AccountID) bool {
	return id.Currency == t.Currency && (id.Path == t.Root || strings.HasPrefix(id.Path, t.Root+"/"))
}

func (a Assertion) draft(*Booked) {}

func (a Assertion) faults(*Booked) []error {
	if a.Currency.IsZero() {
		return []error{fmt.Errorf("assertion about %s has no currency", a.Account)}
	}
	if err := checkPath(a.Account); err != nil {
		return []error{err}
	}
	return nil
}

func (a Assertion) tree() Tree { return Tree{Root: a.Account, Currency: a.Currency} }

func (a Assertion) id() AccountID { return AccountID{Path: a.Account, Currency: a.Currency} }

func (a Assertion) need(s *State, n *Need) {
	ids := []AccountID{a.id()}
	if a.Subtree {
		n.Tree(a.tree())
		ids = s.trees[a.tree()]
	}
	for _, id := range ids {
		n.Account(id)
		if !a.On.IsZero() {
			n.Standing(Standing{id, a.On})
		}
	}
}

func (a Assertion) apply(s *State, _ *Booked) error {
	has, err := a.actual(s)
	if err != nil {
		return err
	}
	if has != a.Amount {
		return &Failure{Reason: ErrAssertion, Account: a.id(), Has: has, Bound: a.Amount, Date: a.On}
	}
	return nil
}

func (a Assertion) actual(s *State) (total money.Amount, err error) {
	if !a.Subtree {
		account, _ := s.Account(a.id())
		normal := account.Type.Normal()
		if account.Type == 0 {
			normal = Debit // nothing was ever booked on it
		}
		return s.standing(&account, a.id(), a.On, normal)
	}
	for _, id := range s.tree(a.tree()) {
		account, _ := s.Account(id)
		net, err := s.standing(&account, id, a.On, Debit)
		if err != nil {
			return total, err
		}
		if total, err = total.Add(net); err != nil {
			return total, err
		}
	}
	return total, nil
}

// tree gives the accounts of a tree, those opened in this state too.
func (s *State) tree(t Tree) []AccountID {
	stored, loaded := s.trees[t]
	if !loaded {
		panic(notLoaded(func(n *Need) { n.Tree(t) }))
	}
	ids := slices.Clone(stored)
	for id := range s.places() {
		if t.Holds(id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, AccountID.Compare)
	return slices.Compact(ids)
}

// standing is an account's net balance now or as of a value date.
func (s *State) standing(account *Account, id AccountID, on calendar.Date, normal Side) (money.Amount, error) {
	if on.IsZero() {
		return account.Net(normal)
	}
	key := Standing{id, on}
	balance, loaded := s.standings[key]
	if !loaded {
		panic(notLoaded(func(n *Need) { n.Standing(key) }))
	}
	for _, b := range s.booked {
		if err := balance.addUntil(b, id, on); err != nil {
			return money.Amount{}, err
		}
	}
	return balance.Net(normal)
}

// addUntil adds what an entry did to an account, if its value date is not after on.
func (b *Balance) addUntil(e *Booked, id AccountID, on calendar.Date) error {
	if !e.IsEntry() || e.ValueDate.After(on) {
		return nil
	}
	for _, p := range e.Postings {
		if p.ID() != id {
			continue
		}
		if err := b.Add(p); err != nil {
			return err
		}
	}
	return nil
}

// Assert looks at balances without booking anything: an alarm. The error joins
// a *Failure for every assertion that is wrong, each placed by an *ItemError when
// there are several.
func (l *Ledger) Assert(ctx context.Context, assertions ...Assertion) error {
	requests := make([]Request, len(assertions))
	for i := range assertions {
		requests[i] = assertions[i]
	}
	outcomes, err := l.Try(ctx, Independent, requests...)
	if err != nil {
		return err
	}
	return Failed(outcomes)
}
