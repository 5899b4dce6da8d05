package scratch

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"iter"
	"math"
	"os"
	"slices"
)

// sum stands for a name.
type sum [16]byte

// removed is the place of what is not there any more.
const removed uint64 = math.MaxUint64

// entry says where the value of a name stands.
type entry struct {
	sum sum
	at  uint64
}

func (e entry) compare(o entry) int { return bytes.Compare(e.sum[:], o.sum[:]) }

const (
	entryBytes  = len(sum{}) + 8
	pageEntries = 128 // read at once
	mergeRuns   = 4   // of one level become one of the next
)

// run is entries in order, in a file of their own.
type run struct {
	file   *os.File
	level  int
	count  int
	first  []sum // of each page
	filter filter
}

// add writes entries, which are in order, as a run, and merges runs where there
// are enough of one level.
func (s *spill) add(entries []entry) error {
	fresh, err := s.write(0, len(entries), func(yield func(entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	s.runs = append(s.runs, fresh)
	for {
		level, from := s.runs[len(s.runs)-1].level, len(s.runs)-mergeRuns
		if from < 0 || s.runs[from].level != level {
			return nil
		}
		if err := s.merge(from); err != nil {
			return err
		}
	}
}

// merge makes one run of those from one on.
func (s *spill) merge(from int) error {
	old, most := s.runs[from:], 0
	for _, r := range old {
		most += r.count
	}
	merged, err := s.write(old[0].level+1, most, newest(old))
	if err != nil {
		return err
	}
	for _, r := range old {
		if err := discard(r.file); err != nil {
			return err
		}
	}
	s.runs = append(s.runs[:from:from], merged)
	return nil
}

// write writes a run of at most so many entries, which come in order.
func (s *spill) write(level, most int, entries iter.Seq2[entry, error]) (_ *run, err error) {
	r := &run{level: level, filter: newFilter(most)}
	if r.file, err = temporary(s.dir); err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(r.file, 64<<10)
	var row [entryBytes]byte
	for e, err := range entries {
		if err == nil {
			copy(row[:], e.sum[:])
			binary.LittleEndian.PutUint64(row[len(e.sum):], e.at)
			_, err = out.Write(row[:])
		}
		if err != nil {
			return nil, joined(err, discard(r.file))
		}
		if r.count%pageEntries == 0 {
			r.first = append(r.first, e.sum)
		}
		r.count++
		r.filter.add(e.sum)
	}
	if err := out.Flush(); err != nil {
		return nil, joined(err, discard(r.file))
	}
	return r, nil
}

// find looks a name up, in the newest run first.
func (s *spill) find(name sum) (at uint64, ok bool, err error) {
	for _, r := range slices.Backward(s.runs) {
		if !r.filter.has(name) {
			continue
		}
		if at, ok, err = r.find(name); ok || err != nil {
			return at, ok, err
		}
	}
	return 0, false, nil
}

// find reads the one page that can hold a name.
func (r *run) find(name sum) (at uint64, ok bool, err error) {
	page, exact := slices.BinarySearchFunc(r.first, name, func(a, b sum) int { return bytes.Compare(a[:], b[:]) })
	if !exact {
		page--
	}
	if page < 0 {
		return 0, false, nil
	}
	from := page * pageEntries
	var data [pageEntries * entryBytes]byte
	rows := data[:entryBytes*min(pageEntries, r.count-from)]
	if _, err := r.file.ReadAt(rows, int64(from*entryBytes)); err != nil {
		return 0, false, err
	}
	for ; len(rows) > 0; rows = rows[entryBytes:] {
		if e := entryOf(rows); e.sum == name {
			return e.at, true, nil
		}
	}
	return 0, false, nil
}

func entryOf(row []byte) entry {
	return entry{sum(row[:len(sum{})]), binary.LittleEndian.Uint64(row[len(sum{}):])}
}

// newest merges runs, the oldest of which is the first: of a name that several
// have it gives what the newest says.
func newest(runs []*run) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		cursors := make([]*cursor, len(runs))
		for i, r := range runs {
			cursors[i] = r.begin()
		}
		for {
			var least *cursor
			for _, c := range cursors {
				if c.more && (least == nil || c.compare(least.entry) <= 0) { // the last of equals is the newest
					least = c
				}
			}
			if least == nil {
				return
			}
			e, err := least.entry, least.err
			if !yield(e, err) || err != nil {
				return
			}
			for _, c := range cursors {
				if c.more && c.sum == e.sum {
					c.step()
				}
			}
		}
	}
}

// cursor is how far a run was read.
type cursor struct {
	entry
	err  error
	more bool
	from *bufio.Reader
	left int // entries behind this one
}

// begin reads the first entry of a run.
func (r *run) begin() *cursor {
	c := &cursor{from: bufio.NewReaderSize(io.NewSectionReader(r.file, 0, int64(r.count*entryBytes)), 64<<10), left: r.count}
	c.step()
	return c
}

func (c *cursor) step() {
	if c.more = c.left > 0; !c.more {
		return
	}
	c.left--
	var row [entryBytes]byte
	_, c.err = io.ReadFull(c.from, row[:])
	c.entry = entryOf(row[:])
}
