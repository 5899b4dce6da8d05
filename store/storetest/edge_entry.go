package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeInvalid: rejected before any write; every fault reported, with its
// posting index.
func edgeInvalid(b *edgeBooks) {
	t := b.t
	dr, cr := edgeDr, edgeCr
	pkr := func(p ledger.Posting) ledger.Posting { p.Currency = edgePKR(); return p }
	tests := []struct {
		name     string
		postings []ledger.Posting
		at       []int // postings that are at fault
		want     string
	}{
		{"unbalanced", []ledger.Posting{dr(edgeBank, 10000), cr(edgePending, 9999)}, nil,
			"entry does not balance: INR debits 100.00, credits 99.99"},
		{"unbalanced in each of two currencies", []ledger.Posting{dr(edgeBank, 2), cr(edgePending, 1), pkr(dr(edgeBank, 3)), pkr(cr(edgePending, 4))}, nil,
			"entry does not balance: INR debits 0.02, credits 0.01\nentry does not balance: PKR debits 0.03, credits 0.04"},
		{"balanced in one of two currencies", []ledger.Posting{dr(edgeBank, 2), cr(edgePending, 2), pkr(dr(edgeBank, 3)), pkr(cr(edgePending, 4))}, nil,
			"entry does not balance: PKR debits 0.03, credits 0.04"},
		{"one currency against another", []ledger.Posting{dr(edgeBank, 1), pkr(cr(edgePending, 1))}, nil,
			"entry does not balance: INR debits 0.01, credits 0.00\nentry does not balance: PKR debits 0.00, credits 0.01"},
		{"no postings", nil, nil, "entry has 0 postings, between 2 and 1000 are needed"},
		{"one posting", []ledger.Posting{dr(edgeBank, 1)}, nil,
			"entry has 1 postings, between 2 and 1000 are needed\nentry does not balance: INR debits 0.01, credits 0.00"},
		{"1001 postings", edgeMany(1001), nil, "entry has 1001 postings, between 2 and 1000 are needed"},
		{"zero and negative", []ledger.Posting{dr(edgeBank, 0), cr(edgePending, -5), cr(edgeSales, 5)}, []int{0, 1},
			"posting 0: amount INR 0.00 is not positive\nposting 1: amount INR -0.05 is not positive"},
		{"the same account on both sides", []ledger.Posting{dr(edgeBank, 5), cr(edgePending, 5), cr(edgeBank, 5), dr(edgePending, 5)}, []int{2, 3},
			"posting 2: bank INR stands on the other side in posting 0\nposting 3: merchants/m1/pending INR stands on the other side in posting 1"},
		{"the same path in another currency is another account", []ledger.Posting{dr(edgeBank, 5), pkr(cr(edgeBank, 5))}, nil,
			"entry does not balance: INR debits 0.05, credits 0.00\nentry does not balance: PKR debits 0.00, credits 0.05"},
		{"everything in one posting", []ledger.Posting{{}, cr("a//b", 1)}, []int{0, 0, 0, 0, 1},
			"posting 0: account path is empty\nposting 0: currency is missing\nposting 0: side(0) is neither debit nor credit\n" +
				"posting 0: amount 0 is not positive\nposting 1: account path \"a//b\" has an empty or dotted segment"},
		{"on both sides and unbalanced", []ledger.Posting{dr(edgeBank, 5), cr(edgeBank, 4)}, []int{1},
			"posting 1: bank INR stands on the other side in posting 0\nentry does not balance: INR debits 0.05, credits 0.04"},
	}
	b.does(edgeFund("float", 10000), edgeHold("h", 5000))
	for _, test := range tests {
		b.rejectsPostings(test.name, test.postings, test.at, test.want)
	}
	b.rejects(ledger.Entry{Postings: []ledger.Posting{dr(edgeBank, 0)}}, "entry \"\": key is missing\nkind is missing\n"+
		"entry has 1 postings, between 2 and 1000 are needed\nposting 0: amount INR 0.00 is not positive", ledger.ErrInvalid)
	unknown := edgeEntry("k", dr("vault", 1), cr(edgePending, 2), dr("merchants/m1", 1))
	err := b.rejected(unknown, "entry \"k\": posting 0: account is not in the chart: vault\nposting 2: account is not in the chart: merchants/m1",
		ledger.ErrInvalid, ledger.ErrUnknownAccount)
	edgeWantIndexes(t, err, 0, 2)
	b.free("k")
	b.does(edgePay("k", edgeBank, edgePending, 1)) // and the key was not burnt
}

// rejectsPostings tries faulty postings as everything that may have some.
func (b *edgeBooks) rejectsPostings(name string, postings []ledger.Posting, at []int, want string) {
	b.t.Helper()
	want = `entry "k": ` + want
	sentinels := []error{ledger.ErrInvalid}
	if strings.Contains(want, "does not balance") {
		sentinels = append(sentinels, ledger.ErrUnbalanced)
	}
	requests := []ledger.Request{
		edgeEntry("k", postings...),
		ledger.Hold{Key: "k", Kind: "hold", Postings: postings},
	}
	if len(postings) > 0 { // no postings have a text of their own there
		requests = append(requests, ledger.Capture{Key: "k", Hold: "h", Kind: "capture", Postings: postings},
			ledger.Reversal{Key: "k", Of: "float", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), Postings: postings})
	}
	for _, r := range requests {
		err := b.rejected(r, want, sentinels...)
		edgeWantIndexes(b.t, err, at...)
	}
	b.free("k")
	if b.t.Failed() {
		b.t.Fatalf("in %q", name)
	}
}

// edgeWantIndexes checks which postings the faults of an entry name, in order.
func edgeWantIndexes(t testing.TB, err error, want ...int) {
	t.Helper()
	var invalid *ledger.EntryError
	if !errors.As(err, &invalid) {
		t.Errorf("%v is no *EntryError", err)
		return
	}
	var got []int
	for _, fault := range invalid.Faults {
		var posting *ledger.PostingError
		if errors.As(fault, &posting) {
			got = append(got, posting.Index)
		}
	}
	if diff := cmp.Diff(want, got, edgeCompare()); diff != "" {
		t.Errorf("%v names postings (-want +got):\n%s", err, diff)
	}
}

// edgeMany gives n postings that balance, if n is odd by a last one of double.
func edgeMany(n int) []ledger.Posting {
	var out []ledger.Posting
	for range n - 1 {
		out = append(out, edgeDr(edgeBank, 1))
	}
	return append(out, edgeCr(edgePending, int64(n-1)))
}

// edgeMost is 10^38-1, the greatest amount there is.
func edgeMost(t testing.TB) money.Amount {
	t.Helper()
	most, err := edgeINR().Parse(strings.Repeat("9", 36) + ".99")
	if err != nil {
		t.Fatal(err)
	}
	return most
}

// edgeEveryAct is requests of every kind that leave a trace, each of which builds
// on those before it.
func edgeEveryAct() []ledger.Request {
	owned := edgeHold("owned", 700)
	owned.Owner = "payment"
	return []ledger.Request{
		ledger.Entry{
			Key: "fund", Kind: "sale", Reference: "order-1", ValueDate: edgeDay("2026-02-27"), PartOf: "order", Owner: "payment",
			Metadata: []ledger.Attribute{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}},
			Postings: []ledger.Posting{edgeDr(edgeBank, 9000), edgeDr(edgeBank, 1000), edgeCr(edgeAvailable, 10000)},
		},
		edgePay("today", edgeBank, edgePending, 300), // the value date is the ledger's
		ledger.Hold{
			Key: "hold", Kind: "payout", Reference: "order-2", Expires: noon().Add(time.Hour), Metadata: []ledger.Attribute{{Name: "a", Value: "1"}},
			Postings: []ledger.Posting{edgeDr(edgeAvailable, 3000), edgeCr(edgeBank, 3000)},
		},
		owned,
		ledger.Capture{Key: "part", Hold: "hold", Kind: "payout", Postings: []ledger.Posting{edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)}},
		ledger.Capture{Key: "all", Hold: "hold", Kind: "payout", All: true},
		ledger.Capture{Key: "of owned", Hold: "owned", Kind: "payout", ValueDate: edgeDay("2026-02-01"), Final: true,
			Postings: []ledger.Posting{edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)}},
		edgeHold("hold 2", 50),
		ledger.Release{Key: "release", Hold: "hold 2", Reference: "order-3"},
		ledger.Reversal{Key: "back", Of: "today", Kind: "reversal", ValueDate: edgeDay("2026-03-02"),
			Postings: []ledger.Posting{edgeDr(edgePending, 100), edgeCr(edgeBank, 100)}},
		ledger.Reversal{Key: "back all", Of: "today", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true},
		ledger.AccountChange{Key: "change", Account: edgeAvailable, Currency: edgeINR(), Status: ledger.NoDebit, Reference: "ticket 1",
			Limits: &ledger.Limits{Limited: true, Floor: money.Minor(-1)}, Metadata: []ledger.Attribute{}},
		ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28")},
		ledger.PeriodChange{Key: "reopen", Reopen: true},
	}
}

// edgeRetry: the original outcome, flagged replayed; nothing is written.
func edgeRetry(b *edgeBooks) {
	requests := edgeEveryAct()
	first := make([]ledger.Result, len(requests))
	for i, r := range requests {
		first[i] = b.does(r)
		b.clock.pass(time.Microsecond)
	}
	b.does(ledger.PeriodChange{Key: "close for good", Through: edgeDay("2026-03-01")})
	b.clock.pass(100 * time.Hour) // days later every hold has expired and today is another day
	for i, r := range requests {
		b.replays(r, first[i])
	}
	b.otherWords(requests[0].(ledger.Entry), first[0]) //nolint:errcheck,forcetypeassert // the first of them is an entry
}

// otherWords retries an entry in forms that mean the same.
func (b *edgeBooks) otherWords(sorted ledger.Entry, first ledger.Result) {
	b.t.Helper()
	sorted.Metadata = []ledger.Attribute{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}
	b.replays(sorted, first)
	sorted.ValueDate, sorted.OrFirstOpen = edgeDay("2026-02-27"), true // how to book it is no part of what it is
	b.replays(sorted, first)

	late := edgePay("late", edgeBank, edgePending, 5)
	late.ValueDate, late.OrFirstOpen = edgeDay("2026-02-27"), true
	booked := b.does(late)
	if booked.ValueDate != edgeDay("2026-03-02") || booked.Asked != edgeDay("2026-02-27") {
		b.t.Errorf("booked on %s, asked for %s; want the first open date and the original", booked.ValueDate, booked.Asked)
	}
	late.OrFirstOpen = false
	b.replays(late, booked)

	before := b.seen()
	results, err := b.Post(b.t.Context(), sorted, edgePay("today", edgeBank, edgePending, 300), sorted)
	if err != nil || len(results) != 3 || !results[0].Replayed || !results[1].Replayed || !results[2].Replayed {
		b.t.Errorf("retry of a batch: %+v, %v", results, err)
	}
	b.unchanged("a batch of retries", before)
	twice, err := b.Post(b.t.Context(), edgePay("twice", edgeBank, edgePending, 1), edgePay("twice", edgeBank, edgePending, 1))
	if err != nil || twice[0].Replayed || !twice[1].Replayed || twice[0].Seq != twice[1].Seq {
		b.t.Errorf("a key twice in one batch: %+v, %v", twice, err)
	}
}

// edgeConflict: a conflict error naming the first differing field; never
// executed, never replayed.
func edgeConflict(b *edgeBooks) {
	entry := ledger.Entry{
		Key: "entry", Kind: "sale", Reference: "r", ValueDate: edgeDay("2026-03-01"), PartOf: "p", Owner: "o",
		Metadata: []ledger.Attribute{{Name: "a", Value: "1"}}, Postings: []ledger.Posting{edgeDr(edgeBank, 10000), edgeCr(edgeAvailable, 10000)},
	}
	hold := edgeHold("hold", 4000)
	hold.Expires = b.clock.after(time.Hour)
	part := ledger.Capture{Key: "part", Hold: "hold", Kind: "payout", Postings: []ledger.Posting{edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)}}
	all := ledger.Capture{Key: "all", Hold: "hold", Kind: "payout", All: true}
	plain := edgeFund("plain", 500)
	back := ledger.Reversal{Key: "back", Of: "plain", Kind: "reversal", ValueDate: edgeDay("2026-03-02"), All: true}
	release := ledger.Release{Key: "release", Hold: "hold 2"}
	change := ledger.AccountChange{Key: "change", Account: edgePending, Currency: edgeINR(), Status: ledger.NoDebit}
	period := ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28")}
	b.does(entry, hold, part, all, plain, back, edgeHold("hold 2", 1), edgeHold("hold 3", 1), release, change, period)
	lack := edgePay("lack", edgeAvailable, edgeBank, 99999)
	b.refuses(lack, edgeLackText("lack", 5999, 99999), edgeLack("lack", 5999, 99999))

	with := func(change func(*ledger.Entry)) ledger.Entry { e := entry; change(&e); return e }
	b.conflicts(edgeHold("entry", 1), 1, "act", "posted", "held")
	b.conflicts(with(func(e *ledger.Entry) { e.Kind, e.Reference = "refund", "s" }), 1, "kind", "sale", "refund")
	b.conflicts(with(func(e *ledger.Entry) { e.Reference, e.PartOf = "s", "q" }), 1, "reference", "r", "s")
	b.conflicts(with(func(e *ledger.Entry) { e.ValueDate = edgeDay("2026-03-02") }), 1, "value date", "2026-03-01", "2026-03-02")
	b.conflicts(with(func(e *ledger.Entry) { e.PartOf = "" }), 1, "part of", "p", "")
	b.conflicts(with(func(e *ledger.Entry) { e.Owner = "x" }), 1, "owner", "o", "x")
	b.conflicts(with(func(e *ledger.Entry) { e.Metadata = nil }), 1, "metadata", "[{a 1}]", "[]")
	b.conflicts(with(func(e *ledger.Entry) {
		e.Postings = []ledger.Posting{edgeDr(edgeBank, 1), edgeDr(edgeBank, 9999), edgeCr(edgeAvailable, 10000)}
	}), 1, "number of postings", "2", "3")
	b.conflicts(with(func(e *ledger.Entry) {
		e.Postings = []ledger.Posting{edgeDr(edgeBank, 10000), edgeCr(edgePending, 10000)}
	}), 1, "posting 1", "credit merchants/m1/available INR 100.00", "credit merchants/m1/pending INR 100.00")
	b.conflicts(with(func(e *ledger.Entry) {
		e.Postings = []ledger.Posting{edgeCr(edgeAvailable, 10000), edgeDr(edgeBank, 10000)}
	}), 1, "posting 0", "debit bank INR 100.00", "credit merchants/m1/available INR 100.00") // the order is kept, so it counts
	b.otherActs(hold, part, back, change)

	b.conflicts(edgePay("lack", edgeAvailable, edgeBank, 1), 12, "posting 0", // a burnt key holds on to what it was asked for
		"debit merchants/m1/available INR 999.99", "debit merchants/m1/available INR 0.01")
	b.frozen(lack, edgeLackText("lack", 5999, 99999), edgeLack("lack", 5999, 99999))
}

// otherActs asks for other content under the keys of acts that are no plain
// entries.
func (b *edgeBooks) otherActs(hold ledger.Hold, part ledger.Capture, back ledger.Reversal, change ledger.AccountChange) {
	b.t.Helper()
	later := hold
	later.Expires = hold.Expires.Add(time.Second)
	b.conflicts(later, 2, "expires", "2026-03-02T13:00:00Z", "2026-03-02T13:00:01Z")
	other := part
	other.Hold = "hold 3"
	b.conflicts(other, 3, "of", "hold", "hold 3")
	other = part
	other.Final = true
	b.conflicts(other, 3, "final", "false", "true")
	b.conflicts(ledger.Capture{Key: "part", Hold: "hold", Kind: "payout", All: true}, 3, "all", "false", "true")
	b.conflicts(ledger.Capture{Key: "all", Hold: "hold", Kind: "payout", Postings: []ledger.Posting{edgeDr(edgeAvailable, 3999), edgeCr(edgeBank, 3999)}},
		4, "all", "true", "false") // even what all that was left came to is another wish
	of := back
	of.Of = "entry"
	b.conflicts(of, 6, "of", "plain", "entry")
	b.conflicts(ledger.Release{Key: "release", Hold: "hold 3"}, 9, "of", "hold 2", "hold 3")
	frozen := change
	frozen.Status = ledger.Frozen
	b.conflicts(frozen, 10, "change", "merchants/m1/pending INR no_debit", "merchants/m1/pending INR frozen")
	b.conflicts(ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-27")}, 11, "through", "2026-02-28", "2026-02-27")
	b.conflicts(ledger.PeriodChange{Key: "close", Through: edgeDay("2026-02-28"), Reopen: true}, 11, "act", "closed", "reopened")
}

// conflicts runs a request whose key was taken by another content.
func (b *edgeBooks) conflicts(r ledger.Request, seq uint64, field, was, now string) {
	b.t.Helper()
	before := b.seen()
	_, err := b.one(r)
	var conflict *ledger.ConflictError
	if !errors.As(err, &conflict) || !errors.Is(err, ledger.ErrKeyConflict) {
		b.t.Errorf("%+v: %v, want a *ConflictError", r, err)
		return
	}
	want := ledger.ConflictError{Key: conflict.Key, Field: field, Seq: seq, Was: was, Now: now}
	if diff := cmp.Diff(want, *conflict); diff != "" {
		b.t.Errorf("conflict (-want +got):\n%s", diff)
	}
	edgeWantError(b.t, err, want.Error())
	b.unchanged(err.Error(), before)
}
