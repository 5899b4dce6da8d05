package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// lines writes a statement as "key debit credit balance".
func lines(t testing.TB, books *ledger.Ledger, path string) (out []string) {
	t.Helper()
	for line, err := range books.Lines(t.Context(), path, inr(), ledger.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s %s", line.Entry.Key, inr().Format(line.Debit), inr().Format(line.Credit), inr().Format(line.Balance)))
	}
	return out
}

func TestStatement(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	split := sale("split", 300)
	split.Postings = append(split.Postings, ledger.Cr(available, money.Minor(50), inr()), ledger.Dr(drawer, money.Minor(50), inr()))
	mustPost(t, books, sale("s1", 10000), split, transfer("p1", "payout", available, bank, 350))
	mustPost(t, books, transfer("x", "sale", bank, pending, 7))
	mustPost(t, books, transfer("r1", "refund", available, bank, 20000))

	wantDiff(t, "a liability's statement", []string{
		"s1 0.00 100.00 100.00",
		"split 0.00 3.50 103.50",
		"p1 3.50 0.00 100.00",
		"r1 200.00 0.00 -100.00",
	}, lines(t, books, available))
	wantDiff(t, "an asset's statement", []string{
		"s1 100.00 0.00 100.00",
		"split 3.00 0.00 103.00",
		"p1 0.00 3.50 99.50",
		"x 0.07 0.00 99.57",
		"r1 0.00 200.00 -100.43",
	}, lines(t, books, bank))
	wantDiff(t, "nobody's statement", []string(nil), lines(t, books, other))
}

// A reader may stop, and a store's error is the last pair.
func TestStatementEnds(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("s1", 1), sale("s2", 1))
	seen := 0
	for _, err := range books.Lines(t.Context(), available, inr(), ledger.Span{}) {
		if err != nil {
			t.Error(err)
		}
		seen++
		break
	}
	if seen != 1 {
		t.Errorf("saw %d lines", seen)
	}

	store.damage = func(s *snapshot) { s.headErr = context.DeadlineExceeded }
	seen = 0
	for line, err := range books.Lines(t.Context(), available, inr(), ledger.Span{}) {
		seen++
		wantText(t, err, "statement of merchants/m1/available INR: context deadline exceeded")
		wantDiff(t, "line", ledger.Line{}, line)
	}
	if seen != 1 {
		t.Errorf("saw %d pairs after the error", seen)
	}
	store.damage = nil
}

func TestTrialBalance(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	empty, err := books.TrialBalance(t.Context())
	if err != nil || len(empty.Rows) != 0 || !empty.Balanced() {
		t.Errorf("empty books give %+v, %v", empty, err)
	}
	rupees := transfer("pk", "sale", bank, sales, 0)
	for i := range rupees.Postings {
		rupees.Postings[i].Amount, rupees.Postings[i].Currency = money.Minor(33), pkr()
	}
	mustPost(t, books, sale("s1", 10000), transfer("r1", "refund", available, bank, 10500), rupees)

	got, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range got.Rows {
		rows = append(rows, fmt.Sprintf("%s: %s %s", row.Account.AccountID, row.Debit, row.Credit))
	}
	wantDiff(t, "rows", []string{
		"bank INR: 0 500",
		"bank PKR: 33 0",
		"merchants/m1/available INR: 500 0",
		"sales PKR: 0 33",
	}, rows)
	wantDiff(t, "totals", map[money.Currency]ledger.TrialTotal{
		inr(): {Debit: money.Minor(500), Credit: money.Minor(500)},
		pkr(): {Debit: money.Minor(33), Credit: money.Minor(33)},
	}, got.Totals)
	if !got.Balanced() {
		t.Error("the books do not balance")
	}
}

func TestTrialBalanceOfBrokenBooks(t *testing.T) {
	t.Parallel()
	store := newMemory()
	store.now.accounts[ledger.AccountID{Path: bank, Currency: inr()}] = ledger.Account{
		AccountID: ledger.AccountID{Path: bank, Currency: inr()},
		Balance:   ledger.Balance{Debits: money.Minor(7), Credits: money.Minor(3)},
	}
	books, err := ledger.New(store, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	difference, err := got.Totals[inr()].Difference()
	if got.Balanced() || difference != money.Minor(4) || err != nil {
		t.Errorf("difference is %s, %v; balanced is %t", difference, err, got.Balanced())
	}
}

func TestSeqBefore(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 7, 64} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			books := open(t, store)
			for i := range n { // two entries an hour
				at := noon().Add(time.Duration(i/2) * time.Hour)
				w := book(sale(fmt.Sprint(i), 1))
				if i%2 == 1 {
					at = time.Time{} // a microsecond later
				}
				w.at = at
				if err := books.Do(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			instants := []time.Time{noon().Add(-time.Hour), noon().AddDate(1, 0, 0)}
			for _, e := range store.snapshot().items() {
				instants = append(instants, e.At.Add(-1), e.At, e.At.Add(1))
			}
			for _, at := range instants {
				want := uint64(0)
				for _, e := range store.snapshot().items() {
					if e.At.Before(at) {
						want = e.Seq
					}
				}
				if got, err := ledger.SeqBefore(t.Context(), store.snapshot(), at); got != want || err != nil {
					t.Errorf("before %s: %d, %v; want %d", at, got, err, want)
				}
			}
		})
	}
}

// A journal shorter than its head says is corrupt; the search must not go on
// for ever.
func TestSeqBeforeInCutJournal(t *testing.T) {
	t.Parallel()
	s := newMemory().snapshot()
	s.head.Seq = 3
	_, err := ledger.SeqBefore(t.Context(), s, noon())
	wantText(t, err, "stored data is corrupt: item 2 is not in the journal")
	if !errors.Is(err, ledger.ErrCorrupt) {
		t.Error("the error is not ErrCorrupt")
	}
	s.headErr = context.DeadlineExceeded
	if _, err := ledger.SeqBefore(t.Context(), s, noon()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
