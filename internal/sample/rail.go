package sample

import (
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A rail pays what it captured so many business days later.
type rail struct {
	name           string
	days           int
	paysAt         int // second of the local day
	costBps        int // basis points of the gross that it keeps as its cost
	costTaxPercent int // tax on that cost, which it keeps too
}

// A settlement is a rail's payment for the deposits of some days.
type settlement struct {
	id        string
	rail      rail
	at        time.Time
	from, to  int // days of capture, both inclusive
	amount    int64
	reference string
	bankRef   string
}

func (m *month) addSettlements() {
	for day := 1; day <= lastDay; day++ {
		if !m.open(day) {
			continue
		}
		for _, r := range m.rails {
			m.settle(r, day)
		}
	}
}

// settle pays the deposits that fall due on a day: those of the earliest day
// not yet paid to the last one that is so many business days back.
func (m *month) settle(r rail, day int) {
	s := &settlement{rail: r, from: m.paidUpTo(r) + 1, at: m.at(day, r.paysAt)}
	s.to = s.from - 1
	for s.to < lastDay && m.businessDaysAfter(s.to+1, r.days) <= day {
		s.to++
	}
	for _, d := range m.deposits {
		if strings.ToLower(d.method) == r.name && s.from <= d.day() && d.day() <= s.to && d.failedAt.IsZero() {
			s.amount += d.amount
		}
	}
	if s.amount == 0 {
		return
	}
	s.at = m.clock.free(s.at)
	s.id = fmt.Sprintf("rs_%s_%s_%s", m.code, r.name, s.at.Format("20060102"))
	s.reference = fmt.Sprintf("%s-%s-%s-%s", r.name, strings.ToLower(m.currency.String()),
		m.at(s.from, 0).Format("20060102"), m.at(s.to, 0).Format("20060102"))
	s.bankRef = fmt.Sprintf("UTR%s%s%04d", strings.ToUpper(m.code), s.at.Format("060102"), len(m.settlements)+1)
	m.settlements = append(m.settlements, s)
}

// paidUpTo is the last day of capture that a rail has paid for; 0 if none.
func (m *month) paidUpTo(r rail) int {
	last := 0
	for _, s := range m.settlements {
		if s.rail.name == r.name {
			last = s.to
		}
	}
	return last
}

// cost is what the rail keeps of its payment, each part rounded half up to the
// minor unit.
func (s *settlement) cost() (cost, tax int64) {
	cost = (s.amount*int64(s.rail.costBps) + 5_000) / 10_000
	tax = (cost*int64(s.rail.costTaxPercent) + 50) / 100
	return cost, tax
}

func (s *settlement) event(m *month) payment.Event {
	cost, tax := s.cost()
	return payment.Event{
		Kind: payment.RailSettled, ID: s.id, OccurredAt: s.at,
		Currency: m.currency, Amount: money.Minor(s.amount), Rail: s.rail.name,
		RailRef: s.reference, BankRef: s.bankRef, Cost: money.Minor(cost), CostTax: money.Minor(tax),
	}
}
