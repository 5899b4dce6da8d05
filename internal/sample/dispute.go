package sample

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A dispute is a payer's claim on a card deposit.
type dispute struct {
	id        string
	of        *deposit
	at        time.Time
	amount    int64
	reason    string
	decision  payment.Kind // won or lost; empty: still open at the end
	decidedAt time.Time
}

func (m *month) addDisputes() {
	for i := range m.merchants {
		m.drawDisputes(&m.merchants[i])
	}
	for _, d := range m.deposits {
		if d.script != nil && d.script.dispute != nil {
			m.scriptDispute(d, d.script.dispute)
		}
	}
	slices.SortFunc(m.disputes, func(a, b *dispute) int { return a.at.Compare(b.at) })
	for i, d := range m.disputes {
		d.id = fmt.Sprintf("dsp_%s_%04d", m.code, i+1)
	}
}

func (m *month) drawDisputes(by *merchant) {
	chance := newDraw(by.id, "disputes")
	for _, d := range m.deposits {
		if d.merchant != by || d.method != "CARD" || d.script != nil || d.refunded || !chance.perMille(by.disputes) {
			continue
		}
		at := m.later(chance, d.at.AddDate(0, 0, 3), 9)
		if !m.inside(at) {
			continue
		}
		x := &dispute{of: d, at: m.clock.free(at), amount: d.amount}
		x.reason = chance.oneOf([]string{
			"fraudulent", "product_not_received", "not_as_described", "duplicate", "credit_not_processed",
		})
		if d.amount > 1000_00 && chance.perMille(150) {
			x.amount = part(chance, d.amount)
		}
		m.decide(chance, x)
		m.disputes = append(m.disputes, x)
	}
}

// decide lets the scheme decide within some days, if the month lasts.
func (m *month) decide(chance draw, x *dispute) {
	at := m.later(chance, x.at.AddDate(0, 0, 4), 7)
	if !m.inside(at) {
		return
	}
	x.decidedAt = m.clock.free(at)
	x.decision = payment.DisputeLost
	if chance.perMille(500) {
		x.decision = payment.DisputeWon
	}
}

func (m *month) scriptDispute(d *deposit, s *scriptedDispute) {
	x := &dispute{of: d, at: m.clock.free(m.moment(s.at)), amount: s.amount, reason: s.reason, decision: s.decision}
	if s.decision != "" {
		x.decidedAt = m.clock.free(m.moment(s.decided))
	}
	m.disputes = append(m.disputes, x)
}

func (x *dispute) events(m *month) []payment.Event {
	all := []payment.Event{{
		Kind: payment.DisputeOpened, ID: x.id, OccurredAt: x.at, Currency: m.currency,
		Amount: money.Minor(x.amount), Parent: x.of.id, ReasonCode: x.reason,
	}}
	if x.decision != "" {
		all = append(all, payment.Event{Kind: x.decision, ID: x.id, OccurredAt: x.decidedAt})
	}
	return all
}
