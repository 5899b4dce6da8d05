package feed

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// inTurn gives one run after the other.
func (s *Sorter) inTurn(yield func(Kept, error) bool) {
	for c := s.read(0, stretch{0, s.end}, 256<<10); c.more; c.step() {
		if !yield(c.kept, c.err) || c.err != nil {
			return
		}
	}
}

// merge gives the least of all runs, again and again.
func (s *Sorter) merge(yield func(Kept, error) bool) {
	m := &merging{compare: s.compare}
	for i, run := range s.runs {
		m.runs = append(m.runs, s.read(i, run, 32<<10))
	}
	heap.Init(m)
	for len(m.runs) > 0 {
		least := m.runs[0]
		if !yield(least.kept, least.err) || least.err != nil {
			return
		}
		if least.step(); least.more {
			heap.Fix(m, 0)
		} else {
			heap.Pop(m)
		}
	}
}

// runReader is how far a run was read.
type runReader struct {
	number int
	from   *bufio.Reader
	names  *names
	buffer []byte
	kept   Kept
	err    error
	more   bool
}

// read reads the first row of a run.
func (s *Sorter) read(number int, run stretch, buffered int) *runReader {
	r := &runReader{number: number, names: &s.names, from: bufio.NewReaderSize(io.NewSectionReader(s.file, run.from, run.to-run.from), buffered)}
	r.step()
	return r
}

func (r *runReader) step() {
	length, err := binary.ReadUvarint(r.from)
	if r.more = !errors.Is(err, io.EOF); !r.more {
		return
	}
	if err == nil {
		r.buffer = slices.Grow(r.buffer[:0], int(length))[:length]
		_, err = io.ReadFull(r.from, r.buffer)
	}
	if r.err = err; err == nil {
		r.kept, r.err = r.names.decodeKept(string(r.buffer))
	}
}

// merging is a heap of runs, the one with the least row first.
type merging struct {
	runs    []*runReader
	compare func(a, b *Kept) int
}

// Len implements heap.Interface.
func (m *merging) Len() int { return len(m.runs) }

// Less implements heap.Interface. Errors come first.
func (m *merging) Less(i, j int) bool {
	a, b := m.runs[i], m.runs[j]
	if a.err != nil || b.err != nil {
		return a.err != nil
	}
	return cmp.Or(m.compare(&a.kept, &b.kept), cmp.Compare(a.number, b.number)) < 0
}

// Swap implements heap.Interface.
func (m *merging) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }

// Push implements heap.Interface; nothing is pushed.
func (m *merging) Push(any) {}

// Pop implements heap.Interface.
func (m *merging) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
