package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeFaults is a store that loses the answers of commits.
type edgeFaults struct {
	ledger.Store
	before, after bool // the next write is lost before, or after, it really committed
	writes        int
}

var (
	errEdgeLost     = errors.New("connection lost")
	errEdgeReadOnly = errors.New("store is read-only")
	errEdgeUndone   = errors.New("undone")
)

func (f *edgeFaults) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	f.writes++
	before, after := f.before, f.after
	f.before, f.after = false, false
	err := f.Store.Write(ctx, func(tx ledger.Tx) error {
		if err := fn(tx); err != nil || !before {
			return err
		}
		return errEdgeUndone
	})
	if errors.Is(err, errEdgeUndone) || err == nil && after {
		return fmt.Errorf("%w: commit: %w", ledger.ErrIndefinite, errEdgeLost)
	}
	return err
}

// edgeUnknown: a typed indefinite error; we never retry a write that has no
// key.
func edgeUnknown(b *edgeBooks) {
	for _, after := range []bool{false, true} {
		name := map[bool]string{false: "lost before the commit", true: "lost after it"}[after]
		b.run(name, func(b *edgeBooks) { edgeSettle(b, after) })
		b.run(name+", no key", func(b *edgeBooks) { edgeSweepLost(b, after) })
	}
	b.run("no request is without a key", func(b *edgeBooks) {
		for _, r := range []ledger.Request{
			edgeFund("", 1), edgeHold("", 1), ledger.Capture{Hold: "h", Kind: "capture", All: true}, ledger.Release{Hold: "h"}, edgeBack("", "e"),
			edgeStatus("", edgeBank, ledger.Frozen), ledger.PeriodChange{Through: edgeDay("2026-02-28")},
		} {
			b.rejects(r, `entry "": key is missing`, ledger.ErrInvalid)
		}
	})
}

// edgeSettle asks again with the same key after every request of a life.
func edgeSettle(b *edgeBooks, after bool) {
	t := b.t
	faults := &edgeFaults{Store: b.store}
	lossy := b.on(faults)
	life := edgeLife()[:7:7]
	life = append(life, edgePay("refused", edgeAvailable, edgeBank, 101))
	for _, r := range life {
		seq := b.seq()
		faults.before, faults.after, faults.writes = !after, after, 0
		outcomes, err := lossy.Execute(t.Context(), ledger.Atomic, r)
		edgeWantIndefinite(t, err)
		if outcomes != nil || faults.writes != 1 {
			t.Errorf("%q: outcomes %v in %d writes; want none, and no retry of ours", edgeKeyOf(r), outcomes, faults.writes)
		}
		if happened := b.seq() > seq; happened != after {
			t.Errorf("%q happened: %t", edgeKeyOf(r), happened)
		}
		outcomes, err = lossy.Execute(t.Context(), ledger.Atomic, r)
		if err != nil || b.seq() != seq+1 {
			t.Fatalf("%q again: %v, journal from %d to %d", edgeKeyOf(r), err, seq, b.seq())
		}
		b.settled(r, outcomes[0], seq+1, after)
	}
	b.stands(edgeAvailable, "1.00, 0.00 held, 1.00 available")
	b.holdIs("hold", "released 0.50 0.50")

	faults.before, faults.after = !after, after // whoever shares the commit shares its outcome
	errs, err := lossy.DoAll(t.Context(), &room{requests: []ledger.Request{edgeFund("shared 1", 1)}}, &room{requests: []ledger.Request{edgeFund("shared 2", 1)}})
	if edgeWantIndefinite(t, err); errs != nil {
		t.Errorf("errors of the commands: %v", errs)
	}
	results, err := lossy.Post(t.Context(), edgeFund("shared 1", 1), edgeFund("shared 2", 1))
	if err != nil || results[0].Replayed != after || results[1].Replayed != after {
		t.Errorf("posted again: %+v, %v", results, err)
	}
	faults.before, faults.after = !after, after
	err = lossy.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := lossy.PostTx(t.Context(), tx, edgeFund("joined", 1))
		return err
	})
	edgeWantIndefinite(t, err)
	if results, err := lossy.Post(t.Context(), edgeFund("joined", 1)); err != nil || results[0].Replayed != after {
		t.Errorf("posted again: %+v, %v", results, err)
	}
}

// settled checks the outcome of a retry that settled an unknown one.
func (b *edgeBooks) settled(r ledger.Request, o ledger.Outcome, seq uint64, happened bool) {
	b.t.Helper()
	if edgeKeyOf(r) == "refused" {
		want := ledger.Failure{Reason: ledger.ErrAccountStatus, Key: "refused", Account: edgeID(edgeAvailable), Of: "no_debit", Frozen: happened}
		b.isFailure(o.Err, `"refused": account does not allow this: merchants/m1/available INR is no_debit`, want)
		return
	}
	if o.Err != nil || o.Seq != seq || o.Replayed != happened {
		b.t.Errorf("%q again: %+v, %v", edgeKeyOf(r), o.Result, o.Err)
	}
}

// edgeWantIndefinite: typed, with its cause, and nothing else.
func edgeWantIndefinite(t *testing.T, err error) {
	t.Helper()
	var failure *ledger.Failure
	if !errors.Is(err, ledger.ErrIndefinite) || !errors.Is(err, errEdgeLost) || errors.Is(err, ledger.ErrInvalid) || errors.As(err, &failure) {
		t.Errorf("error is %v, want ErrIndefinite and its cause", err)
	}
}

// edgeSweepLost: an expiry has no key. It is not tried again by itself, and the
// next sweep settles it.
func edgeSweepLost(b *edgeBooks, after bool) {
	t := b.t
	faults := &edgeFaults{Store: b.store}
	lossy := b.on(faults)
	hold := edgeHold("hold", 100)
	hold.Expires = noon().Add(time.Minute)
	b.does(edgeFund("fund", 100), hold)
	b.clock.pass(time.Minute)
	faults.before, faults.after, faults.writes = !after, after, 0
	n, err := lossy.Expire(t.Context(), 10)
	edgeWantIndefinite(t, err)
	if n != 0 || faults.writes != 1 {
		t.Errorf("%d expired in %d writes", n, faults.writes)
	}
	want := map[bool]int{false: 1, true: 0}[after]
	if n, err := lossy.Expire(t.Context(), 10); err != nil || n != want {
		t.Errorf("the next sweep expired %d, %v, want %d", n, err, want)
	}
	b.holdIs("hold", "expired 1.00 1.00")
	b.stands(edgeAvailable, "1.00, 0.00 held, 1.00 available")
}

// edgeBroken is a store whose first commit fails, and that takes no writes from
// then on.
type edgeBroken struct {
	ledger.Store
	failed bool
}

func (f *edgeBroken) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if f.failed {
		return errEdgeReadOnly
	}
	f.failed = true
	return (&edgeFaults{Store: f.Store, before: true}).Write(ctx, fn)
}

// edgeReadOnly: the outcome is indefinite; the store is read-only until it is
// reopened and verified. How a store comes to that is a test of its own; here
// the ledger must pass it on.
func edgeReadOnly(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 100))
	before := b.seen()
	broken := b.on(&edgeBroken{Store: b.store})
	_, err := broken.Post(t.Context(), edgeFund("k", 1))
	edgeWantIndefinite(t, err)
	for range 2 {
		_, err = broken.Post(t.Context(), edgeFund("k", 1))
		if !errors.Is(err, errEdgeReadOnly) || errors.Is(err, ledger.ErrIndefinite) {
			t.Errorf("error is %v, want the store's, which is definite", err)
		}
	}
	if a, ok, err := broken.Account(t.Context(), edgeAvailable, edgeINR()); !ok || err != nil || a.Credits != money.Minor(100) {
		t.Errorf("reading gives %+v, %t, %v", a, ok, err)
	}
	if v, err := broken.Verify(t.Context()); err != nil || v.Err() != nil {
		t.Errorf("verifying gives %v, %v", v, err)
	}
	b.unchanged("a store that is read-only", before)
	b.reopen()
	b.does(edgeFund("k", 1))
}
