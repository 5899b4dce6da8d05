package merchant_test

import (
	"testing"

	"github.com/settlex/settlex/merchant"
)

// The narrowest scope wins, wherever it stands; of two equally narrow the first; and
// nothing covers what nothing is for.
func TestNarrowestOf(t *testing.T) {
	t.Parallel()
	in := merchant.Scope{Region: "IN"}
	for _, test := range []struct {
		name  string
		lists [][]merchant.Scope
		want  int
		ok    bool
	}{
		{"nothing", nil, 0, false},
		{"another region", [][]merchant.Scope{{{Region: "PK"}}}, 0, false},
		{"one of several", [][]merchant.Scope{{{Region: "PK"}}, {{Region: "BD"}, in}}, 1, true},
		{"narrower behind", [][]merchant.Scope{{{}}, {in}, {{Region: "IN", Method: "UPI"}}, {{Merchant: "a"}}}, 3, true},
		{"narrower before", [][]merchant.Scope{{{Merchant: "a", Currency: inr(), Method: "UPI"}}, {{Merchant: "a", Currency: inr()}}}, 0, true},
		{"equal", [][]merchant.Scope{{in}, {in}}, 0, true},
		{"no scope at all", [][]merchant.Scope{{{Region: "IN", Currency: inr()}}}, 0, false},
		{"another method", [][]merchant.Scope{{{Region: "IN", Method: "CARD"}}, {{}}}, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := merchant.NarrowestOf(test.lists, pay("a", "IN", inr(), "UPI"))
			if got != test.want || ok != test.ok {
				t.Errorf("%d, %t, want %d, %t", got, ok, test.want, test.ok)
			}
		})
	}
}
