package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/money"
)

// YAML makes numbers of plain scalars: 3.00 becomes 3, 010 eight, 0x10
// sixteen, a long decimal the nearest float. A figure of a configuration is
// what stands in the file, or a fault.
func TestAmountsAsWritten(t *testing.T) {
	t.Parallel()
	const bad = `bad amount: "`
	for _, tc := range []struct {
		name, written string
		want          int64
		fault         string
	}{
		{name: "two decimals", written: "3.00", want: 300},
		{name: "quoted", written: `"3.00"`, want: 300},
		{name: "single quotes", written: `'3.00'`, want: 300},
		{name: "one decimal", written: "3.5", want: 350},
		{name: "whole", written: "3", want: 300},
		{name: "with its currency", written: "3.00 INR", want: 300},
		{name: "leading zero is no octal", written: "010", want: 1000},
		{name: "nor with digits past 7", written: "089", want: 8900},
		{name: "zero", written: "0", want: 0},
		{name: "more than a float holds", written: "90071992547409.93", want: 9007199254740993},
		{name: "hexadecimal", written: "0x10", fault: bad + `0x10"`},
		{name: "octal", written: "0o17", fault: bad + `0o17"`},
		{name: "binary", written: "0b11", fault: bad + `0b11"`},
		{name: "underscore", written: "1_000", fault: bad + `1_000"`},
		{name: "exponent", written: "1e3", fault: bad + `1e3"`},
		{name: "plus", written: "+3.00", fault: bad + `+3.00"`},
		{name: "minus", written: "-3.00", fault: bad + `-3.00"`},
		{name: "no digit before the point", written: ".5", fault: bad + `.5"`},
		{name: "no digit behind the point", written: "5.", fault: bad + `5."`},
		{name: "too many decimals", written: "3.000", fault: bad + `3.000" has 3 fraction digits`},
		{name: "infinity", written: ".inf", fault: bad + `.inf"`},
		{name: "not a number", written: ".nan", fault: bad + `.nan"`},
		{name: "truth", written: "true", fault: bad + `true"`},
		{name: "separator", written: `"1,000.00"`, fault: bad + `1,000.00"`},
		{name: "other currency", written: "3.00 PKR", fault: `"3.00 PKR" is not an amount of INR`},
		{name: "nothing", written: "~", fault: "is empty, want a single value"},
		{name: "beyond 64 bits", written: "99999999999999999999.00", want: -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := replace(t, "fixed: 3.00", "fixed: "+tc.written)
			if tc.fault != "" {
				wantFault(t, text, "fees[0].components[0].fixed", tc.fault)
				return
			}
			want := money.Minor(tc.want)
			if tc.want < 0 {
				want, _ = money.ParseMinor("9999999999999999999900")
			}
			diff(t, &want, parse(t, text).Rules.Fees[0].Components[0].Fixed)
		})
	}
}

func TestRatesAsWritten(t *testing.T) {
	t.Parallel()
	const bad = `bad rate: "`
	for _, tc := range []struct{ name, written, want, fault string }{
		{name: "percent", written: "1.85%", want: "0.0185"},
		{name: "decimal", written: "0.0185", want: "0.0185"},
		{name: "trailing zeros", written: "0.018500", want: "0.0185"},
		{name: "quoted", written: `"1.85%"`, want: "0.0185"},
		{name: "more than a float holds", written: "0.012345678901234567", want: "0.012345678901234567"},
		{name: "leading zero is no octal", written: "010%", want: "0.1"},
		{name: "nearly one", written: "99.99%", want: "0.9999"},
		{name: "one", written: "1", fault: "1 is 100 %, all of the amount; 1 percent is 1%"},
		{name: "tiny", written: "0.000000000000000001", want: "0.000000000000000001"},
		{name: "too long", written: "0.1234567890123456789", fault: bad + `0.1234567890123456789" has more than`},
		{name: "hexadecimal", written: "0x10", fault: bad + `0x10"`},
		{name: "exponent", written: "1e-2", fault: bad + `1e-2"`},
		{name: "no digit before the point", written: ".5", fault: bad + `.5"`},
		{name: "blank before the sign", written: "1.85 %", fault: bad + `1.85 %"`},
		{name: "per cent without its sign", written: "1.85", fault: "1.85 is more than 1, which is 100 %"},
		{name: "negative", written: "-0.01", fault: "-0.01 is below 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := replace(t, "rate: 1%", "rate: "+tc.written)
			if tc.fault != "" {
				wantFault(t, text, "fees[0].components[0].rate", tc.fault)
				return
			}
			diff(t, money.MustRate(tc.want), parse(t, text).Rules.Fees[0].Components[0].Rate)
		})
	}
}

// A clock without quotes is a number of minutes in YAML 1.1, NO is false, and
// a date is a time stamp.
func TestTextAsWritten(t *testing.T) {
	t.Parallel()
	text := replace(t, "currencies: [INR]", "name: 012.50, countries: [NO, IN], currencies: [INR]")
	text = strings.Replace(text, "{id: in,", "{id: 2026-03-01, effective_from: 2026-03-01,", 1)
	text = strings.Replace(text, "at: 18:00", "at: 08:09", 1)
	c := parse(t, text)
	diff(t, "012.50", c.Rules.Book.Regions[0].Name)
	diff(t, []string{"NO", "IN"}, c.Rules.Book.Regions[0].Countries)
	diff(t, "2026-03-01", c.Rules.Book.Schedules[0].ID)
	diff(t, "2026-03-01", c.Rules.Book.Schedules[0].EffectiveFrom.String())
	diff(t, "08:09", c.Rules.Book.Schedules[0].Timing.Cutoffs[0].At.String())
}

func TestWholeNumbersAsWritten(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"010", "0x1", "0o7", "1_0", "1.0", "1e1", "+1", `" 1"`, "ten", "~", "[1]", "99999999999999999999"} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			wantFault(t, replace(t, "delay: {n: 1}", "delay: {n: "+written+"}"), "schedules[0].delay.n", "")
		})
	}
	c := parse(t, replace(t, "delay: {n: 1}", `delay: {n: "10"}`))
	diff(t, 10, c.Rules.Book.Schedules[0].Timing.Delay.N)
}

// wantFault parses a text with one fault.
func wantFault(t *testing.T, text, key, beginning string) {
	t.Helper()
	_, err := config.Parse("settlex.yaml", []byte(text))
	faults, _ := errors.AsType[config.Faults](err)
	if len(faults) != 1 || faults[0].Key != key || !strings.HasPrefix(faults[0].Err.Error(), beginning) {
		t.Errorf("faults: %v\nwant one of %s: %s...", err, key, beginning)
	}
}
