package merchant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

func inr() money.Currency { return money.MustCurrency("INR") }
func pkr() money.Currency { return money.MustCurrency("PKR") }
func usd() money.Currency { return money.MustCurrency("USD") }

func date(s string) calendar.Date { return calendar.MustDate(s) }

// zone loads a zone by name.
func zone(name string) *time.Location {
	loaded, err := calendar.LoadZone(name)
	if err != nil {
		panic(err)
	}
	return loaded
}

// schedule is a sound one: daily at 18:00 UTC.
func schedule(id string, scopes ...merchant.Scope) merchant.Schedule {
	return merchant.Schedule{
		ID: id, Version: "1", For: scopes,
		Timing: calendar.Schedule{Zone: time.UTC, Cutoffs: []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}}},
	}
}

// version is another version of a schedule, effective from a date.
func version(s merchant.Schedule, name, from string) merchant.Schedule {
	s.Version, s.EffectiveFrom = name, date(from)
	return s
}

// regions are India, which lists INR, and Pakistan, which lists PKR.
func regions() []merchant.Region {
	return []merchant.Region{
		{ID: "IN", Countries: []string{"IN"}, Currencies: []money.Currency{inr()}, Bank: "escrow_in", InputTax: "gst"},
		{ID: "PK", Countries: []string{"PK"}, Currencies: []money.Currency{pkr()}, Bank: "escrow_pk"},
	}
}

func wantText(t testing.TB, err error, lines ...string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(strings.Join(lines, "\n"), got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
