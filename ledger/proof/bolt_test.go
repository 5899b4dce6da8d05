package proof_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
)

// story books at least one item of every act, in several blocks.
func story(t *testing.T) *ledger.Ledger {
	t.Helper()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	now := noon()
	books := anystore.On(t, anystore.Open(t), ledger.Config{Chart: chart, Clock: func() time.Time { return now }})
	const merchant = "merchants/m1/available"
	legs := func(debit, credit string, minor int64) []ledger.Posting {
		return []ledger.Posting{ledger.Dr(debit, money.Minor(minor), inr()), ledger.Cr(credit, money.Minor(minor), inr())}
	}
	do := func(want error, requests ...ledger.Request) {
		t.Helper()
		outcomes, err := books.Execute(t.Context(), ledger.Independent, requests...)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if !errors.Is(o.Err, want) {
				t.Fatalf("got %v, want %v", o.Err, want)
			}
		}
	}
	do(nil,
		ledger.Entry{Key: "sale-1", Kind: "sale", Postings: legs("bank", merchant, 100_00), Metadata: []ledger.Attribute{{Name: "payer", Value: "<&>\u2028"}}},
		ledger.Entry{Key: "sale-2", Kind: "sale", Postings: legs("bank", merchant, 50_00), ValueDate: calendar.MustDate("2026-02-27")},
	)
	do(nil, ledger.Hold{Key: "hold-1", Kind: "payout", Postings: legs(merchant, "bank", 30_00), Expires: now.Add(time.Hour)})
	do(nil, ledger.Hold{Key: "hold-2", Kind: "payout", Postings: legs(merchant, "bank", 10_00), Expires: now.Add(time.Hour)})
	do(nil, ledger.Capture{Key: "capture-1", Hold: "hold-1", Kind: "payout", Postings: legs(merchant, "bank", 20_00)})
	do(nil, ledger.Release{Key: "release-1", Hold: "hold-1"})
	do(ledger.ErrInsufficientFunds, ledger.Entry{Key: "refused-1", Kind: "payout", Postings: legs(merchant, "bank", 999_00)})
	do(nil, ledger.Reversal{Key: "reversal-1", Of: "sale-2", Kind: "mistake", All: true, ValueDate: calendar.MustDate("2026-03-02")})
	do(nil, ledger.AccountChange{Key: "change-1", Account: merchant, Currency: inr(), Status: ledger.NoDebit})
	do(nil, ledger.PeriodChange{Key: "close-1", Through: calendar.MustDate("2026-02-28")})
	do(nil, ledger.PeriodChange{Key: "reopen-1", Through: calendar.MustDate("2026-01-31"), Reopen: true})
	now = now.Add(2 * time.Hour)
	if n, err := books.Expire(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("%d holds expired, %v", n, err)
	}
	return books
}

// Items of every act are provable, on a store. What proofs show of them must
// never change: an old proof would be refused.
func TestEveryActProvable(t *testing.T) {
	t.Parallel()
	books := story(t)
	ours := key(t, origin, 1)
	acts := make(map[ledger.Act]int)
	var shown []json.RawMessage
	err := books.Read(t.Context(), func(r ledger.Reader) error {
		checkpoint := signed(t, r, ours)
		for item, err := range r.Items(t.Context(), 0, 1) {
			if err != nil {
				return err
			}
			acts[item.Act]++
			data, err := proof.ProveInclusion(t.Context(), r, item.Seq, checkpoint)
			if err != nil {
				return err
			}
			var file struct {
				Item json.RawMessage `json:"item"`
			}
			if err := json.Unmarshal(data, &file); err != nil {
				return err
			}
			shown = append(shown, file.Item)
			fact, err := proof.CheckInclusion(data, known(t, ours))
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", item.Act, err, data)
			}
			opaque := cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateErrors(), cmp.AllowUnexported(calendar.Date{})}
			if diff := cmp.Diff(item, fact.Item, opaque); diff != "" {
				t.Errorf("%s (-want +got):\n%s", item.Act, diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	golden, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, "acts.json", append(golden, '\n'))
	for act := ledger.Posted; act <= ledger.Refused; act++ {
		if acts[act] == 0 {
			t.Errorf("nothing was %s", act)
		}
	}
}

// A kept checkpoint holds Verify to the journal it was signed for.
func TestVerifyKept(t *testing.T) {
	t.Parallel()
	books := story(t)
	ours := key(t, origin, 1)
	var older, newer proof.Checkpoint
	take := func(into *proof.Checkpoint) {
		t.Helper()
		err := books.Read(t.Context(), func(r ledger.Reader) (err error) {
			*into, err = proof.Open(signed(t, r, ours), known(t, ours))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	take(&older)
	_, err := books.Post(t.Context(), ledger.Entry{Key: "sale-3", Kind: "sale", Postings: []ledger.Posting{
		ledger.Dr("bank", money.Minor(1), inr()), ledger.Cr("merchants/m1/available", money.Minor(1), inr()),
	}})
	if err != nil {
		t.Fatal(err)
	}
	take(&newer)
	v, err := books.Verify(t.Context(), older.TreeHead(), newer.TreeHead())
	if err != nil || v.Err() != nil || newer.Blocks != older.Blocks+1 {
		t.Errorf("%v, %v, from %d to %d blocks", err, v.Err(), older.Blocks, newer.Blocks)
	}
	older.Root, newer.Blocks = newer.Root, newer.Blocks+1
	v, err = books.Verify(t.Context(), older.TreeHead(), newer.TreeHead())
	if err != nil || len(v.Findings) != 2 {
		t.Errorf("%v, %v", err, v.Findings)
	}
}
