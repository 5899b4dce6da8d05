package settlement_test

import (
	"testing"

	"github.com/settlex/settlex/store/anystore"
)

// TestPostgres runs the tests of this package once more, on PostgreSQL, but for the table of what may happen to a batch: TestMoves writes every
// move there is.
func TestPostgres(t *testing.T) {
	t.Parallel()
	anystore.Again(t, anystore.Choice{Skip: "^TestMovesTable$"})
}
