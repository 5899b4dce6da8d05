package fees_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// tiered is a schedule of captures: 2 % up to 1,000.00, 1.5 % up to 5,000.00, 1 % above.
func tiered(mode fees.Mode) fees.Schedule {
	s := percent("0")
	s.Match.Event = fees.EventCapture
	s.Components[0].Tiers = &fees.Tiers{Mode: mode, Steps: []fees.Tier{
		{UpTo: money.Minor(100000), Rate: money.MustRate("2%")},
		{UpTo: money.Minor(500000), Rate: money.MustRate("1.5%")},
		{Rate: money.MustRate("1%")},
	}}
	return s
}

// price validates s and returns what it makes of the input.
func price(t testing.TB, s fees.Schedule, in fees.Input) fees.Fee {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	fee, err := s.Price(&in)
	if err != nil {
		t.Fatal(err)
	}
	return fee
}

// TestTiers: graduated tiers price slices, volume tiers the whole amount, both from the value before the movement on.
func TestTiers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, before, amount string
		graduated, volume    string
		slices               []string
	}{
		{"in the first tier", "0", "400", "8.00", "8.00", []string{"400.00"}},
		{"up to its end, included", "600", "400", "8.00", "8.00", []string{"400.00"}},
		{"across its end", "900", "400", "6.50", "8.00", []string{"100.00", "300.00"}},
		{"from its end on", "1000", "400", "6.00", "6.00", []string{"400.00"}},
		{"through all tiers", "0", "6000", "90.00", "120.00", []string{"1000.00", "4000.00", "1000.00"}},
		{"in the last tier", "9000", "400", "4.00", "4.00", []string{"400.00"}},
		{"nothing", "900", "0", "0.00", "0.00", []string{"0.00"}},
	} {
		for mode, want := range map[fees.Mode]string{fees.Graduated: tc.graduated, fees.Volume: tc.volume} {
			t.Run(string(mode)+"/"+tc.name, func(t *testing.T) {
				t.Parallel()
				in := fees.Input{Amount: inr(t, tc.amount), Before: &fees.Counter{Period: "2026-03", Amount: inr(t, tc.before)}}
				fee := price(t, tiered(mode), in)
				diff(t, inr(t, want), fee.Fee)
				reached := fee.Parts[0].Reached
				diff(t, "2026-03", reached.Period)
				diff(t, inr(t, tc.before), reached.Before)
				slices := []string{money.MustCurrency("INR").Format(in.Amount)}
				if mode == fees.Graduated {
					slices = tc.slices
				}
				var got []string
				for _, s := range reached.Slices {
					got = append(got, money.MustCurrency("INR").Format(s.Amount))
				}
				diff(t, slices, got)
			})
		}
	}
}

// TestTiersOfMovements: the 101st movement of a month is cheaper, whatever its amount.
func TestTiersOfMovements(t *testing.T) {
	t.Parallel()
	s := percent("0")
	s.Match.Event = fees.EventPayout
	s.Components[0].Tiers = &fees.Tiers{Measure: fees.MeasureCount, Steps: []fees.Tier{
		{UpTo: money.Minor(100), Fixed: new(money.Minor(500))}, {Fixed: new(money.Minor(300))},
	}}
	for before, want := range map[uint64]string{0: "5.00", 99: "5.00", 100: "3.00", 5000: "3.00"} {
		fee := price(t, s, fees.Input{Amount: inr(t, "70"), Before: &fees.Counter{Amount: inr(t, "1"), Count: before}})
		diff(t, inr(t, want), fee.Fee)
		diff(t, money.Minor(int64(before)), fee.Parts[0].Reached.Before)
	}
}

// TestTiersOfOneMovement: nothing is counted, so no counter is needed.
func TestTiersOfOneMovement(t *testing.T) {
	t.Parallel()
	for mode, want := range map[fees.Mode]map[string]string{
		fees.Graduated: {"1000": "20.00", "1000.01": "20.00", "6000": "90.00"},
		fees.Volume:    {"1000": "20.00", "1000.01": "15.00", "6000": "60.00", "0": "0"},
	} {
		for amount, fee := range want {
			s := tiered(mode)
			s.Components[0].Tiers.Period = fees.PeriodMovement
			diff(t, inr(t, fee), compute(t, s, inr(t, amount)).Fee)
		}
	}
}

// TestTierFixed: what is fixed in a tier is charged once, by the tier in which the movement begins.
func TestTierFixed(t *testing.T) {
	t.Parallel()
	s := tiered(fees.Graduated)
	for i, fixed := range []int64{300, 200, 100} {
		s.Components[0].Tiers.Steps[i].Fixed = new(money.Minor(fixed))
	}
	s.Components[0].Fixed = new(money.Minor(7))
	fee := price(t, s, fees.Input{Amount: inr(t, "400"), Before: &fees.Counter{Amount: inr(t, "900")}})
	diff(t, inr(t, "9.57"), fee.Fee) // 100 at 2 % + 3.00, 300 at 1.5 %, + 0.07
}

// TestFeeNeedsWhatItGoesBy: a counter or a cost that is not known is an error, never 0.
func TestFeeNeedsWhatItGoesBy(t *testing.T) {
	t.Parallel()
	s := tiered(fees.Volume)
	if _, err := s.Compute(money.Minor(1)); !errors.Is(err, fees.ErrNoCounter) {
		t.Errorf("error %v, want %v", err, fees.ErrNoCounter)
	}
	plus := interchange()
	_, err := plus.Compute(money.Minor(10000))
	if !errors.Is(err, fees.ErrNoCost) {
		t.Errorf("error %v, want %v", err, fees.ErrNoCost)
	}
	diff(t, `fee of 10000 by schedule "percent" version "1": component interchange: what the rail charges is not known`, err.Error())
	_, err = plus.Price(&fees.Input{Amount: money.Minor(1), Cost: new(money.Minor(-1))})
	if !errors.Is(err, fees.ErrNegativeAmount) {
		t.Errorf("error %v, want %v", err, fees.ErrNegativeAmount)
	}
}

// interchange passes on what the rail charges, and adds 0.2 % and 0.30.
func interchange() fees.Schedule {
	s := percent("0.2%")
	s.Match.Event = fees.EventCapture
	s.Components = append([]fees.Component{{Kind: "interchange", Base: fees.BaseCost, Rate: money.MustRate("1")}}, s.Components...)
	s.Components[1].Fixed = new(money.Minor(30))
	return s
}

func TestInterchangePlusPlus(t *testing.T) {
	t.Parallel()
	withTax := interchange()
	withTax.Components[0].Base = fees.BaseCostAndTax
	for _, tc := range []struct {
		name            string
		s               fees.Schedule
		cost, tax, want string
	}{
		{"cost and markup", interchange(), "12.34", "2.22", "14.64"},
		{"a cost of nothing", interchange(), "0", "0", "2.30"},
		{"with the tax on the cost", withTax, "12.34", "2.22", "16.86"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in := fees.Input{Amount: inr(t, "1000"), Cost: new(inr(t, tc.cost)), CostTax: inr(t, tc.tax)}
			fee := price(t, tc.s, in)
			diff(t, inr(t, tc.want), fee.Fee)
			diff(t, in.Cost, fee.Cost)
			diff(t, in.CostTax, fee.CostTax)
			diff(t, tc.s.Components[0].Base, fee.Parts[0].Base)
		})
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		amount  string
		started bool
		size    int64
		units   string
		want    string
	}{
		{"of 8.50 per 1,000", "2000", false, 100000, "2", "17.00"},
		{"a part of one", "1500", false, 100000, "1.5", "12.75"},
		{"rounded once", "999.99", false, 100000, "0.99999", "8.50"},
		{"started", "2000.01", true, 100000, "3", "25.50"},
		{"whole and started", "2000", true, 100000, "2", "17.00"},
		{"started thirds", "1", true, 3, "34", "289.00"},
		{"of nothing", "0", true, 100000, "0", "0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := percent("0")
			s.Components[0].Unit = &fees.Unit{Size: money.Minor(tc.size), Price: money.Minor(850), Started: tc.started}
			fee := compute(t, s, inr(t, tc.amount))
			diff(t, inr(t, tc.want), fee.Fee)
			diff(t, tc.units, fee.Parts[0].Units.String())
		})
	}
}

// TestTrueUp: what is missing to the minimum of a month, with its tax.
func TestTrueUp(t *testing.T) {
	t.Parallel()
	s := percent("2%")
	s.Match.Event = fees.EventCapture
	s.MonthlyMin = new(money.Minor(50000))
	s.Tax = gst()
	included := s
	included.Tax.Inclusive = true
	for _, tc := range []struct {
		name             string
		s                fees.Schedule
		fee, tax         string
		wantFee, wantTax string
		parts            int
	}{
		{"some is missing", s, "380.00", "68.40", "120.00", "21.60", 1},
		{"nothing was charged", s, "0", "0", "500.00", "90.00", 1},
		{"reached", s, "500.00", "90.00", "0", "0", 0},
		{"exceeded", s, "500.01", "90.00", "0", "0", 0},
		{"of a fee with its tax", included, "322.03", "57.97", "101.69", "18.31", 2},
		{"without a minimum", percent("2%"), "1", "0", "0", "0", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := tc.s.Validate(); err != nil {
				t.Fatal(err)
			}
			fee, err := tc.s.TrueUp(inr(t, tc.fee), inr(t, tc.tax))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, inr(t, tc.wantFee), fee.Fee)
			diff(t, inr(t, tc.wantTax), fee.Tax)
			diff(t, tc.parts, len(fee.Parts))
		})
	}
}

func TestPeriodKey(t *testing.T) {
	t.Parallel()
	on := calendar.MustDate("2026-03-09")
	for period, want := range map[fees.Period]string{
		"": "2026-03", fees.PeriodMonth: "2026-03", fees.PeriodYear: "2026", fees.PeriodEver: "ever", fees.PeriodMovement: "",
	} {
		diff(t, want, period.Key(on))
	}
}

// TestTiersJSON: the bytes that stores hold.
func TestTiersJSON(t *testing.T) {
	t.Parallel()
	s := tiered(fees.Volume)
	s.Components = append(s.Components,
		fees.Component{Kind: "scheme", Base: fees.BaseCost, Unit: &fees.Unit{Size: money.Minor(100), Price: money.Minor(7), Started: true}})
	s.MonthlyMin = new(money.Minor(50))
	fee := price(t, s, fees.Input{Amount: money.Minor(10050), Cost: new(money.Minor(250)), CostTax: money.Minor(45), Before: &fees.Counter{Period: "2026", Count: 3}})
	roundTrip(t, s, `{"id":"percent","version":"1","match":{"currency":"INR","event":"capture"},"components":[{"kind":"commission",`+
		`"tiers":{"mode":"volume","steps":[{"up_to":"100000","rate":"0.02"},{"up_to":"500000","rate":"0.015"},{"rate":"0.01"}]}},`+
		`{"kind":"scheme","base":"cost","unit":{"size":"100","price":"7","started":true}}],"monthly_min":"50"}`)
	roundTrip(t, fee, `{"schedule_id":"percent","version":"1","base":"10050","cost":"250","cost_tax":"45","fee":"222","tax":"0","parts":[`+
		`{"kind":"commission","raw":"201","amount":"201","rounding":"0","reached":{"mode":"volume","measure":"amount","period":"2026","before":"0",`+
		`"slices":[{"tier":1,"amount":"10050","rate":"0.02","raw":"201"}]}},`+
		`{"kind":"scheme","raw":"21","amount":"21","rounding":"0","base":"cost","units":"3"}]}`)
}
