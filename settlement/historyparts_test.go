package settlement_test

import (
	"testing"

	"github.com/settlex/settlex/internal/declared"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Who adds a kind of record or of event says what it is in a replay of history.
func TestHistoryKnowsEverything(t *testing.T) {
	t.Parallel()
	for name, kind := range declared.Strings(t, ".", "Record") {
		if settlement.NewRecord(kind) != nil && settlement.PartOf(kind) == payment.NoPart {
			t.Errorf("nothing says what %s, %q, is in a replay of history", name, kind)
		}
	}
	for _, kind := range settlement.ToldRecords() {
		if settlement.PartOf(kind) != payment.Told {
			t.Errorf("%s is said to be told, and not to be", kind)
		}
	}
	for _, kind := range payment.Kinds() {
		if kind.OfBatch() && !settlement.Replayable(kind) {
			t.Errorf("no replay knows %s: neither which entry it books nor that it books none", kind)
		}
	}
}
