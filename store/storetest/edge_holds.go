package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeLegs is a hold with four legs: 90.00 of two merchants go to the bank, but for
// a fee.
func edgeLegs(key string) ledger.Hold {
	return ledger.Hold{Key: key, Kind: "payout", Postings: []ledger.Posting{
		edgeDr(edgeAvailable, 4000), edgeDr(edgeAvailable, 2000), edgeDr(edgeOther, 3000), edgeCr(edgeBank, 8000), edgeCr(edgeSales, 1000),
	}}
}

// edgePart is a capture of a part of a hold.
func edgePart(key, hold string, postings ...ledger.Posting) ledger.Capture {
	return ledger.Capture{Key: key, Hold: hold, Kind: "capture", Postings: postings}
}

// edgeCapture: amounts per leg, balanced, each at most that leg's remainder,
// several times; final releases the rest; "all that is left" is an explicit
// field, never an amount of 0.
func edgeCapture(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 10000), edgePay("fund 2", edgeBank, edgeOther, 10000), edgeLegs("hold"))
	b.holdIs("hold", "open 60.00 30.00 80.00 10.00")
	b.stands(edgeAvailable, "100.00, 60.00 held, 40.00 available")
	b.stands(edgeBank, "200.00, 80.00 held, 120.00 available")
	b.stands(edgeSales, "0.00, 0.00 held, 0.00 available") // money coming in

	first := b.does(edgePart("c1", "hold", edgeDr(edgeAvailable, 2500), edgeCr(edgeBank, 2000), edgeCr(edgeSales, 500)))
	if first.Act != ledger.Captured || first.Of != "hold" || first.ValueDate != edgeDay("2026-03-02") {
		t.Errorf("captured as %+v", first)
	}
	b.holdIs("hold", "open 35.00 30.00 60.00 5.00")
	b.stands(edgeAvailable, "75.00, 35.00 held, 40.00 available")
	b.stands(edgeSales, "5.00, 0.00 held, 5.00 available")

	exceeds := func(key, account string, left, asked int64) ledger.Failure {
		return ledger.Failure{
			Reason: ledger.ErrExceedsHold, Key: key, Account: edgeID(account), Of: "hold", Has: money.Minor(left), Change: money.Minor(asked),
		}
	}
	b.refuses(edgePart("x1", "hold", edgeDr(edgeAvailable, 3501), edgeCr(edgeBank, 3501)),
		`"x1": more than is left of the hold "hold": merchants/m1/available INR has 35.00 left, 35.01 is asked for`, exceeds("x1", edgeAvailable, 3500, 3501))
	b.refuses(edgePart("x2", "hold", edgeDr(edgeAvailable, 501), edgeCr(edgeSales, 501)),
		`"x2": more than is left of the hold "hold": sales INR has 5.00 left, 5.01 is asked for`, exceeds("x2", edgeSales, 500, 501))
	b.refuses(edgePart("x3", "hold", edgeDr(edgeAvailable, 3000), edgeDr(edgeAvailable, 501), edgeCr(edgeBank, 3501)),
		`"x3": more than is left of the hold "hold": merchants/m1/available INR has 35.00 left, 35.01 is asked for`, exceeds("x3", edgeAvailable, 3500, 3501))
	b.refuses(edgePart("x4", "hold", edgeDr(edgePending, 1), edgeCr(edgeBank, 1)),
		`"x4": more than is left of the hold "hold": merchants/m1/pending INR has 0.00 left, 0.01 is asked for`, exceeds("x4", edgePending, 0, 1))
	b.refuses(edgePart("x5", "hold", edgeDr(edgeBank, 1), edgeCr(edgeAvailable, 1)),
		`"x5": more than is left of the hold "hold": bank INR has 0.00 left, 0.01 is asked for`, exceeds("x5", edgeBank, 0, 1)) // the other side
	edgeCaptureMalformed(b)

	b.does(edgePart("c2", "hold", edgeDr(edgeOther, 3000), edgeCr(edgeBank, 3000)))
	b.holdIs("hold", "open 35.00 0.00 30.00 5.00")
	final := edgePart("c3", "hold", edgeDr(edgeAvailable, 100), edgeCr(edgeBank, 100))
	final.Final = true
	b.does(final)
	b.holdIs("hold", "captured 34.00 0.00 29.00 5.00")
	b.stands(edgeAvailable, "74.00, 0.00 held, 74.00 available")
	b.stands(edgeOther, "70.00, 0.00 held, 70.00 available")
	b.stands(edgeBank, "149.00, 0.00 held, 149.00 available")
	b.ended("hold", ledger.ErrHoldCaptured, "hold was captured")

	b.does(edgeLegs("all"), edgePart("a1", "all", edgeDr(edgeAvailable, 2500), edgeCr(edgeBank, 2000), edgeCr(edgeSales, 500)))
	rest := b.does(ledger.Capture{Key: "a2", Hold: "all", Kind: "capture", All: true})
	want := []ledger.Posting{edgeDr(edgeAvailable, 3500), edgeDr(edgeOther, 3000), edgeCr(edgeBank, 6000), edgeCr(edgeSales, 500)}
	if !slices.Equal(rest.Postings, want) {
		t.Errorf("all that was left was %+v, want %+v", rest.Postings, want)
	}
	b.holdIs("all", "captured 0.00 0.00 0.00 0.00")
	b.does(edgeHold("exact", 100), edgePart("e1", "exact", edgeDr(edgeAvailable, 100), edgeCr(edgeBank, 100)))
	b.holdIs("exact", "captured 0.00 0.00") // nothing is left, so it has ended
	b.ended("exact", ledger.ErrHoldCaptured, "hold was captured")
	if a, _, err := b.Account(t.Context(), edgeAvailable, edgeINR()); err != nil || a.Holds != 0 {
		t.Errorf("%d holds are open, %v", a.Holds, err)
	}
}

// edgeCaptureMalformed: an amount of 0 is no way to say "all".
func edgeCaptureMalformed(b *edgeBooks) {
	b.t.Helper()
	b.rejects(edgePart("k", "hold"), `entry "k": names no postings; ask for all that is left explicitly`, ledger.ErrInvalid)
	b.rejects(edgePart("k", "hold", edgeDr(edgeAvailable, 0), edgeCr(edgeBank, 0)),
		"entry \"k\": posting 0: amount INR 0.00 is not positive\nposting 1: amount INR 0.00 is not positive", ledger.ErrInvalid)
	b.rejects(edgePart("k", "hold", edgeDr(edgeAvailable, 2), edgeCr(edgeBank, 1)),
		`entry "k": entry does not balance: INR debits 0.02, credits 0.01`, ledger.ErrInvalid, ledger.ErrUnbalanced)
	both := edgePart("k", "hold", edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1))
	both.All = true
	b.rejects(both, `entry "k": asks for all that is left and names 2 postings`, ledger.ErrInvalid)
	b.rejects(ledger.Capture{Key: "k", Kind: "capture", All: true}, `entry "k": hold is missing`, ledger.ErrInvalid)
}

// ended checks that a hold takes nothing more, under new keys.
func (b *edgeBooks) ended(hold string, sentinel error, text string) {
	b.t.Helper()
	key := fmt.Sprintf("%s, after item %d", hold, b.seq())
	for _, again := range []ledger.Request{
		ledger.Capture{Key: key + ", all", Hold: hold, Kind: "capture", All: true},
		edgePart(key+", a part", hold, edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)),
		ledger.Release{Key: key + ", release", Hold: hold},
	} {
		key := edgeKeyOf(again)
		b.refuses(again, fmt.Sprintf("%q: %s: %s", key, text, hold), ledger.Failure{Reason: sentinel, Key: key, Of: hold})
	}
}

// edgeExpired: expired, from the instant on at which it expires.
func edgeExpired(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 10000))
	hold := edgeHold("hold", 4000)
	hold.Expires = noon().Add(time.Minute)
	b.does(hold, edgeHold("for ever", 1000))
	b.clock.set(hold.Expires.Add(-time.Microsecond))
	if n := b.sweep(); n != 0 {
		t.Errorf("%d holds expired before their time", n)
	}
	b.does(edgePart("just in time", "hold", edgeDr(edgeAvailable, 1500), edgeCr(edgeBank, 1500)))

	b.clock.set(hold.Expires)
	b.ended("hold", ledger.ErrHoldExpired, "hold has expired")
	b.holdIs("hold", "open 25.00 25.00") // not yet booked, so not yet available again
	b.stands(edgeAvailable, "85.00, 35.00 held, 50.00 available")
	b.refuses(edgePay("not back yet", edgeAvailable, edgeBank, 5001), edgeLackText("not back yet", 5000, 5001), edgeLack("not back yet", 5000, 5001))
	late := edgeHold("late", 1)
	late.Expires = b.clock.now()
	b.refuses(late, `"late": hold has expired: 2026-03-02T12:01:00Z`, ledger.Failure{Reason: ledger.ErrHoldExpired, Key: "late", Of: "2026-03-02T12:01:00Z"})

	b.clock.pass(1000 * 24 * time.Hour) // however late the sweeper is
	b.reopen()
	seq := b.seq()
	if n := b.sweep(); n != 1 {
		t.Errorf("%d holds expired, want 1", n)
	}
	items := b.items(seq + 1)
	if len(items) != 1 || items[0].Act != ledger.Expired || items[0].Of != "hold" || items[0].Key != "" || !items[0].At.Equal(b.clock.now()) {
		t.Errorf("the sweeper booked %+v", items)
	}
	b.holdIs("hold", "expired 25.00 25.00")
	b.stands(edgeAvailable, "85.00, 10.00 held, 75.00 available")
	before := b.seen()
	if n := b.sweep(); n != 0 {
		t.Errorf("%d holds expired again", n)
	}
	b.unchanged("a second sweep", before)
	b.clock.set(noon()) // a clock that goes back revives nothing
	b.ended("hold", ledger.ErrHoldExpired, "hold has expired")
	b.holdIs("for ever", "open 10.00 10.00")
	b.run("behind the wall clock", edgeSweepBehind)
}

// edgeSweepBehind: a hold that is over by the ledger's instants can be swept
// even if the wall clock was put back behind it.
func edgeSweepBehind(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 100))
	hold := edgeHold("hold", 40)
	hold.Expires = noon().Add(time.Minute)
	b.does(hold)
	b.clock.pass(time.Hour)
	b.does(edgeFund("an hour later", 1))
	b.clock.set(noon())
	b.ended("hold", ledger.ErrHoldExpired, "hold has expired")
	if n := b.sweep(); n != 1 {
		t.Errorf("%d holds expired, want 1: the ledger's time is past it", n)
	}
	b.stands(edgeAvailable, "1.01, 0.00 held, 1.01 available")
	for i := range 5 { // a few at a time
		h := edgeHold(fmt.Sprint("many ", i), 10)
		h.Expires = noon().Add(2 * time.Hour)
		b.does(h)
	}
	b.clock.set(noon().Add(2 * time.Hour))
	for _, want := range []int{2, 2, 1, 0} {
		if n, err := b.Expire(t.Context(), 2); n != want || err != nil {
			t.Errorf("%d expired, %v, want %d", n, err, want)
		}
	}
}
