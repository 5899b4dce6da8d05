package storetest

import (
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeLimits: on the net effect per account of the whole entry, after all its
// postings, holds included.
func edgeLimits(b *edgeBooks) {
	b.run("floor", edgeFloor)
	b.run("ceiling", edgeCeiling)
	b.run("velocity", edgeVelocity)
}

func edgeFloor(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 10000), edgeHold("hold", 3000))
	b.stands(edgeAvailable, "100.00, 30.00 held, 70.00 available")
	b.refuses(edgePay("held counts", edgeAvailable, edgeBank, 7001), edgeLackText("held counts", 7000, 7001), edgeLack("held counts", 7000, 7001))
	split := edgeEntry("sum of two postings", edgeDr(edgeAvailable, 7000), edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 7001))
	b.refuses(split, edgeLackText(split.Key, 7000, 7001), edgeLack(split.Key, 7000, 7001))
	b.refuses(edgeHold("another hold", 7001), edgeLackText("another hold", 7000, 7001), edgeLack("another hold", 7000, 7001))
	b.does(ledger.Hold{Key: "coming in", Kind: "hold", Postings: []ledger.Posting{edgeDr(edgeBank, 500), edgeCr(edgeAvailable, 500)}})
	b.refuses(edgePay("is not spendable", edgeAvailable, edgeBank, 7001), edgeLackText("is not spendable", 7000, 7001), edgeLack("is not spendable", 7000, 7001))
	b.does(edgePay("to the floor", edgeAvailable, edgeBank, 7000))
	b.stands(edgeAvailable, "30.00, 30.00 held, 0.00 available")

	refund := edgePay("a fact", edgeAvailable, edgeBank, 200)
	refund.Kind = "refund"
	if !b.does(refund).Breached {
		t.Error("the entry does not say that it breached a floor")
	}
	b.stands(edgeAvailable, "28.00, 30.00 held, -2.00 available")
	if b.does(edgeFund("raising it is never stopped", 100)).Breached {
		t.Error("raising an account is marked as a breach")
	}
	b.refuses(edgePay("below", edgeAvailable, edgeBank, 1), edgeLackText("below", -100, 1), edgeLack("below", -100, 1))

	drawn := ledger.Failure{
		Reason: ledger.ErrInsufficientFunds, Key: "drawer", Account: edgeID(edgeDrawer), Change: money.Minor(-5001), Bound: money.Minor(-5000),
	}
	b.refuses(edgePay("drawer", edgeBank, edgeDrawer, 5001),
		`"drawer": insufficient funds: drawers/d1 has INR 0.00 available, 50.01 is asked for, the floor is -50.00`, drawn)
	b.does(edgePay("a credit line", edgeBank, edgeDrawer, 5000))

	b.does(ledger.AccountChange{Key: "higher floor", Account: edgeDrawer, Currency: edgeINR(), Limits: &ledger.Limits{Limited: true, Floor: money.Minor(1000)}})
	b.does(edgePay("up, though below", edgeDrawer, edgeBank, 1))
	drawn.Key, drawn.Has, drawn.Change, drawn.Bound = "lower", money.Minor(-4999), money.Minor(-1), money.Minor(1000)
	b.refuses(edgePay("lower", edgeBank, edgeDrawer, 1), `"lower": insufficient funds: drawers/d1 has INR -49.99 available, 0.01 is asked for, the floor is 10.00`, drawn)
}

func edgeCeiling(b *edgeBooks) {
	t := b.t
	in := func(key string, minor int64) ledger.Entry { return edgePay(key, edgeBank, edgeCapped, minor) }
	high := func(key string, has, change int64) ledger.Failure {
		return ledger.Failure{
			Reason: ledger.ErrCeiling, Key: key, Account: edgeID(edgeCapped), Has: money.Minor(has), Change: money.Minor(change), Bound: money.Minor(10000),
		}
	}
	b.does(in("in", 4000), ledger.Hold{Key: "coming in", Kind: "hold", Postings: []ledger.Posting{edgeDr(edgeBank, 3000), edgeCr(edgeCapped, 3000)}})
	b.refuses(in("held money counts", 3001), `"held money counts": ceiling exceeded: wallets/w1 stands at INR 70.00, 30.01 would come, the ceiling is 100.00`,
		high("held money counts", 7000, 3001))
	b.does(ledger.Hold{Key: "going out", Kind: "hold", Postings: []ledger.Posting{edgeDr(edgeCapped, 1000), edgeCr(edgeBank, 1000)}})
	b.refuses(in("what may yet go out stands there", 3001),
		`"what may yet go out stands there": ceiling exceeded: wallets/w1 stands at INR 70.00, 30.01 would come, the ceiling is 100.00`,
		high("what may yet go out stands there", 7000, 3001))
	b.does(in("to the ceiling", 3000))
	back := in("a return", 500)
	back.Kind = "return"
	if !b.does(back).Breached {
		t.Error("the entry does not say that it breached a ceiling")
	}
	if b.does(edgePay("lowering it is never stopped", edgeCapped, edgeBank, 100)).Breached {
		t.Error("lowering an account is marked as a breach of its ceiling")
	}
	b.refuses(in("above", 1), `"above": ceiling exceeded: wallets/w1 stands at INR 104.00, 0.01 would come, the ceiling is 100.00`, high("above", 10400, 1))
}

func edgeVelocity(b *edgeBooks) {
	b.clock.set(noon().Truncate(24 * time.Hour)) // the slots of a day begin here
	out := func(key string, minor int64) ledger.Entry { return edgePay(key, edgeFast, edgeBank, minor) }
	hold := func(key string, minor int64) ledger.Hold {
		return ledger.Hold{Key: key, Kind: "hold", Postings: []ledger.Posting{edgeDr(edgeFast, minor), edgeCr(edgeBank, minor)}}
	}
	fast := func(key, limit string, has, change, bound int64) ledger.Failure {
		return ledger.Failure{
			Reason: ledger.ErrVelocity, Key: key, Account: edgeID(edgeFast), Of: limit,
			Has: money.Minor(has), Change: money.Minor(change), Bound: money.Minor(bound),
		}
	}
	b.does(out("o1", 4000), hold("h1", 5000), edgePay("in does not count", edgeBank, edgeFast, 90000))
	b.refuses(out("sum", 1001), `"sum": velocity limit exceeded: cards/c1 INR, 24h out sum: 90.00 so far, 10.01 more, at most 100.00`,
		fast("sum", "24h out sum", 9000, 1001, 10000))
	b.does(out("o2", 1000))
	b.does(ledger.Capture{Key: "captures do not count again", Hold: "h1", Kind: "capture", Postings: []ledger.Posting{edgeDr(edgeFast, 4000), edgeCr(edgeBank, 4000)}})
	b.does(ledger.Release{Key: "a release gives back", Hold: "h1"})
	b.refuses(out("count", 1), `"count": velocity limit exceeded: cards/c1 INR, 1h out count: 3 so far, 1 more, at most 3`,
		fast("count", "1h out count", 3, 1, 3)) // a hold of which some was captured stays counted
	b.clock.pass(61 * time.Minute)
	b.does(hold("h2", 1000))
	b.refuses(out("sum again", 1), `"sum again": velocity limit exceeded: cards/c1 INR, 24h out sum: 100.00 so far, 0.01 more, at most 100.00`,
		fast("sum again", "24h out sum", 10000, 1, 10000))
	b.does(ledger.Release{Key: "all of h2", Hold: "h2"}, out("o3", 1000))
	b.clock.set(noon().Truncate(24 * time.Hour).Add(24*time.Hour + 24*time.Minute - time.Microsecond))
	b.refuses(out("within the window", 1), `"within the window": velocity limit exceeded: cards/c1 INR, 24h out sum: 100.00 so far, 0.01 more, at most 100.00`,
		fast("within the window", "24h out sum", 10000, 1, 10000))
	b.clock.set(noon().Truncate(24 * time.Hour).Add(24*time.Hour + 24*time.Minute))
	b.does(out("the first slot is over", 9000))
}

// edgeHoldLimits: checked when it is placed, so a later capture cannot break
// them.
func edgeHoldLimits(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 10000))
	b.refuses(edgeHold("too much", 10001), edgeLackText("too much", 10000, 10001), edgeLack("too much", 10000, 10001))
	b.does(edgeHold("hold", 9000))
	b.does(edgePay("the rest", edgeAvailable, edgeBank, 1000))
	dispute := edgePay("a fact takes what is held", edgeAvailable, edgeBank, 8000)
	dispute.Kind = "refund"
	b.does(dispute)
	b.does(ledger.AccountChange{Key: "higher floor", Account: edgeAvailable, Currency: edgeINR(), Limits: &ledger.Limits{
		Limited: true, Floor: money.Minor(500000), Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum}},
	}})
	b.stands(edgeAvailable, "10.00, 90.00 held, -80.00 available")
	b.does(ledger.AccountChange{Key: "no debits", Account: edgeAvailable, Currency: edgeINR(), Status: ledger.NoDebit})
	captured := b.does(ledger.Capture{Key: "capture", Hold: "hold", Kind: "payout", All: true})
	if captured.Breached {
		t.Error("a capture is marked as a breach: its hold had the money")
	}
	b.stands(edgeAvailable, "-80.00, 0.00 held, -80.00 available")

	incoming := ledger.Hold{Key: "in", Kind: "hold", Postings: []ledger.Posting{edgeDr(edgeBank, 10000), edgeCr(edgeCapped, 10000)}}
	b.does(incoming)
	high := ledger.Failure{
		Reason: ledger.ErrCeiling, Key: "over", Account: edgeID(edgeCapped), Has: money.Minor(10000), Change: money.Minor(1), Bound: money.Minor(10000),
	}
	incoming.Key, incoming.Postings = "over", []ledger.Posting{edgeDr(edgeBank, 1), edgeCr(edgeCapped, 1)}
	b.refuses(incoming, `"over": ceiling exceeded: wallets/w1 stands at INR 100.00, 0.01 would come, the ceiling is 100.00`, high)
	b.does(ledger.AccountChange{Key: "lower ceiling", Account: edgeCapped, Currency: edgeINR(), Limits: &ledger.Limits{Capped: true, Ceiling: money.Minor(1)}})
	b.does(ledger.Capture{Key: "capture in", Hold: "in", Kind: "capture", All: true})
	b.stands(edgeCapped, "100.00, 0.00 held, 100.00 available")
}
