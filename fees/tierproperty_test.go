package fees_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// anyTiers draws valid tiers that count amounts.
func anyTiers() *rapid.Generator[*fees.Tiers] {
	return rapid.Custom(func(t *rapid.T) *fees.Tiers {
		tiers := &fees.Tiers{
			Mode:   rapid.SampledFrom([]fees.Mode{"", fees.Graduated, fees.Volume}).Draw(t, "mode"),
			Period: rapid.SampledFrom([]fees.Period{"", fees.PeriodYear, fees.PeriodMovement}).Draw(t, "period"),
		}
		var upTo int64
		for range rapid.IntRange(0, 4).Draw(t, "ends") {
			upTo += rapid.Int64Range(1, 100_000).Draw(t, "width")
			tiers.Steps = append(tiers.Steps, fees.Tier{UpTo: money.Minor(upTo), Rate: anyRate().Draw(t, "rate")})
		}
		tiers.Steps = append(tiers.Steps, fees.Tier{Rate: anyRate().Draw(t, "rate")})
		return tiers
	})
}

// tierInput draws a movement and what came before it.
func tierInput(t *rapid.T) fees.Input {
	some := rapid.OneOf(rapid.Int64Range(0, 500), rapid.Int64Range(0, 500_000))
	return fees.Input{
		Amount: money.Minor(some.Draw(t, "amount")),
		Before: &fees.Counter{Period: "2026-03", Amount: money.Minor(some.Draw(t, "before")), Count: rapid.Uint64().Draw(t, "count")},
	}
}

// priced returns the fee by the tiers, and its part.
func priced(t *rapid.T, tiers *fees.Tiers, in fees.Input) (fees.Fee, *fees.Part) {
	s := percent("0")
	s.Match.Event = fees.EventCapture
	s.Components[0].Tiers = tiers
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	fee, err := s.Price(&in)
	if err != nil {
		t.Fatal(err)
	}
	return fee, &fee.Parts[0]
}

// TestTierSlices: slices add up to what was priced and their prices to the raw value, none is negative, and the same schedule,
// amount and counter give the same fee.
func TestTierSlices(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tiers, in := anyTiers().Draw(t, "tiers"), tierInput(t)
		fee, part := priced(t, tiers, in)
		var whole money.Amount
		var raw money.Exact
		var err error
		for _, s := range part.Reached.Slices {
			if whole = add(t, whole, s.Amount); s.Amount.Sign() < 0 {
				t.Fatalf("slice of %s", s.Amount)
			}
			if raw, err = raw.Add(s.Raw); err != nil {
				t.Fatal(err)
			}
		}
		if whole != in.Amount || !raw.Equal(part.Raw) {
			t.Fatalf("slices of %s cost %s, all of %s cost %s", whole, raw, in.Amount, part.Raw)
		}
		again, _ := priced(t, tiers, in)
		if d := cmp.Diff(fee, again); d != "" {
			t.Fatalf("a replay gives another fee (-first +again):\n%s", d)
		}
	})
}

// TestGraduatedTiers: more never costs less, and what is captured in parts costs exactly what it costs at once.
func TestGraduatedTiers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tiers, in := anyTiers().Draw(t, "tiers"), tierInput(t)
		tiers.Mode, tiers.Period = fees.Graduated, fees.PeriodMonth
		more, after := in, in
		extra := money.Minor(rapid.Int64Range(0, 500_000).Draw(t, "extra"))
		more.Amount = add(t, in.Amount, extra)
		after.Amount, after.Before = extra, &fees.Counter{Amount: add(t, in.Before.Amount, in.Amount)}
		_, first := priced(t, tiers, in)
		_, second := priced(t, tiers, after)
		_, whole := priced(t, tiers, more)
		sum, err := first.Raw.Add(second.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Raw.Cmp(first.Raw) < 0 || !sum.Equal(whole.Raw) {
			t.Fatalf("%s costs %s, %s more %s, together %s", in.Amount, first.Raw, extra, second.Raw, whole.Raw)
		}
	})
}
