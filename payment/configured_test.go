package payment_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// No rule is missing in the objects that are kept of a configuration.
func TestObjectsHaveEveryRule(t *testing.T) {
	t.Parallel()
	kept := []string{
		"Prices", // quotes, which come from elsewhere and are kept with what is exchanged
		"Book", "Fees", "Plans", "Withholding", "Payouts", "LateSuccess", "CreateMerchants", "Rails", "DrawReserve", "PayTwice", "ApproveAbove", "Accounts",
	}
	rules := reflect.TypeFor[payment.Rules]()
	for i := range rules.NumField() {
		if name := rules.Field(i).Name; !slices.Contains(kept, name) {
			t.Errorf("Rules.%s is in no object of Rules.Objects: add it to unnamed in payment/configured.go, and here", name)
		}
	}
	book := reflect.TypeFor[merchant.Book]()
	for i := range book.NumField() {
		if name := book.Field(i).Name; !slices.Contains([]string{"Regions", "Schedules", "Plans"}, name) {
			t.Errorf("Book.%s is in no object of Rules.Objects", name)
		}
	}
}

// Equal objects have one version, and another content is another one.
func TestObjectsVersions(t *testing.T) {
	t.Parallel()
	versions := func(change func(*payment.Rules)) map[payment.ConfiguredKind]string {
		rules := &payment.Rules{Book: &merchant.Book{Regions: []merchant.Region{{ID: "IN", Bank: "escrow"}}}}
		change(rules)
		objects, err := rules.Objects()
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[payment.ConfiguredKind]string)
		for _, o := range objects {
			found[o.Kind] = o.Version
		}
		return found
	}
	first := versions(func(*payment.Rules) {})
	again := versions(func(*payment.Rules) {})
	if first[payment.ConfiguredRegion] == "" || first[payment.ConfiguredRegion] != again[payment.ConfiguredRegion] {
		t.Errorf("versions of one region are %q and %q", first[payment.ConfiguredRegion], again[payment.ConfiguredRegion])
	}
	region := versions(func(r *payment.Rules) { r.Book.Regions[0].Bank = "other" })
	if region[payment.ConfiguredRegion] == first[payment.ConfiguredRegion] || region[payment.ConfiguredRules] != first[payment.ConfiguredRules] {
		t.Errorf("another bank makes of %v %v", first, region)
	}
	rules := versions(func(r *payment.Rules) { r.CreateMerchants = true })
	if rules[payment.ConfiguredRegion] != first[payment.ConfiguredRegion] || rules[payment.ConfiguredRules] == first[payment.ConfiguredRules] {
		t.Errorf("another rule makes of %v %v", first, rules)
	}
}
