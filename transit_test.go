package settlex_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/storetest"
)

// ofBatch is something that happens to a batch or a part of it.
func ofBatch(kind payment.Kind, id string, at time.Time) payment.Event {
	e := payment.Event{Kind: kind, ID: id, OccurredAt: at}
	switch kind {
	case payment.BatchSent:
		e.Rail = "neft"
	case payment.BatchRefused, payment.BatchCanceled, payment.BatchReturned:
		e.ReasonCode = "closed_account"
	case payment.BatchHeld, payment.BatchReleased, payment.BatchRetried:
		e.ReasonCode, e.Actor = "looked_at", "anna"
	}
	return e
}

// inTransit lists what moved what is in transit in a period, with what there was at both ends.
func inTransit(t *testing.T, h *house, merchant string, c money.Currency, from, to string) []string {
	t.Helper()
	q := settlex.ViewQuery{Merchant: merchant, Currency: c, From: date(from), To: date(to)}
	v := view(t, h, q)
	list := []string{"at the start " + c.Format(v.Opening.InTransit)}
	for m, err := range h.Movements(t.Context(), q, settlex.FigureTransitStarted, settlex.FigureTransitEnded) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %s %s %s", m.ValueDate, m.Figure, m.Kind, c.Format(m.Amount)))
	}
	return append(list, "at the end "+c.Format(v.Closing.InTransit), "now "+c.Format(v.Now.InTransit))
}

// A batch is in transit from its close until it is paid, by its parts, and a payout by its amount from its request.
// What is sent, refused and sent again stays there; what comes back after it was paid, or is paid after it was
// canceled, was there no more.
func TestInTransit(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	rules.Book.Schedules[0].MaxPayout = minor("600.00")
	h := open(t, rules)
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "1000.00"), deposit("b1", "m2", "2026-03-02 10:30", "100.00"), deposit("h1", "m9", "2026-03-02 16:00", "700.00"))
	h.settle(ist("2026-03-03 12:00"))
	var id, revived string
	for _, b := range h.batches() {
		switch b.Merchant {
		case "m1":
			id = b.ID
		case "m2":
			revived = b.ID
		}
	}
	moved := func(kind payment.Kind, id, at string) payment.Event {
		return payment.Event{Kind: kind, ID: id, OccurredAt: ist(at)}
	}
	sent := moved(payment.PayoutSent, "o1", "2026-03-06 12:00")
	sent.Rail = "imps"
	h.take(
		ofBatch(payment.BatchSent, id, ist("2026-03-03 13:00")), ofBatch(payment.BatchSent, revived, ist("2026-03-03 13:00")),
		ofBatch(payment.BatchRefused, revived, ist("2026-03-03 14:00")), ofBatch(payment.BatchCanceled, revived, ist("2026-03-04 12:00")),
		ofBatch(payment.BatchPaid, id+".1", ist("2026-03-04 13:00")),
		ofBatch(payment.BatchRefused, id+".2", ist("2026-03-04 14:00")),
		ofBatch(payment.BatchSent, id+".2", ist("2026-03-05 13:00")),
		ofBatch(payment.BatchPaid, id+".2", ist("2026-03-06 10:00")), ofBatch(payment.BatchPaid, revived, ist("2026-03-06 10:00")),
		payout("o1", "2026-03-06 10:00", "100.00"), payout("o2", "2026-03-06 11:00", "50.00"), sent,
		moved(payment.PayoutCanceled, "o2", "2026-03-07 12:00"),
		ofBatch(payment.BatchReturned, id+".1", ist("2026-03-07 13:00")),
		moved(payment.PayoutCompleted, "o1", "2026-03-08 12:00"),
	)
	for _, test := range []struct {
		merchant, from, to string
		want               []string
	}{
		{"m1", "2026-03-01", "2026-03-31", []string{
			"at the start 0.00", "2026-03-02 transit_started settlement.closed 876.40", "2026-03-04 transit_ended settlement.paid -600.00",
			"2026-03-06 transit_ended settlement.paid -276.40", "at the end 0.00", "now 0.00",
		}},
		{"m1", "2026-03-03", "2026-03-04", []string{
			"at the start 876.40", "2026-03-04 transit_ended settlement.paid -600.00", "at the end 276.40", "now 0.00",
		}},
		{"m1", "2026-03-05", "2026-03-05", []string{"at the start 276.40", "at the end 276.40", "now 0.00"}},
		{"m2", "2026-03-01", "2026-03-31", []string{
			"at the start 0.00", "2026-03-02 transit_started settlement.closed 87.64", "2026-03-04 transit_ended settlement.canceled -87.64", "at the end 0.00", "now 0.00",
		}},
		{"m9", "2026-03-01", "2026-03-07", []string{
			"at the start 0.00", "2026-03-06 transit_started payout.requested 100.00", "2026-03-06 transit_started payout.requested 50.00",
			"2026-03-07 transit_ended payout.canceled -50.00", "at the end 100.00", "now 0.00",
		}},
		{"m9", "2026-03-08", "2026-03-08", []string{
			"at the start 100.00", "2026-03-08 transit_ended payout.completed -100.00", "at the end 0.00", "now 0.00",
		}},
		{"nobody", "2026-03-08", "2026-03-08", []string{"at the start 0.00", "at the end 0.00", "now 0.00"}},
	} {
		if diff := cmp.Diff(test.want, inTransit(t, h, test.merchant, inr(), test.from, test.to)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.merchant, diff)
		}
	}
}

// A batch that becomes another currency ends to be in transit in its own and starts to be in the other, in which its
// merchant may have no account: the report of that currency has a row all the same.
func TestInTransitConverted(t *testing.T) {
	t.Parallel()
	h, source := abroad(t)
	h.take(pakistani("d1", "2026-03-02 10:00", "100000.00"), deposit("d2", "q1", "2026-03-02 10:00", "10.00"))
	dir := t.TempDir()
	if _, err := h.jobs(dir, "2026-03-03 01:00"); err != nil {
		t.Fatal(err)
	}
	source.quote(t, inRupees("Q1", "0.30123", "2026-03-02 18:00"))
	if _, err := h.jobs(dir, "2026-03-04 02:00"); err != nil {
		t.Fatal(err)
	}
	started := "2026-03-03 transit_started settlement.closed 100000.00"
	ended := "2026-03-03 transit_ended settlement.sold -100000.00"
	want := []string{"at the start 0.00", started, ended, "at the end 0.00", "now 0.00"}
	if diff := cmp.Diff(want, inTransit(t, h, "p1", pkr(), "2026-03-01", "2026-03-31")); diff != "" {
		t.Errorf("sold (-want +got)\n%s", diff)
	}
	bought := "2026-03-03 transit_started settlement.bought 29821.77"
	want = []string{"at the start 0.00", bought, "at the end 29821.77", "now 29821.77"}
	if diff := cmp.Diff(want, inTransit(t, h, "p1", inr(), "2026-03-01", "2026-03-31")); diff != "" {
		t.Errorf("bought (-want +got)\n%s", diff)
	}
	options := settlex.BalanceReport{Dir: t.TempDir(), Formats: []report.Format{report.CSV}, From: date("2026-03-01"), To: date("2026-03-31")}
	if _, err := h.ReportBalances(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range table(t, options.Dir+"/settlex_balance-and-fees_all_INR_2026-03-31_all_v2.csv") {
		rows = append(rows, strings.Join([]string{
			row["merchant_id"], row["change"], row["opening_in_transit"], row["transit_started"], row["transit_ended"], row["closing_in_transit"],
		}, "|"))
	}
	if diff := cmp.Diff([]string{"p1|0.00|0.00|29821.77|0.00|29821.77", "q1|1.00|0.00|9.00|0.00|9.00"}, rows); diff != "" {
		t.Errorf("report (-want +got)\n%s", diff)
	}
	rows = nil
	for _, row := range table(t, options.Dir+"/settlex_balance-and-fees-entries_all_INR_2026-03-31_all_v1.csv") {
		if strings.HasPrefix(row["figure"], "transit") {
			rows = append(rows, strings.Join([]string{row["merchant_id"], row["figure"], row["type"], row["amount"]}, "|"))
		}
	}
	if diff := cmp.Diff([]string{"p1|transit_started|settlement.bought|29821.77", "q1|transit_started|settlement.closed|9.00"}, rows); diff != "" {
		t.Errorf("entries (-want +got)\n%s", diff)
	}
}

// Whatever happens to batches, their parts and payouts: on each value date what is in transit of all merchants is what
// stands on the accounts of batches, of rails' payouts and of what is set aside, but for the fees of payouts; entries
// behind it come to what it moved by, one period goes on where the other ends, and the last one ends with what
// batches and payouts say now.
func TestInTransitIsOnTheAccounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newTransitWorld(t, rt)
		for day := range 8 {
			w.day(ist("2026-03-01 00:00").AddDate(0, 0, day))
		}
		w.check()
	})
}

// transitWorld lets days happen, by chance.
type transitWorld struct {
	*house
	rt      *rapid.T
	no      int
	payouts []string
}

// newTransitWorld pays in parts, has payouts wait, and pays PKR in INR on some days.
func newTransitWorld(t *testing.T, rt *rapid.T) *transitWorld {
	t.Helper()
	rules := waitingRoom()
	rules.Book.Schedules[0].MaxPayout = minor("500.00")
	rules.Book.Schedules[1].FX = &merchant.FXTerms{Target: inr(), Spread: money.MustRate("1%"), MaxAge: 24 * time.Hour}
	source := new(desk)
	source.quote(t, inRupees("Q1", "0.30123", "2026-03-02 18:00"), inRupees("Q2", "0.31", "2026-03-05 18:00"))
	clock := ist("2026-06-01 00:00")
	counted := &counting{Store: storetest.NewMemory()}
	engine, err := settlex.New(t.Context(), settlex.Config{Store: counted, Rules: rules, Quotes: source, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	return &transitWorld{house: &house{Engine: engine, t: t, store: counted, clock: &clock}, rt: rt}
}

// told tells an event; what is refused did not happen, nor what has no kind.
func (w *transitWorld) told(e payment.Event) {
	if e.Kind == "" {
		return
	}
	_, err := w.Ingest(w.t.Context(), rows(w.t, e), settlex.IngestOptions{})
	if _, refused := errors.AsType[*settlex.RejectedError](err); err != nil && !refused {
		w.rt.Fatal(err)
	}
}

func (w *transitWorld) id(kind string) string {
	w.no++
	return fmt.Sprint(kind, w.no)
}

func (w *transitWorld) day(midnight time.Time) {
	at := midnight.Add(9 * time.Hour)
	next := func() time.Time {
		at = at.Add(time.Duration(rapid.IntRange(1, 600).Draw(w.rt, "seconds")) * time.Second)
		return at
	}
	for range rapid.IntRange(0, 5).Draw(w.rt, "deposits") {
		d := deposit(w.id("d"), rapid.SampledFrom([]string{"m1", "m2", "m3", "m9", "m9"}).Draw(w.rt, "merchant"), "2026-03-01 00:00", "1.00")
		d.OccurredAt, d.Amount = next(), money.Minor(rapid.Int64Range(1, 200_000).Draw(w.rt, "amount"))
		d.Currency = rapid.SampledFrom([]money.Currency{inr(), inr(), pkr()}).Draw(w.rt, "currency")
		w.told(d)
	}
	w.settle(midnight.Add(13 * time.Hour))
	at = midnight.Add(13 * time.Hour)
	for range rapid.IntRange(0, 3).Draw(w.rt, "payouts") {
		w.payouts = append(w.payouts, w.id("o"))
		w.told(payment.Event{
			Kind: payment.PayoutRequested, ID: w.payouts[len(w.payouts)-1], Merchant: "m9", OccurredAt: next(),
			Currency: inr(), Amount: money.Minor(rapid.Int64Range(1, 50_000).Draw(w.rt, "payout")), Method: "IMPS",
		})
	}
	for range rapid.IntRange(0, 12).Draw(w.rt, "moves") {
		w.told(w.move(next()))
	}
	w.release(midnight.Add(20 * time.Hour))
	if rapid.IntRange(0, 3).Draw(w.rt, "closes") == 0 { // what is told late of these days has another value date
		date := calendar.DateOf(midnight, time.UTC)
		if _, err := w.ClosePeriod(w.t.Context(), date, "close-"+date.String(), "over"); err == nil {
			at = at.AddDate(0, 0, -1)
			w.told(w.move(next()))
		}
	}
}

// release lets payouts go that wait for money, at an instant.
func (w *transitWorld) release(now time.Time) {
	defer func(was time.Time) { *w.clock = was }(*w.clock)
	*w.clock = now
	if _, err := w.ReleasePayouts(w.t.Context(), nil); err != nil {
		w.rt.Fatal(err)
	}
}

// move is something that may happen to a batch, a part of one or a payout.
func (w *transitWorld) move(at time.Time) payment.Event {
	batches := w.batches()
	if len(w.payouts) > 0 && (len(batches) == 0 || rapid.Bool().Draw(w.rt, "of a payout")) {
		kind := rapid.SampledFrom([]payment.Kind{
			payment.PayoutSent, payment.PayoutSent, payment.PayoutSent, payment.PayoutCompleted, payment.PayoutCompleted, payment.PayoutCompleted,
			payment.PayoutFailed, payment.PayoutUnknown, payment.PayoutReturned, payment.PayoutCanceled,
		}).Draw(w.rt, "kind")
		e := payment.Event{Kind: kind, ID: rapid.SampledFrom(w.payouts[max(0, len(w.payouts)-4):]).Draw(w.rt, "payout"), OccurredAt: at}
		switch kind {
		case payment.PayoutSent:
			e.Rail = "imps"
		case payment.PayoutFailed, payment.PayoutReturned:
			e.ReasonCode = "closed_account"
		}
		return e
	}
	if len(batches) == 0 {
		return payment.Event{}
	}
	b := batches[rapid.IntRange(0, len(batches)-1).Draw(w.rt, "batch")]
	piece := rapid.SampledFrom(b.Pieces()).Draw(w.rt, "piece")
	var kinds []payment.Kind
	for _, move := range settlement.Moves() {
		if move.From == payment.Status(piece.Status) && move.On != payment.BatchApproved {
			kinds = append(kinds, move.On)
		}
	}
	if len(kinds) == 0 {
		return payment.Event{}
	}
	no := piece.No
	if rapid.IntRange(0, 3).Draw(w.rt, "whole") == 0 {
		no = 0
	}
	return ofBatch(rapid.SampledFrom(kinds).Draw(w.rt, "kind"), settlement.PartID(b.ID, no), at)
}

// check holds views of every date against the accounts.
func (w *transitWorld) check() {
	balances, err := w.Balances(w.t.Context())
	if err != nil {
		w.rt.Fatal(err)
	}
	journal := w.journal()
	first, last := date("2026-02-28"), date("2026-03-12")
	for _, c := range []money.Currency{inr(), pkr()} {
		was := make(map[string]money.Amount)
		for on := first; !on.After(last); on = on.AddDays(1) {
			var sum money.Amount
			for _, b := range balances {
				if b.Currency != c {
					continue
				}
				q := settlex.ViewQuery{Merchant: b.Merchant, Currency: c, From: on, To: on}
				v, err := w.View(w.t.Context(), q)
				if err != nil {
					w.rt.Fatal(err)
				}
				if v.Opening.InTransit != was[b.Merchant] {
					w.rt.Errorf("%s: %s begins with %s in transit, the day before ended with %s", b.Merchant, on, v.Opening.InTransit, was[b.Merchant])
				}
				w.behind(v)
				was[b.Merchant] = v.Closing.InTransit
				sum = added(w.rt, sum, v.Closing.InTransit)
			}
			if want := w.onAccounts(c, on, journal); sum != want {
				w.rt.Errorf("%s of all merchants are in transit at the end of %s, accounts hold %s", c.Format(sum), on, c.Format(want))
			}
		}
		for _, b := range balances {
			if b.Currency == c && was[b.Merchant] != b.InTransit {
				w.rt.Errorf("%s: %s in transit in the end, batches and payouts say %s", b.Merchant, was[b.Merchant], b.InTransit)
			}
		}
	}
}

func added(t *rapid.T, a, b money.Amount) money.Amount {
	sum, err := a.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// behind holds the entries behind what is in transit against what it moved by.
func (w *transitWorld) behind(v *settlex.View) {
	sums := make(map[payment.Figure]money.Amount)
	var last calendar.Date
	for m, err := range w.Movements(w.t.Context(), v.ViewQuery, settlex.FigureInTransit, settlex.FigureTransitStarted, settlex.FigureTransitEnded) {
		if err != nil {
			w.rt.Fatal(err)
		}
		if m.ValueDate.Before(last) {
			w.rt.Errorf("%s comes after %s", m.ValueDate, last)
		}
		sums[m.Figure], last = added(w.rt, sums[m.Figure], m.Amount), m.ValueDate
	}
	want := map[payment.Figure]money.Amount{
		settlex.FigureInTransit:      added(w.rt, v.Closing.InTransit, v.Opening.InTransit.Neg()),
		settlex.FigureTransitStarted: v.Started.Amount, settlex.FigureTransitEnded: v.Ended.Amount,
	}
	maps.DeleteFunc(want, func(f payment.Figure, a money.Amount) bool { return a.IsZero() && sums[f].IsZero() })
	maps.DeleteFunc(sums, func(_ payment.Figure, a money.Amount) bool { return a.IsZero() })
	if diff := cmp.Diff(want, sums); diff != "" {
		w.rt.Errorf("%s on %s (-view +entries behind)\n%s", v.Merchant, v.From, diff)
	}
}

// onAccounts is what accounts hold of batches and payouts that are under way at the end of a value date, but for the
// fees of payouts: what a payout's entry takes of available above what is sent of it.
func (w *transitWorld) onAccounts(c money.Currency, on calendar.Date, journal []ledger.Booked) (sum money.Amount) {
	err := w.Books().Read(w.t.Context(), func(r ledger.Reader) error {
		for account, err := range r.Accounts(w.t.Context(), "") {
			if err != nil {
				return err
			}
			payouts := strings.HasSuffix(account.Path, "/payouts") // of rails and of merchants
			if account.Currency != c || !payouts && !strings.HasPrefix(account.Path, "settlements/") {
				continue
			}
			balance, err := r.BalanceOn(w.t.Context(), account.AccountID, on)
			if err != nil {
				return err
			}
			net, err := balance.Net(ledger.Credit)
			if err != nil {
				return err
			}
			sum = added(w.rt, sum, net)
		}
		return nil
	})
	if err != nil {
		w.rt.Fatal(err)
	}
	return added(w.rt, sum, w.feesAside(c, on, journal).Neg())
}

// feesAside is what is set aside of fees of payouts: 5.00 and 18 % of it for each that is requested and has not ended.
func (w *transitWorld) feesAside(c money.Currency, on calendar.Date, journal []ledger.Booked) (sum money.Amount) {
	ends := []string{payment.EntryPayoutDone, payment.EntryPayoutFailed, payment.EntryPayoutCanceled}
	for _, e := range journal {
		switch {
		case e.ValueDate.After(on) || len(e.Postings) == 0 || e.Postings[0].Currency != c:
		case e.Kind == payment.EntryPayout:
			sum = added(w.rt, sum, minor("5.90"))
		case slices.Contains(ends, e.Kind):
			sum = added(w.rt, sum, minor("-5.90"))
		}
	}
	return sum
}
