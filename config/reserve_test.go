package config_test

import (
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// A merchant may have a reserve of each kind, each with the keys of its kind.
func TestReservesOfEachKind(t *testing.T) {
	t.Parallel()
	c := parse(t, least+`
reserves:
  - {id: rolling, rate: 10%, days: 90, for: [{region: IN}]}
  - {id: security, kind: fixed, rate: 25%, cap: 500.00 INR, for: [{region: IN}]}
  - {id: floor, kind: minimum, cap: 50.00 INR, at_end: keep, for: [{region: IN}]}
`)
	for i := range c.Rules.Plans {
		c.Rules.Plans[i].Version = ""
	}
	diff(t, []reserve.Plan{
		{ID: "rolling", Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 90},
		{ID: "security", Kind: reserve.KindFixed, Rate: money.MustRate("25%"), Cap: new(money.Minor(50000))},
		{ID: "floor", Kind: reserve.KindMinimum, Cap: new(money.Minor(5000)), AtEnd: reserve.EndKeep},
	}, c.Rules.Plans)
	in := []merchant.Scope{{Region: "IN"}}
	diff(t, []merchant.PlanScope{{Plan: "rolling", For: in}, {Plan: "security", For: in}, {Plan: "floor", For: in}}, c.Rules.Book.Plans)
}
