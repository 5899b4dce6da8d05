package storetest

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeClosedAccount: close needs zero balance and no holds unless forced; on a
// frozen or closed account only release and expiry work.
func edgeClosedAccount(b *edgeBooks) {
	b.run("close", edgeClose)
	for _, status := range []ledger.Status{ledger.Frozen, ledger.AccountClosed} {
		b.run(status.String(), func(b *edgeBooks) { edgeUnusable(b, status) })
	}
	b.run("no_debit", edgeNoDebit)
}

func edgeStatus(key, path string, status ledger.Status) ledger.AccountChange {
	return ledger.AccountChange{Key: key, Account: path, Currency: edgeINR(), Status: status}
}

func edgeClose(b *edgeBooks) {
	t := b.t
	notEmpty := func(key string, has, held int64) ledger.Failure {
		return ledger.Failure{Reason: ledger.ErrNotEmpty, Key: key, Account: edgeID(edgeAvailable), Has: money.Minor(has), Change: money.Minor(held)}
	}
	b.does(edgeFund("fund", 100), edgeHold("hold", 40))
	b.refuses(edgeStatus("k1", edgeAvailable, ledger.AccountClosed),
		`"k1": account is not empty: merchants/m1/available INR stands at 1.00 with 0.40 held in open holds`, notEmpty("k1", 100, 40))
	b.does(edgePay("out", edgeAvailable, edgeBank, 60))
	b.refuses(edgeStatus("k2", edgeAvailable, ledger.AccountClosed),
		`"k2": account is not empty: merchants/m1/available INR stands at 0.40 with 0.40 held in open holds`, notEmpty("k2", 40, 40))
	refund := edgePay("refund", edgeAvailable, edgeBank, 40)
	refund.Kind = "refund"
	b.does(refund) // zero, with a hold
	b.refuses(edgeStatus("k3", edgeAvailable, ledger.AccountClosed),
		`"k3": account is not empty: merchants/m1/available INR stands at 0.00 with 0.40 held in open holds`, notEmpty("k3", 0, 40))
	b.does(ledger.Release{Key: "release", Hold: "hold"})
	b.does(edgeStatus("k4", edgeAvailable, ledger.AccountClosed))

	force := edgeStatus("k5", edgeBank, ledger.AccountClosed)
	force.Force = true
	b.does(force)
	if a, _, err := b.Account(t.Context(), edgeBank, edgeINR()); err != nil || a.Status != ledger.AccountClosed {
		t.Errorf("closed by force: %s, %v", a.Status, err)
	}
	force.Key, force.Status = "k6", ledger.Frozen
	b.rejects(force, `entry "k6": force is for closing an account`, ledger.ErrInvalid)
	b.does(edgeStatus("k7", edgeBank, ledger.Open), edgePay("and usable", edgeBank, edgePending, 1))
}

// edgeUnusable: on a frozen or closed account only release and expiry work.
func edgeUnusable(b *edgeBooks, status ledger.Status) {
	t := b.t
	expires := edgeHold("expires", 20)
	expires.Expires = noon().Add(time.Minute)
	b.does(edgeFund("fund", 100), edgeHold("released", 10), expires)
	b.does(edgePart("a part before", "released", edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)))
	change := edgeStatus("status", edgeAvailable, status)
	change.Force = status == ledger.AccountClosed
	b.does(change)

	b.statusRefuses(edgeAvailable, status,
		edgePay("debit", edgeAvailable, edgeBank, 1),
		edgeFund("credit", 1),
		edgeHold("hold", 1),
		ledger.Hold{Key: "hold in", Kind: "hold", Postings: []ledger.Posting{edgeDr(edgeBank, 1), edgeCr(edgeAvailable, 1)}},
		edgePart("capture", "released", edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)),
		ledger.Capture{Key: "capture all", Hold: "released", Kind: "capture", All: true},
		ledger.Reversal{Key: "reversal", Of: "fund", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true},
	)
	refund := edgePay("facts too", edgeAvailable, edgeBank, 1)
	refund.Kind = "refund"
	b.statusRefuses(edgeAvailable, status, refund)

	b.does(ledger.Release{Key: "release", Hold: "released"})
	b.clock.pass(time.Minute)
	if n := b.sweep(); n != 1 {
		t.Errorf("%d holds expired", n)
	}
	b.holdIs("released", "released 0.09 0.09")
	b.holdIs("expires", "expired 0.20 0.20")
	b.stands(edgeAvailable, "0.99, 0.00 held, 0.99 available")
}

func edgeNoDebit(b *edgeBooks) {
	b.does(edgeFund("fund", 100), edgeHold("earlier", 10), edgeStatus("status", edgeAvailable, ledger.NoDebit))
	b.statusRefuses(edgeAvailable, ledger.NoDebit, edgePay("debit", edgeAvailable, edgeBank, 1), edgeHold("hold", 1),
		ledger.Reversal{Key: "reversal", Of: "fund", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true})
	b.does(edgeFund("credit", 1), ledger.Capture{Key: "capture", Hold: "earlier", Kind: "capture", All: true})
	b.stands(edgeAvailable, "0.91, 0.00 held, 0.91 available")
}

// statusRefuses runs requests that the status of an account stands against.
func (b *edgeBooks) statusRefuses(path string, status ledger.Status, requests ...ledger.Request) {
	b.t.Helper()
	for _, r := range requests {
		key := edgeKeyOf(r)
		b.refuses(r, fmt.Sprintf("%q: account does not allow this: %s INR is %s", key, path, status),
			ledger.Failure{Reason: ledger.ErrAccountStatus, Key: key, Account: edgeID(path), Of: status.String()})
	}
}
