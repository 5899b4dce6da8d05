package reserve_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// security builds 500.00 out of a quarter of what becomes available.
func security() reserve.Plan {
	return reserve.Plan{ID: "security", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("25%"), Cap: new(money.Minor(50000))}
}

// minimum keeps 200.00 back.
func minimum() reserve.Plan {
	return reserve.Plan{ID: "floor", Version: "1", Kind: reserve.KindMinimum, Cap: new(money.Minor(20000))}
}

func TestPlanBuild(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name               string
		plan               reserve.Plan
		available, balance int64
		want               int64
		reason             string
	}{
		{"a quarter", security(), 100000, 0, 25000, "built"},
		{"rounded down", security(), 99999, 0, 24999, "built"},
		{"up to the cap", security(), 100000, 49000, 1000, "built"},
		{"at the cap", security(), 100000, 50000, 0, "built"},
		{"over a cap that was lowered", security(), 100000, 60000, -10000, "lowered"},
		{"over it, with nothing available", security(), -5, 60000, -10000, "lowered"},
		{"nothing available", security(), 0, 0, 0, "built"},
		{"less than nothing", security(), -100000, 0, 0, "built"},
		{"all of it", minimum(), 15000, 0, 15000, "built"},
		{"up to the minimum", minimum(), 100000, 5000, 15000, "built"},
		{"less than nothing for a minimum", minimum(), -1, 5000, 0, "built"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, reason, err := tc.plan.Build(money.Minor(tc.available), money.Minor(tc.balance))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, money.Minor(tc.want), got)
			diff(t, tc.reason, reason)
		})
	}
}

func TestPlanBuildErrors(t *testing.T) {
	t.Parallel()
	bare := security()
	bare.Cap = nil
	for _, tc := range []struct {
		name    string
		plan    reserve.Plan
		balance int64
		want    string
	}{
		{"another kind", rolling(), 0, `bad reserve figures: plan "in-rolling" version "1": kind "rolling", balance 0`},
		{"no cap", bare, 0, `bad reserve figures: plan "security" version "1": kind "fixed", balance 0`},
		{"negative balance", security(), -1, `bad reserve figures: plan "security" version "1": kind "fixed", balance -1`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := tc.plan.Build(money.Minor(1), money.Minor(tc.balance))
			if !errors.Is(err, reserve.ErrBadFigures) {
				t.Fatalf("error %v, want %v", err, reserve.ErrBadFigures)
			}
			diff(t, tc.want, err.Error())
		})
	}
}

// Whatever the figures, what is built never takes the balance past the cap nor what is available below zero, and what is given
// back never takes the balance below the cap.
func TestBuildWithinLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]reserve.Plan{security(), minimum()}).Draw(t, "plan")
		p.Cap = new(money.Minor(rapid.Int64Range(0, 1000).Draw(t, "cap")))
		if p.Kind == reserve.KindFixed {
			p.Rate = money.MustRate(rapid.StringMatching(`0\.[0-9]{1,4}[1-9]|1`).Draw(t, "rate"))
		}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		available, balance := money.Minor(rapid.Int64Range(-1000, 5000).Draw(t, "available")), money.Minor(rapid.Int64Range(0, 2000).Draw(t, "balance"))
		change, _, err := p.Build(available, balance)
		if err != nil {
			t.Fatal(err)
		}
		after, err := balance.Add(change)
		if err != nil {
			t.Fatal(err)
		}
		if after.Cmp(*p.Cap) > 0 || after.Sign() < 0 || change.Sign() < 0 && after.Cmp(*p.Cap) != 0 {
			t.Fatalf("balance %s changed by %s, cap %s", balance, change, p.Cap)
		}
		if change.Sign() > 0 && change.Cmp(available) > 0 {
			t.Fatalf("took %s of %s", change, available)
		}
	})
}

// What a plan has withheld comes back at its end where it says so, and without a word if it is one balance.
func TestReleases(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind  reserve.Kind
		atEnd reserve.AtEnd
		want  bool
	}{
		{reserve.KindRolling, "", false}, {reserve.KindRolling, reserve.EndKeep, false}, {reserve.KindRolling, reserve.EndRelease, true},
		{reserve.KindFixed, "", true}, {reserve.KindFixed, reserve.EndKeep, false}, {reserve.KindMinimum, "", true},
	} {
		p := reserve.Plan{Kind: tc.kind, AtEnd: tc.atEnd}
		if got := p.Releases(); got != tc.want {
			t.Errorf("%s %q: %t, want %t", tc.kind, tc.atEnd, got, tc.want)
		}
	}
}
