package payment_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Whatever happens to payments under whatever rules, after every step the rules of
// the chart hold, every account can be derived from the records, no resource is
// where its table does not lead, what was refused or told before has written
// nothing, and whoever follows the events knows what polling says.
func TestRandomLives(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	rapid.Check(t, func(rt *rapid.T) {
		err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
			v := found(rt, tx)
			if rapid.Bool().Draw(rt, "somebody is gone") {
				v.gone(rt)
			}
			rt.Repeat(map[string]func(*rapid.T){"": v.check, "something": v.happens})
			v.everythingAgain(rt)
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			rt.Fatal(err)
		}
	})
}

// A town is random payments leading random lives, told in any order, late, twice,
// and before what they follow from.
type town struct {
	*settlex.Engine
	rules     *payment.Rules
	reader    ledger.Reader
	now       time.Time
	ids       int
	accepted  []payment.Event // as they were booked
	waiting   []payment.Event // refused, or not told yet
	shops     []string        // merchants, but for those who only come with a deposit
	batches   []string        // of settlement
	status    map[ledger.Ref]payment.Status
	follower  *follower
	below     map[string]bool   // positions whose available balance was below zero
	belowTold map[string]uint64 // of positions
	asTold    bool              // nothing happens but what is told, decided, or done by jobs
	store     *inside
	saves     int // when the last check was done
}

// found makes a town in a transaction: what its engine commits is undone with it.
func found(rt *rapid.T, tx ledger.Tx) *town {
	store := &inside{tx: tx}
	v := &town{
		store: store, reader: store.view(), now: at("2026-03-02 09:00"), rules: randomRules(rt), shops: []string{m, hand}, follower: newFollower(),
		below: make(map[string]bool), belowTold: make(map[string]uint64),
	}
	var err error
	v.Engine, err = settlex.New(rt.Context(), settlex.Config{
		Store: store, Rules: v.rules, Clock: func() time.Time { return v.now }, Merchants: []merchant.Merchant{{ID: m}, {ID: hand}},
	})
	must(rt, err)
	return v
}

// check looks at everything.
func (v *town) check(rt *rapid.T) {
	v.derive(rt)
	v.fallen(rt)
	v.chart(rt)
	v.lives(rt)
	v.follow(rt)
	v.saves = v.store.saves
}

// unchanged wants nothing to have been saved since the last check, or since.
func (v *town) unchanged(rt *rapid.T, what string) {
	if v.store.saves != v.saves {
		rt.Fatalf("%s has written something", what)
	}
}

// fallen wants it to have been told where what is available has fallen below zero.
func (v *town) fallen(rt *rapid.T) {
	for p := range all[*payment.Position](rt, v.reader, payment.PositionRecord) {
		account, _, err := v.Books().Account(rt.Context(), payment.AvailablePath(p.Merchant), p.Currency)
		must(rt, err)
		debit, err := account.Net(ledger.Debit)
		must(rt, err)
		before, told := v.below[p.Ref().ID], v.belowTold[p.Ref().ID]
		if v.below[p.Ref().ID], v.belowTold[p.Ref().ID] = debit.Sign() > 0, p.Told; debit.Sign() > 0 && !before && p.Told == told {
			rt.Fatalf("what is available to %s has fallen to -%s, and nobody was told", p.Ref().ID, debit)
		}
	}
}

// chart wants the rules of the chart to hold that only a fault of the books can
// break, and debits to equal credits.
func (v *town) chart(rt *rapid.T) {
	checked, err := v.Check(rt.Context(), settlex.CheckOptions{})
	must(rt, err)
	for _, f := range checked.Findings {
		if !f.Rule.Alarm {
			rt.Fatalf("%s: %s %s: %s: have %s, want %s", f.Rule.ID, f.AccountID, f.Subject, f.Rule.Holds, f.Have, f.Wanted)
		}
	}
}

// lives wants every resource to have come to where it stands by rows of its table.
func (v *town) lives(rt *rapid.T) {
	v.status = make(map[ledger.Ref]payment.Status)
	walk(v, rt, payment.DepositRecord, func(d *payment.Deposit) payment.Life {
		life := d.Life
		if d.Status == payment.PartiallyRefunded || d.Status == payment.Refunded { // which no event says
			life.Status = payment.Succeeded
		}
		return life
	})
	walk(v, rt, payment.RefundRecord, func(r *payment.Refund) payment.Life { return r.Life })
	walk(v, rt, payment.DisputeRecord, func(d *payment.Dispute) payment.Life { return d.Life })
	walk(v, rt, payment.PayoutRecord, func(p *payment.Payout) payment.Life { return p.Life })
	walk(v, rt, payment.RailRecord, func(r *payment.RailSettlement) payment.Life { return r.Life })
	walk(v, rt, payment.RailCostRecord, func(r *payment.RailCost) payment.Life { return r.Life })
	walk(v, rt, payment.RailInvoiceRecord, func(r *payment.RailInvoice) payment.Life { return r.Life })
	walk(v, rt, payment.BankLineRecord, func(b *payment.BankLine) payment.Life { return b.Life })
	walk(v, rt, payment.FeeTransferRecord, func(f *payment.FeeTransfer) payment.Life { return f.Life })
	walk(v, rt, payment.OpeningRecord, func(o *payment.Opening) payment.Life { return o.Life })
	walk(v, rt, payment.DecisionRecord, func(d *payment.ReserveDecision) payment.Life { return d.Life })
	walk(v, rt, payment.AdjustmentRecord, func(a *payment.Adjustment) payment.Life { return a.Life })
	walk(v, rt, payment.DebtRecord, func(d *payment.Debt) payment.Life { return d.Life })
	walk(v, rt, payment.TopUpRecord, func(t *payment.TopUp) payment.Life { return t.Life })
	walk(v, rt, payment.FeeDeductionRecord, func(f *payment.FeeDeduction) payment.Life { return f.Life })
	walk(v, rt, payment.WriteOffRecord, func(w *payment.WriteOff) payment.Life { return w.Life })
	for b := range all[*settlement.Batch](rt, v.reader, settlement.BatchRecord) {
		life := payment.Life{Status: payment.Status(b.Status)}
		for _, s := range b.Steps {
			if s.Kind != "" { // the others are the closing itself
				life.Steps = append(life.Steps, payment.Step{Kind: s.Kind, Status: payment.Status(s.Status)})
			}
		}
		start := payment.Status(b.AtClose)
		if len(b.Steps) > 1 && b.Steps[1].Kind == "" {
			start = payment.Status(b.Steps[1].Status) // nobody has to approve it
		}
		v.stands(rt, b.Ref(), settlement.Moves(), start, life)
	}
	v.merchantLives(rt)
}

func walk[T ledger.Record](v *town, rt *rapid.T, kind string, life func(T) payment.Life) {
	moves := payment.Moves(kind)
	for r := range all[T](rt, v.reader, kind) {
		v.stands(rt, r.Ref(), moves, "", life(r))
	}
}

// stands wants a life to follow a table from a status on.
func (v *town) stands(rt *rapid.T, ref ledger.Ref, moves []payment.Move, status payment.Status, life payment.Life) {
	for i, step := range life.Steps {
		allowed := false
		for _, m := range moves {
			allowed = allowed || m.On == step.Kind && m.From == status && m.To == step.Status
		}
		if !allowed {
			rt.Fatalf("%s: step %d, %s, leads from %q to %q, which its table does not have", ref, i+1, step.Kind, status, step.Status)
		}
		status = step.Status
	}
	if life.Status != status {
		rt.Fatalf("%s is %q, its steps lead to %q", ref, life.Status, status)
	}
	v.status[ref] = life.Status
}

func (v *town) merchantLives(rt *rapid.T) {
	for shop := range all[*payment.Merchant](rt, v.reader, payment.MerchantRecord) {
		var status payment.Status
		for i, step := range shop.Steps {
			allowed := false
			for _, m := range payment.MerchantMoves() {
				allowed = allowed || m.On == step.Act && m.From == status && m.To == step.Status
			}
			if !allowed {
				rt.Fatalf("%s: step %d, %s, leads from %q to %q, which its table does not have", shop.Ref(), i+1, step.Act, status, step.Status)
			}
			status = step.Status
		}
		if shop.Stands() != status {
			rt.Fatalf("%s is %q, its steps lead to %q", shop.Ref(), shop.Stands(), status)
		}
		v.status[shop.Ref()] = status
	}
}
