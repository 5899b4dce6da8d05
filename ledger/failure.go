package ledger

import (
	"errors"
	"fmt"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Sentinels of what the state of the ledger refuses. Each comes as a *Failure,
// which carries the figures, and burns the key of the caller's request.
var (
	// ErrInsufficientFunds: a limited account would fall below its floor.
	ErrInsufficientFunds = errors.New("insufficient funds")
	// ErrCeiling: a capped account would rise above its ceiling.
	ErrCeiling = errors.New("ceiling exceeded")
	// ErrVelocity: more would flow through an account than its window allows.
	ErrVelocity = errors.New("velocity limit exceeded")
	// ErrAccountStatus: an account is no_debit, frozen or closed.
	ErrAccountStatus = errors.New("account does not allow this")
	// ErrNotEmpty: an account that is to be closed has a balance or open holds.
	ErrNotEmpty = errors.New("account is not empty")
	// ErrPeriodClosed: a value date is closed.
	ErrPeriodClosed = errors.New("period is closed")
	// ErrPeriodOrder: a close or reopening that would move nothing, or close a
	// date that is not over.
	ErrPeriodOrder = errors.New("period cannot be moved there")
	// ErrNotFound: no hold, or no entry, has the key that is named.
	ErrNotFound = errors.New("not found")
	// ErrHoldCaptured: the hold has ended so, completely or finally.
	ErrHoldCaptured = errors.New("hold was captured")
	// ErrHoldReleased: the hold has ended so.
	ErrHoldReleased = errors.New("hold was released")
	// ErrHoldExpired: the hold's time is over, whether its expiry was booked or
	// not; or would be over when it is placed.
	ErrHoldExpired = errors.New("hold has expired")
	// ErrExceedsHold: a capture asks for more than is left of a leg.
	ErrExceedsHold = errors.New("more than is left of the hold")
	// ErrExceedsEntry: a reversal asks for more than is left of the original.
	ErrExceedsEntry = errors.New("more than is left of the entry")
	// ErrReversed: nothing is left of the original.
	ErrReversed = errors.New("entry was reversed")
	// ErrNotReversible: the entry is a reversal itself, belongs to a room, or is
	// another act and no entry.
	ErrNotReversible = errors.New("entry cannot be reversed")
	// ErrAssertion: a balance is not what it was said to be.
	ErrAssertion = errors.New("balance assertion failed")
)

// reasons numbers the sentinels for the journal: a number never changes.
var reasons = [...]error{
	1: ErrInsufficientFunds, 2: ErrCeiling, 3: ErrVelocity, 4: ErrAccountStatus, 5: ErrNotEmpty, 6: ErrPeriodClosed, 7: ErrPeriodOrder,
	8: ErrNotFound, 9: ErrHoldCaptured, 10: ErrHoldReleased, 11: ErrHoldExpired, 12: ErrExceedsHold, 13: ErrExceedsEntry,
	14: ErrReversed, 15: ErrNotReversible, 16: ErrAssertion,
}

// Failure is why the state of the ledger refused a request. Amounts are minor
// units of Account's currency. Which figures are set depends on the reason:
//
//	ErrInsufficientFunds     Account; Has available, Change (negative), Bound the floor
//	ErrCeiling               Account; Has standing, Change, Bound the ceiling
//	ErrVelocity              Account; Of the limit, Has flowed, Change, Bound the maximum
//	ErrAccountStatus         Account; Of the status
//	ErrNotEmpty              Account; Has posted, Change held
//	ErrPeriodClosed          Date, Closed
//	ErrPeriodOrder           Date, Closed; Of why
//	ErrNotFound              Of what was looked for
//	ErrHoldCaptured, ErrHoldReleased, ErrHoldExpired
//	                         Of the hold's key, or the instant of expiry that a new one has
//	ErrExceedsHold           Account; Of the hold's key, Has left, Change asked for
//	ErrExceedsEntry          Account; Of the entry's key, Has left, Change asked for
//	ErrReversed              Of the entry's key
//	ErrNotReversible         Of the entry's key and why
//	ErrAssertion             Account; Has actual, Bound expected, Date if it was about one
//
// Of a velocity limit that counts, Has, Change and Bound are numbers of entries
// and holds.
type Failure struct {
	Reason  error         // one of the sentinels above
	Key     string        // of the request
	Account AccountID     // the account it stands on; zero: none
	Of      string        // key of the hold or entry, the velocity limit, or the status
	Has     money.Amount  // before the request
	Change  money.Amount  // what the request would change, or asks for
	Bound   money.Amount  // floor, ceiling, maximum or expected amount
	Date    calendar.Date // the value date asked for
	Closed  calendar.Date // the last closed value date; zero: none is
	Frozen  bool          // true: an earlier attempt burnt the key; these are its figures
}

// Unwrap gives the reason, so that errors.Is finds the sentinel.
func (f *Failure) Unwrap() error { return f.Reason }

// Error gives the reason with its figures, amounts in major units.
func (f *Failure) Error() string {
	text := f.text()
	if f.Key != "" {
		text = fmt.Sprintf("%q: %s", f.Key, text)
	}
	return text
}

func (f *Failure) text() string {
	c := f.Account.Currency
	at := f.Account.String()
	switch f.Reason {
	case ErrInsufficientFunds: //nolint:errorlint // the sentinels themselves
		return fmt.Sprintf("insufficient funds: %s has %s %s available, %s is asked for, the floor is %s",
			f.Account.Path, c, c.Format(f.Has), c.Format(f.Change.Neg()), c.Format(f.Bound))
	case ErrCeiling:
		return fmt.Sprintf("ceiling exceeded: %s stands at %s %s, %s would come, the ceiling is %s",
			f.Account.Path, c, c.Format(f.Has), c.Format(f.Change), c.Format(f.Bound))
	case ErrVelocity:
		figure := money.Amount.String // a number of entries and holds
		if strings.HasSuffix(f.Of, Sum.String()) {
			figure = c.Format
		}
		return fmt.Sprintf("velocity limit exceeded: %s, %s: %s so far, %s more, at most %s", at, f.Of, figure(f.Has), figure(f.Change), figure(f.Bound))
	case ErrAccountStatus:
		return fmt.Sprintf("account does not allow this: %s is %s", at, f.Of)
	case ErrNotEmpty:
		return fmt.Sprintf("account is not empty: %s stands at %s with %s held in open holds", at, c.Format(f.Has), c.Format(f.Change))
	case ErrPeriodClosed:
		return fmt.Sprintf("period is closed: value date %s, closed through %s", f.Date, f.Closed)
	case ErrPeriodOrder:
		return fmt.Sprintf("period cannot be moved to %s: %s, %s", dateOr("no closed date", f.Date), closedThrough(f.Closed), f.Of)
	case ErrExceedsHold, ErrExceedsEntry:
		return fmt.Sprintf("%v %q: %s has %s left, %s is asked for", f.Reason, f.Of, at, c.Format(f.Has), c.Format(f.Change))
	case ErrAssertion:
		return fmt.Sprintf("balance assertion failed: %s stands at %s, not at %s%s", at, c.Format(f.Has), c.Format(f.Bound), onDate(f.Date))
	}
	return fmt.Sprintf("%v: %s", f.Reason, f.Of)
}

func closedThrough(d calendar.Date) string {
	if d.IsZero() {
		return "nothing is closed"
	}
	return "closed through " + d.String()
}

func dateOr(none string, d calendar.Date) string {
	if d.IsZero() {
		return none
	}
	return d.String()
}

func onDate(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return ", on " + d.String()
}

// code is the reason's number in the journal.
func (f *Failure) code() byte {
	for i, reason := range reasons {
		if i > 0 && reason == f.Reason { //nolint:errorlint // the sentinels themselves
			return byte(i)
		}
	}
	panic(fmt.Sprintf("ledger: failure for no known reason: %v", f.Reason)) // a broken invariant of ours
}
