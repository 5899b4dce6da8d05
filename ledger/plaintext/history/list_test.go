package history_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
)

// everything is a ledger that has every field the list names.
func everything(t *testing.T) *ledger.Ledger {
	t.Helper()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank/{account}", Type: ledger.Asset},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true, MayBreach: []string{"refund"}},
		ledger.Pattern{
			Path: "income/{source}", Type: ledger.Income, Capped: true, Ceiling: money.Minor(1_000_000),
			Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Sum, Max: money.Minor(1_000_000)}},
		},
		ledger.Pattern{Path: "capital", Type: ledger.Equity}, ledger.Pattern{Path: "costs", Type: ledger.Expense},
	)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	books := anystore.On(t, anystore.Open(t), ledger.Config{Chart: chart, Clock: func() time.Time { now = now.Add(time.Hour); return now }})
	inr, on := money.MustCurrency("INR"), calendar.MustDate
	pair := func(dr, cr string, n int64) []ledger.Posting {
		return []ledger.Posting{ledger.Dr(dr, money.Minor(n), inr), ledger.Cr(cr, money.Minor(n), inr)}
	}
	outcomes, err := books.Execute(t.Context(), ledger.Independent,
		ledger.AccountChange{Key: "name", Account: "bank/main", Currency: inr, Metadata: []ledger.Attribute{{Name: "iban", Value: "DE00"}}},
		ledger.Entry{
			Key: "e1", Kind: "deposit", Reference: "order 17", ValueDate: on("2026-02-27"), Owner: "payments",
			Metadata: []ledger.Attribute{{Name: "region", Value: "IN"}}, Postings: pair("bank/main", "merchants/m_1/available", 1000),
		},
		ledger.Hold{Key: "h", Kind: "auth", Postings: pair("bank/other", "capital", 500)},
		ledger.Capture{Key: "c", Hold: "h", Kind: "capture", ValueDate: on("2026-02-28"), Postings: pair("bank/other", "capital", 300)},
		ledger.Entry{Key: "e2", Kind: "refund", PartOf: "e1", ValueDate: on("2026-02-26"), Postings: pair("merchants/m_1/available", "bank/main", 5000)},
		ledger.Entry{Key: "e3", Kind: "fee", ValueDate: on("2026-03-01"), Postings: pair("costs", "income/fees", 7)},
		ledger.Reversal{Key: "r", Of: "e3", Kind: "mistake", ValueDate: on("2026-03-01"), All: true},
		ledger.Entry{Key: "refused", Kind: "fee", Postings: pair("merchants/m_1/available", "bank/main", 1)},
		ledger.Hold{Key: "h2", Kind: "auth", Postings: pair("bank/third", "capital", 1)},
		ledger.PeriodChange{Key: "p", Through: on("2026-02-28")},
		ledger.Entry{Key: "e4", Kind: "late", ValueDate: on("2026-02-10"), OrFirstOpen: true, Postings: pair("bank/main", "capital", 9)},
		ledger.AccountChange{Key: "freeze", Account: "bank/other", Currency: inr, Status: ledger.Frozen},
	)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if (o.Err != nil) != (i == 7) {
			t.Fatalf("request %d: %v", i, o.Err)
		}
	}
	return books
}

// snapshot is what can be read of a ledger.
type snapshot struct {
	books    *ledger.Ledger
	head     ledger.Head
	root     ledger.Hash
	items    []ledger.Booked
	entries  []ledger.Booked
	accounts []ledger.Account
}

func snapshotOf(t *testing.T, books *ledger.Ledger) *snapshot {
	t.Helper()
	s := &snapshot{books: books}
	err := books.Read(t.Context(), func(r ledger.Reader) (err error) {
		if s.head, err = ledger.Together(t.Context(), r); err != nil {
			return err
		}
		if s.root, err = ledger.Root(t.Context(), r, 0, s.head.Blocks); err != nil {
			return err
		}
		for item, err := range r.Items(t.Context(), 0, 1) {
			if err != nil {
				return err
			}
			if s.items = append(s.items, *item); item.IsEntry() {
				s.entries = append(s.entries, *item)
			}
		}
		for a, err := range r.Accounts(t.Context(), "") {
			if err != nil {
				return err
			}
			s.accounts = append(s.accounts, a)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// each gives one text of every entry, by its key.
func each(of func(*ledger.Booked) string) func(*testing.T, *snapshot) any {
	return func(_ *testing.T, s *snapshot) any {
		out := make(map[string]string)
		for i := range s.entries {
			out[s.entries[i].Key] = of(&s.entries[i])
		}
		return out
	}
}

// eachAccount does the same for accounts that entries have touched.
func eachAccount(of func(*ledger.Account) any) func(*testing.T, *snapshot) any {
	return func(_ *testing.T, s *snapshot) any {
		out := make(map[string]any)
		for i := range s.accounts {
			if a := &s.accounts[i]; !a.Debits.IsZero() || !a.Credits.IsZero() {
				out[a.String()] = of(a)
			}
		}
		return out
	}
}

func inMetadata(name string) func(*ledger.Booked) string {
	return func(b *ledger.Booked) string {
		for _, a := range b.Metadata {
			if a.Name == name {
				return a.Value
			}
		}
		return ""
	}
}

func instantText(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

// probe reads a field of the old ledger and of the new one.
type probe struct {
	was, is func(*testing.T, *snapshot) any
}

// probes has one for each row of the list.
func probes() map[string]probe {
	same := func(of func(*testing.T, *snapshot) any) probe { return probe{of, of} }
	terms := func(b *ledger.Booked) ledger.Terms {
		if b.Terms == nil {
			return ledger.Terms{}
		}
		return *b.Terms
	}
	act := func(b *ledger.Booked) string {
		if b.Act == ledger.Posted {
			return ""
		}
		return b.Act.String()
	}
	of := func(b *ledger.Booked) string { return terms(b).Of }
	asked := func(b *ledger.Booked) string { return terms(b).Asked.String() }
	breached := func(b *ledger.Booked) string {
		if b.Breached {
			return "TRUE"
		}
		return ""
	}
	at := func(b *ledger.Booked) string { return instantText(b.At) }
	kept := func(of func(*ledger.Booked) string, name string) probe {
		return probe{each(of), each(inMetadata(name))}
	}
	acts := func(wanted ...ledger.Act) func(*testing.T, *snapshot) any {
		return func(_ *testing.T, s *snapshot) any {
			var out []string
			for _, item := range s.items {
				if slices.Contains(wanted, item.Act) {
					out = append(out, item.Act.String()+" "+item.Key)
				}
			}
			return out
		}
	}
	return map[string]probe{
		"key":        same(each(func(b *ledger.Booked) string { return b.Key })),
		"kind":       same(each(func(b *ledger.Booked) string { return b.Kind })),
		"reference":  same(each(func(b *ledger.Booked) string { return b.Reference })),
		"value date": same(each(func(b *ledger.Booked) string { return b.ValueDate.String() })),
		"part of":    same(each(func(b *ledger.Booked) string { return b.PartOf })),
		"owner":      same(each(func(b *ledger.Booked) string { return b.Owner })),
		"metadata, but for what is added to it": same(each(func(b *ledger.Booked) string {
			var out []string
			for _, a := range b.Metadata {
				if !strings.HasPrefix(a.Name, "imported:") {
					out = append(out, a.Name+"="+a.Value)
				}
			}
			return strings.Join(out, " ")
		})),
		"order of entries": same(func(_ *testing.T, s *snapshot) any {
			var out []string
			for _, e := range s.entries {
				out = append(out, e.Key)
			}
			return out
		}),
		"order of postings": same(each(func(b *ledger.Booked) string {
			var out []string
			for _, p := range b.Postings {
				out = append(out, p.Account)
			}
			return strings.Join(out, " ")
		})),
		"side, amount and currency of postings": same(each(func(b *ledger.Booked) string {
			var out []string
			for _, p := range b.Postings {
				out = append(out, p.Side.String(), p.Amount.String(), p.Currency.String())
			}
			return strings.Join(out, " ")
		})),
		"account paths":   same(eachAccount(func(a *ledger.Account) any { return a.Path })),
		"account types":   same(eachAccount(func(a *ledger.Account) any { return a.Type.String() })),
		"posted balances": same(eachAccount(func(a *ledger.Account) any { return a.Debits.String() + " " + a.Credits.String() })),
		"balances by value date": same(func(t *testing.T, s *snapshot) any {
			t.Helper()
			var out []string
			for day := calendar.MustDate("2026-02-25"); day.Before(calendar.MustDate("2026-03-03")); day = day.AddDays(1) {
				net, err := s.books.BalanceOn(t.Context(), "bank/main", money.MustCurrency("INR"), day)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, net.String())
			}
			return out
		}),
		"booking instant, as metadata imported:booked_at":        kept(at, "imported:booked_at"),
		"captured or reversed, as metadata imported:act":         kept(act, "imported:act"),
		"what was captured or reversed, as metadata imported:of": kept(of, "imported:of"),
		"closed date asked for, as metadata imported:asked":      kept(asked, "imported:asked"),
		"limit breached, as metadata imported:breached":          kept(breached, "imported:breached"),
		"booking instant":               same(each(at)),
		"captured or reversed":          same(each(act)),
		"what was captured or reversed": same(each(of)),
		"closed date asked for":         same(each(asked)),
		"limit breached":                same(each(breached)),
		"balances by booking instant": same(func(t *testing.T, s *snapshot) any {
			t.Helper()
			net, err := s.books.BalanceAt(t.Context(), "bank/main", money.MustCurrency("INR"), time.Date(2026, time.March, 20, 0, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			return net.String()
		}),
		"sequence": same(func(_ *testing.T, s *snapshot) any {
			var out []uint64
			for _, e := range s.entries {
				out = append(out, e.Seq)
			}
			return out
		}),
		"open holds": same(func(t *testing.T, s *snapshot) any {
			t.Helper()
			_, open, err := s.books.HoldState(t.Context(), "h2")
			if err != nil {
				t.Fatal(err)
			}
			return open
		}),
		"refused keys":       same(acts(ledger.Refused)),
		"closed periods":     same(func(_ *testing.T, s *snapshot) any { return s.head.Closed.String() }),
		"limits of accounts": same(eachAccount(func(a *ledger.Account) any { return []any{a.Limited, a.Capped, a.Ceiling.String()} })),
		"velocity limits":    same(eachAccount(func(a *ledger.Account) any { return len(a.Velocity) })),
		"account status":     same(eachAccount(func(a *ledger.Account) any { return a.Status.String() })),
		"account metadata":   same(eachAccount(func(a *ledger.Account) any { return len(a.Metadata) })),
		"accounts that only a hold or a change opened": same(func(_ *testing.T, s *snapshot) any { return len(s.accounts) }),
		"Merkle root": same(func(_ *testing.T, s *snapshot) any { return s.root.String() }),
	}
}

// listed reads the table of the document: what is said of a field in the column
// of a format.
func listed(t *testing.T) map[string]map[plaintext.Format]string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/IMPORT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n| field | hledger | beancount |\n|---|---|---|\n")
	if !found {
		t.Fatal("the document has no table of fields")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	out := make(map[string]map[plaintext.Format]string)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 {
			t.Fatalf("%q has %d cells", line, len(cells))
		}
		out[strings.TrimSpace(cells[0])] = map[plaintext.Format]string{
			plaintext.HLedger: strings.TrimSpace(cells[1]), plaintext.Beancount: strings.TrimSpace(cells[2]),
		}
	}
	return out
}

// TestTheList proves every cell of docs/IMPORT.md: what survives is the same in
// the new ledger, and what does not is not.
func TestTheList(t *testing.T) {
	t.Parallel()
	list := listed(t)
	for name := range probes() {
		if list[name] == nil {
			t.Errorf("docs/IMPORT.md does not list %q", name)
		}
	}
	old := everything(t)
	before := snapshotOf(t, old)
	for _, f := range formats() {
		j, err := openText(t.Context(), f, export(t, f, old))
		if err != nil {
			t.Fatal(err)
		}
		books := fresh(t, j)
		if _, err := j.Book(t.Context(), books, nil); err != nil {
			t.Fatal(err)
		}
		after := snapshotOf(t, books)
		for name, said := range list {
			p, ok := probes()[name]
			if !ok {
				t.Errorf("docs/IMPORT.md lists %q, and nothing proves it", name)
				continue
			}
			was, is := p.was(t, before), p.is(t, after)
			switch diff := cmp.Diff(was, is); {
			case empty(was):
				t.Errorf("%s, %s: the old ledger has none, so nothing is proven", f, name)
			case said[f] == "yes" && diff != "":
				t.Errorf("%s, %s is said to survive (-old +new):\n%s", f, name, diff)
			case said[f] == "no" && diff == "":
				t.Errorf("%s, %s is said to be lost, and is there: %v", f, name, is)
			case said[f] != "yes" && said[f] != "no":
				t.Errorf("%s, %s: %q is neither yes nor no", f, name, said[f])
			}
		}
	}
}

// empty tells that a probe found nothing in any entry.
func empty(found any) bool {
	switch found := found.(type) {
	case map[string]string:
		for _, text := range found {
			if text != "" {
				return false
			}
		}
		return true
	case []string:
		return len(found) == 0
	}
	return false
}

// A reversal that was imported is an entry like any other: what it reversed can
// be reversed in the new ledger.
func TestReversalsAreForgotten(t *testing.T) {
	t.Parallel()
	old := everything(t)
	reversal := ledger.Reversal{Key: "again", Of: "e3", Kind: "mistake", ValueDate: calendar.MustDate("2026-03-02"), All: true}
	if _, err := old.Reverse(t.Context(), reversal); !errors.Is(err, ledger.ErrReversed) {
		t.Fatalf("%v, want ErrReversed", err)
	}
	j, err := openText(t.Context(), plaintext.HLedger, export(t, plaintext.HLedger, old))
	if err != nil {
		t.Fatal(err)
	}
	books := fresh(t, j)
	if _, err := j.Book(t.Context(), books, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := books.Reverse(t.Context(), reversal); err != nil {
		t.Error(err)
	}
}
