package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func wantErrs(t testing.TB, outcomes []ledger.Outcome, want ...error) {
	t.Helper()
	if len(outcomes) != len(want) {
		t.Fatalf("%d outcomes, want %d", len(outcomes), len(want))
	}
	for i := range want {
		if !errors.Is(outcomes[i].Err, want[i]) {
			t.Errorf("request %d: %v, want %v", i, outcomes[i].Err, want[i])
		}
		if outcomes[i].Err != nil && (outcomes[i].Seq != 0 || outcomes[i].Key != "") {
			t.Errorf("request %d failed and has the result %+v", i, outcomes[i].Result)
		}
	}
}

// everything is a batch of every kind of request, each seeing those before it.
func everything() []ledger.Request {
	return []ledger.Request{
		sale("s", 10000), payoutHold("h", 3000), part("c", "h", 1000), ledger.Release{Key: "r", Hold: "h"}, takePart("b", "s", 500),
		status("f", other, ledger.Frozen), shut("p", "2026-02-28"), claim(available, 8500), reopen("p2", ""), sale("s", 10000),
	}
}

// All of a batch is booked in one transaction, at one instant, without gaps.
func TestExecute(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.Mode{ledger.Atomic, ledger.Independent} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			outcomes, err := books.Execute(t.Context(), mode, everything()...)
			if err != nil {
				t.Fatal(err)
			}
			wantErrs(t, outcomes, make([]error, 10)...)
			acts, seq := "", uint64(0)
			for _, o := range outcomes {
				acts += fmt.Sprintf("%s %d, ", o.Act, o.Seq)
				if seq = max(seq, o.Seq); o.Act != 0 && o.At != noon() {
					t.Errorf("item %d is booked at %s", o.Seq, o.At)
				}
			}
			if want := "posted 1, held 2, captured 3, released 4, reversed 5, changed 6, closed 7, none 0, reopened 8, posted 1, "; acts != want {
				t.Errorf("outcomes are\n%s, want\n%s", acts, want)
			}
			if head := store.snapshot().head; head.Blocks != 1 || head.Seq != 8 || !outcomes[9].Replayed {
				t.Errorf("head is %+v, the retry within is replayed: %t", head, outcomes[9].Replayed)
			}
			before := store.snapshot()
			again, err := books.Execute(t.Context(), mode, append(everything()[:7], everything()[8:]...)...)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range again {
				if o.Err != nil || !o.Replayed {
					t.Errorf("request %d is replayed: %t, %v", i, o.Replayed, o.Err)
				}
			}
			if store.snapshot().head != before.head {
				t.Error("the retry was booked")
			}
		})
	}
}

// In an atomic batch the first that fails spoils it: only its key is burnt, and
// the others say because of what they were not applied.
func TestAtomicBatch(t *testing.T) {
	t.Parallel()
	for at, n := range map[int]int{0: 3, 1: 3, 2: 3} {
		t.Run(fmt.Sprint("request ", at), func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			mustPost(t, books, sale("float", 100))
			before := store.snapshot()
			requests := []ledger.Request{sale("a", 1), sale("b", 1), sale("c", 1)}
			requests[at] = transfer("bad", "payout", available, bank, 99999)
			outcomes, err := books.Execute(t.Context(), ledger.Atomic, requests...)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]error, n)
			for i := range want {
				if want[i] = ledger.ErrNotApplied; i != at {
					continue
				}
				want[i] = ledger.ErrInsufficientFunds
			}
			wantErrs(t, outcomes, want...)
			wantOnlyBurnt(t, before, store.snapshot(), "bad")
			has := 100 + at // those before it had been applied
			text := fmt.Sprintf(`"bad": insufficient funds: merchants/m1/available has INR %d.%02d available, 999.99 is asked for, the floor is 0.00`, has/100, has%100)
			wantText(t, outcomes[at].Err, text)
			wantText(t, outcomes[(at+1)%3].Err, fmt.Sprintf("not applied because of item %d: %s", at, text))
			if errors.Is(outcomes[(at+1)%3].Err, ledger.ErrInsufficientFunds) {
				t.Error("what was not applied is said to lack funds itself")
			}

			// The retry of the whole batch fails the same way and burns nothing more.
			before = store.snapshot()
			again, err := books.Execute(t.Context(), ledger.Atomic, requests...)
			if err != nil {
				t.Fatal(err)
			}
			wantErrs(t, again, want...)
			wantText(t, again[at].Err, text)
			if store.snapshot() != before {
				t.Error("the retry wrote")
			}
		})
	}
}

// What is malformed or conflicts spoils an atomic batch too, and burns nothing.
func TestAtomicBatchBurnsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request ledger.Request
		want    error
	}{
		"malformed": {ledger.Entry{Key: "bad"}, ledger.ErrInvalid},
		"unknown":   {transfer("bad", "sale", bank, "nowhere", 1), ledger.ErrUnknownAccount},
		"conflict":  {sale("float", 1), ledger.ErrKeyConflict},
		"claim":     {claim(bank, 1), ledger.ErrAssertion},
		"overflow":  {ledger.Entry{Key: "bad", Kind: "x", Postings: []ledger.Posting{ledger.Dr(bank, limit(t), inr()), ledger.Cr(available, limit(t), inr())}}, money.ErrOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			mustPost(t, books, sale("float", 100))
			before := store.snapshot()
			outcomes, err := books.Execute(t.Context(), ledger.Atomic, sale("a", 1), test.request)
			if err != nil {
				t.Fatal(err)
			}
			wantErrs(t, outcomes, ledger.ErrNotApplied, test.want)
			if store.snapshot() != before {
				t.Error("something was written")
			}
			mustPost(t, books, sale("a", 2), sale("bad", 2)) // both keys are free
		})
	}
}

// In an independent batch each is for itself and sees those before it.
func TestIndependentBatch(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	outcomes, err := books.Execute(t.Context(), ledger.Independent,
		transfer("p1", "payout", available, bank, 50), sale("s", 100), transfer("p2", "payout", available, bank, 60), ledger.Entry{Key: "bad"},
		transfer("p3", "payout", available, bank, 60), transfer("p3", "payout", available, bank, 60), transfer("p3", "payout", available, bank, 40),
		transfer("p4", "payout", available, bank, 40), sale("s", 101))
	if err != nil {
		t.Fatal(err)
	}
	wantErrs(t, outcomes, ledger.ErrInsufficientFunds, nil, nil, ledger.ErrInvalid, ledger.ErrInsufficientFunds, ledger.ErrInsufficientFunds,
		ledger.ErrKeyConflict, nil, ledger.ErrKeyConflict)
	var first, second *ledger.Failure
	if !errors.As(outcomes[4].Err, &first) || !errors.As(outcomes[5].Err, &second) || first.Frozen || !second.Frozen {
		t.Errorf("the attempt and its retry give %+v and %+v", first, second)
	}
	var items []string
	for _, item := range store.snapshot().items() {
		items = append(items, fmt.Sprint(item.Seq, " ", item.Act, " ", item.Key))
	}
	wantDiff(t, "items", []string{"1 refused p1", "2 posted s", "3 posted p2", "4 refused p3", "5 posted p4"}, items)
	if n := len(store.snapshot().blocks); n != 1 {
		t.Errorf("%d blocks, want all in one", n)
	}
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 0 holds")
}

// A burnt key stays burnt when what was lacking is there, and its item tells
// what was asked for.
func TestBurntKey(t *testing.T) {
	t.Parallel()
	books, _, clock := clocked(t)
	payout := transfer("p", "payout", available, bank, 100)
	payout.Metadata = []ledger.Attribute{{Name: "b"}, {Name: "a"}}
	failure := refuse(t, books, payout, ledger.ErrInsufficientFunds)
	clock.on(1e9)
	accept(t, books, sale("s", 1000))
	again := refuse(t, books, payout, ledger.ErrInsufficientFunds)
	wantFrozen := failure
	wantFrozen.Frozen = true
	wantDiff(t, "the retry's failure", wantFrozen, again, sentinels())

	item, ok, err := books.Entry(t.Context(), "p")
	if err != nil || !ok {
		t.Fatalf("the key is taken: %t, %v", ok, err)
	}
	asked := payout
	asked.Metadata = []ledger.Attribute{{Name: "a"}, {Name: "b"}}
	wantDiff(t, "item", ledger.Booked{Entry: ledger.Entry{Key: "p"}, Act: ledger.Refused, Seq: 1, At: noon(), Terms: &ledger.Terms{
		Refusal: &ledger.Refusal{Asked: ledger.Booked{Entry: asked, Act: ledger.Posted}, Failure: failure},
	}}, item, sentinels())

	// Any other request with the key is a conflict.
	payout.Postings = transfer("", "", available, bank, 99).Postings
	_, err = ask(t, books, payout)
	wantText(t, err, `key "p" was used for another entry (seq 1): posting 0 was "debit merchants/m1/available INR 1.00", is now "debit merchants/m1/available INR 0.99"`)
	_, err = ask(t, books, payoutHold("p", 1))
	wantText(t, err, `key "p" was used for another entry (seq 1): act was "posted", is now "held"`)
}

// A room's command burns nothing: what it could not book it may try again.
func TestBusinessKeysAreNotBurnt(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	payout := transfer("p", "payout", available, bank, 100)
	before := store.snapshot()
	if err := books.Do(t.Context(), book(payout)); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Fatal(err)
	}
	if store.snapshot() != before {
		t.Error("something was written")
	}
	mustPost(t, books, sale("s", 100))
	if err := books.Do(t.Context(), book(payout)); err != nil {
		t.Error(err)
	}
}

// A dry run gives the outcomes a real one would, and writes nothing.
func TestTry(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.Mode{ledger.Atomic, ledger.Independent} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			mustPost(t, books, sale("float", 100))
			before := store.snapshot()
			requests := []ledger.Request{sale("a", 1), transfer("p", "payout", available, bank, 102), sale("b", 1)}
			tried, err := books.Try(t.Context(), mode, requests...)
			if err != nil {
				t.Fatal(err)
			}
			if store.snapshot() != before || store.writes != 1 {
				t.Error("the dry run wrote")
			}
			done, err := books.Execute(t.Context(), mode, requests...)
			if err != nil {
				t.Fatal(err)
			}
			for i := range tried {
				wantDiff(t, fmt.Sprint("result ", i), done[i].Result, tried[i].Result)
				if fmt.Sprint(done[i].Err) != fmt.Sprint(tried[i].Err) {
					t.Errorf("request %d: %v when tried, %v when done", i, tried[i].Err, done[i].Err)
				}
			}
		})
	}
}

// In a host's transaction what was booked, and what was burnt, lasts only if it
// commits, and a failed item leaves nothing else in it.
func TestExecuteTx(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{true, false} {
		t.Run(fmt.Sprint("the host commits: ", commits), func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			mustPost(t, books, sale("float", 100))
			before := store.snapshot()
			err := books.Write(t.Context(), func(tx ledger.Tx) error {
				outcomes, err := books.ExecuteTx(t.Context(), tx, ledger.Atomic, sale("a", 1), transfer("p", "payout", available, bank, 500))
				if err != nil {
					return err
				}
				wantErrs(t, outcomes, ledger.ErrNotApplied, ledger.ErrInsufficientFunds)
				outcomes, err = books.ExecuteTx(t.Context(), tx, ledger.Independent, sale("b", 1), transfer("p", "payout", available, bank, 500), payoutHold("h", 101))
				if err != nil {
					return err
				}
				wantErrs(t, outcomes, nil, ledger.ErrInsufficientFunds, nil)
				if !commits {
					return errRefused
				}
				return nil
			})
			if (err == nil) != commits {
				t.Fatal(err)
			}
			if !commits && store.snapshot() != before {
				t.Error("something was written")
			}
			_, burnt, err := books.Entry(t.Context(), "p")
			if err != nil || burnt != commits {
				t.Errorf("the key is burnt: %t, %v", burnt, err)
			}
		})
	}
}

func TestBatchesOfNothing(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	ctx := t.Context()
	outcomes, err := books.Execute(ctx, ledger.Atomic)
	tried, tryErr := books.Try(ctx, ledger.Independent)
	if len(outcomes)+len(tried) > 0 || err != nil || tryErr != nil {
		t.Errorf("%v, %v; tried %v, %v", outcomes, err, tried, tryErr)
	}
	if err := books.Write(ctx, func(tx ledger.Tx) error {
		outcomes, err := books.ExecuteTx(ctx, tx, ledger.Atomic)
		if len(outcomes) > 0 {
			t.Errorf("outcomes are %v", outcomes)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if store.snapshot().head != (ledger.Head{}) {
		t.Error("something was written")
	}
}

// A batch that cannot be run at all has no outcomes.
func TestBatchFails(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	for name, run := range map[string]func() ([]ledger.Outcome, error){
		"no mode":         func() ([]ledger.Outcome, error) { return books.Execute(t.Context(), 0, sale("a", 1)) },
		"no mode, tried":  func() ([]ledger.Outcome, error) { return books.Try(t.Context(), 3, sale("a", 1)) },
		"no mode in a tx": func() ([]ledger.Outcome, error) { return books.ExecuteTx(t.Context(), store.snapshot(), 0) },
		"no request":      func() ([]ledger.Outcome, error) { return books.Execute(t.Context(), ledger.Atomic, sale("a", 1), nil) },
	} {
		if outcomes, err := run(); outcomes != nil || !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, outcomes, err)
		}
	}
	store.commit = func(*snapshot) error { return errRefused }
	if outcomes, err := books.Execute(t.Context(), ledger.Independent, sale("a", 1)); outcomes != nil || !errors.Is(err, errRefused) {
		t.Errorf("a commit that fails: %v, %v", outcomes, err)
	}
	store.commit = nil
	store.damage = func(s *snapshot) { s.headErr = errRefused }
	if outcomes, err := books.Try(t.Context(), ledger.Independent, sale("a", 1)); outcomes != nil || !errors.Is(err, errRefused) {
		t.Errorf("a snapshot that cannot be read: %v, %v", outcomes, err)
	}
	store.damage = nil
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if outcomes, err := books.ExecuteTx(over, store.snapshot(), ledger.Atomic, sale("a", 1)); outcomes != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v, %v", outcomes, err)
	}
}

// Each method of one request gives its result or its failure.
func TestSingleRequests(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	ctx := t.Context()
	mustPost(t, books, sale("s", 10000))
	for i, do := range []func() (ledger.Result, error){
		func() (ledger.Result, error) { return books.Hold(ctx, payoutHold("h", 3000)) },
		func() (ledger.Result, error) { return books.Capture(ctx, part("c", "h", 1000)) },
		func() (ledger.Result, error) { return books.Release(ctx, ledger.Release{Key: "r", Hold: "h"}) },
		func() (ledger.Result, error) { return books.Reverse(ctx, takePart("b", "s", 500)) },
		func() (ledger.Result, error) { return books.ChangeAccount(ctx, status("f", other, ledger.Frozen)) },
		func() (ledger.Result, error) { return books.ChangePeriod(ctx, shut("p", "2026-02-28")) },
	} {
		if got, err := do(); err != nil || got.Seq != uint64(i+2) {
			t.Errorf("call %d: %+v, %v", i, got, err)
		}
	}
	if got, err := books.Release(ctx, ledger.Release{Key: "r2", Hold: "h"}); !errors.Is(err, ledger.ErrHoldReleased) || got.Seq != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := books.Hold(ctx, ledger.Hold{}); !errors.Is(err, ledger.ErrInvalid) {
		t.Error(err)
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	text := ""
	for act := range ledger.Refused + 2 {
		text += act.String() + " "
	}
	if want := "none posted held captured released expired reversed changed closed reopened refused act(11) "; text != want {
		t.Errorf("acts are %s, want %s", text, want)
	}
	if ledger.Mode(0).String() != "unknown(0)" || ledger.Side(7).String() != "side(7)" {
		t.Error("what has no name has one")
	}
}
