package feed

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/settlex/settlex/payment"
)

// Faults of a row, for callers that branch on them. A bad amount or an unknown
// currency wraps the sentinel of package money.
var (
	// ErrMissing: a field that the row needs is empty.
	ErrMissing = errors.New("missing")
	// ErrUnknownKind: the kind is none of payment.Kinds and not in Mapping.Kinds.
	ErrUnknownKind = errors.New("unknown kind")
	// ErrBadTime: the time cannot be read, or its zone is unknown.
	ErrBadTime = errors.New("bad time")
	// ErrBadText: the value holds bytes that no value may hold.
	ErrBadText = errors.New("bad text")
	// ErrCardNumber: free text looks like a card number.
	ErrCardNumber = payment.ErrCardNumber
	// ErrUnknownColumn: a column or JSON key feeds nothing and is not ignored.
	ErrUnknownColumn = errors.New("unknown")
	// ErrMalformed: the row is not a row of its format.
	ErrMalformed = errors.New("malformed row")
	// ErrTooLong: the row is longer than MaxRow.
	ErrTooLong = errors.New("row too long")
)

// An Error is a fault of one row. The reader goes on behind it.
type Error struct {
	File   string        // name given to Read
	Line   int           // from 1
	Column int           // in bytes, from 1
	Field  payment.Field // the field at fault; empty: the row as a whole
	Err    error         // the fault itself
}

// Error says place, field, fault: "payments.csv:17:9: amount: ...".
func (e *Error) Error() string {
	text := place(e.File, e.Line, e.Column) + ": "
	if e.Field != "" {
		text += string(e.Field) + ": "
	}
	return text + e.Err.Error()
}

// Unwrap gives the fault itself.
func (e *Error) Unwrap() error { return e.Err }

// A FileError is a fault after which no further row can be read: a header that
// does not fit the mapping, a failing reader, a cancelled context.
type FileError struct {
	File   string // name given to Read
	Line   int    // from 1; 0: the file as a whole
	Column int    // in bytes, from 1; 0: the line as a whole
	Err    error  // the fault itself
}

// Error says place and fault: "payments.csv:1:9: unknown column ...".
func (e *FileError) Error() string {
	return place(e.File, e.Line, e.Column) + ": " + e.Err.Error()
}

// Unwrap gives the fault itself.
func (e *FileError) Unwrap() error { return e.Err }

// place writes file:line:column and leaves out what is not known.
func place(file string, line, column int) string {
	if file == "" {
		file = "input"
	}
	switch {
	case line == 0:
		return file
	case column == 0:
		return file + ":" + strconv.Itoa(line)
	default:
		return fmt.Sprintf("%s:%d:%d", file, line, column)
	}
}

// A fault is an Error before it knows its row.
type fault struct {
	column int
	field  payment.Field
	err    error
}

// malformed is the fault of a row that is not a row of its format.
func malformed(column int, format string, args ...any) *fault {
	return &fault{column: column, err: fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)}
}

// quote shows a value of the file in an error: quoted, at most 40 bytes of it,
// without card numbers.
func quote(s string) string {
	const most = 40
	s = payment.MaskCards(s)
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
