package money_test

import (
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		total   string
		weights []string
		want    []string
	}{
		{"halves", "333", []string{"9", "9"}, []string{"167", "166"}},
		{"tax split", "90", []string{"9", "9"}, []string{"45", "45"}},
		{"thirds", "100", []string{"1", "1", "1"}, []string{"34", "33", "33"}},
		{"two units over", "101", []string{"1", "1", "1"}, []string{"34", "34", "33"}},
		{"largest remainder, not the first", "10", []string{"1", "2"}, []string{"3", "7"}},
		{"remainders ranked", "100", []string{"333", "333", "334"}, []string{"33", "33", "34"}},
		{"tie goes to the earlier", "1", []string{"5", "5"}, []string{"1", "0"}},
		{"zero weight gets nothing", "1", []string{"0", "7", "0"}, []string{"0", "1", "0"}},
		{"fewer units than parts", "2", []string{"1", "1", "1", "1"}, []string{"1", "1", "0", "0"}},
		{"negative total", "-100", []string{"1", "1", "1"}, []string{"-34", "-33", "-33"}},
		{"nothing to divide", "0", []string{"3", "4"}, []string{"0", "0"}},
		{"nothing by nothing", "0", []string{"0", "0"}, []string{"0", "0"}},
		{"nothing among none", "0", nil, []string{}},
		{"one", "12345", []string{"1"}, []string{"12345"}},
		{"limit by limit", limit, []string{limit}, []string{limit}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			weights := minors(t, tc.weights...)
			got, err := money.Allocate(minor(t, tc.total), weights)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(minors(t, tc.want...), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(minors(t, tc.weights...), weights); diff != "" {
				t.Errorf("weights changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllocateRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		weights []string
		err     error
		says    string
	}{
		{"no weights", nil, money.ErrBadWeights, "all 0 are 0, nothing takes 7"},
		{"all zero", []string{"0", "0"}, money.ErrBadWeights, "all 2 are 0, nothing takes 7"},
		{"a negative one", []string{"5", "-1"}, money.ErrBadWeights, "weight 1 is -1"},
		{"too heavy", []string{limit, "1"}, money.ErrOverflow, "weights: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := money.Allocate(money.Minor(7), minors(t, tc.weights...))
			wantError(t, tc.err, tc.says, err)
			if got != nil {
				t.Errorf("parts %v beside an error", got)
			}
		})
	}
}

func TestAllocateProperties(t *testing.T) {
	t.Parallel()
	weight := rapid.OneOf(
		rapid.Map(rapid.Int64Range(0, 9), money.Minor),
		rapid.Map(amounts(), func(a money.Amount) money.Amount {
			half, _ := money.Scale(a.Abs(), money.Minor(1), money.Minor(20), money.Down) // so that 20 add up
			return half
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		total := amounts().Draw(t, "total")
		weights := rapid.SliceOfN(weight, 1, 20).Draw(t, "weights")
		if !slices.ContainsFunc(weights, func(w money.Amount) bool { return !w.IsZero() }) {
			weights = append(weights, money.Minor(1))
		}
		parts, err := money.Allocate(total, weights)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := money.Sum(parts...); err != nil || sum != total {
			t.Fatalf("parts %v add up to %v, %v, not %v", parts, sum, err, total)
		}
		heavy, err := money.Sum(weights...)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range parts {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(bigOf(total), bigOf(weights[i])), bigOf(heavy))
			off := new(big.Rat).Sub(new(big.Rat).SetInt(bigOf(part)), exact)
			if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("part %d is %v, a unit or more from %v", i, part, exact.FloatString(3))
			}
			if weights[i].IsZero() && !part.IsZero() || part.Sign()*total.Sign() < 0 {
				t.Fatalf("part %d of weight %v is %v", i, weights[i], part)
			}
			for j := range i {
				if weights[j] == weights[i] && parts[j].Abs().Cmp(part.Abs()) < 0 {
					t.Fatalf("of two equal weights the later got more: %v", parts)
				}
			}
		}
	})
}
