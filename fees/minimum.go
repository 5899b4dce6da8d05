package fees

import (
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// HasMinimum reports whether some version of the schedule with that id has a monthly minimum.
func (t Table) HasMinimum(id string) bool {
	for i := range t {
		if t[i].MonthlyMin != nil && t[i].ID == id {
			return true
		}
	}
	return false
}

// HasMinimum is [Table.HasMinimum].
func (x *Index) HasMinimum(id string) bool { return x.minima[id] }

// Last returns the version of a schedule, for an event in a currency, that is in force on the last day of a span on which any
// is, and begins last of those; nil: none is. It points into the table and must not be changed.
func (t Table) Last(id string, event Event, currency money.Currency, from, to calendar.Date) *Schedule {
	l := lastly{event: event, currency: currency, from: from, to: to}
	for i := range t {
		if t[i].ID == id {
			l.consider(&t[i])
		}
	}
	return l.best
}

// Last is [Table.Last].
func (x *Index) Last(id string, event Event, currency money.Currency, from, to calendar.Date) *Schedule {
	l := lastly{event: event, currency: currency, from: from, to: to}
	for _, i := range x.versions[id] {
		l.consider(&x.table[i])
	}
	return l.best
}

// lastly finds what Last returns among the versions of a schedule.
type lastly struct {
	event    Event
	currency money.Currency
	from, to calendar.Date
	best     *Schedule
	until    calendar.Date // the last day of best in the span
}

// consider looks at one more version.
func (l *lastly) consider(s *Schedule) {
	m := &s.Match
	if m.Event != "" && m.Event != l.event || !m.Currency.IsZero() && m.Currency != l.currency {
		return
	}
	until := l.to
	if !s.EffectiveTo.IsZero() && s.EffectiveTo.Before(until) {
		until = s.EffectiveTo
	}
	if until.Before(l.from) || until.Before(s.EffectiveFrom) {
		return
	}
	if l.best == nil || until.After(l.until) || until == l.until && s.EffectiveFrom.After(l.best.EffectiveFrom) {
		l.best, l.until = s, until
	}
}

// TrueUp returns what is missing to the schedule's monthly minimum, with its tax and explanation, once fee and tax were charged
// in the month; a fee of 0 with no parts where nothing is missing. The minimum is of fees without tax, or, where the schedule
// includes the tax, of both. Base is what counts towards the minimum.
//
// The schedule must have passed Validate. Errors: money.ErrOverflow.
func (s *Schedule) TrueUp(fee, tax money.Amount) (Fee, error) {
	f := Fee{ScheduleID: s.ID, Version: s.Version, Base: fee}
	if s.MonthlyMin == nil {
		return f, nil
	}
	var err error
	if s.Tax.Inclusive {
		if f.Base, err = fee.Add(tax); err != nil {
			return Fee{}, f.wrap("add the tax", err)
		}
	}
	if f.Base.Cmp(*s.MonthlyMin) >= 0 {
		return f, nil
	}
	missing, err := s.MonthlyMin.Sub(f.Base)
	if err != nil {
		return Fee{}, f.wrap("compare with the monthly minimum", err)
	}
	if err := f.setFee(KindMonthlyMin, missing); err != nil {
		return Fee{}, f.wrap("charge the monthly minimum", err)
	}
	if err := s.applyTax(&f); err != nil {
		return Fee{}, f.wrap("compute the tax", err)
	}
	if err := f.Check(); err != nil {
		return Fee{}, err
	}
	return f, nil
}
