package history_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// hostile is what people and programs put into free text.
func hostile() []string {
	return []string{
		"plain", "two  words", " led", "trailed ", "100%", "%41", "a,b", "a;b", "; key:x", `"quoted"`, `back\slash\`, "line\nbreak", "cr\r\n", "tab\t",
		"\n2026-01-01 * forged\n    a  1.00 INR\n", "nul\x00", "(code)", "* flag", "= 5", "~ monthly", "payee | note", "[2026-02-30]",
		"date:2026-02-30", "date2:1/1", "key:other", "#tag", "^link", "@ 5 USD", "TRUE", "NULL", "0", "-2D", "ünïcödé", "日本語", "\u202eturned", "\u2028", "\ufeffbom", "\ufffd",
	}
}

// hostileSegments are names in paths of every awkward kind.
func hostileSegments() []string {
	return []string{"gst", "GST", "Gst", "gST", "g", "x", "X", "Xa", "X47st", "x-2e", "0", "0x", "m_1", "m-1", "m.1", "_", "--", "...", "a_X", "a--X5F", "Assets", "INR"}
}

// wideChart knows paths of one to three segments; the first says the type.
func wideChart(t rapid.TB) *ledger.Chart {
	t.Helper()
	var patterns []ledger.Pattern
	for i, root := range []string{"bank", "owed", "capital", "income", "costs"} {
		for _, tail := range []string{"", "/{a}", "/{a}/{b}"} {
			patterns = append(patterns, ledger.Pattern{Path: root + tail, Type: ledger.Asset + ledger.Type(i)})
		}
	}
	c, err := ledger.NewChart(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entries draws a ledger.
func entries() *rapid.Generator[[]ledger.Entry] {
	text := rapid.OneOf(rapid.SampledFrom(hostile()), rapid.StringN(0, 12, 60))
	path := rapid.Custom(func(t *rapid.T) string {
		parts := []string{rapid.SampledFrom([]string{"bank", "owed", "capital", "income", "costs"}).Draw(t, "root")}
		parts = append(parts, rapid.SliceOfN(rapid.SampledFrom(hostileSegments()), 0, 2).Draw(t, "segments")...)
		return strings.Join(parts, "/")
	})
	entry := rapid.Custom(func(t *rapid.T) ledger.Entry {
		e := ledger.Entry{
			Kind: "k" + rapid.SampledFrom(hostile()).Draw(t, "kind"), Reference: text.Draw(t, "reference"),
			PartOf: text.Draw(t, "part of"), Owner: rapid.SampledFrom([]string{"", "payments", "100%", `"a"`}).Draw(t, "owner"),
			ValueDate: calendar.MustDate("2026-01-01").AddDays(rapid.IntRange(-3000, 3000).Draw(t, "day")),
		}
		for _, name := range rapid.SliceOfNDistinct(text, 0, 4, rapid.ID[string]).Draw(t, "names") {
			if name != "" {
				e.Metadata = append(e.Metadata, ledger.Attribute{Name: name, Value: text.Draw(t, "value")})
			}
		}
		slices.SortFunc(e.Metadata, func(a, b ledger.Attribute) int { return strings.Compare(a.Name, b.Name) })
		ids := rapid.SliceOfNDistinct(path, 2, 4, rapid.ID[string]).Draw(t, "paths")
		for _, code := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"JPY", "INR", "KWD", "CLF"}), 1, 2, rapid.ID[string]).Draw(t, "currencies") {
			c := money.MustCurrency(code)
			for range rapid.IntRange(1, 3).Draw(t, "pairs") {
				amount := money.Minor(rapid.Int64Range(1, 1_000_000_000_000_000_000).Draw(t, "amount"))
				to := rapid.IntRange(1, len(ids)-1).Draw(t, "to")
				e.Postings = append(e.Postings, ledger.Dr(ids[to], amount, c), ledger.Cr(ids[0], amount, c))
			}
		}
		return e
	})
	return rapid.Custom(func(t *rapid.T) []ledger.Entry {
		out := rapid.SliceOfN(entry, 0, 8).Draw(t, "entries")
		for i := range out {
			out[i].Key = fmt.Sprintf("%d/%s", i, text.Draw(t, "key"))
			if out[i].PartOf == out[i].Key {
				out[i].PartOf = ""
			}
		}
		return out
	})
}

// An export comes back as the entries it was made of, every field of them, and
// what came back is exported as the same text.
func TestExportComesBack(t *testing.T) {
	t.Parallel()
	for _, f := range formats() {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { comesBack(t, f, entries().Draw(t, "entries")) })
		})
	}
}

func comesBack(t rapid.TB, f plaintext.Format, want []ledger.Entry) {
	t.Helper()
	first, ok := write(t, f, cannedOf(t, wideChart(t), want), wideChart(t))
	if !ok {
		return
	}
	j, err := openText(context.Background(), f, first)
	if err != nil {
		t.Fatalf("%v\n%s", err, first)
	}
	got := entriesOf(t, j)
	for i := range got {
		kept := ledger.Attribute{Name: "imported:booked_at", Value: instantOf(i).Format("2006-01-02T15:04:05.000000Z")}
		if !slices.Contains(got[i].Metadata, kept) {
			t.Errorf("entry %d does not keep when it was booked: %v", i, got[i].Metadata)
		}
		if !slices.IsSortedFunc(got[i].Metadata, func(a, b ledger.Attribute) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("entry %d has its metadata in no order: %v", i, got[i].Metadata)
		}
	}
	got = withoutKept(got)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("entries (-ledger +read back):\n%s\nfrom:\n%s", diff, first)
	}
	if second, _ := write(t, f, cannedOf(t, j.Chart(), got), j.Chart()); second != first {
		t.Errorf("text (-first +second):\n%s", cmp.Diff(first, second))
	}
	if len(want) > 0 && (!j.Summary.Own || j.Summary.Entries != uint64(len(want)) || len(j.Summary.Passed) > 0 || j.Summary.Assertions != j.Summary.Accounts) {
		t.Errorf("summary %+v", j.Summary)
	}
}
