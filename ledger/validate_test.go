package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// with gives a sound entry with one change.
func with(change func(*ledger.Entry)) ledger.Entry {
	e := sale("k", 100)
	change(&e)
	return e
}

func attributes(n int) []ledger.Attribute {
	out := make([]ledger.Attribute, n)
	for i := range out {
		out[i] = ledger.Attribute{Name: fmt.Sprintf("n%03d", i), Value: "v"}
	}
	return out
}

func legs(n int) []ledger.Posting {
	out := []ledger.Posting{ledger.Cr(sales, money.Minor(int64(n-1)), inr())}
	for range n - 1 {
		out = append(out, ledger.Dr(bank, money.Minor(1), inr()))
	}
	return out
}

// Every fault an entry can have by itself, alone.
func TestInvalid(t *testing.T) {
	t.Parallel()
	most := limit(t)
	tests := []struct {
		name  string
		entry ledger.Entry
		want  string
	}{
		{"no key", with(func(e *ledger.Entry) { e.Key = "" }),
			`entry "": key is missing`},
		{"long key", with(func(e *ledger.Entry) { e.Key = strings.Repeat("k", 256) }),
			`entry "` + strings.Repeat("k", 256) + `": key has 256 bytes, at most 255 are allowed`},
		{"key is no text", with(func(e *ledger.Entry) { e.Key = "k\xff" }),
			`entry "k\xff": key is not valid UTF-8`},
		{"no kind", with(func(e *ledger.Entry) { e.Kind = "" }),
			`entry "k": kind is missing`},
		{"long kind", with(func(e *ledger.Entry) { e.Kind = strings.Repeat("x", 65) }),
			`entry "k": kind has 65 bytes, at most 64 are allowed`},
		{"kind is no text", with(func(e *ledger.Entry) { e.Kind = "\xc3" }),
			`entry "k": kind is not valid UTF-8`},
		{"long reference", with(func(e *ledger.Entry) { e.Reference = strings.Repeat("x", 256) }),
			`entry "k": reference has 256 bytes, at most 255 are allowed`},
		{"reference is no text", with(func(e *ledger.Entry) { e.Reference = "\xc3" }),
			`entry "k": reference is not valid UTF-8`},
		{"long part of", with(func(e *ledger.Entry) { e.PartOf = strings.Repeat("x", 256) }),
			`entry "k": part of has 256 bytes, at most 255 are allowed`},
		{"part of is no text", with(func(e *ledger.Entry) { e.PartOf = "\xc3" }),
			`entry "k": part of is not valid UTF-8`},
		{"part of itself", with(func(e *ledger.Entry) { e.PartOf = "k" }),
			`entry "k": entry is part of itself`},
		{"much metadata", with(func(e *ledger.Entry) { e.Metadata = attributes(51) }),
			`entry "k": metadata has 51 pairs, at most 50 are allowed`},
		{"metadata without a name", with(func(e *ledger.Entry) { e.Metadata = []ledger.Attribute{{Value: "v"}} }),
			`entry "k": metadata name is missing`},
		{"long metadata name", with(func(e *ledger.Entry) { e.Metadata = []ledger.Attribute{{Name: strings.Repeat("n", 101)}} }),
			`entry "k": metadata name has 101 bytes, at most 100 are allowed`},
		{"long metadata value", with(func(e *ledger.Entry) {
			e.Metadata = []ledger.Attribute{{Name: "note", Value: strings.Repeat("v", 2001)}}
		}), `entry "k": metadata "note": metadata value has 2001 bytes, at most 2000 are allowed`},
		{"metadata value is no text", with(func(e *ledger.Entry) { e.Metadata = []ledger.Attribute{{Name: "note", Value: "\xff"}} }),
			`entry "k": metadata "note": metadata value is not valid UTF-8`},
		{"metadata name twice, apart", with(func(e *ledger.Entry) {
			e.Metadata = []ledger.Attribute{{Name: "b"}, {Name: "a"}, {Name: "b", Value: "v"}}
		}), `entry "k": metadata name "b" stands twice`},
		{"no posting", with(func(e *ledger.Entry) { e.Postings = nil }),
			`entry "k": entry has 0 postings, between 2 and 1000 are needed`},
		{"many postings", with(func(e *ledger.Entry) { e.Postings = legs(1001) }),
			`entry "k": entry has 1001 postings, between 2 and 1000 are needed`},
		{"no account", with(func(e *ledger.Entry) { e.Postings[1].Account = "" }),
			`entry "k": posting 1: account path is empty`},
		{"long path", with(func(e *ledger.Entry) { e.Postings[1].Account = strings.Repeat("a", 256) }),
			`entry "k": posting 1: account path has 256 bytes, at most 255 are allowed`},
		{"empty segment", with(func(e *ledger.Entry) { e.Postings[0].Account = "merchants//available" }),
			`entry "k": posting 0: account path "merchants//available" has an empty or dotted segment`},
		{"slash in front", with(func(e *ledger.Entry) { e.Postings[0].Account = "/bank" }),
			`entry "k": posting 0: account path "/bank" has an empty or dotted segment`},
		{"dots", with(func(e *ledger.Entry) { e.Postings[0].Account = "merchants/../bank" }),
			`entry "k": posting 0: account path "merchants/../bank" has an empty or dotted segment`},
		{"space in path", with(func(e *ledger.Entry) { e.Postings[0].Account = "my bank" }),
			`entry "k": posting 0: account path "my bank" has " ", which is not one of [A-Za-z0-9._-]`},
		{"letter outside ASCII in path", with(func(e *ledger.Entry) { e.Postings[0].Account = "caissé/x" }),
			`entry "k": posting 0: account path "caissé/x" has "é", which is not one of [A-Za-z0-9._-]`},
		{"zero byte in path", with(func(e *ledger.Entry) { e.Postings[0].Account = "bank\x00" }),
			`entry "k": posting 0: account path "bank\x00" has "\x00", which is not one of [A-Za-z0-9._-]`},
		{"no currency", with(func(e *ledger.Entry) { e.Postings[1].Currency = money.Currency{} }),
			`entry "k": posting 1: currency is missing`},
		{"no side", with(func(e *ledger.Entry) { e.Postings[0].Side = 0 }),
			`entry "k": posting 0: side(0) is neither debit nor credit`},
		{"a third side", with(func(e *ledger.Entry) { e.Postings[0].Side = 3 }),
			`entry "k": posting 0: side(3) is neither debit nor credit`},
		{"zero amount", with(func(e *ledger.Entry) { e.Postings[1].Amount = money.Amount{} }),
			`entry "k": posting 1: amount INR 0.00 is not positive`},
		{"negative amount", with(func(e *ledger.Entry) { e.Postings[1].Amount = money.Minor(-40005) }),
			`entry "k": posting 1: amount INR -400.05 is not positive`},
		{"unbalanced", with(func(e *ledger.Entry) { e.Postings[1].Amount = money.Minor(99) }),
			`entry "k": entry does not balance: INR debits 1.00, credits 0.99`},
		{"one side only", with(func(e *ledger.Entry) { e.Postings[1].Side = ledger.Debit }),
			`entry "k": entry does not balance: INR debits 2.00, credits 0.00`},
		{"one posting", with(func(e *ledger.Entry) { e.Postings = e.Postings[:1] }),
			`entry "k": entry has 1 postings, between 2 and 1000 are needed
entry does not balance: INR debits 1.00, credits 0.00`},
		{"currencies balance one by one", with(func(e *ledger.Entry) { e.Postings[1].Currency = pkr() }),
			`entry "k": entry does not balance: INR debits 1.00, credits 0.00
entry does not balance: PKR debits 0.00, credits 1.00`},
		{"one of two currencies does not", with(func(e *ledger.Entry) {
			e.Postings = append(e.Postings, ledger.Dr(bank, money.Minor(500), pkr()), ledger.Cr(sales, money.Minor(501), pkr()))
		}), `entry "k": entry does not balance: PKR debits 5.00, credits 5.01`},
		{"one account on both sides", with(func(e *ledger.Entry) {
			e.Postings = append(e.Postings, ledger.Dr(available, money.Minor(5), inr()), ledger.Cr(sales, money.Minor(5), inr()))
		}), `entry "k": posting 2: merchants/m1/available INR stands on the other side in posting 1`},
		{"one account on both sides, twice", with(func(e *ledger.Entry) {
			e.Postings = append(e.Postings, ledger.Cr(bank, money.Minor(5), inr()), ledger.Dr(available, money.Minor(5), inr()))
		}), `entry "k": posting 2: bank INR stands on the other side in posting 0
posting 3: merchants/m1/available INR stands on the other side in posting 1`},
		{"sum of debits too large", with(func(e *ledger.Entry) {
			e.Postings = []ledger.Posting{ledger.Dr(bank, most, inr()), ledger.Cr(sales, most, inr()), ledger.Dr(drawer, money.Minor(1), inr())}
		}), `entry "k": sum of INR debits: amount overflow: 99999999999999999999999999999999999999 + 1`},
		{"sum of credits too large", with(func(e *ledger.Entry) {
			e.Postings = []ledger.Posting{ledger.Cr(sales, most, inr()), ledger.Cr(available, most, inr()), ledger.Dr(bank, most, inr())}
		}), `entry "k": sum of INR credits: amount overflow: 99999999999999999999999999999999999999 + 99999999999999999999999999999999999999`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			books := open(t, store)
			results, err := books.Post(t.Context(), test.entry)
			wantText(t, err, test.want)
			if !errors.Is(err, ledger.ErrInvalid) {
				t.Error("the error is not ErrInvalid")
			}
			var entryErr *ledger.EntryError
			if !errors.As(err, &entryErr) || entryErr.Key != test.entry.Key {
				t.Errorf("the error is no *EntryError of the entry's key: %#v", err)
			}
			if results != nil {
				t.Errorf("results are %v, want none", results)
			}
			wantDiff(t, "head", ledger.Head{}, store.snapshot().head)
		})
	}
}

// Everything that is wrong is said at once, in the documented order.
func TestInvalidInManyWays(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	_, err := books.Post(t.Context(), ledger.Entry{
		Key:       "k\xff",
		Reference: strings.Repeat("r", 300),
		PartOf:    "k\xff",
		Metadata:  []ledger.Attribute{{Name: "a", Value: "\xff"}, {Name: "a"}, {}},
		Postings: []ledger.Posting{
			{},
			ledger.Dr(bank, money.Minor(5), inr()),
			ledger.Cr("b?", money.Minor(-5), inr()),
		},
	})
	wantText(t, err, `entry "k\xff": key is not valid UTF-8
kind is missing
reference has 300 bytes, at most 255 are allowed
part of is not valid UTF-8
entry is part of itself
metadata name is missing
metadata "a": metadata value is not valid UTF-8
metadata name "a" stands twice
posting 0: account path is empty
posting 0: currency is missing
posting 0: side(0) is neither debit nor credit
posting 0: amount 0 is not positive
posting 2: account path "b?" has "?", which is not one of [A-Za-z0-9._-]
posting 2: amount INR -0.05 is not positive`)

	var posting *ledger.PostingError
	if !errors.As(err, &posting) || posting.Index != 0 {
		t.Errorf("first posting at fault is %+v, want posting 0", posting)
	}
}

// What callers branch on is found behind the entry's error.
func TestInvalidSentinels(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	tests := []struct {
		name   string
		entry  ledger.Entry
		want   error
		wanted bool
	}{
		{"unbalanced", with(func(e *ledger.Entry) { e.Postings[0].Amount = money.Minor(1) }), ledger.ErrUnbalanced, true},
		{"balanced but wrong", with(func(e *ledger.Entry) { e.Kind = "" }), ledger.ErrUnbalanced, false},
		{"overflow", with(func(e *ledger.Entry) {
			e.Postings = append(e.Postings, ledger.Dr(bank, limit(t), inr()))
		}), money.ErrOverflow, true},
		{"unknown account", with(func(e *ledger.Entry) { e.Postings[0].Account = "nowhere" }), ledger.ErrUnknownAccount, true},
		{"no path of the chart is unknown", with(func(e *ledger.Entry) { e.Kind = "" }), ledger.ErrUnknownAccount, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := books.Post(t.Context(), test.entry)
			if errors.Is(err, test.want) != test.wanted {
				t.Errorf("errors.Is(%q, %q) is %t", err, test.want, !test.wanted)
			}
		})
	}
}

// The extremes that are still allowed.
func TestValidExtremes(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("é", n/2) + strings.Repeat("x", n%2) }
	tests := []struct {
		name  string
		entry ledger.Entry
	}{
		{"long texts", with(func(e *ledger.Entry) {
			e.Key, e.Kind, e.Reference, e.PartOf = long(255), long(64), long(255), "x"+long(254)
		})},
		{"bytes that mean something elsewhere", with(func(e *ledger.Entry) { e.Key, e.Reference = "\x00", "\n\t\"" })},
		{"much metadata", with(func(e *ledger.Entry) {
			e.Metadata = attributes(50)
			e.Metadata[7] = ledger.Attribute{Name: long(100), Value: long(2000)}
		})},
		{"many postings", with(func(e *ledger.Entry) { e.Postings = legs(1000) })},
		{"one account twice on one side", with(func(e *ledger.Entry) { e.Postings = legs(3) })},
		{"one path in two currencies, on different sides", with(func(e *ledger.Entry) {
			e.Postings = append(e.Postings, ledger.Cr(bank, money.Minor(7), pkr()), ledger.Dr(sales, money.Minor(7), pkr()))
		})},
		{"the largest amount", with(func(e *ledger.Entry) { e.Postings[0].Amount, e.Postings[1].Amount = limit(t), limit(t) })},
		{"the smallest amount", with(func(e *ledger.Entry) { e.Postings[0].Amount, e.Postings[1].Amount = money.Minor(1), money.Minor(1) })},
		{"the first date", with(func(e *ledger.Entry) { e.ValueDate = date("0001-01-01") })},
		{"the last date", with(func(e *ledger.Entry) { e.ValueDate = date("9999-12-31") })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books := open(t, newMemory())
			booked := mustPost(t, books, test.entry)[0].Booked
			decoded, err := ledger.DecodeItem(booked.AppendCanonical(nil))
			if err != nil {
				t.Fatal(err)
			}
			wantDiff(t, "decoded entry", &booked, decoded)
		})
	}
}
