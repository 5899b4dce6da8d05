package settlex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Config says what an engine works on.
type Config struct {
	// Store keeps everything; required. The caller closes it.
	Store ledger.Store
	// Rules are regions, schedules, fees and reserve plans; required.
	Rules *payment.Rules
	// Merchants are made or brought up to date when the engine starts.
	Merchants []merchant.Merchant
	// Rails carry payouts and settlement batches, see Send; none: others do, and
	// report it.
	Rails []Route
	// Quotes say what batches come to that are paid in another currency than their own;
	// nil: such batches are held. One that implements Refresher is refreshed by a job.
	Quotes settlement.Quotes
	// Clock gives the time; nil means time.Now. No window closes before it.
	Clock func() time.Time
	// ReadOnly has the engine write nothing: what is new in the configuration is not
	// stored, and whatever would write is refused with ErrReadOnly.
	ReadOnly bool
}

// ErrReadOnly marks what an engine that only reads was asked to write.
var ErrReadOnly = errors.New("the engine only reads")

// readOnly is a store that nothing is written to.
type readOnly struct{ ledger.Store }

// Write implements ledger.Store.
func (readOnly) Write(context.Context, func(ledger.Tx) error) error { return ErrReadOnly }

// Engine takes payment events and settles them. It is safe for concurrent
// use, but for Settle and the jobs, of which one may run at a time.
type Engine struct {
	books     *ledger.Ledger
	rules     *payment.Rules
	routes    routes
	quotes    settlement.Quotes
	clock     func() time.Time
	schedules map[merchant.Pin]*merchant.Schedule // every version ever used; read only after New
}

// New makes an engine. It stores what is new in the configuration: versions
// of schedules, which are kept for ever, and merchants.
func New(ctx context.Context, config Config) (*Engine, error) {
	if config.Store == nil || config.Rules == nil || config.Rules.Book == nil {
		return nil, errors.New("settlex: a store and rules are needed")
	}
	chart, err := payment.Chart(config.Rules.Accounts...)
	if err != nil {
		return nil, err
	}
	if config.ReadOnly {
		config.Store = readOnly{config.Store}
	}
	books, err := ledger.New(config.Store, ledger.Config{Chart: chart, Clock: config.Clock})
	if err != nil {
		return nil, err
	}
	way, err := newRoutes(config.Rails)
	if err != nil {
		return nil, err
	}
	e := &Engine{books: books, rules: config.Rules.Indexed(), routes: way, quotes: config.Quotes, clock: config.Clock, schedules: make(map[merchant.Pin]*merchant.Schedule)}
	if e.clock == nil {
		e.clock = time.Now
	}
	if err := e.register(ctx, config.Merchants, !config.ReadOnly); err != nil {
		return nil, fmt.Errorf("register the configuration: %w", err)
	}
	return e, nil
}

// Books is the ledger below the engine, for reading and for entries of the
// host's own.
func (e *Engine) Books() *ledger.Ledger { return e.books }

// register stores what the store does not know yet, or only knows it from then on.
func (e *Engine) register(ctx context.Context, merchants []merchant.Merchant, store bool) error {
	var fresh []ledger.Record
	var decisions []ledger.Command
	err := e.books.Read(ctx, func(r ledger.Reader) error {
		for stored, err := range ledger.RecordsOf[*payment.Schedule](ctx, r, payment.ScheduleRecord, "") {
			if err != nil {
				return err
			}
			e.schedules[stored.Pin()] = &stored.Schedule
		}
		known := make(map[string]payment.Merchant)
		for stored, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, "") {
			if err != nil {
				return err
			}
			known[stored.ID] = *stored
		}
		if err := e.checkRegions(ctx, r, known, merchants); err != nil {
			return err
		}
		for i := range e.rules.Book.Schedules {
			s := &e.rules.Book.Schedules[i]
			if e.schedules[s.Pin()] == nil {
				e.schedules[s.Pin()] = s
				fresh = append(fresh, &payment.Schedule{Schedule: *s})
			}
		}
		objects, err := e.objects(ctx, r)
		if err != nil {
			return err
		}
		fresh = append(fresh, objects...)
		for i := range merchants {
			if d := e.configured(&merchants[i], known); d != nil {
				decisions = append(decisions, d)
			}
		}
		return nil
	})
	if len(fresh) > 0 {
		decisions = append(decisions, &putting{records: fresh})
	}
	if err != nil || len(decisions) == 0 || !store {
		return err
	}
	errs, err := e.books.DoAll(ctx, decisions...)
	return errors.Join(append(errs, err)...)
}

// configured is what the configuration decides about a merchant; nil: it stands as
// it says. It creates merchants and changes their terms, and nothing else: one who
// is closed stays closed.
func (e *Engine) configured(m *merchant.Merchant, known map[string]payment.Merchant) ledger.Command {
	d := &payment.MerchantDecision{
		Rules: e.rules, Act: payment.MerchantCreate, ID: m.ID, Terms: m.Terms(),
		Actor: payment.Configuration, Reason: "configured",
	}
	stored, ok := known[m.ID]
	switch {
	case !ok:
		return d
	case stored.Status == payment.Closed, stored.Configured && stored.Terms() == m.Terms():
		return nil
	}
	d.Act = payment.MerchantChange
	return d
}

// checkRegions refuses a configuration that would move money that is there
// already: a merchant who has been paid stays in its region, and the region of
// every such merchant stays configured.
func (e *Engine) checkRegions(ctx context.Context, r ledger.Reader, known map[string]payment.Merchant, wanted []merchant.Merchant) error {
	now := make(map[string]merchant.Merchant)
	for _, m := range known {
		now[m.ID] = m.Merchant
	}
	for _, m := range wanted {
		now[m.ID] = m
	}
	var faults []error
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
		if err != nil {
			return err
		}
		was, is := known[p.Merchant], now[p.Merchant]
		if was.Region != is.Region {
			faults = append(faults, fmt.Errorf("merchant %s has money in %s and stays in region %q, it cannot move to %q", p.Merchant, p.Currency, was.Region, is.Region))
		} else if _, err := e.rules.Book.Region(&is, p.Currency); err != nil {
			faults = append(faults, fmt.Errorf("merchant %s has money in %s: %w", p.Merchant, p.Currency, err))
		}
	}
	return errors.Join(faults...)
}

// putting is the command that stores records as they are.
type putting struct {
	records []ledger.Record
	at      time.Time
}

func (p *putting) At() time.Time { return p.at }

func (p *putting) Need(_ *ledger.State, n *ledger.Need) {
	for _, r := range p.records {
		n.Record(r.Ref())
	}
}

func (p *putting) Apply(s *ledger.State) error {
	for _, r := range p.records {
		s.Put(r)
	}
	return nil
}

// schedule gives a version of a schedule.
func (e *Engine) schedule(pin merchant.Pin) (*merchant.Schedule, error) {
	if s := e.schedules[pin]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%w: schedule %s is neither configured nor stored", ledger.ErrCorrupt, pin)
}

// currencies lists, by code, the currencies of all regions, and any other that
// a merchant of a region has been paid in.
func (e *Engine) currencies(ctx context.Context) ([]money.Currency, error) {
	set := make(map[money.Currency]bool)
	for i := range e.rules.Book.Regions {
		for _, c := range e.rules.Book.Regions[i].Currencies {
			set[c] = true
		}
	}
	err := e.books.Read(ctx, func(r ledger.Reader) error {
		for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
			if err != nil {
				return err
			}
			set[p.Currency] = true
		}
		return nil
	})
	return slices.SortedFunc(maps.Keys(set), money.Currency.Compare), err
}

// Verify re-derives everything the store keeps beside the journal, and proves
// the books of payments and settlement: positions, reserves, and every batch.
// Given what kept checkpoints say, it also reports a journal that does not
// continue them.
func (e *Engine) Verify(ctx context.Context, kept ...ledger.TreeHead) (*ledger.Verification, error) {
	v, err := e.books.Verify(ctx, kept...)
	if err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		return settlement.Verify(ctx, r, func(f ledger.Finding) { v.Findings = append(v.Findings, f) })
	})
	if errors.Is(err, ledger.ErrCorrupt) { // what was found before it must not be lost
		v.Findings = append(v.Findings, ledger.Finding{Place: "batches", Want: "readable records and accounts", Have: err.Error()})
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("verify batches: %w", err)
	}
	return v, nil
}

// now is the engine's clock.
func (e *Engine) now() time.Time { return e.clock().UTC().Truncate(time.Microsecond) }

// Complete gives the last business date of a currency that is over, by the
// clocks of its schedules' zones, and all of whose windows have closed; the zero
// date when there is none. Windows of schedules that nobody closes do not count. The
// error is that of a calendar that has ended, of a schedule that is in force.
func (e *Engine) Complete(currency money.Currency) (calendar.Date, error) {
	var complete calendar.Date
	live := make(map[merchant.Pin]bool)
	for _, s := range e.rules.Book.Live(e.now()) {
		live[s.Pin()] = true
	}
	for _, s := range e.schedules {
		if s.Timing.Anchor.Kind == calendar.Manual || !e.governs(s, currency) {
			continue
		}
		open, err := s.Timing.WindowAt(e.now().Add(-s.Timing.Grace))
		if errors.Is(err, calendar.ErrOutOfRange) && !live[s.Pin()] {
			// No movement belongs to a window that cannot be computed, those before it have closed, and what is released
			// behind it goes by the windows of the version in force.
			continue
		}
		if err != nil {
			return calendar.Date{}, fmt.Errorf("schedule %s: %w", s.ID, err)
		}
		// Of a weekly window, the dates before its cut-off have none, and yet
		// are not over before their time.
		for _, ahead := range []calendar.Date{open.BusinessDate, calendar.DateOf(e.now(), s.Timing.Zone)} {
			if date := ahead.AddDays(-1); complete.IsZero() || date.Before(complete) {
				complete = date
			}
		}
	}
	return complete, nil
}

// governs tells whether a schedule is meant for payments in a currency. One
// that is no region's own may be a merchant's of any region.
func (e *Engine) governs(s *merchant.Schedule, currency money.Currency) bool {
	for _, scope := range s.For {
		if !scope.Currency.IsZero() && scope.Currency != currency {
			continue
		}
		if scope.Region == "" {
			return true
		}
		if home, err := e.rules.Book.Region(nil, currency); err != nil || home.ID == scope.Region {
			return true
		}
	}
	return false
}
