package settlex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// CheckOptions say what to check.
type CheckOptions struct {
	Region string        // of one region; empty: of all
	On     calendar.Date // as the books stood at the end of a day; zero: as they stand now
	Limits payment.Limits
}

// CheckRow is what one rule says of one region and currency: the sums of what there
// is and of what there should be.
type CheckRow struct {
	Rule       payment.Rule
	Region     string
	Currency   money.Currency
	Looked     int          // accounts, deposits, disputes: whatever the rule is about
	Have       money.Amount // minor units, or a number where the rule counts
	Want       money.Amount
	Difference money.Amount // Have - Want
	Failed     int          // of those looked at
}

// CheckFinding is one thing that a rule does not hold for.
type CheckFinding struct {
	Region string
	payment.Finding
}

// Checked is what the rules of the chart of accounts say of the books.
type Checked struct {
	On       calendar.Date
	Rows     []CheckRow     // by region, currency and rule
	Findings []CheckFinding // in the order they were found
}

// Broken counts the findings of rules that only a fault of the books can break.
func (c *Checked) Broken() int { return len(c.Findings) - c.Alarms() }

// Alarms counts the findings that the world outside can bring about.
func (c *Checked) Alarms() (n int) {
	for i := range c.Findings {
		if c.Findings[i].Rule.Alarm {
			n++
		}
	}
	return n
}

// ErrNotOver marks a day that is asked about before it has ended.
var ErrNotOver = errors.New("is not over")

// Check holds the books against the rules of the chart of accounts
// (payment.ChartRules). As of now, every rule is looked at. As of the end of an
// earlier day, by the clock of each region's schedule and as the books stood then,
// whatever its value date, only those are that need no records, which are kept as of
// now: floors, ages, and that debits equal credits.
//
// It reads the journal and the records once. Memory grows with the number of accounts and of
// deposits that something was refunded or disputed of, and by one bit for each entry.
//
// Errors: ErrNotOver, merchant.ErrNoRegion, and those of reading.
func (e *Engine) Check(ctx context.Context, options CheckOptions) (*Checked, error) {
	if options.Region != "" && e.region(options.Region) == nil {
		return nil, fmt.Errorf("check: there is no region %q", options.Region)
	}
	c := &checking{engine: e, options: &options, out: &Checked{On: options.On}, rules: payment.ChartRules()}
	c.rows, c.whole = make(map[rowKey]*CheckRow), make(map[ledger.AccountID]money.Amount)
	if c.out.On.IsZero() {
		c.out.On = payment.DateUTC(e.now())
	}
	if err := e.books.Read(ctx, func(r ledger.Reader) error { return c.read(ctx, r) }); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if err := c.accountRules(ctx); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	for _, row := range c.rows {
		c.out.Rows = append(c.out.Rows, *row)
	}
	slices.SortFunc(c.out.Rows, func(a, b CheckRow) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), a.Currency.Compare(b.Currency), cmp.Compare(c.order(a.Rule.ID), c.order(b.Rule.ID)))
	})
	return c.out, nil
}

type rowKey struct {
	rule, region string
	currency     money.Currency
}

// checking is one check under way.
type checking struct {
	engine   *Engine
	options  *CheckOptions
	out      *Checked
	rules    []payment.Rule
	rows     map[rowKey]*CheckRow
	accounts []ledger.Account
	missing  []ledger.Account // that records say something of, and nothing was booked on
	expected payment.Expected
	whole    map[ledger.AccountID]money.Amount // by class of accounts
	silent   map[ledger.AccountID]bool         // the records do not tell about it now
	places   places
}

func (c *checking) order(id string) int {
	return slices.IndexFunc(c.rules, func(r payment.Rule) bool { return r.ID == id })
}

// now tells that the books are looked at as they stand.
func (c *checking) now() bool { return c.options.On.IsZero() }

// read takes what is needed from one snapshot, and judges what is about no account.
func (c *checking) read(ctx context.Context, r ledger.Reader) (err error) {
	c.expected, c.silent = make(payment.Expected), make(map[ledger.AccountID]bool)
	if c.places, err = c.engine.places(ctx, r); err != nil {
		return err
	}
	known := make(map[ledger.AccountID]bool)
	for account, err := range r.Accounts(ctx, "") {
		if err != nil {
			return err
		}
		c.accounts, known[account.AccountID] = append(c.accounts, account), true
	}
	if !c.now() {
		return nil
	}
	if err := c.expected.Expect(ctx, r); err != nil {
		return err
	}
	if err := settlement.Expect(ctx, r, c.expected, c.silent); err != nil {
		return err
	}
	for id, want := range c.expected {
		if !want.IsZero() && !known[id] && !strings.Contains(id.Path, "{") { // and no class of accounts
			c.missing = append(c.missing, ledger.Account{AccountID: id})
		}
	}
	slices.SortFunc(c.missing, func(a, b ledger.Account) int { return order(a.AccountID, b.AccountID) })
	if err := payment.Taken(ctx, r, c.judging("left")); err != nil {
		return err
	}
	if err := settlement.Once(ctx, r, c.judging("once")); err != nil {
		return err
	}
	if err := payment.Final(ctx, r, c.judging("clearing")); err != nil {
		return err
	}
	if err := c.caps(ctx, r); err != nil {
		return err
	}
	return c.booked(ctx, r)
}

// caps judges what fixed and minimum reserves hold against the caps of their plans.
func (c *checking) caps(ctx context.Context, r ledger.Reader) error {
	for p, err := range ledger.RecordsOf[*payment.Pool](ctx, r, payment.PoolRecord, "") {
		if err != nil {
			return err
		}
		s := payment.Standing{AccountID: ledger.AccountID{Path: payment.PoolPath(p.Merchant, p.Kind), Currency: p.Currency}}
		if s.Have, err = p.Balance(); err != nil {
			return err
		}
		scope := merchant.Scope{Merchant: p.Merchant, Region: c.places.of(s.AccountID), Currency: p.Currency}
		built, now := c.engine.rules.Caps(p, scope, c.out.On)
		for _, most := range []struct {
			rule string
			cap  *money.Amount
		}{{"cap", built}, {"lowered cap", now}} {
			if s.Want = most.cap; most.cap == nil {
				continue
			}
			if err := c.judging(most.rule)(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// booked counts the postings of each account, and which of them events have booked.
func (c *checking) booked(ctx context.Context, r ledger.Reader) error {
	type count struct{ all, ours int64 }
	counts := make(map[ledger.AccountID]*count)
	for e, err := range ledger.Entries(ctx, r) {
		if err != nil {
			return err
		}
		for i := range e.Postings {
			id := e.Postings[i].ID()
			if counts[id] == nil {
				counts[id] = new(count)
			}
			counts[id].all++
			if e.Owner == payment.Owner || e.Owner == settlement.Owner {
				counts[id].ours++
			}
		}
	}
	for i := range c.accounts {
		n := counts[c.accounts[i].AccountID]
		if n == nil {
			continue
		}
		want := money.Minor(n.ours)
		if err := c.judging("booked")(payment.Standing{AccountID: c.accounts[i].AccountID, Subject: "postings", Have: money.Minor(n.all), Want: &want}); err != nil {
			return err
		}
	}
	return nil
}

// judging gives what has one rule judge a standing.
func (c *checking) judging(rule string) func(payment.Standing) error {
	return func(s payment.Standing) error { return c.judge(&c.rules[c.order(rule)], s) }
}

// accountRules has every account judged by the rules of its class, and what all
// accounts of a currency add up to.
func (c *checking) accountRules(ctx context.Context) error {
	debits, credits := make(map[money.Currency]money.Amount), make(map[money.Currency]money.Amount)
	for i := range c.accounts {
		account := &c.accounts[i]
		have, end, err := c.posted(ctx, account)
		if err != nil {
			return err
		}
		side := credits
		if account.Type.Normal() == ledger.Debit {
			side = debits
		}
		if side[account.Currency], err = side[account.Currency].Add(have); err != nil {
			return err
		}
		if err := c.account(ctx, account, have, end); err != nil {
			return err
		}
		if err := c.together(account.AccountID, have); err != nil {
			return err
		}
	}
	for i := range c.missing {
		if err := c.account(ctx, &c.missing[i], money.Amount{}, c.engine.now()); err != nil {
			return err
		}
	}
	if c.now() {
		if err := c.wholes(); err != nil {
			return err
		}
	}
	for currency, have := range debits {
		want := credits[currency]
		s := payment.Standing{AccountID: ledger.AccountID{Currency: currency}, Subject: "all accounts", Have: have, Want: &want}
		if err := c.judging("balance")(s); err != nil {
			return err
		}
	}
	return nil
}

// order is by path and currency.
func order(a, b ledger.AccountID) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), a.Currency.Compare(b.Currency))
}

// together adds an account to its class, where a rule is about the class as a whole.
func (c *checking) together(id ledger.AccountID, have money.Amount) error {
	for i := range c.rules {
		if rule := &c.rules[i]; rule.Whole && rule.Covers(id.Path) {
			class := ledger.AccountID{Path: rule.Account, Currency: id.Currency}
			sum, err := c.whole[class].Add(have)
			if err != nil {
				return err
			}
			c.whole[class] = sum
		}
	}
	return nil
}

// wholes judges classes of accounts by the rules that are about all of them together.
func (c *checking) wholes() error {
	for _, class := range slices.SortedFunc(maps.Keys(c.whole), order) {
		i := slices.IndexFunc(c.rules, func(r payment.Rule) bool { return r.Whole && r.Account == class.Path })
		want := c.expected[class]
		if err := c.judge(&c.rules[i], payment.Standing{AccountID: class, Have: c.whole[class], Want: &want}); err != nil {
			return err
		}
	}
	return nil
}

// posted is what an account stands at, or has stood at when the day was over that is
// asked about, and the instant that day ended.
func (c *checking) posted(ctx context.Context, account *ledger.Account) (have money.Amount, end time.Time, err error) {
	if c.now() {
		have, err = account.Posted()
		return have, c.engine.now(), err
	}
	end = c.engine.dayEnd(c.places.of(account.AccountID), account.Currency, c.options.On)
	if end.After(c.engine.now()) {
		return have, end, fmt.Errorf("%s %w", c.options.On, ErrNotOver)
	}
	have, err = c.engine.books.BalanceAt(ctx, account.Path, account.Currency, end.Add(-time.Microsecond))
	return have, end, err
}

func (c *checking) account(ctx context.Context, account *ledger.Account, have money.Amount, end time.Time) error {
	for i := range c.rules {
		rule := &c.rules[i]
		if rule.Each || rule.Whole || !rule.Covers(account.Path) {
			continue
		}
		s := payment.Standing{AccountID: account.AccountID, Have: have, On: c.out.On}
		if rule.Records {
			if !c.now() || c.silent[account.AccountID] {
				continue
			}
			want := c.expected[account.AccountID]
			s.Want = &want
		}
		if rule.Aged && !have.IsZero() {
			var err error
			if s.Since, err = c.since(ctx, account, have, end); err != nil {
				return err
			}
		}
		if err := c.judge(rule, s); err != nil {
			return err
		}
	}
	return nil
}

// deepest is how far back the age of a balance is looked for, in days.
const deepest = 4096

// since finds the day on which the oldest part of a balance came, first in first
// out: the first by whose end more had come than has gone until now.
func (c *checking) since(ctx context.Context, account *ledger.Account, have money.Amount, end time.Time) (on calendar.Date, err error) {
	region := c.places.of(account.AccountID)
	came, went := ledger.Debit, ledger.Credit
	if (account.Type.Normal() == ledger.Debit) != (have.Sign() > 0) {
		came, went = went, came
	}
	err = c.engine.books.Read(ctx, func(r ledger.Reader) error {
		gone, err := r.BalanceBefore(ctx, account.AccountID, ledger.Place{At: end})
		if err != nil {
			return err
		}
		low, high := 0, deepest // days ago: some of it had come by the end of low, none by that of high
		for high-low > 1 {
			days := (low + high) / 2
			day := c.out.On.AddDays(-days)
			then, err := r.BalanceBefore(ctx, account.AccountID, ledger.Place{At: c.engine.dayEnd(region, account.Currency, day)})
			if err != nil {
				return err
			}
			if total(then, came).Cmp(total(gone, went)) > 0 {
				low = days
			} else {
				high = days
			}
		}
		on = c.out.On.AddDays(-low)
		return nil
	})
	return on, err
}

// total is what was posted on one side of an account.
func total(b ledger.Balance, side ledger.Side) money.Amount {
	if side == ledger.Debit {
		return b.Debits
	}
	return b.Credits
}

// judge counts a standing in its row, and keeps what does not hold.
func (c *checking) judge(rule *payment.Rule, s payment.Standing) error {
	region := c.places.of(s.AccountID)
	if c.options.Region != "" && region != c.options.Region {
		return nil
	}
	s.On = c.out.On
	finding, err := rule.Judge(s, &c.options.Limits)
	if err != nil {
		return err
	}
	key := rowKey{rule.ID, region, s.Currency}
	row := c.rows[key]
	if row == nil {
		row = &CheckRow{Rule: *rule, Region: region, Currency: s.Currency}
		c.rows[key] = row
	}
	row.Looked++
	for _, sum := range []struct {
		into *money.Amount
		add  money.Amount
	}{{&row.Have, s.Have}, {&row.Want, finding.Wanted}, {&row.Difference, finding.Difference}} {
		if err := addTo(sum.into, sum.add); err != nil {
			return err
		}
	}
	if !finding.Holds {
		row.Failed++
		c.out.Findings = append(c.out.Findings, CheckFinding{Region: region, Finding: finding})
	}
	return nil
}
