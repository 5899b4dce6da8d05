package settlex_test

import (
	"testing"

	"github.com/settlex/settlex/store/anystore"
)

// TestPostgres runs the tests of this package once more, but for those that have both stores or a file of their own, on PostgreSQL.
func TestPostgres(t *testing.T) {
	t.Parallel()
	anystore.Again(t, anystore.Choice{Skip: "^TestTwins|MemoryIsFlat$|OfVeryMany$|^TestCheckFindsForgedMoney$"})
}
