package postgres_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/store/postgres"
)

// While books are being moved to a database, whoever moves them opens it, and nobody else.
func TestMoving(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 2)
	mover := openStore(t, dsn, postgres.Options{Moving: true})
	for range 2 { // interrupted, and begun again
		if err := mover.BeginMove(t.Context(), "books.db"); err != nil {
			t.Fatal(err)
		}
	}
	if there, err := mover.Moving(t.Context()); err != nil || !there {
		t.Errorf("no move is under way: %v", err)
	}
	if _, err := postgres.Open(t.Context(), dsn, postgres.Options{}); !errors.Is(err, postgres.ErrMoving) {
		t.Errorf("opened in the middle of a move: %v", err)
	}
	keepBooks(t, openStore(t, dsn, postgres.Options{Moving: true})) // the mark is no fault of the books
	if err := mover.EndMove(t.Context()); err != nil {
		t.Fatal(err)
	}
	openStore(t, dsn, postgres.Options{})
	if there, err := mover.Moving(t.Context()); err != nil || there {
		t.Errorf("the move is still under way: %v", err)
	}
}
