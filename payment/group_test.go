package payment_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// Commands of one group that build on one another do what they do one by one,
// to the byte.
func TestGroups(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		events []payment.Event
		bad    int // how many of them are refused
	}{
		{"a refund from birth to failure", []payment.Event{
			captured(), refund("r1", "d1", "250.00", "2026-03-02 11:00"), later(payment.RefundFailed, "r1", "2026-03-02 12:00"),
		}, 0},
		{"one of each kind", story(), 0},
		{"all on one instant", []payment.Event{
			captured(), refund("r1", "d1", "250.00", "2026-03-02 10:00"), dispute("c1", "d1", "750.00", "2026-03-02 10:00"),
			later(payment.DisputeWon, "c1", "2026-03-02 10:00"), refund("r2", "d1", "750.00", "2026-03-02 10:00"),
		}, 0},
		{"what is refused leaves its neighbours alone", []payment.Event{
			refund("r0", "d1", "1.00", "2026-03-02 10:00"), captured(), refund("r1", "d1", "1000.01", "2026-03-02 11:00"),
			refund("r2", "d1", "1000.00", "2026-03-02 12:00"), refund("r3", "d1", "0.01", "2026-03-02 13:00"),
			later(payment.RefundFailed, "r2", "2026-03-02 14:00"), refund("r3", "d1", "0.01", "2026-03-02 15:00"),
		}, 3},
		{"told twice", []payment.Event{captured(), captured(), later(payment.DepositFailed, "d1", "2026-03-02 11:00"), captured()}, 0},
		{"a payout of what matures for it, and one too many", []payment.Event{
			saved(), payout("p1", "500.00", "2026-03-05 10:00"), payout("p2", "500.00", "2026-03-05 10:00"),
			later(payment.PayoutFailed, "p1", "2026-03-05 11:00"), payout("p2", "500.00", "2026-03-05 12:00"),
		}, 1},
		{"instants out of order", []payment.Event{
			deposit("d2", "5.00", "2026-03-09 10:00"), captured(), refund("r1", "d1", "1.00", "2026-03-02 10:30"),
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			single, group := open(t, terms()), open(t, terms())
			bad := 0
			for _, e := range test.events {
				if _, err := single.report(e); err != nil {
					bad++
				}
			}
			if bad != test.bad {
				t.Errorf("%d events are refused, want %d", bad, test.bad)
			}
			group.bookAll(test.events, bad)
			single.wantTwin(group)
		})
	}
}

// bookAll books events in one transaction.
func (d *desk) bookAll(events []payment.Event, bad int) {
	d.Helper()
	commands := make([]ledger.Command, len(events))
	for i, e := range events {
		commands[i] = &payment.Handle{Rules: d.rules, Event: e.Normalize()}
	}
	errs, err := d.Books().DoAll(d.Context(), commands...)
	if err != nil {
		d.Fatal(err)
	}
	for _, err := range errs {
		if err != nil {
			bad--
		}
	}
	if bad != 0 {
		d.Errorf("%d more events are refused one by one than in a group", bad)
	}
}

// wantTwin wants another desk to have the same entries, to the byte, and the
// same accounts and records.
func (d *desk) wantTwin(other *desk) {
	d.Helper()
	if mine, theirs := d.canonical(), other.canonical(); !bytes.Equal(mine, theirs) {
		d.Errorf("entries (-one by one +in a group):\n%s", cmp.Diff(d.entries(0), other.entries(0)))
	}
	mine, theirs := d.everything(), other.everything()
	mine.Head.Blocks, theirs.Head.Blocks = 0, 0 // a group is a block
	if diff := cmp.Diff(mine, theirs); diff != "" {
		d.Errorf("books (-one by one +in a group):\n%s", diff)
	}
}

func (d *desk) canonical() (out []byte) {
	d.Helper()
	err := d.Books().Read(d.Context(), func(r ledger.Reader) error {
		for e, err := range ledger.Entries(d.Context(), r) {
			if err != nil {
				return err
			}
			out = e.AppendCanonical(out)
		}
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// However a story is cut into groups, the books come out the same.
func TestAnyGrouping(t *testing.T) {
	t.Parallel()
	whole := open(t, terms())
	whole.book(story()...)
	want := whole.canonical()
	d := open(t, terms())
	rapid.Check(t, func(rt *rapid.T) {
		err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
			for left := story(); len(left) > 0; {
				n := rapid.IntRange(1, len(left)).Draw(rt, "group")
				commands := make([]ledger.Command, n)
				for i, e := range left[:n] {
					commands[i] = &payment.Handle{Rules: d.rules, Event: e.Normalize()}
				}
				errs, err := d.Books().DoTx(d.Context(), tx, commands...)
				if err != nil {
					return err
				}
				for _, err := range errs {
					must(rt, err)
				}
				left = left[n:]
			}
			var got []byte
			for e, err := range ledger.Entries(d.Context(), tx) {
				must(rt, err)
				got = e.AppendCanonical(got)
			}
			if !bytes.Equal(want, got) {
				rt.Fatal("the entries differ from those of single commands")
			}
			return errUndo
		})
		if fmt.Sprint(err) != errUndo.Error() {
			rt.Fatal(err)
		}
	})
}

// A dry run decides as the real one does, and writes nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	before := d.everything()
	err := d.Books().DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		for _, e := range story() {
			errs, err := apply(&payment.Handle{Rules: d.rules, Event: e.Normalize()})
			if err != nil || errs[0] != nil {
				return fmt.Errorf("%s %s: %w, %w", e.Kind, e.ID, err, errs[0])
			}
		}
		errs, err := apply(&payment.Handle{Rules: d.rules, Event: refund("r9", "d1", "999.99", "2026-03-09 10:00").Normalize()})
		if err == nil && errs[0] == nil {
			t.Error("a refund of what is refunded or lost already passes")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.same(before, "a dry run")
}
