package payment_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Money of a merchant settled by hand becomes available on its date, at
// midnight in the schedule's zone, whether or not a job has run.
func TestMaturity(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		captured string // 876.40 net of a deposit of 1,000.00
		payout   string // of 870.00
		refused  bool
	}{
		{"the evening before", "2026-03-02 10:00", "2026-03-02 23:59", true},
		{"on the date, from midnight", "2026-03-02 10:00", "2026-03-03 00:00", false},
		{"at the cut-off: a day later", "2026-03-02 18:00", "2026-03-03 23:59", true},
		{"at the cut-off: then Holi on Wednesday", "2026-03-02 18:00", "2026-03-04 12:00", true}, // business date Tuesday, T+1 is Thursday
		{"at the cut-off: on Thursday", "2026-03-02 18:00", "2026-03-05 00:00", false},
		{"before a second Saturday and a Sunday", "2026-03-13 12:00", "2026-03-15 12:00", true},
		{"after them", "2026-03-13 12:00", "2026-03-16 00:00", false},
	} {
		for _, job := range []bool{false, true} {
			name := test.name
			if job {
				name += ", a job ran"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := open(t, terms())
				d.book(of(hand, deposit("d1", "1000.00", test.captured)))
				if job {
					d.job(test.payout)
				}
				_, err := d.report(payout("p1", "870.00", test.payout))
				if test.refused != errors.Is(err, ledger.ErrInsufficientFunds) || !test.refused && err != nil {
					t.Errorf("payout: %v", err)
				}
			})
		}
	}
}

// job is what runs from time to time and makes available what is due.
func (d *desk) job(when string) {
	d.Helper()
	day, _, _ := strings.Cut(when, " ")
	mature := &payment.Mature{Merchant: hand, Currency: inr(), On: date(day), Instant: at(when)}
	if err := d.Books().Do(d.Context(), mature); err != nil {
		d.Fatal(err)
	}
}

// A refused payout leaves nothing behind, not even what matured for it.
func TestPayoutBeyondWhatIsAvailable(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(saved())
	d.refuse(payout("p1", "870.51", "2026-03-05 10:00"), `"payout/p1/requested": insufficient funds: `+
		`merchants/hand/available has INR 876.40 available, 876.41 is asked for, the floor is 0.00`)
	d.stands(hand, "available 0.00", "pending 876.40")
	d.book(payout("p1", "870.50", "2026-03-05 10:00")) // the same id: a refused event was never there
	d.stands(hand, "available 0.00", "payouts 876.40", "pending 0.00")
}

// A merchant in debt cannot pay out, and what matures pays the debt first.
func TestDebtComesFirst(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(
		saved(),
		refund("r1", "d1", "500.00", "2026-03-05 09:00"), // -500.00 + 11.80, on the day on which the deposit is available
	)
	d.stands(hand, "available -488.20", "pending 876.40")
	d.refuse(payout("p1", "382.31", "2026-03-05 10:00"), `"payout/p1/requested": insufficient funds: `+
		`merchants/hand/available has INR 388.20 available, 388.21 is asked for, the floor is 0.00`)
	d.book(payout("p1", "382.30", "2026-03-05 10:00"))
	d.stands(hand, "available 0.00", "pending 0.00")
}

// What costs more than it brings matures like everything else: what may be paid
// out depends on dates only, not on whether a job ran in between.
func TestNegativeMaturity(t *testing.T) {
	t.Parallel()
	rules := noReserve()
	rules.Fees[0].Components[0] = fees.Component{Kind: "commission", Fixed: new(rs("10.00"))}
	for _, job := range []string{"", "2026-03-03 12:00", "2026-03-05 12:00"} {
		t.Run("job "+job, func(t *testing.T) {
			t.Parallel()
			d := open(t, rules)
			d.book(
				of(hand, deposit("d1", "100.00", "2026-03-02 10:00")), // 88.20, on the 3rd
				of(hand, deposit("d2", "1.00", "2026-03-03 10:00")),   // -10.80, on the 5th
			)
			if job != "" {
				d.job(job)
			}
			d.refuse(payout("p1", "71.51", "2026-03-06 12:00"), `"payout/p1/requested": insufficient funds: `+
				`merchants/hand/available has INR 77.40 available, 77.41 is asked for, the floor is 0.00`)
			d.book(payout("p1", "71.50", "2026-03-06 12:00"))
			d.stands(hand, "available 0.00", "pending 0.00")
		})
	}
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		d := open(t, rules)
		d.book(of(hand, deposit("d2", "1.00", "2026-03-03 10:00")))
		d.job("2026-03-05 12:00")
		d.wantEntry("position/hand/INR/available/1", `
funds.available position/hand/INR/available/1
  Dr merchants/hand/available 10.80
  Cr merchants/hand/pending 10.80
`)
		d.stands(hand, "available -10.80", "pending 0.00")
	})
}

// Running the jobs moves what is due and, once a reserve's date has come, the
// reserve: it waits in no batch, for there is none.
func TestSettleByHand(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(saved(), of(hand, deposit("d2", "100.00", "2026-03-10 10:00")))
	d.wantBatches(d.settle("2026-03-05"))
	d.stands(hand, "available 876.40", "pending 87.64", "reserve/rolling 110.00")
	d.wantBatches(d.settle("2026-03-31"))
	d.stands(hand, "available 964.04", "pending 0.00", "reserve/rolling 110.00")
	d.wantBatches(d.settle("2026-06-01")) // 90 days after 3 March
	d.stands(hand, "available 1064.04", "reserve/rolling 10.00")
	before := d.everything()
	d.wantBatches(d.settle("2026-06-01"))
	d.same(before, "settling again")

	var maturing []payment.Maturity
	if diff := cmp.Diff(maturing, record[*payment.Position](d, payment.PositionRecord, "hand/INR").Maturing); diff != "" {
		t.Errorf("maturing (-want +got):\n%s", diff)
	}
}

// What becomes available bears the date on which it was due, whoever moved it.
func TestValueDateOfMaturity(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(*desk){
		"payout": func(d *desk) { d.book(payout("p1", "1.00", "2026-03-09 10:00")) },
		"job":    func(d *desk) { d.job("2026-03-09 10:00") },
		"settle": func(d *desk) { d.settle("2026-03-09") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(saved())
			move(d)
			entry, ok, err := d.Books().Entry(t.Context(), "position/hand/INR/available/1")
			if err != nil || !ok || entry.ValueDate != date("2026-03-05") {
				t.Errorf("booked %t for %s, %v", ok, entry.ValueDate, err)
			}
		})
	}
}

// Several deposits of a day mature as one amount, and days stay in order
// whatever order the deposits come in.
func TestMaturing(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(
		of(hand, deposit("d1", "10.00", "2026-03-09 10:00")),
		of(hand, deposit("d2", "20.00", "2026-03-03 10:00")),
		of(hand, deposit("d3", "30.00", "2026-03-09 11:00")),
	)
	want := []payment.Maturity{{On: date("2026-03-05"), Amount: rs("19.53")}, {On: date("2026-03-10"), Amount: rs("39.05")}}
	if diff := cmp.Diff(want, record[*payment.Position](d, payment.PositionRecord, "hand/INR").Maturing); diff != "" {
		t.Errorf("maturing (-want +got):\n%s", diff)
	}
}

// switched are terms under which hand is settled by hand until 2026-03-09, and every
// day from then on.
func switched() *payment.Rules {
	rules := noReserve()
	daily := indian("by-hand", calendar.EachWindow, merchant.Scope{Merchant: hand})
	daily.Version, daily.EffectiveFrom = "2", date("2026-03-10")
	rules.Book.Schedules = append(rules.Book.Schedules, daily)
	return rules
}

// Who was settled by hand and is by a schedule now takes by hand what no batch pays,
// also while it is closing; what a batch pays is left to it.
func TestSwitchedFromHand(t *testing.T) {
	t.Parallel()
	d := open(t, switched())
	d.book(saved(), of(hand, deposit("d2", "1000.00", "2026-03-10 10:00"))) // 976.40 each
	d.book(payout("p1", "500.00", "2026-03-10 11:00"))                      // 505.90 with its fee, of what no batch pays
	closing := decision(payment.MerchantClose, "2026-03-10 12:00")
	closing.ID = hand
	d.decide(closing)
	d.refuse(payout("p2", "470.00", "2026-03-10 13:00"),
		"amount: 470.00 and its fee are more than the 470.50 that no batch pays, and hand takes no new payments: it is closing since 2026-03-10T06:30:00Z")
	d.book(payout("p2", "464.60", "2026-03-10 13:00"))
	if got := record[*payment.Position](d, payment.PositionRecord, "hand/INR").Manual; !got.IsZero() {
		t.Errorf("%s are left of what no job settles", inr().Format(got))
	}
	d.refuse(payout("p3", "1.00", "2026-03-10 14:00"), "merchant_id: hand takes no new payments: it is closing since 2026-03-10T06:30:00Z")
	batches := d.settle("2026-06-30")
	if len(batches) != 1 || batches[0].Net != rs("976.40") {
		t.Fatalf("batches %+v, want one of 976.40", batches)
	}
	d.pays(batches[0])
	d.closesOut()
	for _, id := range []string{"p1", "p2"} {
		d.book(later(payment.PayoutSent, id, "2026-03-11 13:00"), later(payment.PayoutCompleted, id, "2026-03-11 14:00"))
	}
	d.stands(hand, "pending 0.00", "available 0.00", "payouts 0.00")
	d.closesOut(hand)
}

// What has not matured cannot be taken by hand.
func TestSwitchedBeforeItMatures(t *testing.T) {
	t.Parallel()
	rules := switched()
	d := open(t, rules)
	d.book(of(hand, deposit("d1", "1000.00", "2026-03-09 19:00"))) // of the window of the 10th, which matures on the 11th
	closing := decision(payment.MerchantClose, "2026-03-10 12:00")
	closing.ID = hand
	d.decide(closing)
	d.refuse(payout("p1", "100.00", "2026-03-10 23:59"),
		"amount: 100.00 and its fee are more than the 0.00 that no batch pays, and hand takes no new payments: it is closing since 2026-03-10T06:30:00Z")
	d.book(payout("p1", "970.50", "2026-03-11 00:00"), later(payment.PayoutSent, "p1", "2026-03-11 13:00"), later(payment.PayoutCompleted, "p1", "2026-03-11 14:00"))
	d.closesOut(hand)
}
