package bolt

import "slices"

// sortedTail is a tail in the form of a run: what is to be put into its bucket.
type sortedTail struct {
	pages []sortedPage
	pairs uint64
	err   error
}

type sortedPage struct{ key, value []byte }

// Put implements pageSink.
func (s *sortedTail) Put(key, value []byte) error {
	s.pages = append(s.pages, sortedPage{key, value})
	return nil
}

// longTail is how many items are worth a goroutine.
const longTail = 1024

// freeze has a tail sorted. Nothing may be added to it any more.
func (t *tail) freeze() {
	t.ready = make(chan struct{})
	sort := func() {
		defer close(t.ready)
		t.sorted = t.sort()
	}
	if t.last-t.after < longTail {
		sort()
		return
	}
	go sort()
}

func (t *tail) sort() *sortedTail {
	out, source, writer := &sortedTail{}, &tailSource{tail: t}, pairWriter{}
	for {
		f, p, err := source.next()
		switch {
		case err != nil:
			out.err = err
			return out
		case f == 0:
			out.err = writer.flush(out)
			return out
		}
		if out.err = writer.add(out, f, p); out.err != nil {
			return out
		}
		out.pairs++
	}
}

// isReady tells whether a frozen tail is sorted.
func (t *tail) isReady() bool {
	select {
	case <-t.ready:
		return true
	default:
		return false
	}
}

// flush writes a tail as a run.
type flush struct {
	tail   *tail
	run    run
	pages  int    // written
	hashes int    // written
	owed   uint64 // units it should have written by now: pages, and hashesPerUnit hashes
}

const (
	// leastUnits is how many units are written at once at least.
	leastUnits = 8
	// hashesPerUnit is how many hashes of the Merkle log cost as much as a page.
	hashesPerUnit = 4
)

func (f *flush) units() uint64 {
	return uint64(len(f.tail.sorted.pages)) + uint64(len(f.tail.hashes))/hashesPerUnit + 1
}

// flushTails goes on writing the first tail that no run holds. While it is being
// sorted there is nothing to write, unless others wait behind it already.
func (t *Tx) flushTails(w *work, runs []run, items uint64) ([]run, error) {
	after := flushed(runs)
	tail, behind := t.memory.frozen(after)
	if tail == nil {
		w.flush = nil
		return runs, nil
	}
	if !tail.isReady() && behind < 2 {
		return runs, nil
	}
	<-tail.ready
	if tail.sorted.err != nil {
		return runs, tail.sorted.err
	}
	if w.flush == nil || w.flush.tail != tail {
		w.flush = &flush{tail: tail, run: run{first: after + 1, last: tail.last, pairs: tail.sorted.pairs}}
	}
	done, err := w.flush.step(t, items)
	if !done || err != nil {
		return runs, err
	}
	runs = append(slices.Clone(runs), w.flush.run)
	w.flush = nil
	return runs, t.putRuns(runs)
}

// step goes on as far as it is due after some more items: a flush is done after
// half of the items that the tail has.
func (f *flush) step(t *Tx, items uint64) (done bool, err error) {
	units := f.units()
	f.owed += 2*units*items/(f.tail.last-f.tail.after) + 1
	if f.owed < min(leastUnits, units/fanIn+1) {
		return false, nil
	}
	bucket, err := t.jobBucket(&f.run)
	if err != nil {
		return false, err
	}
	for pages := f.tail.sorted.pages; f.owed > 0 && f.pages < len(pages); f.owed, f.pages = f.owed-1, f.pages+1 {
		if err := bucket.Put(pages[f.pages].key, pages[f.pages].value); err != nil {
			return false, err
		}
	}
	log := t.bucket(bucketHashes)
	log.FillPercent = 1.0
	for ; f.owed > 0 && f.hashes < len(f.tail.hashes); f.owed-- {
		to := min(f.hashes+hashesPerUnit, len(f.tail.hashes))
		for ; f.hashes < to; f.hashes++ {
			index := uint64(f.tail.log) + uint64(f.hashes) //nolint:gosec // they count
			if err := log.Put(be(index), f.tail.hashes[f.hashes][:]); err != nil {
				return false, err
			}
		}
	}
	return f.owed > 0, nil
}
