package money_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
)

// The vectors of the fee rules: a rate of an amount, in major units.
func TestFeeVectors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ rate, amount, halfEven, halfUp string }{
		{"2.5%", "0.20", "0.00", "0.01"},
		{"0.2%", "12.50", "0.02", "0.03"},
		{"1.85%", "999.99", "18.50", "18.50"},
		{"18%", "18.50", "3.33", "3.33"},
		{"2%", "400", "8.00", "8.00"},
		{"1.35%", "850", "11.48", "11.48"},
	} {
		t.Run(tc.rate+" of "+tc.amount, func(t *testing.T) {
			t.Parallel()
			inr := money.MustCurrency("INR")
			amount, err := inr.Parse(tc.amount)
			if err != nil {
				t.Fatal(err)
			}
			for mode, want := range map[money.Rounding]string{money.HalfEven: tc.halfEven, money.HalfUp: tc.halfUp} {
				got, err := money.MustRate(tc.rate).Of(amount).Round(mode)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, inr.Format(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", mode, diff)
				}
			}
		})
	}
}

func TestRoundings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		exact                      string
		halfEven, halfUp, down, up int64
	}{
		{"0", 0, 0, 0, 0},
		{"2", 2, 2, 2, 2},
		{"2.000000000000000001", 2, 2, 2, 3},
		{"2.4", 2, 2, 2, 3},
		{"2.499999999999999999", 2, 2, 2, 3},
		{"2.5", 2, 3, 2, 3},
		{"2.500000000000000001", 3, 3, 2, 3},
		{"2.6", 3, 3, 2, 3},
		{"3.5", 4, 4, 3, 4},
		{"0.5", 0, 1, 0, 1},
		{"1.5", 2, 2, 1, 2},
		{"0.000000000000000001", 0, 0, 0, 1},
		{"-0.5", 0, -1, 0, -1},
		{"-1.5", -2, -2, -1, -2},
		{"-2.5", -2, -3, -2, -3},
		{"-2.4", -2, -2, -2, -3},
		{"-2.6", -3, -3, -2, -3},
	} {
		t.Run(tc.exact, func(t *testing.T) {
			t.Parallel()
			var e money.Exact
			if err := e.UnmarshalText([]byte(tc.exact)); err != nil {
				t.Fatal(err)
			}
			want := map[string]int64{"half_even": tc.halfEven, "half_up": tc.halfUp, "down": tc.down, "up": tc.up}
			got := map[string]int64{}
			for _, m := range []money.Rounding{money.HalfEven, money.HalfUp, money.Down, money.Up} {
				a, err := e.Round(m)
				if err != nil {
					t.Fatal(err)
				}
				got[m.String()], _ = a.Int64()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRoundUpPastTheLimit(t *testing.T) {
	t.Parallel()
	e, err := money.ExactOf(minor(t, limit)).Add(money.MustRate("0.5").Of(money.Minor(1)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Round(money.Down)
	if diff := cmp.Diff(limit, got.String()); err != nil || diff != "" {
		t.Errorf("down: %v (-want +got):\n%s", err, diff)
	}
	_, err = e.Round(money.HalfUp)
	wantError(t, money.ErrOverflow, "1"+"00000000000000000000000000000000000000", err)
}

func TestScaleAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, n, d := amounts().Draw(t, "a"), amounts().Draw(t, "n"), amounts().Draw(t, "d")
		m := roundings().Draw(t, "m")
		got, err := money.Scale(a, n, d, m)
		if d.IsZero() {
			if err == nil {
				t.Fatalf("Scale(%v, %v, 0) = %v", a, n, got)
			}
			return
		}
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(bigOf(a), bigOf(n)), bigOf(d))
		wantBig(t, "Scale", roundRat(exact, m), got, err)
	})
}

// Fees come back on cumulative amounts: 20.01 on 1,000.00, returned with 333.33 + 333.33 + 333.34.
func TestScaleCumulatively(t *testing.T) {
	t.Parallel()
	var got []string
	before := money.Minor(0)
	for _, refunded := range []int64{33_333, 66_666, 100_000} {
		now, err := money.Scale(money.Minor(2001), money.Minor(refunded), money.Minor(100_000), money.HalfEven)
		if err != nil {
			t.Fatal(err)
		}
		step, err := now.Sub(before)
		if err != nil {
			t.Fatal(err)
		}
		got, before = append(got, step.String()), now
	}
	if diff := cmp.Diff([]string{"667", "667", "667"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestScaleRefuses(t *testing.T) {
	t.Parallel()
	one := money.Minor(1)
	_, err := money.Scale(money.Minor(5), money.Minor(7), money.Minor(0), money.Down)
	wantError(t, money.ErrZeroDenominator, "5 * 7 / 0", err)
	_, err = money.Scale(minor(t, limit), money.Minor(2), one, money.Down)
	wantError(t, money.ErrOverflow, "1"+limit[:37]+"8", err)
	_, err = money.Scale(one, one, one, money.Rounding(4))
	wantError(t, money.ErrBadRounding, "rounding(4)", err)
	_, err = money.ExactOf(one).Round(money.Rounding(255))
	wantError(t, money.ErrBadRounding, "rounding(255)", err)
}

func TestRoundingText(t *testing.T) {
	t.Parallel()
	all := []money.Rounding{money.HalfEven, money.HalfUp, money.Down, money.Up}
	text, err := json.Marshal(all)
	if diff := cmp.Diff(`["half_even","half_up","down","up"]`, string(text)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var back []money.Rounding
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m := money.Up
	for _, bad := range []string{"", "HALF_EVEN", "nearest", "half even"} {
		wantError(t, money.ErrBadRounding, "want half_even, half_up, down or up", m.UnmarshalText([]byte(bad)))
	}
	if m != money.Up {
		t.Errorf("a failed read left %v", m)
	}
	_, err = money.Rounding(9).MarshalText()
	wantError(t, money.ErrBadRounding, "rounding(9)", err)
}
