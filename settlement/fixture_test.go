package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// failer is what a fixture needs of a *testing.T; a *rapid.T has it too.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// house is a payment platform on a store of its own.
type house struct {
	t     failer
	db    *bbolt.DB // of openAt, for who damages the file
	store ledger.Store
	books *ledger.Ledger
	rules *payment.Rules
	chunk int

	quotes settlement.Quotes // nil: there are none
}

// open makes a house; its books are verified when the test ends.
func open(t *testing.T, rules *payment.Rules) *house {
	t.Helper()
	h := openOn(t, t, rules)
	t.Cleanup(h.sound)
	return h
}

// openOn makes a house on the kind of store that is tested. It is closed when
// the stage is cleared.
func openOn(stage testing.TB, t failer, rules *payment.Rules) *house {
	stage.Helper()
	t.Helper()
	if anystore.Chosen(stage) != anystore.Bolt {
		return newHouse(t, anystore.Open(stage), rules)
	}
	h := openAt(t, filepath.Join(stage.TempDir(), "ledger.db"), rules)
	stage.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return h
}

// blank is a file with nothing in it but what every file begins with. Copies of
// it spare each try of a property the syncs of a new file.
var blank = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "settlement")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "blank.db")
	store, err := bolt.Open(path, bolttest.Small())
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(path)
	return file, errors.Join(err, os.RemoveAll(dir))
})

// openAt makes a house on a file, which the caller closes. The file is not
// synced: no test here cuts the power.
func openAt(t failer, path string, rules *payment.Rules) *house {
	t.Helper()
	file, err := blank()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatalf("new file: %v", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: true, NoGrowSync: true})
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	db.AllocSize = 64 << 10 // and a test's file is small
	store, err := bolt.Attach(db, bolttest.Small())
	if err != nil {
		t.Fatalf("attach: %v", err)
	}
	h := newHouse(t, store, rules)
	h.db = db
	return h
}

// newHouse makes a house on a store.
func newHouse(t failer, store ledger.Store, rules *payment.Rules) *house {
	t.Helper()
	if err := rules.Book.Validate(); err != nil {
		t.Fatalf("the test's book: %v", err)
	}
	if err := rules.Fees.Validate(); err != nil {
		t.Fatalf("the test's fees: %v", err)
	}
	h := &house{t: t, rules: rules}
	h.on(store)
	h.keep(rules.Book.Schedules)
	return h
}

// keep has more schedules stored.
func (h *house) keep(schedules []merchant.Schedule) {
	h.t.Helper()
	if err := h.books.Do(context.Background(), &keeping{schedules}); err != nil {
		h.t.Fatalf("keep the schedules: %v", err)
	}
}

// keeping has schedules stored, as an engine does when it starts.
type keeping struct{ schedules []merchant.Schedule }

func (k *keeping) At() time.Time { return time.Time{} }

func (k *keeping) Need(*ledger.State, *ledger.Need) {}

func (k *keeping) Apply(s *ledger.State) error {
	for i := range k.schedules {
		s.Put(&payment.Schedule{Schedule: k.schedules[i]})
	}
	return nil
}

// on goes on working through another view of the same store.
func (h *house) on(store ledger.Store) {
	h.t.Helper()
	chart, err := payment.Chart()
	if err != nil {
		h.t.Fatalf("chart: %v", err)
	}
	h.store = store
	if h.books, err = ledger.New(store, ledger.Config{Chart: chart, Clock: func() time.Time { return ist("2026-01-01 00:00") }}); err != nil {
		h.t.Fatalf("ledger: %v", err)
	}
}

func (h *house) schedule(pin merchant.Pin) (*merchant.Schedule, error) {
	for i := range h.rules.Book.Schedules {
		if s := &h.rules.Book.Schedules[i]; s.Pin() == pin {
			return s, nil
		}
	}
	for _, stored := range records[*payment.Schedule](h, payment.ScheduleRecord) { // it was configured once
		if stored.Pin() == pin {
			return &stored.Schedule, nil
		}
	}
	return nil, fmt.Errorf("no schedule %s", pin)
}

// take books events; the test fails if one is refused.
func (h *house) take(events ...payment.Event) {
	h.t.Helper()
	if err := h.try(events...); err != nil {
		h.t.Fatalf("%v", err)
	}
}

// try books events and gives the first refusal.
func (h *house) try(events ...payment.Event) error {
	commands := make([]ledger.Command, len(events))
	for i, e := range events {
		if e = e.Normalize(); e.Kind.OfBatch() {
			commands[i] = &settlement.Move{Rules: h.rules, Event: e}
			continue
		}
		commands[i] = &payment.Handle{Rules: h.rules, Event: e}
	}
	errs, err := h.books.DoAll(context.Background(), commands...)
	if err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s %s: %w", events[i].Kind, events[i].ID, err)
		}
	}
	return nil
}

// settle closes what is due at an instant and gives the batches, in order.
func (h *house) settle(now time.Time) []*settlement.Batch {
	h.t.Helper()
	batches, err := h.trySettle(settlement.Ready{Horizon: now})
	if err != nil {
		h.t.Fatalf("settle at %s: %v", now, err)
	}
	return batches
}

func (h *house) trySettle(ready settlement.Ready) (batches []*settlement.Batch, err error) {
	ctx := context.Background()
	if err := h.byHand(ready); err != nil {
		return nil, err
	}
	targets, fault := h.due(ready)
	if fault != nil && !settlement.Refused(fault) {
		return nil, fault
	}
	closer := settlement.Closer{Books: h.books, Book: h.rules.Book, Schedules: h.schedule, Rules: h.rules, Chunk: h.chunk, Quotes: h.quotes}
	err = closer.Close(ctx, targets, func(b *settlement.Batch) { batches = append(batches, b) })
	if err == nil {
		err = closer.Convert(ctx, ready.Horizon, func(*settlement.Batch) {})
	}
	return batches, errors.Join(fault, err)
}

func (h *house) due(ready settlement.Ready) (targets []settlement.Target, err error) {
	ctx := context.Background()
	ready.Rules = h.rules
	err = h.books.Read(ctx, func(r ledger.Reader) error {
		targets, err = settlement.Due(ctx, r, h.schedule, ready)
		return err
	})
	return targets, err
}

// byHand does what is due for merchants who are settled by hand.
func (h *house) byHand(ready settlement.Ready) error {
	ctx := context.Background()
	var commands []ledger.Command
	ready.Rules = h.rules
	err := h.books.Read(ctx, func(r ledger.Reader) (err error) {
		commands, err = settlement.ByHand(ctx, r, h.schedule, ready)
		return err
	})
	if err != nil {
		return err
	}
	errs, err := h.books.DoAll(ctx, commands...)
	if err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// read runs fn on a snapshot.
func (h *house) read(fn func(ctx context.Context, r ledger.Reader) error) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.books.Read(ctx, func(r ledger.Reader) error { return fn(ctx, r) }); err != nil {
		h.t.Fatalf("read: %v", err)
	}
}

// batches gives every batch that is closed.
func (h *house) batches() (all []*settlement.Batch) {
	h.t.Helper()
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for b, err := range settlement.All(ctx, r) {
			if err != nil {
				return err
			}
			all = append(all, b)
		}
		return nil
	})
	return all
}

// lines gives the lines of a batch.
func (h *house) lines(batch string) (all []*settlement.Line) {
	h.t.Helper()
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for l, err := range settlement.Lines(ctx, r, batch) {
			if err != nil {
				return err
			}
			all = append(all, l)
		}
		return nil
	})
	return all
}

// records gives the records of a kind, in order.
func records[T ledger.Record](h *house, kind string) (all []T) {
	h.t.Helper()
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for record, err := range ledger.RecordsOf[T](ctx, r, kind, "") {
			if err != nil {
				return err
			}
			all = append(all, record)
		}
		return nil
	})
	return all
}

// balance is what stands on an account.
func (h *house) balance(path string, c money.Currency) string {
	h.t.Helper()
	account, ok, err := h.books.Account(context.Background(), path, c)
	if err != nil {
		h.t.Fatalf("account %s: %v", path, err)
	}
	if !ok {
		return "none"
	}
	posted, err := account.Posted()
	if err != nil {
		h.t.Fatalf("account %s: %v", path, err)
	}
	return c.Format(posted)
}

// findings is what both verifiers have to say, one line each.
func (h *house) findings() (all []string) {
	h.t.Helper()
	v, err := h.books.Verify(context.Background())
	if err != nil {
		h.t.Fatalf("verify the ledger: %v", err)
	}
	for _, f := range v.Findings {
		all = append(all, f.String())
	}
	return append(all, h.settlementFindings()...)
}

// settlementFindings is what settlement.Verify has to say, one line each.
func (h *house) settlementFindings() (all []string) {
	h.t.Helper()
	h.read(func(ctx context.Context, r ledger.Reader) error {
		return settlement.Verify(ctx, r, func(f ledger.Finding) { all = append(all, f.String()) })
	})
	return all
}

// sound fails the test if the books are not.
func (h *house) sound() {
	h.t.Helper()
	for _, f := range h.findings() {
		h.t.Errorf("verify: %s", f)
	}
}

// story tells every batch with its lines, and what is in none, the way a
// bookkeeper would read them out:
//
//	m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 97.64 + 0.00 = 97.64
//	  1 deposit d1 97.64
//	tail: m1 INR deposit d2 97.64 of 2026-03-03
func (h *house) story() string {
	h.t.Helper()
	var out strings.Builder
	for _, b := range h.batches() {
		out.WriteString(tell(b) + "\n")
		for _, l := range h.lines(b.ID) {
			fmt.Fprintf(&out, "  %d %s", l.No, l.Type)
			if !l.OfBatch() {
				fmt.Fprintf(&out, " %s", l.SourceID)
			}
			fmt.Fprintf(&out, " %s", l.Currency.Format(l.Net))
			if l.Late {
				fmt.Fprintf(&out, " late, of %s", l.Window.BusinessDate)
			}
			out.WriteByte('\n')
		}
	}
	for _, i := range records[*payment.Item](h, payment.ItemRecord) {
		fmt.Fprintf(&out, "tail: %s %s %s %s %s of %s\n", i.Merchant, i.Currency, i.Type, i.SourceID, i.Currency.Format(i.Net), i.Window.BusinessDate)
	}
	return out.String()
}

// tell is the first line of a batch in a story.
func tell(b *settlement.Batch) string {
	f := b.Currency.Format
	label := ""
	if b.Window.Label != "" {
		label = " " + b.Window.Label
	}
	return fmt.Sprintf("%s %s %s%s %s, due %s: %s + %s + %s = %s", b.Merchant, b.Currency, b.Window.BusinessDate, label, b.AtClose,
		b.Window.SettlementDate, f(b.OpeningCarry), f(b.Totals.Net), f(b.CarryOut), f(b.Net))
}

// wants compares the story so far; indentation by tabs is the test's own.
func (h *house) wants(story string) {
	h.t.Helper()
	story = strings.TrimPrefix(strings.ReplaceAll(story, "\t", ""), "\n")
	if diff := cmp.Diff(story, h.story()); diff != "" {
		h.t.Errorf("story (-want +got)\n%s", diff)
	}
}

// rulesWith makes rules of schedules: three regions, no fees, no reserve.
func rulesWith(schedules ...merchant.Schedule) *payment.Rules {
	var free fees.Table
	for _, c := range []money.Currency{inr(), pkr(), bdt()} {
		free = append(free, fees.Schedule{
			ID: "free-" + c.String(), Version: "1", Match: fees.Match{Currency: c}, Components: []fees.Component{{Kind: "commission"}},
		})
	}
	return &payment.Rules{
		CreateMerchants: true,
		Fees:            free,
		Book: &merchant.Book{
			Regions: []merchant.Region{
				{ID: "IN", Currencies: []money.Currency{inr()}, Bank: "in-escrow"},
				{ID: "PK", Currencies: []money.Currency{pkr()}, Bank: "pk-escrow"},
				{ID: "BD", Currencies: []money.Currency{bdt()}, Bank: "bd-escrow"},
			},
			Schedules: schedules,
		},
	}
}

// priced makes INR cost: 2 % of a deposit, 15.00 a dispute, 5.00 a payout, each
// with 18 % of tax.
func priced(rules *payment.Rules) *payment.Rules {
	price := func(id string, event fees.Event, refund fees.RefundPolicy, c fees.Component) fees.Schedule {
		return fees.Schedule{
			ID: id, Version: "1", Match: fees.Match{Currency: inr(), Event: event}, Components: []fees.Component{c}, Refund: refund,
			Tax: fees.Tax{Code: "gst", Rate: money.MustRate("18%")},
		}
	}
	dispute, payout := minor("15.00"), minor("5.00")
	rules.Fees = append(rules.Fees,
		price("capture", fees.EventCapture, fees.RefundReturnProRata, fees.Component{Kind: "commission", Rate: money.MustRate("2%")}),
		price("dispute", fees.EventDispute, "", fees.Component{Kind: "handling", Fixed: &dispute}),
		price("payout", fees.EventPayout, "", fees.Component{Kind: "transfer", Fixed: &payout}),
	)
	return rules
}

// reserving makes regions withhold 10 % of each deposit for some days.
func reserving(rules *payment.Rules, days int, regions ...string) *payment.Rules {
	scope := merchant.PlanScope{Plan: "rolling"}
	for _, id := range regions {
		scope.For = append(scope.For, merchant.Scope{Region: id})
	}
	rules.Plans = []reserve.Plan{{ID: "rolling", Version: "1", Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: days}}
	rules.Book.Plans = []merchant.PlanScope{scope}
	return rules
}

// daily is a T+1 schedule of a region that closes at local times of day, with
// every day open.
func daily(region, zone string, cutoffs ...string) merchant.Schedule {
	s := merchant.Schedule{
		ID: strings.ToLower(region) + "-daily", Version: "1", For: []merchant.Scope{{Region: region}},
		Timing: calendar.Schedule{Zone: place(zone), Delay: calendar.Delay{N: 1}},
	}
	for i, c := range cutoffs {
		label := ""
		if len(cutoffs) > 1 {
			label = fmt.Sprintf("w%d", i+1)
		}
		s.Timing.Cutoffs = append(s.Timing.Cutoffs, calendar.WindowCutoff{At: calendar.MustClock(c), Label: label})
	}
	return s
}

// india is the schedule most tests use: one window a day, closing at 18:00.
func india() merchant.Schedule { return daily("IN", "Asia/Kolkata", "18:00") }

// shipped is a set of one calendar of the binary.
func shipped(id string) calendar.Calendars {
	c, ok := calendar.Shipped(id)
	if !ok {
		panic("no calendar " + id)
	}
	return calendar.Calendars{c}
}

func place(zone string) *time.Location {
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		panic(err)
	}
	return loc
}

// local reads a local time such as "2026-03-02 18:00" or "2026-03-02 18:00:00.000001".
func local(zone, text string) time.Time {
	layout := "2006-01-02 15:04:05"
	if len(text) < len(layout) {
		layout = "2006-01-02 15:04"
	}
	at, err := time.ParseInLocation(layout, text, place(zone))
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

func ist(text string) time.Time { return local("Asia/Kolkata", text) }

func inr() money.Currency { return money.MustCurrency("INR") }
func pkr() money.Currency { return money.MustCurrency("PKR") }
func bdt() money.Currency { return money.MustCurrency("BDT") }

// minor reads an amount in major units of two digits.
func minor(major string) money.Amount {
	amount, err := inr().Parse(strings.TrimPrefix(major, "-"))
	if err != nil {
		panic(err)
	}
	if strings.HasPrefix(major, "-") {
		return amount.Neg()
	}
	return amount
}

func date(s string) calendar.Date { return calendar.MustDate(s) }

// deposit is a payment of a merchant in INR by UPI.
func deposit(id, m string, at time.Time, amount string) payment.Event {
	return payment.Event{
		Kind: payment.DepositCaptured, ID: id, Merchant: m, OccurredAt: at, Currency: inr(), Amount: minor(amount), Method: "UPI",
	}
}

// refund gives an amount of a deposit in INR back.
func refund(id, of string, at time.Time, amount string) payment.Event {
	return payment.Event{Kind: payment.RefundCreated, ID: id, Parent: of, OccurredAt: at, Currency: inr(), Amount: minor(amount), ReasonCode: "return"}
}

// later is a further event of a resource.
func later(kind payment.Kind, id string, at time.Time) payment.Event {
	return payment.Event{Kind: kind, ID: id, OccurredAt: at}
}
