package history

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// Journal is a journal that was read through and found sound. It holds what has
// to be known beforehand, accounts among it, and not its transactions: they are
// read again.
type Journal struct {
	Summary Summary

	name    string
	options Options
	digest  []byte
	chart   *ledger.Chart

	accounts    map[string]*account
	kinds       map[string]ledger.Type // declared
	commodities map[string]*commodityUse
	codes       map[string]string // currencies that commodities are said to stand for
	currencies  map[string]money.Currency
	assertions  []*assertion
	exact       map[string]asserted
	below       map[string]asserted
	balances    map[ledger.AccountID]*ledger.Balance
	counts      map[string]int
	faults      *faults
}

// Summary counts what is in a journal.
type Summary struct {
	Format       plaintext.Format
	Own          bool     // an export of this project
	Files        []string // in the order of reading
	Transactions uint64
	Entries      uint64 // what of them is booked
	Postings     uint64 // of the entries
	Accounts     uint64 // of the ledger: one for each currency
	Assertions   uint64 // balances that were asserted, and are right
	First, Last  calendar.Date
	Passed       []Count // what was read and is not booked, by name
	Totals       map[money.Currency]ledger.TrialTotal
}

// Count is how often something came.
type Count struct {
	What  string
	Times int
}

// Open reads a journal through, with what it includes, and checks everything
// that can be checked without a ledger: that every line is understood, that
// transactions balance, that every balance asserted is right, that the ledger
// would take every entry. It books nothing.
//
// Errors: *FaultsError, which lists all faults; plaintext.ErrUnknownFormat;
// ErrChanged; those of reading the file, and of the context.
func Open(ctx context.Context, name string, o Options) (*Journal, error) {
	o, err := o.withDefaults(name)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		name: name, options: o, faults: &faults{}, accounts: make(map[string]*account), kinds: make(map[string]ledger.Type),
		commodities: make(map[string]*commodityUse), codes: make(map[string]string), currencies: make(map[string]money.Currency),
		balances: make(map[ledger.AccountID]*ledger.Balance), counts: make(map[string]int),
	}
	j.Summary.Format = o.Format
	r, err := read(ctx, name, &j.options, surveyor{j}, j.faults)
	if err != nil {
		return nil, err
	}
	j.Summary.Own, j.Summary.Files, j.digest = r.own, r.files, r.digest.Sum(nil)
	whole := len(j.faults.kept) == 0
	j.settle(r)
	j.settleCommodities()
	if err := j.setChart(); err != nil {
		return nil, err
	}
	if err := j.check(ctx, whole); err != nil {
		return nil, err
	}
	return j, j.faults.err(j.Summary.Files)
}

// setChart derives the chart, or holds the accounts against the one that is
// given.
func (j *Journal) setChart() (err error) {
	if j.chart, err = j.derive(); err != nil {
		return err
	}
	if j.options.Chart != nil {
		j.chart = j.options.Chart
		j.fits(j.chart, j.faults)
	}
	return nil
}

// check is the second reading: it makes every entry and proves every assertion.
func (j *Journal) check(ctx context.Context, whole bool) error {
	chart, err := unlimited(j.chart)
	if err != nil {
		return err
	}
	j.index()
	c := &checker{builder: j.builder(j.tell), chart: chart, keys: make(map[string]place)}
	r, err := read(ctx, j.name, &j.options, c, &faults{})
	if err != nil {
		return err
	}
	if !bytes.Equal(r.digest.Sum(nil), j.digest) {
		return fmt.Errorf("%s: %w", j.name, ErrChanged)
	}
	if whole && len(j.faults.kept) == 0 {
		j.prove()
	}
	j.Summary.Assertions = uint64(len(j.assertions))
	j.Summary.Accounts = uint64(len(j.balances))
	for what, times := range j.counts {
		j.Summary.Passed = append(j.Summary.Passed, Count{what, times})
	}
	slices.SortFunc(j.Summary.Passed, func(a, b Count) int { return cmp.Compare(a.What, b.What) })
	j.exact, j.below, j.assertions = nil, nil, nil
	return j.sumUp()
}

func (j *Journal) builder(tell func(string)) *builder {
	return &builder{Journal: j, faults: j.faults, own: j.Summary.Own, seen: make(map[[16]byte]uint32), tell: tell}
}

func (j *Journal) tell(what string) { j.counts[what]++ }

// sumUp makes the totals of the trial balance.
func (j *Journal) sumUp() error {
	j.Summary.Totals = make(map[money.Currency]ledger.TrialTotal)
	for id, balance := range j.balances {
		net, err := balance.Net(ledger.Debit)
		if err != nil {
			return err
		}
		total := j.Summary.Totals[id.Currency]
		if net.Sign() > 0 {
			total.Debit, err = total.Debit.Add(net)
		} else {
			total.Credit, err = total.Credit.Sub(net)
		}
		if err != nil {
			return err
		}
		j.Summary.Totals[id.Currency] = total
	}
	return nil
}

// surveyor is who hears a journal first: it notes accounts, commodities and
// assertions.
type surveyor struct{ j *Journal }

func (s surveyor) transaction(t *transaction) error {
	s.j.Summary.Transactions++
	for i := range t.postings {
		p := &t.postings[i]
		s.j.mention(p.place, p.account).used = true
		if p.amount != nil {
			s.use(p.amount)
		}
	}
	return nil
}

func (s surveyor) use(a *amount) {
	if a.commodity == "" {
		return
	}
	if s.j.commodities[a.commodity] == nil {
		s.j.commodities[a.commodity] = &commodityUse{place: a.place}
	}
	s.j.commodities[a.commodity].amounts++
}

func (s surveyor) assertion(a *assertion) {
	s.use(&a.amount)
	s.j.mention(a.place, a.account)
	s.j.assertions = append(s.j.assertions, a)
}

func (s surveyor) declaration(d declaration) { s.j.declare(d) }

func (s surveyor) commodity(at place, name, code string) {
	if _, err := money.ParseCurrency(code); err != nil {
		s.j.faults.add(at, "commodity %q: %v", name, err)
		return
	}
	s.j.codes[name] = code
}

func (s surveyor) passed(what string) { s.j.counts[what]++ }

// checker is who hears it the second time.
type checker struct {
	deaf
	*builder
	chart *ledger.Chart
	keys  map[string]place // of an export
}

func (c *checker) transaction(t *transaction) error {
	if t.broken {
		return nil
	}
	e, moved, ok := c.entry(t)
	for i := range moved {
		if err := c.Journal.count(t.date, &moved[i]); err != nil {
			c.add(t.place, "%v", err)
			return nil
		}
	}
	if ok {
		c.sound(t, &e)
	}
	return nil
}

// sound asks the ledger itself whether it would take an entry, whatever stands
// on its accounts.
func (c *checker) sound(t *transaction, e *ledger.Entry) {
	if c.own {
		if first, taken := c.keys[e.Key]; taken {
			c.add(t.place, "key %q stands twice, first in line %d of %s", shown(e.Key), first.line, c.files(first))
			return
		}
		c.keys[e.Key] = t.place
	}
	for _, p := range e.Postings {
		if _, ok := c.chart.Match(p.Account); !ok {
			return // reported with the account
		}
	}
	state := ledger.NewState(c.chart)
	state.PutKey(e.Key, nil)
	for _, p := range e.Postings {
		state.PutAccount(p.ID(), nil)
	}
	if _, err := state.Execute(*e); err != nil {
		c.refuse(t, err)
		return
	}
	c.book(t, e)
}

func (c *checker) files(at place) string { return c.Summary.Files[at.file] }

// refuse reports what the ledger says of an entry.
func (c *checker) refuse(t *transaction, err error) {
	invalid, ok := errors.AsType[*ledger.EntryError](err)
	if !ok {
		c.add(t.place, "%v", err)
		return
	}
	for _, fault := range invalid.Faults {
		c.add(t.place, "%v", fault)
	}
}

// book adds an entry to the sums.
func (c *checker) book(t *transaction, e *ledger.Entry) {
	c.Summary.Entries++
	c.Summary.Postings += uint64(len(e.Postings))
	if c.Summary.First.IsZero() || e.ValueDate.Before(c.Summary.First) {
		c.Summary.First = e.ValueDate
	}
	if e.ValueDate.After(c.Summary.Last) {
		c.Summary.Last = e.ValueDate
	}
	for _, p := range e.Postings {
		if c.balances[p.ID()] == nil {
			c.balances[p.ID()] = &ledger.Balance{}
		}
		if err := c.balances[p.ID()].Add(p); err != nil {
			c.add(t.place, "%s: %v", p.ID(), err)
			return
		}
	}
}

// deaf hears nothing but transactions.
type deaf struct{}

func (deaf) assertion(*assertion)            {}
func (deaf) declaration(declaration)         {}
func (deaf) commodity(place, string, string) {}
func (deaf) passed(string)                   {}

// Entries reads the journal again and yields its entries in their order. The
// error, if there is one, is the last pair: ErrChanged when the files are not
// what they were, and those of reading.
func (j *Journal) Entries(ctx context.Context) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		reported := &faults{}
		e := &emitter{builder: j.builder(func(string) {}), yield: yield}
		e.faults = reported
		r, err := read(ctx, j.name, &j.options, e, reported)
		switch {
		case errors.Is(err, errStop):
			return
		case err == nil && (len(reported.kept) > 0 || !bytes.Equal(r.digest.Sum(nil), j.digest)):
			err = fmt.Errorf("%s: %w", j.name, ErrChanged)
		}
		if err != nil {
			yield(ledger.Entry{}, err)
		}
	}
}

// errStop ends a reading that nobody listens to any more.
var errStop = errors.New("stop")

// emitter is who hears a journal when it is booked.
type emitter struct {
	deaf
	*builder
	yield func(ledger.Entry, error) bool
}

func (e *emitter) transaction(t *transaction) error {
	if t.broken || slices.ContainsFunc(t.postings, func(p posting) bool { return e.accounts[p.account] == nil }) {
		return fmt.Errorf("%s: %w", e.name, ErrChanged)
	}
	entry, _, ok := e.entry(t)
	if ok && !e.yield(entry, nil) {
		return errStop
	}
	return nil
}
