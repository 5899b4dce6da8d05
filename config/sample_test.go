package config_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/internal/testneed"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reserve"
)

// A desk decides about events as the program will: where each belongs, in
// which window, at what price.
type desk struct {
	t         *testing.T
	rules     *payment.Rules
	merchants map[string]*merchant.Merchant
	deposits  map[string]payment.Event
}

func newDesk(t *testing.T, c *config.Config) *desk {
	t.Helper()
	d := &desk{t: t, rules: c.Rules, merchants: make(map[string]*merchant.Merchant), deposits: make(map[string]payment.Event)}
	for i := range c.Merchants {
		d.merchants[c.Merchants[i].ID] = &c.Merchants[i]
	}
	return d
}

// A decision is what there is to know about one event.
type decision struct {
	scope    merchant.Scope
	schedule *merchant.Schedule
	window   calendar.Window
	price    *fees.Schedule
	fee      fees.Fee
}

// decide gives false for events that move no merchant's money on their own
// terms.
func (d *desk) decide(e payment.Event) (decision, bool) {
	d.t.Helper()
	priced, ok := map[payment.Kind]fees.Event{
		payment.DepositCaptured: fees.EventCapture, payment.DisputeOpened: fees.EventDispute, payment.PayoutRequested: fees.EventPayout,
	}[e.Kind]
	if !ok {
		return decision{}, false
	}
	switch e.Kind {
	case payment.DepositCaptured:
		d.deposits[e.ID] = e
	case payment.DisputeOpened:
		from := d.deposits[e.Parent]
		e.Merchant, e.Method, e.Brand, e.Funding = from.Merchant, from.Method, from.Brand, from.Funding
	}
	m := d.merchants[e.Merchant]
	if m == nil && d.rules.CreateMerchants {
		m = &merchant.Merchant{ID: e.Merchant}
	}
	if m == nil {
		d.t.Fatalf("%s %s: merchant %s is not in the configuration", e.Kind, e.ID, e.Merchant)
	}
	var out decision
	var err error
	if out.scope, err = d.rules.Book.Case(m, e.Currency, e.Method); err != nil {
		d.t.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	if out.schedule, err = d.rules.Book.Schedule(out.scope, e.OccurredAt); err != nil {
		d.t.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	if out.window, err = out.schedule.Timing.WindowAt(e.OccurredAt); err != nil {
		d.t.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	out.price, err = d.rules.Fees.Select(fees.Query{
		Merchant: m.ID, Region: out.scope.Region, Currency: e.Currency, Method: e.Method, Brand: e.Brand, Funding: e.Funding,
		Event: priced, On: out.window.BusinessDate,
	})
	if err != nil {
		d.t.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	if out.fee, err = out.price.Compute(e.Amount); err != nil {
		d.t.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	return out, true
}

func sampleConfig(t testing.TB) *config.Config {
	t.Helper()
	c, err := config.Parse("settlex.yaml", sample.ConfigYAML())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every event of the bundled month finds its region, its schedule, a window
// and a price, and every price and schedule of the file has events, but for
// those of methods by which nobody pays in that month, and of instant settlement,
// which nobody asks for in it.
func TestSampleCoversItsMonth(t *testing.T) {
	t.Parallel()
	c := sampleConfig(t)
	d := newDesk(t, c)
	unused := []string{"NETBANKING", "RAAST", "NPSB"}
	prices, schedules := make(map[string]int), make(map[string]int)
	for _, e := range sample.Events() {
		if e.Kind == payment.RailSettled {
			region, err := c.Rules.Book.Region(nil, e.Currency)
			if err != nil || region.InputTax == "" {
				t.Errorf("%s: %v, no input tax", e.ID, err)
			}
		}
		if found, ok := d.decide(e); ok {
			prices[found.price.ID]++
			schedules[found.schedule.ID]++
			if !strings.HasPrefix(found.price.ID, strings.ToLower(found.scope.Region)) || !strings.HasPrefix(found.schedule.ID, strings.ToLower(found.scope.Region)) {
				t.Errorf("%s of region %s is priced by %s and settled by %s", e.ID, found.scope.Region, found.price.ID, found.schedule.ID)
			}
			if total, err := found.fee.Total(); err != nil || e.Kind == payment.DepositCaptured && total.Cmp(e.Amount) >= 0 {
				t.Errorf("%s of %s costs %s, %v", e.ID, e.Amount, total, err)
			}
		}
	}
	for _, s := range c.Rules.Fees {
		if prices[s.ID] == 0 && !slices.Contains(unused, s.Match.Method) && s.Match.Event != fees.EventInstant {
			t.Errorf("fee schedule %s prices nothing", s.ID)
		}
		if s.Match.Event == "" {
			t.Errorf("fee schedule %s is for any event", s.ID)
		}
	}
	for _, s := range c.Rules.Book.Schedules {
		if schedules[s.ID] == 0 && !slices.Contains(unused, s.For[0].Method) {
			t.Errorf("schedule %s settles nothing", s.ID)
		}
	}
}

// The merchants that are settled by hand can pay what the sample has them pay.
func TestSamplePayoutsAreCovered(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sampleConfig(t))
	type due struct {
		on     calendar.Date
		amount money.Amount
	}
	dues, paid := make(map[string][]due), make(map[string]money.Amount)
	payouts := 0
	for _, e := range sample.Events() {
		found, ok := d.decide(e)
		if !ok {
			continue
		}
		cost, err := found.fee.Total()
		must(t, err)
		byHand := found.schedule.Timing.Anchor.Kind == calendar.Manual
		switch {
		case e.Kind == payment.DepositCaptured && byHand:
			net, err := e.Amount.Sub(cost)
			must(t, err)
			dues[e.Merchant] = append(dues[e.Merchant], due{found.window.SettlementDate, net})
		case e.Kind == payment.PayoutRequested:
			if payouts++; !byHand {
				t.Errorf("%s: merchant %s is settled by schedule %s", e.ID, e.Merchant, found.schedule.ID)
			}
			paid[e.Merchant], err = money.Sum(paid[e.Merchant], e.Amount, cost)
			must(t, err)
			var available money.Amount
			for _, in := range dues[e.Merchant] {
				if !in.on.After(found.window.BusinessDate) {
					available, err = available.Add(in.amount)
					must(t, err)
				}
			}
			if available.Cmp(paid[e.Merchant]) < 0 {
				t.Errorf("%s: %s of %s has become available, %s is paid", e.ID, available, e.Merchant, paid[e.Merchant])
			}
		}
	}
	diff(t, 76, payouts)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Reserves of the sample are held and released within the month. No cap is
// reached, even if nothing is ever released.
func TestSampleReserves(t *testing.T) {
	t.Parallel()
	c := sampleConfig(t)
	d := newDesk(t, c)
	held, released := make(map[string]int), make(map[string]int)
	balances := make(map[string]money.Amount)
	for _, e := range sample.Events() {
		found, ok := d.decide(e)
		if !ok || e.Kind != payment.DepositCaptured {
			continue
		}
		id := c.Rules.Book.ReservePlan(found.scope, func(string) bool { return true })
		i := slices.IndexFunc(c.Rules.Plans, func(p reserve.Plan) bool { return p.ID == id })
		if i < 0 {
			continue
		}
		plan := &c.Rules.Plans[i]
		amount, release, err := plan.Hold(e.Amount, money.Amount{}, found.window.BusinessDate)
		must(t, err)
		balances[e.Merchant], err = balances[e.Merchant].Add(amount)
		must(t, err)
		if plan.Cap != nil && balances[e.Merchant].Cmp(*plan.Cap) > 0 {
			t.Errorf("%s: the reserve of %s grows to %s, over its cap %s", e.ID, e.Merchant, balances[e.Merchant], plan.Cap)
		}
		if held[e.Merchant]++; !release.After(calendar.MustDate("2026-03-31")) {
			released[e.Merchant]++
		}
	}
	for _, m := range []string{"m_in_yatra", "m_in_sareeshop", "m_pk_cricketgear", "m_bd_boighor"} {
		if held[m] == 0 || released[m] == 0 || released[m] == held[m] {
			t.Errorf("%s: %d held, %d of them released within March", m, held[m], released[m])
		}
	}
	diff(t, 4, len(held))
}

// The second example reads two thousand real payments of a marketplace.
func TestMarketplaceCoversItsFile(t *testing.T) {
	t.Parallel()
	const path = "../../shared/data/payments/brl-marketplace-2017.csv"
	file, err := os.Open(path)
	testneed.Need(t, path, "it is laid beside the project in CI; its licence keeps it out of the project", err == nil)
	defer file.Close()
	c, err := config.Load("testdata/marketplace-br.yaml")
	must(t, err)
	mapping, ok := c.Feed("olist")
	diff(t, true, ok)
	diff(t, feed.CreateMerchant, mapping.UnknownMerchants)
	d := newDesk(t, c)
	prices := make(map[string]int)
	for row, err := range feed.Read(t.Context(), path, file, mapping) {
		must(t, err)
		if found, ok := d.decide(row.Event); ok {
			prices[found.price.ID]++
		}
	}
	diff(t, map[string]int{"br-credit-card": 1678, "br-boleto": 485, "br-debit-card": 17, "br-voucher": 75}, prices)
}
