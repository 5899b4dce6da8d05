package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// compare holds what came of a call against what the notebook says.
func (d *desk) compare(t *rapid.T, c call, verdicts []verdict, after *notebook, outcomes []ledger.Outcome) {
	if len(outcomes) != len(verdicts) {
		t.Fatalf("%d outcomes of %d requests", len(outcomes), len(verdicts))
	}
	for i, v := range verdicts {
		o := outcomes[i]
		d.tally.answer(v.text(after))
		if v.reason != nil || o.Err != nil {
			d.holdError(t, c.requests[i], v, o.Err)
			continue
		}
		if v.number == 0 { // an assertion
			continue
		}
		p := after.pages[v.number-1]
		want, got := p.text(v.number), itemText(&o.Booked)
		if want != got || o.Replayed != v.replayed {
			t.Errorf("%+v:\ngot  %s, replayed %t\nwant %s, replayed %t", c.requests[i], got, o.Replayed, want, v.replayed)
		}
	}
}

func (d *desk) holdError(t *rapid.T, r ledger.Request, v verdict, err error) {
	if v.reason == nil || err == nil {
		t.Fatalf("%+v:\nerror is %v, the notebook says %+v", r, err, v)
	}
	for _, sentinel := range sentinels() {
		wanted := errors.Is(v.reason, sentinel) || errors.Is(sentinel, ledger.ErrInvalid) && errors.Is(v.reason, ledger.ErrUnknownAccount)
		if errors.Is(err, sentinel) != wanted {
			t.Fatalf("%+v:\nerror is %v, the notebook says %+v", r, err, v)
		}
	}
	conflict := (*ledger.ConflictError)(nil)
	if errors.As(err, &conflict) && (conflict.Field != v.field || conflict.Seq != uint64(v.number)) {
		t.Errorf("conflict with %d in %s, the notebook says %+v", conflict.Seq, conflict.Field, v)
	}
	failure := (*ledger.Failure)(nil)
	if !errors.As(err, &failure) {
		return
	}
	if failure.Frozen != v.frozen {
		t.Errorf("%v, frozen %t; the notebook says %+v", err, failure.Frozen, v)
	}
	if v.account != "" && (failure.Account.String() != v.account || failure.Has != money.Minor(v.has) || failure.Bound != money.Minor(v.bound)) {
		t.Errorf("%v; the notebook says %+v", err, v)
	}
	if was := d.failures[failure.Key]; v.frozen && (was == nil || *was != *failure) {
		t.Errorf("the failure %+v was %+v", failure, was)
	}
}

// sentinels are all that an error can say about a request.
func sentinels() []error {
	return []error{
		ledger.ErrInvalid, ledger.ErrUnknownAccount, ledger.ErrKeyConflict, ledger.ErrNotApplied, ledger.ErrAssertion,
		ledger.ErrInsufficientFunds, ledger.ErrCeiling, ledger.ErrVelocity, ledger.ErrAccountStatus, ledger.ErrNotEmpty,
		ledger.ErrPeriodClosed, ledger.ErrPeriodOrder, ledger.ErrNotFound, ledger.ErrHoldCaptured, ledger.ErrHoldReleased,
		ledger.ErrHoldExpired, ledger.ErrExceedsHold, ledger.ErrExceedsEntry, ledger.ErrReversed, ledger.ErrNotReversible,
	}
}

// check holds everything that can be seen against the notebook.
func (d *desk) check(t *rapid.T) {
	d.checkHead(t)
	d.checkFeed(t)
	d.checkAccounts(t)
	d.checkHolds(t)
	path, currency := draw(t, "account looked at", cast()...), draw(t, "currency looked at", tongues()...)
	d.checkAsOf(t, path, currency)
	d.checkStatement(t, path, currency)
}

func (d *desk) checkHead(t *rapid.T) {
	var head ledger.Head
	err := d.books.Read(t.Context(), func(r ledger.Reader) (err error) {
		head, err = ledger.Together(t.Context(), r)
		return err
	})
	n := d.notebook
	want := ledger.Head{Seq: uint64(len(n.pages)), Accounts: uint64(len(n.accounts())), Blocks: uint64(n.sittings)}
	if len(n.pages) > 0 {
		want.At = n.last().when
	}
	if head.Lane, head.Closed = 0, (calendar.Date{}); head != want || err != nil {
		t.Fatalf("head is %+v, %v; the notebook is at %+v", head, err, want)
	}
	closed, err := d.books.ClosedThrough(t.Context())
	if dayOf(closed) != n.closed() || err != nil {
		t.Errorf("closed through %s, %v; the notebook says %q", closed, err, n.closed())
	}
}

// checkFeed holds what is new in the journal against what is new in the
// notebook, word by word.
func (d *desk) checkFeed(t *rapid.T) {
	for item, err := range d.books.Changes(t.Context(), d.cursor) {
		if err != nil {
			t.Fatal(err)
		}
		if d.compared >= len(d.notebook.pages) {
			t.Fatalf("%s; the notebook has no such page", itemText(item.Booked))
		}
		want := d.notebook.pages[d.compared].text(d.compared + 1)
		if got := itemText(item.Booked); got != want {
			t.Errorf("the journal has\n%s, the notebook\n%s", got, want)
		}
		d.compared, d.cursor = d.compared+1, item.Cursor
	}
	if d.compared < len(d.notebook.pages) {
		t.Fatalf("the journal ends at %d, the notebook at %d", d.compared, len(d.notebook.pages))
	}
}

// checkAccounts holds every account and the sums of all against the notebook.
func (d *desk) checkAccounts(t *rapid.T) {
	trial, err := d.books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !trial.Balanced() {
		t.Errorf("money was made out of nothing: %+v", trial.Totals)
	}
	holds, opened := d.notebook.holds(), d.notebook.accounts()
	if len(trial.Rows) != len(opened) {
		t.Fatalf("%d accounts, the notebook has %q", len(trial.Rows), opened)
	}
	net := map[money.Currency]int64{}
	for i := range trial.Rows {
		a := &trial.Rows[i].Account
		if !slices.Contains(opened, a.String()) {
			t.Errorf("%s was never opened", a)
		}
		net[a.Currency] += minor(trial.Rows[i].Debit) - minor(trial.Rows[i].Credit)
		if got, want := accountText(t, a), d.notebook.accountText(a.String(), holds); got != want {
			t.Errorf("%s is\n%s, the notebook says\n%s", a, got, want)
		}
	}
	for currency, sum := range net {
		if sum != 0 {
			t.Errorf("debits and credits in %s differ by %d", currency, sum)
		}
	}
}

// checkHolds holds every hold against the notebook.
func (d *desk) checkHolds(t *rapid.T) {
	for _, s := range d.notebook.holds() {
		h, ok, err := d.books.HoldState(t.Context(), s.key)
		if err != nil || !ok {
			t.Fatalf("hold %q is there: %t, %v", s.key, ok, err)
		}
		ended := s.ended
		if ended == "" {
			ended = "open"
		}
		want := fmt.Sprintln(s.number, s.when.Format(time.RFC3339Nano), s.expires.Equal(h.Expires), ended, s.by, s.owner, s.legs)
		var legs []leg
		for _, l := range h.Legs {
			legs = append(legs, leg{row{l.ID().String(), l.Side == ledger.Debit, minor(l.Amount)}, minor(l.Captured)})
		}
		got := fmt.Sprintln(h.Seq, h.At.Format(time.RFC3339Nano), true, h.Status, h.Ended, h.Owner, legs)
		if got != want {
			t.Errorf("hold %s is\n%s, the notebook says\n%s", s.key, got, want)
		}
	}
	if _, ok, err := d.books.HoldState(t.Context(), "none"); ok || err != nil {
		t.Errorf("a hold nobody placed is there: %t, %v", ok, err)
	}
}
