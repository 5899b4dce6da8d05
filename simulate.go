package settlex

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// ErrNotReplayable marks a history that cannot be told again under some rules: nothing
// that is computed of it would be true.
var ErrNotReplayable = errors.New("history cannot be replayed")

// Simulation says what is to be tried on history.
type Simulation struct {
	// Rules are those to try instead of the engine's; required.
	Rules *payment.Rules
	// From and To are the business dates that are compared, both included. Zero: from
	// the beginning, up to now. What was before From is replayed too, for everything
	// after it depends on it.
	From, To calendar.Date
	// Scratch opens an empty store that nobody else sees, and says how to remove it;
	// required. It is called twice.
	Scratch func() (store ledger.Store, remove func() error, err error)
	// Dir is where temporary files are made when history is too long for memory, up to
	// some 1 KB for each event. Empty: os.TempDir.
	Dir string
	// Rows is how many events are kept in memory; 0: 16,384.
	Rows int
	// Progress, if not nil, is told how much of how much has been replayed; everything
	// is twice.
	Progress func(done, total int)
}

// Difference is what other rules would have changed.
type Difference struct {
	From, To calendar.Date
	Until    time.Time            // the replays ended there: nothing that was booked at or after it is in them
	Events   int                  // told and decided, in each replay
	Rows     []MerchantDifference // by currency and merchant
	Totals   []MerchantDifference // by currency; Merchant is empty
	Left     []LeftOut            // what could not be replayed, in the order of history, by the engine's rules first
	Real     Agreement
}

// MerchantDifference is what a merchant's money in one currency came to by the engine's
// rules, and by the others.
type MerchantDifference struct {
	Merchant      string
	Currency      money.Currency
	Before, After Outcome
}

// LeftOut is something that history asked for and that a replay could not book, such as a
// payout for which there was no money. What happened to it later is left out as well.
type LeftOut struct {
	Changed  bool         // by the other rules
	Kind     payment.Kind // payment.Kind(payment.ExchangeRecord) for an exchange
	ID       string
	At       time.Time
	Merchant string // empty: the event does not say
	Currency money.Currency
	Amount   money.Amount // minor units; 0: the event does not say
	Reason   string
}

// Agreement says how far the replay by the engine's rules is what the books hold.
type Agreement struct {
	Batches  int    // of the books, of dates up to Difference.To, closed before Difference.Until
	Same     int    // of them, those that the replay has with the same lines and figures
	Unclosed int    // batches of the replay, of the same dates, that the books do not have
	First    string // the first that is not the same, and why; empty: all are
}

// Exact tells whether the engine's rules give the books as they are. They do not where the
// configuration was changed since, or where windows are due that nobody has closed.
func (a *Agreement) Exact() bool { return a.Same == a.Batches && a.Unclosed == 0 }

// Simulate replays the whole history of the books twice through the code that booked it,
// into stores that are removed afterwards: by the engine's rules, and by others. What was
// told and decided is told again in the order in which it was booked, under the instants
// at which it was; windows close when their watermarks pass, and everything else follows.
// The engine's own store is only read.
//
// A batch that the books have too goes the way it went there; any other one is assumed to
// leave and to be paid on its settlement date. Payouts, exchanges and other requests for
// which there is no money then are left out and listed. Memory grows with the number of
// batches, not with that of events.
//
// Errors: ErrNotReplayable, those of the stores, and of temporary files.
func (e *Engine) Simulate(ctx context.Context, s Simulation) (_ *Difference, err error) {
	if s.Rules == nil || s.Rules.Book == nil || s.Scratch == nil {
		return nil, errors.New("simulate: rules and a store to work in are needed")
	}
	if !s.To.IsZero() && s.To.Before(s.From) {
		return nil, fmt.Errorf("simulate: the last date, %s, is before the first, %s", s.To, s.From)
	}
	past := newPast(s)
	defer func() { err = errors.Join(err, past.close()) }()
	if err := past.read(ctx, e); err != nil {
		return nil, fmt.Errorf("simulate: read history: %w", err)
	}
	d := &Difference{From: s.From, To: s.To, Events: past.count, Until: e.until(s)}
	run := &simulation{Engine: e, Simulation: s, past: past, result: d}
	before, err := run.replay(ctx, e.rules, false)
	if err != nil {
		return nil, fmt.Errorf("simulate: replay by the rules of the books: %w", err)
	}
	after, err := run.replay(ctx, s.Rules, true)
	if err != nil {
		return nil, fmt.Errorf("simulate: replay by the other rules: %w", err)
	}
	d.Rows, d.Totals, err = compare(before, after)
	return d, err
}

// until is the instant at which replays end: when the last date that is compared is over
// by the clocks of all schedules, and its windows have closed, but not after now.
func (e *Engine) until(s Simulation) time.Time {
	now := e.now()
	if s.To.IsZero() {
		return now
	}
	next := s.To.AddDays(1)
	if next.IsZero() {
		return now
	}
	var end time.Time
	for _, rules := range []*payment.Rules{e.rules, s.Rules} {
		for i := range rules.Book.Schedules {
			t := &rules.Book.Schedules[i].Timing
			over := calendar.Cutoff(next, calendar.Clock{}, t.Zone).Add(t.Grace + time.Microsecond)
			if over.After(end) {
				end = over
			}
		}
	}
	if end.After(now) {
		return now
	}
	return end
}

// simulation is one run of Simulate.
type simulation struct {
	*Engine
	Simulation
	past   *past
	done   int
	result *Difference
}

// progress counts one more event that was replayed.
func (s *simulation) progress() {
	if s.done++; s.Progress != nil {
		s.Progress(s.done, 2*s.past.told.Len())
	}
}
