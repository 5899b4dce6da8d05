package sample

import (
	_ "embed"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

//go:embed payments.csv
var paymentsCSV string

// PaymentsCSV returns a fresh copy of the sample file: CSV with a header, one
// event per row, amounts in major units, times with their local offset.
func PaymentsCSV() []byte { return []byte(paymentsCSV) }

// Events generates the events of the sample, ordered by the instant at which
// they occurred; no two share one. Their times carry the local offset of their
// region. Every call returns the same events in a new slice.
func Events() []payment.Event {
	taken := make(clock)
	var all []payment.Event
	for _, r := range regions() {
		all = append(all, newMonth(r, taken).events()...)
	}
	slices.SortFunc(all, func(a, b payment.Event) int { return a.OccurredAt.Compare(b.OccurredAt) })
	return all
}

const (
	sampleYear  = 2026
	sampleMonth = time.March
	lastDay     = 31 // days of the month are counted 1 to lastDay
)

// A clock hands out instants, each second once, so that the order of events
// is never a matter of taste.
type clock map[int64]struct{}

func (c clock) free(t time.Time) time.Time {
	for {
		if _, used := c[t.Unix()]; !used {
			c[t.Unix()] = struct{}{}
			return t
		}
		t = t.Add(time.Second)
	}
}

// A month is what happened in one region.
type month struct {
	region
	clock       clock
	currency    money.Currency
	deposits    []*deposit
	refunds     []*refund
	disputes    []*dispute
	payouts     []*payout
	settlements []*settlement
}

func newMonth(r region, taken clock) *month {
	m := &month{region: r, clock: taken, currency: money.MustCurrency(r.currency)}
	m.addDeposits()
	m.addRefunds()
	m.addDisputes()
	m.addPayouts()
	m.addSettlements()
	return m
}

func (m *month) events() []payment.Event {
	var all []payment.Event
	for _, d := range m.deposits {
		all = append(all, d.events(m)...)
	}
	for _, r := range m.refunds {
		all = append(all, r.events(m)...)
	}
	for _, d := range m.disputes {
		all = append(all, d.events(m)...)
	}
	for _, p := range m.payouts {
		all = append(all, p.events(m)...)
	}
	for _, s := range m.settlements {
		all = append(all, s.event(m))
	}
	return all
}

// at returns the instant of a local time of day, given in seconds, on a day.
func (m *month) at(day, second int) time.Time {
	return time.Date(sampleYear, sampleMonth, day, 0, 0, second, 0, m.zone)
}

// day counts t's local date from the first day of the month, which is 1; it
// may be past lastDay.
func (m *month) day(t time.Time) int {
	return calendar.DateOf(t, m.zone).DaysSince(date(1)) + 1
}

// inside tells whether t lies in the month by the region's clock.
func (m *month) inside(t time.Time) bool {
	day := m.day(t)
	return 1 <= day && day <= lastDay
}

func (m *month) open(day int) bool {
	open, err := m.calendars.Open(date(day))
	must(err)
	return open
}

// businessDaysAfter returns the n-th open day strictly after day. It may lie
// past lastDay, in the next month.
func (m *month) businessDaysAfter(day, n int) int {
	d, err := m.calendars.AddBusinessDays(date(day), n)
	must(err)
	return d.DaysSince(date(1)) + 1
}

func date(day int) calendar.Date {
	d, err := calendar.NewDate(sampleYear, sampleMonth, 1)
	must(err)
	return d.AddDays(day - 1)
}

// must stops the generator: a fault here is a fault of its own tables.
func must(err error) {
	if err != nil {
		panic("sample: " + err.Error())
	}
}
