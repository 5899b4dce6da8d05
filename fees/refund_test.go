package fees_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

func TestReturned(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, fee, gross string
		refunds, want    []string
	}{
		{"in thirds", "20.01", "1000.00", []string{"333.33", "333.33", "333.34"}, []string{"6.67", "6.67", "6.67"}},
		{"a quarter", "20.00", "1000.00", []string{"250.00"}, []string{"5.00"}},
		{"a quarter of the tax", "3.60", "1000.00", []string{"250.00"}, []string{"0.90"}},
		{"all at once", "20.01", "1000.00", []string{"1000.00"}, []string{"20.01"}},
		{"unit by unit", "0.02", "0.03", []string{"0.01", "0.01", "0.01"}, []string{"0.01", "0.00", "0.01"}},
		{"of no fee", "0", "10.00", []string{"4", "6"}, []string{"0", "0"}},
		{"of nothing", "1.00", "10.00", []string{"0", "10"}, []string{"0", "1.00"}},
		{"beyond gross", "1.00", "10.00", []string{"6", "6", "6"}, []string{"0.60", "0.40", "0"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var before money.Amount
			for i, refund := range tc.refunds {
				now := inr(t, refund)
				got, err := fees.Returned(inr(t, tc.fee), inr(t, tc.gross), before, now, money.HalfEven)
				if err != nil {
					t.Fatal(err)
				}
				diff(t, inr(t, tc.want[i]), got)
				if before, err = before.Add(now); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestReturnedErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                    string
		fee, gross, before, now int64
		want                    string
	}{
		{"negative fee", -1, 100, 0, 1, "fee not returnable: fee -1, gross 100, refunded 0"},
		{"no gross", 1, 0, 0, 1, "fee not returnable: fee 1, gross 0, refunded 0"},
		{"negative before", 1, 100, -5, 1, "fee not returnable: fee 1, gross 100, refunded -5"},
		{"negative refund", 1, 100, 5, -1, "fee not returnable: refund of -1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := fees.Returned(money.Minor(tc.fee), money.Minor(tc.gross), money.Minor(tc.before), money.Minor(tc.now), money.HalfEven)
			if !errors.Is(err, fees.ErrNotReturnable) {
				t.Fatalf("error %v, want %v", err, fees.ErrNotReturnable)
			}
			diff(t, tc.want, err.Error())
		})
	}
}
