package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Side is the side of an account a posting stands on.
type Side uint8

// The two sides. The zero value is no side and is refused.
const (
	Debit Side = iota + 1
	Credit
)

// String is "debit" or "credit".
func (s Side) String() string {
	switch s {
	case Debit:
		return "debit"
	case Credit:
		return "credit"
	}
	return fmt.Sprintf("side(%d)", uint8(s))
}

// Posting is one leg of an entry. Signs never carry meaning: Amount is
// positive and Side says the direction.
type Posting struct {
	Account  string         // path
	Side     Side           //
	Amount   money.Amount   // minor units, > 0
	Currency money.Currency //
}

// ID is the account the posting touches.
func (p Posting) ID() AccountID { return AccountID{Path: p.Account, Currency: p.Currency} }

// Dr makes a debit.
func Dr(account string, amount money.Amount, currency money.Currency) Posting {
	return Posting{Account: account, Side: Debit, Amount: amount, Currency: currency}
}

// Cr makes a credit.
func Cr(account string, amount money.Amount, currency money.Currency) Posting {
	return Posting{Account: account, Side: Credit, Amount: amount, Currency: currency}
}

// Attribute is one pair of an entry's or an account's metadata.
type Attribute struct {
	Name  string // 1 to 100 bytes
	Value string // at most 2,000 bytes
}

// Entry is what a caller asks the ledger to book: at least two postings whose
// debits equal their credits in every currency they use. Texts are UTF-8. Refused
// with ErrPeriodClosed, ErrAccountStatus, ErrInsufficientFunds, ErrCeiling and
// ErrVelocity, looked for in this order.
type Entry struct {
	Key       string        // taken once for ever; 1 to 255 bytes. A retry with the same key and content is a replay
	Kind      string        // what it is, in the caller's words; 1 to 64 bytes
	Reference string        // free, at most 255 bytes
	ValueDate calendar.Date // zero: the UTC date of the booking instant
	PartOf    string        // key of the entry this one hangs on; empty: it stands alone
	Owner     string        // room that alone may reverse it, at most 64 bytes; empty: anybody may
	Metadata  []Attribute   // at most 50 pairs, names unique; kept sorted by name
	Postings  []Posting     // 2 to 1,000, no account on both sides; kept in the caller's order

	// OrFirstOpen books on the first open date when ValueDate is closed; the
	// journal keeps both. It is no part of what the entry is: a retry may differ.
	OrFirstOpen bool
}

const (
	maxKey       = 255
	maxKind      = 64
	maxReference = 255
	maxMetadata  = 50
	maxName      = 100
	maxValue     = 2000
	maxPostings  = 1000
)

// normalize brings the entry into the one form the ledger keeps.
func (e *Entry) normalize() { e.Metadata = sorted(e.Metadata) }

// sorted gives metadata sorted by name; what it is given stays as it is.
func sorted(metadata []Attribute) []Attribute {
	if len(metadata) < 2 || slices.IsSortedFunc(metadata, compareAttributes) {
		return metadata
	}
	metadata = slices.Clone(metadata)
	slices.SortStableFunc(metadata, compareAttributes)
	return metadata
}

func compareAttributes(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) }
