package fees_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		edit func(*fees.Schedule)
		want []string // texts after the schedule's name
	}{
		{"sound", func(*fees.Schedule) {}, nil},
		{"dates", func(s *fees.Schedule) { s.EffectiveTo = calendar.MustDate("2025-12-31") },
			[]string{"effective_to: 2025-12-31 is before effective_from 2026-01-01"}},
		{"blanks", func(s *fees.Schedule) { s.Version = " 1" }, []string{`version: " 1" begins or ends with a blank`}},
		{"event", func(s *fees.Schedule) { s.Match.Event = "sale" }, []string{`match.event: "sale" is not one of capture, refund, dispute, payout, settlement, instant, fx`}},
		{"no components", func(s *fees.Schedule) { s.Components = nil },
			[]string{"components: at least one is required; a free schedule has one with rate 0"}},
		{"component", func(s *fees.Schedule) {
			s.Components[0] = fees.Component{
				Rate: money.MustRate("-0.1"), Fixed: new(money.Minor(-1)), Min: new(money.Minor(3)), Max: new(money.Minor(2)),
				Band: fees.Band{Over: money.Minor(-7)},
			}
		}, []string{
			"components[0].kind: is required",
			"components[0].rate: -0.1 is below 0",
			"components[0].fixed: -1 is below 0",
			"components[0].min: 3 is above max 2",
			"components[0].band.over: -7 is below 0",
		}},
		{"percent without its sign", func(s *fees.Schedule) { s.Components[0].Rate = money.MustRate("1.85") },
			[]string{"components[0].rate: 1.85 is more than 1, which is 100 %"}},
		{"percent without its sign, and whole", func(s *fees.Schedule) {
			s.Components[0].Rate, s.Components[1].Rate = money.MustRate("1"), money.Rate{}
			s.Components[1].Tiers = &fees.Tiers{Steps: []fees.Tier{{Rate: money.MustRate("100%")}}}
		}, []string{
			"components[0].rate: 1 is 100 %, all of the amount; 1 percent is 1%",
			"components[1].tiers.steps[0].rate: 1 is 100 %, all of the amount; 1 percent is 1%",
		}},
		{"all of the cost", func(s *fees.Schedule) {
			s.Components[0].Rate, s.Components[0].Base = money.MustRate("1"), fees.BaseCost
		}, nil},
		{"payments of a batch", func(s *fees.Schedule) {
			priceAll(s, fees.EventSettlement)
			m := &s.Match
			m.Method, m.Brand, m.Funding, m.Domestic = "UPI", "visa", "debit", new(bool)
		}, []string{
			"match.method: is a fact of payments, and event settlement is of batches: the schedule would never price one",
			"match.brand: is a fact of payments, and event settlement is of batches: the schedule would never price one",
			"match.funding: is a fact of payments, and event settlement is of batches: the schedule would never price one",
			"match.domestic: is a fact of payments, and event settlement is of batches: the schedule would never price one",
		}},
		{"card payouts", func(s *fees.Schedule) { s.Refund, s.Match.Event, s.Match.Brand = "", fees.EventPayout, "visa" }, nil},
		{"policies of something else", func(s *fees.Schedule) { s.Match.Event, s.Dispute = fees.EventPayout, fees.DisputeReturnOnWin }, []string{
			"refund_policy: return_pro_rata is for captures and refunds, and does nothing for event payout",
			"dispute_policy: return_on_win is for disputes, and does nothing for event payout",
		}},
		{"policies of whatever there is", func(s *fees.Schedule) { s.Match.Event, s.Dispute = "", fees.DisputeReturnOnWin }, nil},
		{"reserved kind", func(s *fees.Schedule) { s.Components[0].Kind = fees.KindMax },
			[]string{`components[0].kind: "schedule_max" is reserved for the explanation`}},
		{"empty band", func(s *fees.Schedule) { s.Components[1].Band = fees.Band{Over: money.Minor(5), UpTo: money.Minor(5)} },
			[]string{"components[1].band.up_to: 5 is not above over 5"}},
		{"gaps between bands", func(s *fees.Schedule) {
			s.Components[0].Band = fees.Band{Over: money.Minor(300), UpTo: money.Minor(400)}
			s.Components[1].Band = fees.Band{Over: money.Minor(100), UpTo: money.Minor(200)}
		}, []string{
			"components: no band holds amounts over 0 up to 100",
			"components: no band holds amounts over 200 up to 300",
			"components: no band holds amounts over 400",
		}},
		{"limits", func(s *fees.Schedule) { s.Min, s.Max = new(money.Minor(5)), new(money.Minor(4)) }, []string{"min: 5 is above max 4"}},
		{"money without a currency", func(s *fees.Schedule) { s.Match.Currency = money.Currency{} },
			[]string{"match.currency: is required, because the schedule names amounts of money"}},
		{"tax without a code", func(s *fees.Schedule) { s.Tax.Code = "" }, []string{"tax.code: is required"}},
		{"tax rate", func(s *fees.Schedule) { s.Tax.Rate = money.MustRate("18") }, []string{"tax.rate: 18 is more than 1, which is 100 %"}},
		{"tax split", func(s *fees.Schedule) {
			s.Tax.Split = []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "cgst", Weight: 0}, {Weight: 1}}
		}, []string{
			`tax.split[1].code: "cgst" is in the split twice`,
			"tax.split[1].weight: 0 is not above 0",
			"tax.split[2].code: is required",
		}},
		{"choices", func(s *fees.Schedule) {
			s.Rounding = fees.Rounding{Mode: 9, Per: "day"}
			s.Refund, s.Dispute, s.Charge = "half", "never", "monthly"
		}, []string{
			`rounding.per: "day" is not one of [line component]`,
			"rounding.mode: 9 is not a rounding mode",
			`refund_policy: "half" is not one of [keep return_pro_rata]`,
			`dispute_policy: "never" is not one of [keep return_on_win]`,
			`charge: "monthly" is not one of [net gross]`,
		}},
		{"tiers beside a rate", func(s *fees.Schedule) {
			s.Components[0].Tiers, s.Components[0].Base = &fees.Tiers{Mode: "steps", Measure: "weight", Period: "day"}, "net"
		}, []string{
			`components[0].base: "net" is not one of [gross cost cost_and_tax]`,
			"components[0].tiers: take the place of rate, unit and base: leave those out",
			`components[0].tiers.mode: "steps" is not one of [graduated volume]`,
			`components[0].tiers.measure: "weight" is not one of [amount count]`,
			`components[0].tiers.period: "day" is not one of [month year ever movement]`,
			"components[0].tiers.steps: at least one is required",
		}},
		{"tiers out of order", func(s *fees.Schedule) {
			s.Components[0].Rate = money.Rate{}
			s.Components[0].Tiers = &fees.Tiers{Steps: []fees.Tier{{UpTo: money.Minor(5)}, {UpTo: money.Minor(5)}, {}, {UpTo: money.Minor(9)}}}
		}, []string{
			"components[0].tiers.steps[1].up_to: 5 is not above that of the tier before, 5",
			"components[0].tiers.steps[2].up_to: is required above 0: only the last tier has no end",
			"components[0].tiers.steps[3].up_to: no tier is for what is above 9: the last has no up_to",
		}},
		{"tiers of what is not counted", func(s *fees.Schedule) {
			priceAll(s, fees.EventFX)
			s.Components[0].Rate = money.Rate{}
			s.Components[0].Tiers = &fees.Tiers{Steps: []fees.Tier{{}}}
		}, []string{"components[0].tiers.period: no fx is counted: count over a movement"}},
		{"tiers over two periods", func(s *fees.Schedule) {
			for i, p := range []fees.Period{fees.PeriodYear, fees.PeriodEver} {
				s.Components[i].Rate, s.Components[i].Tiers = money.Rate{}, &fees.Tiers{Period: p, Steps: []fees.Tier{{}}}
			}
		}, []string{"components[1].tiers.period: is ever, that of other tiers year: a schedule counts over one"}},
		{"tiers of one movement", func(s *fees.Schedule) {
			s.Components[0].Rate = money.Rate{}
			s.Components[0].Tiers = &fees.Tiers{
				Period: fees.PeriodMovement, Measure: fees.MeasureCount, Steps: []fees.Tier{{UpTo: money.Minor(1)}, {Fixed: new(money.Minor(1))}},
			}
		}, []string{
			"components[0].tiers.measure: a movement by itself is always the first: count amounts, or over another period",
			"components[0].tiers.steps[1].fixed: is never charged: each movement begins in the first tier",
		}},
		{"unit", func(s *fees.Schedule) {
			s.Components[0].Unit = &fees.Unit{Size: money.Minor(3), Price: money.Minor(-1)}
			s.Components[1].Rate, s.Components[1].Unit = money.Rate{}, &fees.Unit{}
		}, []string{
			"components[0].unit: takes the place of rate: leave that out",
			"components[0].unit.price: -1 is below 0",
			"components[0].unit.size: 3 does not divide without a remainder: take a product of twos and fives, or charge for started units",
			"components[1].unit.size: 0 is not above 0",
		}},
		{"monthly minimum", func(s *fees.Schedule) {
			priceAll(s, fees.EventInstant)
			s.MonthlyMin = new(money.Minor(-1))
		}, []string{
			"monthly_min: -1 is below 0",
			"monthly_min: is of captures, refunds, disputes or payouts: match one of these events",
		}},
		{"invoiced payouts", func(s *fees.Schedule) {
			priceAll(s, fees.EventPayout)
			s.Charge = fees.ChargeGross
		},
			nil},
		{"invoiced batches", func(s *fees.Schedule) {
			priceAll(s, fees.EventSettlement)
			s.Charge = fees.ChargeGross
		},
			[]string{"charge: gross is for captures, refunds, disputes and payouts: match one of these events"}},
		{"invoiced, whatever it is", func(s *fees.Schedule) { s.Charge, s.Match.Event = fees.ChargeGross, "" },
			[]string{"charge: gross is for captures, refunds, disputes and payouts: match one of these events"}},
		{"invoiced", func(s *fees.Schedule) { s.Charge, s.Match.Event = fees.ChargeGross, fees.EventCapture }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := full()
			tc.edit(&s)
			for i := range tc.want {
				tc.want[i] = `fee schedule "in-card" version "` + s.Version + `": ` + tc.want[i]
			}
			diff(t, strings.Join(tc.want, "\n"), text(s.Validate()))
		})
	}
}

// priceAll has a schedule price an event, whatever it is of.
func priceAll(s *fees.Schedule, event fees.Event) {
	s.Match, s.Refund = fees.Match{Currency: s.Match.Currency, Event: event}, ""
}

// text returns the error's text, "" for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestValidateTable(t *testing.T) {
	t.Parallel()
	table := fees.Table{
		row("a", "1", fees.Match{}),
		row("a", "2", fees.Match{}, from("2026-01-01")),
		row("b", "1", fees.Match{}),
		row("a", "2", fees.Match{}, from("2026-02-01")),
		row("a", "3", fees.Match{}),
		row("", "", fees.Match{}),
	}
	err := table.Validate()
	diff(t, strings.Join([]string{
		`fee schedule "a" version "2": version: is in the table twice`,
		`fee schedule "a" version "3": effective_from: is that of version "1" too, so neither is the later one`,
		`fee schedule number 6: id: is required`,
		`fee schedule number 6: version: is required`,
	}, "\n"), text(err))
	several := fees.Table{
		row("m", "1", fees.Match{Event: fees.EventCapture, Currency: money.MustCurrency("INR")}),
		row("m", "2", fees.Match{Event: fees.EventRefund}, from("2026-01-01")),
	}
	diff(t, "", text(several.Validate()))
	several[0].MonthlyMin = new(money.Minor(500))
	diff(t, `fee schedule "m" version "2": match.event: is refund, that of version "1" capture: what a schedule counts, and its monthly minimum, is of one event`, text(several.Validate()))
	var fault *fees.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("error %v has no fault", err)
	}
	diff(t, &fees.Fault{Index: 3, ID: "a", Version: "2", Field: "version", Problem: "is in the table twice"}, fault)
	diff(t, "", text(table[:3].Validate()))
}
