package payment

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// ErrNoFee marks what no fee was charged for.
var ErrNoFee = errors.New("has no fee")

// PricedFee is a fee with all that explains it. Minor units.
type PricedFee struct {
	Kind       string // of what it was charged for: deposit, refund, dispute, payout, fee_month
	ID         string // of what it was charged for
	Currency   money.Currency
	Query      fees.Query       // what its schedule was chosen by; the zero value: nothing was chosen for it
	Candidates []fees.Candidate // what could have been chosen, by the price list as it is now
	Fee        fees.Fee
	Invoiced   bool   // it was not taken out of the merchant's money
	Policy     string // what becomes of it; empty: nothing ever does
	Back       *GivenBack
	Month      *FeeMonth // a fee of kind fee_month: what brought it about
}

// GivenBack is what of a fee stands given back, or was by one refund. Minor units.
type GivenBack struct {
	By    string // the refund's id; empty: all that stands given back
	Fee   money.Amount
	Taxes []fees.TaxLine
}

// ExplainFee gives the fees that a record of this room was charged, with the explanation. What the price list lacks by now is
// not among the candidates. Errors: ErrNoFee; ErrUnknown for a merchant or deposit that is not there; those of reading.
func (r *Rules) ExplainFee(record ledger.Record, find func(ledger.Ref) (ledger.Record, error)) (all []PricedFee, err error) {
	x := explaining{rules: r, find: find}
	switch of := record.(type) {
	case *Deposit:
		err = x.deposit(of)
	case *Refund:
		err = x.refund(of)
	case *Dispute:
		err = x.dispute(of)
	case *Payout:
		err = x.payout(of)
	case *FeeMonth:
		x.month(of)
	}
	if err == nil && len(x.all) == 0 {
		err = fmt.Errorf("%s %w", record.Ref(), ErrNoFee)
	}
	return x.all, err
}

// explaining gathers the fees of a record.
type explaining struct {
	rules *Rules
	find  func(ledger.Ref) (ledger.Record, error)
	all   []PricedFee
}

// add adds a fee that was charged by a schedule.
func (x *explaining) add(kind string, f *Facts, event fees.Event, on calendar.Date, fee *fees.Fee, more PricedFee) error {
	if fee.ScheduleID == "" {
		return nil
	}
	scope, err := x.scope(f)
	if err != nil {
		return err
	}
	more.Kind, more.ID, more.Currency, more.Fee = kind, f.ID, f.Currency, *fee
	more.Query = fees.Query{
		Merchant: scope.Merchant, Region: scope.Region, Currency: f.Currency, Method: f.Method, Brand: f.Brand, Funding: f.Funding, Event: event, On: on,
	}
	if f.Border != "" {
		more.Query.Domestic = new(f.Border == BorderDomestic)
	}
	more.Candidates = x.rules.Fees.Candidates(more.Query)
	x.all = append(x.all, more)
	return nil
}

// scope is the case that the schedule was chosen for.
func (x *explaining) scope(f *Facts) (merchant.Scope, error) {
	found, err := x.find(MerchantRef(f.Merchant))
	if err != nil {
		return merchant.Scope{}, err
	}
	m, ok := found.(*Merchant)
	if !ok {
		return merchant.Scope{}, fmt.Errorf("%s %s is %w", MerchantRecord, f.Merchant, ErrUnknown)
	}
	return x.rules.Book.Case(&m.Merchant, f.Currency, f.Method)
}

// parent is the deposit of a refund or dispute.
func (x *explaining) parent(f *Facts) (*Deposit, error) {
	found, err := x.find(ledger.Ref{Kind: DepositRecord, ID: f.Parent})
	if err != nil {
		return nil, err
	}
	d, ok := found.(*Deposit)
	if !ok {
		return nil, fmt.Errorf("%s %s is %w", DepositRecord, f.Parent, ErrUnknown)
	}
	return d, nil
}

func (x *explaining) deposit(d *Deposit) error {
	return x.add(DepositRecord, &d.Facts, fees.EventCapture, d.PricedOn, &d.Fee, PricedFee{
		Invoiced: d.Invoiced, Policy: policyOf(d.Policy), Back: &GivenBack{Fee: d.FeeBack, Taxes: d.TaxBack},
	})
}

// refund adds what the refund itself cost, and what went back with it of the deposit's fee.
func (x *explaining) refund(r *Refund) error {
	d, err := x.parent(&r.Facts)
	if err != nil {
		return err
	}
	back := &GivenBack{}
	failed := r.Status == Failed || r.Status == Canceled
	if failed && r.Policy == fees.RefundReturnProRata {
		back = &GivenBack{Fee: r.Fee.Fee, Taxes: r.Fee.Taxes}
	}
	err = x.add(RefundRecord, &r.Facts, fees.EventRefund, d.PricedOn, &r.Fee, PricedFee{Invoiced: r.Invoiced, Policy: policyOf(r.Policy), Back: back})
	if err != nil {
		return err
	}
	with := &GivenBack{By: r.ID, Fee: r.FeeReturned, Taxes: r.TaxReturned}
	if failed { // what went back with it was charged again
		with = &GivenBack{By: r.ID}
	}
	return x.add(DepositRecord, &d.Facts, fees.EventCapture, d.PricedOn, &d.Fee, PricedFee{Invoiced: d.Invoiced, Policy: policyOf(d.Policy), Back: with})
}

func (x *explaining) dispute(d *Dispute) error {
	deposit, err := x.parent(&d.Facts)
	if err != nil {
		return err
	}
	policy, back := d.Policy, &GivenBack{}
	if policy == "" {
		policy = fees.DisputeKeep
	}
	if d.Status == Won && policy == fees.DisputeReturnOnWin {
		back = &GivenBack{Fee: d.Fee.Fee, Taxes: d.Fee.Taxes}
	}
	return x.add(DisputeRecord, &d.Facts, fees.EventDispute, deposit.PricedOn, &d.Fee, PricedFee{Invoiced: d.Invoiced, Policy: string(policy), Back: back})
}

// payout adds a payout's fee, if it was ever charged; which version prices it, the local date of its request says.
func (x *explaining) payout(p *Payout) error {
	if !p.charged() {
		return nil
	}
	scope, err := x.scope(&p.Facts)
	if err != nil {
		return err
	}
	schedule, err := x.rules.Book.Schedule(scope, p.OccurredAt)
	if err != nil {
		return err
	}
	on := calendar.DateOf(p.OccurredAt, schedule.Timing.Zone)
	back := &GivenBack{}
	switch p.Status {
	case Failed, Rejected, Canceled:
		back = &GivenBack{Fee: p.Fee.Fee, Taxes: p.Fee.Taxes}
	}
	return x.add(PayoutRecord, &p.Facts, fees.EventPayout, on, &p.Fee, PricedFee{Invoiced: p.Invoiced, Back: back})
}

// charged tells whether the payout's fee was taken out of the merchant's money, or is on an invoice or will be: not of one that waits for
// money, or was given up while it did, nor where what is invoiced once it is paid never was.
func (p *Payout) charged() bool {
	if p.had(PayoutQueued) && !p.had(PayoutReleased) {
		return false
	}
	switch p.Status {
	case Failed, Rejected, Canceled:
		return !p.Invoiced
	}
	return true
}

func (x *explaining) month(m *FeeMonth) {
	if m.TrueUp != nil {
		x.all = append(x.all, PricedFee{Kind: FeeMonthRecord, ID: m.Ref().ID, Currency: m.Currency, Fee: *m.TrueUp, Invoiced: true, Month: m})
	}
}

// policyOf names a refund policy.
func policyOf(p fees.RefundPolicy) string {
	if p == "" {
		p = fees.RefundKeep
	}
	return string(p)
}
