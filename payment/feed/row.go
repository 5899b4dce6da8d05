package feed

import (
	"errors"

	"github.com/settlex/settlex/payment"
)

// A Row is an event with the place it was read from. Its strings share the
// memory of Raw: clone those that are kept for long.
type Row struct {
	payment.Event

	File   string // name given to Read
	Line   int    // from 1
	Raw    string // the line as the file has it, without its line break
	Header string // CSV: the header line, likewise

	columns [fieldCount]int32 // where each field stands; 0: not in the file
}

// Place gives the line and column, both from 1, of a field: of the row's first
// byte when the file does not have the field.
func (r Row) Place(f payment.Field) (line, column int) {
	if i, ok := indexOf(f); ok && r.columns[i] > 0 {
		return r.Line, int(r.columns[i])
	}
	return r.Line, 1
}

// Fault places a fault that was found in the row's event: at its field if err is
// or wraps a *payment.FieldError, else at the row's first byte.
func (r Row) Fault(err error) *Error {
	e := &Error{File: r.File, Line: r.Line, Column: 1, Err: err}
	found, ok := errors.AsType[*payment.FieldError](err)
	if !ok {
		return e
	}
	_, e.Column = r.Place(found.Field)
	if err.Error() == found.Error() { // else the text around it names the field already
		e.Field, e.Err = found.Field, found.Err
	}
	return e
}
