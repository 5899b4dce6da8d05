package money_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

// share gives the share of each part.
func share(total, whole money.Amount, parts []money.Amount) ([]money.Amount, error) {
	s, err := money.NewShares(total, whole)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		s.Add(part)
	}
	if err := s.Settle(); err != nil {
		return nil, err
	}
	out := make([]money.Amount, len(parts))
	for i, part := range parts {
		if out[i], err = s.Of(i, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func TestShares(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		total, whole string
		parts, want  []string
	}{
		{"thirds", "100", "3", []string{"1", "1", "1"}, []string{"34", "33", "33"}},
		{"ties go to the earlier", "1", "2", []string{"1", "1"}, []string{"1", "0"}},
		{"a part that takes away", "29", "100", []string{"150", "-50"}, []string{"44", "-15"}},
		{"nothing takes nothing", "7", "3", []string{"0", "3", "0"}, []string{"0", "7", "0"}},
		{"more goes out than stays", "1", "1", []string{"1000000", "-999999"}, []string{"1000000", "-999999"}},
		{"of no total", "0", "3", []string{"1", "2"}, []string{"0", "0"}},
		{"limit by limit", limit, limit, []string{limit}, []string{limit}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := share(minor(t, tc.total), minor(t, tc.whole), minors(t, tc.parts...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(minors(t, tc.want...), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSharesRefuse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		total, whole string
		parts        []string
		err          error
	}{
		{"a whole of nothing", "1", "0", nil, money.ErrBadWeights},
		{"a whole below nothing", "1", "-3", nil, money.ErrBadWeights},
		{"a total below nothing", "-1", "3", nil, money.ErrBadWeights},
		{"parts of something else", "1", "3", []string{"1", "1"}, money.ErrBadWeights},
		{"a share out of range", "10", "1", []string{limit, "-" + limit, "1"}, money.ErrOverflow},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := share(minor(t, tc.total), minor(t, tc.whole), minors(t, tc.parts...)); !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
		})
	}
}

// Where no part is negative, shares are what Allocate gives; in any case they add up
// to the total, and each is less than a unit from its exact value.
func TestSharesProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := money.Minor(rapid.Int64Range(0, 1e15).Draw(t, "total"))
		figures := rapid.SliceOfN(rapid.Int64Range(-1e12, 1e12), 0, 20).Draw(t, "parts")
		var parts []money.Amount
		var whole int64
		for _, f := range figures {
			if rapid.Bool().Draw(t, "positive") && f < 0 {
				f = -f
			}
			parts, whole = append(parts, money.Minor(f)), whole+f
		}
		if whole <= 0 {
			parts, whole = append(parts, money.Minor(1-whole)), 1
		}
		got, err := share(total, money.Minor(whole), parts)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := money.Sum(got...); err != nil || sum != total {
			t.Fatalf("shares of %s add up to %s, %v", total, sum, err)
		}
		for i := range parts {
			low, err := money.Scale(parts[i], total, money.Minor(whole), money.Down)
			if err != nil {
				t.Fatal(err)
			}
			high, err := money.Scale(parts[i], total, money.Minor(whole), money.Up)
			if err != nil {
				t.Fatal(err)
			}
			if got[i] != low && got[i] != high {
				t.Fatalf("share %d of %s is %s, neither %s nor %s", i, parts[i], got[i], low, high)
			}
		}
		if want, err := money.Allocate(total, parts); err == nil {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
		}
	})
}

func TestRateTimes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ a, b, want string }{
		{"0.30123", "0.99", "0.2982177"}, {"2", "0.5", "1"}, {"0", "3", "0"}, {"-1.5", "2", "-3"}, {"0.000000000001", "0.000001", "0.000000000000000001"},
	} {
		if got, err := money.MustRate(tc.a).Times(money.MustRate(tc.b)); err != nil || got.String() != tc.want {
			t.Errorf("%s * %s = %s, %v; want %s", tc.a, tc.b, got, err, tc.want)
		}
	}
	if got, err := money.MustRate("0.0000000001").Times(money.MustRate("0.000000001")); !errors.Is(err, money.ErrBadRate) {
		t.Errorf("a product of 19 digits after the point is %s, %v", got, err)
	}
	if got, err := money.MustRate("1%").Rest(); err != nil || got.String() != "0.99" {
		t.Errorf("1 - 1%% = %s, %v", got, err)
	}
}
