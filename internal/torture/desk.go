package torture

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/settlex/settlex/ledger"
)

// errAbort is why a host's transaction is given up.
var errAbort = errors.New("the host changed its mind")

// desk is where callers ask, and write down what they ask and what they are told.
type desk struct {
	script
	site  Site
	books *ledger.Ledger
	log   *logFile
	marks marks

	mu    sync.Mutex
	known map[uint16]uint64 // by lane, the last sequence that was acknowledged
}

// openDesk opens a ledger as a host does.
func openDesk(ctx context.Context, s script, ground Ground, dir string, start time.Time, log *logFile, m marks) (*desk, error) {
	site, err := ground.Host(ctx, dir)
	if err != nil {
		return nil, err
	}
	d := &desk{script: s, site: site, marks: m, known: make(map[uint16]uint64)}
	if err := d.begin(start, log); err != nil {
		return nil, errors.Join(err, site.Close())
	}
	return d, nil
}

// begin has the desk work by a clock from now on, and write into a log.
func (d *desk) begin(start time.Time, log *logFile) (err error) {
	d.log = log
	d.books, err = newBooks(marked{d.site, d.marks}, start)
	return err
}

func newBooks(store ledger.Store, start time.Time) (*ledger.Ledger, error) {
	chart, err := newChart()
	if err != nil {
		return nil, err
	}
	return ledger.New(store, ledger.Config{Chart: chart, Clock: clock(start)})
}

// attempt asks for a command once. The log tells what came of it; served, only whether the ledger took it on.
func (d *desk) attempt(ctx context.Context, by string, c *command) (served bool, err error) {
	content, err := c.digest()
	if err != nil {
		return false, err
	}
	if err := d.log.write(line{By: by, Try: &c.Name, Content: content}); err != nil {
		return false, err
	}
	got, err := d.ask(ctx, c)
	switch {
	case err == nil:
	case !d.site.Forgives(err):
		return false, d.log.write(line{Wrong: fmt.Sprintf("command %s: %v", c.Name, err)})
	case errors.Is(err, ledger.ErrIndefinite) || c.kind == sweep:
		return false, nil // it stays without an answer
	default:
		got = nothing(c, "failed: "+err.Error())
	}
	for _, o := range got.Outcomes {
		d.note(o.place())
	}
	served = err == nil
	if err := d.log.write(line{By: by, Got: got}); err != nil {
		return false, err
	}
	if c.differs {
		return served, d.differ(ctx, c, got.Outcomes[0])
	}
	return served, nil
}

func (d *desk) note(p place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[p.lane] = max(d.known[p.lane], p.seq)
}

// acknowledged is the end of each lane, as far as somebody was told.
func (d *desk) acknowledged() map[uint16]uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.known)
}

// sweepAtMost bounds a sweep, which begins by reading: who reads waits for as long as his context lasts.
const sweepAtMost = 10 * time.Second

// ask goes through the door that fits the command.
func (d *desk) ask(ctx context.Context, c *command) (*answer, error) {
	if c.kind == sweep {
		ctx, cancel := context.WithTimeout(ctx, sweepAtMost)
		defer cancel()
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
	if c.patience > 0 && errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ledger.ErrIndefinite) {
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
	err = d.site.Together(ctx, func(ctx context.Context, tx ledger.Tx, keep func(key, value string) error) error {
		var outcomes []ledger.Outcome
		for _, r := range c.requests {
			more, err := d.books.ExecuteTx(ctx, tx, ledger.Atomic, r)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, more...)
		}
		var err error
		if got, err = answered(outcomes); err != nil {
			return err
		}
		if err := keep(c.String(), rowOf(got.Outcomes)); err != nil {
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
			words[i] = o.place().String()
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
		return outcome{Seq: o.Seq, Lane: o.Lane, Hash: hashOf(&o.Booked), Old: o.Replayed}, nil
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
	if out := d.direct(ctx, r); !errors.Is(out.Err, ledger.ErrKeyConflict) && (out.Err == nil || !d.site.Forgives(out.Err)) {
		return d.log.write(line{Wrong: fmt.Sprintf("key %s with other content: %+v, %v", c.key(0), out.Result, out.Err)})
	}
	return nil
}
