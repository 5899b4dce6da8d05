package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/money"
)

// Config says how a ledger behaves.
type Config struct {
	// Chart is the chart of accounts; required.
	Chart *Chart
	// Clock gives the time; nil means time.Now. Instants the ledger books are
	// made increasing whatever it gives.
	Clock func() time.Time
}

// Ledger books entries into a store and answers questions about them. It is
// safe for concurrent use; concurrent callers share commits.
type Ledger struct {
	store Store
	chart *Chart
	clock func() time.Time
	group group
}

// New makes a ledger on a store.
func New(store Store, config Config) (*Ledger, error) {
	if store == nil || config.Chart == nil {
		return nil, errors.New("ledger: a store and a chart of accounts are needed")
	}
	l := &Ledger{store: store, chart: config.Chart, clock: config.Clock}
	if l.clock == nil {
		l.clock = time.Now
	}
	l.group.commit = l.commit
	return l, nil
}

// Chart is the chart of accounts the ledger was made with.
func (l *Ledger) Chart() *Chart { return l.chart }

// Clock reads the ledger's clock.
func (l *Ledger) Clock() time.Time { return l.clock().UTC().Truncate(time.Microsecond) }

// Post books entries, all or none, durably. Results come in the order of the
// entries. Errors: ErrInvalid, ErrUnknownAccount, ErrKeyConflict,
// ErrInsufficientFunds for the first entry that was rejected; ErrIndefinite
// when the commit's outcome is unknown (retry with the same keys).
//
// An embedder that holds a write transaction on the same bolt file must use
// PostTx: on bolt there is one writer, and Post would wait for it for ever.
func (l *Ledger) Post(ctx context.Context, entries ...Entry) ([]Result, error) {
	p := &posting{entries: entries}
	if err := l.Do(ctx, p); err != nil {
		return nil, err
	}
	return p.results, nil
}

// PostTx is Post inside the caller's transaction: the entries commit or vanish
// with it. After an error nothing of this call is in the transaction, which
// stays usable.
func (l *Ledger) PostTx(ctx context.Context, tx Tx, entries ...Entry) ([]Result, error) {
	p := &posting{entries: entries}
	errs, err := l.DoTx(ctx, tx, p)
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return p.results, nil
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
	head, err := tx.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the journal's head: %w", err)
	}
	s := NewState(l.chart, head)
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
		if err := r.Load(ctx, missing, s); err != nil {
			return nil, fmt.Errorf("load what a command turned out to touch: %w", err)
		}
		var more []error
		more, missing = Apply(s, clock, commands[len(errs):])
		errs = append(errs, more...)
	}
	return errs, nil
}

func (l *Ledger) commit(ctx context.Context, commands []Command) (errs []error, err error) {
	err = l.store.Write(ctx, func(tx Tx) error {
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
	for range maxRounds {
		need := &Need{state: s}
		for _, c := range commands {
			c.Need(s, need)
		}
		if !need.settle() {
			return nil
		}
		if err := r.Load(ctx, need, s); err != nil {
			return fmt.Errorf("load what %d commands touch: %w", len(commands), err)
		}
	}
	return nil
}

// DryRun gives fn the real path without its Save: commands applied through
// apply see the effects of those before, and nothing is written. All of it
// stays in memory until fn returns.
func (l *Ledger) DryRun(ctx context.Context, fn func(apply func(...Command) ([]error, error)) error) error {
	return l.store.Read(ctx, func(r Reader) error {
		head, err := r.Head(ctx)
		if err != nil {
			return err
		}
		s := NewState(l.chart, head)
		return fn(func(commands ...Command) ([]error, error) {
			return l.decide(ctx, r, s, commands)
		})
	})
}

// Read runs fn on one snapshot.
func (l *Ledger) Read(ctx context.Context, fn func(Reader) error) error { return l.store.Read(ctx, fn) }

// Write runs fn in a transaction of its own; DoTx and PostTx take part in it.
func (l *Ledger) Write(ctx context.Context, fn func(Tx) error) error { return l.store.Write(ctx, fn) }

// Account reads an account as it stands; ok is false when nothing was ever
// booked on it.
func (l *Ledger) Account(ctx context.Context, path string, currency money.Currency) (a Account, ok bool, err error) {
	id := AccountID{Path: path, Currency: currency}
	err = l.store.Read(ctx, func(r Reader) error {
		s := NewState(l.chart, Head{})
		need := &Need{Accounts: []AccountID{id}, state: s}
		if err := r.Load(ctx, need, s); err != nil {
			return err
		}
		a, ok = s.Account(id)
		return nil
	})
	return a, ok, err
}

// Entry reads the entry that took a key; ok is false when the key is free.
func (l *Ledger) Entry(ctx context.Context, key string) (b Booked, ok bool, err error) {
	err = l.store.Read(ctx, func(r Reader) error {
		s := NewState(l.chart, Head{})
		need := &Need{Keys: []string{key}, state: s}
		if err := r.Load(ctx, need, s); err != nil {
			return err
		}
		if found := s.keys[key]; found != nil {
			b, ok = *found, true
		}
		return nil
	})
	return b, ok, err
}

// posting books entries all or none.
type posting struct {
	entries []Entry
	results []Result
}

func (p *posting) At() time.Time { return time.Time{} }

func (p *posting) Need(_ *State, n *Need) {
	for i := range p.entries {
		n.Entry(&p.entries[i])
	}
}

func (p *posting) Apply(s *State) error {
	p.results = make([]Result, 0, len(p.entries))
	for _, e := range p.entries {
		result, err := s.Book(e)
		if err != nil {
			p.results = nil
			return err
		}
		p.results = append(p.results, result)
	}
	return nil
}
