package settlement_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// closedBatch gives a house with one batch of 100.00 of m1, and its id.
func closedBatch(t *testing.T) (*house, string) {
	t.Helper()
	h := open(t, rulesWith(india()))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	return h, h.settle(ist("2026-03-02 18:00"))[0].ID
}

func sent(batch string, at time.Time) payment.Event {
	return payment.Event{Kind: payment.BatchSent, ID: batch, OccurredAt: at, Rail: "imps", RailRef: "UTR1"}
}

// A batch is sent and paid by what the rail reports; its money moves along.
func TestBatchPaid(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	balances := func(when string, want map[string]string) {
		t.Helper()
		got := make(map[string]string, len(want))
		for path := range want {
			got[path] = h.balance(path, inr())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", when, diff)
		}
	}
	of, rail, bank := payment.SettlementPath(id), payment.RailPayoutsPath("imps"), payment.BankPath("in-escrow")
	balances("closed", map[string]string{of: "100.00", rail: "none", bank: "none"})
	h.take(sent(id, ist("2026-03-03 09:00")))
	balances("sent", map[string]string{of: "0.00", rail: "100.00", bank: "none"})
	h.take(later(payment.BatchPaid, id, ist("2026-03-03 09:30")))
	balances("paid", map[string]string{of: "0.00", rail: "0.00", bank: "-100.00"})

	b := h.batches()[0]
	want := []settlement.Status{settlement.Closed, settlement.Approved, settlement.Submitted, settlement.Paid}
	if diff := cmp.Diff(want, statuses(b)); diff != "" || b.Status != settlement.Paid || b.AtClose != settlement.Closed {
		t.Errorf("status %s, %s at close, steps (-want +got)\n%s", b.Status, b.AtClose, diff)
	}
}

// byRail is an event that a rail tells which the engine drives.
func byRail(e payment.Event) payment.Event {
	e.FromRail = true
	return e
}

// A repetition is recognised, a conflict and an impossible move are refused and
// write nothing.
func TestMoves(t *testing.T) {
	t.Parallel()
	at := ist("2026-03-03 09:00")
	with := func(change func(*payment.Event)) func(string) []payment.Event {
		return func(id string) []payment.Event {
			e := sent(id, at)
			change(&e)
			return []payment.Event{e}
		}
	}
	tests := []struct {
		name   string
		events func(batch string) []payment.Event
		want   error         // of the last event
		field  payment.Field // the fault's
	}{
		{"its amount", with(func(e *payment.Event) { e.Amount, e.Currency = minor("100.00"), inr() }), nil, ""},
		{"sent twice", func(id string) []payment.Event { return []payment.Event{sent(id, at), sent(id, at)} }, nil, ""},
		{"sent again at another time", func(id string) []payment.Event {
			return []payment.Event{sent(id, at), sent(id, at.Add(time.Second))}
		}, payment.ErrConflict, payment.FieldOccurredAt},
		{"told by a rail and by a report", func(id string) []payment.Event {
			return []payment.Event{byRail(sent(id, at)), sent(id, at.Add(time.Second)), later(payment.BatchPaid, id, at), byRail(later(payment.BatchPaid, id, at.Add(time.Hour)))}
		}, nil, ""},
		{"told by a rail and by a report of another", func(id string) []payment.Event {
			other := sent(id, at.Add(time.Second))
			other.Rail = "upi"
			return []payment.Event{byRail(sent(id, at)), other}
		}, payment.ErrConflict, payment.FieldRail},
		{"a refusal that a rail told, after the batch was sent again", func(id string) []payment.Event {
			refused := later(payment.BatchRefused, id, at.Add(time.Minute))
			again := refused
			again.OccurredAt = at.Add(2 * time.Minute)
			return []payment.Event{byRail(sent(id, at)), byRail(refused), sent(id, at.Add(time.Hour)), again, later(payment.BatchPaid, id, at.Add(2*time.Hour))}
		}, nil, ""},
		{"a refusal from before the batch was sent again", func(id string) []payment.Event {
			refused := later(payment.BatchRefused, id, at.Add(time.Minute))
			again := refused
			again.OccurredAt = at.Add(2 * time.Minute)
			return []payment.Event{sent(id, at), refused, sent(id, at.Add(time.Hour)), again}
		}, payment.ErrConflict, payment.FieldOccurredAt},
		{"paid before it was sent", func(id string) []payment.Event {
			return []payment.Event{later(payment.BatchPaid, id, at)}
		}, payment.ErrTransition, payment.FieldKind},
		{"unknown batch", with(func(e *payment.Event) { e.ID = "set_0" }), settlement.ErrUnknownBatch, payment.FieldID},
		{"another amount", with(func(e *payment.Event) { e.Amount, e.Currency = minor("99.99"), inr() }), errAny, payment.FieldAmount},
		{"another currency", with(func(e *payment.Event) { e.Amount, e.Currency = minor("100.00"), pkr() }), errAny, payment.FieldAmount},
		{"no rail", with(func(e *payment.Event) { e.Rail = "" }), errAny, payment.FieldRail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, id := closedBatch(t)
			events := tt.events(id)
			h.take(events[:len(events)-1]...)
			before := h.batches()[0]
			err := h.try(events[len(events)-1])
			if tt.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var fault *payment.FieldError
			if !errors.As(err, &fault) || fault.Field != tt.field {
				t.Fatalf("got %v, want a fault of %s", err, tt.field)
			}
			if !errors.Is(tt.want, errAny) && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(before, h.batches()[0], amounts()); diff != "" {
				t.Errorf("the batch changed (-before +after)\n%s", diff)
			}
		})
	}
}

var errAny = errors.New("any fault")

func amounts() cmp.Option { return cmp.AllowUnexported(money.Amount{}, money.Currency{}) }

// A batch that pays nothing is not sent.
func TestCarriedForwardIsNotSent(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(india()))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-02 13:00"), "100.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	if err := h.try(sent(id, ist("2026-03-03 09:00"))); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("got %v, want %v", err, payment.ErrTransition)
	}
}

// Repeated tells a repetition from what is new.
func TestMoveRepeated(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	for i, want := range []bool{false, true} {
		move := &settlement.Move{Event: sent(id, ist("2026-03-03 09:00")).Normalize()}
		if err := h.books.Do(t.Context(), move); err != nil {
			t.Fatal(err)
		}
		if move.Repeated != want {
			t.Errorf("time %d: repeated is %t", i+1, move.Repeated)
		}
	}
	if n := len(entriesOf(h, payment.EntryBatchSent)); n != 1 {
		t.Errorf("%d entries were booked", n)
	}
}

// entriesOf gives the entries of a kind.
func entriesOf(h *house, kind string) (all []*ledger.Booked) {
	h.t.Helper()
	h.read(func(ctx context.Context, r ledger.Reader) error {
		for e, err := range ledger.Entries(ctx, r) {
			if err != nil {
				return err
			}
			if e.Kind == kind {
				all = append(all, e)
			}
		}
		return nil
	})
	return all
}
