package reserve_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// rolling withholds 10 % for 90 days.
func rolling() reserve.Plan {
	return reserve.Plan{
		ID: "in-rolling", Version: "1", EffectiveFrom: calendar.MustDate("2026-01-01"), EffectiveTo: calendar.MustDate("2026-12-31"),
		Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 90,
	}
}

// diff fails the test where got is not want.
func diff(t testing.TB, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// text returns the error's text, "" for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestPlanHold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, rate     string
		days           int
		most           *money.Amount
		gross, balance int64
		want           int64
		wantRelease    string
	}{
		{"a tenth", "10%", 90, nil, 100000, 0, 10000, "2026-04-04"},
		{"rounded down", "10%", 90, nil, 99999, 0, 9999, "2026-04-04"},
		{"less than a unit", "10%", 90, nil, 9, 0, 0, "2026-04-04"},
		{"of nothing", "10%", 90, nil, 0, 0, 0, "2026-04-04"},
		{"nothing by rate", "0", 90, nil, 100000, 0, 0, "2026-04-04"},
		{"all of it", "100%", 90, nil, 100000, 0, 100000, "2026-04-04"},
		{"below the cap", "10%", 90, new(money.Minor(50000)), 100000, 40000, 10000, "2026-04-04"},
		{"up to the cap", "10%", 90, new(money.Minor(50000)), 100000, 45000, 5000, "2026-04-04"},
		{"at the cap", "10%", 90, new(money.Minor(50000)), 100000, 50000, 0, "2026-04-04"},
		{"balance above the cap", "10%", 90, new(money.Minor(50000)), 100000, 60000, 0, "2026-04-04"},
		{"a cap of nothing", "10%", 90, new(money.Minor(0)), 100000, 0, 0, "2026-04-04"},
		{"shortest", "10%", 3, nil, 100000, 0, 10000, "2026-01-07"},
		{"longest", "10%", 180, nil, 100000, 0, 10000, "2026-07-03"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := rolling()
			p.Rate, p.Days, p.Cap = money.MustRate(tc.rate), tc.days, tc.most
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			amount, release, err := p.Hold(money.Minor(tc.gross), money.Minor(tc.balance), calendar.MustDate("2026-01-04"))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, money.Minor(tc.want), amount)
			diff(t, calendar.MustDate(tc.wantRelease), release)
		})
	}
}

func TestPlanHoldErrors(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2026-01-04")
	for _, tc := range []struct {
		name           string
		gross, balance int64
		day            calendar.Date
		want           string
	}{
		{"negative gross", -1, 0, day, "gross -1, balance 0, date \"2026-01-04\""},
		{"negative balance", 1, -2, day, "gross 1, balance -2, date \"2026-01-04\""},
		{"no date", 1, 0, calendar.Date{}, "gross 1, balance 0, date \"\""},
		{"release beyond all dates", 1, 0, calendar.MustDate("9999-12-31"), "gross 1, balance 0, date \"9999-12-31\""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := rolling()
			_, _, err := p.Hold(money.Minor(tc.gross), money.Minor(tc.balance), tc.day)
			if !errors.Is(err, reserve.ErrBadFigures) {
				t.Fatalf("error %v, want %v", err, reserve.ErrBadFigures)
			}
			diff(t, `bad reserve figures: plan "in-rolling" version "1": `+tc.want, err.Error())
		})
	}
}

// TestHoldWithinLimits: whatever the figures, a hold is not negative, not above gross, not above the rate's share, never takes the
// balance over the cap, and is released its days after the day it was held.
func TestHoldWithinLimits(t *testing.T) {
	t.Parallel()
	amount := rapid.Map(rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Min(0)), money.Minor)
	rapid.Check(t, func(t *rapid.T) {
		p := rolling()
		p.Rate = money.MustRate(rapid.StringMatching(`0\.[0-9]{1,6}|1`).Draw(t, "rate"))
		p.Days = rapid.IntRange(reserve.DaysMin, reserve.DaysMax).Draw(t, "days")
		if rapid.Bool().Draw(t, "capped") {
			p.Cap = new(amount.Draw(t, "cap"))
		}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		gross, balance := amount.Draw(t, "gross"), amount.Draw(t, "balance")
		day := calendar.MustDate("2026-01-01").AddDays(rapid.IntRange(0, 1000).Draw(t, "day"))
		held, release, err := p.Hold(gross, balance, day)
		if err != nil {
			t.Fatal(err)
		}
		if held.Sign() < 0 || held.Cmp(gross) > 0 || money.ExactOf(held).Cmp(p.Rate.Of(gross)) > 0 {
			t.Fatalf("held %s of %s at %s", held, gross, p.Rate)
		}
		after, err := balance.Add(held)
		if err != nil {
			t.Fatal(err)
		}
		if p.Cap != nil && held.Sign() > 0 && after.Cmp(*p.Cap) > 0 {
			t.Fatalf("held %s on %s, over the cap %s", held, balance, p.Cap)
		}
		if release.DaysSince(day) != p.Days {
			t.Fatalf("held on %s for %d days, released on %s", day, p.Days, release)
		}
	})
}

func TestPlanInForce(t *testing.T) {
	t.Parallel()
	always := rolling()
	always.EffectiveFrom, always.EffectiveTo = calendar.Date{}, calendar.Date{}
	for _, tc := range []struct {
		name, day string
		plan      reserve.Plan
		want      bool
	}{
		{"the day before", "2025-12-31", rolling(), false},
		{"the first day", "2026-01-01", rolling(), true},
		{"the last day", "2026-12-31", rolling(), true},
		{"the day after", "2027-01-01", rolling(), false},
		{"without dates", "2027-01-01", always, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			diff(t, tc.want, tc.plan.InForce(calendar.MustDate(tc.day)))
		})
	}
}

func TestPlanValidate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		plan reserve.Plan
		want []string
	}{
		{"sound", rolling(), nil},
		{"nothing", reserve.Plan{}, []string{
			`reserve plan "": id: is required`,
			`reserve plan "": version: is required`,
			`reserve plan "": kind: "" is not one of "rolling", "fixed", "minimum"`,
		}},
		{"everything", reserve.Plan{
			ID: " p", Version: "2", EffectiveFrom: calendar.MustDate("2026-01-02"), EffectiveTo: calendar.MustDate("2026-01-01"),
			Kind: reserve.KindRolling, Rate: money.MustRate("10"), Days: 181, Cap: new(money.Minor(-1)), AtEnd: "burn",
		}, []string{
			`reserve plan " p" version "2": id: " p" begins or ends with a blank`,
			`reserve plan " p" version "2": effective_to: 2026-01-01 is before effective_from 2026-01-02`,
			`reserve plan " p" version "2": rate: 10 is more than 1, which is 100 %`,
			`reserve plan " p" version "2": days: 181 is not within 3 to 180`,
			`reserve plan " p" version "2": cap: -1 is below 0`,
			`reserve plan " p" version "2": at_end: "burn" is neither "keep" nor "release"`,
		}},
		{"fixed", security(), nil},
		{"minimum", minimum(), nil},
		{"fixed without its figures", reserve.Plan{ID: "p", Version: "2", Kind: reserve.KindFixed, Days: 3}, []string{
			`reserve plan "p" version "2": rate: is required: the share of what becomes available that builds the reserve`,
			`reserve plan "p" version "2": days: has no place in a fixed reserve, which has no date`,
			`reserve plan "p" version "2": cap: is required: the amount a fixed reserve is built to`,
		}},
		{"minimum with a share", reserve.Plan{ID: "p", Version: "2", Kind: reserve.KindMinimum, Rate: money.MustRate("1%")}, []string{
			`reserve plan "p" version "2": rate: has no place in a minimum reserve, which is built at once`,
			`reserve plan "p" version "2": cap: is required: the amount a minimum reserve is built to`,
		}},
		{"negative rate", reserve.Plan{ID: "p", Version: "2", Kind: reserve.KindRolling, Rate: money.MustRate("-0.1"), Days: 3}, []string{
			`reserve plan "p" version "2": rate: -0.1 is below 0`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			diff(t, strings.Join(tc.want, "\n"), text(tc.plan.Validate()))
		})
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	p := rolling()
	p.Days = 2
	var fault *reserve.Fault
	if !errors.As(p.Validate(), &fault) {
		t.Fatal("no fault")
	}
	want := &reserve.Fault{What: "reserve plan", ID: "in-rolling", Version: "1", Field: "days", Problem: "2 is not within 3 to 180"}
	diff(t, want, fault)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	p := rolling()
	p.Cap = new(money.Minor(5000000))
	roundTrip(t, p, `{"id":"in-rolling","version":"1","effective_from":"2026-01-01","effective_to":"2026-12-31","kind":"rolling",`+
		`"rate":"0.1","days":90,"cap":"5000000"}`)
	h := held()
	roundTrip(t, h, `{"id":"dep-1","merchant":"m","currency":"INR","plan":{"id":"in-rolling","version":"1"},"amount":"10000","released":"0",`+
		`"held_on":"2026-01-04","release_on":"2026-04-04"}`)
	next, err := h.Release(money.Minor(2500), calendar.MustDate("2026-02-01"), reserve.ReasonEarly)
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, next, `{"id":"dep-1","merchant":"m","currency":"INR","plan":{"id":"in-rolling","version":"1"},"amount":"10000","released":"2500",`+
		`"held_on":"2026-01-04","release_on":"2026-04-04","released_on":"2026-02-01","reason":"early"}`)
}

// roundTrip checks that v becomes exactly text, and text becomes exactly v.
func roundTrip[T any](t *testing.T, v T, text string) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, text, string(b))
	var back T
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	diff(t, v, back)
}
