package merchant_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/merchant"
)

func day(d int) time.Time { return time.Date(2026, time.March, d, 0, 0, 0, 0, time.UTC) }

func versionFrom(d int, name string) merchant.Version {
	return merchant.Version{From: day(d), At: day(1), Actor: "ops", Terms: merchant.Terms{Name: name}}
}

// The version that began last governs, whatever the order of the decisions.
func TestInForce(t *testing.T) {
	t.Parallel()
	var versions []merchant.Version
	for _, v := range []merchant.Version{versionFrom(2, "first"), versionFrom(10, "third"), versionFrom(5, "second"), versionFrom(10, "third again")} {
		versions = merchant.With(versions, v)
	}
	got := make(map[int]string)
	for _, d := range []int{1, 2, 4, 5, 9, 10, 20} {
		got[d] = merchant.InForce(versions, day(d)).Name
	}
	want := map[int]string{1: "first", 2: "first", 4: "first", 5: "second", 9: "second", 10: "third again", 20: "third again"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions by day (-want +got):\n%s", diff)
	}
	if v := merchant.InForce(nil, day(1)); v != nil {
		t.Errorf("version %v of none", v)
	}
}

// Adding a version changes none that somebody else holds.
func TestWith(t *testing.T) {
	t.Parallel()
	one := merchant.With(nil, versionFrom(1, "one"))
	two, other := merchant.With(one, versionFrom(2, "two")), merchant.With(one, versionFrom(3, "other"))
	names := []string{one[0].Name, two[0].Name, two[1].Name, other[1].Name}
	if diff := cmp.Diff([]string{"one", "one", "two", "other"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if two[0].No != 1 || two[1].No != 2 || len(one) != 1 {
		t.Errorf("numbers %d and %d, %d versions before", two[0].No, two[1].No, len(one))
	}
}
