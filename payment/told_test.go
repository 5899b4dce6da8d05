package payment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Of a resource that tells anything, every move to another status is told: else who
// follows the events would not know what polling says.
func TestTablesTell(t *testing.T) {
	t.Parallel()
	tables := make(map[string][]payment.Move)
	for _, resource := range payment.Resources() {
		tables[resource] = movesOf(resource)
	}
	for _, m := range payment.MerchantMoves() {
		tables[payment.MerchantRecord] = append(tables[payment.MerchantRecord], payment.Move{On: payment.Kind(m.On), From: m.From, To: m.To, Tells: m.Tells})
	}
	for resource, moves := range tables {
		if !slices.ContainsFunc(moves, func(m payment.Move) bool { return m.Tells != "" }) {
			continue
		}
		for _, m := range moves {
			if m.From != m.To && m.Tells == "" {
				t.Errorf("%s: %s from %q to %q tells nothing", resource, m.On, m.From, m.To)
			}
		}
	}
}

// silent are the types of event that no payment, batch, reserve or merchant tells.
func silent() []event.Type {
	return []event.Type{
		event.SettlementReconciled,
		event.ReportReady, event.BreakOpened, event.BreakResolved, event.APIKeyRolled, event.WebhookEndpointDisabled, event.Ping,
	}
}

// Every other type is told by something, in the transaction that made it true: the
// object's record is saved with it, and counts it. Its payload is of the type that its
// object's events have, with nothing in it that the type does not know; about reserves it
// says why.
func TestEveryTypeIsTold(t *testing.T) {
	t.Parallel()
	heard := make(map[event.Type]bool)
	outer := open(t, terms())
	for _, story := range telltales() {
		err := outer.Books().Write(t.Context(), func(tx ledger.Tx) error {
			d := outer.within(&inside{tx: tx, saved: func(c *ledger.Changes) { hear(t, story.name, c, heard) }}, story.rules)
			story.happens(d)
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Fatalf("%s: %v", story.name, err)
		}
	}
	for _, typ := range event.Types() {
		if isSilent := slices.Contains(silent(), typ); heard[typ] == isSilent {
			t.Errorf("%s is told: %t, want %t", typ, heard[typ], !isSilent)
		}
	}
}

// within is another platform, on a store in a transaction of this one's.
func (d *desk) within(store ledger.Store, rules *payment.Rules) *desk {
	d.Helper()
	engine, err := settlex.New(d.Context(), settlex.Config{Store: store, Rules: rules, Clock: clock, Merchants: []merchant.Merchant{{ID: m}, {ID: hand}}})
	if err != nil {
		d.Fatal(err)
	}
	return &desk{TB: d.TB, Engine: engine, rules: rules, store: store}
}

type telltale struct {
	name    string
	rules   *payment.Rules
	happens func(d *desk)
}

// telltales lead resources to every status there is, and balances, reserves and
// merchants wherever something is told of them.
func telltales() (all []telltale) {
	for _, l := range lives() {
		rules := terms()
		if l.rules != nil {
			rules = l.rules()
		}
		for i, s := range l.stages {
			all = append(all, telltale{fmt.Sprintf("%s %d, %s", l.record, i, s.status), rules, func(d *desk) {
				if l.ready != nil {
					l.ready(d)
				}
				d.book(s.events...)
			}})
		}
	}
	return append(all,
		telltale{"a queue", cautious(), func(d *desk) {
			d.book(saved(), payout("p1", "100.00", "2026-03-04 10:00"))
			d.releases("2026-03-05 12:00")
		}},
		telltale{"batches that are held, and approved by somebody", watchful(), func(d *desk) {
			d.book(captured())
			id := d.settle("2026-03-02")[0].ID
			for i, kind := range []payment.Kind{
				payment.BatchHeld, payment.BatchReleased, payment.BatchApproved, payment.BatchSent, payment.BatchInTransit, payment.BatchRefused, payment.BatchRetried,
			} {
				d.move(kind, id, fmt.Sprintf("2026-03-04 10:%02d", i), "imps")
			}
		}},
		telltale{"batches", noReserve(), func(d *desk) {
			d.book(deposit("d1", "100.00", "2026-03-02 10:00"), deposit("d2", "10.00", "2026-03-03 10:00"), refund("r1", "d1", "50.00", "2026-03-03 11:00"))
			id := d.settle("2026-03-03")[0].ID
			for i, kind := range []payment.Kind{
				payment.BatchSent, payment.BatchUnknown, payment.BatchRefused, payment.BatchSent, payment.BatchPaid, payment.BatchReturned,
			} {
				d.move(kind, id, fmt.Sprintf("2026-03-04 10:%02d", i), "imps")
			}
			d.move(payment.BatchCanceled, d.settle("2026-03-04")[0].ID, "2026-03-05 10:00", "")
		}},
		telltale{"a reserve that is drawn and released, and a balance below zero", drawing(), func(d *desk) {
			d.book(captured(), of(hand, deposit("d2", "1000.00", "2026-03-02 10:00")), refund("r1", "d1", "1000.00", "2026-03-05 10:00"))
			d.settle(calendar.DateOf(clock(), kolkata()).AddDays(-1).String())
		}},
		telltale{"securities, built by a batch and a decision, and given back", secured(), func(d *desk) {
			d.book(deposit("d2", "1000.00", "2026-03-02 10:00"), saved(), pays("x1", "security", "60.00", "2026-03-05 10:00"), returns("x2", "security", "2026-03-06 10:00"))
			d.settle("2026-03-06")
		}},
		telltale{"a reserve that comes back", drawing(), func(d *desk) {
			d.book(captured(), refund("r1", "d1", "1000.00", "2026-03-05 10:00"), later(payment.RefundFailed, "r1", "2026-03-05 11:00"))
		}},
		telltale{"a merchant", noReserve(), func(d *desk) {
			for _, act := range []payment.MerchantAct{payment.MerchantCreate, payment.MerchantSuspend, payment.MerchantClose} {
				d.decide(decision(act, "2026-03-02 08:00"))
			}
			if closed, err := d.CloseOut(d.Context()); err != nil || len(closed) != 1 {
				d.Fatalf("closed %q, %v", closed, err)
			}
		}},
	)
}

// hear looks at the events that are saved together with records.
func hear(t *testing.T, story string, c *ledger.Changes, heard map[event.Type]bool) {
	t.Helper()
	counts := make(map[event.Object]uint64)
	for _, change := range c.Records {
		if object, told := telling(change.Record); change.Record != nil {
			counts[object] = told
		}
	}
	last := make(map[event.Object]uint64)
	for _, e := range c.Events {
		heard[e.Type], last[e.Object] = true, e.Sequence
		payload := payloadFor(e.Object.Kind)
		if payload == nil {
			t.Errorf("%s: %s of %s has no type of payload", story, e.Type, e.Object)
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(e.Data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(payload); err != nil {
			t.Errorf("%s: %s of %s says %s: %v", story, e.Type, e.Object, e.Data, err)
		}
		if r, ok := payload.(*payment.ReservePayload); ok && r.ReasonCode == "" {
			t.Errorf("%s: %s of %s does not say why: %s", story, e.Type, e.Object, e.Data)
		}
		if data, err := json.Marshal(payload); err != nil || !bytes.Equal(data, e.Data) {
			t.Errorf("%s: %s of %s says %s, which is read as %s, %v", story, e.Type, e.Object, e.Data, data, err)
		}
	}
	for object, sequence := range last {
		if counts[object] != sequence {
			t.Errorf("%s: %d events have left about %s, the record saved with them counts %d", story, sequence, object, counts[object])
		}
	}
}

// telling says what events call a record, and how many its record says have left.
func telling(r ledger.Record) (event.Object, uint64) {
	switch r := r.(type) {
	case *payment.Hold:
		return event.Object{Kind: payment.HoldRecord, ID: r.ID}, r.Told
	case *settlement.Batch:
		return event.Object{Kind: settlement.Object, ID: r.ID}, r.Told
	case *payment.Pool:
		return event.Object{Kind: payment.PoolRecord, ID: r.Ref().ID}, r.Told
	case *payment.Position:
		return event.Object{Kind: payment.PositionRecord, ID: r.Ref().ID}, r.Told
	case *payment.Merchant:
		return event.Object{Kind: payment.MerchantRecord, ID: r.ID}, r.Told
	case *payment.Deposit:
		return event.Object{Kind: payment.DepositRecord, ID: r.ID}, r.Told
	case *payment.Refund:
		return event.Object{Kind: payment.RefundRecord, ID: r.ID}, r.Told
	case *payment.Dispute:
		return event.Object{Kind: payment.DisputeRecord, ID: r.ID}, r.Told
	case *payment.Payout:
		return event.Object{Kind: payment.PayoutRecord, ID: r.ID}, r.Told
	case *payment.Adjustment:
		return event.Object{Kind: payment.AdjustmentRecord, ID: r.ID}, r.Told
	}
	return event.Object{}, 0
}

// payloadFor is the type of payload that events about a kind of object have; nil: there
// are none.
func payloadFor(kind string) any {
	switch kind {
	case payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord, payment.AdjustmentRecord:
		return new(payment.Payload)
	case payment.HoldRecord, payment.PoolRecord:
		return new(payment.ReservePayload)
	case payment.PositionRecord:
		return new(payment.BalancePayload)
	case payment.MerchantRecord:
		return new(payment.MerchantPayload)
	case settlement.Object:
		return new(settlement.Payload)
	}
	return nil
}

// Whoever reads a payload as what it is not, or one that is none, is told so.
func TestPayloadsOf(t *testing.T) {
	t.Parallel()
	bad := &event.Event{Lane: 1, No: 2, Type: event.Ping, Data: []byte(`"nothing"`)}
	for name, read := range map[string]func(*event.Event) error{
		"a payment": func(e *event.Event) error { _, err := payment.PayloadOf(e); return err },
		"a reserve": func(e *event.Event) error { _, err := payment.ReservePayloadOf(e); return err },
		"a balance": func(e *event.Event) error { _, err := payment.BalancePayloadOf(e); return err },
		"a merchant": func(e *event.Event) error {
			_, err := payment.MerchantPayloadOf(e)
			return err
		},
	} {
		err := read(bad)
		if want := "event evt_001_000000000002, ping: json: cannot unmarshal string"; err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("%s: %v, want %s...", name, err, want)
		}
	}
	d := open(t, terms())
	for e, err := range d.Events(t.Context(), event.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		p, err := payment.MerchantPayloadOf(e)
		if err != nil || p.ID != e.Object.ID || p.Act != payment.MerchantCreate {
			t.Errorf("%s of %s: %+v, %v", e.Type, e.Object, p, err)
		}
	}
	for _, e := range announced(d, captured(), dispute("c1", "d1", "1000.00", "2026-03-05 10:00")) {
		if e.Type != event.BalanceNegative {
			continue
		}
		p, err := payment.BalancePayloadOf(e)
		if diff := cmp.Diff("-1017.7", p.Available); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

// watchful rules have somebody approve each batch.
func watchful() *payment.Rules {
	rules := noReserve()
	for i := range rules.Book.Schedules {
		rules.Book.Schedules[i].ApproveAbove, rules.Book.Schedules[i].Version = new(money.Amount), "watchful"
	}
	return rules
}
