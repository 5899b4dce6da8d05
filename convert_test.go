package settlex_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// desk is a source of quotes that somebody feeds.
type desk struct {
	settlement.QuoteList
	fault error
}

// Refresh implements settlex.Refresher.
func (d *desk) Refresh(context.Context) error { return d.fault }

func (d *desk) quote(t testing.TB, quotes ...settlement.Quote) {
	t.Helper()
	list, err := settlement.NewQuoteList(quotes...)
	if err != nil {
		t.Fatal(err)
	}
	d.QuoteList = *list
}

// inRupees is a quote of PKR in INR.
func inRupees(id, rate, at string) settlement.Quote {
	return settlement.Quote{ID: id, Source: "desk", Base: pkr(), Currency: inr(), Rate: money.MustRate(rate), At: ist(at)}
}

// paidInRupees has merchants of Pakistan paid in INR, at mid less so much.
func paidInRupees(spread string) *payment.Rules {
	rules := threeRegions()
	rules.Fees = nil
	for _, c := range []money.Currency{inr(), pkr(), bdt()} {
		free := prices()[0]
		free.ID, free.Match.Currency, free.Match.Event, free.Components[0].Rate = "free-"+c.String(), c, "", money.Rate{}
		rules.Fees = append(rules.Fees, free)
	}
	for i := range rules.Book.Schedules {
		if s := &rules.Book.Schedules[i]; s.ID == "pk" {
			s.FX = &merchant.FXTerms{Target: inr(), Spread: money.MustRate(spread), MaxAge: 24 * time.Hour}
		}
	}
	return rules
}

// abroad is a house whose merchants of Pakistan are paid in INR at mid less 1 %. Its
// windows close at midnight there, half past midnight in India.
func abroad(t *testing.T) (*house, *desk) {
	t.Helper()
	rules := paidInRupees("1%")
	source := new(desk)
	source.quote(t)
	clock := ist("2026-06-01 00:00")
	counted := &counting{Store: anystore.Open(t)}
	engine, err := settlex.New(t.Context(), settlex.Config{Store: counted, Rules: rules, Quotes: source, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Engine: engine, t: t, store: counted, clock: &clock}
	t.Cleanup(func() {
		v, err := h.Verify(context.Background())
		if err == nil {
			err = v.Err()
		}
		if err != nil {
			t.Errorf("verify: %v", err)
		}
		checked, err := h.Check(context.Background(), settlex.CheckOptions{})
		if err != nil || checked.Broken() != 0 {
			t.Errorf("check: %+v, %v", checked.Findings, err)
		}
	})
	return h, source
}

func pakistani(id, at, amount string) payment.Event {
	e := deposit(id, "p1", at, amount)
	e.Currency = pkr()
	return e
}

// fxRows are the cells of a day's itemised report that tell of another currency.
func fxRows(t *testing.T, dir, day string) (rows []string, sum money.Amount) {
	t.Helper()
	for _, row := range table(t, dir+"/settlex_itemised_all_PKR_"+day+"_all_v1.csv") {
		var cells []string
		for _, c := range []string{"batch_status", "type", "net", "running_balance", "presentment_amount", "presentment_currency", "fx_rate", "fx_rate_id"} {
			cells = append(cells, row[c])
		}
		rows = append(rows, strings.Join(cells, "|"))
		if row["presentment_amount"] != "" {
			var err error
			if sum, err = sum.Add(minor(row["presentment_amount"])); err != nil {
				t.Fatal(err)
			}
		}
	}
	return rows, sum
}

// The files show what each line came to, and add up to what the batch pays. Where the
// quote comes later, the files of its day are written again, and what they say then is
// what they would have said.
func TestFXFiles(t *testing.T) {
	t.Parallel()
	q := inRupees("Q1", "0.30123", "2026-03-02 18:00")
	want := []string{
		"closed|deposit|33333.33|33333.33|9940.59|INR|0.2982177|Q1",
		"closed|deposit|33333.33|66666.66|9940.59|INR|0.2982177|Q1",
		"closed|deposit|33334.00|100000.66|9940.79|INR|0.2982177|Q1",
		"closed|refund|-0.66|100000.00|-0.20|INR|0.2982177|Q1",
		"closed|fx_out|-100000.00|0.00|||0.2982177|Q1",
	}
	play := func(early bool) (*house, string) {
		h, source := abroad(t)
		h.take(pakistani("d1", "2026-03-02 10:00", "33333.33"), pakistani("d2", "2026-03-02 10:01", "33333.33"), pakistani("d3", "2026-03-02 10:02", "33334.00"))
		back := refund("r1", "d3", "2026-03-02 11:00", "0.66")
		back.Currency = pkr()
		h.take(back)
		if early {
			source.quote(t, q)
		}
		dir := t.TempDir()
		if _, err := h.jobs(dir, "2026-03-03 01:00"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.jobs(dir, "2026-03-04 01:00"); err != nil {
			t.Fatal(err)
		}
		if early {
			return h, dir
		}
		if rows, sum := fxRows(t, dir, "2026-03-03"); len(rows) != 4 || !sum.IsZero() {
			t.Errorf("before there is a quote: %q", rows)
		}
		source.quote(t, q)
		log, err := h.jobs(dir, "2026-03-06 01:00")
		if err != nil || !slices.Contains(log, "files written PKR 2026-03-03") {
			t.Errorf("when there is: %q, %v", log, err)
		}
		return h, dir
	}
	_, known := play(true)
	_, told := play(false)
	for _, dir := range []string{known, told} {
		rows, sum := fxRows(t, dir, "2026-03-03")
		if diff := cmp.Diff(want, rows); diff != "" || sum != minor("29821.77") {
			t.Errorf("adds up to %s (-want +got)\n%s", sum, diff)
		}
	}
	if t.Failed() {
		return
	}
	name := "settlex_itemised_all_PKR_2026-03-03_all_v1.csv"
	if diff := cmp.Diff(tree(t, known)[name], tree(t, told)[name]); diff != "" {
		t.Errorf("the file (-known +told later)\n%s", diff)
	}
}

// What was exchanged is seen in every place that tells what is owed: balances, what is
// open, safeguarding; and by the rules of the chart.
func TestFXBalances(t *testing.T) {
	t.Parallel()
	h, source := abroad(t)
	h.take(pakistani("d1", "2026-03-02 10:00", "100000.00"))
	transit := func() map[string]string {
		t.Helper()
		balances, err := h.Balances(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]string)
		for _, b := range balances {
			if !b.InTransit.IsZero() {
				got[b.Merchant+" "+b.Currency.String()] = b.Currency.Format(b.InTransit)
			}
		}
		return got
	}
	if _, err := h.jobs(t.TempDir(), "2026-03-03 01:00"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"p1 PKR": "100000.00"}, transit()); diff != "" {
		t.Errorf("without a quote (-want +got)\n%s", diff)
	}
	source.quote(t, inRupees("Q1", "0.30123", "2026-03-02 18:00"))
	if _, err := h.jobs(t.TempDir(), "2026-03-03 02:00"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"p1 INR": "29821.77"}, transit()); diff != "" {
		t.Errorf("converted (-want +got)\n%s", diff)
	}
	owed, err := h.Owed(t.Context(), "p1")
	if err != nil || len(owed) != 1 || owed[0].Currency != inr() || owed[0].Amount != minor("29821.77") {
		t.Errorf("owed %+v, %v", owed, err)
	}
	*h.clock = ist("2026-03-05 00:00")
	if guarded, err := h.Safeguarding(t.Context(), "IN", date("2026-03-03")); err != nil || len(guarded) != 1 || guarded[0].Merchants != minor("29821.77") {
		t.Errorf("India holds for merchants %+v, %v", guarded, err)
	}
	checked, err := h.Check(t.Context(), settlex.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, row := range checked.Rows {
		if row.Rule.ID == "exposure" {
			got[row.Currency.String()] = row.Currency.Format(row.Have) + " of " + row.Currency.Format(row.Want)
		}
	}
	if diff := cmp.Diff(map[string]string{"PKR": "100000.00 of 100000.00", "INR": "-30123.00 of -30123.00"}, got); diff != "" {
		t.Errorf("exposure (-want +got)\n%s", diff)
	}
}

// A source that is broken is told of by a job of its own, and keeps nothing else from
// being done.
func TestJobsRates(t *testing.T) {
	t.Parallel()
	h, source := abroad(t)
	source.fault = errors.New("rates.yaml:1:1: nonsense")
	h.take(deposit("a1", "m1", "2026-03-02 10:00", "100.00"))
	log, err := h.jobs(t.TempDir(), "2026-03-03 06:00")
	if !errors.Is(err, source.fault) || !slices.Contains(log, "files written INR 2026-03-02") {
		t.Errorf("%q, %v", log, err)
	}
}

// What leaves us says what was exchanged for what.
func TestFXNews(t *testing.T) {
	t.Parallel()
	h, source := abroad(t)
	h.take(pakistani("d1", "2026-03-02 10:00", "100000.00"))
	if _, err := h.jobs(t.TempDir(), "2026-03-03 01:00"); err != nil {
		t.Fatal(err)
	}
	source.quote(t, inRupees("Q1", "0.30123", "2026-03-02 18:00"))
	if _, err := h.jobs(t.TempDir(), "2026-03-03 02:00"); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for e, err := range h.Events(t.Context(), event.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Object.Kind != settlement.Object {
			continue
		}
		p, err := settlement.PayloadOf(e)
		if err != nil {
			t.Fatal(err)
		}
		got[string(e.Type)] = "nothing"
		if p.FX != nil {
			got[string(e.Type)] = p.FX.Pays + " " + p.FX.Currency.String() + " at " + p.FX.Rate.String() + ", " + p.FX.RateID
		}
	}
	want := map[string]string{"settlement.created": "nothing", "settlement.held": "nothing", "settlement.released": "29821.77 INR at 0.2982177, Q1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v (-want +got)\n%s", slices.Sorted(maps.Keys(got)), diff)
	}
}
