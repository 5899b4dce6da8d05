package config

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/reserve"
)

// A reader collects what is wrong with a file while it is read. It knows the
// place of everything that has a key.
type reader struct {
	file    string
	source  source
	faults  Faults
	places  map[string]place    // of each key that is in the file
	faulted map[string]bool     // keys with a fault
	within  map[string]bool     // keys with a fault in what they hold, or their own
	doubts  int                 // how often what is read was found wrong, told or not
	order   map[string][]string // of each object, the keys it may have, as they are read
	others  []*reader           // of the files whose sections replace some of this one
}

func newReader(file string, data []byte) *reader {
	return &reader{
		file: file, source: newSource(data),
		places: make(map[string]place), faulted: make(map[string]bool), within: make(map[string]bool),
		order: make(map[string][]string),
	}
}

// fault notes one thing that is wrong.
func (r *reader) fault(at place, key string, err error) {
	r.faults = append(r.faults, &Fault{File: r.file, Line: at.line, Column: at.column, Key: key, Err: err})
	r.faulted[key] = true
	r.doubt(key)
}

// doubt notes that what was read from a key is not what the file means, for a reason that
// is a fault already: what follows from it is none.
func (r *reader) doubt(key string) {
	r.doubts++
	for k := range upwards(key) {
		r.within[k] = true
	}
}

// err gives all faults in the order of their places, nil for none.
func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.faults
}

// quiet runs something and tells whether it found no fault, and nothing in doubt.
func (r *reader) quiet(run func()) bool {
	before := r.doubts
	run()
	return r.doubts == before
}

// find is the place of a key, or of what should have held it.
func (r *reader) find(key string) place {
	for k := range upwards(key) {
		if at, ok := r.places[k]; ok {
			return at
		}
	}
	return place{1, 1}
}

// adopt notes what a room found wrong with the object that was read from a
// key. It leaves out what follows from a fault of the reading: one that is at
// the same place or within it, or around what is not there.
func (r *reader) adopt(key string, err error) {
	var found Faults
	for _, leaf := range leaves(err) {
		at, problem := r.locate(key, leaf)
		if !r.follows(at) {
			found = append(found, &Fault{Key: at, Err: problem})
		}
	}
	for _, f := range found {
		r.fault(r.find(f.Key), f.Key, f.Err)
	}
}

// follows tells whether a fault at a key may be the consequence of another. What is wrong
// with a value that is in the file is none of a fault around it.
func (r *reader) follows(key string) bool {
	if r.within[key] {
		return true
	}
	if _, there := r.places[key]; there {
		return false
	}
	for k := range upwards(key) {
		if r.faulted[k] {
			return true
		}
	}
	return false
}

// locate finds which key below a given one an error of a room is about. Rooms
// name it in a field of the error, or at the beginning of its text.
func (r *reader) locate(key string, err error) (string, error) {
	if fault, ok := errors.AsType[*fees.Fault](err); ok {
		return join(key, fault.Field), errors.New(fault.Problem)
	}
	if fault, ok := errors.AsType[*reserve.Fault](err); ok {
		return join(key, fault.Field), errors.New(fault.Problem)
	}
	text := err.Error()
	for {
		head, tail, ok := strings.Cut(text, ": ")
		if word, quoted := strconv.Unquote(head); quoted == nil {
			head = word
		}
		next := join(key, head)
		if _, known := r.places[next]; !ok || !known {
			return key, errors.New(text)
		}
		key, text = next, tail
	}
}

// leaves takes joined errors apart, also where something is wrapped around
// them.
func leaves(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if parts := joined(e); parts != nil {
			var all []error
			for _, part := range parts {
				all = append(all, leaves(part)...)
			}
			return all
		}
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// joined gives the parts of an error that errors.Join made; fmt.Errorf makes
// errors of several parts too, and they belong together.
func joined(err error) []error {
	multi, ok := err.(interface{ Unwrap() []error })
	if !ok || multi.Unwrap() == nil || err.Error() != errors.Join(multi.Unwrap()...).Error() {
		return nil
	}
	return multi.Unwrap()
}

// join writes the key of something that another key holds.
func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// upwards gives a key, what holds it, and so on, but not the file itself.
func upwards(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for key != "" && yield(key) {
			key = key[:max(strings.LastIndexAny(key, ".["), 0)]
		}
	}
}
