package payment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// taxing are the terms, and the state has 0.1 % of the gross withheld, which goes back
// with what is refunded, disputed or fails late.
func taxing() *payment.Rules {
	rules := terms()
	rules.Withholding = []payment.WithholdingRule{{Code: "tds_194o", Rate: money.MustRate("0.1%"), For: []merchant.Scope{{Region: "IN"}}}}
	return rules
}

func withholdingRecipes() []recipe {
	quarter := refund("r1", "d1", "250.00", "2026-03-05 12:00")
	failed := later(payment.RefundFailed, "r1", "2026-03-05 14:00")
	disputed := dispute("c1", "d1", "750.00", "2026-03-05 12:00")
	return []recipe{
		{name: "tax withheld of the merchant", rules: taxing(), given: []payment.Event{captured()}, key: "deposit/d1/withheld", want: `
deposit.withheld deposit/d1/withheld < deposit/d1/captured
  Dr merchants/m/pending 1.00
  Cr withholding/tds_194o 1.00
`},
		{name: "withholding given back with a refund", rules: taxing(), given: []payment.Event{captured(), quarter}, key: "refund/r1/withholding", want: `
withholding.returned refund/r1/withholding < refund/r1/created
  Dr withholding/tds_194o 0.25
  Cr merchants/m/available 0.25
`},
		{name: "withheld again when the refund fails", rules: taxing(), given: []payment.Event{captured(), quarter, failed}, key: "refund/r1/failed.withholding", want: `
withholding.restored refund/r1/failed.withholding < refund/r1/failed
  Dr merchants/m/available 0.25
  Cr withholding/tds_194o 0.25
`},
		{name: "withholding given back with a dispute", rules: taxing(), given: []payment.Event{captured(), disputed}, key: "dispute/c1/withholding", want: `
withholding.returned dispute/c1/withholding < dispute/c1/opened
  Dr withholding/tds_194o 0.75
  Cr merchants/m/available 0.75
`},
		{name: "withheld again when the dispute is won", rules: taxing(), given: []payment.Event{captured(), disputed, later(payment.DisputeWon, "c1", "2026-03-07 10:00")}, key: "dispute/c1/won.withholding", want: `
withholding.restored dispute/c1/won.withholding < dispute/c1/won
  Dr merchants/m/available 0.75
  Cr withholding/tds_194o 0.75
`},
		{name: "withholding given back with a late failure", rules: taxing(), given: []payment.Event{captured(), later(payment.DepositFailed, "d1", "2026-03-02 11:00")}, key: "deposit/d1/failed.withholding", want: `
withholding.returned deposit/d1/failed.withholding < deposit/d1/failed
  Dr withholding/tds_194o 1.00
  Cr merchants/m/available 1.00
`},
	}
}

// wantWithheld compares what stands withheld of a deposit: "code amount back".
func (d *desk) wantWithheld(id string, want ...string) {
	d.Helper()
	var got []string
	for _, w := range record[*payment.Deposit](d, payment.DepositRecord, id).Withheld {
		got = append(got, fmt.Sprintf("%s %s %s", w.Code, inr().Format(w.Amount), inr().Format(w.Back)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("withheld of %s (-want +got):\n%s", id, diff)
	}
}

// Several codes are withheld at once, each of its own base, and each is kept or given
// back by its own rule. A line has the sum.
func TestWithholdingOfSeveralCodes(t *testing.T) {
	t.Parallel()
	rules := taxing()
	rules.Withholding = append(rules.Withholding,
		payment.WithholdingRule{Code: "tcs", Rate: money.MustRate("0.5%"), Base: payment.BaseNetOfFee, For: []merchant.Scope{{}}},
		payment.WithholdingRule{Code: "levy", Rate: money.MustRate("2%"), Kept: true, For: []merchant.Scope{{}}})
	d := open(t, rules)
	d.book(captured())
	d.wantWithheld("d1", "tds_194o 1.00 0.00", "tcs 4.88 0.00", "levy 20.00 0.00") // 0.5 % of 976.40, half to even
	d.stands(m, "pending 850.52")
	items := records[*payment.Item](d, payment.ItemRecord)
	if got := items[0].Withholding; got != rs("-25.88") {
		t.Errorf("the line withholds %s, want -25.88", inr().Format(got))
	}
	d.book(later(payment.DepositFailed, "d1", "2026-03-02 11:00"))
	d.wantWithheld("d1", "tds_194o 1.00 1.00", "tcs 4.88 4.88", "levy 20.00 0.00")
	d.account("withholding/levy", "20.00")
	d.settle("2026-03-02")
	d.stands(m, "pending 0.00", "available -20.00")
}

// Parts that are refunded and disputed give back the whole exactly, and what fails or is
// won is withheld again, whatever came in between.
func TestWithholdingOfParts(t *testing.T) {
	t.Parallel()
	d := open(t, taxing())
	third := func(id, amount, when string) payment.Event { return refund(id, "d1", amount, when) }
	for _, step := range []struct {
		event payment.Event
		back  string // stands given back afterwards
	}{
		{captured(), "0.00"},
		{third("r1", "333.33", "2026-03-05 10:00"), "0.33"},
		{third("r2", "333.33", "2026-03-05 11:00"), "0.67"},
		{dispute("c1", "d1", "333.34", "2026-03-05 12:00"), "1.00"},
		{later(payment.RefundFailed, "r1", "2026-03-05 13:00"), "0.67"},
		{withAmount("100.00", later(payment.DisputeWon, "c1", "2026-03-05 14:00")), "0.57"},
		{third("r3", "433.33", "2026-03-05 15:00"), "1.00"},
		{later(payment.RefundFailed, "r2", "2026-03-05 16:00"), "0.67"},
		{later(payment.RefundCanceled, "r3", "2026-03-05 17:00"), "0.23"},
	} {
		d.book(step.event)
		d.wantWithheld("d1", "tds_194o 1.00 "+step.back)
	}
	d.account("withholding/tds_194o", "0.77")
}

// A deposit whose money is refunded and disputed gives back no more than was withheld.
func TestWithholdingPaidTwice(t *testing.T) {
	t.Parallel()
	rules := taxing()
	rules.PayTwice = []merchant.Scope{{}}
	d := open(t, rules)
	d.book(captured(), refund("r1", "d1", "1000.00", "2026-03-05 10:00"), dispute("c1", "d1", "1000.00", "2026-03-05 11:00"))
	d.wantWithheld("d1", "tds_194o 1.00 1.00")
	d.book(later(payment.RefundFailed, "r1", "2026-03-05 12:00"))
	d.wantWithheld("d1", "tds_194o 1.00 1.00")
	d.book(later(payment.DisputeWon, "c1", "2026-03-05 13:00"))
	d.wantWithheld("d1", "tds_194o 1.00 0.00")
}

// Of the rules of a code the narrowest applies, then the one that came into force
// last, by the business date of the deposit.
func TestWithholdingRuleInForce(t *testing.T) {
	t.Parallel()
	rule := func(rate, from, to string, scope merchant.Scope) payment.WithholdingRule {
		r := payment.WithholdingRule{Code: "tds", Rate: money.MustRate(rate), For: []merchant.Scope{scope}}
		if from != "" {
			r.EffectiveFrom = date(from)
		}
		if to != "" {
			r.EffectiveTo = date(to)
		}
		return r
	}
	in := merchant.Scope{Region: "IN"}
	rules := terms()
	rules.Withholding = []payment.WithholdingRule{
		rule("1%", "", "2026-03-03", in), rule("2%", "2026-03-03", "", in), rule("5%", "2026-03-05", "2026-03-05", merchant.Scope{Merchant: hand}),
		rule("50%", "2026-04-01", "", merchant.Scope{Merchant: hand}),
	}
	d := open(t, rules)
	for i, test := range []struct{ merchant, when, want string }{
		{m, "2026-03-02 10:00", "10.00"},
		{m, "2026-03-02 18:00", "20.00"}, // the next day's window; both are in force
		{m, "2026-03-05 10:00", "20.00"},
		{hand, "2026-03-02 10:00", "10.00"},
		{hand, "2026-03-05 10:00", "50.00"},
		{hand, "2026-03-06 10:00", "20.00"},
	} {
		id := fmt.Sprintf("d%d", i)
		d.book(of(test.merchant, deposit(id, "1000.00", test.when)))
		d.wantWithheld(id, "tds "+test.want+" 0.00")
	}
}

func TestWithholdingRuleValidate(t *testing.T) {
	t.Parallel()
	bad := payment.WithholdingRule{Code: "a/b", Rate: money.MustRate("1.1"), Base: "net", EffectiveFrom: date("2026-03-02"), EffectiveTo: date("2026-03-01")}
	want := strings.Join([]string{
		`code: id "a/b" has '/', which is not one of [A-Za-z0-9._-]`, "rate: 1.1 is more than 1, which is 100 %",
		`base: "net" is neither gross nor net_of_fee`, "effective_to: 2026-03-01 is before effective_from 2026-03-02",
	}, "\n")
	if diff := cmp.Diff(want, fmt.Sprint(bad.Validate())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	free := payment.WithholdingRule{Code: "a"}
	if got := fmt.Sprint(free.Validate()); got != "rate: 0 is not above 0" {
		t.Errorf("got %s", got)
	}
	if err := taxing().Withholding[0].Validate(); err != nil {
		t.Error(err)
	}
}
