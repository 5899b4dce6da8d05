package report

import (
	"errors"
	"fmt"
)

// The faults callers branch on, with errors.Is. The text around them carries the figures.
var (
	// ErrBadRow: a row contradicts itself or the file it is in. A [RowError] says which and where.
	ErrBadRow = errors.New("bad row")
	// ErrUnknownFormat: a text names no format.
	ErrUnknownFormat = errors.New("unknown format")
	// ErrNameTaken: a set was given the same report twice, or its file name belongs to another report.
	ErrNameTaken = errors.New("file name is taken")
	// ErrBadManifest: a manifest cannot be read, or says something that cannot be.
	ErrBadManifest = errors.New("bad manifest")
)

// RowError places a fault in a row: the number of the row from 1, and the column where it is one column's fault. It
// wraps the cause, which wraps [ErrBadRow] when the row is to blame.
type RowError struct {
	Report string
	Row    int64
	Column string // empty: the row as a whole
	Err    error
}

// Error returns "itemised report, row 3, column net: ...".
func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s report, row %d: %v", e.Report, e.Row, e.Err)
	}
	return fmt.Sprintf("%s report, row %d, column %s: %v", e.Report, e.Row, e.Column, e.Err)
}

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// badRow is an ErrBadRow with figures.
func badRow(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBadRow, fmt.Sprintf(format, args...))
}
