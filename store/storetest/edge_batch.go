package storetest

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeBatch: all-or-nothing or independent, the caller chooses; always one
// result per item; in an atomic batch the failing item carries its error and
// the rest say they were not applied because of it.
func edgeBatch(b *edgeBooks) {
	b.run("atomic", edgeAtomic)
	b.run("independent", edgeIndependent)
	b.run("guarded", edgeGuarded)
	b.run("neither", func(b *edgeBooks) {
		t := b.t
		before := b.seen()
		_, err := b.Execute(t.Context(), 0, edgeFund("k", 1))
		edgeWantError(t, err, "entry is invalid: a batch is atomic or independent, not unknown(0)", ledger.ErrInvalid)
		_, err = b.Execute(t.Context(), ledger.Atomic, edgeFund("k", 1), nil)
		edgeWantError(t, err, "item 1: entry is invalid: request is missing", ledger.ErrInvalid)
		if outcomes, err := b.Execute(t.Context(), ledger.Atomic); len(outcomes) != 0 || err != nil {
			t.Errorf("an empty batch: %v, %v", outcomes, err)
		}
		b.unchanged("what is no batch", before)
	})
}

// edgeLife is a batch in which each request builds on those before it.
func edgeLife() []ledger.Request {
	return []ledger.Request{
		edgeFund("fund", 100),
		edgeHold("hold", 80),
		edgePart("capture", "hold", edgeDr(edgeAvailable, 30), edgeCr(edgeBank, 30)),
		ledger.Release{Key: "release", Hold: "hold"},
		edgeBack("reversal", "capture"),
		edgeStatus("status", edgeAvailable, ledger.NoDebit),
		ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28")},
		edgeFund("fund", 100), // a replay within the batch
	}
}

func edgeAtomic(b *edgeBooks) {
	t := b.t
	before, life := b.seen(), edgeLife()
	malformed := edgePay("malformed", edgeBank, "vault", 1)
	conflict := edgeFund("fund", 101)
	refused := edgePay("refused", edgeAvailable, edgeBank, 1) // the account takes no debits by now
	for _, test := range []struct {
		last ledger.Request
		text string
		is   error
		kept bool
	}{
		{malformed, `entry "malformed": posting 1: account is not in the chart: vault`, ledger.ErrUnknownAccount, true},
		{conflict, `key "fund" was used for another entry (seq 1): posting 0 was "debit bank INR 1.00", is now "debit bank INR 1.01"`, ledger.ErrKeyConflict, true},
		{refused, `"refused": account does not allow this: merchants/m1/available INR is no_debit`, ledger.ErrAccountStatus, false},
	} {
		outcomes, err := b.Execute(t.Context(), ledger.Atomic, append(life[:len(life):len(life)], test.last, edgeFund("after", 1))...)
		if err != nil || len(outcomes) != len(life)+2 {
			t.Fatalf("%d outcomes, %v", len(outcomes), err)
		}
		for i := range outcomes {
			text, is := fmt.Sprintf("not applied because of item %d: %s", len(life), test.text), ledger.ErrNotApplied
			if i == len(life) {
				text, is = test.text, test.is
			}
			edgeWantError(t, outcomes[i].Err, text, is)
			if i != len(life) && errors.Is(outcomes[i].Err, test.is) {
				t.Errorf("item %d is taken for the one that failed: %v", i, outcomes[i].Err)
			}
			if outcomes[i].Seq != 0 {
				t.Errorf("item %d has a result: %+v", i, outcomes[i].Result)
			}
		}
		if test.kept {
			b.unchanged(test.text, before)
		}
	}
	if items := b.items(1); len(items) != 1 || items[0].Act != ledger.Refused || items[0].Key != "refused" {
		t.Errorf("the journal has %+v", items)
	}

	_, err := b.Post(t.Context(), edgeFund("p1", 1), malformed, edgeFund("p2", 1))
	var item *ledger.ItemError
	if !errors.As(err, &item) || item.Index != 1 || !errors.Is(err, ledger.ErrUnknownAccount) {
		t.Errorf("Post: %v", err)
	}
	b.free("p1", "p2", "fund", "hold", "after")
	b.allBooked(ledger.Atomic, life)
}

// allBooked runs a life's batch, and checks its results and what came of it.
func (b *edgeBooks) allBooked(mode ledger.Mode, life []ledger.Request) {
	b.t.Helper()
	seq := b.seq()
	outcomes, err := b.Execute(b.t.Context(), mode, life...)
	if err != nil || len(outcomes) != len(life) {
		b.t.Fatalf("%d outcomes, %v", len(outcomes), err)
	}
	for i, o := range outcomes[:len(life)-1] {
		if o.Err != nil || o.Replayed || o.Seq != seq+uint64(i)+1 || o.Key != edgeKeyOf(life[i]) {
			b.t.Errorf("item %d: %+v, %v", i, o.Result, o.Err)
		}
	}
	if last := outcomes[len(life)-1]; last.Err != nil || !last.Replayed || last.Seq != seq+1 {
		b.t.Errorf("the replay within the batch: %+v, %v", last.Result, last.Err)
	}
	b.stands(edgeAvailable, "1.00, 0.00 held, 1.00 available")
	b.holdIs("hold", "released 0.50 0.50")
	if through, err := b.ClosedThrough(b.t.Context()); err != nil || through != edgeDay("2026-02-28") {
		b.t.Errorf("closed through %s, %v", through, err)
	}
}

func edgeIndependent(b *edgeBooks) {
	t := b.t
	outcomes, err := b.Execute(t.Context(), ledger.Independent,
		edgePay("too early", edgeAvailable, edgeBank, 1),
		edgeFund("fund", 100),
		edgePay("malformed", edgeBank, "vault", 1),
		edgePay("pay", edgeAvailable, edgeBank, 70),
		edgePay("too much", edgeAvailable, edgeBank, 31),
		edgePay("too early", edgeAvailable, edgeBank, 1), // burnt by the first
		edgePay("pay", edgeAvailable, edgeBank, 70),
		edgePay("pay", edgeAvailable, edgeBank, 71),
		edgePay("rest", edgeAvailable, edgeBank, 30),
	)
	if err != nil || len(outcomes) != 9 {
		t.Fatalf("%d outcomes, %v", len(outcomes), err)
	}
	frozen := edgeLack("too early", 0, 1)
	frozen.Frozen = true
	b.isFailure(outcomes[0].Err, edgeLackText("too early", 0, 1), edgeLack("too early", 0, 1))
	edgeWantError(t, outcomes[2].Err, `entry "malformed": posting 1: account is not in the chart: vault`, ledger.ErrUnknownAccount)
	b.isFailure(outcomes[4].Err, edgeLackText("too much", 30, 31), edgeLack("too much", 30, 31))
	b.isFailure(outcomes[5].Err, edgeLackText("too early", 0, 1), frozen)
	edgeWantError(t, outcomes[7].Err, `key "pay" was used for another entry (seq 3): posting 0 was "debit merchants/m1/available INR 0.70", is now "debit merchants/m1/available INR 0.71"`, ledger.ErrKeyConflict)
	for i, seq := range map[int]uint64{1: 2, 3: 3, 6: 3, 8: 5} {
		if o := outcomes[i]; o.Err != nil || o.Seq != seq || o.Replayed != (i == 6) {
			t.Errorf("item %d: %+v, %v", i, o.Result, o.Err)
		}
	}
	b.free("malformed")
	b.stands(edgeAvailable, "0.00, 0.00 held, 0.00 available")
	if seq := b.seq(); seq != 5 {
		t.Errorf("the journal has %d items, want 3 entries and 2 burnt keys", seq)
	}
	whole := edgeOpen(b.t, b.h)
	whole.allBooked(ledger.Independent, edgeLife())
}

// edgeGuarded: an assertion guards a batch, and by itself it is an alarm.
func edgeGuarded(b *edgeBooks) {
	t := b.t
	stands := func(account string, minor int64) ledger.Assertion {
		return ledger.Assertion{Account: account, Currency: edgeINR(), Amount: money.Minor(minor)}
	}
	b.does(edgeFund("fund", 100), edgePay("fund 2", edgeBank, edgeOther, 50))
	before := b.seen()
	outcomes, err := b.Execute(t.Context(), ledger.Atomic, stands(edgeAvailable, 100), edgePay("pay", edgeAvailable, edgeBank, 30), stands(edgeAvailable, 71))
	if err != nil {
		t.Fatal(err)
	}
	wrong := ledger.Failure{Reason: ledger.ErrAssertion, Account: edgeID(edgeAvailable), Has: money.Minor(70), Bound: money.Minor(71)}
	text := "balance assertion failed: merchants/m1/available INR stands at 0.70, not at 0.71"
	b.isFailure(outcomes[2].Err, text, wrong)
	edgeWantError(t, outcomes[1].Err, "not applied because of item 2: "+text, ledger.ErrNotApplied)
	b.unchanged("a batch whose guard failed", before) // not even a burnt key
	b.free("pay")

	on := stands("merchants", -150)
	on.Subtree = true
	outcomes, err = b.Execute(t.Context(), ledger.Atomic, on, edgePay("pay", edgeAvailable, edgeOther, 30), on, stands(edgeAvailable, 70), stands(edgeOther, 80))
	if err != nil || ledger.Failed(outcomes) != nil {
		t.Errorf("a batch whose guards hold: %+v, %v", outcomes, err)
	}
	yesterday := stands(edgeAvailable, 70)
	yesterday.On = edgeDay("2026-03-01")
	before = b.seen()
	err = b.Assert(t.Context(), stands(edgeAvailable, 70), yesterday, stands(edgeOther, 80))
	edgeWantError(t, err, "item 1: balance assertion failed: merchants/m1/available INR stands at 0.00, not at 0.70, on 2026-03-01", ledger.ErrAssertion)
	b.unchanged("an alarm", before)
}
