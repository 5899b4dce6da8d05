package payment_test

import (
	"testing"

	"github.com/settlex/settlex/internal/declared"
	"github.com/settlex/settlex/payment"
)

// Who adds a kind of record or of event says what it is in a replay of history.
func TestHistoryKnowsEverything(t *testing.T) {
	t.Parallel()
	for name, kind := range declared.Strings(t, ".", "Record") {
		if payment.NewRecord(kind) != nil && payment.PartOf(kind) == payment.NoPart {
			t.Errorf("nothing says what %s, %q, is in a replay of history", name, kind)
		}
	}
	for _, kind := range payment.Kinds() {
		if !kind.OfBatch() && !payment.Replayable(kind) {
			t.Errorf("no replay knows %s: neither which entry it books nor that it books none", kind)
		}
	}
}
