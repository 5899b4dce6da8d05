package payment_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

func date(s string) calendar.Date { return calendar.MustDate(s) }

// errUndo ends a trial: its transaction is not committed.
var errUndo = errors.New("undo")

// trial runs a property again and again on one store, each try in a transaction
// of its own that is undone at its end. do books an event that must be new.
func (d *desk) trial(property func(rt *rapid.T, do func(payment.Event) error, r ledger.Reader)) {
	d.Helper()
	t, ok := d.TB.(*testing.T)
	if !ok {
		d.Fatal("a trial needs a test")
	}
	rapid.Check(t, func(rt *rapid.T) {
		err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
			property(rt, func(e payment.Event) error { return d.inside(tx, e) }, tx)
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			rt.Fatal(err)
		}
	})
}

// inside books an event in a transaction.
func (d *desk) inside(tx ledger.Tx, e payment.Event) error {
	h := &payment.Handle{Rules: d.rules, Event: e.Normalize()}
	errs, err := d.Books().DoTx(d.Context(), tx, h)
	if err == nil {
		err = errs[0]
	}
	if err == nil && h.Repeated {
		err = errRepeated
	}
	return err
}

var errRepeated = errors.New("was booked before")

// failer is what checks need of a *rapid.T; a *testing.T has it, too.
type failer interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(rt failer, err error) {
	rt.Helper()
	if err != nil {
		rt.Fatal(err)
	}
}

func plus(rt failer, amounts ...money.Amount) money.Amount {
	rt.Helper()
	sum, err := money.Sum(amounts...)
	must(rt, err)
	return sum
}

// find gives the record of a kind with an id.
func find[T ledger.Record](rt failer, r ledger.Reader, kind, id string) (found T) {
	rt.Helper()
	for record := range all[T](rt, r, kind) {
		if record.Ref().ID == id {
			return record
		}
	}
	rt.Fatalf("no %s %s", kind, id)
	return found
}

// all yields the records of a kind.
func all[T ledger.Record](rt failer, r ledger.Reader, kind string) func(func(T) bool) {
	return func(yield func(T) bool) {
		rt.Helper()
		for record, err := range r.Records(rt.Context(), kind, "", "") {
			must(rt, err)
			typed, ok := record.(T)
			if !ok {
				rt.Fatalf("%s is of another type", record.Ref())
			}
			if !yield(typed) {
				return
			}
		}
	}
}
