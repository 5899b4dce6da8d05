package fees_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// TestRounding: what each mode makes of a percentage.
func TestRounding(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, rate, amount   string
		even, half, down, up string
	}{
		{"a tie below one unit", "2.5%", "0.20", "0.00", "0.01", "0.00", "0.01"},
		{"a tie above an even unit", "0.2%", "12.50", "0.02", "0.03", "0.02", "0.03"},
		{"a tie above an odd unit", "0.2%", "17.50", "0.04", "0.04", "0.03", "0.04"},
		{"just below a unit", "1.85%", "999.99", "18.50", "18.50", "18.49", "18.50"},
		{"a tax rate", "18%", "18.50", "3.33", "3.33", "3.33", "3.33"},
		{"exact", "2%", "400", "8.00", "8.00", "8.00", "8.00"},
		{"a tie that all nearest modes take up", "1.35%", "850", "11.48", "11.48", "11.47", "11.48"},
		{"nothing of nothing", "2%", "0", "0.00", "0.00", "0.00", "0.00"},
	} {
		for mode, want := range map[money.Rounding]string{
			money.HalfEven: tc.even, money.HalfUp: tc.half, money.Down: tc.down, money.Up: tc.up,
		} {
			t.Run(tc.name+"/"+mode.String(), func(t *testing.T) {
				t.Parallel()
				s := percent(tc.rate)
				s.Rounding.Mode = mode
				diff(t, inr(t, want), compute(t, s, inr(t, tc.amount)).Fee)
			})
		}
	}
}

func TestComputeTax(t *testing.T) {
	t.Parallel()
	split := gst()
	split.Split = []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}}
	included := gst()
	included.Inclusive = true
	includedSplit := split
	includedSplit.Inclusive = true
	zeroRated := fees.Tax{Code: "vat0"}
	for _, tc := range []struct {
		name, rate, amount string
		tax                fees.Tax
		wantFee, wantTax   string
		wantLines          []fees.TaxLine
	}{
		{"instant settlement", "0.25%", "2000", gst(), "5.00", "0.90", []fees.TaxLine{line("gst", 90)}},
		{"on the rounded fee", "1.85%", "999.99", gst(), "18.50", "3.33", []fees.TaxLine{line("gst", 333)}},
		{"rounded once more", "2%", "0.50", gst(), "0.01", "0.00", []fees.TaxLine{line("gst", 0)}},
		{"included", "2%", "1000", included, "16.95", "3.05", []fees.TaxLine{line("gst", 305)}},
		{"included, exact", "1.18%", "1000", included, "10.00", "1.80", []fees.TaxLine{line("gst", 180)}},
		{"included in nothing", "2%", "0", included, "0.00", "0.00", []fees.TaxLine{line("gst", 0)}},
		{"split evenly", "2%", "1000", split, "20.00", "3.60", []fees.TaxLine{line("cgst", 180), line("sgst", 180)}},
		{"split with a remainder", "1.85%", "999.99", split, "18.50", "3.33", []fees.TaxLine{line("cgst", 167), line("sgst", 166)}},
		{"included and split", "2%", "1000", includedSplit, "16.95", "3.05", []fees.TaxLine{line("cgst", 153), line("sgst", 152)}},
		{"zero-rated", "2%", "1000", zeroRated, "20.00", "0.00", []fees.TaxLine{line("vat0", 0)}},
		{"none", "2%", "1000", fees.Tax{}, "20.00", "0.00", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := percent(tc.rate)
			s.Tax = tc.tax
			got := compute(t, s, inr(t, tc.amount))
			diff(t, inr(t, tc.wantFee), got.Fee)
			diff(t, inr(t, tc.wantTax), got.Tax)
			diff(t, tc.wantLines, got.Taxes)
		})
	}
}

// line builds a tax line from a code and minor units.
func line(code string, minor int64) fees.TaxLine {
	return fees.TaxLine{Code: code, Amount: money.Minor(minor)}
}

// TestUPIBands: up to 2,000.00 at 0 %, above it 0.3 % of the whole amount.
func TestUPIBands(t *testing.T) {
	t.Parallel()
	limit := inr(t, "2000")
	s := percent("0")
	s.Components = []fees.Component{
		{Kind: "upi_small", Band: fees.Band{UpTo: limit}},
		{Kind: "upi", Rate: money.MustRate("0.3%"), Band: fees.Band{Over: limit}},
	}
	for _, tc := range []struct{ name, amount, wantKind, wantFee string }{
		{"nothing", "0", "upi_small", "0.00"},
		{"smallest", "0.01", "upi_small", "0.00"},
		{"at the limit", "2000.00", "upi_small", "0.00"},
		{"a unit above", "2000.01", "upi", "6.00"},
		{"far above", "100000", "upi", "300.00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := compute(t, s, inr(t, tc.amount))
			diff(t, inr(t, tc.wantFee), got.Fee)
			if len(got.Parts) != 1 || got.Parts[0].Kind != tc.wantKind {
				t.Errorf("parts %v, want one of kind %s", got.Parts, tc.wantKind)
			}
		})
	}
}

// part is what a test says of a fees.Part.
type part struct {
	Kind, Raw string
	Limit     fees.Limit
	Amount    int64
	Rounding  string
}

// parts writes an explanation the way tests do.
func parts(t *testing.T, f fees.Fee) []part {
	t.Helper()
	var all []part
	for _, p := range f.Parts {
		amount, ok := p.Amount.Int64()
		if !ok {
			t.Fatalf("amount %s", p.Amount)
		}
		all = append(all, part{p.Kind, p.Raw.String(), p.Limit, amount, p.Rounding.String()})
	}
	return all
}

func TestComputeParts(t *testing.T) {
	t.Parallel()
	mixed := fees.Component{
		Kind: "commission", Rate: money.MustRate("1.85%"), Fixed: new(money.Minor(300)),
		Min: new(money.Minor(500)), Max: new(money.Minor(10000)),
	}
	half := func(kind string) fees.Component { return fees.Component{Kind: kind, Rate: money.MustRate("0.5")} }
	for _, tc := range []struct {
		name       string
		components []fees.Component
		least      *money.Amount
		most       *money.Amount
		rounding   fees.Rounding
		amount     string
		wantFee    string
		wantParts  []part
	}{
		{
			name: "percent and fixed", components: []fees.Component{mixed}, amount: "999.99", wantFee: "21.50",
			wantParts: []part{{"commission", "2149.9815", "", 2150, "0.0185"}},
		},
		{
			name: "fixed only", components: []fees.Component{{Kind: "payout", Fixed: new(money.Minor(500))}}, amount: "12.34", wantFee: "5.00",
			wantParts: []part{{"payout", "500", "", 500, "0"}},
		},
		{
			name: "component minimum", components: []fees.Component{mixed}, amount: "99.99", wantFee: "5.00",
			wantParts: []part{{"commission", "484.9815", fees.LimitMin, 500, "0"}},
		},
		{
			name: "component cap", components: []fees.Component{mixed}, amount: "9999.99", wantFee: "100.00",
			wantParts: []part{{"commission", "18799.9815", fees.LimitMax, 10000, "0"}},
		},
		{
			name: "rounded per line", components: []fees.Component{half("a"), half("b"), half("c")}, amount: "0.01", wantFee: "0.02",
			wantParts: []part{{"a", "0.5", "", 0, "-0.5"}, {"b", "0.5", "", 1, "0.5"}, {"c", "0.5", "", 1, "0.5"}},
		},
		{
			name: "rounded per component", components: []fees.Component{half("a"), half("b"), half("c")}, amount: "0.03",
			rounding: fees.Rounding{Per: fees.PerComponent}, wantFee: "0.06",
			wantParts: []part{{"a", "1.5", "", 2, "0.5"}, {"b", "1.5", "", 2, "0.5"}, {"c", "1.5", "", 2, "0.5"}},
		},
		{
			name: "rounded per component, ties", components: []fees.Component{half("a"), half("b"), half("c")}, amount: "0.01",
			rounding: fees.Rounding{Per: fees.PerComponent}, wantFee: "0.00",
			wantParts: []part{{"a", "0.5", "", 0, "-0.5"}, {"b", "0.5", "", 0, "-0.5"}, {"c", "0.5", "", 0, "-0.5"}},
		},
		{
			name: "schedule minimum", components: []fees.Component{half("a")}, least: new(money.Minor(100)), amount: "0.01", wantFee: "1.00",
			wantParts: []part{{"a", "0.5", "", 0, "-0.5"}, {fees.KindMin, "100", "", 100, "0"}},
		},
		{
			name: "schedule maximum", components: []fees.Component{half("a")}, most: new(money.Minor(100)), amount: "4.01", wantFee: "1.00",
			wantParts: []part{{"a", "200.5", "", 200, "-0.5"}, {fees.KindMax, "-100", "", -100, "0"}},
		},
		{
			name: "schedule limits not reached", components: []fees.Component{half("a")}, least: new(money.Minor(1)), most: new(money.Minor(100)),
			amount: "0.10", wantFee: "0.05", wantParts: []part{{"a", "5", "", 5, "0"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := percent("0")
			s.Components, s.Min, s.Max, s.Rounding = tc.components, tc.least, tc.most, tc.rounding
			got := compute(t, s, inr(t, tc.amount))
			diff(t, inr(t, tc.wantFee), got.Fee)
			diff(t, tc.wantParts, parts(t, got))
			diff(t, fees.Fee{ScheduleID: "percent", Version: "1", Base: inr(t, tc.amount), Fee: got.Fee, Parts: got.Parts}, got)
		})
	}
}

func TestComputeErrors(t *testing.T) {
	t.Parallel()
	greatest, err := money.ParseMinor("99999999999999999999999999999999999999")
	if err != nil {
		t.Fatal(err)
	}
	plain := percent("2%")
	taxed := percent("100%")
	taxed.Tax = gst()
	banded := percent("2%")
	banded.Components[0].Band.Over = money.Minor(100)
	doubled := percent("100%")
	doubled.Components = append(doubled.Components, doubled.Components[0])
	for _, tc := range []struct {
		name     string
		schedule fees.Schedule
		amount   money.Amount
		want     error
		wantText string
	}{
		{"negative", plain, money.Minor(-1), fees.ErrNegativeAmount, `fee of -1 by schedule "percent" version "1": compute: negative amount`},
		{"outside every band", banded, money.Minor(100), fees.ErrNoComponent,
			`fee of 100 by schedule "percent" version "1": compute: no component prices the amount`},
		{"beyond all amounts", doubled, greatest, money.ErrOverflow, ""},
		{"fee and tax beyond all amounts", taxed, greatest, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.schedule.Compute(tc.amount)
			if !errors.Is(err, tc.want) {
				t.Fatalf("error %v, want %v", err, tc.want)
			}
			if tc.wantText != "" {
				diff(t, tc.wantText, err.Error())
			}
		})
	}
	fee, err := taxed.Compute(greatest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fee.Total(); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("total: error %v, want %v", err, money.ErrOverflow)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		damage func(*fees.Fee)
		want   string
	}{
		{"whole", func(*fees.Fee) {}, ""},
		{"fee changed", func(f *fees.Fee) { f.Fee = money.Minor(2001) },
			`inconsistent fee: schedule "percent" version "1": fee 2001, sum of its parts 2000`},
		{"part lost", func(f *fees.Fee) { f.Parts = nil }, `inconsistent fee: schedule "percent" version "1": fee 2000, sum of its parts 0`},
		{"tax changed", func(f *fees.Fee) { f.Tax = money.Minor(359) },
			`inconsistent fee: schedule "percent" version "1": tax 359, sum of its lines 360`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := percent("2%")
			s.Tax = gst()
			fee := compute(t, s, money.Minor(100000))
			tc.damage(&fee)
			text := ""
			if err := fee.Check(); err != nil {
				text = err.Error()
			}
			diff(t, tc.want, text)
		})
	}
}
