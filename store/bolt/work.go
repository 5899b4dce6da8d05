package bolt

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// work is what is under way to keep the indexes in order: tails are written as
// runs, and runs merged, a little with each Save. After a transaction that was
// rolled back it begins anew.
type work struct {
	flush  *job
	merges map[uint64]*job // by level of the runs they merge

	tx        *bbolt.Tx     // that went on with it last
	serial    uint64        // of that transaction
	committed atomic.Uint64 // serial of the last one that is in the file
	wrote     map[uint64]bool
}

// begin prepares for a transaction.
func (w *work) begin(tx *bbolt.Tx) {
	if w.tx == tx {
		return
	}
	if w.committed.Load() != w.serial {
		w.flush, w.merges = nil, nil
	}
	w.tx, w.wrote = tx, nil
	w.serial++
	serial := w.serial
	tx.OnCommit(func() { w.committed.Store(serial) })
}

// writes notes that a bucket is written to in this transaction.
func (w *work) writes(id uint64) {
	if w.wrote == nil {
		w.wrote = make(map[uint64]bool)
	}
	w.wrote[id] = true
}

// job writes one run.
type job struct {
	run    run
	source source
	writer pairWriter
	total  uint64 // pairs there are to write, about
	owed   uint64 // pairs it should have written by now
	items  uint64 // it should be done when so many more are saved
}

// source gives the pairs of a run in order.
type source interface {
	// resume prepares for a transaction.
	resume(t *Tx) error
	// next gives a pair; family 0: there is none left.
	next() (family, pair, error)
}

const (
	// fanIn is how many runs of a level become one of the next.
	fanIn     = 1 << fanInBits
	fanInBits = 3
	// leastStep is how many pairs a job writes at once at least: taking it up
	// again costs some searches.
	leastStep = 2048
)

// maintain does the work that is due after a Save of some items.
func (t *Tx) maintain(g *gathered, items uint64) error {
	if g == nil || t.memory == nil {
		return nil
	}
	w := &t.memory.work
	w.begin(t.tx)
	runs, err := t.runs()
	if err == nil {
		err = t.dropDead(w, runs)
	}
	if err == nil {
		runs, err = t.flushTails(w, runs, items)
	}
	if err == nil {
		err = t.mergeRuns(w, runs, items)
	}
	if err != nil {
		w.flush, w.merges = nil, nil // a job may have lost the pair that failed
		return fmt.Errorf("keep the indexes in order: %w", err)
	}
	return nil
}

// flushTails goes on writing the first tail that no run holds.
func (t *Tx) flushTails(w *work, runs []run, items uint64) ([]run, error) {
	after := flushed(runs)
	tail := t.memory.frozen(after)
	if tail == nil {
		w.flush = nil
		return runs, nil
	}
	if w.flush == nil || w.flush.source.(*tailSource).tail != tail {
		w.flush = &job{
			run: run{first: after + 1, last: tail.last}, source: &tailSource{tail: tail},
			total: uint64(len(tail.keys) + len(tail.references) + 5*len(tail.moves)/2 + len(tail.hashes)), items: tail.last - after,
		}
	}
	done, err := t.step(w.flush, items)
	if !done || err != nil {
		return runs, err
	}
	runs = append(slices.Clone(runs), w.flush.run)
	w.flush = nil
	return runs, t.putRuns(runs)
}

// mergeRuns goes on merging the oldest runs of each level that has enough.
func (t *Tx) mergeRuns(w *work, runs []run, items uint64) error {
	for level := uint64(0); level <= topLevel(runs); level++ {
		from, n := ofLevel(runs, level)
		if n < fanIn {
			delete(w.merges, level)
			continue
		}
		sources := runs[from : from+fanIn]
		j := w.merges[level]
		if j == nil || !slices.Equal(j.source.(*mergeSource).runs, sources) {
			if w.merges == nil {
				w.merges = make(map[uint64]*job)
			}
			j = newMerge(sources)
			w.merges[level] = j
		}
		done, err := t.step(j, items)
		if err != nil {
			return err
		}
		if done {
			delete(w.merges, level)
			runs = slices.Replace(slices.Clone(runs), from, from+fanIn, j.run)
			if err := t.putRuns(runs); err != nil {
				return err
			}
		}
	}
	return nil
}

func topLevel(runs []run) (top uint64) {
	for _, r := range runs {
		top = max(top, r.level)
	}
	return top
}

// ofLevel gives the place and the number of the runs of a level.
func ofLevel(runs []run, level uint64) (from, n int) {
	from = slices.IndexFunc(runs, func(r run) bool { return r.level == level })
	if from < 0 {
		return 0, 0
	}
	for _, r := range runs[from:] {
		if r.level != level {
			break
		}
		n++
	}
	return from, n
}

func newMerge(sources []run) *job {
	sources = slices.Clone(sources)
	first, last := sources[0], sources[len(sources)-1]
	j := &job{run: run{level: first.level + 1, first: first.first, last: last.last}, source: &mergeSource{runs: sources}}
	for _, r := range sources {
		j.total += r.pairs
	}
	j.items = j.run.items()
	return j
}

func (t *Tx) putRuns(runs []run) error {
	return t.bucket(bucketMeta).Put(keyRuns, encodeRuns(runs))
}

// step goes on with a job as far as it is due after some more items: it is to be
// done after half of the items that it is given.
func (t *Tx) step(j *job, items uint64) (done bool, err error) {
	j.owed += 2*j.total*items/max(j.items, 1) + 1
	if j.owed < min(leastStep, j.total/fanIn+1) {
		return false, nil
	}
	bucket, err := t.jobBucket(j)
	if err != nil {
		return false, err
	}
	if err := j.source.resume(t); err != nil {
		return false, err
	}
	for ; j.owed > 0; j.owed-- {
		f, p, err := j.source.next()
		if err != nil {
			return false, err
		}
		if f == 0 {
			return true, j.writer.flush(bucket)
		}
		if err := j.put(t, bucket, f, p); err != nil {
			return false, err
		}
	}
	return false, nil
}

// put writes a pair, to the run or to the Merkle log.
func (j *job) put(t *Tx, bucket *bbolt.Bucket, f family, p pair) error {
	if f == familyHashes {
		hashes := t.bucket(bucketHashes)
		hashes.FillPercent = 1.0
		return hashes.Put(be(p.a), p.note)
	}
	j.run.pairs++
	return j.writer.add(bucket, f, p)
}

// jobBucket gives the bucket a job writes to.
func (t *Tx) jobBucket(j *job) (bucket *bbolt.Bucket, err error) {
	if j.run.id != 0 {
		bucket, err = t.runBucket(j.run)
	} else {
		runs := t.bucket(bucketRuns)
		last, _ := runs.Cursor().Last()
		j.run.id = 1
		if len(last) == 8 {
			j.run.id = idOf(last) + 1
		}
		bucket, err = runs.CreateBucket(be(j.run.id))
	}
	t.memory.work.writes(j.run.id)
	return bucket, err
}

// dropDead removes one bucket that is no run and that no job writes to: a run
// that was merged, or was never finished. Nothing was written to it in this
// transaction: bbolt loses pages of a bucket that is.
func (t *Tx) dropDead(w *work, runs []run) error {
	alive := make(map[uint64]bool, len(runs)+fanIn)
	for _, r := range runs {
		alive[r.id] = true
	}
	if w.flush != nil {
		alive[w.flush.run.id] = true
	}
	for _, j := range w.merges {
		alive[j.run.id] = true
	}
	buckets := t.bucket(bucketRuns)
	c := buckets.Cursor()
	for key, _ := c.First(); key != nil; key, _ = c.Next() {
		if len(key) == 8 && !alive[idOf(key)] && !w.wrote[idOf(key)] {
			return buckets.DeleteBucket(bytes.Clone(key))
		}
	}
	return nil
}
