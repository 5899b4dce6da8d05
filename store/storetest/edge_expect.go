package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// one runs a request by itself.
func (b *edgeBooks) one(r ledger.Request) (ledger.Result, error) {
	b.t.Helper()
	outcomes, err := b.Execute(b.t.Context(), ledger.Atomic, r)
	if err != nil {
		return ledger.Result{}, err
	}
	if len(outcomes) != 1 {
		b.t.Fatalf("%d outcomes for one request", len(outcomes))
	}
	return outcomes[0].Result, outcomes[0].Err
}

// does runs requests, each by itself, that must be booked now.
func (b *edgeBooks) does(requests ...ledger.Request) (last ledger.Result) {
	b.t.Helper()
	for _, r := range requests {
		result, err := b.one(r)
		if err != nil || result.Replayed || result.Seq == 0 {
			b.t.Fatalf("%+v: %+v, %v", r, result, err)
		}
		last = result
	}
	return last
}

// replays runs a request that was booked before: its first outcome must come
// back, and nothing be written.
func (b *edgeBooks) replays(r ledger.Request, first ledger.Result) {
	b.t.Helper()
	before := b.seen()
	again, err := b.one(r)
	if err != nil {
		b.t.Errorf("retry of %q: %v", first.Key, err)
		return
	}
	first.Replayed = true
	if diff := cmp.Diff(first, again, edgeCompare()); diff != "" {
		b.t.Errorf("retry of %q (-want +got):\n%s", first.Key, diff)
	}
	b.unchanged("retry of "+first.Key, before)
}

func (b *edgeBooks) unchanged(what, before string) {
	b.t.Helper()
	if diff := cmp.Diff(before, b.seen()); diff != "" {
		b.t.Errorf("%s wrote (-before +after):\n%s", what, diff)
	}
}

// rejects runs a request that can never be booked: the text must be want, the
// error be every sentinel and no *Failure, and nothing be written.
func (b *edgeBooks) rejects(r ledger.Request, want string, sentinels ...error) {
	b.t.Helper()
	if err := b.rejected(r, want, sentinels...); err == nil {
		b.t.Errorf("%+v is booked", r)
	}
}

// rejected is rejects and gives the error.
func (b *edgeBooks) rejected(r ledger.Request, want string, sentinels ...error) error {
	b.t.Helper()
	before := b.seen()
	_, err := b.one(r)
	edgeWantError(b.t, err, want, sentinels...)
	var failure *ledger.Failure
	if errors.As(err, &failure) {
		b.t.Errorf("%v is a failure of state", err)
	}
	b.unchanged(want, before)
	return err
}

// refuses runs a request that the state refuses: the failure must have the
// text and the figures, burn the key with one item and change nothing else, and
// come back frozen for a retry that writes nothing.
func (b *edgeBooks) refuses(r ledger.Request, text string, want ledger.Failure) {
	b.t.Helper()
	before, standing, seq := b.seen(), b.standing(), b.seq()
	_, err := b.one(r)
	if b.isFailure(err, text, want); b.t.Failed() {
		return
	}
	items := b.items(seq + 1)
	if len(items) != 1 || items[0].Act != ledger.Refused || items[0].Key != want.Key || before == b.seen() {
		b.t.Fatalf("%s: journal goes on with %v, want the burnt key alone", text, items)
	}
	if diff := cmp.Diff(want, items[0].Refusal.Failure, edgeCompare()); diff != "" {
		b.t.Errorf("%s: journal (-want +got):\n%s", text, diff)
	}
	if diff := cmp.Diff(standing, b.standing()); diff != "" {
		b.t.Errorf("%s: a refused request changed (-before +after):\n%s", text, diff)
	}
	b.frozen(r, text, want)
}

// frozen retries a request that was refused.
func (b *edgeBooks) frozen(r ledger.Request, text string, want ledger.Failure) {
	b.t.Helper()
	before := b.seen()
	_, err := b.one(r)
	want.Frozen = true
	b.isFailure(err, text, want)
	b.unchanged("retry: "+text, before)
}

func (b *edgeBooks) isFailure(err error, text string, want ledger.Failure) {
	b.t.Helper()
	edgeWantError(b.t, err, text, want.Reason)
	var failure *ledger.Failure
	if !errors.As(err, &failure) {
		b.t.Errorf("%v is no *Failure", err)
		return
	}
	if diff := cmp.Diff(want, *failure, edgeCompare()); diff != "" {
		b.t.Errorf("%s: figures (-want +got):\n%s", text, diff)
	}
	for _, other := range []error{ledger.ErrInvalid, ledger.ErrKeyConflict, ledger.ErrIndefinite, ledger.ErrCorrupt, ledger.ErrNotApplied} {
		if errors.Is(err, other) {
			b.t.Errorf("%v is %v too", err, other)
		}
	}
}

// free checks that no one took a key.
func (b *edgeBooks) free(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		if item, ok, err := b.Entry(b.t.Context(), key); ok || err != nil {
			b.t.Errorf("key %q is taken by %+v, %v", key, item, err)
		}
	}
}

// stands checks what an account has, in major units: posted, held, available.
func (b *edgeBooks) stands(path, want string) {
	b.t.Helper()
	a, _, err := b.Account(b.t.Context(), path, edgeINR())
	if err != nil {
		b.t.Fatal(err)
	}
	if a.Type == 0 {
		a.Type = ledger.Asset // never opened: zeros on any side
	}
	posted, err := a.Posted()
	if err != nil {
		b.t.Fatal(err)
	}
	available, err := a.Available()
	if err != nil {
		b.t.Fatal(err)
	}
	c := edgeINR()
	if got := fmt.Sprintf("%s, %s held, %s available", c.Format(posted), c.Format(a.Held()), c.Format(available)); got != want {
		b.t.Errorf("%s stands at %s; want %s", path, got, want)
	}
}

// holdIs checks a hold's status and what is left of its legs, in major units.
func (b *edgeBooks) holdIs(key, want string) {
	b.t.Helper()
	h, ok, err := b.HoldState(b.t.Context(), key)
	if !ok || err != nil {
		b.t.Fatalf("hold %q: %t, %v", key, ok, err)
	}
	got := h.Status.String()
	for _, leg := range h.Legs {
		got += " " + leg.Currency.Format(leg.Left())
	}
	if got != want {
		b.t.Errorf("hold %q is %s; want %s", key, got, want)
	}
}

// edgeWantError checks an error's text and what it is.
func edgeWantError(t testing.TB, err error, want string, sentinels ...error) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
	for _, sentinel := range sentinels {
		if !errors.Is(err, sentinel) {
			t.Errorf("%v is not %v", err, sentinel)
		}
	}
}

func edgeCompare() cmp.Option { return cmp.Options{cmpopts.EquateErrors(), cmpopts.EquateEmpty()} }

// edgeLack is the failure of a request for more than a merchant has.
func edgeLack(key string, has, asked int64) ledger.Failure {
	return ledger.Failure{
		Reason: ledger.ErrInsufficientFunds, Key: key, Account: edgeID(edgeAvailable),
		Has: money.Minor(has), Change: money.Minor(-asked),
	}
}

// edgeLackText is its text.
func edgeLackText(key string, has, asked int64) string {
	c := edgeINR()
	return fmt.Sprintf("%q: insufficient funds: %s has INR %s available, %s is asked for, the floor is 0.00",
		key, edgeAvailable, c.Format(money.Minor(has)), c.Format(money.Minor(asked)))
}
