package config

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// checkReach faults regions whose payments would find no settlement schedule,
// or no price, and schedules of which what comes back would find none: better now than at night.
func (b *book) checkReach() {
	for i := range b.rules.Book.Regions {
		r := &b.rules.Book.Regions[i]
		for _, currency := range r.Currencies {
			b.checkSchedule(r, currency)
			b.checkFees(r, currency)
		}
	}
	b.checkTargets()
}

// checkTargets wants a schedule for what comes back of what is paid in another currency.
func (b *book) checkTargets() {
	if b.doubtful.schedules || b.spoilt("schedules") {
		return
	}
	for i, terms := range b.fx {
		if err := b.rules.Book.CheckTarget(&b.rules.Book.Schedules[i], b.merchants); err != nil {
			terms.fault(err)
		}
	}
}

// checkSchedule wants a schedule for any merchant of the region, at some time.
func (b *book) checkSchedule(r *merchant.Region, currency money.Currency) {
	if b.doubtful.schedules || b.spoilt("schedules") {
		return
	}
	_, err := b.rules.Book.Schedule(merchant.Scope{Region: r.ID, Currency: currency}, endOfTime())
	if err != nil {
		b.nodes[r.ID].fault(fmt.Errorf("no schedule is meant for the region and currency %s, whatever the merchant and method", currency))
	}
}

func endOfTime() time.Time { return time.Date(9999, time.December, 30, 0, 0, 0, 0, time.UTC) }

// checkFees wants a price for each event that needs one, for some method, at
// some time. Which methods a region has, the file does not say.
func (b *book) checkFees(r *merchant.Region, currency money.Currency) {
	if b.doubtful.fees || b.spoilt("fees") {
		return
	}
	for _, event := range []fees.Event{fees.EventCapture, fees.EventDispute, fees.EventPayout} {
		if !b.priced(r.ID, currency, event, calendar.Date{}) {
			b.nodes[r.ID].fault(fmt.Errorf("no fee schedule prices event %s in currency %s, not for any method", event, currency))
		}
	}
}

// priced asks for a price on the terms of each schedule in turn, on a date or, if
// that is none, at some time.
func (b *book) priced(region string, currency money.Currency, event fees.Event, date calendar.Date) bool {
	for i := range b.rules.Fees {
		s := &b.rules.Fees[i]
		on := date
		if on.IsZero() {
			on = s.EffectiveFrom
		}
		if on.IsZero() {
			on = s.EffectiveTo
		}
		if on.IsZero() {
			on = calendar.DateOf(endOfTime(), time.UTC)
		}
		_, err := b.rules.Fees.Select(fees.Query{
			Region: region, Currency: currency, Event: event, On: on,
			Method: s.Match.Method, Brand: s.Match.Brand, Funding: s.Match.Funding, Domestic: s.Match.Domestic,
		})
		if err == nil {
			return true
		}
	}
	return false
}
