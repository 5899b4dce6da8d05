package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrJournal marks a journal that cannot be booked as it is. The error is a
// *FaultsError.
var ErrJournal = errors.New("journal cannot be booked")

// ErrChanged marks a journal whose files are not what they were when it was
// opened.
var ErrChanged = errors.New("journal has changed since it was opened")

// Fault is one thing that keeps a journal out, and where it stands.
type Fault struct {
	File   string
	Line   int // from 1; 0: the fault is of the whole file
	Column int // in characters, from 1
	Text   string
}

// String is "file:line:column: what is wrong".
func (f Fault) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text)
}

// FaultsError lists what keeps a journal out, in the order of its files and
// lines.
type FaultsError struct {
	Faults []Fault // at most 1,000
	More   int     // further faults, which are not listed
}

// Error lists the first twenty, one on a line.
func (e *FaultsError) Error() string {
	const shown = 20
	var b strings.Builder
	plural := "s"
	if len(e.Faults)+e.More == 1 {
		plural = ""
	}
	fmt.Fprintf(&b, "%v: %d fault%s", ErrJournal, len(e.Faults)+e.More, plural)
	for _, f := range e.Faults[:min(shown, len(e.Faults))] {
		b.WriteString("\n" + f.String())
	}
	if rest := len(e.Faults) + e.More - shown; rest > 0 {
		fmt.Fprintf(&b, "\n... and %d more", rest)
	}
	return b.String()
}

// Is makes errors.Is(err, ErrJournal) true.
func (e *FaultsError) Is(target error) bool { return target == ErrJournal }

// place is where something stands: the number of the file in the order of
// reading, line and column.
type place struct{ file, line, column int }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.file, q.file), cmp.Compare(p.line, q.line), cmp.Compare(p.column, q.column))
}

// maxFaults bounds how many faults are kept.
const maxFaults = 1000

// faults collects what is wrong.
type faults struct {
	kept []placed
	more int
}

type placed struct {
	place
	text string
}

func (f *faults) add(at place, format string, args ...any) {
	if len(f.kept) == maxFaults {
		f.more++
		return
	}
	f.kept = append(f.kept, placed{at, fmt.Sprintf(format, args...)})
}

// err gives the faults as an error, nil when there is none.
func (f *faults) err(files []string) error {
	if len(f.kept) == 0 {
		return nil
	}
	slices.SortStableFunc(f.kept, func(a, b placed) int { return a.compare(b.place) })
	out := &FaultsError{More: f.more}
	for _, p := range f.kept {
		out.Faults = append(out.Faults, Fault{File: files[p.file], Line: p.line, Column: p.column, Text: p.text})
	}
	return out
}
