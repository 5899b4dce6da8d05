package settlex_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/anystore"
)

// forge books 500.00 that no event is behind on the normal side of an account.
func (h *house) forge(p *ledger.Pattern, path, owner string) {
	h.t.Helper()
	const other = "income/processing_fee"
	debit, credit := path, other
	if p.Type.Normal() == ledger.Credit {
		debit, credit = other, path
	}
	if path == other {
		debit = "tax/gst"
	}
	_, err := h.Books().Post(h.t.Context(), ledger.Entry{
		Key: "forged", Kind: "forged", Owner: owner, ValueDate: date("2026-03-02"),
		Postings: []ledger.Posting{ledger.Dr(debit, minor("500.00"), inr()), ledger.Cr(credit, minor("500.00"), inr())},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// Money that no event is behind is found on whatever account it is booked, even if the
// entry says that it is an event's. Income and taxes are the exception: nothing is said
// of them but that events have booked them, for they follow from the rest.
func TestCheckFindsForgedMoney(t *testing.T) {
	t.Parallel()
	chart, err := payment.Chart()
	if err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer(
		"{account}", "in-escrow", "{rail}", "upi", "{merchant}", "m1", "{bank}", "in-escrow", "{batch}", "b1", "{code}", "gst",
		"{currency}", "INR", "{source}", "processing_fee", "{purpose}", "goodwill",
	)
	want := map[string]string{
		"bank/operating":                       "own money",
		"bank/{account}":                       "cash",
		"rails/{rail}/receivable":              "captured",
		"disputes/{rail}/clearing":             "disputed",
		"input_tax/{code}":                     "input tax",
		"merchants/{merchant}/receivable":      "owed",
		"suspense/{bank}/debit":                "lines out",
		"suspense/{bank}/credit":               "lines in",
		"merchants/{merchant}/pending":         "pending",
		"merchants/{merchant}/available":       "available",
		"merchants/{merchant}/reserve/rolling": "rolling reserve",
		"merchants/{merchant}/reserve/fixed":   "fixed reserve",
		"merchants/{merchant}/reserve/minimum": "minimum reserve",
		"merchants/{merchant}/payouts":         "payouts",
		"settlements/{batch}":                  "settlement",
		"rails/{rail}/payouts":                 "in flight",
		"rails/{rail}/refunds":                 "refunds",
		"rails/{rail}/returns":                 "returned",
		"rails/{rail}/payable":                 "accrued",
		"withholding/{code}":                   "withheld",
		"fx/{currency}":                        "exposure",
		"opening/{currency}":                   "opening",
		"expense/{purpose}":                    "expense",
		"income/{source}":                      "", // fees as they were charged, and given back: what the other accounts leave
		"tax/{code}":                           "", // the same of tax on fees
	}
	got := make(map[string]string)
	for _, p := range chart.Patterns() {
		for _, owner := range []string{"", payment.Owner} {
			h := on(t, anystore.Open(t), threeRegions()) // nothing verifies what is forged
			guarded(h)
			before := h.rules()
			path := names.Replace(p.Path)
			h.forge(&p, path, owner)
			after := h.rules()
			if owner == "" {
				if after["booked "+path] == 0 {
					t.Errorf("%s: nobody's posting is not found", path)
				}
				continue
			}
			got[p.Path] = ""
			for _, rule := range payment.ChartRules() {
				for _, where := range []string{path, rule.Account} {
					if at := rule.ID + " " + where; rule.Records && after[at] > before[at] {
						got[p.Path] = rule.ID
					}
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("forged money is found by (-want +got)\n%s", diff)
	}
}

// rules counts what does not hold, by rule and account.
func (h *house) rules() map[string]int {
	h.t.Helper()
	checked, err := h.Check(h.t.Context(), settlex.CheckOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	found := make(map[string]int)
	for i := range checked.Findings {
		f := &checked.Findings[i]
		found[fmt.Sprintf("%s %s", f.Rule.ID, f.Path)]++
	}
	return found
}

// A dispute that is lost is no alarm while its scheme has taken nothing of it, and one
// that is won none while its scheme is in time to give it back.
func TestCheckDisputesThatWaitForTheirScheme(t *testing.T) {
	t.Parallel()
	at := func(kind payment.Kind, when string, amount string) payment.Event {
		e := payment.Event{Kind: kind, ID: "x1", OccurredAt: ist(when), Currency: inr()}
		if amount != "" {
			e.Amount = minor(amount)
		}
		return e
	}
	lost, won := at(payment.DisputeLost, "2026-05-20 10:00", ""), at(payment.DisputeWon, "2026-05-20 10:00", "")
	for _, test := range []struct {
		name   string
		events []payment.Event
		want   []string
	}{
		{"open", nil, nil},
		{"lost, nothing taken", []payment.Event{lost}, nil},
		{"lost and taken", []payment.Event{lost, at(payment.DisputeDebited, "2026-05-21 10:00", "")}, nil},
		{"lost, less taken", []payment.Event{lost, at(payment.DisputeDebited, "2026-05-21 10:00", "49.00")}, []string{"dispute x1 -1.00"}},
		{"won, nothing taken", []payment.Event{won}, nil},
		{"won in part, nothing taken", []payment.Event{at(payment.DisputeWon, "2026-05-20 10:00", "20.00")}, nil},
		{"won and not given back in time", []payment.Event{at(payment.DisputeDebited, "2026-05-19 10:00", ""), won}, []string{"dispute x1 50.00"}},
		{"won lately", []payment.Event{at(payment.DisputeDebited, "2026-05-19 10:00", ""), at(payment.DisputeWon, "2026-05-26 10:00", "")}, nil},
		{"won and given back", []payment.Event{
			at(payment.DisputeDebited, "2026-05-19 10:00", ""), won, at(payment.DisputeCredited, "2026-05-21 10:00", ""),
		}, nil},
		{"won, less given back", []payment.Event{
			at(payment.DisputeDebited, "2026-05-19 10:00", ""), won, at(payment.DisputeCredited, "2026-05-21 10:00", "30.00"),
		}, []string{"dispute x1 20.00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, threeRegions())
			h.take(deposit("a1", "m1", "2026-03-02 10:00", "50.00"), payment.Event{
				Kind: payment.DisputeOpened, ID: "x1", Parent: "a1", OccurredAt: ist("2026-03-02 11:00"), Currency: inr(), Amount: minor("50.00"), ReasonCode: "fraud",
			})
			h.take(test.events...)
			checked, err := h.Check(t.Context(), settlex.CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range checked.Findings {
				if f.Rule.ID == "clearing" {
					got = append(got, f.Subject+" "+f.Currency.Format(f.Have))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || checked.Broken() > 0 {
				t.Errorf("%d broken, alarms (-want +got)\n%s", checked.Broken(), diff)
			}
		})
	}
}
