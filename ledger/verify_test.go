package ledger_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// written gives a memory with three blocks: one of two entries, one with a
// breach, and one more.
func written(t testing.TB) (*memory, *ledger.Ledger) {
	t.Helper()
	store := newMemory()
	books, err := ledger.New(store, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, books, sale("s1", 10000), transfer("f1", "fee", available, sales, 300))
	mustPost(t, books, transfer("r1", "refund", available, bank, 10000))
	mustPost(t, books, sale("s2", 500))
	return store, books
}

func TestVerify(t *testing.T) {
	t.Parallel()
	store, books := written(t)
	v, err := books.Verify(t.Context())
	if err != nil || v.Err() != nil {
		t.Fatalf("%v, %v", err, v.Err())
	}
	root, err := ledger.Root(t.Context(), store.snapshot(), 3)
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "verification", &ledger.Verification{Entries: 4, Blocks: 3, Accounts: 3, Head: store.snapshot().head, Root: root}, v)
}

// change gives a snapshot whose block i is a changed copy. Its hashes stay as
// they are, unless reseal says to make them all anew.
func change(i int, reseal bool, fn func(*ledger.Block)) func(*snapshot) {
	return func(s *snapshot) {
		b := *s.blocks[i]
		b.Items = slices.Clone(b.Items)
		fn(&b)
		s.blocks[i] = &b
		if reseal {
			s.seal()
		}
	}
}

// entry changes a copy of entry j of a block.
func entry(b *ledger.Block, j int, fn func(*ledger.Booked)) {
	e := *b.Items[j]
	e.Postings = slices.Clone(e.Postings)
	fn(&e)
	b.Items[j] = &e
}

func account(path string, fn func(*ledger.Account)) func(*snapshot) {
	return func(s *snapshot) {
		id := ledger.AccountID{Path: path, Currency: inr()}
		a := s.accounts[id]
		fn(&a)
		s.accounts[id] = a
	}
}

// Every kind of damage is found and its place named first.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	amount := func(e *ledger.Booked) {
		for i := range e.Postings {
			e.Postings[i].Amount = money.Minor(501)
		}
	}
	tests := []struct {
		name   string
		damage func(*snapshot)
		place  string // of the first finding
		want   string // part of it
	}{
		{"an entry's amount", change(2, false, func(b *ledger.Block) { entry(b, 0, amount) }), "block 3 (items 4 to 4)", "log hash 3: "},
		{"an entry's amount, sealed again", change(2, true, func(b *ledger.Block) { entry(b, 0, amount) }), "account bank INR", "debits 10501 "},
		{"an entry's reference", change(0, false, func(b *ledger.Block) { entry(b, 1, func(e *ledger.Booked) { e.Reference = "x" }) }), "block 1 (items 1 to 2)", "log hash 0: "},
		{"a hash", func(s *snapshot) { s.hashes[1][0] ^= 1 }, "block 2 (items 3 to 3)", "log hash 1: "},
		{"a hash above others", func(s *snapshot) { s.hashes[2][0] ^= 1 }, "block 2 (items 3 to 3)", "log hash 2: "},
		{"hashes gone", func(s *snapshot) { s.hashes = s.hashes[:3] }, "block 3 (items 4 to 4)", "no hash 3"},
		{"a block's lane", change(2, false, func(b *ledger.Block) { b.Lane = 1 }), "head", "want lane 1 "},
		{"the first block gone", func(s *snapshot) { s.blocks = s.blocks[1:] }, "block 1 (items 3 to 3)", "log hash 0: "},
		{"the first block gone, sealed again", func(s *snapshot) { s.blocks = s.blocks[1:]; s.seal() }, `item 3 (posted "r1")`, "sequence 1"},
		{"a block gone in the middle", func(s *snapshot) { s.blocks = slices.Delete(s.blocks, 1, 2) }, "block 2 (items 4 to 4)", "log hash 1: "},
		{"the last block gone", func(s *snapshot) { s.blocks = s.blocks[:2] }, "head", "want lane 0 seq 3 "},
		{"entries exchanged", change(0, true, func(b *ledger.Block) { b.Items[0], b.Items[1] = b.Items[1], b.Items[0] }), `item 2 (posted "f1")`, "sequence 1"},
		{"an entry unbalanced", change(2, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) { e.Postings[0].Amount = money.Minor(1) })
		}), `item 4 (posted "s2")`, "entry does not balance: INR debits 0.01, credits 5.00"},
		{"time going back", change(2, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) { e.At = noon().Add(-time.Hour) })
		}), `item 4 (posted "s2")`, "booked at or after 2026-03-02T12:00:00.000001Z"},
		{"an account outside the chart", change(2, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) { e.Postings[0].Account = "nowhere" })
		}), `item 4 (posted "s2")`, "account nowhere INR was never opened"},
		{"a breach that was none", change(2, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) { e.Breached = true })
		}), `item 4 (posted "s2")`, "want breaching a limit: false, have marked true"},
		{"a breach that is not marked", change(1, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) { e.Breached = false })
		}), `item 3 (posted "r1")`, "want breaching a limit: true, have marked false"},
		{"sums beyond range", change(2, true, func(b *ledger.Block) {
			entry(b, 0, func(e *ledger.Booked) {
				for i := range e.Postings {
					e.Postings[i].Amount = limit(t)
				}
			})
		}), `item 4 (posted "s2")`, "bank INR: amount overflow"},
		{"a balance", account(available, func(a *ledger.Account) { a.Debits = money.Minor(10301) }),
			"account merchants/m1/available INR", "debits 10300 credits 10500 held 0 and 0 in 0 holds, seq 4, "},
		{"an account's number", account(bank, func(a *ledger.Account) { a.No = 7 }), "account bank INR", "want no 1 "},
		{"an account's type", account(bank, func(a *ledger.Account) { a.Type = ledger.Expense }), "account bank INR", "want no 1 asset "},
		{"an account's limit", account(available, func(a *ledger.Account) { a.Limited = false }), "account merchants/m1/available INR", "limits {Limited:true Floor:0 "},
		{"an account's floor", account(available, func(a *ledger.Account) { a.Floor = money.Minor(-1) }), "account merchants/m1/available INR", "limits {Limited:true Floor:0 "},
		{"an account's opening", account(bank, func(a *ledger.Account) { a.Opened = noon().Add(1) }), "account bank INR", "opened 2026-03-02T12:00:00Z"},
		{"an account's sequence", account(bank, func(a *ledger.Account) { a.Seq = 3 }), "account bank INR", "0 holds, seq 3, limits"},
		{"an account gone", func(s *snapshot) { delete(s.accounts, ledger.AccountID{Path: bank, Currency: inr()}) }, "account bank INR", "have no such account"},
		{"an account too many", func(s *snapshot) {
			id := ledger.AccountID{Path: bank, Currency: pkr()}
			s.accounts[id] = ledger.Account{AccountID: id}
		}, "account bank PKR", "want no such account"},
		{"the head's sequence", func(s *snapshot) { s.head.Seq = 5 }, "head", "want lane 0 seq 4 "},
		{"the head's blocks", func(s *snapshot) { s.head.Blocks = 4 }, "head", "have lane 0 seq 4 at 2026-03-02T12:00:00.000002Z, 3 accounts, 4 blocks"},
		{"the head's period", func(s *snapshot) { s.head.Closed = date("2026-01-31") }, "head", "closed through 2026-01-31"},
		{"the head's instant", func(s *snapshot) { s.head.At = s.head.At.AddDate(200, 0, 0) }, "head", "have lane 0 seq 4 at 2226-"},
		{"the head's lane", func(s *snapshot) { s.head.Lane = 3 }, "head", "have lane 3 "},
		{"the head's accounts", func(s *snapshot) { s.head.Accounts = 2 }, "head", "3 accounts"},
		{"an unreadable head", func(s *snapshot) { s.headErr = ledger.ErrCorrupt }, "head", "want a readable head"},
		{"an unreadable block", func(s *snapshot) { s.blocks, s.blockErr = s.blocks[:2], ledger.ErrCorrupt }, "block after item 3", "want a readable block"},
		{"an unreadable account", func(s *snapshot) { s.accountErr = ledger.ErrCorrupt }, "accounts", "want a readable account"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, books := written(t)
			store.damage = test.damage
			v, err := books.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Findings) == 0 {
				t.Fatal("nothing was found")
			}
			if f := v.Findings[0]; f.Place != test.place || !strings.Contains(f.String(), test.want) {
				t.Errorf("first finding is %q, want one at %q with %q", f, test.place, test.want)
			}
			if !errors.Is(v.Err(), ledger.ErrCorrupt) {
				t.Errorf("error is %v, want ErrCorrupt", v.Err())
			}
		})
	}
}

// What cannot be read hides what depends on it, and nothing that is right is
// called wrong for it.
func TestVerifyAccusesNobodyWrongly(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*snapshot){
		"head":  func(s *snapshot) { s.headErr = ledger.ErrCorrupt },
		"block": func(s *snapshot) { s.blocks, s.blockErr = s.blocks[:1], ledger.ErrCorrupt },
		"account": func(s *snapshot) {
			s.accountErr = ledger.ErrCorrupt
			delete(s.accounts, ledger.AccountID{Path: sales, Currency: inr()})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, books := written(t)
			store.damage = damage
			v, err := books.Verify(t.Context())
			if err != nil || len(v.Findings) != 1 {
				t.Errorf("findings are %v, %v; want one", v.Findings, err)
			}
		})
	}
}

// A snapshot that cannot be read for other reasons is no finding.
func TestVerifyFails(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*snapshot){
		"head":     func(s *snapshot) { s.headErr = context.DeadlineExceeded },
		"blocks":   func(s *snapshot) { s.blockErr = context.DeadlineExceeded },
		"accounts": func(s *snapshot) { s.accountErr = context.DeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, books := written(t)
			store.damage = damage
			v, err := books.Verify(t.Context())
			if v != nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("verification is %v, %v", v, err)
			}
		})
	}
}

func TestVerificationErr(t *testing.T) {
	t.Parallel()
	one := ledger.Finding{Place: "head", Want: "seq 1", Have: "seq 2"}
	for name, test := range map[string]struct {
		findings []ledger.Finding
		want     string
	}{
		"none":  {nil, "no error"},
		"one":   {[]ledger.Finding{one}, "stored data is corrupt: head: want seq 1, have seq 2"},
		"three": {[]ledger.Finding{one, one, one}, "stored data is corrupt: head: want seq 1, have seq 2, and 2 more findings"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantText(t, (&ledger.Verification{Findings: test.findings}).Err(), test.want)
		})
	}
}
