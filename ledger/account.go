package ledger

import (
	"fmt"
	"slices"
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

// Status says what may be done with an account.
type Status uint8

// The statuses. The zero value is none of them; an AccountChange says with it
// that the status stays.
const (
	Open          Status = iota + 1
	NoDebit              // entries and holds may not debit it; captures of earlier holds go through
	Frozen               // holds on it may be released or expire, nothing else
	AccountClosed        // the same, and it stood at zero without holds, unless it was closed by force
)

// String is the status in words.
func (s Status) String() string { return name(s, "open", "no_debit", "frozen", "closed") }

// Account is an account as it stands: what the chart said when it was opened,
// what was changed since, and its running totals.
type Account struct {
	AccountID
	Home     uint16    // the lane it was opened in
	No       uint64    // dense number in order of opening in that lane, from 1
	Type     Type      // decides the normal side
	Opened   time.Time // booking instant of the first act on it, UTC
	Status   Status
	Metadata []Attribute // sorted by name
	Limits
	LimitsLane uint16 // lane and sequence of the act that set the limits
	LimitsSeq  uint64
	Balance
	Holds    uint64    // open holds that have a leg on it
	Counters []Counter // one for each of Velocity, in its order
}

// Counter is what a velocity limit has counted. A window is 60 slots.
type Counter struct {
	Since uint64    // sequence of the act that set the limit; what came before does not count
	Lane  uint16    // of that act
	At    time.Time // its instant, UTC; zero: a store with one lane leaves it out
	Slots []Slot    // ordered, those of a total of zero left out
}

// String is the counter for people: since when it counts, and what it has
// counted.
func (c Counter) String() string { return fmt.Sprintf("{%s %v}", itemName(c.Lane, c.Since), c.Slots) }

// begin has a counter count from an item on.
func (c *Counter) begin(b *Booked) { c.Since, c.Lane, c.At = b.Seq, b.Lane, b.At }

// counts tells whether a limit was there when an item was booked. Within a lane
// several items may share an instant, so their sequences decide; in different
// lanes they never do.
func (c *Counter) counts(at Place) bool {
	if c.Lane == at.Lane {
		return c.Since <= at.Seq
	}
	return c.At.Before(at.At)
}

// Balance holds the totals of one account in minor units. Debits and Credits
// only grow; what is held grows and shrinks.
type Balance struct {
	Debits      money.Amount
	Credits     money.Amount
	HeldDebits  money.Amount
	HeldCredits money.Amount
	Lane        uint16 // lane and sequence of the last act that touched the account; 0: none
	Seq         uint64
}

// Net is credits - debits for a credit-normal account and debits - credits for
// a debit-normal one: positive when the account stands on its normal side.
// money.ErrOverflow cannot occur for balances the ledger keeps.
func (b Balance) Net(normal Side) (money.Amount, error) {
	if normal == Debit {
		return b.Debits.Sub(b.Credits)
	}
	return b.Credits.Sub(b.Debits)
}

// held gives what holds would take from the account and what they would bring.
func (b Balance) held(normal Side) (out, in money.Amount) {
	if normal == Debit {
		return b.HeldCredits, b.HeldDebits
	}
	return b.HeldDebits, b.HeldCredits
}

// Posted is the account's balance on its normal side, holds left out; negative
// when it stands on the other side.
func (a Account) Posted() (money.Amount, error) { return a.Net(a.Type.Normal()) }

// Held is what holds have set aside of the account, and so is not available.
func (a Account) Held() money.Amount {
	out, _ := a.held(a.Type.Normal())
	return out
}

// Available is what is posted less what is held, on the normal side: it may be
// taken down to the account's floor. Held money coming in is never spendable.
func (a Account) Available() (money.Amount, error) {
	posted, err := a.Posted()
	if err != nil {
		return posted, err
	}
	return posted.Sub(a.Held())
}

// highest is what stands on the account if every hold is captured that brings
// money and none that takes it: what a ceiling bounds.
func (a Account) highest() (money.Amount, error) {
	posted, err := a.Posted()
	if err != nil {
		return posted, err
	}
	_, in := a.held(a.Type.Normal())
	return posted.Add(in)
}

// clone shares nothing with a.
func (a *Account) clone() Account {
	out := *a
	out.Metadata, out.Limits = slices.Clone(a.Metadata), a.Limits.clone()
	out.Counters = slices.Clone(a.Counters)
	for i := range out.Counters {
		out.Counters[i].Slots = slices.Clone(out.Counters[i].Slots)
	}
	return out
}

// equal compares all fields.
func (a *Account) equal(b *Account) bool {
	return a.AccountID == b.AccountID && a.Home == b.Home && a.No == b.No && a.Type == b.Type && a.Opened.Equal(b.Opened) && a.Status == b.Status &&
		slices.Equal(a.Metadata, b.Metadata) && a.Limits.equal(b.Limits) && a.LimitsLane == b.LimitsLane && a.LimitsSeq == b.LimitsSeq && a.Balance == b.Balance &&
		a.Holds == b.Holds && slices.EqualFunc(a.Counters, b.Counters, Counter.equal)
}

// OnlyMoved tells whether an account differs from what it was before in nothing
// but Debits, Credits, Lane and Seq, as postings leave it that no velocity limit
// counts.
func (a *Account) OnlyMoved(before *Account) bool {
	return a.AccountID == before.AccountID && a.Home == before.Home && a.No == before.No && a.Type == before.Type && a.Opened.Equal(before.Opened) && a.Status == before.Status &&
		a.HeldDebits == before.HeldDebits && a.HeldCredits == before.HeldCredits && a.Holds == before.Holds && a.LimitsLane == before.LimitsLane && a.LimitsSeq == before.LimitsSeq &&
		slices.Equal(a.Metadata, before.Metadata) && a.Limits.equal(before.Limits) && slices.EqualFunc(a.Counters, before.Counters, Counter.equal)
}

func (c Counter) equal(o Counter) bool {
	return c.Since == o.Since && c.Lane == o.Lane && (c.At.IsZero() || o.At.IsZero() || c.At.Equal(o.At)) && slices.Equal(c.Slots, o.Slots)
}

const maxPath = 255

// checkPath tells why a path cannot name an account.
func checkPath(path string) error {
	if isPath(path) {
		return nil
	}
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

// isPath tells whether a path can name an account. Every posting is asked, so it
// goes through the bytes once.
func isPath(path string) bool {
	if path == "" || len(path) > maxPath {
		return false
	}
	start := 0 // of the segment
	for i := 0; i <= len(path); i++ {
		if i < len(path) && pathBytes[path[i]] {
			continue
		}
		if i < len(path) && path[i] != '/' {
			return false
		}
		if n := i - start; n == 0 || n <= 2 && path[start] == '.' && path[i-1] == '.' {
			return false
		}
		start = i + 1
	}
	return true
}

// pathBytes has what a segment is made of.
var pathBytes = func() (set [256]bool) {
	for c := range set {
		set[c] = !notPathRune(rune(c))
	}
	return set
}()

func notPathRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
}

// Add counts one posting. ErrOverflow cannot occur for balances the ledger keeps.
func (b *Balance) Add(p Posting) (err error) {
	if p.Side == Debit {
		b.Debits, err = b.Debits.Add(p.Amount)
	} else {
		b.Credits, err = b.Credits.Add(p.Amount)
	}
	return err
}
