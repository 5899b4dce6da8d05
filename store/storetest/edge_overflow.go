package storetest

import (
	"errors"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeOverflow: checked everywhere; an error, never a wrap.
func edgeOverflow(b *edgeBooks) {
	t := b.t
	most := edgeMost(t)
	dr := func(path string, a money.Amount) ledger.Posting { return ledger.Dr(path, a, edgeINR()) }
	cr := func(path string, a money.Amount) ledger.Posting { return ledger.Cr(path, a, edgeINR()) }
	one := money.Minor(1)

	b.run("sums of an entry", func(b *edgeBooks) {
		tooMuch := []ledger.Posting{dr(edgeBank, most), cr(edgePending, most), dr("banks/a", one), cr(edgeSales, one)}
		for _, r := range []ledger.Request{edgeEntry("k", tooMuch...), ledger.Hold{Key: "k", Kind: "hold", Postings: tooMuch}} {
			b.rejects(r, `entry "k": sum of INR debits: amount overflow: `+most.String()+" + 1", ledger.ErrInvalid, money.ErrOverflow)
		}
		b.does(edgeEntry("k", tooMuch[:2]...))
		b.does(ledger.Hold{Key: "h", Kind: "hold", Postings: []ledger.Posting{dr("banks/h", most), cr(edgeSales, most)}})
	})

	b.run("totals", func(b *edgeBooks) {
		b.does(edgeEntry("most", dr(edgeBank, most), cr(edgePending, most)))
		b.overflows(edgePay("k", edgeBank, edgeSales, 1))
		b.overflows(edgePay("k", edgeSales, edgePending, 1))
		b.does(edgeEntry("back", dr(edgePending, most), cr(edgeBank, most))) // the other sides have room
		b.stands(edgePending, "0.00, 0.00 held, 0.00 available")
		b.overflows(edgePay("k", edgePending, edgeSales, 1))
		b.free("k")
	})

	b.run("held", func(b *edgeBooks) {
		b.does(ledger.Hold{Key: "most", Kind: "hold", Postings: []ledger.Posting{dr(edgePending, most), cr(edgeBank, most)}})
		b.overflows(ledger.Hold{Key: "k", Kind: "hold", Postings: []ledger.Posting{dr(edgePending, one), cr(edgeSales, one)}})
		b.overflows(ledger.Hold{Key: "k", Kind: "hold", Postings: []ledger.Posting{dr(edgeSales, one), cr(edgeBank, one)}})
		b.does(ledger.Capture{Key: "capture", Hold: "most", Kind: "capture", All: true})
		b.does(ledger.Hold{Key: "again", Kind: "hold", Postings: []ledger.Posting{dr(edgePending, most), cr(edgeBank, most)}})
		b.overflows(ledger.Capture{Key: "k", Hold: "again", Kind: "capture", All: true}) // nothing half-done: the hold stays open
		b.holdIs("again", "open 999999999999999999999999999999999999.99 999999999999999999999999999999999999.99")
		b.does(ledger.Release{Key: "release", Hold: "again"})
		b.free("k")
	})

	b.run("available", func(b *edgeBooks) {
		t := b.t
		b.does(edgeEntry("most", dr(edgePending, most), cr(edgeBank, most)))
		b.does(ledger.Hold{Key: "one more", Kind: "hold", Postings: []ledger.Posting{dr(edgePending, one), cr(edgeSales, one)}})
		a, _, err := b.Account(t.Context(), edgePending, edgeINR())
		if err != nil {
			t.Fatal(err)
		}
		if available, err := a.Available(); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("available is %s, %v", available, err)
		}
	})

	b.run("limits", func(b *edgeBooks) {
		b.does(
			ledger.AccountChange{Key: "line", Account: edgeDrawer, Currency: edgeINR(), Limits: &ledger.Limits{Limited: true, Floor: most.Neg()}},
			edgeEntry("to the floor", dr("banks/a", most), cr(edgeDrawer, most)),
		)
		b.overflows(ledger.Hold{Key: "k", Kind: "hold", Postings: []ledger.Posting{dr(edgeBank, one), cr(edgeDrawer, one)}})
		b.does(
			ledger.AccountChange{Key: "cap", Account: edgeCapped, Currency: edgeINR(), Limits: &ledger.Limits{Capped: true, Ceiling: most}},
			edgeEntry("to the ceiling", dr("banks/b", most), cr(edgeCapped, most)),
		)
		b.overflows(ledger.Hold{Key: "k", Kind: "hold", Postings: []ledger.Posting{dr(edgeBank, one), cr(edgeCapped, one)}})
		b.does(
			ledger.AccountChange{Key: "speed", Account: edgeFast, Currency: edgeINR(), Limits: &ledger.Limits{
				Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: most}},
			}},
			edgeEntry("as fast as can be", dr(edgeFast, most), cr("banks/c", most)),
		)
		b.overflows(ledger.Hold{Key: "k", Kind: "hold", Postings: []ledger.Posting{dr(edgeFast, one), cr(edgeBank, one)}})
		b.free("k")
	})

	b.run("sums over accounts", func(b *edgeBooks) {
		t := b.t
		b.does(edgeEntry("a", dr("banks/a", most), cr("merchants/a/pending", most)), edgeEntry("b", dr("banks/b", one), cr("merchants/b/pending", one)))
		if _, err := b.TrialBalance(t.Context()); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("trial balance gives %v", err)
		}
		if err := b.Assert(t.Context(), ledger.Assertion{Account: "banks", Currency: edgeINR(), Subtree: true, Amount: most}); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("assertion gives %v", err)
		}
	})
}

// overflows runs a request that would bring a figure out of range.
func (b *edgeBooks) overflows(r ledger.Request) {
	b.t.Helper()
	before := b.seen()
	_, err := b.one(r)
	var failure *ledger.Failure
	if !errors.Is(err, money.ErrOverflow) || errors.Is(err, ledger.ErrCorrupt) || errors.As(err, &failure) {
		b.t.Errorf("%+v gives %v, want an overflow that is no *Failure", r, err)
	}
	b.unchanged("what overflows", before)
}
