package settlex_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// house is an engine with its store and a clock that stands where a test puts
// it.
type house struct {
	*settlex.Engine
	t     testing.TB
	store *counting
	clock *time.Time
}

// open makes a house on a file of its own, whose books must be sound when the
// test ends.
func open(t testing.TB, rules *payment.Rules) *house {
	t.Helper()
	h := on(t, anystore.Open(t), rules)
	t.Cleanup(func() {
		v, err := h.Verify(context.Background())
		if err == nil {
			err = v.Err()
		}
		if err != nil {
			t.Errorf("verify: %v", err)
		}
	})
	return h
}

// on makes a house on a store.
func on(t testing.TB, store ledger.Store, rules *payment.Rules) *house {
	t.Helper()
	clock := ist("2026-06-01 00:00")
	counted := &counting{Store: store}
	engine, err := settlex.New(t.Context(), settlex.Config{Store: counted, Rules: rules, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	counted.writes = 0
	return &house{Engine: engine, t: t, store: counted, clock: &clock}
}

// counting counts the write transactions of a store, and fails one of them.
type counting struct {
	ledger.Store
	writes int
	fail   int // the write that fails, from 1; 0: none
}

// Write implements ledger.Store.
func (c *counting) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if c.writes++; c.writes == c.fail {
		return errPulled
	}
	return c.Store.Write(ctx, fn)
}

var errPulled = errors.New("the plug was pulled")

// CheckEngine lets Verify look below the ledger.
func (c *counting) CheckEngine(ctx context.Context, report func(ledger.Finding)) error {
	if engine, ok := c.Store.(ledger.EngineChecker); ok {
		return engine.CheckEngine(ctx, report)
	}
	return nil
}

// take ingests events as a file; the test fails if a row is refused.
func (h *house) take(events ...payment.Event) settlex.Ingested {
	h.t.Helper()
	done, err := h.Ingest(h.t.Context(), rows(h.t, events...), settlex.IngestOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	return done
}

// settle settles all that is due at an instant; afterwards the clock is back
// where it was, late enough for everything to have happened.
func (h *house) settle(now time.Time) settlex.Settled {
	h.t.Helper()
	defer func(was time.Time) { *h.clock = was }(*h.clock)
	*h.clock = now
	done, err := h.Settle(h.t.Context(), calendar.Date{}, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return done
}

// journal gives every entry there is.
func (h *house) journal() (all []ledger.Booked) {
	h.t.Helper()
	err := h.Books().Read(h.t.Context(), func(r ledger.Reader) error {
		for e, err := range ledger.Entries(h.t.Context(), r) {
			if err != nil {
				return err
			}
			all = append(all, *e)
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// batches gives every batch that is closed.
func (h *house) batches() (all []*settlement.Batch) {
	h.t.Helper()
	err := h.Books().Read(h.t.Context(), func(r ledger.Reader) error {
		for b, err := range settlement.All(h.t.Context(), r) {
			if err != nil {
				return err
			}
			all = append(all, b)
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// rows writes events as a file and reads it back.
func rows(t testing.TB, events ...payment.Event) iter.Seq2[feed.Row, error] {
	t.Helper()
	var file bytes.Buffer
	if err := feed.Write(&file, feed.CSV, slices.Values(events)); err != nil {
		t.Fatal(err)
	}
	return feed.Read(t.Context(), "events.csv", &file, feed.Mapping{})
}

// text reads a file given as text; indentation by tabs is the test's own.
func text(t testing.TB, file string) iter.Seq2[feed.Row, error] {
	t.Helper()
	file = strings.TrimPrefix(strings.ReplaceAll(file, "\t", ""), "\n")
	return feed.Read(t.Context(), "march.csv", strings.NewReader(file), feed.Mapping{})
}

// table is a CSV file that was read back: a map for each row.
func table(t testing.TB, path string) (all []map[string]string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := make(map[string]string, len(record))
		for i, name := range records[0] {
			row[name] = record[i]
		}
		all = append(all, row)
	}
	return all
}

// tree is the content of a directory of files, by name.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = string(content)
	}
	return all
}

// only keeps the files whose names begin and end as given.
func only(files map[string]string, prefix, suffix string) map[string]string {
	kept := make(map[string]string)
	for name, content := range files {
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			kept[name] = content
		}
	}
	return kept
}

// threeRegions is the configuration of most tests: India closes at 12:00 and
// 18:00 and pays T+0, Pakistan closes at midnight and pays T+1, Bangladesh
// closes on Thursdays; m9 is settled by hand. A deposit costs 2 %, a dispute
// 15.00, a payout 5.00, each with 18 % of tax; India withholds 10 % for five
// days.
func threeRegions() *payment.Rules {
	in := schedule("IN", "Asia/Kolkata", 0, "12:00", "18:00")
	bd := schedule("BD", "Asia/Dhaka", 1, "18:00")
	bd.Timing.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Thursday}}
	byHand := schedule("IN", "Asia/Kolkata", 1, "18:00")
	byHand.ID, byHand.For, byHand.Timing.Anchor.Kind = "by-hand", []merchant.Scope{{Merchant: "m9"}}, calendar.Manual
	book := &merchant.Book{
		Regions: []merchant.Region{
			{ID: "IN", Currencies: []money.Currency{inr()}, Bank: "in-escrow", InputTax: "gst"},
			{ID: "PK", Currencies: []money.Currency{pkr()}, Bank: "pk-escrow"},
			{ID: "BD", Currencies: []money.Currency{bdt()}, Bank: "bd-escrow"},
		},
		Schedules: []merchant.Schedule{in, schedule("PK", "Asia/Karachi", 1, "00:00"), bd, byHand},
		Plans:     []merchant.PlanScope{{Plan: "rolling", For: []merchant.Scope{{Region: "IN"}}}},
	}
	return &payment.Rules{
		CreateMerchants: true, Book: book, Fees: prices(),
		Plans: []reserve.Plan{{ID: "rolling", Version: "1", Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 5}},
	}
}

func schedule(region, zone string, delay int, cutoffs ...string) merchant.Schedule {
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		panic(err)
	}
	s := merchant.Schedule{
		ID: strings.ToLower(region), Version: "1", For: []merchant.Scope{{Region: region}},
		Timing: calendar.Schedule{Zone: loc, Delay: calendar.Delay{N: delay}},
	}
	for i, c := range cutoffs {
		s.Timing.Cutoffs = append(s.Timing.Cutoffs, calendar.WindowCutoff{At: calendar.MustClock(c), Label: fmt.Sprint("w", i+1)})
	}
	return s
}

func prices() fees.Table {
	dispute, payout := money.Minor(1500), money.Minor(500)
	tax := fees.Tax{Code: "gst", Rate: money.MustRate("18%")}
	var table fees.Table
	for _, c := range []money.Currency{inr(), pkr(), bdt()} {
		for _, price := range []struct {
			event fees.Event
			fees.Component
		}{
			{fees.EventCapture, fees.Component{Kind: "commission", Rate: money.MustRate("2%")}},
			{fees.EventDispute, fees.Component{Kind: "handling", Fixed: &dispute}},
			{fees.EventPayout, fees.Component{Kind: "transfer", Fixed: &payout}},
		} {
			table = append(table, fees.Schedule{
				ID: string(price.event) + "-" + c.String(), Version: "1", Match: fees.Match{Currency: c, Event: price.event},
				Components: []fees.Component{price.Component}, Tax: tax,
			})
		}
	}
	return table
}

func inr() money.Currency { return money.MustCurrency("INR") }
func pkr() money.Currency { return money.MustCurrency("PKR") }
func bdt() money.Currency { return money.MustCurrency("BDT") }

func date(s string) calendar.Date { return calendar.MustDate(s) }

// ist reads a time of India such as "2026-03-02 18:00" or "... 18:00:30".
func ist(text string) time.Time {
	layout := "2006-01-02 15:04:05"
	if len(text) < len(layout) {
		layout = "2006-01-02 15:04"
	}
	zone, err := calendar.LoadZone("Asia/Kolkata")
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation(layout, text, zone)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

// minor reads an amount in major units of two digits.
func minor(major string) money.Amount {
	negative := strings.HasPrefix(major, "-")
	amount, err := inr().Parse(strings.TrimPrefix(major, "-"))
	if err != nil {
		panic(err)
	}
	if negative {
		return amount.Neg()
	}
	return amount
}

// deposit is a payment by UPI in INR.
func deposit(id, m, at, amount string) payment.Event {
	return payment.Event{
		Kind: payment.DepositCaptured, ID: id, Merchant: m, OccurredAt: ist(at), Currency: inr(), Amount: minor(amount), Method: "UPI",
	}
}

// refund gives an amount of a deposit in INR back.
func refund(id, of, at, amount string) payment.Event {
	return payment.Event{
		Kind: payment.RefundCreated, ID: id, Parent: of, OccurredAt: ist(at), Currency: inr(), Amount: minor(amount), ReasonCode: "return",
	}
}

// in puts an event into another currency.
func in(c money.Currency, e payment.Event) payment.Event {
	e.Currency = c
	return e
}

// reopen gives the same store to a new engine.
func (h *house) reopen(rules *payment.Rules) *house {
	h.t.Helper()
	again := on(h.t, h.store.Store, rules)
	*again.clock = *h.clock
	return again
}
