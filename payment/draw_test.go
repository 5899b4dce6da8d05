package payment_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

func (d *desk) wantDrawn(id string, want payment.Sources) {
	d.Helper()
	if diff := cmp.Diff(want, record[*payment.Refund](d, payment.RefundRecord, id).Drawn); diff != "" {
		d.Errorf("refund %s drew (-want +got):\n%s", id, diff)
	}
}

// thrice is a schedule with three windows a day, paid one business day later.
func thrice() *payment.Rules {
	rules := noReserve()
	timing := &rules.Book.Schedules[0].Timing
	timing.Cutoffs = []calendar.WindowCutoff{{At: calendar.MustClock("10:00")}, {At: calendar.MustClock("14:00")}, {At: calendar.MustClock("18:00")}}
	return rules
}

// The deposit's own money is pending for what is settled in its window, and for
// nothing else: which jobs have run makes no difference.
func TestOwnPending(t *testing.T) {
	t.Parallel()
	graceful := noReserve()
	graceful.Book.Schedules[0].Timing.Grace = time.Hour
	renewed := noReserve()
	newer := indian("daily", calendar.EachWindow, merchant.Scope{Region: "IN"})
	newer.Version, newer.EffectiveFrom = "2", date("2026-03-03")
	renewed.Book.Schedules = append(renewed.Book.Schedules, newer)
	for _, test := range []struct {
		name     string
		rules    *payment.Rules
		captured string
		told     string // an event before the refund: a deposit of another merchant that moves the journal's time
		refunded string
		own      bool
	}{
		{"in the same window", noReserve(), "2026-03-02 10:00", "", "2026-03-02 17:59", true},
		{"at the cut-off", noReserve(), "2026-03-02 10:00", "", "2026-03-02 18:00", false},
		{"both at a cut-off", noReserve(), "2026-03-02 18:00", "", "2026-03-03 17:59", true},
		{"in another window of the day", thrice(), "2026-03-02 09:59", "", "2026-03-02 10:00", false},
		{"in the same window of the day", thrice(), "2026-03-02 10:00", "", "2026-03-02 13:59", true},
		{"of a window that has closed meanwhile", noReserve(), "2026-03-02 10:00", "2026-03-02 18:00", "2026-03-02 11:00", false},
		{"of a window whose grace is not over", graceful, "2026-03-02 10:00", "2026-03-02 18:30", "2026-03-02 11:00", true},
		{"of a window whose grace is over", graceful, "2026-03-02 10:00", "2026-03-02 19:00", "2026-03-02 11:00", false},
		{"under the next version of the schedule", renewed, "2026-03-02 19:00", "", "2026-03-03 10:00", false},
	} {
		for _, job := range []bool{false, true} {
			name := test.name
			if job {
				name += ", jobs ran"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := open(t, test.rules)
				d.book(deposit("d1", "1000.00", test.captured))
				if test.told != "" {
					d.book(of(hand, deposit("d2", "1.00", test.told)))
				}
				if job && !test.own {
					d.settle("2026-03-02")
				}
				d.book(refund("r1", "d1", "100.00", test.refunded))
				want := payment.Sources{Available: rs("100.00")}
				if test.own {
					want = payment.Sources{Pending: rs("100.00")}
				}
				d.wantDrawn("r1", want)
				d.settle("2026-03-10")
				d.stands(m, "pending 0.00")
			})
		}
	}
}

// A deposit that comes too late for its window is pending until a later one
// closes, and so is what refunds draw of it.
func TestOwnPendingOfALateDeposit(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(
		of(hand, deposit("d2", "1.00", "2026-03-02 18:00")),
		captured(), refund("r1", "d1", "100.00", "2026-03-02 11:00"), // both settled with Tuesday
		refund("r2", "d1", "100.00", "2026-03-03 10:00"),
		refund("r3", "d1", "100.00", "2026-03-03 18:00"),
	)
	for _, id := range []string{"r1", "r2"} {
		d.wantDrawn(id, payment.Sources{Pending: rs("100.00")})
	}
	d.wantDrawn("r3", payment.Sources{Available: rs("100.00")})
	d.wantBatches(d.settle("2026-03-03"), "2026-03-03 closed 781.12, due 2026-03-05") // 976.40 less two refunds of 97.64 net
	d.stands(m, "pending 0.00")
}

// Nobody draws more than the deposit has put into pending, and nothing of what
// costs more than it brings.
func TestOwnPendingIsLimited(t *testing.T) {
	t.Parallel()
	t.Run("in parts", func(t *testing.T) {
		t.Parallel()
		d := open(t, noReserve()) // 976.40 pending
		d.book(captured(), deposit("d2", "5000.00", "2026-03-02 10:00"), dispute("c1", "d1", "900.00", "2026-03-02 11:00"))
		d.book(refund("r1", "d1", "100.00", "2026-03-02 12:00"))
		d.wantDrawn("r1", payment.Sources{Pending: rs("76.40"), Available: rs("23.60")})
		d.book(later(payment.DisputeWon, "c1", "2026-03-02 13:00"), refund("r2", "d1", "900.00", "2026-03-02 14:00"))
		d.wantDrawn("r2", payment.Sources{Pending: rs("900.00")})
		d.stands(m, "pending 4882.00")
	})
	t.Run("of a fee above the amount", func(t *testing.T) {
		t.Parallel()
		rules := noReserve()
		rules.Fees[0].Components[0] = fees.Component{Kind: "commission", Fixed: new(rs("10.00"))}
		d := open(t, rules)
		d.book(deposit("d1", "1.00", "2026-03-02 10:00"), refund("r1", "d1", "1.00", "2026-03-02 11:00"))
		d.wantDrawn("r1", payment.Sources{Available: rs("1.00")})
	})
}

// Settled by hand, the deposit's own money is pending until its date begins, and
// what is drawn matures less on that date.
func TestOwnPendingByHand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		refunded string
		own      bool
	}{
		{"in its window", "2026-03-03 11:00", true},
		{"after its window", "2026-03-04 23:59", true},
		{"on its date", "2026-03-05 00:00", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, noReserve())
			d.book(saved(), refund("r1", "d1", "400.00", test.refunded)) // 976.40 on the 5th, -400.00 + 9.44
			want, maturing := payment.Sources{Available: rs("400.00")}, rs("976.40")
			if test.own {
				want, maturing = payment.Sources{Pending: rs("400.00")}, rs("576.40")
			}
			d.wantDrawn("r1", want)
			got := record[*payment.Position](d, payment.PositionRecord, "hand/INR").Maturing
			if diff := cmp.Diff([]payment.Maturity{{On: date("2026-03-05"), Amount: maturing}}, got); diff != "" {
				t.Errorf("maturing (-want +got):\n%s", diff)
			}
			d.book(payout("p1", "579.94", "2026-03-05 12:00")) // whatever was drawn, the same is left: 585.84
			d.stands(hand, "available 0.00", "pending 0.00")
		})
	}
	t.Run("restored before its date", func(t *testing.T) {
		t.Parallel()
		d := open(t, noReserve())
		d.book(saved(), refund("r1", "d1", "400.00", "2026-03-03 11:00"), later(payment.RefundFailed, "r1", "2026-03-04 12:00"))
		d.stands(hand, "pending 976.40", "available 0.00")
		d.job("2026-03-05 01:00")
		d.stands(hand, "pending 0.00", "available 976.40")
	})
	t.Run("restored on its date", func(t *testing.T) {
		t.Parallel()
		d := open(t, noReserve())
		d.book(saved(), refund("r1", "d1", "400.00", "2026-03-03 11:00"), later(payment.RefundFailed, "r1", "2026-03-05 00:00"))
		d.stands(hand, "pending 576.40", "available 400.00")
		d.job("2026-03-05 01:00")
		d.stands(hand, "pending 0.00", "available 976.40")
	})
}

// The whole order, there and back: pending, reserve, available; and with the
// reserve's date gone, available takes its part.
func TestDrawOrder(t *testing.T) {
	t.Parallel()
	given := []payment.Event{captured(), refund("r1", "d1", "990.00", "2026-03-02 11:00")}
	all := payment.Sources{Pending: rs("876.40"), Reserve: rs("100.00"), Available: rs("13.60")}
	for _, test := range []struct {
		name   string
		failed string
		want   payment.Sources
	}{
		{"the same day", "2026-03-02 12:00", all},
		{"after the window", "2026-03-02 18:00", payment.Sources{Reserve: rs("100.00"), Available: rs("890.00")}},
		{"on the reserve's date", "2026-05-31 00:00", payment.Sources{Available: rs("990.00")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, drawing())
			d.book(given...)
			d.wantDrawn("r1", all)
			d.stands(m, "pending 0.00", "reserve/rolling 0.00", "available 9.76") // -13.60 and 23.36 of fee and tax
			d.book(later(payment.RefundFailed, "r1", test.failed))
			if diff := cmp.Diff(test.want, record[*payment.Refund](d, payment.RefundRecord, "r1").Restored); diff != "" {
				t.Errorf("restored (-want +got):\n%s", diff)
			}
			d.settle("2026-06-30")
			d.stands(m, "pending 0.00", "reserve/rolling 0.00", "available 0.00")
		})
	}
}

// Reserve is drawn no further than it goes, and not that of other deposits.
func TestOwnReserve(t *testing.T) {
	t.Parallel()
	d := open(t, drawing())
	d.book(captured(), deposit("d2", "1000.00", "2026-03-02 10:00"))
	d.settle("2026-03-02")
	d.book(refund("r1", "d1", "60.00", "2026-03-05 10:00"), refund("r2", "d1", "60.00", "2026-03-05 10:00"), dispute("c1", "d1", "60.00", "2026-03-05 10:00"))
	d.wantDrawn("r1", payment.Sources{Reserve: rs("60.00")})
	d.wantDrawn("r2", payment.Sources{Reserve: rs("40.00"), Available: rs("20.00")})
	if got := record[*payment.Dispute](d, payment.DisputeRecord, "c1").Drawn; got != (payment.Sources{Available: rs("60.00")}) {
		t.Errorf("the dispute drew %+v", got)
	}
	d.stands(m, "reserve/rolling 100.00")
	d.book(withAmount("10.00", later(payment.DisputeWon, "c1", "2026-03-06 10:00")), later(payment.RefundFailed, "r1", "2026-03-06 11:00"))
	d.stands(m, "reserve/rolling 160.00")
}

// Fees come back on what stands refunded in all, whatever the parts were drawn on.
func TestFeeReturnedWithDraws(t *testing.T) {
	t.Parallel()
	rules := odd()
	rules.Plans, rules.Book.Plans = terms().Plans, terms().Book.Plans
	rules.DrawReserve = []merchant.Scope{{Merchant: m}}
	d := open(t, rules)
	d.book(captured(), refund("r1", "d1", "333.33", "2026-03-02 11:00"), refund("r2", "d1", "333.33", "2026-03-02 12:00"))
	d.settle("2026-03-02")
	d.book(refund("r3", "d1", "333.34", "2026-03-05 11:00"))
	for _, id := range []string{"r1", "r2", "r3"} {
		d.wantReturned(id, "6.67")
	}
	d.wantDrawn("r2", payment.Sources{Pending: rs("333.33")})
	d.wantDrawn("r3", payment.Sources{Reserve: rs("100.00"), Available: rs("233.34")})
	d.account("income/processing_fee", "0.00")
}
