package payment_test

import (
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// derive wants every account to hold what the records say: who polls the records is
// told the same as who reads the accounts.
func (v *town) derive(rt *rapid.T) {
	derived := &derivation{rt: rt, rules: v.rules, today: calendar.DateOf(v.now, kolkata()), accounts: make(map[ledger.AccountID]money.Amount)}
	for _, step := range []func(ledger.Reader){
		derived.deposits, derived.refunds, derived.disputes, derived.payouts, derived.queues, derived.rails, derived.passing, derived.decided,
		derived.exchanges, derived.merchants, derived.batches,
	} {
		step(v.reader)
	}
	have := make(map[ledger.AccountID]money.Amount)
	sums := make(map[money.Currency]money.Amount)
	for account, err := range v.reader.Accounts(rt.Context(), "") {
		must(rt, err)
		debit, err := account.Net(ledger.Debit)
		must(rt, err)
		have[account.AccountID] = debit
		sums[account.Currency] = plus(rt, sums[account.Currency], debit)
	}
	for currency, sum := range sums {
		if !sum.IsZero() {
			rt.Fatalf("the accounts in %s sum to %s", currency, sum)
		}
	}
	zero := func(_ ledger.AccountID, a money.Amount) bool { return a.IsZero() }
	maps.DeleteFunc(have, zero)
	maps.DeleteFunc(derived.accounts, zero)
	if !maps.Equal(derived.accounts, have) {
		diff := cmp.Diff(derived.accounts, have)
		rt.Fatalf("accounts (-as the records say +as they stand):\n%s", diff)
	}
}

// derivation is what the accounts must hold, debits positive.
type derivation struct {
	rt       *rapid.T
	rules    *payment.Rules
	today    calendar.Date
	in       money.Currency // of the record that is looked at
	accounts map[ledger.AccountID]money.Amount
}

func (d *derivation) add(path string, debits ...money.Amount) {
	id := ledger.AccountID{Path: path, Currency: d.in}
	for _, a := range debits {
		d.accounts[id] = plus(d.rt, d.accounts[id], a)
	}
}

// bank is the account of the region that the currency belongs to.
func (d *derivation) bank() string {
	region, err := d.rules.Book.Region(nil, d.in)
	must(d.rt, err)
	return region.Bank
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
		d.in = p.Currency
		if p.CapturedAt().IsZero() {
			continue
		}
		if p.Status != payment.Failed {
			d.add("rails/"+p.Rail+"/receivable", p.Amount)
		}
		d.earn("income/processing_fee", &p.Fee)
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
	var due money.Amount
	if p.Policy == fees.RefundReturnProRata {
		var err error
		gone := p.Refunded
		if p.Status == payment.Failed {
			gone = p.Amount
		}
		due, err = fees.ReturnedTotal(p.Fee.Fee, p.Amount, gone, p.Rounding)
		must(d.rt, err)
	}
	if both.Cmp(plus(d.rt, p.Amount, p.Over)) > 0 || p.Disputed.Cmp(p.Amount) > 0 || p.FeeBack != due {
		d.rt.Fatalf("deposit %s of %s: %s refunded, %s disputed, %s of its fee %s given back, want %s",
			p.ID, p.Amount, p.Refunded, p.Disputed, p.FeeBack, p.Fee.Fee, due)
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
		d.in = p.Currency
		var back money.Amount
		switch p.Status {
		case payment.Pending, payment.Unknown:
			d.add("rails/"+p.Rail+"/refunds", p.Amount.Neg())
		case payment.Succeeded:
			d.add(d.funds(p.Rail, p.Netted), p.Amount.Neg())
		default:
			back = p.Amount
		}
		if back.IsZero() || p.Policy == fees.RefundKeep {
			d.earn("income/refund_fee", &p.Fee)
		}
		d.drawn(p.ID, p.Amount, back, p.Drawn, p.Restored)
	}
}

// funds is where what a rail pays or takes is booked.
func (d *derivation) funds(rail string, netted bool) string {
	if netted {
		return "rails/" + rail + "/receivable"
	}
	return "bank/" + d.bank()
}

func (d *derivation) disputes(r ledger.Reader) {
	for p := range all[*payment.Dispute](d.rt, r, payment.DisputeRecord) {
		d.in = p.Currency
		clearing := plus(d.rt, p.Amount.Neg(), p.Recovered, p.Debited.Amount, p.Credited.Amount.Neg())
		d.add("disputes/"+p.Rail+"/clearing", clearing)
		d.add(d.funds(p.Rail, p.Debited.Netted), p.Debited.Amount.Neg())
		d.add(d.funds(p.Rail, p.Credited.Netted), p.Credited.Amount)
		d.earn("income/dispute_fee", &p.Fee)
		back := p.Recovered
		if p.Restored == (payment.Sources{}) { // won for a merchant who is closed: it is in suspense
			back = money.Amount{}
		}
		d.drawn(p.ID, p.Amount, back, p.Drawn, p.Restored)
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
		d.in = p.Currency
		account := "merchants/" + p.Merchant + "/payouts"
		switch p.Status {
		case payment.Requested, payment.Approved:
			d.add(account, p.Amount.Neg(), p.Fee.Fee.Neg(), p.Fee.Tax.Neg())
		case payment.Sent, payment.Unknown:
			d.add(account, p.Fee.Fee.Neg(), p.Fee.Tax.Neg())
			d.add("rails/"+p.Rail+"/payouts", p.Amount.Neg())
		case payment.Completed:
			d.add("bank/"+d.bank(), p.Amount.Neg())
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
		d.in = p.Currency
		d.add("rails/"+p.Rail+"/receivable", p.Amount.Neg())
		d.add("expense/rail_cost", p.Cost)
		d.add("input_tax/gst", p.CostTax)
		d.add("bank/"+d.bank(), p.Amount, p.Cost.Neg(), p.CostTax.Neg())
	}
}

// billed derives what is owed of invoiced fees, and holds the lines against the invoices
// and these against the billing.
func (d *derivation) billed(r ledger.Reader) {
	lines, invoices := make(map[string]money.Amount), make(map[string]money.Amount)
	for l := range all[*payment.InvoiceLine](d.rt, r, payment.InvoiceLineRecord) {
		invoice := payment.InvoiceRef(l.Merchant, l.Currency, l.Month).ID
		lines[invoice] = plus(d.rt, lines[invoice], l.Total, l.PaidBack)
	}
	of := make(map[string][]*payment.Invoice)
	for i := range all[*payment.Invoice](d.rt, r, payment.InvoiceRecord) {
		invoices[i.Ref().ID] = plus(d.rt, i.Charged, i.Credited.Neg(), i.PaidBack)
		owner := payment.PositionRef(i.Merchant, i.Currency).ID
		of[owner] = append(of[owner], i)
	}
	if diff := cmp.Diff(lines, invoices); diff != "" {
		d.rt.Fatalf("invoices (-as their lines add up +as they say):\n%s", diff)
	}
	for b := range all[*payment.Billing](d.rt, r, payment.BillingRecord) {
		d.in = b.Currency
		owed, err := b.Owed()
		must(d.rt, err)
		d.add(payment.MerchantReceivablePath(b.Merchant), owed)
		states, err := payment.InvoiceStates(b, of[payment.PositionRef(b.Merchant, b.Currency).ID])
		must(d.rt, err)
		for i := range states {
			left, err := states[i].Left()
			must(d.rt, err)
			owed = plus(d.rt, owed, left.Neg())
		}
		if !owed.IsZero() {
			d.rt.Fatalf("billing of %s in %s: owed is %s off from what is left of its invoices", b.Merchant, b.Currency, owed)
		}
	}
}

// passing derives what is no merchant's: what rails charge, lines that nothing explains, our own money.
func (d *derivation) passing(r ledger.Reader) {
	for p := range all[*payment.RailCost](d.rt, r, payment.RailCostRecord) {
		d.in = p.Currency
		d.add("expense/rail_cost", p.Amount)
		d.add("rails/"+p.Rail+"/payable", p.Amount.Neg())
	}
	for p := range all[*payment.RailInvoice](d.rt, r, payment.RailInvoiceRecord) {
		d.in = p.Currency
		from := "bank/" + d.bank()
		if p.Status == payment.Netted {
			from = "rails/" + p.Rail + "/receivable"
		}
		d.add("rails/"+p.Rail+"/payable", p.Amount)
		d.add("input_tax/gst", p.CostTax)
		d.add(from, p.Amount.Neg(), p.CostTax.Neg())
	}
	for p := range all[*payment.BankLine](d.rt, r, payment.BankLineRecord) {
		d.in = p.Currency
		if p.Steps[0].Kind == payment.BankKept { // for a merchant who is closed
			if from := "suspense/" + d.bank() + "/credit"; p.Status == payment.Kept {
				d.add(from, p.Amount.Neg())
			} else {
				d.add("bank/"+d.bank(), p.Amount.Neg())
			}
			continue
		}
		charged := p.Steps[len(p.Steps)-1].Kind == payment.BankCharged
		side, amount := "credit", p.Amount
		if p.Debit {
			side, amount = "debit", p.Amount.Neg()
		}
		if p.Status == payment.Unexplained {
			d.add("suspense/"+d.bank()+"/"+side, amount.Neg())
		}
		if charged {
			d.add("expense/bank_charges", p.Amount)
		}
		if charged || p.Status == payment.Unexplained {
			d.add("bank/"+d.bank(), amount)
		}
	}
	for p := range all[*payment.FeeTransfer](d.rt, r, payment.FeeTransferRecord) {
		d.in = p.Currency
		d.add("bank/operating", p.Amount)
		d.add("bank/"+d.bank(), p.Amount.Neg())
	}
	for p := range all[*payment.Opening](d.rt, r, payment.OpeningRecord) {
		d.in = p.Currency
		d.add("bank/"+d.bank(), p.Amount)
		d.add("opening/"+d.in.String(), p.Amount.Neg())
	}
}

// decided derives what people decided, and what merchants paid in.
func (d *derivation) decided(r ledger.Reader) {
	for a := range all[*payment.Adjustment](d.rt, r, payment.AdjustmentRecord) {
		d.in = a.Currency
		switch {
		case a.Status != payment.Approved:
		case a.Debit:
			d.add("expense/goodwill", a.Amount.Neg())
		default:
			d.add("expense/goodwill", a.Amount)
		}
	}
	for b := range all[*payment.Debt](d.rt, r, payment.DebtRecord) {
		d.in = b.Currency
		if left, err := b.Left(); b.Status == payment.Reclassified {
			must(d.rt, err)
			d.add(payment.MerchantReceivablePath(b.Merchant), left)
		}
	}
	d.billed(r)
	for t := range all[*payment.TopUp](d.rt, r, payment.TopUpRecord) {
		d.in = t.Currency
		d.add("bank/"+d.bank(), t.Amount)
	}
	for w := range all[*payment.WriteOff](d.rt, r, payment.WriteOffRecord) {
		d.in = w.Currency
		if w.Status == payment.Approved {
			d.add("expense/bad_debt", w.Amount)
		}
	}
}

// merchants derives what is owed to each merchant from movements, positions
// and holds.
func (d *derivation) merchants(r ledger.Reader) {
	unassigned := make(map[string]money.Amount)
	for i := range all[*payment.Item](d.rt, r, payment.ItemRecord) {
		d.in = i.Currency
		d.add(payment.PendingPath(i.Merchant), i.Pending.Neg())
		d.add(payment.AvailablePath(i.Merchant), i.Pending, i.Net.Neg())
		owner := payment.PositionRef(i.Merchant, i.Currency).ID
		unassigned[owner] = plus(d.rt, unassigned[owner], i.Net)
		if want := plus(d.rt, i.Gross, i.Fee, i.Tax, i.Withholding, i.Reserve); i.Net != want {
			d.rt.Fatalf("movement %s: net %s, its parts sum to %s", i.Entry, i.Net, want)
		}
	}
	for p := range all[*payment.Position](d.rt, r, payment.PositionRecord) {
		d.in = p.Currency
		d.add(payment.PendingPath(p.Merchant), p.Matured)
		d.add(payment.AvailablePath(p.Merchant), p.Matured.Neg(), p.Carry.Neg())
		if want := unassigned[p.Ref().ID]; p.Unassigned != want {
			d.rt.Fatalf("position %s: %s unassigned, its movements sum to %s", p.Ref().ID, p.Unassigned, want)
		}
		if !slices.IsSortedFunc(p.Maturing, func(a, b payment.Maturity) int { return a.On.Compare(b.On) }) {
			d.rt.Fatalf("maturing of %s is not in order: %v", p.Merchant, p.Maturing)
		}
	}
	d.holds(r)
	d.pools(r)
}

// exchanges derives what was turned into another currency.
func (d *derivation) exchanges(r ledger.Reader) {
	for x := range all[*payment.Exchanged](d.rt, r, payment.ExchangeRecord) {
		d.in = x.Sold
		d.add("fx/"+x.Sold.String(), x.Amount.Neg())
		d.in = x.Bought
		d.add("fx/"+x.Bought.String(), x.Worth)
		d.add("income/fx_spread", x.Spread.Neg())
		if got := plus(d.rt, x.Got, x.Spread); got != x.Worth || x.Spread.Sign() < 0 {
			d.rt.Fatalf("exchange %s is worth %s: %s to the merchant, %s to us", x.ID, x.Worth, x.Got, x.Spread)
		}
	}
}

// batches derives what is on its way to merchants, or was.
func (d *derivation) batches(r ledger.Reader) {
	for b := range all[*settlement.Batch](d.rt, r, settlement.BatchRecord) {
		d.in = b.Currency
		d.add(payment.SettlementPath(b.ID), b.Owed().Neg())
		if sent := b.Sent(); !sent.IsZero() {
			d.add(payment.RailPayoutsPath(b.Rail()), sent.Neg())
		}
		if b.Status == settlement.Paid {
			d.add("bank/"+d.bank(), b.Net.Neg())
		}
		must(d.rt, b.Check())
	}
}

// pools derives the fixed and minimum reserves: none passes its cap or falls below 0.
func (d *derivation) pools(r ledger.Reader) {
	for p := range all[*payment.Pool](d.rt, r, payment.PoolRecord) {
		d.in = p.Currency
		balance, err := p.Balance()
		must(d.rt, err)
		d.add(payment.PoolPath(p.Merchant, p.Kind), balance.Neg())
		for _, plan := range d.rules.Plans {
			if plan.Kind == p.Kind && (balance.Sign() < 0 || balance.Cmp(*plan.Cap) > 0) {
				d.rt.Fatalf("%s is %s of %s", p.Ref(), balance, plan.Cap)
			}
		}
	}
}

// withheld are the holds of one merchant, by the day they are given back.
type withheld struct {
	left   map[calendar.Date]money.Amount
	capped map[calendar.Date]money.Amount // left, without what was put back whatever the cap
	last   calendar.Date                  // on which something was withheld
	other  bool                           // some of it by another plan than the first
}

// holds derives the reserves, and what a position keeps of them for their cap. What
// was due by the last day a cap was measured on is none of its business any more;
// what is due by today may have been given back, of which it takes no notice.
func (d *derivation) holds(r ledger.Reader) {
	of := make(map[string]*withheld)
	for _, kind := range []string{payment.HoldRecord, payment.ReleasedRecord} {
		for h := range all[*payment.Hold](d.rt, r, kind) {
			d.in = h.Currency
			owner := payment.PositionRef(h.Merchant, h.Currency).ID
			if of[owner] == nil {
				of[owner] = &withheld{left: make(map[calendar.Date]money.Amount), capped: make(map[calendar.Date]money.Amount)}
			}
			left, err := h.Left()
			must(d.rt, err)
			must(d.rt, h.Validate())
			w := of[owner]
			d.add(payment.ReservePath(h.Merchant), left.Neg())
			w.left[h.ReleaseOn] = plus(d.rt, w.left[h.ReleaseOn], left)
			w.capped[h.ReleaseOn] = plus(d.rt, w.capped[h.ReleaseOn], left, h.Restored.Neg())
			w.other = w.other || h.Plan.ID != d.rules.Plans[0].ID
			if h.HeldOn.After(w.last) {
				w.last = h.HeldOn
			}
		}
	}
	for owner, w := range of {
		d.positionHolds(r, owner, w)
	}
}

func (d *derivation) positionHolds(r ledger.Reader, owner string, w *withheld) {
	gone := func(on calendar.Date, a money.Amount) bool {
		return !on.After(w.last) || !on.After(d.today) || a.IsZero()
	}
	have := make(map[calendar.Date]money.Amount)
	for p := range all[*payment.Position](d.rt, r, payment.PositionRecord) {
		for _, on := range p.Held {
			if p.Ref().ID == owner {
				have[on.On] = plus(d.rt, have[on.On], on.Amount)
			}
		}
	}
	maps.DeleteFunc(have, gone)
	maps.DeleteFunc(w.left, gone)
	if diff := cmp.Diff(w.left, have); diff != "" {
		d.rt.Fatalf("holds of %s by date (-holds +position):\n%s", owner, diff)
	}
	var reserve money.Amount
	for on, amount := range w.capped {
		if on.After(w.last) {
			reserve = plus(d.rt, reserve, amount)
		}
	}
	if most := d.rules.Plans[0].Cap; most != nil && !w.other && reserve.Cmp(*most) > 0 {
		d.rt.Fatalf("reserve of %s is %s of %s, without what was put back", owner, reserve, *most)
	}
}
