package storetest

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// edgeLies is a store that reads other things than what is stored.
type edgeLies struct {
	ledger.Store
	account func(*ledger.Account)
	record  func(ledger.Record) ledger.Record
	item    func(*ledger.Booked)
}

func (l *edgeLies) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return l.Store.Write(ctx, func(tx ledger.Tx) error { return fn(edgeLyingTx{edgeLyingReader{tx, l}, tx}) })
}

func (l *edgeLies) Read(ctx context.Context, fn func(ledger.Reader) error) error {
	return l.Store.Read(ctx, func(r ledger.Reader) error { return fn(edgeLyingReader{r, l}) })
}

type edgeLyingReader struct {
	ledger.Reader
	lies *edgeLies
}

type edgeLyingTx struct {
	edgeLyingReader
	tx ledger.Tx
}

func (t edgeLyingTx) Lock(ctx context.Context, refs ...ledger.Ref) error {
	return t.tx.Lock(ctx, refs...)
}

func (t edgeLyingTx) Save(ctx context.Context, c *ledger.Changes) error { return t.tx.Save(ctx, c) }

func (r edgeLyingReader) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	if err := r.Reader.Load(ctx, need, s); err != nil {
		return err
	}
	for _, id := range slices.Concat(need.Moved, need.Accounts) {
		if a, ok := s.Account(id); ok && r.lies.account != nil {
			r.lies.account(&a)
			s.PutAccount(id, &a)
		}
	}
	for _, ref := range need.Records {
		if record := s.Record(ref); record != nil && r.lies.record != nil {
			s.PutRecord(ref, r.lies.record(record))
		}
	}
	return r.items(ctx, need, s)
}

func (r edgeLyingReader) items(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	for item, err := range r.Items(ctx, 0, 1) {
		if err != nil {
			return err
		}
		for _, key := range need.Keys {
			if item.Key == key && r.lies.item != nil {
				changed := *item
				changed.Postings = slices.Clone(item.Postings)
				r.lies.item(&changed)
				s.PutKey(key, &changed)
			}
		}
	}
	return nil
}

func (r edgeLyingReader) Accounts(ctx context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for a, err := range r.Reader.Accounts(ctx, prefix) {
			if r.lies.account != nil {
				r.lies.account(&a)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// edgeOnAvailable changes one account.
func edgeOnAvailable(change func(*ledger.Account)) func(*ledger.Account) {
	return func(a *ledger.Account) {
		if a.Path == edgeAvailable {
			change(a)
		}
	}
}

// edgeOnHold changes a copy of a hold.
func edgeOnHold(change func(*ledger.HoldState)) func(ledger.Record) ledger.Record {
	return func(r ledger.Record) ledger.Record {
		h, ok := r.(*ledger.HoldState)
		if !ok {
			return r
		}
		changed := *h
		changed.Legs = slices.Clone(h.Legs)
		change(&changed)
		return &changed
	}
}

// edgeLie is something that cannot be, and requests that look at it.
type edgeLie struct {
	name     string
	lies     edgeLies
	requests []ledger.Request
}

// edgeImpossibilities are lies about books that have a fund of 1.00, of which
// 0.01 was taken back, and a hold of 0.40.
func edgeImpossibilities() []edgeLie {
	pay, capture := edgePay("k", edgeAvailable, edgeBank, 1), ledger.Capture{Key: "k", Hold: "hold", Kind: "capture", All: true}
	part := edgePart("k", "hold", edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1))
	release := ledger.Release{Key: "k", Hold: "hold"}
	back := edgeBack("k", "fund")
	return []edgeLie{
		{"debits below zero", edgeLies{account: edgeOnAvailable(func(a *ledger.Account) { a.Debits = money.Minor(-1) })},
			[]ledger.Request{pay, edgeFund("k", 1), edgeHold("k", 1), capture, release, back, edgeStatus("k", edgeAvailable, ledger.Frozen)}},
		{"held below zero", edgeLies{account: edgeOnAvailable(func(a *ledger.Account) { a.HeldDebits = money.Minor(-1) })},
			[]ledger.Request{pay, edgeHold("k", 1), capture, part, release}},
		{"held without a hold", edgeLies{account: edgeOnAvailable(func(a *ledger.Account) { a.Holds = 0 })}, []ledger.Request{pay, capture, part, release}},
		{"no counter for a velocity limit", edgeLies{account: edgeOnAvailable(func(a *ledger.Account) {
			a.Velocity = []ledger.Velocity{{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(1)}}
		})}, []ledger.Request{pay}},
		{"less held than the hold has", edgeLies{account: edgeOnAvailable(func(a *ledger.Account) { a.HeldDebits = money.Minor(39) })},
			[]ledger.Request{capture, release}},
		{"an open hold that its account does not count", edgeLies{account: edgeOnAvailable(func(a *ledger.Account) { a.Holds, a.HeldDebits = 0, money.Minor(0) })},
			[]ledger.Request{capture, part, release}},
		{"captured beyond what was held", edgeLies{record: edgeOnHold(func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(41) })},
			[]ledger.Request{capture, part, release}},
		{"a hold whose debits differ from its credits", edgeLies{record: edgeOnHold(func(h *ledger.HoldState) { h.Legs[0].Amount = money.Minor(39) })},
			[]ledger.Request{capture, part, release}},
		{"a hold captured on one side", edgeLies{record: edgeOnHold(func(h *ledger.HoldState) { h.Legs[0].Captured = money.Minor(1) })},
			[]ledger.Request{capture, part, release}},
		{"a hold on no side", edgeLies{record: edgeOnHold(func(h *ledger.HoldState) { h.Legs[0].Side = 0 })}, []ledger.Request{capture, part, release}},
		{"an entry on no side", edgeLies{item: func(b *ledger.Booked) {
			if b.Key == "fund" {
				b.Postings[0].Side = 3
			}
		}}, []ledger.Request{back}},
		{"an entry whose debits differ from its credits", edgeLies{item: func(b *ledger.Booked) {
			if b.Key == "fund" {
				b.Postings[0].Amount = money.Minor(99)
			}
		}}, []ledger.Request{back}},
		{"more taken back than there was", edgeLies{record: func(r ledger.Record) ledger.Record {
			if _, ok := r.(*ledger.TakenBack); !ok {
				return r
			}
			return &ledger.TakenBack{Of: "fund", Legs: []ledger.TakenBackLeg{
				{Account: edgeBank, Currency: edgeINR(), Amount: money.Minor(101)}, {Account: edgeAvailable, Currency: edgeINR(), Amount: money.Minor(101)},
			}}
		}}, []ledger.Request{back}},
	}
}

// edgeImpossible: stop loudly; never continue.
func edgeImpossible(b *edgeBooks) {
	for _, test := range edgeImpossibilities() {
		b.run(test.name, func(b *edgeBooks) {
			b.does(edgeFund("fund", 100), edgeHold("hold", 40), edgeBackPart("part of fund", "fund", edgeDr(edgeAvailable, 1), edgeCr(edgeBank, 1)))
			test.lies.Store = b.store
			b.stops(&test.lies, test.requests)
		})
	}
	b.run("debits that differ from credits are found", edgeDiffer)
}

// stops checks that nothing is decided on what cannot be.
func (b *edgeBooks) stops(lies *edgeLies, requests []ledger.Request) {
	b.t.Helper()
	before := b.seen()
	lying := b.on(lies)
	for _, r := range requests {
		for _, mode := range []ledger.Mode{ledger.Atomic, ledger.Independent} {
			outcomes, err := lying.Execute(b.t.Context(), mode, r)
			if err == nil {
				err = outcomes[0].Err
			}
			var failure *ledger.Failure
			if !errors.Is(err, ledger.ErrCorrupt) || errors.Is(err, ledger.ErrIndefinite) || errors.As(err, &failure) {
				b.t.Errorf("%T gives %v, want ErrCorrupt", r, err)
			}
		}
	}
	b.unchanged("what was built on an impossible state", before)
	b.free("k")
}

// edgeDiffer: totals that are only wrong with respect to others are found by
// the trial balance and by Verify.
func edgeDiffer(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 100))
	lying := b.on(&edgeLies{Store: b.store, account: edgeOnAvailable(func(a *ledger.Account) { a.Debits = money.Minor(1) })})
	trial, err := lying.TrialBalance(t.Context())
	if err != nil || trial.Balanced() {
		t.Errorf("the trial balance is balanced, %v", err)
	}
	v, err := lying.Verify(t.Context())
	if err != nil || !errors.Is(v.Err(), ledger.ErrCorrupt) {
		t.Errorf("verifying gives %v, %v", v.Err(), err)
	}
}
