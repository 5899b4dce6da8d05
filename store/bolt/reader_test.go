package bolt_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// collect gives what an iterator yields, as text.
func collect[T any](t testing.TB, pairs iter.Seq2[T, error], text func(T) string) (out []string) {
	t.Helper()
	for value, err := range pairs {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text(value))
	}
	return out
}

func seqText(b *ledger.Booked) string { return fmt.Sprint(b.Seq) }

// long gives books whose blocks are of one entry, of a few, and of many pages:
// 1, 2 to 4, 5 to 304, 305.
func long(t testing.TB) *ledger.Ledger {
	t.Helper()
	books := bolttest.Books(t, config(t).Chart)
	mustPost(t, books, sale("a", 100))
	mustPost(t, books, sale("b", 1), payout("c", 1), transfer("d", "sale", bank, "merchants/m2/available", 1))
	mustPost(t, books, many(300, "e")...)
	mustPost(t, books, payout("f", 1))
	return books
}

func inside(t testing.TB, books *ledger.Ledger, fn func(ledger.Reader)) {
	t.Helper()
	err := books.Read(t.Context(), func(r ledger.Reader) error { fn(r); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// A list begins exactly where it was asked to, wherever that is in a page or a
// block.
func TestEntriesFromAnywhere(t *testing.T) {
	t.Parallel()
	const last = 305
	inside(t, long(t), func(r ledger.Reader) {
		for from := range uint64(last + 3) {
			var want []string
			for seq := max(from, 1); seq <= last; seq++ {
				want = append(want, fmt.Sprint(seq))
			}
			wantDiff(t, fmt.Sprint("entries from ", from), want, collect(t, r.Items(t.Context(), 0, from), seqText))
		}
	})
}

func TestBlocksFromAnywhere(t *testing.T) {
	t.Parallel()
	blocks := []string{"1-1", "2-4", "5-304", "305-305"}
	inside(t, long(t), func(r ledger.Reader) {
		for from, first := range map[uint64]int{0: 0, 1: 0, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 200: 2, 304: 2, 305: 3, 306: 4, 9999: 4} {
			got := collect(t, r.Blocks(t.Context(), 0, from), func(b *ledger.Block) string {
				return fmt.Sprintf("%d-%d", b.First(), b.Last())
			})
			wantDiff(t, fmt.Sprint("blocks from ", from), append([]string(nil), blocks[first:]...), got)
		}
	})
}

func TestMovementsFromAnywhere(t *testing.T) {
	t.Parallel()
	id := func(path string) ledger.AccountID { return ledger.AccountID{Path: path, Currency: inr()} }
	inside(t, long(t), func(r ledger.Reader) {
		touching := []string{"1", "2", "3"}
		for seq := 5; seq <= 305; seq++ {
			touching = append(touching, fmt.Sprint(seq))
		}
		for from, skipped := range map[uint64]int{0: 0, 1: 0, 2: 1, 4: 3, 5: 3, 6: 4, 304: 302, 305: 303} {
			wantDiff(t, fmt.Sprint("movements from ", from), touching[skipped:], collect(t, r.Movements(t.Context(), id(available), ledger.Place{Seq: from}), seqText))
		}
		wantDiff(t, "movements of m2", []string{"4"}, collect(t, r.Movements(t.Context(), id("merchants/m2/available"), ledger.Place{}), seqText))
		wantDiff(t, "movements of nobody", []string(nil), collect(t, r.Movements(t.Context(), id("merchants/m3/available"), ledger.Place{}), seqText))
		wantDiff(t, "movements behind the end", []string(nil), collect(t, r.Movements(t.Context(), id(bank), ledger.Place{Seq: 306}), seqText))
	})
}

func TestAccountsByPrefix(t *testing.T) {
	t.Parallel()
	inside(t, long(t), func(r ledger.Reader) {
		for prefix, want := range map[string][]string{
			"":                   {"bank INR", "merchants/m1/available INR", "merchants/m2/available INR"},
			"merchants/":         {"merchants/m1/available INR", "merchants/m2/available INR"},
			"merchants/m2":       {"merchants/m2/available INR"},
			"merchants/m2/avail": {"merchants/m2/available INR"},
			"n":                  nil,
			"bankers":            nil,
		} {
			wantDiff(t, "accounts of "+prefix, want, collect(t, r.Accounts(t.Context(), prefix), func(a ledger.Account) string { return a.AccountID.String() }))
		}
	})
}

func TestRecordsByPrefix(t *testing.T) {
	t.Parallel()
	books := bolttest.Books(t, config(t).Chart)
	mustDo(t, books, put(known("b2", ""), known("a1", ""), known("b1", ""), known("b10", ""), known("c", "")))
	mustDo(t, books, work(func(s *ledger.State) error {
		s.Put(known("b1", "renamed"))
		s.Delete(known("c", "").Ref())
		s.Delete(known("never", "").Ref())
		return nil
	}))
	inside(t, books, func(r ledger.Reader) {
		for _, test := range []struct {
			kind, prefix, from string
			want               []string
		}{
			{"merchant", "", "", []string{"a1", "b1", "b10", "b2"}},
			{"merchant", "b", "", []string{"b1", "b10", "b2"}},
			{"merchant", "b1", "", []string{"b1", "b10"}},
			{"merchant", "", "b10", []string{"b10", "b2"}},
			{"merchant", "b", "b11", []string{"b2"}},
			{"merchant", "b", "a", []string{"b1", "b10", "b2"}},
			{"merchant", "b", "c", nil},
			{"merchant", "c", "", nil},
			{"deposit", "", "", nil},
			{"unheard of", "", "", nil},
		} {
			got := collect(t, r.Records(t.Context(), test.kind, test.prefix, test.from), func(record ledger.Record) string { return record.Ref().ID })
			wantDiff(t, fmt.Sprintf("%+v", test), test.want, got)
		}
	})
	err := books.Do(t.Context(), work(func(s *ledger.State) error {
		wantDiff(t, "record", ledger.Record(known("b1", "renamed")), s.Record(known("b1", "").Ref()))
		if s.Record(known("c", "").Ref()) != nil {
			t.Error("the deleted record is still there")
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

// Who stops a list early ends it.
func TestStopEarly(t *testing.T) {
	t.Parallel()
	books := long(t)
	mustDo(t, books, put(known("a", ""), known("b", "")))
	inside(t, books, func(r ledger.Reader) {
		ctx := t.Context()
		for name, n := range map[string]int{
			"entries":   count(ledger.Entries(ctx, r)),
			"blocks":    count(r.Blocks(ctx, 0, 1)),
			"movements": count(r.Movements(ctx, ledger.AccountID{Path: bank, Currency: inr()}, ledger.Place{})),
			"accounts":  count(r.Accounts(ctx, "")),
			"records":   count(r.Records(ctx, "merchant", "", "")),
		} {
			if n != 1 {
				t.Errorf("%s: %d pairs", name, n)
			}
		}
	})
}

func count[T any](pairs iter.Seq2[T, error]) (n int) {
	for _, err := range pairs {
		if n++; n > 0 || err != nil {
			break
		}
	}
	return n
}

// An entry larger than a page is one page, and its neighbours are found.
func TestLargeEntries(t *testing.T) {
	t.Parallel()
	books := bolttest.Books(t, config(t).Chart)
	large := sale("large", 999)
	large.Postings = large.Postings[1:]
	for range 999 {
		large.Postings = append(large.Postings, ledger.Dr(bank, oneMinor(), inr()))
	}
	for i := range 50 {
		large.Metadata = append(large.Metadata, ledger.Attribute{Name: fmt.Sprint("n", i), Value: strings.Repeat("v", 2000)})
	}
	results := mustPost(t, books, append(many(70, "s"), large, sale("z", 1))...)
	for _, want := range results {
		got, ok, err := books.Entry(t.Context(), want.Key)
		if !ok || err != nil || got.Seq != want.Seq {
			t.Fatalf("entry %s is %d: %t, %v", want.Key, got.Seq, ok, err)
		}
	}
	entry, _, err := books.Entry(t.Context(), "large")
	if err != nil || len(entry.Postings) != 1000 || len(entry.Metadata) != 50 {
		t.Errorf("the large entry has %d postings and %d pairs: %v", len(entry.Postings), len(entry.Metadata), err)
	}
	seqs := slices.Collect(func(yield func(uint64) bool) {
		for line, err := range books.Lines(t.Context(), bank, inr(), ledger.Span{}) {
			if err != nil || !yield(line.Entry.Seq) {
				return
			}
		}
	})
	if len(seqs) != 72 || !slices.IsSorted(seqs) {
		t.Errorf("the bank moved in %v", seqs)
	}
}
