package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
)

// checked gives what is warned of in a file at noon of a date.
func checked(t *testing.T, text, date string) string {
	t.Helper()
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	c, warnings, err := config.Check("f.yaml", []byte(text), at.Add(12*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if c == nil {
		t.Error("no configuration")
	}
	if len(warnings) == 0 {
		return ""
	}
	return warnings.Error()
}

func TestCheckWarns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, on, want string }{
		{"nothing", least, "2026-06-01", ""},
		{
			"a calendar ends soon", least, "2026-11-02",
			"f.yaml:5:106: schedules[0].calendars[0]: calendar IN ends with 2026-12-31, 59 days from 2026-11-02: what is due later cannot be settled by it",
		},
		{
			"a calendar has ended", least, "2027-01-01",
			"f.yaml:5:106: schedules[0].calendars[0]: calendar IN ended with 2026-12-31: nothing can be settled by it any more",
		},
		{
			"a calendar is used by nothing",
			least + "calendars:\n  - {id: A, extends: IN}\n  - {id: B, extends: A}\n", "2026-06-01",
			"f.yaml:12:5: calendars[1]: no schedule names calendar B",
		},
		{
			"a price never wins",
			least + "  - {id: shadow, match: {event: payout, currency: INR}, components: [{kind: c, fixed: 1}]}\n", "2026-06-01",
			"f.yaml:10:5: fees[3]: never prices anything: fees[2], payout, matches the same and goes before it whenever it is in force",
		},
		{
			"a price wins for a while",
			least + "  - {id: shadow, priority: -1, match: {event: payout, currency: INR}, components: [{kind: c, fixed: 1}]}\n" +
				"  - {id: payout, effective_from: 2027-01-01, match: {event: payout, region: IN, currency: INR}, components: [{kind: c, fixed: 1}]}\n", "2026-06-01", "",
		},
		{
			"a price is over",
			replace(t, "{id: payout, match", "{id: payout, effective_to: 2026-05-31, match"), "2026-06-01",
			"f.yaml:3:5: regions[0]: no fee schedule in force on 2026-06-01 prices event payout in currency INR\n" +
				"f.yaml:9:32: fees[2].effective_to: fee schedule payout ended with 2026-05-31 and no version follows",
		},
		{
			"a price has a successor",
			replace(t, "{id: payout, match", "{id: payout, effective_to: 2026-05-31, match") +
				"  - {id: payout, effective_from: 2026-06-01, match: {event: payout, currency: INR}, components: [{kind: c, fixed: 6}]}\n", "2026-06-01", "",
		},
		{
			"a schedule is not in force yet",
			replace(t, "{id: in, for", "{id: in, effective_from: 2026-07-01, for"), "2026-06-01",
			"f.yaml:3:5: regions[0]: no schedule for currency INR is in force on 2026-06-01",
		},
		{
			"a tax is named by nothing", least + "taxes: [{id: vat, rate: 15%}]\n", "2026-06-01",
			"f.yaml:10:9: taxes[0]: no fee schedule names tax vat",
		},
		{
			"a reserve and a withholding are over",
			least + "reserves: [{id: r, rate: 10%, days: 7, effective_to: 2026-05-31, for: [platform]}]\n" +
				"withholding: [{code: tds, rate: 1%, effective_to: 2026-05-31, for: [platform]}]\n", "2026-06-01",
			"f.yaml:10:54: reserves[0].effective_to: reserve plan r ended with 2026-05-31 and no version follows\n" +
				"f.yaml:11:51: withholding[0].effective_to: tax tds is withheld until 2026-05-31 and no rule follows",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			diff(t, strings.Split(test.want, "\n"), strings.Split(checked(t, test.text, test.on), "\n"))
		})
	}
}

// Nothing is warned of in what is shipped, as long as its calendars last.
func TestCheckShipped(t *testing.T) {
	t.Parallel()
	diff(t, "", checked(t, string(sample.ConfigYAML()), "2026-03-01"))
}

// A file that is not right has faults and no warnings.
func TestCheckFaults(t *testing.T) {
	t.Parallel()
	c, warnings, err := config.Check("f.yaml", []byte("a: 1\n"), time.Unix(0, 0))
	if c != nil || warnings != nil || err == nil {
		t.Errorf("%v, %v, %v", c, warnings, err)
	}
}
