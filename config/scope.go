package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// everything is how a file writes the scope that covers all.
const everything = "platform"

// scopes reads what a schedule or a reserve plan is meant for.
func (b *book) scopes(n node) []merchant.Scope { return b.scopesOf(n, b.merchantOf) }

// scopesOf reads scopes, and the merchants they name by a function.
func (b *book) scopesOf(n node, merchantOf func(node) string) []merchant.Scope {
	var all []merchant.Scope
	for _, item := range n.items() {
		var scope merchant.Scope
		if !b.r.quiet(func() { scope = b.scope(item, merchantOf) }) {
			continue
		}
		if slices.Contains(all, scope) {
			item.faultf("%s is there twice", scope)
			continue
		}
		all = append(all, scope)
	}
	if n.present() && len(all) == 0 {
		n.adopt(errors.New("names nothing"))
	}
	return all
}

func (b *book) scope(n node, merchantOf func(node) string) merchant.Scope {
	if text, ok := scalarText(n.value); ok && text == everything {
		return merchant.Scope{}
	}
	var s merchant.Scope
	sound := b.r.quiet(func() {
		o := n.object()
		s.Merchant = merchantOf(o.get("merchant"))
		s.Region = b.regionOf(o.get("region"))
		s.Currency = unmarshal[money.Currency](o.get("currency"))
		s.Method = o.get("method").text()
		o.done()
	})
	switch {
	case !sound:
	case s == merchant.Scope{}:
		n.faultf("says nothing: write %s for everything", everything)
	case !isScope(s):
		n.fault(fmt.Errorf("%s is not a scope; scopes are merchant, currency and method; merchant and currency; merchant; region and method; region; %s",
			s, everything))
	}
	return s
}

// isScope asks the room, which alone knows the combinations.
func isScope(s merchant.Scope) bool {
	probe := merchant.PlanScope{Plan: "probe", For: []merchant.Scope{s}}
	return probe.Validate() == nil
}

// A claim is a scope from a date on.
type claim struct {
	scope merchant.Scope
	from  calendar.Date
}

// claims say who has which scope: schedules among themselves, and plans.
type claims map[claim]string

// add lets one id have its scopes. Two with the same scope from the same day
// would be told apart by nothing but their order in the file.
func (c claims) add(n node, id string, from calendar.Date, scopes []merchant.Scope) {
	for _, scope := range scopes {
		claimed := claim{scope, from}
		if other, taken := c[claimed]; taken && other != id {
			n.faultf("%s is what %q is for already", scope, other)
			continue
		}
		c[claimed] = id
	}
}

// only faults a currency if any of the scopes takes payments in others too. A
// merchant without a region of its own may take any.
func (b *book) only(n node, currency money.Currency, scopes []merchant.Scope) {
	for _, scope := range scopes {
		for _, c := range b.taken(scope) {
			if c != currency {
				n.fault(fmt.Errorf("is in %s, but %s takes %s", currency, scope, c))
				break
			}
		}
	}
}

// taken lists the currencies a scope takes, as far as the file says.
func (b *book) taken(scope merchant.Scope) []money.Currency {
	if !scope.Currency.IsZero() {
		return []money.Currency{scope.Currency}
	}
	region := scope.Region
	if m := b.merchant(scope.Merchant); m != nil {
		region = m.Region
	}
	if r := b.region(region); r != nil {
		return r.Currencies
	}
	return b.currencies()
}

// trimmed is an error without a beginning that goes without saying.
func trimmed(err error, prefix string) error {
	return errors.New(strings.TrimPrefix(err.Error(), prefix))
}
