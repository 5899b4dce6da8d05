package payment_test

import (
	"testing"

	"github.com/settlex/settlex/store/anystore"
)

// TestPostgres runs the tests of this package once more, on PostgreSQL, but for the tables of what may follow what: most of their hundreds of
// cases are refused before anything is written, and TestRecipes writes every move there is.
func TestPostgres(t *testing.T) {
	t.Parallel()
	anystore.Again(t, anystore.Choice{Skip: "Transitions$|Spelling$|^TestActorsAreSeen$"})
}
