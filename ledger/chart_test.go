package ledger_test

import (
	"slices"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func TestChartMatch(t *testing.T) {
	t.Parallel()
	c, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "rails/upi/clearing", Type: ledger.Asset},
		ledger.Pattern{Path: "rails/{r}/clearing", Type: ledger.Liability},
		ledger.Pattern{Path: "rails/{r}/{x}", Type: ledger.Expense},
	)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		want string // path of the pattern; empty: none
	}{
		{"bank", "bank"},
		{"banks", ""},
		{"ban", ""},
		{"bank/x", ""},
		{"", ""},
		{"rails/upi/clearing", "rails/upi/clearing"},
		{"rails/card/clearing", "rails/{r}/clearing"},
		{"rails/card/fees", "rails/{r}/{x}"},
		{"rails/card", ""},
		{"rails/card/fees/x", ""},
		{"Bank", ""},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			got, ok := c.Match(test.path)
			if got.Path != test.want || ok != (test.want != "") {
				t.Errorf("%q fits %q, %t; want %q", test.path, got.Path, ok, test.want)
			}
		})
	}
}

func TestChartFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		patterns []ledger.Pattern
		want     string
	}{
		{"nothing", nil, "chart has no pattern"},
		{"no path", []ledger.Pattern{{Type: ledger.Asset}}, "chart pattern 0 (): account path is empty"},
		{"empty braces", []ledger.Pattern{{Path: "a/{}", Type: ledger.Asset}},
			`chart pattern 0 (a/{}): account path "a/" has an empty or dotted segment`},
		{"braces inside a segment", []ledger.Pattern{{Path: "m{x}", Type: ledger.Asset}},
			`chart pattern 0 (m{x}): account path "m{x}" has "{", which is not one of [A-Za-z0-9._-]`},
		{"open brace", []ledger.Pattern{{Path: "{x/y", Type: ledger.Asset}},
			`chart pattern 0 ({x/y): account path "{x/y" has "{", which is not one of [A-Za-z0-9._-]`},
		{"nested braces", []ledger.Pattern{{Path: "{{x}}", Type: ledger.Asset}},
			`chart pattern 0 ({{x}}): account path "{x}" has "{", which is not one of [A-Za-z0-9._-]`},
		{"a sixth type", []ledger.Pattern{{Path: "a", Type: 6}}, "chart pattern 0 (a): has no type"},
		{"floor without limit", []ledger.Pattern{{Path: "a", Type: ledger.Asset, Floor: money.Minor(-1)}},
			"chart pattern 0 (a): has a floor, but is not limited"},
		{"ceiling without cap", []ledger.Pattern{{Path: "a", Type: ledger.Asset, Ceiling: money.Minor(1)}},
			"chart pattern 0 (a): has a ceiling, but is not capped"},
		{"ceiling below the floor", []ledger.Pattern{{Path: "a", Type: ledger.Asset, Limited: true, Capped: true, Ceiling: money.Minor(-1)}},
			"chart pattern 0 (a): ceiling -1 is below floor 0"},
		{"a velocity limit that is none", []ledger.Pattern{{Path: "a", Type: ledger.Asset, Velocity: make([]ledger.Velocity, 1)}},
			"chart pattern 0 (a): velocity limit 0 (unknown(0) unknown(0) unknown(0), at most 0) is not valid"},
		{"all at once", []ledger.Pattern{
			{Path: "good", Type: ledger.Asset},
			{Path: "a b", Floor: money.Minor(5)},
			{Path: "c"},
		}, `chart pattern 1 (a b): account path "a b" has " ", which is not one of [A-Za-z0-9._-]
chart pattern 1 (a b): has no type
chart pattern 1 (a b): has a floor, but is not limited
chart pattern 2 (c): has no type`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := ledger.NewChart(test.patterns...)
			wantText(t, err, test.want)
			if c != nil {
				t.Error("there is a chart all the same")
			}
		})
	}
}

// A chart does not change with what it was made from.
func TestChartIsImmutable(t *testing.T) {
	t.Parallel()
	kinds, limits := []string{"refund"}, []ledger.Velocity{velocity(ledger.Hour, ledger.Out, ledger.Sum, 1)}
	c, err := ledger.NewChart(ledger.Pattern{Path: "a", Type: ledger.Liability, Limited: true, MayBreach: kinds, Velocity: limits})
	if err != nil {
		t.Fatal(err)
	}
	kinds[0], limits[0].Per = "sale", ledger.Day
	if got := c.Patterns()[0].Velocity[0].Per; got != ledger.Hour {
		t.Errorf("the window became %s", got)
	}
	if got := c.Patterns()[0].MayBreach; !slices.Equal(got, []string{"refund"}) {
		t.Errorf("kinds that may breach became %q", got)
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ    ledger.Type
		text   string
		normal ledger.Side
	}{
		{0, "none", ledger.Credit},
		{ledger.Asset, "asset", ledger.Debit},
		{ledger.Liability, "liability", ledger.Credit},
		{ledger.Equity, "equity", ledger.Credit},
		{ledger.Income, "income", ledger.Credit},
		{ledger.Expense, "expense", ledger.Debit},
		{9, "type(9)", ledger.Credit},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			if test.typ.String() != test.text || test.typ.Normal() != test.normal {
				t.Errorf("is %s with normal side %s, want %s with %s", test.typ, test.typ.Normal(), test.text, test.normal)
			}
		})
	}
}

func TestAccountIDOrder(t *testing.T) {
	t.Parallel()
	ids := []ledger.AccountID{
		{Path: "a", Currency: inr()}, {Path: "a", Currency: pkr()}, {Path: "a-b", Currency: inr()}, {Path: "a/b", Currency: inr()},
	}
	for i, a := range ids {
		for j, b := range ids {
			if got := a.Compare(b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s compares with %s as %d", a, b, got)
			}
		}
	}
	if got := ids[1].String(); got != "a PKR" {
		t.Errorf("id reads %q", got)
	}
}
