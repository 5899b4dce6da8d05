package settlex_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Every version that an engine ran by is kept, once, with when it first did; what
// decides is the configuration of now.
func TestVersionsAreKept(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	first := versionsOf(t, h)
	*h.clock = ist("2026-07-01 00:00")
	same := h.reopen(threeRegions())
	if same.store.writes != 0 {
		t.Errorf("%d writes, want 0", same.store.writes)
	}
	if diff := cmp.Diff(first, versionsOf(t, same)); diff != "" {
		t.Errorf("the same configuration again (-first +second):\n%s", diff)
	}
	dearer := threeRegions()
	dearer.Fees[0].Version, dearer.Fees[0].Components[0].Rate = "2", money.MustRate("3%")
	dearer.Book.Regions[0].Name = "India"
	dearer.Withholding = []payment.WithholdingRule{{Code: "tds", Rate: money.MustRate("1%"), For: []merchant.Scope{{}}}}
	again := h.reopen(dearer)
	var added []string
	for _, v := range versionsOf(t, again) {
		if !strings.Contains(strings.Join(first, "\n"), v) {
			kind, _, _ := strings.Cut(v, "@")
			added = append(added, kind)
		}
	}
	if diff := cmp.Diff([]string{"fee_schedule/capture-INR", "region/IN", "rules/platform"}, added); diff != "" {
		t.Errorf("new versions (-want +got):\n%s", diff)
	}
	old, err := again.Version(t.Context(), payment.ConfiguredFees, "capture-INR", "1")
	if err != nil || !strings.Contains(old.Content, `"rate":"0.02"`) {
		t.Errorf("the old version is %+v, %v", old, err)
	}
	again.take(deposit("late", "m1", "2026-06-30 10:00", "100.00"))
	for _, entry := range again.journal() {
		for _, p := range entry.Postings {
			if entry.Key == "deposit/late/fee" && p.Account == "income/processing_fee" && p.Amount.Cmp(money.Minor(300)) != 0 {
				t.Errorf("the fee is %s, want that of now, 300", p.Amount)
			}
		}
	}
	if _, err := again.Version(t.Context(), payment.ConfiguredFees, "capture-INR", "3"); !errors.Is(err, settlex.ErrNoVersion) {
		t.Errorf("error %v, want %v", err, settlex.ErrNoVersion)
	}
}

func versionsOf(t *testing.T, h *house) (names []string) {
	t.Helper()
	all, err := h.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		names = append(names, string(c.Kind)+"/"+c.ID+"@"+c.Version+" "+c.Seen.String())
	}
	return names
}
