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
	root, err := ledger.Root(t.Context(), store.snapshot(), 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "verification", &ledger.Verification{Entries: 4, Blocks: 3, Accounts: 3, Lanes: []ledger.VerifiedLane{{Head: store.snapshot().head, Root: root}}}, v)
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
		{"a block's lane", change(2, false, func(b *ledger.Block) { b.Lane = 1 }), "block 3 (items 4 to 4)", "want lane 0, which item 4 is in, have lane 1"},
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
		}), `item 4 (posted "s2")`, "account does not allow this"},
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
		{"an account's limit", account(available, func(a *ledger.Account) { a.Limited = false }), "account merchants/m1/available INR", "limits floor 0 of seq 1, have "},
		{"an account's floor", account(available, func(a *ledger.Account) { a.Floor = money.Minor(-1) }), "account merchants/m1/available INR", "limits floor 0 of seq 1, have "},
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

// acted gives a memory with one block for each of: a sale, a hold that expires,
// a part captured, a hold that was released, a part taken back, new limits, a
// closed period, and a key that was burnt.
func acted(t testing.TB) (*memory, *ledger.Ledger) {
	t.Helper()
	store := newMemory()
	books, err := ledger.New(store, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	accept(t, books, sale("s", 10000), expiring("h", 3000, time.Hour), part("c", "h", 1000), payoutHold("h2", 500), ledger.Release{Key: "r", Hold: "h2"},
		takePart("b", "s", 100), bound("l", available, ledger.Limits{Limited: true, Velocity: []ledger.Velocity{velocity(ledger.Day, ledger.Out, ledger.Sum, 10000)}}),
		transfer("p", "payout", available, bank, 50), shut("close", "2026-02-28"))
	refuse(t, books, transfer("x", "payout", available, bank, 99999), ledger.ErrInsufficientFunds)
	return store, books
}

// item changes the only item of a block and seals the log again, as who rewrites
// history would.
func item(block int, fn func(*ledger.Booked)) func(*snapshot) {
	return change(block, true, func(b *ledger.Block) {
		entry(b, 0, func(e *ledger.Booked) {
			if e.Terms != nil {
				terms := *e.Terms
				e.Terms = &terms
			}
			fn(e)
		})
	})
}

// Damage of what the other acts have left is found too.
func TestVerifyFindsInActs(t *testing.T) {
	t.Parallel()
	record := func(r ledger.Record) func(*snapshot) { return func(s *snapshot) { s.records[r.Ref()] = r } }
	gone := func(kind, id string) func(*snapshot) {
		return func(s *snapshot) { delete(s.records, ledger.Ref{Kind: kind, ID: id}) }
	}
	hold := func(fn func(*ledger.HoldState)) func(*snapshot) {
		return func(s *snapshot) {
			ref := ledger.Ref{Kind: ledger.HoldRecord, ID: "h"}
			h := *s.records[ref].(*ledger.HoldState) //nolint:errcheck // acted has it
			h.Legs = slices.Clone(h.Legs)
			fn(&h)
			s.records[ref] = &h
		}
	}
	expiry := (&ledger.Expiry{Hold: "h", Expires: noon().Add(time.Hour)}).Ref()
	amounts := func(minor int64) func(*ledger.Booked) {
		return func(e *ledger.Booked) {
			for i := range e.Postings {
				e.Postings[i].Amount = money.Minor(minor)
			}
		}
	}
	tests := []struct {
		name   string
		damage func(*snapshot)
		place  string
		want   string
	}{
		{"a hold's status", hold(func(h *ledger.HoldState) { h.Status = ledger.HoldReleased }), "record ledger_hold/h", `"Status":1`},
		{"a hold's captured part", hold(func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(999) }), "record ledger_hold/h", "1000"},
		{"a hold gone", gone(ledger.HoldRecord, "h"), "record ledger_hold/h", "have no such record"},
		{"a hold too many", record(&ledger.HoldState{Key: "h3"}), "record ledger_hold/h3", "want no such record"},
		{"an expiry gone", gone(ledger.ExpiryRecord, expiry.ID), "record " + expiry.String(), "have no such record"},
		{"what was taken back", record(&ledger.TakenBack{Of: "s"}), "record ledger_reversal/s", `"Account":"merchants/m1/available"`},
		{"what was taken back gone", gone(ledger.ReversalRecord, "s"), "record ledger_reversal/s", "have no such record"},
		{"what is held", account(available, func(a *ledger.Account) { a.HeldDebits = money.Minor(1) }), "account merchants/m1/available INR", "held 2000 and 0 in 1 holds"},
		{"the number of holds", account(available, func(a *ledger.Account) { a.Holds = 2 }), "account merchants/m1/available INR", "in 1 holds, seq 8"},
		{"a status", account(available, func(a *ledger.Account) { a.Status = ledger.Frozen }), "account merchants/m1/available INR", "liability open"},
		{"metadata", account(available, func(a *ledger.Account) { a.Metadata = attributes(1) }), "account merchants/m1/available INR", "metadata [{n000 v}]"},
		{"a counter", account(available, func(a *ledger.Account) { a.Counters = []ledger.Counter{{Since: 7}} }), "account merchants/m1/available INR", "counted [{7 ["},
		{"since when it counts", account(available, func(a *ledger.Account) { a.Counters = []ledger.Counter{{Since: 6, Slots: a.Counters[0].Slots}} }),
			"account merchants/m1/available INR", "counted [{7 ["},
		{"a velocity limit", account(available, func(a *ledger.Account) {
			a.Velocity = []ledger.Velocity{velocity(ledger.Day, ledger.Out, ledger.Sum, 10001)}
		}), "account merchants/m1/available INR", "24h out sum at most 10000"},
		{"who set the limits", account(available, func(a *ledger.Account) { a.LimitsSeq = 1 }), "account merchants/m1/available INR", "of seq 7"},
		{"the closed period", func(s *snapshot) { s.head.Closed = date("2026-01-31") }, "head", "want lane 0 seq 10 at 2026-03-02T12:00:00.000009Z, 2 accounts, 10 blocks, closed through 2026-02-28"},

		{"a hold's amount, rewritten", item(1, amounts(2999)), "account bank INR", "held 0 and 1999 in 1 holds"},
		{"a capture of more than is held", item(2, amounts(3001)), `item 3 (captured "c")`, "3001 "},
		{"a capture of no hold", item(2, func(e *ledger.Booked) { e.Of = "nobody's" }), `item 3 (captured "c")`, `hold "nobody's" is not open`},
		{"a capture on the other side", item(2, func(e *ledger.Booked) {
			e.Postings[0].Side, e.Postings[1].Side = e.Postings[1].Side, e.Postings[0].Side
		}),
			`item 3 (captured "c")`, "held"},
		{"a capture of an account that is not in the hold", item(2, func(e *ledger.Booked) { e.Postings[0].Account = pending }), `item 3 (captured "c")`, pending},
		{"a release of another hold", item(4, func(e *ledger.Booked) { e.Of = "h" }), "account bank INR", "held 0 and 500 in 1 holds"},
		{"a release of what is not held", item(3, func(e *ledger.Booked) { e.Act, e.Key = ledger.Posted, "h2" }), `item 5 (released "r")`, `hold "h2" is not open`},
		{"a change of an account that is not there", item(6, func(e *ledger.Booked) {
			changed := *e.Change
			changed.Path = pending
			e.Change = &changed
		}), `item 7 (changed "l")`, "account merchants/m1/pending INR was never opened"},
		{"a value date that was closed", item(9, func(e *ledger.Booked) {
			*e = *full()
			e.Lane, e.Seq, e.At = 0, 10, noon().Add(time.Minute)
			e.ValueDate = date("2026-02-28")
		}),
			`item 10 (posted "order-1/paid")`, "want a value date after 2026-02-28, which was closed, have 2026-02-28"},
		{"a reversal of more than was booked", item(5, func(e *ledger.Booked) {
			amounts(10001)(e)
			e.Breached = true
		}),
			`item 6 (reversed "b")`, "want no more than is left of the entry, have 10001 taken back on merchants/m1/available INR, booked were 10000"},
		{"a reversal of nothing", item(5, func(e *ledger.Booked) { e.Of = "nobody's" }), `item 6 (reversed "b")`, `want an entry before it that it may take back, have "nobody's"`},
		{"a reversal of a room's entry", item(0, func(e *ledger.Booked) { e.Owner = "payment" }), `item 6 (reversed "b")`, `have "s"`},
		{"an act that is none", item(8, func(e *ledger.Booked) { e.Act = 99 }), `item 9 (act(99) "close")`, "act(99) cannot be booked"},
		{"an unmarked breach of a velocity limit", item(7, amounts(10001)), `item 8 (posted "p")`, "want breaching a limit: true, have marked false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, books := acted(t)
			if v, err := books.Verify(t.Context()); err != nil || v.Err() != nil {
				t.Fatalf("before: %v, %v", err, v.Err())
			}
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
		})
	}
}

// A rewritten history that fits itself is found by what a checkpoint kept of
// it, and so is one whose end is missing.
func TestVerifyAgainstCheckpoints(t *testing.T) {
	t.Parallel()
	store, books := written(t)
	var kept []ledger.TreeHead
	for n := range uint64(4) {
		root, err := ledger.Root(t.Context(), store.snapshot(), 0, n)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, ledger.TreeHead{Blocks: n, Root: root})
	}
	reference := func(block int) func(*snapshot) {
		return change(block, true, func(b *ledger.Block) { entry(b, 0, func(e *ledger.Booked) { e.Reference = "x" }) })
	}
	rolledBack := func(s *snapshot) { // to the second block, with everything beside it
		s.blocks = s.blocks[:2]
		s.seal()
		s.head.Seq, s.head.Blocks, s.head.At = 3, 2, s.blocks[1].Items[0].At
		for path, totals := range map[string][2]int64{bank: {10000, 10000}, available: {10300, 10000}} {
			account(path, func(a *ledger.Account) {
				a.Seq, a.Debits, a.Credits = 3, money.Minor(totals[0]), money.Minor(totals[1])
			})(s)
		}
	}
	tests := []struct {
		name   string
		damage func(*snapshot)
		kept   []ledger.TreeHead
		want   []string // places
	}{
		{"sound", nil, kept, nil},
		{"nothing is kept", reference(2), nil, nil},
		{"the last block rewritten", reference(2), kept, []string{"checkpoint over 3 blocks"}},
		{"the first block rewritten", reference(0), kept, []string{"checkpoint over 1 blocks", "checkpoint over 2 blocks", "checkpoint over 3 blocks"}},
		{"rewritten behind the checkpoint", reference(2), kept[:3], nil},
		{"the end gone", rolledBack, kept, []string{"journal"}},
		{"the end gone, behind the checkpoint", rolledBack, kept[:3], nil},
		{"another ledger", nil, []ledger.TreeHead{{Blocks: 3, Root: kept[2].Root}}, []string{"checkpoint over 3 blocks"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, books := written(t)
			store.damage = test.damage
			v, err := books.Verify(t.Context(), test.kept...)
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, f := range v.Findings {
				places = append(places, f.Place)
			}
			wantDiff(t, "findings", test.want, places)
		})
	}
	store.damage = rolledBack
	v, err := books.Verify(t.Context(), kept...)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, v.Err(), "stored data is corrupt: journal: want at least the 3 blocks of a checkpoint, have 2 blocks: its end is missing")
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
		"records":  func(s *snapshot) { s.recordErr = context.DeadlineExceeded },
		"hashes":   func(s *snapshot) { s.hashErr = context.DeadlineExceeded },
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
