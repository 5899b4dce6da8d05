package plaintext

import (
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// balance is what one account comes to, in minor units, debits positive. An
// inclusive one counts the accounts of its type below its path too.
type balance struct {
	ledger.Account
	sum money.Amount
}

// subtrees sums accounts that come ordered by path. A balance that counts what
// is below it must wait until its last descendant has been; those that wait
// have paths that are beginnings of one another, so they are few however many
// accounts there are.
type subtrees struct {
	inclusive bool
	waiting   []balance
}

// add takes the next account and hands on every balance that is complete.
func (s *subtrees) add(a ledger.Account, write func(balance) error) error {
	net, err := a.Net(ledger.Debit)
	if err != nil {
		return err
	}
	b := balance{a, net}
	if !s.inclusive {
		return write(b)
	}
	for len(s.waiting) > 0 && !mayHold(s.waiting[len(s.waiting)-1].Path, a.Path) {
		if err := s.pop(write); err != nil {
			return err
		}
	}
	for i := range s.waiting {
		if err := s.waiting[i].include(b); err != nil {
			return err
		}
	}
	s.waiting = append(s.waiting, b)
	return nil
}

// end hands on what still waits.
func (s *subtrees) end(write func(balance) error) error {
	for len(s.waiting) > 0 {
		if err := s.pop(write); err != nil {
			return err
		}
	}
	return nil
}

func (s *subtrees) pop(write func(balance) error) error {
	last := len(s.waiting) - 1
	b := s.waiting[last]
	s.waiting = s.waiting[:last]
	return write(b)
}

func (b *balance) include(c balance) (err error) {
	if c.Type != b.Type || c.Currency != b.Currency || !within(c.Path, b.Path) {
		return nil
	}
	b.sum, err = b.sum.Add(c.sum)
	return err
}

// within tells that path is below top.
func within(path, top string) bool {
	return len(path) > len(top) && path[len(top)] == '/' && strings.HasPrefix(path, top)
}

// mayHold tells that an account below top may still come at or after path:
// "a-b" and "a.b" come between "a" and "a/b".
func mayHold(top, path string) bool {
	return strings.HasPrefix(path, top) && (len(path) == len(top) || path[len(top)] <= '/')
}
