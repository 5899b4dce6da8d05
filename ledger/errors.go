package ledger

import (
	"errors"
	"fmt"
)

// Sentinels a caller may branch on with errors.Is. What the state of the ledger
// refuses is a *Failure with a sentinel of its own. Every error is definite,
// nothing was booked, except one that wraps ErrIndefinite.
var (
	// ErrInvalid marks a request that can never be booked, whatever the state
	// of the ledger. The error is an *EntryError that lists every fault.
	ErrInvalid = errors.New("entry is invalid")
	// ErrUnbalanced is a fault of an invalid entry: debits and credits differ.
	ErrUnbalanced = errors.New("entry does not balance")
	// ErrUnknownAccount marks a path that no pattern of the chart matches, or
	// matches with another type than the account was opened with. It is a fault of
	// an *EntryError.
	ErrUnknownAccount = errors.New("account is not in the chart")
	// ErrKeyConflict marks a key that was taken by a request of other content,
	// booked or refused. The error is a *ConflictError.
	ErrKeyConflict = errors.New("key was used for another entry")
	// ErrNotApplied marks an item of an atomic batch that was not applied because
	// another one failed, which its text names.
	ErrNotApplied = errors.New("not applied")
	// ErrIndefinite marks an outcome nobody knows: the commit failed half-way
	// or its answer was lost. Ask again with the same key.
	ErrIndefinite = errors.New("outcome is unknown")
	// ErrCorrupt marks stored data that contradicts itself.
	ErrCorrupt = errors.New("stored data is corrupt")
)

// EntryError reports every fault of one invalid entry or other request. Its key
// stays free.
type EntryError struct {
	Key    string
	Faults []error // those of one posting are *PostingError
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

// ItemError places an error in one item of a batch.
type ItemError struct {
	Index int // from 0
	Err   error
}

// Error names the item.
func (e *ItemError) Error() string { return fmt.Sprintf("item %d: %v", e.Index, e.Err) }

// Unwrap gives the fault.
func (e *ItemError) Unwrap() error { return e.Err }

// ConflictError names the first field in which a request differs from the one
// that took its key.
type ConflictError struct {
	Key   string
	Field string // in words: "kind", "posting 0"
	Seq   uint64 // sequence of the item that took the key
	Was   string // the field's value then
	Now   string // and in this request
}

// Error names the field and both values.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("key %q was used for another entry (seq %d): %s was %q, is now %q", e.Key, e.Seq, e.Field, e.Was, e.Now)
}

// Is makes errors.Is(err, ErrKeyConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrKeyConflict }

// Failed gives what went wrong in a batch as one error, nil if nothing did. It
// joins the errors of the items, each placed by an *ItemError when there are
// several items, and leaves out those that wrap ErrNotApplied: of an atomic
// batch the error of the one item that failed is left.
func Failed(outcomes []Outcome) error {
	var errs []error
	for i := range outcomes {
		err := outcomes[i].Err
		if err == nil || errors.Is(err, ErrNotApplied) {
			continue
		}
		if len(outcomes) > 1 {
			err = &ItemError{Index: i, Err: err}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
