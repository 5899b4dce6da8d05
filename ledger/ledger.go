package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Config says how a ledger behaves.
type Config struct {
	// Chart is the chart of accounts; required.
	Chart *Chart
	// Clock gives the time; nil means time.Now. Instants the ledger books are
	// made increasing whatever it gives.
	Clock func() time.Time
	// Tick gives ticks at which Wait looks for what others have written, a
	// host's own transactions for one, and a way to end them; nil means a tick
	// every second.
	Tick func() (ticks <-chan time.Time, stop func())
}

// Ledger books what it is asked to into a store, and answers questions about it.
// It is safe for concurrent use; concurrent callers share commits. There is
// nothing to close but the store.
type Ledger struct {
	store Store
	chart *Chart
	clock func() time.Time
	tick  func() (<-chan time.Time, func())
	group group
	news  news
}

// New makes a ledger on a store. It reads nothing. The error is for a store or a
// chart that is missing.
func New(store Store, config Config) (*Ledger, error) {
	if store == nil || config.Chart == nil {
		return nil, errors.New("ledger: a store and a chart of accounts are needed")
	}
	l := &Ledger{store: store, chart: config.Chart, clock: config.Clock, tick: config.Tick}
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.tick == nil {
		l.tick = func() (<-chan time.Time, func()) {
			ticker := time.NewTicker(time.Second)
			return ticker.C, ticker.Stop
		}
	}
	l.group.commit = l.commit
	if several, can := store.(Concurrent); can {
		l.group.writers = several.Writers
	}
	return l, nil
}

// Chart is the chart of accounts the ledger was made with.
func (l *Ledger) Chart() *Chart { return l.chart }

// Clock reads the ledger's clock: UTC, whole microseconds.
func (l *Ledger) Clock() time.Time { return l.clock().UTC().Truncate(time.Microsecond) }

// Post books entries, all or none, durably. Results come in the order of the
// entries. The error is that of the first entry that was rejected, placed by an
// *ItemError when there are several: ErrInvalid, ErrUnknownAccount,
// ErrKeyConflict, a *Failure; or ErrIndefinite when the commit's outcome is
// unknown (retry with the same keys).
//
// An embedder that holds a write transaction on the same bolt file must use
// PostTx: on bolt there is one writer, and Post would wait for it for ever.
func (l *Ledger) Post(ctx context.Context, entries ...Entry) ([]Result, error) {
	return posted(l.Execute(ctx, Atomic, requestsOf(entries)...))
}

// PostTx is Post inside the caller's transaction: the entries commit or vanish
// with it. After an error nothing of this call is in the transaction but the
// burnt key of what the ledger's state refused; it stays usable.
func (l *Ledger) PostTx(ctx context.Context, tx Tx, entries ...Entry) ([]Result, error) {
	return posted(l.ExecuteTx(ctx, tx, Atomic, requestsOf(entries)...))
}

func requestsOf(entries []Entry) []Request {
	requests := make([]Request, len(entries))
	for i := range entries {
		requests[i] = entries[i]
	}
	return requests
}

// posted gives the results of an atomic batch, or the error that spoiled it.
func posted(outcomes []Outcome, err error) ([]Result, error) {
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(outcomes))
	for i := range outcomes {
		err := outcomes[i].Err
		switch {
		case err == nil:
			results[i] = outcomes[i].Result
		case errors.Is(err, ErrNotApplied):
		case len(outcomes) > 1:
			return nil, &ItemError{Index: i, Err: err}
		default:
			return nil, err
		}
	}
	return results, nil
}

// Hold sets money aside. Like the methods that follow it books one request by
// itself and gives the errors of an item of Execute, and ErrIndefinite.
func (l *Ledger) Hold(ctx context.Context, h Hold) (Result, error) { return l.one(ctx, h) }

// Capture posts a hold, or a part of it, as an entry.
func (l *Ledger) Capture(ctx context.Context, c Capture) (Result, error) { return l.one(ctx, c) }

// Release gives back what is left of a hold and ends it.
func (l *Ledger) Release(ctx context.Context, r Release) (Result, error) { return l.one(ctx, r) }

// Reverse takes an entry back, or a part of it, by a new one.
func (l *Ledger) Reverse(ctx context.Context, r Reversal) (Result, error) { return l.one(ctx, r) }

// ChangeAccount sets an account's limits, status or metadata.
func (l *Ledger) ChangeAccount(ctx context.Context, c AccountChange) (Result, error) {
	return l.one(ctx, c)
}

// ChangePeriod closes value dates or opens closed ones again.
func (l *Ledger) ChangePeriod(ctx context.Context, p PeriodChange) (Result, error) {
	return l.one(ctx, p)
}

// instantAfter is the earliest instant that something can bear now: the clock may
// lie behind the journal.
func instantAfter(heads []Head, clock time.Time) time.Time {
	s := NewState(nil)
	for _, h := range heads {
		s.NotBefore(h.Settled())
	}
	return s.instant(time.Time{}, clock)
}

// Expire books the expiry of holds whose time is over, at most limit of them in
// one transaction, and says how many: call it from time to time, until it books
// fewer than limit. What an expired hold has left is unusable from its instant
// on, but available again only once its expiry is booked.
func (l *Ledger) Expire(ctx context.Context, limit int) (booked int, err error) {
	if limit < 1 {
		return 0, fmt.Errorf("expire holds: at most %d of them is not a number to book", limit)
	}
	var due []*expiry
	var commands []Command
	clock := l.Clock()
	err = l.store.Read(ctx, func(r Reader) error {
		heads, err := r.Heads(ctx)
		if err != nil {
			return err
		}
		now := instantAfter(heads, clock)
		for e, err := range RecordsOf[*Expiry](ctx, r, ExpiryRecord, "") {
			if err != nil {
				return err
			}
			if e.Expires.After(now) || len(commands) >= limit {
				break
			}
			one := &expiry{hold: e.Hold}
			due, commands = append(due, one), append(commands, one)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("expire holds: %w", err)
	}
	errs, err := l.DoAll(ctx, commands...)
	if err = errors.Join(append(errs, err)...); err != nil {
		return 0, fmt.Errorf("expire %d holds: %w", len(commands), err)
	}
	for _, one := range due {
		if one.booked {
			booked++
		}
	}
	return booked, nil
}

// Do runs one command of any room, grouped with those of concurrent callers.
func (l *Ledger) Do(ctx context.Context, c Command) error {
	errs, err := l.DoAll(ctx, c)
	if err != nil {
		return err
	}
	return errs[0]
}

// DoAll runs commands independently of one another in one transaction. The
// first result has one error or nil for each command; the second says that
// none was saved.
func (l *Ledger) DoAll(ctx context.Context, commands ...Command) ([]error, error) {
	if len(commands) == 0 {
		return nil, nil
	}
	return l.group.do(ctx, commands)
}

// DoTx is DoAll inside the caller's transaction.
func (l *Ledger) DoTx(ctx context.Context, tx Tx, commands ...Command) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := NewState(l.chart)
	errs, err := l.decide(ctx, tx, s, commands)
	if err != nil {
		return nil, err
	}
	changes := s.Changes()
	if changes.Empty() {
		return errs, nil
	}
	if err := tx.Save(ctx, changes); err != nil {
		return nil, fmt.Errorf("save %d commands: %w", len(commands), err)
	}
	return errs, nil
}

// decide loads what commands declare and applies them, loading more where a
// command turns out to need it.
func (l *Ledger) decide(ctx context.Context, r Reader, s *State, commands []Command) ([]error, error) {
	if err := load(ctx, r, s, commands); err != nil {
		return nil, err
	}
	clock := l.Clock()
	errs, missing := Apply(s, clock, commands)
	for missing != nil {
		commands[len(errs)].Need(s, missing) // it may touch much more behind those before it, and one by one would be a round each
		missing.settle()
		if err := missing.bring(ctx, r); err != nil {
			return nil, fmt.Errorf("load what a command turned out to touch: %w", err)
		}
		var more []error
		more, missing = Apply(s, clock, commands[len(errs):])
		errs = append(errs, more...)
	}
	return errs, nil
}

func (l *Ledger) commit(ctx context.Context, commands []Command) (errs []error, err error) {
	err = l.Write(ctx, func(tx Tx) error {
		errs, err = l.DoTx(ctx, tx, commands...)
		return err
	})
	return errs, err
}

// maxRounds bounds the loads of one group ahead of its Apply: what a command
// needs may depend on what an earlier load brought. What is still missing after
// them is loaded when Apply touches it.
const maxRounds = 8

func load(ctx context.Context, r Reader, s *State, commands []Command) error {
	s.expect(weigh(commands))
	for range maxRounds {
		need := s.need()
		for _, c := range commands {
			c.Need(s, need)
		}
		if !need.settle() && s.headed {
			return nil
		}
		if err := need.bring(ctx, r); err != nil {
			return fmt.Errorf("load what %d commands touch: %w", len(commands), err)
		}
	}
	return nil
}

// DryRun gives fn the real path without its Save: commands applied through
// apply see the effects of those before, on one snapshot, and nothing is written.
// The results of apply are those of DoAll. All of it but events stays in memory
// until fn returns. For requests there is Try.
func (l *Ledger) DryRun(ctx context.Context, fn func(apply func(...Command) ([]error, error)) error) error {
	return l.store.Read(ctx, func(r Reader) error {
		s := NewState(l.chart)
		return fn(func(commands ...Command) ([]error, error) {
			s.events = nil // told to nobody
			return l.decide(ctx, r, s, commands)
		})
	})
}

// Read runs fn on one snapshot.
func (l *Ledger) Read(ctx context.Context, fn func(Reader) error) error { return l.store.Read(ctx, fn) }

// Write runs fn in a transaction of its own; DoTx and PostTx take part in it.
func (l *Ledger) Write(ctx context.Context, fn func(Tx) error) error {
	err := l.store.Write(ctx, fn)
	if err == nil {
		l.news.tell()
	}
	return err
}

// Account reads an account as it stands; ok is false when no entry, hold or
// change ever named it.
func (l *Ledger) Account(ctx context.Context, path string, currency money.Currency) (a Account, ok bool, err error) {
	id := AccountID{Path: path, Currency: currency}
	if quick, can := l.store.(AccountReader); can {
		now, known, err := quick.CurrentAccount(ctx, id)
		if known || err != nil {
			return standing(id, now, err)
		}
	}
	return l.accountAt(ctx, id)
}

// standing is an account as a store tells it, nil if there is none.
func standing(id AccountID, now *Account, err error) (Account, bool, error) {
	if err == nil && now != nil {
		err = now.sound()
	}
	switch {
	case err != nil:
		return Account{}, false, err
	case now == nil:
		return Account{AccountID: id}, false, nil
	}
	return now.clone(), true, nil // stores and states share it
}

// accountAt reads an account on a snapshot.
func (l *Ledger) accountAt(ctx context.Context, id AccountID) (a Account, ok bool, err error) {
	err = l.store.Read(ctx, func(r Reader) error {
		a, ok, err = accountOf(ctx, r, id)
		return err
	})
	return a.clone(), ok, err // the store may share it
}

func accountOf(ctx context.Context, r Reader, id AccountID) (a Account, ok bool, err error) {
	s := NewState(nil)
	need := &Need{state: s}
	need.Account(id)
	if err := need.bring(ctx, r); err != nil {
		return a, false, err
	}
	a, ok = s.Account(id)
	return a, ok, nil
}

// BalanceOn reads what an account stood at, posted, on its normal side, in minor
// units, at the end of a value date, as far as it is booked now. Nothing booked is
// zero.
func (l *Ledger) BalanceOn(ctx context.Context, path string, currency money.Currency, on calendar.Date) (net money.Amount, err error) {
	id := AccountID{path, currency}
	err = l.store.Read(ctx, func(r Reader) error {
		net, err = asOf(ctx, r, id, func() (Balance, error) { return r.BalanceOn(ctx, id, on) })
		return err
	})
	if err != nil {
		return net, fmt.Errorf("balance of %s: %w", id, err)
	}
	return net, nil
}

// BalanceAt reads what the books said an account stood at, posted, on its
// normal side, in minor units, at an instant: whatever was booked at or before it,
// and nothing booked later, however far back its value date lies. With several
// lanes it is settled first; an instant that is still to come is an
// *UnsettledError then.
func (l *Ledger) BalanceAt(ctx context.Context, path string, currency money.Currency, at time.Time) (net money.Amount, err error) {
	at = at.UTC().Truncate(time.Microsecond)
	id := AccountID{path, currency}
	err = l.readSettled(ctx, at, func(r Reader, settled time.Time) error {
		if at.After(settled) {
			return &UnsettledError{Asked: at, Settled: settled}
		}
		net, err = asOf(ctx, r, id, func() (Balance, error) { return r.BalanceBefore(ctx, id, startOf(at.Add(time.Microsecond))) })
		return err
	})
	if err != nil {
		return net, fmt.Errorf("balance of %s: %w", id, err)
	}
	return net, nil
}

// asOf gives what an account stood at by totals that are read, if it is there.
func asOf(ctx context.Context, r Reader, id AccountID, read func() (Balance, error)) (net money.Amount, err error) {
	account, ok, err := accountOf(ctx, r, id)
	if !ok || err != nil {
		return net, err
	}
	balance, err := read()
	if err != nil {
		return net, err
	}
	return balance.Net(account.Type.Normal())
}

// HoldState reads a hold as it stands; ok is false when there is none of this
// key.
func (l *Ledger) HoldState(ctx context.Context, key string) (h HoldState, ok bool, err error) {
	err = l.store.Read(ctx, func(r Reader) error {
		s := NewState(nil)
		need := &Need{Records: []Ref{holdRef(key)}, state: s}
		if err := need.bring(ctx, r); err != nil {
			return err
		}
		if stored, found := s.records[holdRef(key)].(*HoldState); found {
			h, ok = *stored, true
		}
		return nil
	})
	return h, ok, err
}

// ClosedThrough is the last closed value date; zero: none is.
func (l *Ledger) ClosedThrough(ctx context.Context) (through calendar.Date, err error) {
	err = l.store.Read(ctx, func(r Reader) error {
		heads, err := r.Heads(ctx)
		if err == nil {
			through = heads[0].Closed
		}
		return err
	})
	return through, err
}

// Entry reads the item that took a key, an entry or another act; ok is false
// when the key is free.
func (l *Ledger) Entry(ctx context.Context, key string) (b Booked, ok bool, err error) {
	err = l.store.Read(ctx, func(r Reader) error {
		found, err := ItemsByKey(ctx, r, key)
		if found[key] != nil {
			b, ok = *found[key], true
		}
		return err
	})
	return b, ok, err
}

// ItemsByKey reads the items that took some keys, entries or other acts. Keys that are free are not among
// them.
func ItemsByKey(ctx context.Context, r Reader, keys ...string) (map[string]*Booked, error) {
	s := NewState(nil)
	need := &Need{state: s}
	for _, key := range keys {
		need.Key(key)
	}
	if err := need.load(ctx, r); err != nil {
		return nil, err
	}
	found := make(map[string]*Booked, len(keys))
	for _, key := range keys {
		if item := s.taken(key); item != nil {
			found[key] = item
		}
	}
	return found, nil
}
