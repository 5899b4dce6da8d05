package storetest

import (
	"context"
	"errors"
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
	side(t, false, one, several, func(p *lanePair) { p.compareBooks() })
}

// side has two stores do the same, and compares them at the end.
func side(t *testing.T, exact bool, one, several func(testing.TB) ledger.Store, compare func(*lanePair)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		stage := NewStage(t)
		defer stage.Clear()
		clock := &laneClock{now: noon()}
		config := ledger.Config{Chart: laneChart(t), Clock: clock.read}
		stores := [2]ledger.Store{one(stage), several(stage)}
		p := &lanePair{T: rt, clock: clock, exact: exact, stores: stores, one: books(t, stores[0], config), several: books(t, stores[1], config)}
		for range rapid.IntRange(1, 30).Draw(rt, "length") {
			p.step()
		}
		compare(p)
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
	stores       [2]ledger.Store
	one, several *ledger.Ledger
	exact        bool // lanes and sequences are the same too
	keys, holds  []string
	number       int
}

func (p *lanePair) step() {
	p.clock.now = p.clock.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, 30 * time.Hour}).Draw(p.T, "time passes"))
	switch rapid.IntRange(0, 11).Draw(p.T, "what") {
	case 0:
		p.expire()
	case 1:
		p.look()
	case 2:
		p.dryRun()
	case 3:
		p.host()
	default:
		p.execute()
	}
}

// batch draws requests that come together.
func (p *lanePair) batch() (ledger.Mode, []ledger.Request) {
	mode := rapid.SampledFrom([]ledger.Mode{ledger.Atomic, ledger.Independent}).Draw(p.T, "mode")
	requests := make([]ledger.Request, rapid.IntRange(1, 3).Draw(p.T, "requests"))
	for i := range requests {
		requests[i] = p.request()
	}
	return mode, requests
}

// execute asks both for a batch.
func (p *lanePair) execute() {
	mode, requests := p.batch()
	var got [2]string
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		got[i] = p.outcomes(books.Execute(p.Context(), mode, requests...))
	}
	p.same(fmt.Sprintf("%s %+v", mode, requests), got)
}

// dryRun asks both what would come of a batch.
func (p *lanePair) dryRun() {
	mode, requests := p.batch()
	var got [2]string
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		got[i] = p.outcomes(books.Try(p.Context(), mode, requests...))
	}
	p.same(fmt.Sprintf("dry run: %s %+v", mode, requests), got)
}

var errLaneHost = errors.New("the host changes its mind")

// host has both take part in a transaction in which there are several batches.
func (p *lanePair) host() {
	modes, batches := make([]ledger.Mode, rapid.IntRange(1, 3).Draw(p.T, "calls")), [][]ledger.Request(nil)
	for i := range modes {
		mode, requests := p.batch()
		modes[i], batches = mode, append(batches, requests)
	}
	commit := rapid.IntRange(0, 3).Draw(p.T, "commit") > 0
	var got [2]string
	for i, books := range []*ledger.Ledger{p.one, p.several} {
		var all string
		err := books.Write(p.Context(), func(tx ledger.Tx) error {
			all = "" // it may be run again
			for j, requests := range batches {
				outcomes, err := books.ExecuteTx(p.Context(), tx, modes[j], requests...)
				if all += p.outcomes(outcomes, err); err != nil {
					return err
				}
			}
			if !commit {
				return errLaneHost
			}
			return nil
		})
		got[i] = fmt.Sprint(all, err)
	}
	p.same(fmt.Sprintf("host: %s %+v", modes, batches), got)
}

// outcomes is outcomes as text, but for their lanes and sequences unless they
// are to be the same.
func (p *lanePair) outcomes(outcomes []ledger.Outcome, err error) string {
	text := fmt.Sprint(err)
	for i := range outcomes {
		o := outcomes[i]
		text += fmt.Sprintf("\n%+v %v replayed %t terms %v: %v", o.Entry, o.At, o.Replayed, laneTerms(o.Terms), o.Err)
		if p.exact {
			text += fmt.Sprintf(" of lane %d, seq %d, %s", o.Lane, o.Seq, o.Act)
		}
	}
	if p.exact {
		return text
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
	options := []cmp.Option{cmpopts.EquateEmpty(), cmpopts.EquateErrors()}
	if !p.exact {
		options = append(options, cmpopts.IgnoreFields(ledger.Booked{}, "Lane", "Seq"))
	}
	if diff := cmp.Diff(feeds[0], feeds[1], options...); diff != "" {
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
