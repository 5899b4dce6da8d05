package money_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

func TestExponents(t *testing.T) {
	t.Parallel()
	for exponent, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AUD BDT BRL CAD CHF CNY EUR GBP HKD IDR INR LKR MGA MRU MYR NPR PKR SAR SGD SLE THB USD VES XAD XCG ZAR ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	} {
		var listed []string
		for c := range money.Currencies() {
			if c.Exponent() == exponent {
				listed = append(listed, c.String())
			}
		}
		want := strings.Fields(codes)
		if exponent == 2 { // the rest, here only in part
			listed = slices.DeleteFunc(listed, func(code string) bool { return !slices.Contains(want, code) })
		}
		if diff := cmp.Diff(want, listed); diff != "" {
			t.Errorf("exponent %d (-want +got):\n%s", exponent, diff)
		}
	}
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	all := slices.Collect(money.Currencies())
	if len(all) != 165 {
		t.Errorf("%d currencies, want 165", len(all))
	}
	for i, c := range all {
		if i > 0 && all[i-1].Compare(c) >= 0 {
			t.Errorf("%s is not before %s", all[i-1], c)
		}
		if back, err := money.ParseCurrency(c.String()); err != nil || back != c {
			t.Errorf("ParseCurrency(%s) = %v, %v", c, back, err)
		}
		if len(c.String()) != 3 || strings.Trim(c.String(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("code %q", c)
		}
	}
	for range money.Currencies() {
		break // a reader may stop
	}
}

func TestParseCurrencyRefuses(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"empty": "", "lower case": "inr", "short": "IN", "long": "INRX", "space": "INR ", "gold": "XAU", "none": "XXX",
		"test": "XTS", "withdrawn": "HRK", "invented": "ZZZ", "before the first": "AAA", "long text": strings.Repeat("INR", 50),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := money.ParseCurrency(code)
			wantError(t, money.ErrUnknownCurrency, "unknown currency: ", err)
			if !got.IsZero() || len(err.Error()) > 150 {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestMustCurrencyPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	money.MustCurrency("RUPEE")
}

func TestNoCurrency(t *testing.T) {
	t.Parallel()
	var none money.Currency
	if !none.IsZero() || none.String() != "" || none.Exponent() != 0 || none.Compare(money.MustCurrency("AED")) != -1 {
		t.Errorf("no currency: %q, %d", none, none.Exponent())
	}
	if got := none.Format(money.Minor(-5)); got != "-5" {
		t.Errorf("Format = %q, want the minor units", got)
	}
	_, err := none.Parse("400")
	wantError(t, money.ErrUnknownCurrency, `"400" has none`, err)
}

func TestCurrencyText(t *testing.T) {
	t.Parallel()
	type row struct {
		Main  money.Currency         `json:"main"`
		Other money.Currency         `json:"other"`
		By    map[money.Currency]int `json:"by"`
	}
	want := row{Main: money.MustCurrency("BDT"), By: map[money.Currency]int{money.MustCurrency("JPY"): 1}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"main":"BDT","other":"","by":{"JPY":1}}`, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	got := row{Other: money.MustCurrency("USD")}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantError(t, money.ErrUnknownCurrency, `"taka"`, got.Main.UnmarshalText([]byte("taka")))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after a failed read (-want +got):\n%s", diff)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, currency, amount, full, short string }{
		{"zero", "INR", "0", "0.00", "0"},
		{"round", "PKR", "40000", "400.00", "400"},
		{"one digit", "PKR", "40050", "400.50", "400.5"},
		{"two digits", "PKR", "40055", "400.55", "400.55"},
		{"below one", "BDT", "7", "0.07", "0.07"},
		{"negative below one", "INR", "-5", "-0.05", "-0.05"},
		{"negative", "INR", "-16180", "-161.80", "-161.8"},
		{"no fraction digits", "JPY", "400", "400", "400"},
		{"no fraction digits, zero", "JPY", "0", "0", "0"},
		{"no fraction digits, zeros kept", "JPY", "-1000", "-1000", "-1000"},
		{"three", "KWD", "1050", "1.050", "1.05"},
		{"four", "CLF", "1", "0.0001", "0.0001"},
		{"limit", "INR", limit, strings.Repeat("9", 36) + ".99", strings.Repeat("9", 36) + ".99"},
		{"negative limit", "CLF", "-" + limit, "-" + strings.Repeat("9", 34) + ".9999", "-" + strings.Repeat("9", 34) + ".9999"},
		{"wide, round", "INR", "1" + strings.Repeat("0", 37), "1" + strings.Repeat("0", 35) + ".00", "1" + strings.Repeat("0", 35)},
		{"zeros between the halves", "INR", "100000000000000000000", "1000000000000000000.00", "1000000000000000000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, a := money.MustCurrency(tc.currency), minor(t, tc.amount)
			if diff := cmp.Diff([]string{tc.full, tc.short}, []string{c.Format(a), c.FormatShort(a)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCurrencyParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, currency, text, want string
		err                        error
		says                       string
	}{
		{name: "whole", currency: "PKR", text: "400", want: "40000"},
		{name: "one digit", currency: "PKR", text: "400.5", want: "40050"},
		{name: "all digits", currency: "BDT", text: "850.25", want: "85025"},
		{name: "zero", currency: "INR", text: "0", want: "0"},
		{name: "zero with fraction", currency: "INR", text: "0.00", want: "0"},
		{name: "below one", currency: "INR", text: "0.07", want: "7"},
		{name: "leading zeros", currency: "INR", text: strings.Repeat("0", 50) + "12.50", want: "1250"},
		{name: "no fraction digits", currency: "JPY", text: "400", want: "400"},
		{name: "three", currency: "KWD", text: "1.05", want: "1050"},
		{name: "four", currency: "UYW", text: "1.0001", want: "10001"},
		{name: "limit", currency: "INR", text: strings.Repeat("9", 36) + ".99", want: limit},
		{name: "past the limit", currency: "INR", text: "1" + strings.Repeat("0", 36), err: money.ErrOverflow, says: "37 digits before the point, at most 36"},
		{name: "too many digits", currency: "PKR", text: "400.005", err: money.ErrBadAmount, says: `"400.005" has 3 fraction digits, PKR takes at most 2`},
		{name: "too many digits, all zero", currency: "PKR", text: "400.000", err: money.ErrBadAmount, says: "at most 2"},
		{name: "fraction in JPY", currency: "JPY", text: "400.0", err: money.ErrBadAmount, says: "JPY takes at most 0"},
		{name: "empty", currency: "PKR", text: "", err: money.ErrBadAmount, says: `"" is not a decimal number of PKR, such as 400.00`},
		{name: "minus", currency: "PKR", text: "-400", err: money.ErrBadAmount},
		{name: "plus", currency: "PKR", text: "+400", err: money.ErrBadAmount},
		{name: "exponent", currency: "PKR", text: "4e2", err: money.ErrBadAmount},
		{name: "space before", currency: "PKR", text: " 400", err: money.ErrBadAmount},
		{name: "line end", currency: "PKR", text: "400\n", err: money.ErrBadAmount},
		{name: "separator", currency: "INR", text: "1,00,000", err: money.ErrBadAmount},
		{name: "decimal comma", currency: "EUR", text: "400,50", err: money.ErrBadAmount},
		{name: "two points", currency: "PKR", text: "4.0.0", err: money.ErrBadAmount},
		{name: "no digit before", currency: "PKR", text: ".50", err: money.ErrBadAmount},
		{name: "no digit after", currency: "PKR", text: "400.", err: money.ErrBadAmount},
		{name: "only a point", currency: "PKR", text: ".", err: money.ErrBadAmount},
		{name: "sign in the fraction", currency: "PKR", text: "4.-1", err: money.ErrBadAmount},
		{name: "hexadecimal", currency: "PKR", text: "0x10", err: money.ErrBadAmount},
		{name: "not a number", currency: "PKR", text: "NaN", err: money.ErrBadAmount},
		{name: "Arabic digits", currency: "PKR", text: "٤٠٠", err: money.ErrBadAmount},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.MustCurrency(tc.currency).Parse(tc.text)
			if tc.err != nil {
				wantError(t, tc.err, tc.says, err)
				return
			}
			if diff := cmp.Diff(minor(t, tc.want), got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFormatRoundTrips(t *testing.T) {
	t.Parallel()
	all := slices.Collect(money.Currencies())
	rapid.Check(t, func(t *rapid.T) {
		c, a := rapid.SampledFrom(all).Draw(t, "currency"), amounts().Draw(t, "amount")
		for _, text := range []string{c.Format(a), c.FormatShort(a)} {
			unsigned, negative := strings.CutPrefix(text, "-")
			got, err := c.Parse(unsigned)
			if negative {
				got = got.Neg()
			}
			if err != nil || got != a {
				t.Fatalf("%s of %v in %s reads as %v, %v", text, a, c, got, err)
			}
		}
	})
}
