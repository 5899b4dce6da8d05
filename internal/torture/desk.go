package torture

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// hostRows is the bucket of the host's own, beside the ledger's.
var hostRows = []byte("host")

// errAbort is why a host's transaction is given up.
var errAbort = errors.New("the host changed its mind")

// desk is where callers ask, and write down what they ask and what they are told.
type desk struct {
	script
	books *ledger.Ledger
	db    *bbolt.DB
	log   *logFile
	marks marks
	known atomic.Uint64 // the last sequence that was acknowledged
}

// lockWait is how long to wait for a process that has just been killed to let go of the file.
const lockWait = 10 * time.Second

// openDesk opens the file as a host does that keeps its ledger in it. The ledger makes it, because bbolt by itself can leave a
// torn one when it is killed at that.
func openDesk(s script, path string, start time.Time, log *logFile, m marks) (*desk, error) {
	made, err := bolt.Open(path, bolt.Options{LockWait: lockWait})
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	books, err := newBooks(marked{store, m}, start)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &desk{script: s, books: books, db: db, log: log, marks: m}, nil
}

func newBooks(store ledger.Store, start time.Time) (*ledger.Ledger, error) {
	chart, err := newChart()
	if err != nil {
		return nil, err
	}
	return ledger.New(store, ledger.Config{Chart: chart, Clock: clock(start)})
}

// attempt asks for a command once. Nothing but the log tells what came of it.
func (d *desk) attempt(ctx context.Context, by string, c *command) error {
	content, err := c.digest()
	if err != nil {
		return err
	}
	if err := d.log.write(line{By: by, Try: &c.Name, Content: content}); err != nil {
		return err
	}
	got, err := d.ask(ctx, c)
	if err != nil {
		return d.log.write(line{Wrong: fmt.Sprintf("command %s: %v", c.Name, err)})
	}
	for _, o := range got.Outcomes {
		d.noteSeq(o.Seq)
	}
	if err := d.log.write(line{By: by, Got: got}); err != nil {
		return err
	}
	if c.differs {
		return d.differ(ctx, c, got.Outcomes[0])
	}
	return nil
}

func (d *desk) noteSeq(seq uint64) {
	for {
		last := d.known.Load()
		if seq <= last || d.known.CompareAndSwap(last, seq) {
			return
		}
	}
}

// ask goes through the door that fits the command.
func (d *desk) ask(ctx context.Context, c *command) (*answer, error) {
	if c.kind == sweep {
		n, err := d.books.Expire(ctx, c.limit)
		return &answer{Expired: n}, err
	}
	if c.kind == hosted {
		return d.host(ctx, c)
	}
	if c.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.patience)
		defer cancel()
	}
	var outcomes []ledger.Outcome
	var err error
	if c.kind < allOrNone {
		outcomes = []ledger.Outcome{d.direct(ctx, c.requests[0])}
		err = transport(outcomes[0].Err)
	} else {
		outcomes, err = d.books.Execute(ctx, c.mode(), c.requests...)
	}
	if c.patience > 0 && errors.Is(err, context.DeadlineExceeded) {
		return nothing(c, "withdrawn"), nil
	}
	if err != nil {
		return nil, err
	}
	return answered(outcomes)
}

// transport picks out errors that are not about the request.
func transport(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func nothing(c *command, why string) *answer {
	got := &answer{Outcomes: make([]outcome, len(c.requests))}
	for i := range got.Outcomes {
		got.Outcomes[i].Nothing = why
	}
	return got
}

// direct calls the method for a single request.
func (d *desk) direct(ctx context.Context, r ledger.Request) (out ledger.Outcome) {
	switch r := r.(type) {
	case ledger.Entry:
		var results []ledger.Result
		if results, out.Err = d.books.Post(ctx, r); out.Err == nil {
			out.Result = results[0]
		}
	case ledger.Hold:
		out.Result, out.Err = d.books.Hold(ctx, r)
	case ledger.Capture:
		out.Result, out.Err = d.books.Capture(ctx, r)
	case ledger.Release:
		out.Result, out.Err = d.books.Release(ctx, r)
	case ledger.Reversal:
		out.Result, out.Err = d.books.Reverse(ctx, r)
	case ledger.AccountChange:
		out.Result, out.Err = d.books.ChangeAccount(ctx, r)
	case ledger.PeriodChange:
		out.Result, out.Err = d.books.ChangePeriod(ctx, r)
	default:
		out.Err = fmt.Errorf("%T is not asked for alone", r)
	}
	return out
}

// host runs a transaction of the host's: each request by itself, and a row that says what came of them.
func (d *desk) host(ctx context.Context, c *command) (got *answer, err error) {
	began := false
	err = d.db.Update(func(tx *bbolt.Tx) error {
		rows, err := tx.CreateBucketIfNotExists(hostRows)
		if err != nil {
			return err
		}
		var outcomes []ledger.Outcome
		for _, r := range c.requests {
			more, err := d.books.ExecuteTx(ctx, bolt.Wrap(tx), ledger.Atomic, r)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, more...)
		}
		if got, err = answered(outcomes); err != nil {
			return err
		}
		if err := rows.Put([]byte(c.String()), []byte(rowOf(got.Outcomes))); err != nil {
			return err
		}
		if c.aborts {
			return errAbort
		}
		began = true
		return d.marks.begin()
	})
	switch {
	case errors.Is(err, errAbort):
		return nothing(c, "aborted"), nil
	case began:
		err = errors.Join(err, d.marks.end())
	}
	return got, err
}

// rowOf is the host's row for what its requests came to.
func rowOf(outcomes []outcome) string {
	words := make([]string, len(outcomes))
	for i, o := range outcomes {
		if words[i] = "refused"; o.Seq > 0 {
			words[i] = fmt.Sprint(o.Seq)
		}
	}
	return strings.Join(words, " ")
}

// answered puts outcomes in the words of the log. Only what a sound ledger can answer has words.
func answered(outcomes []ledger.Outcome) (*answer, error) {
	got := &answer{Outcomes: make([]outcome, len(outcomes))}
	for i, o := range outcomes {
		var err error
		if got.Outcomes[i], err = wordsFor(o); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
	}
	return got, nil
}

func wordsFor(o ledger.Outcome) (outcome, error) {
	var failure *ledger.Failure
	switch {
	case o.Err == nil && o.Act == 0:
		return outcome{Nothing: "holds true"}, nil
	case o.Err == nil:
		return outcome{Seq: o.Seq, Hash: hashOf(&o.Booked), Old: o.Replayed}, nil
	case errors.Is(o.Err, ledger.ErrNotApplied):
		return outcome{Nothing: "not applied"}, nil
	case errors.Is(o.Err, ledger.ErrAssertion):
		return outcome{Nothing: "not true"}, nil
	case errors.As(o.Err, &failure):
		return outcome{Refused: failure.Error(), Old: failure.Frozen}, nil
	case errors.Is(o.Err, ledger.ErrInvalid):
		return outcome{Nothing: "invalid"}, nil
	}
	return outcome{}, o.Err
}

func hashOf(b *ledger.Booked) string {
	hash := b.Hash()
	return hex.EncodeToString(hash[:8])
}

// differ tries a key again with other content, which must be told apart if the key was taken.
func (d *desk) differ(ctx context.Context, c *command, got outcome) error {
	if got.Seq == 0 && got.Refused == "" {
		return nil
	}
	const other = "something else"
	var r ledger.Request
	switch was := c.requests[0].(type) {
	case ledger.Entry:
		was.Kind = other
		r = was
	case ledger.Capture:
		was.Kind = other
		r = was
	case ledger.Hold:
		was.Reference = other
		r = was
	default:
		r = ledger.Release{Key: c.key(0), Hold: other, Reference: other}
	}
	if out := d.direct(ctx, r); !errors.Is(out.Err, ledger.ErrKeyConflict) {
		return d.log.write(line{Wrong: fmt.Sprintf("key %s with other content: %+v, %v", c.key(0), out.Result, out.Err)})
	}
	return nil
}
