package config

import (
	"fmt"
	"strings"
)

// A Fault is one thing that is wrong with a configuration file.
type Fault struct {
	File   string // as given to Load or Parse
	Line   int    // counted from 1
	Column int    // counted from 1, in characters
	Key    string // what it is about, as in fees[2].components[0].rate, lists counted from 0; empty: the file
	Err    error  // what is wrong, with the figures
}

// Error reads "settlex.yaml:12:11: fees[2].components[0].rate: bad rate: ...".
func (f *Fault) Error() string {
	place := fmt.Sprintf("%s:%d:%d: ", f.File, f.Line, f.Column)
	if f.Key != "" {
		place += f.Key + ": "
	}
	return place + f.Err.Error()
}

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Faults are all faults of a file, in the order of their places. They are the
// error of Load and Parse for a file that was read and is not right.
type Faults []*Fault

// Error gives one fault per line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults one by one.
func (f Faults) Unwrap() []error {
	all := make([]error, len(f))
	for i, fault := range f {
		all[i] = fault
	}
	return all
}
