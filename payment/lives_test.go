package payment_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A town is random payments leading random lives, told in any order that time
// allows, and now and then in one that it does not.
type town struct {
	rules    *payment.Rules
	do       func(payment.Event) error
	run      func(ledger.Command) error
	reader   ledger.Reader
	now      time.Time
	ids      int
	accepted []payment.Event
}

func TestRandomLives(t *testing.T) {
	t.Parallel()
	lenient := drawing()
	lenient.LateSuccess = []payment.LateRule{{Policy: payment.LateRefund, For: []merchant.Scope{{Region: "IN", Method: "CARD"}}}}
	lenient.Withholding = taxing().Withholding
	lenient.Rails, lenient.PayTwice = netting().Rails, []merchant.Scope{{}}
	for name, rules := range map[string]*payment.Rules{"strict": cautious(), "lenient": lenient, "secured": secured()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules.Plans[0].Cap = new(most())
			open(t, rules).randomLives(t)
		})
	}
}

func (d *desk) randomLives(t *testing.T) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		err := d.Books().Write(d.Context(), func(tx ledger.Tx) error {
			v := &town{do: func(e payment.Event) error { return d.inside(tx, e) }, reader: tx, now: at("2026-03-02 09:00"), rules: d.rules}
			v.run = func(c ledger.Command) error {
				errs, err := d.Books().DoTx(d.Context(), tx, c)
				return errors.Join(append(errs, err)...)
			}
			rt.Repeat(map[string]func(*rapid.T){
				"deposit": v.deposit, "begins": v.begins, "passes": v.passes, "refund": v.refund, "dispute": v.dispute, "payout": v.payout, "release": v.release, "rail": v.rail,
				"draw": v.draw, "decision": v.decision, "adjustment": v.adjustment, "debt": v.debt, "top-up": v.topUp, "write-off": v.writeOff,
				"goes on": v.goesOn, "told again": v.toldAgain, "day passes": v.dayPasses, "": v.check,
			})
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			rt.Fatal(err)
		}
	})
}

// most is what the reserve of a merchant may come to in the town.
func most() money.Amount { return rs("700.00") }

// tell reports an event. One that the state forbids must change nothing; which
// is which is for other tests.
func (v *town) tell(rt *rapid.T, e payment.Event) {
	before := v.everything(rt)
	err := v.do(e)
	if err == nil {
		v.accepted = append(v.accepted, e)
		return
	}
	var at *payment.FieldError
	if !errors.As(err, &at) && !errors.Is(err, ledger.ErrInsufficientFunds) && !errors.Is(err, errRepeated) {
		rt.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	if diff := cmp.Diff(before, v.everything(rt)); diff != "" {
		rt.Fatalf("a refused %s changed something (-before +after):\n%s", e.Kind, diff)
	}
}

func (v *town) everything(rt *rapid.T) snapshot {
	s, err := readAll(rt.Context(), v.reader)
	must(rt, err)
	return s
}

// fresh is an event that opens a resource, a while after the one before.
func (v *town) fresh(rt *rapid.T, kind payment.Kind) payment.Event {
	v.now = v.now.Add(time.Duration(rapid.IntRange(0, 600).Draw(rt, "minutes")) * time.Minute)
	v.ids++
	amount := money.Minor(rapid.Int64Range(1, 500_000).Draw(rt, "amount"))
	return payment.Event{
		Kind: kind, ID: fmt.Sprintf("x%d", v.ids), OccurredAt: v.now, Currency: inr(), Amount: amount, ReasonCode: "because",
		RailRef: rapid.SampledFrom([]string{"", "ref"}).Draw(rt, "reference"),
	}
}

func (v *town) deposit(rt *rapid.T) { v.pays(rt, v.fresh(rt, payment.DepositCaptured)) }

// begins is a deposit that is not captured yet.
func (v *town) begins(rt *rapid.T) { v.pays(rt, v.fresh(rt, payment.DepositCreated)) }

func (v *town) pays(rt *rapid.T, e payment.Event) {
	e.Merchant = rapid.SampledFrom([]string{m, hand}).Draw(rt, "merchant")
	e.Method = rapid.SampledFrom([]string{"UPI", "CARD"}).Draw(rt, "method")
	v.tell(rt, e)
}

// passes is money that is no merchant's.
func (v *town) passes(rt *rapid.T) {
	e := v.fresh(rt, rapid.SampledFrom([]payment.Kind{
		payment.RailCharged, payment.RailInvoiced, payment.RailInvoiceNetted, payment.BankCredit, payment.BankDebit, payment.FeesMoved, payment.Opened,
	}).Draw(rt, "kind"))
	e.Rail = rapid.SampledFrom([]string{"upi", "card"}).Draw(rt, "rail")
	if e.Kind == payment.RailInvoiced || e.Kind == payment.RailInvoiceNetted {
		e.CostTax = money.Minor(rapid.Int64Range(0, 180).Draw(rt, "cost tax"))
	}
	v.tell(rt, e)
}

// of makes an event be about a deposit, mostly one that can bear it.
func (v *town) of(rt *rapid.T, e payment.Event) payment.Event {
	var deposits []payment.Event
	for _, d := range v.accepted {
		if d.Kind == payment.DepositCaptured || d.Kind == payment.DepositCreated {
			deposits = append(deposits, d)
		}
	}
	e.Parent = "nobody"
	if len(deposits) == 0 {
		return e
	}
	d := rapid.SampledFrom(deposits).Draw(rt, "deposit")
	e.Parent = d.ID
	if amount, _ := d.Amount.Int64(); rapid.IntRange(0, 3).Draw(rt, "fits") > 0 {
		e.Amount = money.Minor(rapid.Int64Range(1, amount).Draw(rt, "part"))
	}
	return e
}

func (v *town) refund(rt *rapid.T) { v.tell(rt, v.of(rt, v.fresh(rt, payment.RefundCreated))) }

func (v *town) dispute(rt *rapid.T) { v.tell(rt, v.of(rt, v.fresh(rt, payment.DisputeOpened))) }

func (v *town) payout(rt *rapid.T) {
	e := v.fresh(rt, payment.PayoutRequested)
	e.Merchant, e.Method = rapid.SampledFrom([]string{m, hand, hand}).Draw(rt, "merchant"), "IMPS"
	e.Actor = rapid.SampledFrom([]string{"", "anna", "anna", "bert"}).Draw(rt, "actor")
	v.tell(rt, e)
}

// release lets the first of a queue go, if there is money for it.
func (v *town) release(rt *rapid.T) {
	queues, err := payment.PayoutQueues(rt.Context(), v.reader)
	must(rt, err)
	if len(queues) == 0 {
		return
	}
	queue := rapid.SampledFrom(queues).Draw(rt, "queue")
	places, err := payment.PayoutPlaces(rt.Context(), v.reader, queue.Merchant, queue.Currency, 1)
	must(rt, err)
	before := v.everything(rt)
	release := &payment.Release{Rules: v.rules, Queue: queue, Place: places[0], Instant: v.now}
	must(rt, v.run(release))
	if diff := cmp.Diff(before, v.everything(rt)); release.Released == (diff == "") {
		rt.Fatalf("released: %t (-before +after):\n%s", release.Released, diff)
	}
	must(rt, v.run(release)) // again: the queue is another one
	if release.Released {
		rt.Fatal("released twice")
	}
}

func (v *town) rail(rt *rapid.T) {
	e := v.fresh(rt, payment.RailSettled)
	e.Rail = rapid.SampledFrom([]string{"upi", "card"}).Draw(rt, "rail")
	e.Cost = money.Minor(rapid.Int64Range(0, 1000).Draw(rt, "cost"))
	e.CostTax = money.Minor(rapid.Int64Range(0, 180).Draw(rt, "cost tax"))
	v.tell(rt, e)
}

func (v *town) adjustment(rt *rapid.T) {
	e := v.fresh(rt, rapid.SampledFrom([]payment.Kind{payment.AdjustmentCredit, payment.AdjustmentDebit}).Draw(rt, "direction"))
	e.Merchant, e.Actor, e.ReasonCode = rapid.SampledFrom([]string{m, hand}).Draw(rt, "merchant"), maker, "sorry"
	v.tell(rt, e)
}

func (v *town) debt(rt *rapid.T) {
	e := v.fresh(rt, payment.DebtReclassified)
	e.Merchant = rapid.SampledFrom([]string{m, hand}).Draw(rt, "merchant")
	v.tell(rt, e)
}

func (v *town) topUp(rt *rapid.T) {
	e := v.fresh(rt, payment.ToppedUp)
	e.Merchant = rapid.SampledFrom([]string{m, hand}).Draw(rt, "merchant")
	v.tell(rt, e)
}

func (v *town) writeOff(rt *rapid.T) {
	e := v.fresh(rt, payment.WriteOffRequested)
	e.Merchant, e.Actor, e.ReasonCode = rapid.SampledFrom([]string{m, hand}).Draw(rt, "merchant"), maker, "gone"
	v.tell(rt, e)
}

// draw takes something out of the reserve of a deposit, or puts something back, as
// refunds and disputes do by the way.
func (v *town) draw(rt *rapid.T) {
	e := v.of(rt, v.fresh(rt, payment.RefundCreated))
	amount := money.Minor(rapid.Int64Range(1, 100_000).Draw(rt, "most"))
	c := &payment.Draw{Handle: payment.Handle{Rules: v.rules, Event: e.Normalize()}, Back: amount}
	if rapid.IntRange(0, 2).Draw(rt, "draws") > 0 {
		c.Most, c.Back = amount, money.Amount{}
	}
	var at *payment.FieldError
	if err := v.run(c); err != nil && !errors.As(err, &at) {
		rt.Fatal(err)
	}
	if c.Did.Sign() < 0 || c.Did.Cmp(amount) > 0 {
		rt.Fatalf("moved %s of %s", c.Did, amount)
	}
}

// decision is somebody's about a reserve.
func (v *town) decision(rt *rapid.T) {
	e := v.fresh(rt, rapid.SampledFrom([]payment.Kind{payment.ReserveRelease, payment.ReserveBuild, payment.ReserveReturn}).Draw(rt, "decision"))
	e.ReasonCode, e.Actor = "decided", "anna"
	e.Amount = money.Minor(rapid.Int64Range(1, 10_000).Draw(rt, "amount"))
	if e.Kind == payment.ReserveRelease {
		amount := e.Amount
		e = v.of(rt, e)
		e.Amount = amount
	} else {
		e.Merchant = rapid.SampledFrom([]string{m, hand, hand}).Draw(rt, "merchant")
		e.Parent = rapid.SampledFrom([]string{"security", "floor"}).Draw(rt, "plan")
	}
	if e.Kind != payment.ReserveBuild && rapid.Bool().Draw(rt, "whole") {
		e.Amount = money.Amount{}
	}
	v.tell(rt, e)
}

// goesOn tells a further event of a resource.
func (v *town) goesOn(rt *rapid.T) {
	resource := rapid.SampledFrom(payment.Resources()).Draw(rt, "resource")
	var births, next []payment.Kind
	for _, move := range payment.Moves(resource) {
		switch {
		case move.From == "":
			births = append(births, move.On)
		case slices.Contains(payment.Kinds(), move.On) && !slices.Contains(next, move.On): // the others nobody reports
			next = append(next, move.On)
		}
	}
	var opened []payment.Event
	for _, e := range v.accepted {
		if slices.Contains(births, e.Kind) {
			opened = append(opened, e)
		}
	}
	if len(opened) == 0 || len(next) == 0 {
		return
	}
	which := rapid.SampledFrom(opened).Draw(rt, "which")
	e := payment.Event{
		Kind: rapid.SampledFrom(next).Draw(rt, "kind"), ID: which.ID, OccurredAt: v.now,
	}
	if e.Kind == payment.DepositCaptured {
		e.Merchant, e.Currency, e.Amount, e.Method = which.Merchant, which.Currency, which.Amount, which.Method
	}
	if resource == payment.PayoutRecord {
		e.Actor = rapid.SampledFrom([]string{"anna", "bert"}).Draw(rt, "actor")
	}
	switch e.Kind {
	case payment.AdjustmentApproved, payment.AdjustmentRejected, payment.WriteOffApproved, payment.WriteOffRejected:
		e.Actor, e.ReasonCode = checker, "looked at"
	}
	partly := []payment.Kind{payment.DisputeWon, payment.DisputeDebited, payment.DisputeCredited}
	if slices.Contains(partly, e.Kind) && rapid.Bool().Draw(rt, "in part") {
		e.Currency, e.Amount = inr(), money.Minor(rapid.Int64Range(1, 500_000).Draw(rt, "amount"))
	}
	v.tell(rt, e)
}

// toldAgain repeats an event: nothing may change.
func (v *town) toldAgain(rt *rapid.T) {
	if len(v.accepted) == 0 {
		return
	}
	before := v.everything(rt)
	e := rapid.SampledFrom(v.accepted).Draw(rt, "event")
	if err := v.do(e); !errors.Is(err, errRepeated) {
		rt.Fatalf("%s %s again: %v", e.Kind, e.ID, err)
	}
	if diff := cmp.Diff(before, v.everything(rt)); diff != "" {
		rt.Fatalf("%s %s again changed something (-before +after):\n%s", e.Kind, e.ID, diff)
	}
}

// dayPasses makes available what is due, as a job would, or does not.
func (v *town) dayPasses(rt *rapid.T) {
	v.now = v.now.Add(24 * time.Hour)
	if rapid.Bool().Draw(rt, "job runs") {
		must(rt, v.run(&payment.Mature{Merchant: hand, Currency: inr(), On: calendar.DateOf(v.now, kolkata()), Instant: v.now}))
	}
}

// check derives every account from the records and compares them all: who
// polls the records is told the same as who reads the accounts.
func (v *town) check(rt *rapid.T) {
	derived := &derivation{rt: rt, rules: v.rules, accounts: make(map[string]money.Amount)}
	for _, step := range []func(ledger.Reader){derived.deposits, derived.refunds, derived.disputes, derived.payouts, derived.queues, derived.rails, derived.passing, derived.decided, derived.merchants} {
		step(v.reader)
	}
	have := make(map[string]money.Amount)
	var sum money.Amount
	for account, err := range v.reader.Accounts(rt.Context(), "") {
		must(rt, err)
		debit, err := account.Net(ledger.Debit)
		must(rt, err)
		have[account.Path] = debit
		sum = plus(rt, sum, debit)
	}
	if !sum.IsZero() {
		rt.Fatalf("the accounts sum to %s", sum)
	}
	zero := func(_ string, a money.Amount) bool { return a.IsZero() }
	maps.DeleteFunc(have, zero)
	maps.DeleteFunc(derived.accounts, zero)
	if diff := cmp.Diff(derived.accounts, have); diff != "" {
		rt.Fatalf("accounts (-as the records say +as they stand):\n%s", diff)
	}
}

// derivation is what the accounts must hold, debits positive.
type derivation struct {
	rt       *rapid.T
	rules    *payment.Rules
	accounts map[string]money.Amount
}

func (d *derivation) add(path string, debits ...money.Amount) {
	for _, a := range debits {
		d.accounts[path] = plus(d.rt, d.accounts[path], a)
	}
}

// earn is a fee with its tax, as long as it is ours.
func (d *derivation) earn(income string, f *fees.Fee) {
	d.add(income, f.Fee.Neg())
	for _, line := range f.Taxes {
		d.add("tax/"+line.Code, line.Amount.Neg())
	}
}

func (d *derivation) deposits(r ledger.Reader) {
	for p := range all[*payment.Deposit](d.rt, r, payment.DepositRecord) {
		if p.CapturedAt().IsZero() {
			continue
		}
		if p.Status != payment.Failed {
			d.add("rails/"+p.Rail+"/receivable", p.Amount)
		}
		if p.Status != payment.Failed || p.Policy == fees.RefundKeep {
			d.earn("income/processing_fee", &p.Fee)
		}
		d.bounds(p)
		d.withheld(p)
		d.add("income/processing_fee", p.FeeBack)
		for _, line := range p.TaxBack {
			d.add("tax/"+line.Code, line.Amount)
		}
	}
}

// withheld holds what stands given back of each withholding against its share of what
// is refunded and disputed.
func (d *derivation) withheld(p *payment.Deposit) {
	for _, w := range p.Withheld {
		left, err := w.Left()
		must(d.rt, err)
		d.add("withholding/"+w.Code, left.Neg())
		gone := p.Amount
		if p.Status != payment.Failed {
			gone = plus(d.rt, p.Refunded, p.Disputed)
		}
		want, err := fees.ReturnedTotal(w.Amount, p.Amount, gone, w.Rounding)
		if must(d.rt, err); w.Back != want {
			d.rt.Fatalf("deposit %s of %s, %s gone: %s of %s given back, want %s", p.ID, p.Amount, gone, w.Back, w.Amount, want)
		}
	}
}

// bounds holds a deposit against what is refunded and disputed of it.
func (d *derivation) bounds(p *payment.Deposit) {
	both := plus(d.rt, p.Refunded, p.Disputed)
	if len(d.rules.PayTwice) > 0 {
		both = p.Refunded
	}
	if both.Cmp(p.Amount) > 0 || p.Disputed.Cmp(p.Amount) > 0 || p.FeeBack.Cmp(p.Fee.Fee) > 0 {
		d.rt.Fatalf("deposit %s of %s: %s refunded, %s disputed, %s of its fee %s given back", p.ID, p.Amount, p.Refunded, p.Disputed, p.FeeBack, p.Fee.Fee)
	}
}

// drawn holds what was drawn against an amount, and what went back.
func (d *derivation) drawn(id string, amount, back money.Amount, drawn, restored payment.Sources) {
	if got := plus(d.rt, drawn.Pending, drawn.Reserve, drawn.Available); got != amount {
		d.rt.Fatalf("%s of %s drew %+v", id, amount, drawn)
	}
	if got := plus(d.rt, restored.Pending, restored.Reserve, restored.Available); got != back {
		d.rt.Fatalf("%s of %s restored %+v", id, back, restored)
	}
	if restored.Pending.Cmp(drawn.Pending) > 0 || restored.Reserve.Cmp(drawn.Reserve) > 0 {
		d.rt.Fatalf("%s drew %+v and restored %+v", id, drawn, restored)
	}
}

func (d *derivation) refunds(r ledger.Reader) {
	for p := range all[*payment.Refund](d.rt, r, payment.RefundRecord) {
		var back money.Amount
		switch p.Status {
		case payment.Pending, payment.Unknown:
			d.add("rails/"+p.Rail+"/refunds", p.Amount.Neg())
		case payment.Succeeded:
			d.add(funds(p.Rail, p.Netted), p.Amount.Neg())
		default:
			back = p.Amount
		}
		d.drawn(p.ID, p.Amount, back, p.Drawn, p.Restored)
	}
}

// funds is where what a rail pays or takes is booked.
func funds(rail string, netted bool) string {
	if netted {
		return "rails/" + rail + "/receivable"
	}
	return "bank/escrow_in"
}

func (d *derivation) disputes(r ledger.Reader) {
	for p := range all[*payment.Dispute](d.rt, r, payment.DisputeRecord) {
		clearing := plus(d.rt, p.Amount.Neg(), p.Recovered, p.Debited.Amount, p.Credited.Amount.Neg())
		d.add("disputes/"+p.Rail+"/clearing", clearing)
		d.add(funds(p.Rail, p.Debited.Netted), p.Debited.Amount.Neg())
		d.add(funds(p.Rail, p.Credited.Netted), p.Credited.Amount)
		d.earn("income/dispute_fee", &p.Fee)
		d.drawn(p.ID, p.Amount, p.Recovered, p.Drawn, p.Restored)
		square, err := p.Square()
		must(d.rt, err)
		final := p.Status == payment.Won || p.Status == payment.Lost
		if square != (final && clearing.IsZero()) {
			d.rt.Fatalf("dispute %s, %s, leaves %s in clearing; square: %t", p.ID, p.Status, clearing, square)
		}
	}
}

func (d *derivation) payouts(r ledger.Reader) {
	for p := range all[*payment.Payout](d.rt, r, payment.PayoutRecord) {
		account := "merchants/" + p.Merchant + "/payouts"
		switch p.Status {
		case payment.Requested, payment.Approved:
			d.add(account, p.Amount.Neg(), p.Fee.Fee.Neg(), p.Fee.Tax.Neg())
		case payment.Sent, payment.Unknown:
			d.add(account, p.Fee.Fee.Neg(), p.Fee.Tax.Neg())
			d.add("rails/"+p.Rail+"/payouts", p.Amount.Neg())
		case payment.Completed:
			d.add("bank/escrow_in", p.Amount.Neg())
			d.earn("income/payout_fee", &p.Fee)
		case payment.Returned:
			d.earn("income/payout_fee", &p.Fee)
		}
	}
}

// queues holds what waits against the places of the queues and their counts.
func (d *derivation) queues(r ledger.Reader) {
	waiting, places, counted := map[string]bool{}, map[string]bool{}, uint64(0)
	for p := range all[*payment.Payout](d.rt, r, payment.PayoutRecord) {
		if p.Status == payment.Queued {
			waiting[p.ID] = true
		}
	}
	for p := range all[*payment.PayoutPlace](d.rt, r, payment.PlaceRecord) {
		places[p.Payout] = true
	}
	for q := range all[*payment.PayoutQueue](d.rt, r, payment.QueueRecord) {
		counted += q.Waiting()
	}
	if diff := cmp.Diff(waiting, places); diff != "" || counted != uint64(len(waiting)) {
		d.rt.Fatalf("queues count %d, (-payouts that wait +places):\n%s", counted, diff)
	}
}

func (d *derivation) rails(r ledger.Reader) {
	for p := range all[*payment.RailSettlement](d.rt, r, payment.RailRecord) {
		d.add("rails/"+p.Rail+"/receivable", p.Amount.Neg())
		d.add("expense/rail_cost", p.Cost)
		d.add("input_tax/gst", p.CostTax)
		d.add("bank/escrow_in", p.Amount, p.Cost.Neg(), p.CostTax.Neg())
	}
}

// decided derives what people decided, and what merchants paid in.
func (d *derivation) decided(r ledger.Reader) {
	for a := range all[*payment.Adjustment](d.rt, r, payment.AdjustmentRecord) {
		switch {
		case a.Status != payment.Approved:
		case a.Debit:
			d.add("expense/goodwill", a.Amount.Neg())
		default:
			d.add("expense/goodwill", a.Amount)
		}
	}
	for b := range all[*payment.Debt](d.rt, r, payment.DebtRecord) {
		if left, err := b.Left(); b.Status == payment.Reclassified {
			must(d.rt, err)
			d.add(payment.MerchantReceivablePath(b.Merchant), left)
		}
	}
	for t := range all[*payment.TopUp](d.rt, r, payment.TopUpRecord) {
		d.add("bank/escrow_in", t.Amount)
	}
	for w := range all[*payment.WriteOff](d.rt, r, payment.WriteOffRecord) {
		if w.Status == payment.Approved {
			d.add("expense/bad_debt", w.Amount)
		}
	}
}

// passing derives what is no merchant's: what rails charge, lines that nothing explains, our own money.
func (d *derivation) passing(r ledger.Reader) {
	for p := range all[*payment.RailCost](d.rt, r, payment.RailCostRecord) {
		d.add("expense/rail_cost", p.Amount)
		d.add("rails/"+p.Rail+"/payable", p.Amount.Neg())
	}
	for p := range all[*payment.RailInvoice](d.rt, r, payment.RailInvoiceRecord) {
		from := "bank/escrow_in"
		if p.Status == payment.Netted {
			from = "rails/" + p.Rail + "/receivable"
		}
		d.add("rails/"+p.Rail+"/payable", p.Amount)
		d.add("input_tax/gst", p.CostTax)
		d.add(from, p.Amount.Neg(), p.CostTax.Neg())
	}
	for p := range all[*payment.BankLine](d.rt, r, payment.BankLineRecord) {
		charged := p.Steps[len(p.Steps)-1].Kind == payment.BankCharged
		side, amount := "credit", p.Amount
		if p.Debit {
			side, amount = "debit", p.Amount.Neg()
		}
		if p.Status == payment.Unexplained {
			d.add("suspense/escrow_in/"+side, amount.Neg())
		}
		if charged {
			d.add("expense/bank_charges", p.Amount)
		}
		if charged || p.Status == payment.Unexplained {
			d.add("bank/escrow_in", amount)
		}
	}
	for p := range all[*payment.FeeTransfer](d.rt, r, payment.FeeTransferRecord) {
		d.add("bank/operating", p.Amount)
		d.add("bank/escrow_in", p.Amount.Neg())
	}
	for p := range all[*payment.Opening](d.rt, r, payment.OpeningRecord) {
		d.add("bank/escrow_in", p.Amount)
		d.add("opening/INR", p.Amount.Neg())
	}
}

// merchants derives what is owed to each merchant from movements, positions
// and holds.
func (d *derivation) merchants(r ledger.Reader) {
	unassigned := make(map[string]money.Amount)
	for i := range all[*payment.Item](d.rt, r, payment.ItemRecord) {
		d.add(payment.PendingPath(i.Merchant), i.Pending.Neg())
		d.add(payment.AvailablePath(i.Merchant), i.Pending, i.Net.Neg())
		unassigned[i.Merchant] = plus(d.rt, unassigned[i.Merchant], i.Net)
		if want := plus(d.rt, i.Gross, i.Fee, i.Tax, i.Withholding, i.Reserve); i.Net != want {
			d.rt.Fatalf("movement %s: net %s, its parts sum to %s", i.Entry, i.Net, want)
		}
	}
	for p := range all[*payment.Position](d.rt, r, payment.PositionRecord) {
		d.add(payment.PendingPath(p.Merchant), p.Matured)
		d.add(payment.AvailablePath(p.Merchant), p.Matured.Neg(), p.Carry.Neg())
		if p.Unassigned != unassigned[p.Merchant] {
			d.rt.Fatalf("position of %s: %s unassigned, its movements sum to %s", p.Merchant, p.Unassigned, unassigned[p.Merchant])
		}
		if !slices.IsSortedFunc(p.Maturing, func(a, b payment.Maturity) int { return a.On.Compare(b.On) }) {
			d.rt.Fatalf("maturing of %s is not in order: %v", p.Merchant, p.Maturing)
		}
	}
	d.holds(r)
	d.pools(r)
}

// pools derives the fixed and minimum reserves: none passes its cap or falls below 0.
func (d *derivation) pools(r ledger.Reader) {
	for p := range all[*payment.Pool](d.rt, r, payment.PoolRecord) {
		balance, err := p.Balance()
		must(d.rt, err)
		d.add(payment.PoolPath(p.Merchant, p.Kind), balance.Neg())
		for _, plan := range secured().Plans {
			if plan.Kind == p.Kind && (balance.Sign() < 0 || balance.Cmp(*plan.Cap) > 0) {
				d.rt.Fatalf("%s is %s of %s", p.Ref(), balance, plan.Cap)
			}
		}
	}
}

// holds derives the reserves, and what a position keeps of them for their cap.
func (d *derivation) holds(r ledger.Reader) {
	held := make(map[string]map[calendar.Date]money.Amount)
	for _, merchant := range []string{m, hand} {
		held[merchant] = make(map[calendar.Date]money.Amount)
	}
	restored := make(map[string]money.Amount)
	for h := range all[*payment.Hold](d.rt, r, payment.HoldRecord) {
		restored[h.Merchant] = plus(d.rt, restored[h.Merchant], h.Restored)
		left, err := h.Left()
		must(d.rt, err)
		d.add(payment.ReservePath(h.Merchant), left.Neg())
		held[h.Merchant][h.ReleaseOn] = plus(d.rt, held[h.Merchant][h.ReleaseOn], left)
		if err := h.Validate(); err != nil {
			d.rt.Fatal(err)
		}
	}
	for merchant, want := range held {
		if reserve := plus(d.rt, d.accounts[payment.ReservePath(merchant)].Neg(), restored[merchant].Neg()); reserve.Cmp(most()) > 0 {
			d.rt.Fatalf("reserve of %s is %s without what was put back", merchant, reserve)
		}
		have := make(map[calendar.Date]money.Amount)
		for p := range all[*payment.Position](d.rt, r, payment.PositionRecord) {
			for _, on := range p.Held {
				if p.Merchant == merchant {
					have[on.On] = plus(d.rt, have[on.On], on.Amount)
				}
			}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			d.rt.Fatalf("holds of %s by date (-holds +position):\n%s", merchant, diff)
		}
	}
}
