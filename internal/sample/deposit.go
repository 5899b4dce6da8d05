package sample

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A deposit is money captured for a merchant.
type deposit struct {
	id       string
	merchant *merchant
	at       time.Time
	amount   int64 // minor units
	method   string
	brand    string
	funding  string
	order    string
	railRef  string
	failedAt time.Time // zero: it did not fail
	reason   string    // why it failed
	script   *script   // nil: left to chance
	refunded bool
}

func (d *deposit) day() int { return d.at.Day() }

func (m *month) addDeposits() {
	for i := range m.merchants {
		m.drawDeposits(&m.merchants[i])
	}
	for i := range m.scripts {
		m.scriptDeposit(&m.scripts[i])
	}
	slices.SortFunc(m.deposits, func(a, b *deposit) int { return a.at.Compare(b.at) })
	orders := make(map[string]int)
	for i, d := range m.deposits {
		d.id = fmt.Sprintf("dep_%s_%06d", m.code, i+1)
		d.railRef = m.railReference(d, i+1)
		orders[d.merchant.id]++
		d.order = fmt.Sprintf("%s-%d", d.merchant.orders, 20300+orders[d.merchant.id])
	}
}

func (m *month) drawDeposits(by *merchant) {
	chance := newDraw(by.id, "deposits")
	days := m.days(by.rhythm)
	baskets := make([]int, len(by.baskets))
	for i, b := range by.baskets {
		baskets[i] = b.weight
	}
	for range by.deposits {
		day := chance.pick(days) + 1
		hour := chance.pick(by.rhythm.hours(m.fasting(day)))
		second := hour*3600 + chance.IntN(3600)
		from := by.baskets[chance.pick(baskets)]
		d := &deposit{merchant: by, at: m.clock.free(m.at(day, second)), amount: from.amount(chance)}
		d.method = from.by.method(chance)
		if d.method == "CARD" {
			d.brand = m.brands[chance.pick(m.brandWeight)]
			d.funding = []string{"debit", "credit", "prepaid"}[chance.pick([]int{56, 40, 4})]
			if d.brand == "paypak" {
				d.funding = "debit" // the scheme has nothing else
			}
		}
		m.deposits = append(m.deposits, d)
	}
}

func (x mix) method(d draw) string {
	return []string{"UPI", "CARD", "WALLET", "BANK_TRANSFER"}[d.pick([]int{x.upi, x.card, x.wallet, x.bank})]
}

func (m *month) scriptDeposit(s *script) {
	i := slices.IndexFunc(m.merchants, func(x merchant) bool { return x.id == s.merchant })
	d := &deposit{
		merchant: &m.merchants[i], at: m.clock.free(m.moment(s.at)), amount: s.amount,
		method: s.method, brand: s.brand, funding: s.funding, script: s,
	}
	if s.failed != "" {
		d.failedAt, d.reason = m.clock.free(m.moment(s.failed)), s.reason
	}
	m.deposits = append(m.deposits, d)
}

// railReference is how the rail calls the n-th deposit of its region. No
// reference has the length of a card number.
func (m *month) railReference(d *deposit, n int) string {
	in := strings.ToUpper(m.code)
	code := strings.ToUpper(strconv.FormatUint(uint64(uint32(n)*2654435761), 36)) // odd factor: all differ
	switch d.method {
	case "UPI":
		return fmt.Sprintf("%d%03d%02d%06d", d.at.Year()%10, d.at.YearDay(), d.at.Hour(), n)
	case "CARD":
		return "AU" + in + code
	case "WALLET":
		return fmt.Sprintf("W%s%02d%s", in, d.day(), code)
	default:
		return fmt.Sprintf("NB%s%s%05d", in, d.at.Format("060102"), n)
	}
}

func (d *deposit) events(m *month) []payment.Event {
	all := []payment.Event{{
		Kind: payment.DepositCaptured, ID: d.id, OccurredAt: d.at,
		Merchant: d.merchant.id, Currency: m.currency, Amount: money.Minor(d.amount),
		Method: d.method, Rail: strings.ToLower(d.method), Brand: d.brand, Funding: d.funding,
		OrderID: d.order, RailRef: d.railRef,
	}}
	if !d.failedAt.IsZero() {
		all = append(all, payment.Event{
			Kind: payment.DepositFailed, ID: d.id, OccurredAt: d.failedAt, ReasonCode: d.reason,
		})
	}
	return all
}
