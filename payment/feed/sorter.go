package feed

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
	"iter"
	"os"
	"slices"
)

// A Sorter takes any number of rows and gives them in order, in memory that does
// not grow with them: what is too much for it stands in a temporary file meanwhile.
//
//	sorter := feed.NewSorter(byLine, feed.SorterOptions{})
//	defer sorter.Close()
//	... sorter.Add(kept) ...
//	for kept, err := range sorter.All() {
//
// A row that was in the file has of its fault the text alone. On systems that let
// an open file be removed, not even a crash leaves it.
type Sorter struct {
	compare func(a, b *Kept) int // nil: the order they came in
	options SorterOptions
	count   int
	rows    []*Kept // that are in no run
	names   names
	file    *os.File // nil: none is needed
	end     int64
	runs    []stretch // of the file, in order of their rows' coming
	buffer  []byte    // for reuse
}

// SorterOptions say how much is kept where. The zero value is good.
type SorterOptions struct {
	// Dir is where the temporary file is made, if one is needed; empty: os.TempDir.
	Dir string
	// Rows is how many rows are kept in memory; 0: 16,384.
	Rows int
}

// stretch is a part of a file.
type stretch struct{ from, to int64 }

// NewSorter orders rows by what compare says, and those that are equal by that, or
// all of them where it is nil, as they come.
func NewSorter(compare func(a, b *Kept) int, options SorterOptions) *Sorter {
	options.Rows = cmp.Or(options.Rows, 1<<14)
	return &Sorter{compare: compare, options: options}
}

// Len is how many rows there are.
func (s *Sorter) Len() int { return s.count }

// Add takes a row. The errors are those of the file.
func (s *Sorter) Add(k Kept) error {
	s.rows = append(s.rows, &k)
	s.count++
	if len(s.rows) < s.options.Rows {
		return nil
	}
	return s.spill()
}

// sort orders the rows in memory.
func (s *Sorter) sort() {
	if s.compare != nil {
		slices.SortStableFunc(s.rows, s.compare)
	}
}

// spill writes the rows in memory to the file, as a run.
func (s *Sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp(s.options.Dir, ".settlex-rows-*"); err != nil {
			return err
		}
		_ = os.Remove(s.file.Name()) // else it is removed when it is closed
	}
	s.sort()
	out := bufio.NewWriterSize(io.NewOffsetWriter(s.file, s.end), 256<<10)
	run := stretch{from: s.end, to: s.end}
	for i := range s.rows {
		if s.buffer, err = s.names.appendKept(s.buffer[:0], s.rows[i]); err != nil {
			return err
		}
		var length [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(length[:], uint64(len(s.buffer)))
		if _, err := out.Write(length[:n]); err != nil {
			return err
		}
		if _, err := out.Write(s.buffer); err != nil {
			return err
		}
		run.to += int64(n + len(s.buffer))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	s.end, s.runs = run.to, append(s.runs, run)
	clear(s.rows)
	s.rows = s.rows[:0]
	return nil
}

// All gives the rows in order. It may be run through any number of times, and rows
// may be added in between.
func (s *Sorter) All() iter.Seq2[Kept, error] {
	if len(s.runs) == 0 {
		return func(yield func(Kept, error) bool) {
			s.sort()
			for i := range s.rows {
				if !yield(*s.rows[i], nil) {
					return
				}
			}
		}
	}
	return func(yield func(Kept, error) bool) {
		if len(s.rows) > 0 {
			if err := s.spill(); err != nil {
				yield(Kept{}, err)
				return
			}
		}
		if s.compare == nil {
			s.inTurn(yield)
		} else {
			s.merge(yield)
		}
	}
}

// Close removes the temporary file. Closing again does nothing.
func (s *Sorter) Close() error {
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file, s.rows = nil, nil
	err := file.Close()
	_ = os.Remove(file.Name()) // it may be gone
	return err
}
