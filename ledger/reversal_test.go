package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// takeBack reverses all that is left of an entry.
func takeBack(key, of string) ledger.Reversal {
	return ledger.Reversal{Key: key, Of: of, Kind: "refund", ValueDate: date("2026-03-02"), All: true}
}

// takePart reverses a part of a sale.
func takePart(key, of string, minor int64) ledger.Reversal {
	r := takeBack(key, of)
	r.All, r.Postings = false, transfer("", "", available, bank, minor).Postings
	return r
}

func TestReversal(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	mustPost(t, books, sale("s", 10000))
	r := takeBack("r", "s")
	r.Reference, r.ValueDate, r.Metadata = "ticket 7", date("2026-02-27"), []ledger.Attribute{{Name: "b"}, {Name: "a"}}
	got := accept(t, books, r)
	wantDiff(t, "result", ledger.Result{Booked: ledger.Booked{
		Entry: ledger.Entry{
			Key: "r", Kind: "refund", Reference: "ticket 7", ValueDate: date("2026-02-27"), Metadata: []ledger.Attribute{{Name: "a"}, {Name: "b"}},
			Postings: []ledger.Posting{ledger.Cr(bank, money.Minor(10000), inr()), ledger.Dr(available, money.Minor(10000), inr())},
		},
		Act: ledger.Reversed, Seq: 2, At: noon().Add(time.Microsecond), Terms: &ledger.Terms{Of: "s", All: true},
	}}, got)
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 0 holds")
	wantDiff(t, "statement", []string{"s 0.00 100.00 100.00", "r 100.00 0.00 0.00"}, lines(t, books, available))

	failure := refuse(t, books, takeBack("again", "s"), ledger.ErrReversed)
	wantText(t, &failure, `"again": entry was reversed: s`)
	wantDiff(t, "retry", ledger.Result{Booked: got.Booked, Replayed: true}, accept(t, books, r))
	wantDiff(t, "taken back", &ledger.TakenBack{Of: "s", Legs: []ledger.TakenBackLeg{
		{Account: bank, Currency: inr(), Amount: money.Minor(10000)}, {Account: available, Currency: inr(), Amount: money.Minor(10000)},
	}}, store.snapshot().records[ledger.Ref{Kind: ledger.ReversalRecord, ID: "s"}])
}

// Parts of an entry are taken back until nothing is left.
func TestPartialReversals(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	mustPost(t, books, sale("s", 10000), sale("float", 10000))
	accept(t, books, takePart("r1", "s", 1), takePart("r2", "s", 9998))
	failure := refuse(t, books, takePart("r3", "s", 2), ledger.ErrExceedsEntry)
	wantText(t, &failure, `"r3": more than is left of the entry "s": merchants/m1/available INR has 0.01 left, 0.02 is asked for`)
	got := accept(t, books, takeBack("r4", "s"))
	wantDiff(t, "the rest", []ledger.Posting{ledger.Cr(bank, money.Minor(1), inr()), ledger.Dr(available, money.Minor(1), inr())}, got.Postings)
	refuse(t, books, takePart("r5", "s", 1), ledger.ErrReversed)
	refuse(t, books, takeBack("r6", "s"), ledger.ErrReversed)
	wantStands(t, books, available, "100.00 posted, 0.00 held, 100.00 available, 0 holds")
	wantDiff(t, "retry", ledger.Result{Booked: got.Booked, Replayed: true}, accept(t, books, takeBack("r4", "s")))
}

// An entry that names an account several times is taken back by what that adds
// up to.
func TestReversalOfSplitPostings(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	e := sale("s", 300)
	e.Postings = append(e.Postings, ledger.Cr(available, money.Minor(50), inr()), ledger.Dr(drawer, money.Minor(50), inr()),
		ledger.Dr(bank, money.Minor(7), pkr()), ledger.Cr(sales, money.Minor(7), pkr()))
	mustPost(t, books, e)
	accept(t, books, takePart("p", "s", 200))
	got := accept(t, books, takeBack("r", "s"))
	wantDiff(t, "postings", []ledger.Posting{
		ledger.Cr(bank, money.Minor(100), inr()), ledger.Dr(available, money.Minor(150), inr()), ledger.Cr(drawer, money.Minor(50), inr()),
		ledger.Cr(bank, money.Minor(7), pkr()), ledger.Dr(sales, money.Minor(7), pkr()),
	}, got.Postings)
	trial, err := books.TrialBalance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range trial.Rows {
		if !row.Debit.IsZero() || !row.Credit.IsZero() {
			t.Errorf("%s is not at zero: %s, %s", row.Account.AccountID, row.Debit, row.Credit)
		}
	}
}

// What cannot be reversed, and what a part may not be.
func TestReversalRefused(t *testing.T) {
	t.Parallel()
	of := func(r ledger.Reversal, change func(*ledger.Reversal)) ledger.Reversal { change(&r); return r }
	tests := []struct {
		name     string
		reversal ledger.Reversal
		want     string
		reason   error
	}{
		{"nobody's key", takeBack("r", "nobody"), `"r": not found: entry "nobody"`, ledger.ErrNotFound},
		{"its own key", takeBack("r", "r"), `"r": not found: entry "r"`, ledger.ErrNotFound},
		{"what was refused", takeBack("r", "refused"), `"r": not found: entry "refused"`, ledger.ErrNotFound},
		{"a reversal", takeBack("r", "back"), `"r": entry cannot be reversed: "back" is a reversal itself`, ledger.ErrNotReversible},
		{"a hold", takeBack("r", "hold"), `"r": entry cannot be reversed: "hold" is no entry, it was held`, ledger.ErrNotReversible},
		{"a closed period", takeBack("r", "period"), `"r": entry cannot be reversed: "period" is no entry, it was closed`, ledger.ErrNotReversible},
		{"a room's entry", takeBack("r", "room"), `"r": entry cannot be reversed: "room" is of the room "payment", and only it may`, ledger.ErrNotReversible},
		{"another room's entry", of(takeBack("r", "room"), func(r *ledger.Reversal) { r.Owner = "settlement" }),
			`"r": entry cannot be reversed: "room" is of the room "payment", and only it may`, ledger.ErrNotReversible},
		{"nobody's entry by a room", of(takeBack("r", "s"), func(r *ledger.Reversal) { r.Owner = "settlement" }),
			`"r": entry cannot be reversed: "s" is of the room "", and only it may`, ledger.ErrNotReversible},
		{"a minor unit more than it was", takePart("r", "s", 5001),
			`"r": more than is left of the entry "s": merchants/m1/available INR has 50.00 left, 50.01 is asked for`, ledger.ErrExceedsEntry},
		{"an account it has not", of(takePart("r", "s", 1), func(r *ledger.Reversal) { r.Postings[1].Account = sales }),
			`"r": more than is left of the entry "s": sales INR has 0.00 left, 0.01 is asked for`, ledger.ErrExceedsEntry},
		{"the sides it was booked on", of(takePart("r", "s", 1), func(r *ledger.Reversal) { r.Postings = sale("", 1).Postings }),
			`"r": more than is left of the entry "s": bank INR has 0.00 left, 0.01 is asked for`, ledger.ErrExceedsEntry},
		{"on a closed date", of(takeBack("r", "s"), func(r *ledger.Reversal) { r.ValueDate = date("2026-01-31") }),
			`"r": period is closed: value date 2026-01-31, closed through 2026-01-31`, ledger.ErrPeriodClosed},
		{"beyond what is available", of(takeBack("r", "s"), func(r *ledger.Reversal) { r.Kind = "mistake" }),
			`"r": insufficient funds: merchants/m1/available has INR 10.00 available, 50.00 is asked for, the floor is 0.00`, ledger.ErrInsufficientFunds},
		{"a frozen account", takeBack("r", "frozen"), `"r": account does not allow this: merchants/m2/available INR is frozen`, ledger.ErrAccountStatus},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			books, store, _ := clocked(t)
			owned := sale("room", 100)
			owned.Owner = "payment"
			accept(t, books, sale("s", 5000), owned, transfer("frozen", "sale", bank, other, 100), sale("mistake", 100), takeBack("back", "mistake"),
				payoutHold("hold", 4000), ledger.Release{Key: "x", Hold: "hold"}, transfer("p", "payout", available, bank, 4100),
				ledger.AccountChange{Key: "f", Account: other, Currency: inr(), Status: ledger.Frozen},
				ledger.PeriodChange{Key: "period", Through: date("2026-01-31")})
			refuse(t, books, transfer("refused", "payout", available, bank, 99999), ledger.ErrInsufficientFunds)
			before := store.snapshot()
			_, err := ask(t, books, test.reversal)
			wantText(t, err, test.want)
			if !errors.Is(err, test.reason) {
				t.Errorf("it is not %v", test.reason)
			}
			wantOnlyBurnt(t, before, store.snapshot(), "r")
		})
	}
}

func TestReversalInvalid(t *testing.T) {
	t.Parallel()
	books, store, _ := clocked(t)
	mustPost(t, books, sale("s", 10000))
	before := store.snapshot()
	for want, r := range map[string]ledger.Reversal{
		`entry "": original is missing
names no postings; ask for all that is left explicitly
key is missing
kind is missing
value date is missing`: {},
		`entry "r": asks for all that is left and names 2 postings`: {
			Key: "r", Of: "s", Kind: "x", All: true, Postings: sale("", 1).Postings, ValueDate: date("2026-03-02"),
		},
		`entry "r": value date is missing`: {Key: "r", Of: "s", Kind: "x", All: true},
	} {
		_, err := ask(t, books, r)
		wantText(t, err, want)
	}
	if store.snapshot() != before {
		t.Error("something was written")
	}
}

// A room takes back its own entries; what a hold's capture booked is its
// owner's.
func TestReversalByItsRoom(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	owned, hold := sale("s", 100), ledger.Hold{Key: "h", Kind: "auth", Owner: "payment", Postings: sale("", 50).Postings}
	owned.Owner = "payment"
	accept(t, books, owned, hold, rest("c", "h"))
	refuse(t, books, takeBack("x", "c"), ledger.ErrNotReversible)
	for key, of := range map[string]string{"r1": "s", "r2": "c"} {
		r := takeBack(key, of)
		r.Owner = "payment"
		if got := accept(t, books, r); got.Owner != "payment" {
			t.Errorf("the reversal is of %q", got.Owner)
		}
	}
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 0 holds")
}

// A reversal is held against limits as its kind is.
func TestReversalBreaches(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	accept(t, books, sale("s", 5000), transfer("p", "payout", available, bank, 4000))
	if got := accept(t, books, takeBack("r", "s")); !got.Breached { // refunds may breach
		t.Error("the breach is not marked")
	}
	wantStands(t, books, available, "-40.00 posted, 0.00 held, -40.00 available, 0 holds")
}

// Within one batch a reversal sees what was posted and taken back before it.
func TestReversalInBatch(t *testing.T) {
	t.Parallel()
	books, _, _ := clocked(t)
	outcomes, err := books.Execute(t.Context(), ledger.Independent,
		sale("s", 100), takePart("r1", "s", 60), takePart("r2", "s", 60), takeBack("r3", "s"), takeBack("r4", "s"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, nil, ledger.ErrExceedsEntry, nil, ledger.ErrReversed} {
		if !errors.Is(outcomes[i].Err, want) {
			t.Errorf("request %d: %v, want %v", i, outcomes[i].Err, want)
		}
	}
	wantStands(t, books, available, "0.00 posted, 0.00 held, 0.00 available, 0 holds")

	// What an atomic batch took back is not taken back when it fails.
	if _, err = books.Execute(t.Context(), ledger.Atomic, sale("t", 100), takeBack("r5", "t"), takeBack("r6", "t")); err != nil {
		t.Fatal(err)
	}
	accept(t, books, sale("t", 100), takeBack("r5", "t"))
}
