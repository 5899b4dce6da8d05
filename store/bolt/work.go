package bolt

import (
	"bytes"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// work is what is under way to keep the indexes in order: tails are written as
// runs, and runs merged, a little with each Save. After a transaction that was
// rolled back it goes on where the one before left it: else a merge that takes
// thousands of Saves would never be done where one in a thousand is rolled back.
type work struct {
	jobs

	tx     *bbolt.Tx   // that went on with it last
	base   ledger.Head // before that transaction
	head   ledger.Head // after its last Save
	before jobs        // as they were before it
	wrote  map[uint64]bool
}

// jobs are the runs that are being written.
type jobs struct {
	flush  *flush
	merges map[uint64]*job // by level of the runs they merge
}

// begin prepares for a transaction. The head tells whether the one before it is
// in the file: nobody saves without coming here.
func (w *work) begin(tx *bbolt.Tx, base ledger.Head) {
	if w.tx == tx {
		return
	}
	switch base {
	case w.head:
		w.before = w.copy()
	case w.base:
		w.jobs = w.before.copy()
	default:
		w.jobs, w.before = jobs{}, jobs{}
	}
	w.tx, w.base, w.wrote = tx, base, nil
}

// copy is the jobs as they are between two transactions. A page that is begun is
// shared: one of the two alone is gone on with.
func (j jobs) copy() (out jobs) {
	if j.flush != nil {
		flush := *j.flush
		out.flush = &flush
	}
	if len(j.merges) > 0 {
		out.merges = make(map[uint64]*job, len(j.merges))
		for level, merge := range j.merges {
			next := *merge
			next.source.cursors = nil
			out.merges[level] = &next
		}
	}
	return out
}

// writes notes that a bucket is written to in this transaction.
func (w *work) writes(id uint64) {
	if w.wrote == nil {
		w.wrote = make(map[uint64]bool)
	}
	w.wrote[id] = true
}

// job merges runs into one.
type job struct {
	run    run
	source mergeSource
	writer pairWriter
	total  uint64 // pairs there are to write, about
	owed   uint64 // pairs it should have written by now
	items  uint64 // it should be done when half so many more are saved
}

const (
	// fanIn is how many runs of a level become one of the next.
	fanIn     = 1 << fanInBits
	fanInBits = 3
	// leastStep is how many pairs a job writes at once at least: taking it up
	// again costs some searches.
	leastStep = 2048
)

// maintain does the work that is due after a Save that leads from one head to
// another.
func (t *Tx) maintain(g *gathered, base, head ledger.Head) error {
	if g == nil || t.memory == nil {
		return nil
	}
	w := &t.memory.work
	w.begin(t.tx, base)
	items := head.Seq - base.Seq
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
		w.jobs, w.head = jobs{}, ledger.Head{} // a job may have lost the pair that failed
		return fmt.Errorf("keep the indexes in order: %w", err)
	}
	w.head = head
	return nil
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
		if j == nil || !slices.Equal(j.source.runs, sources) {
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
	j := &job{run: run{level: first.level + 1, first: first.first, last: last.last}, source: mergeSource{runs: sources}}
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
	bucket, err := t.jobBucket(&j.run)
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
		if err := j.writer.add(bucket, f, p); err != nil {
			return false, err
		}
		j.run.pairs++
	}
	return false, nil
}

// jobBucket gives the bucket of a run that is being written.
func (t *Tx) jobBucket(r *run) (bucket *bbolt.Bucket, err error) {
	if r.id != 0 {
		bucket, err = t.runBucket(*r)
	} else {
		runs := t.bucket(bucketRuns)
		last, _ := runs.Cursor().Last()
		r.id = 1
		if len(last) == 8 {
			r.id = idOf(last) + 1
		}
		bucket, err = runs.CreateBucket(be(r.id))
	}
	if err != nil {
		return nil, fmt.Errorf("run %d: %w", r.id, err)
	}
	bucket.FillPercent = 1.0
	t.memory.work.writes(r.id)
	return bucket, nil
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
