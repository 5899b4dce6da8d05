package storetest

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeBack takes all that is left of an entry back, today.
func edgeBack(key, of string) ledger.Reversal {
	return ledger.Reversal{Key: key, Of: of, Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true}
}

// edgeBackPart takes a part of an entry back.
func edgeBackPart(key, of string, postings ...ledger.Posting) ledger.Reversal {
	r := edgeBack(key, of)
	r.All, r.Postings = false, postings
	return r
}

// edgeOwned: only through its own room, so that state and books never part.
func edgeOwned(b *edgeBooks) {
	t := b.t
	for _, room := range []string{"payment", "settlement"} {
		entry := edgeFund(room+"/fund", 100)
		entry.Owner = room
		b.does(entry)
		hold := edgeHold(room+"/hold", 10)
		hold.Owner = room
		b.does(hold)
		captured := b.does(ledger.Capture{Key: room + "/capture", Hold: room + "/hold", Kind: "capture", All: true})
		if captured.Owner != room {
			t.Errorf("a capture of a hold of %s belongs to %q", room, captured.Owner)
		}
		for _, of := range []string{room + "/capture", room + "/fund"} {
			for _, stranger := range []string{"", "host"} {
				r := edgeBack(of+" by "+stranger, of)
				r.Owner = stranger
				b.notReversible(r, fmt.Sprintf("%q is of the room %q, and only it may", of, room))
			}
			part := edgeBackPart(of+" in part", of, edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1))
			b.notReversible(part, fmt.Sprintf("%q is of the room %q, and only it may", of, room))
			own := edgeBack(of+" by its room", of)
			own.Owner = room
			b.does(own)
		}
	}
	b.does(edgeFund("nobody's", 100))
	r := edgeBack("a room takes it", "nobody's")
	r.Owner = "payment"
	b.notReversible(r, `"nobody's" is of the room "", and only it may`)
	b.does(edgeBack("the host takes it", "nobody's"))
	b.stands(edgeAvailable, "0.00, 0.00 held, 0.00 available")
}

func (b *edgeBooks) notReversible(r ledger.Reversal, why string) {
	b.t.Helper()
	b.refuses(r, fmt.Sprintf("%q: entry cannot be reversed: %s", r.Key, why), ledger.Failure{Reason: ledger.ErrNotReversible, Key: r.Key, Of: why})
}

// edgeReversal: a new entry with sides exchanged; once per original; partial
// reversals never exceed it; a reversal cannot be reversed; its value date is a
// required argument; a closed period refuses it.
func edgeReversal(b *edgeBooks) {
	b.run("whole", edgeReverseAll)
	b.run("in parts", edgeReverseParts)
	b.run("value date", edgeReverseDated)
	b.run("of what is no entry", edgeReverseOther)
}

func edgeReverseAll(b *edgeBooks) {
	t := b.t
	pkr := func(p ledger.Posting) ledger.Posting { p.Currency = edgePKR(); return p }
	sale := edgeEntry("sale", edgeDr(edgeBank, 60), edgeDr(edgeBank, 40), edgeCr(edgePending, 90), edgeCr(edgeSales, 10),
		pkr(edgeDr(edgeBank, 7)), pkr(edgeCr(edgeSales, 7)))
	sale.ValueDate = edgeDay("2026-02-20")
	original := b.does(sale)
	back := b.does(edgeBack("back", "sale"))
	want := []ledger.Posting{edgeCr(edgeBank, 100), edgeDr(edgePending, 90), edgeDr(edgeSales, 10), pkr(edgeCr(edgeBank, 7)), pkr(edgeDr(edgeSales, 7))}
	if back.Act != ledger.Reversed || back.Of != "sale" || back.Seq != original.Seq+1 || back.ValueDate != edgeDay("2026-03-02") || !slices.Equal(back.Postings, want) {
		t.Errorf("reversed by %+v, want %+v", back, want)
	}
	for _, path := range []string{edgeBank, edgePending, edgeSales} {
		b.stands(path, "0.00, 0.00 held, 0.00 available")
	}
	if item, _, err := b.Entry(t.Context(), "sale"); err != nil || !slices.Equal(item.Postings, original.Postings) || item.Seq != original.Seq {
		t.Errorf("the original changed: %+v, %v", item, err)
	}
	reversed := func(key string) ledger.Failure {
		return ledger.Failure{Reason: ledger.ErrReversed, Key: key, Of: "sale"}
	}
	b.refuses(edgeBack("once more", "sale"), `"once more": entry was reversed: sale`, reversed("once more"))
	b.refuses(edgeBackPart("a bit more", "sale", edgeCr(edgeBank, 1), edgeDr(edgeSales, 1)), `"a bit more": entry was reversed: sale`, reversed("a bit more"))
	b.notReversible(edgeBack("back and forth", "back"), `"back" is a reversal itself`)
	b.reopen()
	b.refuses(edgeBack("after opening again", "sale"), `"after opening again": entry was reversed: sale`, reversed("after opening again"))

	b.does(edgeFund("fund", 100), edgePay("spent", edgeAvailable, edgeBank, 60)) // limits hold for reversals as for all entries
	b.refuses(edgeBack("broke", "fund"), edgeLackText("broke", 40, 100), edgeLack("broke", 40, 100))
	b.does(edgeBack("unspent", "spent"), edgeBack("now", "fund"))
}

func edgeReverseParts(b *edgeBooks) {
	t := b.t
	b.does(edgeEntry("sale", edgeDr(edgeBank, 100), edgeCr(edgePending, 90), edgeCr(edgeSales, 10)))
	exceeds := func(key, account string, left, asked int64) ledger.Failure {
		return ledger.Failure{
			Reason: ledger.ErrExceedsEntry, Key: key, Account: edgeID(account), Of: "sale", Has: money.Minor(left), Change: money.Minor(asked),
		}
	}
	b.refuses(edgeBackPart("x1", "sale", edgeCr(edgeBank, 101), edgeDr(edgePending, 90), edgeDr(edgeSales, 11)),
		`"x1": more than is left of the entry "sale": bank INR has 1.00 left, 1.01 is asked for`, exceeds("x1", edgeBank, 100, 101))
	b.does(edgeBackPart("p1", "sale", edgeCr(edgeBank, 30), edgeDr(edgePending, 30)))
	b.does(edgeBackPart("p2", "sale", edgeDr(edgePending, 20), edgeDr(edgePending, 10), edgeCr(edgeBank, 30)))
	b.refuses(edgeBackPart("x2", "sale", edgeDr(edgePending, 31), edgeCr(edgeBank, 31)),
		`"x2": more than is left of the entry "sale": merchants/m1/pending INR has 0.30 left, 0.31 is asked for`, exceeds("x2", edgePending, 30, 31))
	b.refuses(edgeBackPart("x3", "sale", edgeCr(edgeBank, 11), edgeDr(edgeSales, 11)),
		`"x3": more than is left of the entry "sale": sales INR has 0.10 left, 0.11 is asked for`, exceeds("x3", edgeSales, 10, 11))
	b.refuses(edgeBackPart("x4", "sale", edgeDr(edgeBank, 1), edgeCr(edgePending, 1)),
		`"x4": more than is left of the entry "sale": bank INR has 0.00 left, 0.01 is asked for`, exceeds("x4", edgeBank, 0, 1)) // the original's own sides
	b.refuses(edgeBackPart("x5", "sale", edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)),
		`"x5": more than is left of the entry "sale": merchants/m1/available INR has 0.00 left, 0.01 is asked for`, exceeds("x5", edgeAvailable, 0, 1))
	b.rejects(edgeBackPart("k", "sale", edgeDr(edgePending, 2), edgeCr(edgeBank, 1)),
		`entry "k": entry does not balance: INR debits 0.02, credits 0.01`, ledger.ErrUnbalanced)
	b.rejects(edgeBackPart("k", "sale"), `entry "k": names no postings; ask for all that is left explicitly`, ledger.ErrInvalid)
	rest := b.does(edgeBack("rest", "sale"))
	if want := []ledger.Posting{edgeCr(edgeBank, 40), edgeDr(edgePending, 30), edgeDr(edgeSales, 10)}; !slices.Equal(rest.Postings, want) {
		t.Errorf("the rest was %+v, want %+v", rest.Postings, want)
	}
	b.refuses(edgeBack("x6", "sale"), `"x6": entry was reversed: sale`, ledger.Failure{Reason: ledger.ErrReversed, Key: "x6", Of: "sale"})
	for _, path := range []string{edgeBank, edgePending, edgeSales} {
		b.stands(path, "0.00, 0.00 held, 0.00 available")
	}
}

func edgeReverseDated(b *edgeBooks) {
	t := b.t
	sale := edgePay("sale", edgeBank, edgePending, 100)
	sale.ValueDate = edgeDay("2026-02-10")
	b.does(sale, ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28")})
	undated := edgeBack("k", "sale")
	undated.ValueDate = calendar.Date{}
	b.rejects(undated, `entry "k": value date is missing`, ledger.ErrInvalid)
	late := edgeBack("late", "sale")
	late.ValueDate = edgeDay("2026-02-28")
	b.refuses(late, `"late": period is closed: value date 2026-02-28, closed through 2026-02-28`,
		ledger.Failure{Reason: ledger.ErrPeriodClosed, Key: "late", Date: edgeDay("2026-02-28"), Closed: edgeDay("2026-02-28")})
	open := edgeBack("open", "sale")
	open.ValueDate = edgeDay("2026-03-01")
	if got := b.does(open); got.ValueDate != edgeDay("2026-03-01") {
		t.Errorf("booked on %s", got.ValueDate)
	}
	b.on28("sale", edgePending, 100, 0)
}

// on28 checks a balance on 28 February and on 2 March.
func (b *edgeBooks) on28(what, path string, february, march int64) {
	b.t.Helper()
	for day, want := range map[string]int64{"2026-02-28": february, "2026-03-02": march} {
		if got, err := b.BalanceOn(b.t.Context(), path, edgeINR(), edgeDay(day)); err != nil || got != money.Minor(want) {
			b.t.Errorf("%s: %s stood at %s on %s, %v; want %d", what, path, got, day, err, want)
		}
	}
}

func edgeReverseOther(b *edgeBooks) {
	b.does(edgeFund("fund", 100), edgeHold("hold", 50), edgeHold("other", 10), ledger.Release{Key: "release", Hold: "other"},
		edgeStatus("status", edgePending, ledger.NoDebit), ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28")})
	for key, act := range map[string]string{"hold": "held", "release": "released", "status": "changed", "close": "closed"} {
		b.notReversible(edgeBack("reverse "+key, key), fmt.Sprintf("%q is no entry, it was %s", key, act))
	}
	b.refuses(edgeBack("nothing", "none"), `"nothing": not found: entry "none"`, ledger.Failure{Reason: ledger.ErrNotFound, Key: "nothing", Of: `entry "none"`})
	b.refuses(edgePay("burnt", edgeAvailable, edgeBank, 51), edgeLackText("burnt", 50, 51), edgeLack("burnt", 50, 51))
	b.refuses(edgeBack("of burnt", "burnt"), `"of burnt": not found: entry "burnt"`, ledger.Failure{Reason: ledger.ErrNotFound, Key: "of burnt", Of: `entry "burnt"`})
	captured := b.does(edgePart("part", "hold", edgeDr(edgeAvailable, 20), edgeCr(edgeBank, 20)))
	b.does(edgeBack("a capture is an entry", captured.Key))
	b.holdIs("hold", "open 0.30 0.30") // its reversal gives money back, and nothing to the hold
	b.stands(edgeAvailable, "1.00, 0.30 held, 0.70 available")
}
