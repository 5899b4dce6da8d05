package ledger

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/settlex/settlex/money"
)

// AccountID names an account: a path of the chart and one currency. The same
// path in two currencies is two accounts.
type AccountID struct {
	Path     string         // segments of [A-Za-z0-9._-] joined by '/', at most 255 bytes
	Currency money.Currency // the only currency the account ever holds
}

// String is "path CUR".
func (id AccountID) String() string { return id.Path + " " + id.Currency.String() }

// Compare orders ids by path, then by currency code.
func (id AccountID) Compare(other AccountID) int {
	if c := strings.Compare(id.Path, other.Path); c != 0 {
		return c
	}
	return id.Currency.Compare(other.Currency)
}

// Type says which side of the books an account stands on.
type Type uint8

// The five types. The zero value is no type and is refused.
const (
	Asset Type = iota + 1
	Liability
	Equity
	Income
	Expense
)

// String is the type's name in lower case.
func (t Type) String() string {
	names := [...]string{"none", "asset", "liability", "equity", "income", "expense"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// Normal is the side that increases an account of this type.
func (t Type) Normal() Side {
	if t == Asset || t == Expense {
		return Debit
	}
	return Credit
}

// Account is an account as it stands: what the chart said when it was opened,
// and its running totals.
type Account struct {
	AccountID
	No      uint64       // dense number in order of opening, from 1
	Type    Type         // decides the normal side
	Limited bool         // true: Available may not fall below Floor
	Floor   money.Amount // minor units; meaningful when Limited
	Opened  time.Time    // booking instant of the first posting, UTC
	Balance
}

// Balance holds the totals of one account in minor units. Both only grow.
type Balance struct {
	Debits  money.Amount
	Credits money.Amount
	Seq     uint64 // sequence of the last entry that touched the account; 0: none
}

// Net is credits - debits for a credit-normal account and debits - credits for
// a debit-normal one: positive when the account stands on its normal side.
// ErrOverflow cannot occur for balances the ledger keeps.
func (b Balance) Net(normal Side) (money.Amount, error) {
	if normal == Debit {
		return b.Debits.Sub(b.Credits)
	}
	return b.Credits.Sub(b.Debits)
}

// Posted is the account's balance on its normal side.
func (a Account) Posted() (money.Amount, error) { return a.Net(a.Type.Normal()) }

// Available is what may still be taken from the account: the posted balance
// (holds, when there are any, reduce it).
func (a Account) Available() (money.Amount, error) { return a.Posted() }

const maxPath = 255

// checkPath tells why a path cannot name an account.
func checkPath(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("account path is empty")
	case len(path) > maxPath:
		return fmt.Errorf("account path has %d bytes, at most %d are allowed", len(path), maxPath)
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("account path %q has an empty or dotted segment", path)
		}
		if i := strings.IndexFunc(segment, notPathRune); i >= 0 {
			_, size := utf8.DecodeRuneInString(segment[i:])
			return fmt.Errorf("account path %q has %q, which is not one of [A-Za-z0-9._-]", path, segment[i:i+size])
		}
	}
	return nil
}

func notPathRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
}
