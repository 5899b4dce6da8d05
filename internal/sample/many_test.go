package sample_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/payment"
)

// As many events as are asked for, in order of time, of payments that are told
// apart and stand with what they belong to; the first of them are the sample's.
func TestMany(t *testing.T) {
	t.Parallel()
	once := sample.Events()
	if diff := cmp.Diff(once, slices.Collect(sample.Many(len(once)))); diff != "" {
		t.Errorf("once (-want +got)\n%s", diff)
	}
	for _, n := range []int{0, 1, 2*len(once) + 1, 12_345} {
		all := slices.Collect(sample.Many(n))
		if len(all) != n {
			t.Fatalf("%d events, want %d", len(all), n)
		}
		type fact struct {
			kind payment.Kind
			id   string
		}
		seen, deposits := make(map[fact]bool), make(map[string]bool)
		for i, e := range all {
			if i > 0 && e.OccurredAt.Before(all[i-1].OccurredAt) {
				t.Fatalf("event %d is before the one in front of it", i)
			}
			if f := (fact{e.Kind, e.ID}); seen[f] {
				t.Fatalf("%s %s comes twice", e.Kind, e.ID)
			} else {
				seen[f] = true
			}
			if e.Kind == payment.DepositCaptured {
				deposits[e.ID] = true
			} else if e.Parent != "" && !deposits[e.Parent] {
				t.Fatalf("%s %s is of deposit %s, which is not there yet", e.Kind, e.ID, e.Parent)
			}
		}
	}
}
