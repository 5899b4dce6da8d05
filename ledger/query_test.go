package ledger_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// found gives the keys of what a query finds.
func found(t testing.TB, books *ledger.Ledger, q ledger.EntryQuery) (keys []string) {
	t.Helper()
	for item, err := range books.Entries(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, item.Key)
	}
	return keys
}

// listed gives books of an entry an hour, from noon on.
func listed(t testing.TB) (*ledger.Ledger, *memory) {
	t.Helper()
	books, store, clock := clocked(t)
	hour := func(r ledger.Request) {
		t.Helper()
		accept(t, books, r)
		clock.on(time.Hour)
	}
	tagged := dated("s1", "2026-02-27", false)
	tagged.Reference, tagged.Metadata = "order-1", []ledger.Attribute{{Name: "channel", Value: "web"}, {Name: "city", Value: "pune"}}
	hour(tagged) // 12:00
	second := otherSale("s2", 5)
	second.Reference, second.Metadata = "order-2", []ledger.Attribute{{Name: "channel", Value: "web"}}
	hour(second)                                                                                    // 13:00
	hour(ledger.Hold{Key: "h", Kind: "sale", Reference: "order-1", Postings: sale("", 7).Postings}) // 14:00
	c := rest("c", "h")
	c.Reference = "order-1"
	hour(c)                                             // 15:00
	hour(transfer("r", "refund", available, bank, 500)) // 16:00, breaches
	hour(takeBack("back", "s2"))                        // 17:00
	rupees := ledger.Entry{Key: "pk", Kind: "sale", Postings: []ledger.Posting{ledger.Dr(bank, money.Minor(7), pkr()), ledger.Cr(sales, money.Minor(7), pkr())}}
	hour(rupees) // 18:00
	return books, store
}

func TestEntries(t *testing.T) {
	t.Parallel()
	hour := func(n int) time.Time { return noon().Add(time.Duration(n) * time.Hour) }
	tests := []struct {
		name  string
		query ledger.EntryQuery
		want  string
	}{
		{"all", ledger.EntryQuery{}, "s1 s2 c r back pk"},
		{"of an account", ledger.EntryQuery{Account: available, Currency: inr()}, "s1 c r"},
		{"of an account in any currency", ledger.EntryQuery{Account: bank}, "s1 s2 c r back pk"},
		{"of an account in another currency", ledger.EntryQuery{Account: bank, Currency: pkr()}, "pk"},
		{"of a currency", ledger.EntryQuery{Currency: inr()}, "s1 s2 c r back"},
		{"of an account nobody used", ledger.EntryQuery{Account: drawer, Currency: inr()}, ""},
		{"of a kind", ledger.EntryQuery{Kind: "refund"}, "r back"},
		{"of a reference", ledger.EntryQuery{Reference: "order-1"}, "s1 c"},
		{"of a reference and an account", ledger.EntryQuery{Reference: "order-1", Account: available, Currency: inr()}, "s1 c"},
		{"of a reference and another account", ledger.EntryQuery{Reference: "order-1", Account: other}, ""},
		{"with metadata", ledger.EntryQuery{Metadata: []ledger.Attribute{{Name: "channel", Value: "web"}}}, "s1 s2"},
		{"with all of it", ledger.EntryQuery{Metadata: []ledger.Attribute{{Name: "city", Value: "pune"}, {Name: "channel", Value: "web"}}}, "s1"},
		{"with other metadata", ledger.EntryQuery{Metadata: []ledger.Attribute{{Name: "channel", Value: "pos"}}}, ""},
		{"that breached", ledger.EntryQuery{Breached: true}, "r"},
		{"from a value date", ledger.EntryQuery{First: date("2026-03-02")}, "s2 c r back pk"},
		{"until a value date", ledger.EntryQuery{Last: date("2026-03-01")}, "s1"},
		{"of a value date", ledger.EntryQuery{First: date("2026-02-27"), Last: date("2026-02-27")}, "s1"},
		{"from an instant", ledger.EntryQuery{From: hour(1)}, "s2 c r back pk"},
		{"from a nanosecond later", ledger.EntryQuery{From: hour(1).Add(1)}, "c r back pk"},
		{"until an instant", ledger.EntryQuery{Until: hour(3)}, "s1 s2"},
		{"of an hour", ledger.EntryQuery{From: hour(3), Until: hour(4)}, "c"},
		{"of no time", ledger.EntryQuery{From: hour(4), Until: hour(3)}, ""},
		{"of a reference and an hour", ledger.EntryQuery{Reference: "order-1", From: hour(1), Until: hour(5)}, "c"},
		{"behind a cursor", ledger.EntryQuery{After: "2"}, "c r back pk"},
		{"behind a cursor and from an instant", ledger.EntryQuery{After: "2", From: hour(4)}, "r back pk"},
		{"from an instant before the cursor", ledger.EntryQuery{After: "4", From: hour(1)}, "r back pk"},
		{"behind the end", ledger.EntryQuery{After: "7"}, ""},
		{"of an account behind a cursor", ledger.EntryQuery{Account: available, Currency: inr(), After: "1"}, "c r"},
		{"of several wishes", ledger.EntryQuery{Account: other, Currency: inr(), Kind: "refund", First: date("2026-03-02"), From: hour(2)}, "back"},
	}
	books, _ := listed(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(found(t, books, test.query), " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// Page by page every entry comes once, also while others arrive.
func TestEntriesInPages(t *testing.T) {
	t.Parallel()
	books, _ := listed(t)
	var got []string
	for after, n := ledger.Cursor(""), 0; ; n++ {
		page := 0
		for item, err := range books.Entries(t.Context(), ledger.EntryQuery{Account: available, Currency: inr(), After: after}) {
			if err != nil {
				t.Fatal(err)
			}
			got, after = append(got, item.Key), item.Cursor
			if page++; page == 2 {
				break
			}
		}
		if page == 0 {
			break
		}
		if n < 2 {
			late := dated("late"+strings.Repeat("r", n), "2026-01-01", false)
			mustPost(t, books, late)
		}
	}
	wantDiff(t, "entries", []string{"s1", "c", "r", "late", "later"}, got)
}

// The change feed has every item, entry or not, in order and once.
func TestChanges(t *testing.T) {
	t.Parallel()
	books, _ := listed(t)
	refuse(t, books, payoutHold("h2", 99999), ledger.ErrInsufficientFunds)
	feed := func(after ledger.Cursor) (acts []string, last ledger.Cursor) {
		t.Helper()
		last = after
		for item, err := range books.Changes(t.Context(), after) {
			if err != nil {
				t.Fatal(err)
			}
			acts, last = append(acts, item.Act.String()+" "+item.Key), item.Cursor
		}
		return acts, last
	}
	want := []string{"posted s1", "posted s2", "held h", "captured c", "posted r", "reversed back", "posted pk", "refused h2"}
	got, last := feed("")
	wantDiff(t, "feed", want, got)
	if got, again := feed(last); got != nil || again != last {
		t.Errorf("behind the end there is %q", got)
	}
	mustPost(t, books, sale("more", 1))
	got, _ = feed(last)
	wantDiff(t, "what is new", []string{"posted more"}, got)
	got, _ = feed("2")
	wantDiff(t, "from a place", append(slices.Clone(want[2:]), "posted more"), got)
	for item, err := range books.Changes(t.Context(), "") {
		if item.Cursor != "1" || err != nil {
			t.Errorf("first is %+v, %v", item, err)
		}
		break
	}
}

// A cursor no list gave is refused, and an error is the last pair.
func TestListsFail(t *testing.T) {
	t.Parallel()
	books, store := listed(t)
	lists := func() map[string]error {
		out := make(map[string]error)
		for item, err := range books.Entries(t.Context(), ledger.EntryQuery{After: "x", From: noon()}) {
			if out["entries"] = err; item.Booked != nil {
				t.Error("there is an item with the error")
			}
		}
		for item, err := range books.Changes(t.Context(), "x") {
			if out["feed"] = err; item.Booked != nil {
				t.Error("there is an item with the error")
			}
		}
		out["wait"] = books.Wait(t.Context(), "x")
		return out
	}
	for name, err := range lists() {
		if !errors.Is(err, ledger.ErrCursor) {
			t.Errorf("%s: %v, want ErrCursor", name, err)
		}
	}
	for _, beyond := range []ledger.Cursor{"0", "8", "18446744073709551614", "1@0", "1@01", "1@1", "1@65536", "@1"} {
		for _, err := range books.Entries(t.Context(), ledger.EntryQuery{After: beyond}) {
			if !errors.Is(err, ledger.ErrCursor) {
				t.Errorf("cursor %q of entries gives %v", beyond, err)
			}
			break
		}
	}
	for _, c := range []ledger.Cursor{"-1", "+1", "01", "1 ", "2026-03-02:1", "18446744073709551615", "18446744073709551616"} {
		for _, err := range books.Changes(t.Context(), c) {
			if !errors.Is(err, ledger.ErrCursor) {
				t.Errorf("cursor %q gives %v", c, err)
			}
			break
		}
	}

	store.damage = func(s *snapshot) { s.headErr, s.itemErr = errRefused, errRefused }
	for name, seq := range map[string]func(func(ledger.Item, error) bool){
		"list entries":                     books.Entries(t.Context(), ledger.EntryQuery{From: noon()}),
		"list entries, after some of them": books.Entries(t.Context(), ledger.EntryQuery{}),
		"change feed":                      books.Changes(t.Context(), ""),
	} {
		var last error
		for _, err := range seq {
			last = err
		}
		wantText(t, last, strings.Split(name, ",")[0]+": refused")
	}
	if err := books.Wait(t.Context(), ""); !errors.Is(err, errRefused) {
		t.Errorf("waiting gives %v", err)
	}
	store.damage = nil
}

// Wait returns when there is something behind the cursor, and at once if there
// is already.
func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books, store, _ := clocked(t)
		var c calls
		start := time.Now()
		c.start("first", func() error { return books.Wait(t.Context(), "") })
		c.start("second", func() error { return books.Wait(t.Context(), "1") })
		if over, _ := c.done("first"); over {
			t.Fatal("nothing is there to be told")
		}
		mustPost(t, books, sale("a", 1))
		first, err := c.done("first")
		second, _ := c.done("second")
		if !first || err != nil || second || time.Since(start) != 0 {
			t.Errorf("after one item the first is over: %t, %v; the second: %t; %s later", first, err, second, time.Since(start))
		}
		if err := books.Wait(t.Context(), ""); err != nil || time.Since(start) != 0 {
			t.Errorf("what is there already: %v", err)
		}

		// What another process wrote tells nobody, and is seen a second later.
		mustPost(t, otherBooks(t, store, &hands{noon()}), sale("b", 1))
		c.wait.Wait()
		if _, err := c.done("second"); err != nil || time.Since(start) != time.Second {
			t.Errorf("the second: %v, %s later", err, time.Since(start))
		}

		ctx, cancel := context.WithCancel(t.Context())
		c.start("gives up", func() error { return books.Wait(ctx, "2") })
		cancel()
		if over, err := c.done("gives up"); !over || !errors.Is(err, context.Canceled) {
			t.Errorf("who gives up is over: %t, %v", over, err)
		}
		// A transaction that failed, or booked nothing, wakes nobody for good.
		c.start("third", func() error { return books.Wait(t.Context(), "2") })
		if err := books.Do(t.Context(), put("n", "x")); err != nil {
			t.Fatal(err)
		}
		if over, _ := c.done("third"); over {
			t.Error("a record is no item")
		}
		mustPost(t, books, sale("c", 1))
		c.wait.Wait()

		// What is booked in a transaction of its own is seen at once as well.
		c.start("fourth", func() error { return books.Wait(t.Context(), "3") })
		start = time.Now()
		err = books.Write(t.Context(), func(tx ledger.Tx) error {
			_, err := books.PostTx(t.Context(), tx, sale("d", 1))
			return err
		})
		if over, waited := c.done("fourth"); err != nil || !over || waited != nil || time.Since(start) != 0 {
			t.Errorf("%v, the fourth is over: %t, %v, %s later", err, over, waited, time.Since(start))
		}
		c.wait.Wait()
	})
}

// Items are found by the keys they took, all that are asked for at once; a key that is free is not among them.
func TestItemsByKey(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	mustPost(t, books, sale("a", 1), sale("b", 2))
	got := make(map[string]uint64)
	err := books.Read(t.Context(), func(r ledger.Reader) error {
		found, err := ledger.ItemsByKey(t.Context(), r, "b", "free", "a", "b")
		for key, item := range found {
			got[key] = item.Seq
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "sequences", map[string]uint64{"a": 1, "b": 2}, got)
}
