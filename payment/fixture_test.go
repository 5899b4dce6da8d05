package payment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// The cast: m is settled by a job at T+1, hand decides by itself what it pays
// out, and both trade in India by the terms of the recipes: 2 % and 18 % GST of
// a capture, 15.00 and GST of a dispute, 5.00 and GST of a payout, 10 % held for
// 90 days. Fees come back with a refund, except those of cards.
const (
	m    = "m"
	hand = "hand"
)

func inr() money.Currency { return money.MustCurrency("INR") }

// kolkata is where the tests' clocks hang.
func kolkata() *time.Location {
	zone, err := calendar.LoadZone("Asia/Kolkata")
	if err != nil {
		panic(err)
	}
	return zone
}

// at reads a local time such as "2026-03-02 10:00".
func at(clock string) time.Time {
	instant, err := time.ParseInLocation("2006-01-02 15:04", clock, kolkata())
	if err != nil {
		panic(err)
	}
	return instant.UTC()
}

// rs reads an amount of rupees.
func rs(amount string) money.Amount {
	digits, negative := strings.CutPrefix(amount, "-")
	a, err := inr().Parse(digits)
	if err != nil {
		panic(err)
	}
	if negative {
		return a.Neg()
	}
	return a
}

// indian is a schedule that closes at 18:00 in Kolkata and pays one business
// day later.
func indian(id string, anchor calendar.AnchorKind, scopes ...merchant.Scope) merchant.Schedule {
	days, ok := calendar.Shipped("IN")
	if !ok {
		panic("no calendar IN")
	}
	return merchant.Schedule{
		ID: id, Version: "1", For: scopes,
		Timing: calendar.Schedule{
			Zone: kolkata(), Cutoffs: []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}},
			Delay: calendar.Delay{N: 1}, Anchor: calendar.Anchor{Kind: anchor}, Calendars: calendar.Calendars{days},
		},
	}
}

// price is a fee for one event with 18 % GST on it.
func price(id string, event fees.Event, c fees.Component) fees.Schedule {
	c.Kind = "commission"
	s := fees.Schedule{
		ID: id, Version: "1", Match: fees.Match{Currency: inr(), Event: event}, Components: []fees.Component{c},
		Tax: fees.Tax{Code: "gst", Rate: money.MustRate("18%")},
	}
	if event == fees.EventCapture || event == fees.EventRefund {
		s.Refund = fees.RefundReturnProRata
	}
	return s
}

// terms are the rules of the cast.
func terms() *payment.Rules {
	capture := price("capture", fees.EventCapture, fees.Component{Rate: money.MustRate("2%")})
	card := price("capture-card", fees.EventCapture, fees.Component{Rate: money.MustRate("2%")})
	card.Match.Method, card.Refund = "CARD", fees.RefundKeep
	return &payment.Rules{
		Book: &merchant.Book{
			Regions: []merchant.Region{{ID: "IN", Currencies: []money.Currency{inr()}, Bank: "escrow_in", InputTax: "gst"}},
			Schedules: []merchant.Schedule{
				indian("daily", calendar.EachWindow, merchant.Scope{Region: "IN"}),
				indian("by-hand", calendar.Manual, merchant.Scope{Merchant: hand}),
			},
			Plans: []merchant.PlanScope{{Plan: "tenth", For: []merchant.Scope{{Region: "IN"}}}},
		},
		Fees: fees.Table{
			capture, card,
			price("dispute", fees.EventDispute, fees.Component{Fixed: new(rs("15.00"))}),
			price("payout", fees.EventPayout, fees.Component{Fixed: new(rs("5.00"))}),
		},
		Plans: []reserve.Plan{{ID: "tenth", Version: "1", Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 90}},
	}
}

// noReserve are the terms without the reserve.
func noReserve() *payment.Rules {
	rules := terms()
	rules.Book.Plans, rules.Plans = nil, nil
	return rules
}

// desk is a platform at work, verified from top to bottom when its test ends.
type desk struct {
	testing.TB
	*settlex.Engine
	rules  *payment.Rules
	store  ledger.Store
	quotes settlement.Quotes // nil: there are none
}

// clock stands so late that every window a test talks about has closed.
func clock() time.Time { return at("2026-11-30 12:00") }

func open(t testing.TB, rules *payment.Rules) *desk {
	t.Helper()
	return openWith(t, rules, nil)
}

// openWith opens a desk with quotes.
func openWith(t testing.TB, rules *payment.Rules, quotes settlement.Quotes) *desk {
	t.Helper()
	d := &desk{TB: t, rules: rules, store: anystore.Open(t), quotes: quotes}
	d.restart()
	t.Cleanup(d.sound)
	return d
}

// restart has an engine begin anew by the rules as they are now.
func (d *desk) restart() {
	d.Helper()
	engine, err := settlex.New(d.Context(), settlex.Config{
		Store: d.store, Rules: d.rules, Clock: clock, Quotes: d.quotes,
		Merchants: []merchant.Merchant{{ID: m}, {ID: hand}},
	})
	if err != nil {
		d.Fatal(err)
	}
	d.Engine = engine
}

// sound verifies everything; t.Context is over when a cleanup asks.
func (d *desk) sound() {
	d.Helper()
	v, err := d.Verify(background())
	if err != nil {
		d.Errorf("verify: %v", err)
		return
	}
	for _, finding := range v.Findings {
		d.Errorf("verify: %s", finding)
	}
	checked, err := d.Check(background(), settlex.CheckOptions{})
	if err != nil {
		d.Errorf("check: %v", err)
		return
	}
	for _, f := range checked.Findings {
		if !f.Rule.Alarm {
			d.Errorf("check: %s %s: %s: have %s, want %s", f.AccountID, f.Subject, f.Rule.Holds, f.Have, f.Wanted)
		}
	}
}

// report books one event and hands out what became of it.
func (d *desk) report(e payment.Event) (repeated bool, err error) {
	d.Helper()
	h := &payment.Handle{Rules: d.rules, Event: e.Normalize()}
	err = d.Books().Do(d.Context(), h)
	return h.Repeated, err
}

// book books events that are new and sound.
func (d *desk) book(events ...payment.Event) {
	d.Helper()
	for _, e := range events {
		d.settleFor(e)
		if repeated, err := d.report(e); err != nil || repeated {
			d.Fatalf("%s %s: repeated %t, %v", e.Kind, e.ID, repeated, err)
		}
	}
}

// settleFor closes what is due before a decision that is not taken while anything is.
func (d *desk) settleFor(e payment.Event) {
	d.Helper()
	switch e.Kind {
	case payment.WriteOffApproved, payment.DebtReclassified, payment.DebtRestored:
		d.settleBefore(e.OccurredAt.In(kolkata()).Format("2006-01-02 15:04"))
	}
}

// refuse wants an event refused with an error of that text, and nothing
// written.
func (d *desk) refuse(e payment.Event, want string) {
	d.Helper()
	d.settleFor(e)
	before := d.everything()
	_, err := d.report(e)
	if got := fmt.Sprint(err); got != want {
		d.Errorf("%s %s (-want +got):\n%s", e.Kind, e.ID, cmp.Diff(want, got))
	}
	d.same(before, "a refused "+string(e.Kind))
}

// again wants an event to be recognised and nothing written.
func (d *desk) again(e payment.Event) {
	d.Helper()
	before := d.everything()
	if repeated, err := d.report(e); !repeated || err != nil {
		d.Errorf("%s %s again: repeated %t, %v", e.Kind, e.ID, repeated, err)
	}
	d.same(before, "a repeated "+string(e.Kind))
}

func (d *desk) same(before snapshot, what string) {
	d.Helper()
	if diff := cmp.Diff(before, d.everything()); diff != "" {
		d.Errorf("%s changed something (-before +after):\n%s", what, diff)
	}
}

// settle closes every window up to a business date and gives the batches.
func (d *desk) settle(through string) (batches []*settlement.Batch) {
	d.Helper()
	_, err := d.Settle(d.Context(), calendar.MustDate(through), func(b *settlement.Batch) { batches = append(batches, b) })
	if err != nil {
		d.Fatal(err)
	}
	return batches
}

// move books what a rail reports about a batch.
func (d *desk) move(kind payment.Kind, batch, when, rail string) {
	d.Helper()
	e := payment.Event{Kind: kind, ID: batch, OccurredAt: at(when), Rail: rail}
	switch kind {
	case payment.BatchCanceled:
		e.ReasonCode = "closed_account"
	case payment.BatchHeld, payment.BatchReleased, payment.BatchRetried:
		e.ReasonCode, e.Actor = "looked at", "anna"
	case payment.BatchApproved:
		e.Actor = "ben"
	}
	if err := d.Books().Do(d.Context(), &settlement.Move{Rules: d.rules, Event: e.Normalize()}); err != nil {
		d.Fatal(err)
	}
}

// snapshot is everything a ledger says: the end of the journal, every account
// and every record.
type snapshot struct {
	Head     ledger.Head
	Accounts []ledger.Account
	Records  []string
}

func recordKinds() []string {
	return []string{
		payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord, payment.QueueRecord,
		payment.PlaceRecord, payment.PayoutBatchRecord, payment.PayoutResultsRecord, payment.RailRecord,
		payment.RailCostRecord, payment.RailInvoiceRecord, payment.BankLineRecord, payment.FeeTransferRecord, payment.OpeningRecord, payment.ExchangeRecord,
		payment.AdjustmentRecord, payment.DebtRecord, payment.TopUpRecord, payment.WriteOffRecord,
		payment.FeeDeductionRecord, payment.BillingRecord, payment.InvoiceRecord, payment.InvoiceLineRecord, payment.InvoiceSeriesRecord,
		payment.ItemRecord, payment.PositionRecord, payment.FoldedRecord, payment.HoldRecord, payment.ReleasedRecord, payment.PoolRecord, payment.DecisionRecord, payment.MerchantRecord,
		payment.FeeCounterRecord, payment.FeeMonthRecord, payment.FeeMonthDoneRecord,
		settlement.BatchRecord, settlement.LineRecord, settlement.DayRecord, settlement.ClosingRecord, settlement.HeldRecord, settlement.UnconvertedRecord, settlement.MerchantHoldRecord, settlement.RequestRecord, settlement.BlockRecord,
	}
}

func (d *desk) everything() (s snapshot) {
	d.Helper()
	err := d.Books().Read(d.Context(), func(r ledger.Reader) (err error) {
		s, err = readAll(d.Context(), r)
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return s
}

func readAll(ctx context.Context, r ledger.Reader) (s snapshot, err error) {
	if s.Head, err = ledger.Together(ctx, r); err != nil {
		return s, err
	}
	for account, err := range r.Accounts(ctx, "") {
		if err != nil {
			return s, err
		}
		s.Accounts = append(s.Accounts, account)
	}
	for _, kind := range recordKinds() {
		for record, err := range r.Records(ctx, kind, "", "") {
			if err != nil {
				return s, err
			}
			text, err := json.Marshal(record)
			if err != nil {
				return s, err
			}
			s.Records = append(s.Records, record.Ref().String()+" "+string(text))
		}
	}
	return s, nil
}

// entries writes the entries booked after seq as a bookkeeper would, one
// posting to a line.
func (d *desk) entries(after uint64) string {
	d.Helper()
	var out strings.Builder
	err := d.Books().Read(d.Context(), func(r ledger.Reader) error {
		for e, err := range ledger.Journal(d.Context(), r, ledger.Position{after}) {
			if err != nil {
				return err
			}
			if e.IsEntry() {
				write(&out, e)
			}
		}
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	return out.String()
}

func write(out *strings.Builder, e *ledger.Booked) {
	fmt.Fprintf(out, "%s %s", e.Kind, e.Key)
	if e.PartOf != "" {
		fmt.Fprintf(out, " < %s", e.PartOf)
	}
	out.WriteByte('\n')
	for _, p := range e.Postings {
		side := "Dr"
		if p.Side == ledger.Credit {
			side = "Cr"
		}
		fmt.Fprintf(out, "  %s %s %s\n", side, p.Account, p.Currency.Format(p.Amount))
	}
}

func (d *desk) head() uint64 {
	d.Helper()
	return d.everything().Head.Seq
}

// stands wants accounts at balances, on their normal side: "available -161.80".
func (d *desk) stands(merchant string, want ...string) {
	d.Helper()
	for _, line := range want {
		path, amount, _ := strings.Cut(line, " ")
		d.account("merchants/"+merchant+"/"+path, amount)
	}
}

func (d *desk) account(path, want string) {
	d.Helper()
	account, _, err := d.Books().Account(d.Context(), path, inr())
	if err != nil {
		d.Fatal(err)
	}
	posted, err := account.Posted()
	if err != nil {
		d.Fatal(err)
	}
	if posted != rs(want) {
		d.Errorf("%s stands at %s, want %s", path, inr().Format(posted), want)
	}
}

// records gives the records of one kind, in order of their ids.
func records[T ledger.Record](d *desk, kind string) (out []T) {
	d.Helper()
	err := d.Books().Read(d.Context(), func(r ledger.Reader) error {
		for record, err := range r.Records(d.Context(), kind, "", "") {
			if err != nil {
				return err
			}
			found, ok := record.(T)
			if !ok {
				return errors.New(record.Ref().String() + " is of another type")
			}
			out = append(out, found)
		}
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// record gives the one record of a kind with an id.
func record[T ledger.Record](d *desk, kind, id string) T {
	d.Helper()
	all := records[T](d, kind)
	i, ok := slices.BinarySearchFunc(all, id, func(r T, id string) int { return strings.Compare(r.Ref().ID, id) })
	if !ok {
		d.Fatalf("no %s %s", kind, id)
	}
	return all[i]
}

// putting stores a record where a configuration would.
type putting struct{ record ledger.Record }

func (s *putting) At() time.Time                        { return time.Time{} }
func (s *putting) Need(_ *ledger.State, n *ledger.Need) { n.Record(s.record.Ref()) }
func (s *putting) Apply(state *ledger.State) error      { state.Put(s.record); return nil }
