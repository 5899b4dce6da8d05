package payment

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// FeeCounter is what a merchant was charged for in a period by the versions of a fee schedule whose price goes by it. The next
// fee goes by the value before it, in the order of the journal. What is refunded or fails later was charged for all the same:
// nothing is taken off.
type FeeCounter struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	Schedule string         `json:"schedule"` // its id
	Period   string         `json:"period"`   // "2026-03", "2026" or "ever", see fees.Period
	Amount   money.Amount   `json:"amount"`   // minor units
	Count    uint64         `json:"count"`
}

// Ref makes FeeCounter a ledger.Record.
func (c *FeeCounter) Ref() ledger.Ref {
	return ledger.Ref{Kind: FeeCounterRecord, ID: ItemPrefix(c.Merchant, c.Currency) + c.Schedule + "/" + c.Period}
}

// FeeOf gives the fee that a deposit, refund, dispute or payout was charged itself, and its facts; nil: the record is of another
// kind.
func FeeOf(record ledger.Record) (*Facts, *fees.Fee) {
	switch of := record.(type) {
	case *Deposit:
		return &of.Facts, &of.Fee
	case *Refund:
		return &of.Facts, &of.Fee
	case *Dispute:
		return &of.Facts, &of.Fee
	case *Payout:
		return &of.Facts, &of.Fee
	}
	return nil, nil
}

// add counts one more movement.
func (c *FeeCounter) add(amount money.Amount) (err error) {
	c.Count++
	c.Amount, err = c.Amount.Add(amount)
	return err
}

// query asks for the price of the plan's event by the versions in force on a date: the local date, in the time zone of the movement's
// schedule, of the capture, or of the request of a payout.
func (p *plan) query(kind fees.Event, on calendar.Date) fees.Query {
	e := p.event
	q := fees.Query{
		Merchant: p.scope.Merchant, Region: p.scope.Region, Currency: p.scope.Currency, Method: e.Method,
		Brand: e.Brand, Funding: e.Funding, Event: kind, On: on,
	}
	if e.Border != "" {
		q.Domestic = new(e.Border == BorderDomestic)
	}
	return q
}

// price computes the fee for the event, and counts the event where its schedule goes by what came before. What is optional and
// named by no schedule costs nothing: then the schedule is nil.
func (p *plan) price(kind fees.Event, on calendar.Date) (schedule *fees.Schedule, fee fees.Fee, err error) {
	if kind.Optional() {
		schedule, err = p.rules.prices().SelectNamed(p.query(kind, on))
	} else {
		schedule, err = p.rules.prices().Select(p.query(kind, on))
	}
	if err != nil || schedule == nil {
		return nil, fee, err
	}
	if fee, err = p.compute(schedule, on); err != nil {
		return nil, fee, fmt.Errorf("fee schedule %s: %w", schedule.ID, err)
	}
	return schedule, fee, nil
}

// unpriced places the error of price at the field of the event, or at the one that is missing for the price.
func unpriced(f Field, err error) error {
	if errors.Is(err, fees.ErrNoCost) {
		f = FieldCost
	}
	return &FieldError{f, err}
}

// compute computes the fee by a schedule.
func (p *plan) compute(schedule *fees.Schedule, on calendar.Date) (fee fees.Fee, err error) {
	in := fees.Input{Amount: p.event.Amount, Cost: p.event.cost(), CostTax: p.event.costTax()}
	counter := p.counter(schedule, on)
	if counter != nil {
		in.Before = &fees.Counter{Period: counter.Period, Amount: counter.Amount, Count: counter.Count}
	}
	if fee, err = schedule.Price(&in); err != nil {
		return fee, err
	}
	if counter != nil { // whichever components priced the movement
		if err := counter.add(in.Amount); err != nil {
			return fee, err
		}
		fee.Period = counter.Period
		p.keep(counter)
	}
	return fee, nil
}

// counter gives a copy of what the schedule has counted so far; nil: it does not count.
func (p *plan) counter(schedule *fees.Schedule, on calendar.Date) *FeeCounter {
	period, counts := schedule.Counts()
	if !counts {
		return nil
	}
	counter := &FeeCounter{Merchant: p.merchant.ID, Currency: p.event.Currency, Schedule: schedule.ID, Period: period.Key(on)}
	if known, ok := p.kept(counter.Ref()).(*FeeCounter); ok {
		*counter = *known
	}
	return counter
}
