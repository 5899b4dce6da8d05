package sample

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A refund gives money back to the payer of a deposit.
type refund struct {
	id          string
	of          *deposit
	at          time.Time
	amount      int64
	reason      string
	confirmedAt time.Time // zero: not in this month
	failedAt    time.Time // zero: it did not fail
	failure     string
}

func (m *month) addRefunds() {
	for i := range m.merchants {
		m.drawRefunds(&m.merchants[i])
	}
	for _, d := range m.deposits {
		if d.script != nil {
			m.scriptRefunds(d)
		}
	}
	slices.SortFunc(m.refunds, func(a, b *refund) int { return a.at.Compare(b.at) })
	for i, r := range m.refunds {
		r.id = fmt.Sprintf("ref_%s_%05d", m.code, i+1)
	}
}

func (m *month) drawRefunds(by *merchant) {
	chance := newDraw(by.id, "refunds")
	for _, d := range m.deposits {
		if d.merchant != by || d.script != nil || !chance.perMille(by.refunds) {
			continue
		}
		at := m.later(chance, d.at, 9)
		if !m.inside(at) {
			continue
		}
		r := &refund{of: d, at: m.clock.free(at), amount: d.amount}
		r.reason = chance.oneOf([]string{
			"requested_by_customer", "requested_by_customer", "order_cancelled", "item_returned", "out_of_stock", "duplicate",
		})
		if d.amount > 200_00 && chance.perMille(400) {
			r.amount = part(chance, d.amount)
			r.reason = chance.oneOf([]string{"item_returned", "out_of_stock", "price_adjusted"})
		}
		d.refunded = true
		m.confirm(chance, r)
		m.refunds = append(m.refunds, r)
	}
}

// part is between a fifth and four fifths of an amount, in whole tens.
func part(chance draw, amount int64) int64 {
	return max(10_00, amount*int64(chance.between(20, 80, 5))/100/10_00*10_00)
}

// later is a moment by day, an hour to so many days after t.
func (m *month) later(chance draw, t time.Time, days int) time.Time {
	next := m.at(m.day(t)+chance.IntN(days+1), chance.between(9*3600, 21*3600, 1))
	if next.Sub(t) < time.Hour {
		return t.Add(time.Hour + time.Duration(chance.IntN(3600))*time.Second)
	}
	return next
}

// confirm lets the rail pay a refund within three days, if the month lasts.
func (m *month) confirm(chance draw, r *refund) {
	if at := m.later(chance, r.at, 3); m.inside(at) {
		r.confirmedAt = m.clock.free(at)
	}
}

func (m *month) scriptRefunds(d *deposit) {
	chance := newDraw(d.merchant.id, "scripted refunds "+d.script.at)
	for _, s := range d.script.refunds {
		r := &refund{of: d, at: m.clock.free(m.moment(s.at)), amount: s.amount, reason: s.reason}
		if s.failed != "" {
			r.failedAt, r.failure = m.clock.free(m.moment(s.failed)), s.failure
		} else {
			m.confirm(chance, r)
		}
		m.refunds = append(m.refunds, r)
	}
}

func (r *refund) events(m *month) []payment.Event {
	all := []payment.Event{{
		Kind: payment.RefundCreated, ID: r.id, OccurredAt: r.at, Currency: m.currency,
		Amount: money.Minor(r.amount), Parent: r.of.id, ReasonCode: r.reason,
	}}
	if !r.confirmedAt.IsZero() {
		all = append(all, payment.Event{
			Kind: payment.RefundConfirmed, ID: r.id, OccurredAt: r.confirmedAt, RailRef: "R" + r.of.railRef,
		})
	}
	if !r.failedAt.IsZero() {
		all = append(all, payment.Event{
			Kind: payment.RefundFailed, ID: r.id, OccurredAt: r.failedAt, ReasonCode: r.failure,
		})
	}
	return all
}
