package sample

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// payoutsBy says how a merchant that is settled by hand pays others: amounts
// in whole units of the currency, at most so many a day.
type payoutsBy struct {
	low, high, step, most int
	methods               []string
}

// A payout sends available money of a merchant to somebody else.
type payout struct {
	id          string
	merchant    *merchant
	at          time.Time
	amount      int64
	method      string
	order       string
	railRef     string
	sentAt      time.Time // zero: it failed before
	completedAt time.Time // zero: on its way at the end of the month
	failedAt    time.Time
	returnedAt  time.Time
}

// payoutFee is more than any payout costs the merchant, in minor units.
const payoutFee = 10_00

func (m *month) addPayouts() {
	for i := range m.merchants {
		if by := &m.merchants[i]; by.payouts != nil {
			m.drawPayouts(by)
		}
	}
	slices.SortFunc(m.payouts, func(a, b *payout) int { return a.at.Compare(b.at) })
	for i, p := range m.payouts {
		p.id = fmt.Sprintf("po_%s_%04d", m.code, i+1)
		p.order = fmt.Sprintf("%s-PAY-%03d", p.merchant.orders, i+1)
		p.railRef = fmt.Sprintf("PO%s%s%04d", strings.ToUpper(m.code), p.at.Format("0102"), i+1)
	}
	m.scriptPayouts()
}

func (m *month) drawPayouts(by *merchant) {
	chance := newDraw(by.id, "payouts")
	var spent int64
	for day := 1; day <= lastDay; day++ {
		if !m.open(day) {
			continue
		}
		for range chance.between(1, by.payouts.most, 1) {
			can := (m.available(by, day)-spent)*45/100 - payoutFee
			step := int64(by.payouts.step) * 100
			amount := min(int64(chance.between(by.payouts.low, by.payouts.high, by.payouts.step))*100, can/step*step)
			second := chance.between(10*3600, 16*3600, 1)
			if amount < int64(by.payouts.low)*100 {
				continue
			}
			spent += amount + payoutFee
			p := &payout{merchant: by, at: m.clock.free(m.at(day, second)), amount: amount}
			p.method = chance.oneOf(by.payouts.methods)
			m.send(chance, p)
			m.payouts = append(m.payouts, p)
		}
	}
}

// available is what has become available before a day for certain: deposits
// less three per cent, two business days after their capture, counted as if
// each had been captured a day later (past its day's last cut-off).
func (m *month) available(by *merchant, day int) int64 {
	var sum int64
	for _, d := range m.deposits {
		if d.merchant == by && m.businessDaysAfter(d.day()+1, 2) < day {
			sum += d.amount * 97 / 100
		}
	}
	return sum
}

// send hands a payout to the rail within the hour. A bank transfer arrives on
// the next business day, anything else in minutes.
func (m *month) send(chance draw, p *payout) {
	p.sentAt = m.clock.free(p.at.Add(time.Duration(chance.between(300, 3000, 1)) * time.Second))
	done := p.sentAt.Add(time.Duration(chance.between(20, 900, 1)) * time.Second)
	if p.method == "BANK_TRANSFER" {
		done = m.at(m.businessDaysAfter(p.sentAt.Day(), 1), chance.between(9*3600, 11*3600, 1))
	}
	if m.inside(done) {
		p.completedAt = m.clock.free(done)
	}
}

// scriptPayouts lets one payout fail in Pakistan, before it left, and one come
// back in India, two business days after it had arrived.
func (m *month) scriptPayouts() {
	switch p := m.payouts[len(m.payouts)/2]; m.code {
	case "pk":
		p.failedAt, p.sentAt, p.completedAt = p.sentAt, time.Time{}, time.Time{}
	case "in":
		p.returnedAt = m.clock.free(m.at(m.businessDaysAfter(p.completedAt.Day(), 2), 12*3600+420))
	}
}

func (p *payout) events(m *month) []payment.Event {
	all := []payment.Event{{
		Kind: payment.PayoutRequested, ID: p.id, OccurredAt: p.at,
		Merchant: p.merchant.id, Currency: m.currency, Amount: money.Minor(p.amount),
		Method: p.method, Rail: strings.ToLower(p.method), OrderID: p.order,
	}}
	add := func(kind payment.Kind, at time.Time, reason, railRef string) {
		if !at.IsZero() {
			all = append(all, payment.Event{Kind: kind, ID: p.id, OccurredAt: at, ReasonCode: reason, RailRef: railRef})
		}
	}
	add(payment.PayoutFailed, p.failedAt, "beneficiary_name_mismatch", "")
	add(payment.PayoutSent, p.sentAt, "", p.railRef)
	add(payment.PayoutCompleted, p.completedAt, "", p.railRef)
	add(payment.PayoutReturned, p.returnedAt, "account_closed", p.railRef)
	return all
}
