package payment_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// The page lists every rule, and what must hold by it.
func TestAccountingRules(t *testing.T) {
	t.Parallel()
	var want []string
	for _, r := range payment.ChartRules() {
		of, kind := "the books", "rule"
		if r.Account != "" {
			of = fmt.Sprintf("%#q", r.Account)
		}
		if r.Alarm {
			kind = "alarm"
		}
		want = append(want, fmt.Sprintf("| %s | %s | %s | %s |", r.ID, of, r.Holds, kind))
	}
	if diff := cmp.Diff(want, section(t, "What must hold")); diff != "" {
		t.Errorf("rules (-in the code +on the page):\n%s", diff)
	}
}

// Every class of the chart has a rule, but those of which nothing is said.
func TestChartIsRuled(t *testing.T) {
	t.Parallel()
	chart, err := payment.Chart()
	if err != nil {
		t.Fatal(err)
	}
	free := []string{"tax/{code}", "income/{source}"} // they follow from the rest
	for _, p := range chart.Patterns() {
		ruled := slices.ContainsFunc(payment.ChartRules(), func(r payment.Rule) bool { return r.Covers(p.Path) })
		if ruled == slices.Contains(free, p.Path) {
			t.Errorf("%s has a rule: %t", p.Path, ruled)
		}
	}
}

// What each rule says of figures it holds for, and of others.
func TestJudge(t *testing.T) {
	t.Parallel()
	some, other := rs("1.00"), rs("2.00")
	aged := func(path, have, since string) payment.Standing {
		return payment.Standing{
			AccountID: ledger.AccountID{Path: path, Currency: inr()}, Have: rs(have), Since: calendar.MustDate(since), On: calendar.MustDate("2026-03-10"),
		}
	}
	limits := payment.Limits{Rails: map[string]int{"card": 3}}
	for _, test := range []struct {
		rule string
		s    payment.Standing
		want string // holds, what is wanted, the difference
	}{
		{"balance", payment.Standing{Have: some, Want: &some}, "true 1.00 0.00"},
		{"balance", payment.Standing{Have: some, Want: &other}, "false 2.00 -1.00"},
		{"left", payment.Standing{Have: some, Want: &other}, "true 2.00 -1.00"},
		{"left", payment.Standing{Have: other, Want: &some}, "false 1.00 1.00"},
		{"left", payment.Standing{Have: some}, "false 1.00 0.00"},
		{"bank", payment.Standing{Have: some}, "true 1.00 0.00"},
		{"bank", payment.Standing{Have: rs("-1.00")}, "false 0.00 -1.00"},
		{"clearing", payment.Standing{Have: some}, "false 0.00 1.00"},
		{"clearing", payment.Standing{}, "true 0.00 0.00"},
		{"clearing", aged("disputes/upi/clearing", "1.00", "2026-03-03"), "true 1.00 0.00"},
		{"clearing", aged("disputes/upi/clearing", "1.00", "2026-03-02"), "false 0.00 1.00"},
		{"clearing", aged("disputes/card/clearing", "1.00", "2026-03-06"), "false 0.00 1.00"},
		{"lowered cap", payment.Standing{Have: other, Want: &some}, "false 1.00 1.00"},
		{"receivable age", aged("rails/upi/receivable", "1.00", "2026-03-03"), "true 1.00 0.00"},
		{"receivable age", aged("rails/upi/receivable", "1.00", "2026-03-02"), "false 0.00 1.00"},
		{"receivable age", aged("rails/card/receivable", "1.00", "2026-03-07"), "true 1.00 0.00"},
		{"receivable age", aged("rails/card/receivable", "1.00", "2026-03-06"), "false 0.00 1.00"},
		{"receivable age", aged("rails/upi/receivable", "-1.00", "2026-03-02"), "true -1.00 0.00"},
		{"suspense credit", aged("suspense/escrow/credit", "1.00", "2026-03-09"), "true 1.00 0.00"},
		{"suspense credit", aged("suspense/escrow/credit", "1.00", "2026-03-08"), "false 0.00 1.00"},
		{"returns", aged("rails/neft/returns", "1.00", "2026-03-10"), "true 1.00 0.00"},
		{"returns", aged("rails/neft/returns", "1.00", "2026-03-09"), "false 0.00 1.00"},
	} {
		rules := payment.ChartRules()
		rule := &rules[slices.IndexFunc(rules, func(r payment.Rule) bool { return r.ID == test.rule })]
		finding, err := rule.Judge(test.s, &limits)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%t %s %s", finding.Holds, inr().Format(finding.Wanted), inr().Format(finding.Difference))
		if got != test.want {
			t.Errorf("%s of %+v: %s, want %s", test.rule, test.s, got, test.want)
		}
	}
}
