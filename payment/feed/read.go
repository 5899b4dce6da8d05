package feed

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/settlex/settlex/payment"
)

// Read gives the rows of an event file in the order of the file. The name is
// what errors call the file, and tells the format where the mapping does not.
//
// The error of a pair is an *Error for a bad row: its Row then holds File, Line,
// Header and Raw only, in which card numbers that were found are masked, and the
// reader goes on. An error of another type, a *FileError, is the last pair: an
// invalid mapping, a header that does not fit it (all its faults, joined), a
// failing reader, or ctx, which is looked at before every row.
//
// The sequence reads r as it goes, so it can be run through once. r is not
// closed.
func Read(ctx context.Context, name string, r io.Reader, m Mapping) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		reader, err := newReader(name, r, m)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for {
			row, more, err := reader.next(ctx)
			if !more && err == nil {
				return
			}
			if !yield(row, err) || !more {
				return
			}
		}
	}
}

// A reader reads one file.
type reader struct {
	name   string
	lines  *lines
	plan   *plan
	parser parser
	header string
	cells  cells // of the row at hand; one for all rows
}

// A parser knows one format.
type parser interface {
	// begin takes the header off the lines; "" for a format that has none.
	begin(*reader) (header string, err error)
	// parse sorts the values of a row into cells.
	parse(row string, into *cells) *fault
}

func newReader(name string, from io.Reader, m Mapping) (*reader, error) {
	r := &reader{name: name}
	var err error
	if r.plan, err = newPlan(m); err != nil {
		return nil, r.fail(0, fmt.Errorf("mapping %s: %w", m.Name, err))
	}
	format := m.Format
	if format == "" {
		if format, err = FormatOf(name); err != nil {
			return nil, r.fail(0, err)
		}
	}
	if r.lines, err = newLines(from); err != nil {
		return nil, r.fail(0, err)
	}
	r.parser = newParser(format, r.plan, m.Delimiter)
	r.header, err = r.parser.begin(r)
	return r, err
}

func newParser(format Format, p *plan, delimiter string) parser {
	if format == NDJSON {
		return &objectParser{plan: p}
	}
	if delimiter == "" {
		delimiter = ","
	}
	return &csvParser{plan: p, delimiter: delimiter[0]}
}

// fail is a *FileError at the line read last.
func (r *reader) fail(column int, err error) error {
	line := 0
	if r.lines != nil {
		line = r.lines.number
	}
	return &FileError{File: r.name, Line: line, Column: column, Err: err}
}

// next reads one row. Without more there is none, and if there is an error, it
// is the last.
func (r *reader) next(ctx context.Context) (row Row, more bool, err error) {
	if err := ctx.Err(); err != nil {
		return Row{}, false, r.fail(0, err)
	}
	raw, more, err := r.lines.next()
	if err != nil && !more {
		return Row{}, false, r.fail(0, err)
	}
	if !more {
		return Row{}, false, nil
	}
	row = Row{File: r.name, Line: r.lines.number, Raw: raw, Header: r.header}
	if err != nil {
		return row, true, row.at(&fault{column: 1, err: err})
	}
	r.cells = r.plan.constants
	event, bad := r.event(raw)
	if bad != nil {
		row.Raw = r.cells.mask(raw)
		return row, true, row.at(bad)
	}
	row.Event, row.columns = event, r.cells.columns()
	return row, true, nil
}

// event makes a row's text an event.
func (r *reader) event(raw string) (payment.Event, *fault) {
	if bad := checkNUL(raw); bad != nil {
		return payment.Event{}, bad
	}
	if bad := r.parser.parse(raw, &r.cells); bad != nil {
		return payment.Event{}, bad
	}
	return r.plan.event(&r.cells)
}

// checkNUL refuses what is no text at all.
func checkNUL(raw string) *fault {
	if i := strings.IndexByte(raw, 0); i >= 0 {
		return malformed(i+1, "NUL byte")
	}
	return nil
}

// at makes a fault an Error of the row.
func (r Row) at(f *fault) *Error {
	return &Error{File: r.File, Line: r.Line, Column: f.column, Field: f.field, Err: f.err}
}
