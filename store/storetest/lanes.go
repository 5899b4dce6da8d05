package storetest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Lanes drives one stream of random requests through books on two stores: one
// and several open a store of one lane and of several. Which lane something is
// booked in changes nothing but its lane and sequence: every outcome, account,
// statement, page and as-of balance is the same, and both are sound.
func Lanes(t *testing.T, one, several func(testing.TB) ledger.Store) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		stage := NewStage(t)
		defer stage.Clear()
		clock := &laneClock{now: noon()}
		config := ledger.Config{Chart: laneChart(t), Clock: clock.read}
		p := &lanePair{T: rt, clock: clock, one: books(t, one(stage), config), several: books(t, several(stage), config)}
		for range rapid.IntRange(1, 30).Draw(rt, "length") {
			p.step()
		}
		p.compareBooks()
		p.verify()
	})
}

// laneClock is one clock for both ledgers, so it only moves between steps.
type laneClock struct{ now time.Time }

func (c *laneClock) read() time.Time { return c.now }

const (
	laneBank  = "bank"
	laneClear = "clearing/a"
	laneFees  = "fees"
	laneShop  = "shops/s1"
)

func laneAccounts() []string {
	return []string{laneBank, laneClear, "clearing/b", laneFees, laneShop, "shops/s2"}
}

func laneCurrency() money.Currency { return money.MustCurrency("INR") }

func laneChart(t testing.TB) *ledger.Chart {
	t.Helper()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: laneBank, Type: ledger.Asset},
		ledger.Pattern{Path: "clearing/{c}", Type: ledger.Liability},
		ledger.Pattern{Path: laneFees, Type: ledger.Income},
		ledger.Pattern{Path: "shops/{s}", Type: ledger.Liability, Limited: true, MayBreach: []string{"chargeback"}, Velocity: []ledger.Velocity{
			{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(900)},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// lanePair is books on both stores, asked the same.
type lanePair struct {
	*rapid.T
	clock        *laneClock
	one, several *ledger.Ledger
	keys, holds  []string
	number       int
}

func (p *lanePair) step() {
	p.clock.now = p.clock.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, 30 * time.Hour}).Draw(p.T, "time passes"))
	switch rapid.IntRange(0, 9).Draw(p.T, "what") {
	case 0:
		p.expire()
	case 1:
		p.look()
	default:
		p.execute()
	}
}

// execute asks both for a batch.
func (p *lanePair) execute() {
	mode := rapid.SampledFrom([]ledger.Mode{ledger.Atomic, ledger.Independent}).Draw(p.T, "mode")
	requests := make([]ledger.Request, rapid.IntRange(1, 3).Draw(p.T, "requests"))
	for i := range requests {
		requests[i] = p.request()
	}
	var got [2]string
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		outcomes, err := books.Execute(p.Context(), mode, requests...)
		got[i] = laneOutcomes(outcomes, err)
	}
	p.same(fmt.Sprintf("%s %+v", mode, requests), got)
}

// laneOutcomes is outcomes as text, but for their lanes and sequences.
func laneOutcomes(outcomes []ledger.Outcome, err error) string {
	text := fmt.Sprint(err)
	for i := range outcomes {
		o := outcomes[i]
		text += fmt.Sprintf("\n%+v %v replayed %t terms %v: %v", o.Entry, o.At, o.Replayed, laneTerms(o.Terms), o.Err)
	}
	return laneSeq.ReplaceAllString(text, "(seq)")
}

// laneSeq is where a conflict names the item that took the key.
var laneSeq = regexp.MustCompile(`\(seq \d+\)`)

func laneTerms(t *ledger.Terms) string {
	if t == nil {
		return "none"
	}
	return fmt.Sprint(t.Of, t.All, t.Final, t.Asked, t.Through, len(t.Opened), t.Change)
}

func (p *lanePair) key() string {
	if len(p.keys) > 0 && rapid.IntRange(0, 9).Draw(p.T, "taken key") == 0 {
		return rapid.SampledFrom(p.keys).Draw(p.T, "key")
	}
	p.number++
	p.keys = append(p.keys, fmt.Sprintf("k%d", p.number))
	return p.keys[len(p.keys)-1]
}

func (p *lanePair) hold() string {
	return rapid.SampledFrom(append([]string{"nobody's"}, p.holds...)).Draw(p.T, "hold")
}

func (p *lanePair) postings() []ledger.Posting {
	debit := rapid.SampledFrom(laneAccounts()).Draw(p.T, "debit")
	credit := rapid.SampledFrom(laneAccounts()).Filter(func(s string) bool { return s != debit }).Draw(p.T, "credit")
	amount := money.Minor(rapid.Int64Range(1, 400).Draw(p.T, "amount"))
	return []ledger.Posting{ledger.Dr(debit, amount, laneCurrency()), ledger.Cr(credit, amount, laneCurrency())}
}

func (p *lanePair) request() ledger.Request {
	switch rapid.IntRange(0, 11).Draw(p.T, "request") {
	case 0, 1:
		h := ledger.Hold{Key: p.key(), Kind: "hold", Postings: p.postings()}
		if rapid.Bool().Draw(p.T, "expires") {
			h.Expires = p.clock.now.Add(time.Hour)
		}
		p.holds = append(p.holds, h.Key)
		return h
	case 2:
		return ledger.Capture{Key: p.key(), Hold: p.hold(), Kind: "capture", All: true}
	case 3:
		return ledger.Release{Key: p.key(), Hold: p.hold()}
	case 4:
		of := rapid.SampledFrom(append([]string{"nobody's"}, p.keys...)).Draw(p.T, "reverses")
		return ledger.Reversal{Key: p.key(), Of: of, Kind: "reversal", All: true, ValueDate: calendar.DateOf(p.clock.now, time.UTC)}
	case 5:
		return p.change()
	case 6:
		through := calendar.DateOf(p.clock.now, time.UTC).AddDays(rapid.IntRange(-5, 0).Draw(p.T, "days"))
		return ledger.PeriodChange{Key: p.key(), Reopen: rapid.Bool().Draw(p.T, "reopen"), Through: through}
	case 7:
		account := rapid.SampledFrom(laneAccounts()).Draw(p.T, "asserted")
		return ledger.Assertion{Account: account, Currency: laneCurrency(), Amount: money.Minor(rapid.Int64Range(0, 2).Draw(p.T, "stands at"))}
	}
	kind := rapid.SampledFrom([]string{"sale", "chargeback"}).Draw(p.T, "kind")
	e := ledger.Entry{Key: p.key(), Kind: kind, Reference: rapid.SampledFrom([]string{"", "r1"}).Draw(p.T, "reference"), Postings: p.postings()}
	if rapid.IntRange(0, 3).Draw(p.T, "dated") == 0 {
		e.ValueDate = calendar.DateOf(p.clock.now, time.UTC).AddDays(rapid.IntRange(-4, 1).Draw(p.T, "value date"))
		e.OrFirstOpen = rapid.Bool().Draw(p.T, "or first open")
	}
	return e
}

func (p *lanePair) change() ledger.Request {
	c := ledger.AccountChange{Key: p.key(), Account: rapid.SampledFrom(laneAccounts()).Draw(p.T, "changed"), Currency: laneCurrency()}
	switch rapid.IntRange(0, 4).Draw(p.T, "change") {
	case 0:
		c.Limits = &ledger.Limits{Limited: true, Floor: money.Minor(-rapid.Int64Range(0, 500).Draw(p.T, "floor"))}
	case 1:
		c.Limits = &ledger.Limits{}
	case 2:
		c.Limits = &ledger.Limits{Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(2)}}}
	case 3:
		c.Status = rapid.SampledFrom([]ledger.Status{ledger.Open, ledger.NoDebit, ledger.Frozen, ledger.AccountClosed}).Draw(p.T, "status")
	default:
		c.Metadata = []ledger.Attribute{{Name: "n", Value: c.Key}}
	}
	return c
}

func (p *lanePair) expire() {
	var got [2]string
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		n, err := books.Expire(p.Context(), 2)
		got[i] = fmt.Sprint(n, err)
	}
	p.same("expire", got)
}

// look reads an account in every way there is.
func (p *lanePair) look() {
	path := rapid.SampledFrom(laneAccounts()).Draw(p.T, "account looked at")
	ago := rapid.SampledFrom([]time.Duration{0, time.Microsecond, time.Minute, 40 * time.Minute, 48 * time.Hour}).Draw(p.T, "ago")
	limit := rapid.IntRange(1, 4).Draw(p.T, "lines of a page")
	byValue := rapid.Bool().Draw(p.T, "by value")
	var got [2]string
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		got[i] = laneReadings(p.Context(), books, path, p.clock.now.Add(-ago), limit, byValue)
	}
	p.same("readings of "+path, got)
}

// laneReadings is what can be read of an account, as text.
func laneReadings(ctx context.Context, books *ledger.Ledger, path string, at time.Time, limit int, byValue bool) string {
	out := laneAccount(books.Account(ctx, path, laneCurrency()))
	stood, err := books.BalanceAt(ctx, path, laneCurrency(), at)
	out += fmt.Sprintln("at", at, stood, err)
	stood, err = books.BalanceOn(ctx, path, laneCurrency(), calendar.DateOf(at, time.UTC))
	out += fmt.Sprintln("on", stood, err)
	q := ledger.StatementQuery{Account: path, Currency: laneCurrency(), Limit: limit, Span: ledger.BookedIn(time.Time{}, at)}
	if byValue {
		q.Span = ledger.ValuedIn(calendar.DateOf(at, time.UTC).AddDays(-3), calendar.Date{})
	}
	for {
		page, err := books.Statement(ctx, q)
		if err != nil {
			return out + err.Error()
		}
		out += fmt.Sprintln("page", page.Opening, page.Closing)
		for _, line := range page.Lines {
			out += fmt.Sprintln(line.Entry.Key, line.Entry.At, line.Debit, line.Credit, line.Balance)
		}
		if q.After = page.Next; page.Next == "" {
			break
		}
	}
	for item, err := range books.Entries(ctx, ledger.EntryQuery{Reference: "r1", From: at}) {
		if err != nil {
			return out + err.Error()
		}
		out += fmt.Sprintln("referenced", item.Key)
	}
	return out
}

// laneAccount is an account as text, but for lanes and sequences.
func laneAccount(a ledger.Account, ok bool, err error) string {
	a.Home, a.No, a.LimitsLane, a.LimitsSeq, a.Lane, a.Seq = 0, 0, 0, 0, 0, 0
	for i := range a.Counters {
		a.Counters[i].Since, a.Counters[i].Lane, a.Counters[i].At = 0, 0, time.Time{}
	}
	return fmt.Sprintf("%+v %+v %t %v\n", a, a.Balance, ok, err)
}

func (p *lanePair) same(what string, got [2]string) {
	p.Helper()
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		p.Fatalf("%s (-one lane +several):\n%s", what, diff)
	}
}

// compareBooks compares everything both hold: accounts, holds, and the feed item
// by item.
func (p *lanePair) compareBooks() {
	for _, path := range laneAccounts() {
		var got [2]string
		for i, books := range []*ledger.Ledger{p.one, p.several} {
			got[i] = laneReadings(p.Context(), books, path, p.clock.now, 3, false)
		}
		p.same("readings of "+path, got)
	}
	for _, key := range p.holds {
		var got [2]string
		for i, books := range []*ledger.Ledger{p.one, p.several} {
			h, ok, err := books.HoldState(p.Context(), key)
			h.Lane, h.Seq, h.EndLane, h.Ended = 0, 0, 0, 0
			got[i] = fmt.Sprint(h, ok, err)
		}
		p.same("hold "+key, got)
	}
	var feeds [2][]ledger.Booked
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		feeds[i] = laneFeed(p, books)
	}
	if diff := cmp.Diff(feeds[0], feeds[1], cmpopts.EquateEmpty(), cmpopts.EquateErrors(), cmpopts.IgnoreFields(ledger.Booked{}, "Lane", "Seq")); diff != "" {
		p.Fatalf("feed (-one lane +several):\n%s", diff)
	}
}

// laneFeed reads the change feed, a few items at a time.
func laneFeed(p *lanePair, books *ledger.Ledger) (out []ledger.Booked) {
	var after ledger.Cursor
	for more := true; more; {
		more = false
		for item, err := range books.Changes(p.Context(), after) {
			if err != nil {
				p.Fatal(err)
			}
			out, after = append(out, *item.Booked), item.Cursor
			if more = len(out)%3 == 0; more {
				break
			}
		}
	}
	return out
}

func (p *lanePair) verify() {
	for _, books := range []*ledger.Ledger{p.one, p.several} {
		v, err := books.Verify(p.Context())
		if err != nil {
			p.Fatal(err)
		}
		if len(v.Findings) > 0 {
			p.Fatalf("verify: %s", slices.Collect(func(yield func(string) bool) {
				for _, f := range v.Findings {
					if !yield(f.String()) {
						return
					}
				}
			}))
		}
	}
}
