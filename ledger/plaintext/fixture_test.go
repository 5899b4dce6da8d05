package plaintext_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
)

// formats are all formats.
func formats() []plaintext.Format {
	return []plaintext.Format{plaintext.HLedger, plaintext.Beancount}
}

// chart has all five types, accounts below accounts of the same type and of
// another, and a limit that refunds may breach.
func chart(t testing.TB) *ledger.Chart {
	t.Helper()
	c, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "bank/{account}", Type: ledger.Asset},
		ledger.Pattern{Path: "bank/{account}/{part}", Type: ledger.Asset},
		ledger.Pattern{Path: "bank-fees", Type: ledger.Expense},
		ledger.Pattern{Path: "capital/{owner}", Type: ledger.Equity},
		ledger.Pattern{Path: "income/{source}", Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{m}", Type: ledger.Liability},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
		ledger.Pattern{Path: "merchants/{m}/costs", Type: ledger.Expense},
		ledger.Pattern{Path: "tax/{code}", Type: ledger.Liability},
		ledger.Pattern{Path: "{x}/{y}", Type: ledger.Asset},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// booked gives a ledger with the entries, on a clock that stands still.
func booked(t testing.TB, c *ledger.Chart, entries ...ledger.Entry) *ledger.Ledger {
	t.Helper()
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	books := anystore.On(t, anystore.Open(t), ledger.Config{Chart: c, Clock: func() time.Time { return noon }})
	for part := range slices.Chunk(entries, 100) {
		if _, err := books.Post(t.Context(), part...); err != nil {
			t.Fatal(err)
		}
	}
	return books
}

// export writes a ledger to memory.
func export(t testing.TB, f plaintext.Format, books *ledger.Ledger) (string, plaintext.Summary) {
	t.Helper()
	var out bytes.Buffer
	var summary plaintext.Summary
	err := books.Read(t.Context(), func(r ledger.Reader) (err error) {
		summary, err = plaintext.Write(t.Context(), &out, f, r, books.Chart())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), summary
}

// journalOf reads a ledger back: its entries and its accounts.
func journalOf(t testing.TB, books *ledger.Ledger) (entries []ledger.Booked, accounts []ledger.Account) {
	t.Helper()
	err := books.Read(t.Context(), func(r ledger.Reader) error {
		for e, err := range ledger.Entries(t.Context(), r) {
			if err != nil {
				return err
			}
			entries = append(entries, *e)
		}
		for a, err := range r.Accounts(t.Context(), "") {
			if err != nil {
				return err
			}
			accounts = append(accounts, a)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries, accounts
}

// canned is a Reader of what it is made of.
type canned struct {
	ledger.Reader // panics for everything else
	accounts      []ledger.Account
	entries       iter.Seq2[*ledger.Booked, error]
	head          ledger.Head
	headErr       error
	accountsErr   error
}

func (c *canned) Heads(context.Context) ([]ledger.Head, error) {
	return []ledger.Head{c.head}, c.headErr
}

func (c *canned) Accounts(context.Context, string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for _, a := range c.accounts {
			if !yield(a, nil) {
				return
			}
		}
		if c.accountsErr != nil {
			yield(ledger.Account{}, c.accountsErr)
		}
	}
}

func (c *canned) Items(context.Context, uint16, uint64) iter.Seq2[*ledger.Booked, error] {
	return c.entries
}

// hostileTexts are what people and programs have been seen to put into free
// text, and what they could put to be taken for something else.
func hostileTexts() []string {
	return []string{
		"plain", "two words", "a  b", " ", " led", "trailed ", "100%", "%41", "%", "a,b", "a;b", "; key:x", `"quoted"`, `back\slash\`, `\"`, `\n`,
		"line\nbreak", "cr\r\nlf", "tab\there", "\n2026-01-01 * forged\n    bank  1.00 INR\n", "nul\x00", "\x1b[31m", "del\x7f",
		"(code)", "* flag", "! flag", "= 5", "~ monthly", "|", "payee | note", "2026-01-01", "[2026-02-30]", "date:2026-02-30", "date2:1/1",
		"key:other", "seq:1, lane:2", "#tag", "^link", "@ 5 USD", "{cost}", "TRUE", "NULL", "0", "-", "--", "-2D", "ünïcödé", "বাংলা", "日本語",
		"\u202eright to left", "no\u00a0break", "\u2028separator", "\ufeffbom", "👩\u200d👧", "\ufffd", "<script>", "'; drop table", "$(id)", "`id`",
	}
}

// hostileSegments are account path segments of every awkward kind.
func hostileSegments() []string {
	return []string{
		"gst", "GST", "Gst", "gST", "g", "G", "x", "X", "xa", "Xa", "XA", "xA", "X47st", "x-2e", "0", "0x", "0X", "2026-01-01", "m_1", "m-1", "m.1", "m1",
		"_", "__", "-", "--", "---", "_-", "-_", "...", ".a", "a.", "a_", "a_X", "a_x", "a-X", "a--X5F", "a-X5F", "A-", "a_b_c", "a__b", "B2", "b2", "TRUE",
		"expense", "Assets", "0190b5e2-7e1c-7abc-8def-0123456789ab", "INR",
	}
}

// random books a few hundred entries drawn from a seed: four currencies with
// none, two and three decimals, value dates in no order, hostile texts and
// names, several postings on one account, several currencies in one entry.
func random(t testing.TB, seed uint64, n int) *ledger.Ledger {
	t.Helper()
	d := &draw{rand.New(rand.NewPCG(seed, 1))}
	entries := make([]ledger.Entry, 0, n)
	for i := range n {
		entries = append(entries, d.entry(i))
	}
	return booked(t, chart(t), entries...)
}

type draw struct{ *rand.Rand }

func pick[T any](d *draw, from []T) T { return from[d.IntN(len(from))] }

func (d *draw) path() string {
	m := "merchants/" + pick(d, []string{"m_1", "m_2", "m-3", "M4"})
	return pick(d, []string{
		"bank", "bank/main", "bank/main/float", "bank/main/reserve", "bank/main-2", "bank/main.old", "bank/Main", "bank/MAIN", "bank-fees",
		"capital/founder", "income/processing_fee", "tax/GST", "tax/gst", m, m + "/available", m + "/costs",
		pick(d, hostileSegments()) + "/" + pick(d, hostileSegments()),
	})
}

func (d *draw) entry(i int) ledger.Entry {
	e := ledger.Entry{
		Key: fmt.Sprintf("%04d/%s", i, pick(d, hostileTexts())), Kind: "refund", // which may breach the floor of what it draws on
		ValueDate: calendar.MustDate("2026-01-01").AddDays(d.IntN(60)),
	}
	if d.IntN(3) == 0 {
		e.Reference = pick(d, hostileTexts())
	}
	if d.IntN(3) == 0 {
		e.PartOf = pick(d, hostileTexts())
	}
	if d.IntN(3) == 0 {
		e.Owner = pick(d, []string{"payments", "a room", "100%"})
	}
	names := hostileTexts()
	d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:d.IntN(4)] {
		e.Metadata = append(e.Metadata, ledger.Attribute{Name: name, Value: pick(d, append(hostileTexts(), ""))})
	}
	codes := []string{"JPY", "INR", "PKR", "KWD"}
	d.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
	for _, code := range codes[:1+d.IntN(2)] {
		e.Postings = append(e.Postings, d.postings(money.MustCurrency(code))...)
	}
	return e
}

// postings balance: each credit takes one or two debits.
func (d *draw) postings(c money.Currency) []ledger.Posting {
	var out []ledger.Posting
	from, to := d.path(), d.path()
	for from == to {
		to = d.path()
	}
	for range 1 + d.IntN(3) {
		amount := money.Minor(1 + d.Int64N(pick(d, []int64{9, 1000, 1_000_000, 1_000_000_000_000_000_000})))
		out = append(out, ledger.Dr(to, amount, c), ledger.Cr(from, amount, c))
	}
	return out
}
