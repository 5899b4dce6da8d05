package history_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
)

// long is a journal of n transactions, some like others.
func long(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2026-02-%02d sale %d\n    assets:till %d  %d.00 INR\n    income:sales\n\n", 1+i%28, i%700, i%7, 1+i%900)
	}
	return b.String()
}

func openLong(t *testing.T, n int) *history.Journal {
	t.Helper()
	j, err := openText(t.Context(), plaintext.HLedger, long(n))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// itemsOf is what a ledger's journal says, but for the instants.
func itemsOf(t *testing.T, books *ledger.Ledger) []string {
	t.Helper()
	var out []string
	for _, item := range snapshotOf(t, books).items {
		out = append(out, fmt.Sprint(item.Seq, item.Act, item.Key, item.Postings))
	}
	return out
}

// Booking a journal again writes nothing.
func TestBookTwice(t *testing.T) {
	t.Parallel()
	const n = 2500
	j := openLong(t, n)
	books := fresh(t, j)
	first, err := j.Book(t.Context(), books, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(history.Booked{New: n, Names: 7}, first); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	before := itemsOf(t, books)
	second, err := openLong(t, n).Book(t.Context(), books, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(history.Booked{Replayed: n, Names: 7}, second); diff != "" {
		t.Errorf("second (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, itemsOf(t, books)); diff != "" {
		t.Errorf("items (-first +second):\n%s", diff)
	}
}

// An import that is stopped anywhere goes on where it was, to the same journal.
func TestBookGoesOn(t *testing.T) {
	t.Parallel()
	const n = 2500
	j := openLong(t, n)
	whole := fresh(t, j)
	if _, err := j.Book(t.Context(), whole, nil); err != nil {
		t.Fatal(err)
	}
	want := itemsOf(t, whole)
	for stop := 1; stop <= 3; stop++ {
		books := fresh(t, j)
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		part, err := j.Book(ctx, books, func(uint64, uint64) {
			if calls++; calls == stop {
				cancel()
			}
		})
		cancel()
		if stop < 3 && !errors.Is(err, context.Canceled) {
			t.Fatalf("stop %d: %v", stop, err)
		}
		rest, err := j.Book(t.Context(), books, nil)
		if err != nil {
			t.Fatal(err)
		}
		if part.New == 0 || part.New+rest.New != n || rest.Replayed != part.New {
			t.Errorf("stop %d: %+v, then %+v", stop, part, rest)
		}
		if diff := cmp.Diff(want, itemsOf(t, books)); diff != "" {
			t.Errorf("stop %d: items (-whole +in parts):\n%s", stop, diff)
		}
	}
}

func TestBookRefusesOtherLedgers(t *testing.T) {
	t.Parallel()
	j := openLong(t, 3)
	other := ledger.Entry{Key: "mine", Kind: "k", Postings: []ledger.Posting{
		ledger.Dr("assets/x", money.Minor(1), money.MustCurrency("INR")), ledger.Cr("income/y", money.Minor(1), money.MustCurrency("INR")),
	}}
	for name, first := range map[string]func(*ledger.Ledger) error{
		"before": func(books *ledger.Ledger) error { _, err := books.Post(t.Context(), other); return err },
		"behind": func(books *ledger.Ledger) error {
			_, err := j.Book(t.Context(), books, nil)
			if err == nil {
				_, err = books.Post(t.Context(), other)
			}
			return err
		},
		"of another journal": func(books *ledger.Ledger) error {
			_, err := openLong(t, 4).Book(t.Context(), books, nil)
			return err
		},
	} {
		books := fresh(t, j)
		if err := first(books); err != nil {
			t.Fatal(err)
		}
		before := itemsOf(t, books)
		if _, err := j.Book(t.Context(), books, nil); !errors.Is(err, history.ErrNotFresh) {
			t.Errorf("%s: %v, want ErrNotFresh", name, err)
		}
		if diff := cmp.Diff(before, itemsOf(t, books)); diff != "" {
			t.Errorf("%s: items (-before +after):\n%s", name, diff)
		}
	}
}

// A journal that the ledger would refuse in the middle is not begun.
func TestBookTriesLimitsFirst(t *testing.T) {
	t.Parallel()
	text := long(1500) + "2026-03-01 more than there is\n    assets:till 0  -9999999 INR\n    income:sales\n"
	j, err := openText(t.Context(), plaintext.HLedger, text)
	if err != nil {
		t.Fatal(err)
	}
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "assets/{till}", Type: ledger.Asset, Limited: true}, ledger.Pattern{Path: "income/{source}", Type: ledger.Income},
	)
	if err != nil {
		t.Fatal(err)
	}
	books := anystore.On(t, anystore.Open(t), ledger.Config{Chart: chart})
	if _, err := j.Book(t.Context(), books, nil); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("%v, want ErrInsufficientFunds", err)
	}
	if items := itemsOf(t, books); len(items) > 0 {
		t.Errorf("%d items were booked", len(items))
	}
	if _, err := openLong(t, 1500).Book(t.Context(), books, nil); err != nil {
		t.Error(err)
	}
}

func TestBookWantsTheChart(t *testing.T) {
	t.Parallel()
	chart, err := ledger.NewChart(ledger.Pattern{Path: "assets/{till}", Type: ledger.Liability})
	if err != nil {
		t.Fatal(err)
	}
	books := anystore.On(t, anystore.Open(t), ledger.Config{Chart: chart})
	_, err = openLong(t, 1).Book(t.Context(), books, nil)
	want := "journal cannot be booked: 2 faults\nj:2:5: account assets/till_0 is of type asset, the chart says liability\nj:3:5: account income/sales is not in the chart"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

// Files that change after they were read are noticed.
func TestChanged(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]string{
		"other entries": long(4), "another account": long(3) + "2026-03-01 x\n    assets:new  1 INR\n    income:sales\n", "a comment": long(3) + "; x\n",
		"nonsense": "nonsense\n",
	} {
		texts := map[string]string{"j": long(3)}
		j, err := history.Open(t.Context(), "j", history.Options{Format: plaintext.HLedger, Open: files(texts)})
		if err != nil {
			t.Fatal(err)
		}
		texts["j"] = now
		if _, err := j.Book(t.Context(), fresh(t, j), nil); !errors.Is(err, history.ErrChanged) {
			t.Errorf("%s: %v, want ErrChanged", name, err)
		}
	}
}

// Nothing is a journal too.
func TestBookNothing(t *testing.T) {
	t.Parallel()
	for _, f := range formats() {
		j, err := openText(t.Context(), f, "")
		if err != nil {
			t.Fatal(err)
		}
		if booked, err := j.Book(t.Context(), fresh(t, j), nil); err != nil || booked != (history.Booked{}) {
			t.Errorf("%s: %+v, %v", f, booked, err)
		}
	}
}

// A key depends on what a transaction says, not on where it stands.
func TestKeysAreOfContent(t *testing.T) {
	t.Parallel()
	keys := func(text string) []string {
		j, err := openText(t.Context(), plaintext.HLedger, text)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range entriesOf(t, j) {
			out = append(out, e.Key)
		}
		return out
	}
	a := "2026-02-01 a\n    assets:x  1 INR\n    income:y  -1.00 INR\n"
	b := "2026/2/1   a\n  assets:x\t  1.0 INR\n  income:y  INR -1\n\n"
	c := "2026-02-01 a\n    assets:x  1 INR\n    income:y  -1 INR  ; note\n"
	one, two := keys(a+"\n"+b+c), keys("; moved down\n\n"+c+"\n"+a)
	if one[0] == one[1] || strings.TrimSuffix(one[0], "1") != strings.TrimSuffix(one[1], "2") {
		t.Errorf("of the same content: %q", one)
	}
	if one[2] != two[0] || one[0] != two[1] {
		t.Errorf("%q, moved %q", one, two)
	}
}
