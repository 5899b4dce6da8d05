package payment

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// MonthlyMinimum is the type of the invoice lines that bring the fees of a month up to their minimum. It is no event.
const MonthlyMinimum Kind = "monthly_minimum"

// FeeMonth is what a merchant was charged in a calendar month, by the clock of its schedule, under a fee schedule that has a
// monthly minimum. A fee belongs to the month in which it is booked as ours: that of a payout when it is paid. What is given
// back of it later counts all the same. Once its month is over, what is missing is charged, and the record changes its kind.
// Minor units.
type FeeMonth struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	Month    Month          `json:"month"`
	Ends     time.Time      `json:"ends"`  // first instant after the month, UTC
	Terms    fees.Schedule  `json:"terms"` // the version in force at the end of the month, or last in it: its minimum and tax hold
	Fee      money.Amount   `json:"fee"`
	Tax      money.Amount   `json:"tax"`
	Count    uint64         `json:"count"`             // how many fees
	Done     bool           `json:"done,omitempty"`    // what was missing is charged, or nothing was
	TrueUp   *fees.Fee      `json:"true_up,omitempty"` // what was charged; nil: nothing
	Entry    string         `json:"entry,omitempty"`   // key of the entry that charged it
}

// Ref makes FeeMonth a ledger.Record: those that are not done order by month.
func (m *FeeMonth) Ref() ledger.Ref {
	return feeMonthRef(m.Done, m.Month, m.Merchant, m.Currency, m.Terms.ID)
}

func feeMonthRef(done bool, month Month, merchantID string, currency money.Currency, schedule string) ledger.Ref {
	kind := FeeMonthRecord
	if done {
		kind = FeeMonthDoneRecord
	}
	return ledger.Ref{Kind: kind, ID: month.String() + "/" + ItemPrefix(merchantID, currency) + schedule}
}

// countMonth counts a fee that becomes ours towards the minimum of the month, or, where that is over, of the next one. It
// counts whichever version priced it: what there is a minimum of are the fees of a schedule. The fee says then where it counted.
func (p *plan) countMonth(event fees.Event, fee *fees.Fee) error {
	prices := p.rules.prices()
	if !prices.HasMinimum(fee.ScheduleID) {
		return nil
	}
	zone, err := p.rules.monthZone(p.scope, p.state.Now())
	if err != nil {
		return err
	}
	month := MonthOf(calendar.DateOf(p.state.Now(), zone))
	sum := p.feeMonth(month, fee.ScheduleID)
	for sum != nil && !p.state.Now().Before(sum.Ends) { // by the clock it began with, whether it is done or not
		month = month.Next()
		sum = p.feeMonth(month, fee.ScheduleID)
	}
	holds := prices.Last(fee.ScheduleID, event, p.event.Currency, month.First(), month.Last())
	if sum == nil {
		if holds == nil || holds.MonthlyMin == nil {
			return nil
		}
		sum = &FeeMonth{
			Merchant: p.merchant.ID, Currency: p.event.Currency, Month: month, Ends: calendar.Cutoff(month.Last().AddDays(1), calendar.Clock{}, zone),
		}
	}
	if holds != nil {
		sum.Terms = *holds
	}
	fee.Month = month.String()
	sum.Count++
	if sum.Fee, err = sum.Fee.Add(fee.Fee); err != nil {
		return err
	}
	if sum.Tax, err = sum.Tax.Add(fee.Tax); err != nil {
		return err
	}
	p.keep(sum)
	return nil
}

// feeMonth gives a copy of what was charged in a month, done or not; nil: nothing was.
func (p *plan) feeMonth(month Month, schedule string) *FeeMonth {
	for _, done := range []bool{false, true} {
		if known, ok := p.kept(feeMonthRef(done, month, p.merchant.ID, p.event.Currency, schedule)).(*FeeMonth); ok {
			sum := *known
			return &sum
		}
	}
	return nil
}

// ChargeMinimum is the command that charges what is missing to the minimum of a month that is over: it is owed beside the
// merchant's money, as invoiced fees are, and stands on the invoice of that month, or, where that is issued, of the next one.
// So it is out of no movement, and no batch depends on when it is charged. One that is done is left as it is.
//
// Errors: ErrUnknown; ErrMonthOpen.
type ChargeMinimum struct {
	Rules    *Rules
	Month    FeeMonth  // which; afterwards as it is then
	Instant  time.Time // when, UTC
	Repeated bool      // it was done already
}

// At implements ledger.Command.
func (c *ChargeMinimum) At() time.Time { return c.Instant }

// Need implements ledger.Command.
func (c *ChargeMinimum) Need(s *ledger.State, n *ledger.Need) {
	n.Record(c.ref(false))
	n.Record(c.ref(true))
	n.Record(MerchantRef(c.Month.Merchant))
	n.Record(BillingRef(c.Month.Merchant, c.Month.Currency))
	n.Explore(func() {
		if p, _, err := c.plan(s); err == nil && p != nil {
			p.need(n)
		}
	})
}

func (c *ChargeMinimum) ref(done bool) ledger.Ref {
	return feeMonthRef(done, c.Month.Month, c.Month.Merchant, c.Month.Currency, c.Month.Terms.ID)
}

// Apply implements ledger.Command.
func (c *ChargeMinimum) Apply(s *ledger.State) error {
	done, known := s.Record(c.ref(true)).(*FeeMonth)
	if c.Repeated = known; known {
		c.Month = *done
		return nil
	}
	p, after, err := c.plan(s)
	if err != nil {
		return fmt.Errorf("monthly minimum of %s: %w", c.ref(false).ID, err)
	}
	c.Month = *after
	_, err = p.carryOut(s)
	return err
}

// plan says what is to be booked, and how the month stands then.
func (c *ChargeMinimum) plan(s *ledger.State) (*plan, *FeeMonth, error) {
	stored, ok := s.Record(c.ref(false)).(*FeeMonth)
	if !ok {
		return nil, nil, ErrUnknown
	}
	if s.Now().Before(stored.Ends) {
		return nil, nil, fmt.Errorf("%w: its month ends at %s", ErrMonthOpen, stored.Ends.Format(timeFormat))
	}
	after := *stored
	after.Done = true
	fee, err := after.Terms.TrueUp(after.Fee, after.Tax)
	if err != nil {
		return nil, nil, err
	}
	p := &plan{state: s, rules: c.Rules, event: &Event{
		Kind: MonthlyMinimum, ID: after.Terms.ID, OccurredAt: after.Ends, Merchant: after.Merchant, Currency: after.Currency,
	}}
	if err := p.locate(after.Merchant, false); err != nil {
		return nil, nil, err
	}
	if len(fee.Parts) > 0 {
		after.TrueUp, after.Entry = &fee, "fee_month/"+c.ref(true).ID+"/charged"
		if err := p.chargeMinimum(&after); err != nil {
			return nil, nil, err
		}
	}
	p.records, p.deletes = append(p.records, &after), append(p.deletes, stored.Ref())
	return p, &after, nil
}

// chargeMinimum invoices what is missing. The entry's value date is the last day of the month.
func (p *plan) chargeMinimum(m *FeeMonth) error {
	total, err := m.TrueUp.Total()
	if err != nil || total.IsZero() {
		return err
	}
	billing := p.billing()
	if billing.Charged, err = billing.Charged.Add(total); err != nil {
		return err
	}
	p.keep(billing)
	postings := []ledger.Posting{p.dr(MerchantReceivablePath(m.Merchant), total), p.cr(incomeOf(m.Terms.Match.Event), m.TrueUp.Fee)}
	entry := p.post(EntryFeeMinimum, "charged", -1, append(postings, p.taxes(p.cr, m.TrueUp.Taxes)...)...)
	p.entries[entry].Key, p.entries[entry].ValueDate = m.Entry, m.Month.Last()
	return p.invoiceLine(entry, InvoiceLine{
		Month: m.Month, Charge: string(MonthlyMinimum), Fee: m.TrueUp.Fee, Taxes: m.TrueUp.Taxes, Total: total,
	})
}

// incomeOf is the account that fees for an event are income of.
func incomeOf(e fees.Event) string {
	switch e {
	case fees.EventRefund:
		return refundFee
	case fees.EventDispute:
		return disputeFee
	case fees.EventPayout:
		return payoutFee
	}
	return processingFee
}
