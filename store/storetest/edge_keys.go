package storetest

import (
	"errors"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeBurntKey: frozen, the retry gets the same failure; malformed requests do
// not burn a key; in an atomic batch only the failing item's key freezes; in a
// joined host transaction a freeze lasts only if the host commits.
func edgeBurntKey(b *edgeBooks) {
	b.run("funds", func(b *edgeBooks) {
		b.does(edgeFund("f1", 100))
		payout := edgePay("k", edgeAvailable, edgeBank, 101)
		b.refuses(payout, edgeLackText("k", 100, 101), edgeLack("k", 100, 101))
		b.does(edgeFund("f2", 100)) // now there would be enough
		b.frozen(payout, edgeLackText("k", 100, 101), edgeLack("k", 100, 101))
		b.reopen()
		b.frozen(payout, edgeLackText("k", 100, 101), edgeLack("k", 100, 101))
		payout.Key = "another key"
		b.does(payout)
	})

	b.run("closed", func(b *edgeBooks) {
		status := func(key string, s ledger.Status) ledger.AccountChange {
			return ledger.AccountChange{Key: key, Account: edgePending, Currency: edgeINR(), Status: s}
		}
		b.does(status("close", ledger.AccountClosed))
		fails := ledger.Failure{Reason: ledger.ErrAccountStatus, Key: "k", Account: edgeID(edgePending), Of: "closed"}
		b.refuses(edgePay("k", edgeBank, edgePending, 1), `"k": account does not allow this: merchants/m1/pending INR is closed`, fails)
		b.does(status("open", ledger.Open))
		b.frozen(edgePay("k", edgeBank, edgePending, 1), `"k": account does not allow this: merchants/m1/pending INR is closed`, fails)

		b.does(ledger.PeriodChange{Key: "close February", Through: edgeDay("2026-02-28")})
		late := edgePay("late", edgeBank, edgePending, 1)
		late.ValueDate = edgeDay("2026-02-28")
		fails = ledger.Failure{Reason: ledger.ErrPeriodClosed, Key: "late", Date: edgeDay("2026-02-28"), Closed: edgeDay("2026-02-28")}
		b.refuses(late, `"late": period is closed: value date 2026-02-28, closed through 2026-02-28`, fails)
		b.does(ledger.PeriodChange{Key: "reopen", Reopen: true})
		b.frozen(late, `"late": period is closed: value date 2026-02-28, closed through 2026-02-28`, fails)
	})

	b.run("missing", func(b *edgeBooks) {
		b.does(edgeFund("fund", 100))
		capture := ledger.Capture{Key: "c", Hold: "h", Kind: "capture", All: true}
		release := ledger.Release{Key: "r", Hold: "h"}
		reversal := ledger.Reversal{Key: "v", Of: "e", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true}
		missing := func(key, of string) ledger.Failure {
			return ledger.Failure{Reason: ledger.ErrNotFound, Key: key, Of: of}
		}
		b.refuses(capture, `"c": not found: hold "h"`, missing("c", `hold "h"`))
		b.refuses(release, `"r": not found: hold "h"`, missing("r", `hold "h"`))
		b.refuses(reversal, `"v": not found: entry "e"`, missing("v", `entry "e"`))
		b.does(edgeHold("h", 1), edgeFund("e", 1))
		b.frozen(capture, `"c": not found: hold "h"`, missing("c", `hold "h"`))
		b.frozen(release, `"r": not found: hold "h"`, missing("r", `hold "h"`))
		b.frozen(reversal, `"v": not found: entry "e"`, missing("v", `entry "e"`))
	})

	b.run("malformed", func(b *edgeBooks) {
		b.rejects(edgePay("k", edgeBank, edgePending, 0), "entry \"k\": posting 0: amount INR 0.00 is not positive\n"+
			"posting 1: amount INR 0.00 is not positive", ledger.ErrInvalid)
		b.rejects(edgePay("k", edgeBank, "vault", 1), `entry "k": posting 1: account is not in the chart: vault`, ledger.ErrInvalid, ledger.ErrUnknownAccount)
		b.rejects(ledger.Capture{Key: "k", Hold: "h", Kind: "capture"}, `entry "k": names no postings; ask for all that is left explicitly`, ledger.ErrInvalid)
		b.rejects(ledger.Reversal{Key: "k", Of: "e", Kind: "reversal", All: true}, `entry "k": value date is missing`, ledger.ErrInvalid)
		b.rejects(ledger.AccountChange{Key: "k", Account: "vault", Currency: edgeINR(), Status: ledger.Frozen},
			`entry "k": account is not in the chart: vault`, ledger.ErrInvalid, ledger.ErrUnknownAccount)
		b.free("k")
		b.does(edgePay("k", edgeBank, edgePending, 1))
	})

	b.run("in an atomic batch", edgeBurntInBatch)
	b.run("in a host's transaction", edgeBurntInHost)
}

func edgeBurntInBatch(b *edgeBooks) {
	t := b.t
	first, fails, last := edgeFund("first", 100), edgePay("fails", edgeAvailable, edgeBank, 101), edgeFund("last", 100)
	outcomes, err := b.Execute(t.Context(), ledger.Atomic, first, fails, last)
	if err != nil {
		t.Fatal(err)
	}
	b.isFailure(outcomes[1].Err, edgeLackText("fails", 100, 101), edgeLack("fails", 100, 101))
	b.free("first", "last")
	if items := b.items(1); len(items) != 1 || items[0].Act != ledger.Refused || items[0].Key != "fails" {
		t.Errorf("the journal has %+v", items)
	}
	b.does(last, first)
	b.frozen(fails, edgeLackText("fails", 100, 101), edgeLack("fails", 100, 101))

	before := b.seen() // a burnt key spoils the next batch too, and freezes nothing more
	outcomes, err = b.Execute(t.Context(), ledger.Atomic, edgeFund("new", 1), fails)
	if err != nil {
		t.Fatal(err)
	}
	frozen := edgeLack("fails", 100, 101)
	frozen.Frozen = true
	b.isFailure(outcomes[1].Err, edgeLackText("fails", 100, 101), frozen)
	edgeWantError(t, outcomes[0].Err, "not applied because of item 1: "+edgeLackText("fails", 100, 101), ledger.ErrNotApplied)
	b.unchanged("a batch with a burnt key", before)
}

func edgeBurntInHost(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 100))
	payout := edgePay("k", edgeAvailable, edgeBank, 101)
	changeOfMind := errors.New("the host changed its mind")
	host := func(end error, key string) error {
		return b.Write(t.Context(), func(tx ledger.Tx) error {
			outcomes, err := b.ExecuteTx(t.Context(), tx, ledger.Atomic, payout)
			if err != nil {
				return err
			}
			b.isFailure(outcomes[0].Err, edgeLackText("k", 100, 101), edgeLack("k", 100, 101))
			again, err := b.ExecuteTx(t.Context(), tx, ledger.Atomic, payout) // within the transaction it is burnt
			if err != nil {
				return err
			}
			frozen := edgeLack("k", 100, 101)
			frozen.Frozen = true
			b.isFailure(again[0].Err, edgeLackText("k", 100, 101), frozen)
			if _, err := b.PostTx(t.Context(), tx, edgePay(key, edgeBank, edgePending, 7)); err != nil { // and the transaction usable
				return err
			}
			return end
		})
	}
	before := b.seen()
	if err := host(changeOfMind, "rolled back"); !errors.Is(err, changeOfMind) {
		t.Errorf("the rollback gives %v", err)
	}
	b.unchanged("a rolled back transaction", before)
	b.free("k", "rolled back")

	if err := host(nil, "committed"); err != nil {
		t.Fatal(err)
	}
	b.does(edgeFund("fund 2", 100))
	b.frozen(payout, edgeLackText("k", 100, 101), edgeLack("k", 100, 101))
	b.stands(edgePending, "0.07, 0.00 held, 0.07 available")
	if items := b.items(2); len(items) != 3 || items[0].Act != ledger.Refused || items[1].Key != "committed" {
		t.Errorf("the journal goes on with %+v", items)
	}
}

// edgeBusinessKey: taken only by an entry that was posted; a queued payout that
// once lacked funds can be tried again.
func edgeBusinessKey(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund 1", 100))
	payout := &room{requests: []ledger.Request{edgePay("payout/p1/paid", edgeAvailable, edgeBank, 150)}}
	for range 2 {
		before := b.seen()
		b.isFailure(b.Do(t.Context(), payout), edgeLackText("payout/p1/paid", 100, 150), edgeLack("payout/p1/paid", 100, 150))
		b.unchanged("a refused command", before)
		b.free("payout/p1/paid")
	}

	b.does(edgeFund("fund 2", 100))
	if err := b.Do(t.Context(), payout); err != nil || payout.outcomes[0].Replayed {
		t.Fatalf("tried again: %+v, %v", payout.outcomes, err)
	}
	first := payout.outcomes[0]
	before := b.seen()
	if err := b.Do(t.Context(), payout); err != nil || !payout.outcomes[0].Replayed || payout.outcomes[0].Seq != first.Seq {
		t.Errorf("tried once more: %+v, %v", payout.outcomes, err)
	}
	b.unchanged("a replayed command", before)
	b.stands(edgeAvailable, "0.50, 0.00 held, 0.50 available")

	before = b.seen() // a step that fails takes the steps before it back
	steps := &room{requests: []ledger.Request{
		edgePay("payout/p2/fee", edgeAvailable, edgeSales, 50), edgeHold("payout/p2/hold", 1),
	}}
	b.isFailure(b.Do(t.Context(), steps), edgeLackText("payout/p2/hold", 0, 1), edgeLack("payout/p2/hold", 0, 1))
	b.unchanged("a command refused at its second step", before)
	b.free("payout/p2/fee", "payout/p2/hold")

	errs, err := b.DoAll(t.Context(), steps, &room{requests: []ledger.Request{edgeFund("fund 3", 1)}}, steps)
	if err != nil || !errors.Is(errs[0], ledger.ErrInsufficientFunds) || errs[1] != nil || errs[2] != nil {
		t.Errorf("refused, funded, tried again in one group: %v, %v", errs, err)
	}
	b.stands(edgeAvailable, "0.01, 0.01 held, 0.00 available")
}

// edgeRetention: for ever (they are part of the journal).
func edgeRetention(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 10000))
	hold := edgeHold("hold", 3000)
	hold.Expires = b.clock.after(time.Hour)
	entry := edgePay("entry", edgeAvailable, edgePending, 100)
	requests := []ledger.Request{
		entry, hold,
		ledger.Capture{Key: "capture", Hold: "hold", Kind: "payout", Postings: []ledger.Posting{edgeDr(edgeAvailable, 1000), edgeCr(edgeBank, 1000)}},
		edgeHold("hold 2", 5), ledger.Release{Key: "release", Hold: "hold 2"},
		ledger.Reversal{Key: "reversal", Of: "entry", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true},
		ledger.AccountChange{Key: "change", Account: edgePending, Currency: edgeINR(), Metadata: []ledger.Attribute{{Name: "a", Value: "1"}}},
		ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28")},
	}
	first := make([]ledger.Result, len(requests))
	for i, r := range requests {
		first[i] = b.does(r)
	}
	burnt := edgePay("burnt", edgeAvailable, edgeBank, 7001)
	b.refuses(burnt, edgeLackText("burnt", 7000, 7001), edgeLack("burnt", 7000, 7001))

	for _, later := range []time.Duration{0, 24 * time.Hour, 20 * 365 * 24 * time.Hour} {
		b.clock.pass(later)
		b.reopen()
		b.does(edgeFund("fund after "+later.String(), 10000))
		for i, r := range requests {
			b.replays(r, first[i])
		}
		b.frozen(burnt, edgeLackText("burnt", 7000, 7001), edgeLack("burnt", 7000, 7001))
		other := entry
		other.Postings = []ledger.Posting{edgeDr(edgeAvailable, 101), edgeCr(edgePending, 101)}
		b.conflicts(other, first[0].Seq, "posting 0", "debit merchants/m1/available INR 1.00", "debit merchants/m1/available INR 1.01")
		if n, err := b.Expire(t.Context(), 10); err != nil || n > 1 {
			t.Fatalf("expired %d, %v", n, err)
		}
	}
	b.holdIs("hold", "expired 20.00 20.00")
	if item, ok, err := b.Entry(t.Context(), "burnt"); !ok || err != nil || item.Act != ledger.Refused || item.Refusal.Failure.Has != money.Minor(7000) {
		t.Errorf("who took the burnt key: %+v, %t, %v", item, ok, err)
	}
}
