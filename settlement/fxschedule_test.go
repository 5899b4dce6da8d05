package settlement_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// forOne is the schedule of PKR that is paid in INR, meant for one merchant's PKR alone.
func forOne() merchant.Schedule {
	s := pakistan()
	s.ID = "one"
	s.For = []merchant.Scope{{Merchant: "m1", Currency: pkr()}}
	return s
}

// Nothing is turned into a currency in which no schedule is meant for the merchant: what
// would come back of it, none would settle. The window is closed once there is one, and so
// are those of everybody else meanwhile.
func TestFXNeedsScheduleOfTarget(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(forOne(), daily("PK", "Asia/Karachi", "18:00")))
	h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"), rupees("d2", "m2", pkt("2026-03-02 12:00"), "5.00"))
	_, err := h.trySettle(settlement.Ready{Horizon: pkt("2026-03-02 18:00")})
	want := "PKR is paid in INR, and what comes back of it is settled by none: no settlement schedule is meant for merchant=m1 region=IN currency=INR at 2026-03-02T13:00:00Z"
	if !settlement.Refused(err) || !errors.Is(err, merchant.ErrNoSchedule) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if b := h.only(); b.Merchant != "m2" {
		t.Errorf("closed for %s", b.Merchant)
	}
	h.rules.Book.Schedules = append(h.rules.Book.Schedules, india())
	h.settle(pkt("2026-03-03 12:00"))
	if b := h.batches()[0]; b.Merchant != "m1" || b.Pays() != minor("29821.77") || !b.FX.At.Equal(pkt("2026-03-02 18:00")) {
		t.Errorf("%s is paid %s: %+v", b.Merchant, b.Pays(), b.FX)
	}
}

// What comes back in the target waits for a schedule of that, where it has been taken away
// since; the batch's own, of another currency, never settles it.
func TestFXPutBackWithoutSchedule(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(forOne(), daily("PK", "Asia/Karachi", "18:00"), india()))
	h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"))
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	all := h.rules.Book.Schedules
	h.rules.Book.Schedules = all[:2]
	if err := h.try(canceled(id, pkt("2026-03-03 10:00"))); !errors.Is(err, merchant.ErrNoSchedule) {
		t.Errorf("canceled: %v", err)
	}
	if b := h.only(); b.Status != settlement.Approved {
		t.Errorf("it is %s", b.Status)
	}
	h.rules.Book.Schedules = all
	h.take(canceled(id, pkt("2026-03-03 10:00")))
	items := records[*payment.Item](h, payment.ItemRecord)
	if len(items) != 1 || items[0].Currency != inr() || items[0].Window.Schedule.ID != "in-daily" {
		t.Errorf("put back: %+v", items)
	}
}

// A schedule of the merchant's own region settles what comes back, whatever the currency.
func TestFXPutBackByRegion(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(pakistan()))
	if err := h.books.Do(t.Context(), &payment.MerchantDecision{
		Rules: h.rules, Act: payment.MerchantCreate, ID: "m1", Actor: "ops", Instant: pkt("2026-03-01 12:00"), Terms: merchant.Terms{Region: "PK"},
	}); err != nil {
		t.Fatal(err)
	}
	h.quotes = quotes(quote("Q1", "0.30123", "2026-03-02 12:00:00", ""))
	h.take(rupees("d1", "m1", pkt("2026-03-02 12:00"), "100000.00"))
	id := h.settle(pkt("2026-03-02 18:00"))[0].ID
	h.take(canceled(id, pkt("2026-03-03 10:00")))
	h.settle(pkt("2026-03-03 18:00"))
	if b := h.batches()[0]; b.Currency != inr() || b.Pays() != minor("29821.77") || b.Window.Schedule.ID != "pk-daily" || b.FX != nil {
		t.Errorf("%s %s by %s", b.PaidIn(), b.Pays(), b.Window.Schedule.ID)
	}
}
