package postgres_test

import (
	"fmt"
	"testing"

	"github.com/settlex/settlex/store/postgres"
)

// Transactions that would wait for each other are not made at once; those that touch nothing of each other are.
func TestWritersWorthHaving(t *testing.T) {
	t.Parallel()
	store := openStore(t, emptyLedger(t, 16), postgres.Options{Writers: 4})
	l := keepBooks(t, store)
	if n := store.Writers(); n != 4 {
		t.Errorf("%d writers at first, want all 4", n)
	}
	post := func(step string, account func(i int) string) {
		for i := range 64 {
			mustPost(t, l, transfer(fmt.Sprint(step, i), bank, account(i), 1))
		}
	}
	post("one", func(int) string { return available })
	if n := store.Writers(); n != 1 {
		t.Errorf("%d writers while all want one account with limits, want 1", n)
	}
	post("many", func(i int) string { return fmt.Sprintf("merchants/m%d/available", i) })
	if n := store.Writers(); n != 4 {
		t.Errorf("%d writers while each wants another account, want 4", n)
	}
	post("third", func(i int) string { return fmt.Sprintf("merchants/m%d/available", i*2/3) }) // every third one meets the one before
	if n := store.Writers(); n != 2 {
		t.Errorf("%d writers while every third one meets the one before, want 2", n)
	}
	post("unlimited", func(int) string { return pending })
	if n := store.Writers(); n != 4 {
		t.Errorf("%d writers on an account without limits, want 4", n)
	}
}
