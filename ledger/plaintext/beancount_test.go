package plaintext_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
)

func TestBeancountAgrees(t *testing.T) {
	t.Parallel()
	check, query := peer(t, "bean-check", "beancount"), peer(t, "bean-query", "beancount")
	for name, books := range ledgers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := export(t, plaintext.Beancount, books)
			file := save(t, "books.beancount", text)
			if stdout, stderr, err := check("--no-cache", file); err != nil || stdout+stderr != "" {
				t.Fatalf("bean-check: %v\n%s%s", err, stdout, stderr)
			}
			stdout, stderr, err := query("--format=csv", file, "SELECT account, currency, str(sum(number)) GROUP BY account, currency")
			if err != nil || stderr != "" {
				t.Fatalf("bean-query: %v\n%s", err, stderr)
			}
			got := figures{}
			for _, row := range rows(t, stdout) {
				_, path, err := plaintext.ParseAccountName(plaintext.Beancount, strings.TrimSpace(row[0]))
				if err != nil {
					t.Fatal(err)
				}
				got.put(t, path, strings.TrimSpace(row[1]), decimal(t, row[2]))
			}
			if diff := cmp.Diff(ours(t, books), got); diff != "" {
				t.Errorf("balances (-ours +beancount's):\n%s", diff)
			}
		})
	}
}

// decimal cuts a number out of "Decimal('1.50')". Numbers as such bean-query
// would round to the decimals most currencies of the column have, and beyond a
// billion it breaks off.
func decimal(t *testing.T, cell string) string {
	t.Helper()
	head, rest, _ := strings.Cut(strings.TrimSpace(cell), "('")
	figure, tail, _ := strings.Cut(rest, "')")
	if head != "Decimal" || tail != "" {
		t.Fatalf("%q is no number", cell)
	}
	return figure
}

// TestBeancountReadsEverything has beancount parse the file, and finds every
// field of every entry in what it read. Its CSV shows an empty value as it
// shows none.
func TestBeancountReadsEverything(t *testing.T) {
	t.Parallel()
	query := peer(t, "bean-query", "beancount")
	books := random(t, 9, 400)
	text, _ := export(t, plaintext.Beancount, books)

	fields := []string{"key", "kind", "reference", "part_of", "owner", "lane", "seq", "booked_at", "breached"}
	for _, name := range hostileTexts() {
		fields = append(fields, "meta-"+plaintext.EscapeName(name))
	}
	columns := []string{"date", "narration", "account", "currency", "str(number)"}
	for _, field := range fields {
		columns = append(columns, "entry_meta('"+field+"')")
	}
	stdout, stderr, err := query("--format=csv", save(t, "books.beancount", text), "SELECT "+strings.Join(columns, ", "))
	if err != nil || stderr != "" {
		t.Fatalf("bean-query: %v\n%s", err, stderr)
	}
	var got []ledger.Booked
	place := make(map[uint64]int)
	for _, row := range rows(t, stdout) {
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		b := ledger.Booked{Entry: ledger.Entry{ValueDate: calendar.MustDate(row[0])}}
		for i, field := range fields {
			if value := row[5+i]; value != "" {
				takeField(t, &b, field, value)
			}
		}
		if want := plaintext.EscapeText(plaintext.Beancount, b.Kind); row[1] != want {
			t.Errorf("narration %q, want %q", row[1], want)
		}
		at, known := place[b.Seq]
		if !known {
			at = len(got)
			place[b.Seq], got = at, append(got, b)
		}
		got[at].Postings = append(got[at].Postings, posting(t, plaintext.Beancount, row[2], row[3], decimal(t, row[4])))
	}
	compareEntries(t, books, got, true)
}
