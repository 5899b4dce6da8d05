package plaintext_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

var errBroken = errors.New("broken")

// two is a sound ledger of one entry and two accounts, as a Reader.
func two(date string, amount money.Amount) *canned {
	inr := money.MustCurrency("INR")
	entry := &ledger.Booked{Act: ledger.Posted, Seq: 1, Entry: ledger.Entry{
		Key: "k", Kind: "sale", ValueDate: calendar.MustDate(date),
		Postings: []ledger.Posting{ledger.Dr("bank", amount, inr), ledger.Cr("income/sales", amount, inr)},
	}}
	return &canned{
		head: ledger.Head{Seq: 1},
		accounts: []ledger.Account{
			{AccountID: ledger.AccountID{Path: "bank", Currency: inr}, Type: ledger.Asset, Balance: ledger.Balance{Debits: amount}},
			{AccountID: ledger.AccountID{Path: "income/sales", Currency: inr}, Type: ledger.Income, Balance: ledger.Balance{Credits: amount}},
		},
		entries: entriesOf(nil, entry),
	}
}

// entriesOf yields entries, and then an error if there is one.
func entriesOf(err error, entries ...*ledger.Booked) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	huge, err := money.ParseMinor("1" + strings.Repeat("0", 28))
	if err != nil {
		t.Fatal(err)
	}
	most, err := money.ParseMinor(strings.Repeat("9", 38))
	if err != nil {
		t.Fatal(err)
	}
	one := money.Minor(1)
	tests := []struct {
		name   string
		f      plaintext.Format
		change func(*canned)
		date   string
		amount money.Amount
		want   error
		text   string
	}{
		{name: "unknown format", f: "ledger", want: plaintext.ErrUnknownFormat, text: `unknown format "ledger": there are "hledger" and "beancount"`},
		{
			name: "more digits than beancount keeps", f: plaintext.Beancount, amount: huge, want: plaintext.ErrBeyondFormat,
			text: "write journal for beancount: beyond what the format can hold: debits of INR 100000000000000000000000000.00 have 29 digits, beancount calculates with 28",
		},
		{
			name: "turnover beyond all figures", f: plaintext.Beancount, amount: most,
			change: func(c *canned) { c.accounts[1].Debits = one }, want: money.ErrOverflow,
		},
		{
			name: "no day after", f: plaintext.Beancount, date: "9999-12-31", want: plaintext.ErrBeyondFormat,
			text: "write journal for beancount: beyond what the format can hold: there is no day after the last value date 9999-12-31 to assert balances on",
		},
		{
			name: "head", f: plaintext.HLedger, change: func(c *canned) { c.headErr = errBroken }, want: errBroken,
			text: "write journal for hledger: read the journal's head: broken",
		},
		{
			name: "accounts", f: plaintext.HLedger, change: func(c *canned) { c.accountsErr = errBroken }, want: errBroken,
			text: "write journal for hledger: read accounts: broken",
		},
		{
			name: "entries", f: plaintext.HLedger, change: func(c *canned) { c.entries = entriesOf(errBroken) }, want: errBroken,
			text: "write journal for hledger: read the journal: broken",
		},
		{
			name: "journal cut short", f: plaintext.HLedger, change: func(c *canned) { c.head.Seq = 2 }, want: ledger.ErrCorrupt,
			text: "write journal for hledger: stored data is corrupt: the journal has 1 items, its head says 2",
		},
		{
			name: "turnover without entries", f: plaintext.HLedger, want: ledger.ErrCorrupt,
			change: func(c *canned) { c.head.Seq, c.entries = 0, entriesOf(nil) },
			text:   "write journal for hledger: stored data is corrupt: accounts have a turnover, the journal has no entries",
		},
		{
			name: "account not in the chart", f: plaintext.HLedger, change: func(c *canned) { c.accounts[0].Path = "cash" },
			want: ledger.ErrUnknownAccount, text: "write journal for hledger: account is not in the chart: cash",
		},
		{
			name: "account of another type", f: plaintext.HLedger, change: func(c *canned) { c.accounts[0].Type = ledger.Liability },
			want: ledger.ErrCorrupt, text: "write journal for hledger: stored data is corrupt: account bank INR is of type liability, the chart says asset",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.date == "" {
				test.date = "2026-02-01"
			}
			if test.amount.IsZero() {
				test.amount = one
			}
			reader := two(test.date, test.amount)
			if test.change != nil {
				test.change(reader)
			}
			var out bytes.Buffer
			_, err := plaintext.Write(t.Context(), &out, test.f, reader, chart(t))
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if test.text != "" && err.Error() != test.text {
				t.Errorf("got  %s\nwant %s", err, test.text)
			}
			if out.Len() > 0 {
				t.Errorf("%d bytes were written:\n%s", out.Len(), &out)
			}
		})
	}
}

// An entry on an account that the store does not list would go unnoticed until
// the program reads the file.
func TestWriteFindsUnlistedAccount(t *testing.T) {
	t.Parallel()
	reader := two("2026-02-01", money.Minor(1))
	for e, err := range reader.entries {
		if err != nil {
			t.Fatal(err)
		}
		e.Postings[0].Account = "cash"
	}
	_, err := plaintext.Write(t.Context(), io.Discard, plaintext.Beancount, reader, chart(t))
	if !errors.Is(err, ledger.ErrUnknownAccount) {
		t.Errorf("%v, want ErrUnknownAccount", err)
	}
}

// The last day a date can have is no obstacle for hledger, and the largest
// figures are none for it either.
func TestWriteHLedgerToItsEnds(t *testing.T) {
	t.Parallel()
	most, err := money.ParseMinor(strings.Repeat("9", 38))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := plaintext.Write(t.Context(), &out, plaintext.HLedger, two("9999-12-31", most), chart(t)); err != nil {
		t.Fatal(err)
	}
	hledger := peer(t, "hledger", "hledger")
	if stdout, stderr, err := hledger("check", "--strict", "-f", save(t, "books.journal", out.String())); err != nil {
		t.Errorf("%v\n%s%s", err, stdout, stderr)
	}
}

// The largest figures beancount calculates with, on the first and the last day
// it can assert.
func TestWriteBeancountToItsEnds(t *testing.T) {
	t.Parallel()
	most, err := money.ParseMinor(strings.Repeat("9", 28))
	if err != nil {
		t.Fatal(err)
	}
	check := peer(t, "bean-check", "beancount")
	for _, date := range []string{"0001-01-01", "9999-12-30"} {
		var out bytes.Buffer
		if _, err := plaintext.Write(t.Context(), &out, plaintext.Beancount, two(date, most), chart(t)); err != nil {
			t.Fatal(err)
		}
		if stdout, stderr, err := check("--no-cache", save(t, "books.beancount", out.String())); err != nil {
			t.Errorf("%s: %v\n%s%s", date, err, stdout, stderr)
		}
	}
}

// full takes so many bytes and no more.
type full int

func (f *full) Write(p []byte) (int, error) {
	if len(p) > int(*f) {
		return 0, errBroken
	}
	*f -= full(len(p))
	return len(p), nil
}

func TestWriteFailsWithItsWriter(t *testing.T) {
	t.Parallel()
	c, reader := chart(t), many(10_000)
	for _, f := range formats() {
		var total counter
		if _, err := plaintext.Write(t.Context(), &total, f, reader, c); err != nil {
			t.Fatal(err)
		}
		for _, size := range []counter{0, total / 2, total - 70_000, total - 1} {
			room := full(size)
			if _, err := plaintext.Write(t.Context(), &room, f, reader, c); !errors.Is(err, errBroken) {
				t.Errorf("%s: %v after %d of %d bytes, want that of the writer", f, err, size, total)
			}
		}
	}
}

func TestWriteStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plaintext.Write(ctx, io.Discard, plaintext.HLedger, two("2026-02-01", money.Minor(1)), chart(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}
