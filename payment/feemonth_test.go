package payment_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/anystore"
)

// minima are what months came to, done or not, and what was charged then: "m 2026-03 20.00 min 500.00 charged 480.00".
func (d *desk) minima() (out []string) {
	d.Helper()
	for _, month := range slices.Concat(records[*payment.FeeMonth](d, payment.FeeMonthDoneRecord), records[*payment.FeeMonth](d, payment.FeeMonthRecord)) {
		line := month.Merchant + " " + month.Month.String() + " " + inr().Format(month.Fee)
		if month.Terms.MonthlyMin != nil {
			line += " min " + inr().Format(*month.Terms.MonthlyMin)
		}
		if month.TrueUp != nil {
			line += " charged " + inr().Format(month.TrueUp.Fee)
		}
		out = append(out, line)
	}
	return out
}

// wantMinima compares them.
func (d *desk) wantMinima(want ...string) {
	d.Helper()
	if diff := cmp.Diff(want, d.minima()); diff != "" {
		d.Errorf("monthly minima (-want +got):\n%s", diff)
	}
}

// version adds one more version of the schedule of captures: its minimum (empty: none) from a day on, until a day or for ever.
func version(rules *payment.Rules, id, from, to, minimum string) {
	v := rules.Fees[0]
	v.Version, v.MonthlyMin = id, nil
	if minimum != "" {
		v.MonthlyMin = new(rs(minimum))
	}
	if from != "" {
		v.EffectiveFrom = date(from)
	}
	if to != "" {
		v.EffectiveTo = date(to)
	}
	rules.Fees = append(rules.Fees, v)
}

// The version in force on the last day of a month has the word about its minimum, whichever versions priced its fees: facts
// that come late, in whatever order, change nothing about it.
func TestMonthlyMinimumOfVersions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		versions [][3]string // from, to, minimum
		want     []string
	}{
		"raised":      {[][3]string{{"", "", "100.00"}, {"2026-03-01", "", "500.00"}}, []string{"m 2026-03 40.00 min 500.00 charged 460.00"}},
		"raised amid": {[][3]string{{"", "", "100.00"}, {"2026-03-20", "", "500.00"}}, []string{"m 2026-03 40.00 min 500.00 charged 460.00"}},
		"ended":       {[][3]string{{"", "", "500.00"}, {"2026-03-05", "", ""}}, nil},
		"begun":       {[][3]string{{"", "", ""}, {"2026-03-05", "", "500.00"}}, []string{"m 2026-03 40.00 min 500.00 charged 460.00"}},
		"next month":  {[][3]string{{"", "", ""}, {"2026-04-01", "", "500.00"}}, nil},
		"run out":     {[][3]string{{"", "2026-03-15", "500.00"}, {"2026-04-01", "", "100.00"}}, []string{"m 2026-03 40.00 min 500.00 charged 460.00"}},
		"over before": {[][3]string{{"", "2026-03-15", "500.00"}, {"2026-03-10", "2026-03-31", ""}}, nil},
	} {
		for _, late := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				rules := noReserve()
				for i, v := range tc.versions {
					version(rules, string(rune('1'+i)), v[0], v[1], v[2])
				}
				rules.Fees = rules.Fees[1:]
				rules.Fees[0], rules.Fees[len(rules.Fees)-1] = rules.Fees[len(rules.Fees)-1], rules.Fees[0] // in any order
				d := open(t, rules)
				old, own := deposit("d0", "1000.00", "2026-02-28 10:00"), deposit("d1", "1000.00", "2026-03-10 10:00")
				d.book(of(hand, by("CARD", deposit("dx", "1.00", "2026-03-01 10:00")))) // February is over
				if late {
					d.book(own, old)
				} else {
					d.book(old, own)
				}
				d.closeInvoices()
				d.wantMinima(tc.want...)
			})
		}
	}
}

// A schedule that has ended has no minimum in the months after, whatever is still charged under it.
func TestMonthlyMinimumAfterTheEnd(t *testing.T) {
	t.Parallel()
	rules := atLeast("500.00")
	rules.Fees[0].EffectiveTo = date("2026-03-31")
	d := open(t, rules)
	d.book(of(hand, by("CARD", deposit("dx", "1.00", "2026-04-01 10:00"))), deposit("d1", "1000.00", "2026-03-31 10:00"))
	d.closeInvoices()
	d.wantMinima()
}

// A fee counts when it becomes ours: that of a payout once it is paid, taken out of the money or invoiced, and not that of one
// which fails, or waits and is canceled.
func TestMonthlyMinimumOfPayouts(t *testing.T) {
	t.Parallel()
	for _, gross := range []bool{false, true} {
		rules := queueing()
		rules.Book.Plans, rules.Plans = nil, nil
		fee := &rules.Fees[slices.IndexFunc(rules.Fees, func(s fees.Schedule) bool { return s.Match.Event == fees.EventPayout })]
		fee.MonthlyMin = new(rs("10.00"))
		if gross {
			fee.Charge = fees.ChargeGross
		}
		d := open(t, rules)
		d.book(saved(), payout("p1", "100.00", "2026-03-05 10:00"), later(payment.PayoutFailed, "p1", "2026-03-05 11:00"),
			payout("p2", "5000.00", "2026-03-05 12:00"), later(payment.PayoutCanceled, "p2", "2026-03-05 13:00"))
		d.wantMinima()
		d.book(payout("p3", "100.00", "2026-03-31 10:00"), later(payment.PayoutSent, "p3", "2026-03-31 11:00"),
			later(payment.PayoutCompleted, "p3", "2026-04-01 10:00"))
		d.closeInvoices()
		d.wantMinima("hand 2026-04 5.00 min 10.00 charged 5.00")
		d.account("income/payout_fee", "10.00")
	}
}

// Months are those of the merchant's clock, one for all methods: what is charged does not depend on when the job runs.
func TestMonthsOfTwoZones(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{true, false} {
		rules := noReserve()
		rules.Fees[0].MonthlyMin = new(rs("500.00"))
		rules.Fees = slices.Delete(rules.Fees, 1, 2) // one schedule prices cards too
		cards := rules.Book.Schedules[0]
		cards.ID, cards.For, cards.Timing.Zone = "cards", []merchant.Scope{{Region: "IN", Method: "CARD"}}, time.UTC
		rules.Book.Schedules = append(rules.Book.Schedules, cards)
		d := open(t, rules)
		charge := func(when string) {
			for _, month := range records[*payment.FeeMonth](d, payment.FeeMonthRecord) {
				c := &payment.ChargeMinimum{Rules: rules, Month: *month, Instant: at(when)}
				if err := d.Books().Do(t.Context(), c); err != nil && !errors.Is(err, payment.ErrMonthOpen) {
					t.Fatal(err)
				}
			}
		}
		d.book(deposit("d1", "1000.00", "2026-03-02 10:00"))
		if early {
			charge("2026-04-01 00:05")
		}
		d.book(by("CARD", deposit("d2", "10000.00", "2026-04-01 01:00"))) // 31 March by the clock of cards
		charge("2026-05-01 12:00")
		d.wantMinima("m 2026-03 20.00 min 500.00 charged 480.00", "m 2026-04 200.00 min 500.00 charged 300.00")
	}
}

// A month ends by the clock alone: that the calendar has ended keeps neither minima nor invoices.
func TestMonthlyMinimumBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	store, rules := anystore.Open(t), noReserve()
	rules.Fees[0].MonthlyMin, rules.Fees[1].Charge = new(rs("500.00")), fees.ChargeGross
	engine, err := settlex.New(t.Context(), settlex.Config{
		Store: store, Rules: rules, Clock: func() time.Time { return at("2027-01-05 12:00") }, Merchants: []merchant.Merchant{{ID: m}, {ID: hand}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{TB: t, Engine: engine, rules: rules, store: store}
	d.book(deposit("d1", "1000.00", "2026-12-02 10:00"), of(hand, by("CARD", deposit("d2", "1000.00", "2026-12-02 10:00"))))
	if issued, err := d.CloseInvoices(t.Context(), payment.Month{}, nil); err != nil || issued != 2 {
		t.Errorf("issued %d: %v", issued, err)
	}
	d.wantMinima("m 2026-12 20.00 min 500.00 charged 480.00")
}

// A minimum that is refused keeps the invoices of its merchant, and of nobody else.
func TestRefusedMonthlyMinimum(t *testing.T) {
	t.Parallel()
	rules := noReserve()
	rules.Fees[0].MonthlyMin = new(rs("500.00"))
	rules.Fees[1].Charge = fees.ChargeGross
	d := open(t, rules)
	d.book(by("CARD", deposit("d0", "1000.00", "2026-03-02 10:00")), deposit("d1", "1000.00", "2026-03-02 11:00"),
		of(hand, deposit("d2", "1000.00", "2026-03-02 12:00")))
	book := *rules.Book
	rules.Book.Schedules = book.Schedules[1:] // none is for m
	d.restart()
	issued, err := d.CloseInvoices(t.Context(), payment.Month{}, nil)
	if issued != 1 || !errors.Is(err, merchant.ErrNoSchedule) {
		t.Errorf("issued %d: %v", issued, err)
	}
	d.wantMinima("hand 2026-03 20.00 min 500.00 charged 480.00", "m 2026-03 20.00 min 500.00")
	rules.Book = &book
	d.restart()
	d.closeInvoices()
	d.wantMinima("hand 2026-03 20.00 min 500.00 charged 480.00", "m 2026-03 20.00 min 500.00 charged 480.00")
	d.account("merchants/m/receivable", "590.00") // the fee of d0 and what was missing, with GST
}
