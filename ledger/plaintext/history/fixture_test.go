package history_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/store/anystore"
)

var update = flag.Bool("update", false, "write golden files anew")

func formats() []plaintext.Format {
	return []plaintext.Format{plaintext.HLedger, plaintext.Beancount}
}

// files opens texts by their names.
func files(texts map[string]string) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		text, ok := texts[name]
		if !ok {
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

// openText opens a journal that is a text.
func openText(ctx context.Context, f plaintext.Format, text string) (*history.Journal, error) {
	return history.Open(ctx, "j", history.Options{Format: f, Open: files(map[string]string{"j": text})})
}

// entriesOf reads all entries of a journal.
func entriesOf(t rapid.TB, j *history.Journal) []ledger.Entry {
	t.Helper()
	var out []ledger.Entry
	for e, err := range j.Entries(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// fresh is an empty ledger for a journal.
func fresh(t testing.TB, j *history.Journal) *ledger.Ledger {
	t.Helper()
	return anystore.On(t, anystore.Open(t), ledger.Config{Chart: j.Chart()})
}

// withoutKept takes out what an import keeps as metadata.
func withoutKept(entries []ledger.Entry) []ledger.Entry {
	for i := range entries {
		entries[i].Metadata = slices.DeleteFunc(slices.Clone(entries[i].Metadata), func(a ledger.Attribute) bool {
			return strings.HasPrefix(a.Name, "imported:")
		})
		if len(entries[i].Metadata) == 0 {
			entries[i].Metadata = nil
		}
	}
	return entries
}

// canned is a Reader of entries, without a store.
type canned struct {
	ledger.Reader // panics for everything else
	accounts      []ledger.Account
	entries       []ledger.Booked
}

// instantOf is when the test's entries are booked.
func instantOf(i int) time.Time {
	return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Microsecond)
}

// cannedOf books entries, without any rule.
func cannedOf(t rapid.TB, c *ledger.Chart, entries []ledger.Entry) *canned {
	t.Helper()
	out := &canned{}
	accounts := make(map[ledger.AccountID]*ledger.Account)
	for i, e := range entries {
		out.entries = append(out.entries, ledger.Booked{Entry: e, Act: ledger.Posted, Seq: uint64(i) + 1, At: instantOf(i)})
		for _, p := range e.Postings {
			if accounts[p.ID()] == nil {
				pattern, ok := c.Match(p.Account)
				if !ok {
					t.Fatalf("account %s is not in the chart", p.Account)
				}
				accounts[p.ID()] = &ledger.Account{AccountID: p.ID(), Type: pattern.Type}
			}
			if err := accounts[p.ID()].Add(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, a := range accounts {
		out.accounts = append(out.accounts, *a)
	}
	slices.SortFunc(out.accounts, func(a, b ledger.Account) int { return a.AccountID.Compare(b.AccountID) })
	return out
}

func (c *canned) Heads(context.Context) ([]ledger.Head, error) {
	return []ledger.Head{{Seq: uint64(len(c.entries))}}, nil
}

func (c *canned) Accounts(context.Context, string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for _, a := range c.accounts {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (c *canned) Items(context.Context, uint16, uint64) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for i := range c.entries {
			if !yield(&c.entries[i], nil) {
				return
			}
		}
	}
}

// write exports; ok is false for a ledger beyond the format.
func write(t rapid.TB, f plaintext.Format, r ledger.Reader, c *ledger.Chart) (text string, ok bool) {
	t.Helper()
	var out bytes.Buffer
	_, err := plaintext.Write(context.Background(), &out, f, r, c)
	if errors.Is(err, plaintext.ErrBeyondFormat) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), true
}

// export writes a ledger.
func export(t testing.TB, f plaintext.Format, books *ledger.Ledger) string {
	t.Helper()
	var text string
	err := books.Read(t.Context(), func(r ledger.Reader) error {
		text, _ = write(t, f, r, books.Chart())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
