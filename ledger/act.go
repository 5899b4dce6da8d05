package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Act says what an item of the journal did.
type Act uint8

// The acts. Posted, Captured and Reversed are entries: their postings change
// balances. The zero value is no act and is refused.
const (
	Posted   Act = iota + 1 // an entry
	Held                    // a hold was placed: its postings are set aside
	Captured                // an entry that posts a hold, or a part of it
	Released                // what was left of a hold was given back
	Expired                 // the same, because its time was over
	Reversed                // an entry that takes back another one, or a part of it
	Changed                 // an account's limits, status or metadata were set
	Closed                  // value dates up to one of them were closed
	Reopened                // value dates after one of them, or all, were opened again
	Refused                 // a caller's key was burnt by an attempt that the state of the ledger refused
)

// String is the act in lower case.
func (a Act) String() string {
	names := [...]string{"none", "posted", "held", "captured", "released", "expired", "reversed", "changed", "closed", "reopened", "refused"}
	if int(a) < len(names) {
		return names[a]
	}
	return fmt.Sprintf("act(%d)", uint8(a))
}

// Booked is an item of the journal: an entry, or another act that changed the
// ledger. It never changes. Of an act that is no entry, Entry holds what the
// act has of it: key, kind, reference, metadata, and a hold's postings. An
// Expired item has no key.
type Booked struct {
	Entry
	Act      Act
	Lane     uint16    // journal lane
	Seq      uint64    // place in the lane, from 1, without gaps
	At       time.Time // booking instant, UTC, whole microseconds, never before an earlier Seq's
	Breached bool      // a limit of an account was breached, as the chart allows for this kind
	*Terms             // nil: nothing beyond the above, so look before reading a field of it
}

// IsEntry tells whether the item's postings changed balances.
func (b *Booked) IsEntry() bool { return b.Act == Posted || b.Act == Captured || b.Act == Reversed }

// Terms are what an item carries besides, if it has any of it: what other acts
// than a plain entry say, accounts that were opened, a value date that was moved.
type Terms struct {
	Of      string        // Captured, Released, Expired: key of the hold; Reversed: key of the entry
	All     bool          // Captured, Reversed: everything that was left was asked for
	Final   bool          // Captured: what is left afterwards was given back
	Expires time.Time     // Held: UTC, whole microseconds; zero: never
	Asked   calendar.Date // entries: the value date asked for, which was closed; zero: ValueDate is it
	Opened  []Opening     // accounts the act opened, in order
	Change  *Change       // Changed
	Through calendar.Date // Closed, Reopened: the last closed value date afterwards; zero: none
	Refusal *Refusal      // Refused
}

// terms gives the terms to read from, also where there are none.
func (b *Booked) terms() Terms {
	if b.Terms == nil {
		return Terms{}
	}
	return *b.Terms
}

// Opening is an account as it was opened: what the chart said then.
type Opening struct {
	AccountID
	Type   Type
	Limits Limits
}

// Refusal is what burnt a key: what was asked for, and why it was refused.
type Refusal struct {
	Asked   Booked // without a place in the journal
	Failure Failure
}

// Result is what a request has come to: the item that took its key.
type Result struct {
	Booked
	Replayed bool // true: booked by an earlier call; nothing was written now
}

// sum is what postings do to one account. All of them stand on one side.
type sum struct {
	AccountID
	Side   Side
	Amount money.Amount
}

// sums adds postings up per account, in order of first use.
func sums(postings []Posting) ([]sum, error) {
	out := make([]sum, 0, len(postings))
	for i := range postings {
		p := &postings[i]
		at := slices.IndexFunc(out, func(s sum) bool { return s.Path == p.Account && s.Currency == p.Currency })
		if at < 0 {
			out = append(out, sum{AccountID: p.ID(), Side: p.Side, Amount: p.Amount})
			continue
		}
		var err error
		if out[at].Amount, err = out[at].Amount.Add(p.Amount); err != nil {
			return nil, &PostingError{Index: i, Err: err}
		}
	}
	return out, nil
}
