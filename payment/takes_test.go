package payment_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// Whatever a merchant takes of what is available, and whenever the job runs, batches
// pay the same. What may be taken before the job has run may be taken after it. What is
// taken last leaves the merchant below zero by nothing: when all is settled it has no
// less than without it, or nothing.
func TestRandomTakes(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	rapid.Check(t, func(rt *rapid.T) {
		rules, script := takingRules(rt), takingScript(rt)
		late := perform(rt, d, rules, script, func(int) bool { return true }, false)
		last := len(script) - 1 // a payout
		without := perform(rt, d, rules, script, func(i int) bool { return i != last }, false)
		early := perform(rt, d, rules, script, func(i int) bool { return late.booked[i] }, true)
		for i, e := range script {
			if late.booked[i] && !early.booked[i] {
				rt.Errorf("%s %s is taken before the job has run and not after it", e.Kind, e.ID)
			}
		}
		if diff := cmp.Diff(late.batches, early.batches); diff != "" {
			rt.Errorf("batches (-late job +early job):\n%s", diff)
		}
		if worst := money.Min(without.left, money.Amount{}); late.left.Cmp(worst) < 0 {
			rt.Errorf("%s is left, and %s without the last payout", late.left, without.left)
		}
	})
}

// takingRules are those of one merchant, who may have one schedule for payouts and
// another one for the rest.
func takingRules(rt *rapid.T) *payment.Rules {
	rules := alone()
	grace := []time.Duration{0, 0, time.Hour, 30 * time.Hour}
	s := &rules.Book.Schedules[0]
	s.Version = "drawn"
	s.Timing.Grace, s.MinPayout = anyOf(grace).Draw(rt, "grace"), money.Minor(anyOf([]int64{0, 20_000}).Draw(rt, "minimum"))
	if rapid.Bool().Draw(rt, "two schedules") {
		imps := *s
		imps.ID, imps.For = "imps", []merchant.Scope{{Region: "IN", Method: "IMPS"}}
		imps.Timing.Grace = anyOf(grace).Draw(rt, "grace of payouts")
		imps.Timing.Cutoffs = []calendar.WindowCutoff{{At: calendar.MustClock(anyOf([]string{"12:00", "18:00"}).Draw(rt, "cut-off of payouts"))}}
		rules.Book.Schedules = append(rules.Book.Schedules, imps)
	}
	if rapid.Bool().Draw(rt, "withholds a reserve") {
		few := terms()
		rules.Plans, rules.Book.Plans = few.Plans, few.Book.Plans
		rules.Plans[0].Days = reserve.DaysMin
	}
	return rules
}

// takingScript is what happens to the merchant in some days, a payout last.
func takingScript(rt *rapid.T) (script []payment.Event) {
	now := at("2026-03-02 09:00")
	var deposits, payouts []string
	events := rapid.IntRange(1, 12).Draw(rt, "events")
	for i := range events {
		now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(rt, "minutes")) * time.Minute)
		id := fmt.Sprintf("x%d", i)
		e := payment.Event{ID: id, OccurredAt: now, Merchant: m, Currency: inr(), Amount: money.Minor(rapid.Int64Range(1, 50_000).Draw(rt, "amount")), ReasonCode: "drawn", Actor: maker}
		what := "payout"
		if i < events-1 {
			what = anyOf([]string{"credit", "credit", "debit", "deposit", "refund", "payout", "payout", "payout", "canceled"}).Draw(rt, "what")
		}
		switch {
		case what == "debit":
			e.Kind = payment.AdjustmentDebit
		case what == "deposit":
			e.Kind, e.Method, deposits = payment.DepositCaptured, "UPI", append(deposits, id)
		case what == "refund" && len(deposits) > 0:
			e.Kind, e.Parent, e.Merchant = payment.RefundCreated, anyOf(deposits).Draw(rt, "deposit"), ""
		case what == "payout":
			e.Kind, e.Method, payouts = payment.PayoutRequested, "IMPS", append(payouts, id)
		case what == "canceled" && len(payouts) > 0:
			e = payment.Event{Kind: payment.PayoutCanceled, ID: anyOf(payouts).Draw(rt, "payout"), OccurredAt: now}
		default:
			e.Kind = payment.AdjustmentCredit
		}
		script = append(script, e)
	}
	return script
}

// performed is what has become of a script.
type performed struct {
	booked  []bool // by event
	batches []string
	left    money.Amount // available, when all is settled
}

// perform tells the events of a script that told names, and settles in the end; early:
// also before each event, what can be by then.
func perform(rt *rapid.T, d *desk, rules *payment.Rules, script []payment.Event, told func(int) bool, early bool) (out performed) {
	err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
		v := &town{store: &inside{tx: tx}, rules: rules, now: at("2026-03-01 09:00")}
		v.reader = v.store.view()
		out = performed{booked: make([]bool, len(script))}
		var err error
		v.Engine, err = settlex.New(rt.Context(), settlex.Config{
			Store: v.store, Rules: rules, Clock: func() time.Time { return v.now }, Merchants: []merchant.Merchant{{ID: m}},
		})
		must(rt, err)
		settle := func() {
			_, err := v.Settle(rt.Context(), calendar.Date{}, func(b *settlement.Batch) {
				out.batches = append(out.batches, fmt.Sprintf("%s net %s, carries %s", b.ID, inr().Format(b.Net), inr().Format(b.CarryOut)))
			})
			must(rt, err)
		}
		for i, e := range script {
			if v.now = e.OccurredAt; early {
				settle()
			}
			if !told(i) {
				continue
			}
			err := v.do(rt, e)
			if err != nil && !refused(err) && !errors.Is(err, errRepeated) {
				rt.Fatalf("%s %s: %v", e.Kind, e.ID, err)
			}
			out.booked[i] = err == nil
		}
		v.verified(rt)
		v.now = v.now.AddDate(0, 0, 20)
		settle()
		v.verified(rt)
		account, _, err := v.Books().Account(rt.Context(), payment.AvailablePath(m), inr())
		must(rt, err)
		out.left, err = account.Posted()
		must(rt, err)
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		rt.Fatal(err)
	}
	return out
}

// verified proves all there is.
func (v *town) verified(rt *rapid.T) {
	must(rt, settlement.Verify(rt.Context(), v.reader, func(f ledger.Finding) { rt.Errorf("verify: %s", f) }))
}
