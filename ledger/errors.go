package ledger

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/money"
)

// Sentinels a caller may branch on with errors.Is.
var (
	// ErrInvalid marks an entry that can never be booked, whatever the state
	// of the ledger. The error is an *EntryError that lists every fault.
	ErrInvalid = errors.New("entry is invalid")
	// ErrUnbalanced is a fault of an invalid entry: debits and credits differ.
	ErrUnbalanced = errors.New("entry does not balance")
	// ErrUnknownAccount marks a path that no pattern of the chart matches.
	ErrUnknownAccount = errors.New("account is not in the chart")
	// ErrInsufficientFunds marks an entry that would take a limited account
	// below its floor. The error is a *FundsError.
	ErrInsufficientFunds = errors.New("insufficient funds")
	// ErrKeyConflict marks a key that was taken by an entry of other content.
	// The error is a *ConflictError.
	ErrKeyConflict = errors.New("key was used for another entry")
	// ErrIndefinite marks an outcome nobody knows: the commit failed half-way
	// or its answer was lost. Ask again with the same key.
	ErrIndefinite = errors.New("outcome is unknown")
	// ErrCorrupt marks stored data that contradicts itself.
	ErrCorrupt = errors.New("stored data is corrupt")
)

// EntryError reports every fault of one invalid entry.
type EntryError struct {
	Key    string
	Faults []error
}

// Error lists the faults in the order they were looked for.
func (e *EntryError) Error() string {
	return fmt.Sprintf("entry %q: %v", e.Key, errors.Join(e.Faults...))
}

// Unwrap makes errors.Is find ErrInvalid and each fault.
func (e *EntryError) Unwrap() []error { return append([]error{ErrInvalid}, e.Faults...) }

// PostingError places a fault in one posting of an entry.
type PostingError struct {
	Index int // from 0
	Err   error
}

// Error names the posting.
func (e *PostingError) Error() string { return fmt.Sprintf("posting %d: %v", e.Index, e.Err) }

// Unwrap gives the fault.
func (e *PostingError) Unwrap() error { return e.Err }

// FundsError gives the figures of a limited account that would fall below its
// floor. Amounts are minor units of the account's currency.
type FundsError struct {
	Key       string
	Account   AccountID
	Available money.Amount // before the entry
	Change    money.Amount // net effect of the whole entry, negative
	Floor     money.Amount
}

// Error gives the figures in major units.
func (e *FundsError) Error() string {
	c := e.Account.Currency
	return fmt.Sprintf("entry %q: insufficient funds: %s has %s %s available, the entry takes %s, the floor is %s",
		e.Key, e.Account.Path, c, c.Format(e.Available), c.Format(e.Change.Neg()), c.Format(e.Floor))
}

// Is makes errors.Is(err, ErrInsufficientFunds) true.
func (e *FundsError) Is(target error) bool { return target == ErrInsufficientFunds }

// ConflictError names the first field in which an entry differs from the one
// that took its key.
type ConflictError struct {
	Key   string
	Field string
	Seq   uint64 // sequence of the entry that took the key
	Was   string
	Now   string
}

// Error names the field and both values.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("key %q was used for another entry (seq %d): %s was %q, is now %q", e.Key, e.Seq, e.Field, e.Was, e.Now)
}

// Is makes errors.Is(err, ErrKeyConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrKeyConflict }
