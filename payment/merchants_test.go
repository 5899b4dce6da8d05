package payment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// shop is a merchant that people create, and no configuration knows.
const shop = "shop"

// decision is an act of ops about the shop.
func decision(act payment.MerchantAct, when string) payment.MerchantDecision {
	return payment.MerchantDecision{Act: act, ID: shop, Actor: "ops", Reason: "risk", Instant: at(when), Terms: merchant.Terms{Name: "Shop"}}
}

func (d *desk) decide(acts ...payment.MerchantDecision) payment.Merchant {
	d.Helper()
	var last payment.Merchant
	for _, act := range acts {
		var err error
		if last, err = d.DecideMerchant(d.Context(), act); err != nil {
			d.Fatal(err)
		}
	}
	return last
}

// undecided wants a decision refused with an error of that text, and nothing
// written.
func (d *desk) undecided(act payment.MerchantDecision, want string) {
	d.Helper()
	before := d.everything()
	_, err := d.DecideMerchant(d.Context(), act)
	if got := fmt.Sprint(err); got != want {
		d.Errorf("%s (-want +got):\n%s", act.Act, cmp.Diff(want, got))
	}
	d.same(before, "a refused "+string(act.Act))
}

// paths to each status.
func merchantStages() map[payment.Status][]payment.MerchantDecision {
	created := decision(payment.MerchantCreate, "2026-03-02 08:00")
	suspended := decision(payment.MerchantSuspend, "2026-03-02 08:10")
	closing := decision(payment.MerchantClose, "2026-03-02 08:20")
	return map[payment.Status][]payment.MerchantDecision{
		"": nil, payment.Active: {created}, payment.Suspended: {created, suspended}, payment.Closing: {created, suspended, closing},
		payment.Closed: {created, closing},
	}
}

// Every pair of a status and an act: what the table has happens, all else is
// refused.
func TestMerchantTransitions(t *testing.T) {
	t.Parallel()
	want := make(map[string]payment.Status)
	for _, move := range payment.MerchantMoves() {
		want[string(move.From)+" "+string(move.On)] = move.To
	}
	acts := []payment.MerchantAct{
		payment.MerchantCreate, payment.MerchantChange, payment.MerchantSuspend, payment.MerchantResume, payment.MerchantClose, payment.MerchantFinish,
	}
	for from, stage := range merchantStages() {
		for _, act := range acts {
			t.Run(string(from)+" "+string(act), func(t *testing.T) {
				t.Parallel()
				d := open(t, terms())
				d.decide(stage...)
				if from == payment.Closed {
					d.closesOut(shop)
				}
				next := decision(act, "2026-03-02 09:00")
				next.Terms.Name, next.Rules = "Other", d.rules
				before := d.everything()
				err := d.Books().Do(t.Context(), &next)
				if to, ok := want[string(from)+" "+string(act)]; ok {
					if err != nil || next.Merchant.Status != to {
						t.Errorf("it is %q, %v; want %s", next.Merchant.Status, err, to)
					}
					return
				}
				unknown := from == "" && errors.Is(err, payment.ErrUnknownMerchant)
				taken := from != "" && act == payment.MerchantCreate && errors.Is(err, payment.ErrConflict)
				if !unknown && !taken && (from == "" || !errors.Is(err, payment.ErrTransition)) {
					t.Errorf("error %v", err)
				}
				d.same(before, "a missing move")
			})
		}
	}
}

// The page has the same table.
func TestMerchantTable(t *testing.T) {
	t.Parallel()
	var want []string
	for _, move := range payment.MerchantMoves() {
		from := string(move.From)
		if from == "" {
			from = "-"
		}
		want = append(want, fmt.Sprintf("| %s | %#q | %s |", from, move.On, move.To))
	}
	if diff := cmp.Diff(want, section(t, "Merchants")); diff != "" {
		t.Errorf("moves (-in the code +on the page):\n%s", diff)
	}
}

// closesOut wants the merchants who close to be these.
func (d *desk) closesOut(want ...string) {
	d.Helper()
	got, err := d.CloseOut(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("closed out (-want +got):\n%s", diff)
	}
}

// While a merchant is suspended it takes no new deposits and requests no payouts;
// what happened before, or goes on happening to older ones, is booked whenever it
// is told.
func TestSuspendedMerchant(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.decide(decision(payment.MerchantCreate, "2026-03-01 08:00"))
	d.book(of(shop, captured()), of(shop, deposit("d2", "1000.00", "2026-03-02 10:00")))
	d.decide(decision(payment.MerchantSuspend, "2026-03-02 12:00"))
	const refused = "merchant_id: shop takes no new payments: it is suspended since 2026-03-02T06:30:00Z"
	d.refuse(of(shop, deposit("d3", "1.00", "2026-03-02 12:00")), refused)
	d.refuse(of(shop, payout("p1", "1.00", "2026-03-02 12:00")), refused)
	d.book(
		of(shop, deposit("d4", "5.00", "2026-03-02 11:59")), // told late
		refund("r1", "d1", "250.00", "2026-03-02 12:30"), later(payment.RefundConfirmed, "r1", "2026-03-02 13:00"),
		dispute("c1", "d2", "750.00", "2026-03-02 12:30"), later(payment.DisputeWon, "c1", "2026-03-02 13:00"),
		later(payment.DepositFailed, "d4", "2026-03-02 13:00"),
	)
	d.again(of(shop, captured()))
	resumed := decision(payment.MerchantResume, "2026-03-02 14:00")
	resumed.Reason = "cleared"
	d.decide(resumed)
	d.refuse(of(shop, deposit("d5", "5.00", "2026-03-02 13:59")), refused)
	d.book(of(shop, deposit("d5", "5.00", "2026-03-02 14:00")))
}

// A merchant who is closing goes on being settled by its dates, and is closed once
// nothing is owed either way: not while a batch is under way, a reserve is held, or
// a dispute is open.
func TestCloseOut(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.decide(decision(payment.MerchantCreate, "2026-03-01 08:00"))
	d.book(of(shop, captured()), of(shop, deposit("d2", "1000.00", "2026-03-02 11:00")))
	d.decide(decision(payment.MerchantClose, "2026-03-02 12:00"))
	d.refuse(of(shop, deposit("d3", "1.00", "2026-03-02 12:00")), "merchant_id: shop takes no new payments: it is closing since 2026-03-02T06:30:00Z")
	d.refuse(of(shop, payout("p1", "1.00", "2026-03-02 12:00")), "merchant_id: shop takes no new payments: it is closing since 2026-03-02T06:30:00Z")
	d.closesOut()
	d.owes("INR pending 1752.80", "INR reserve/rolling 200.00")

	final := d.settle("2026-03-02")[0]
	d.owes("INR batch "+final.ID+" 1752.80", "INR reserve/rolling 200.00")
	d.move(payment.BatchSent, final.ID, "2026-03-03 10:00", "neft")
	d.move(payment.BatchPaid, final.ID, "2026-03-03 11:00", "")
	d.book(dispute("c1", "d1", "100.00", "2026-03-04 10:00"))
	d.owes("INR available -117.70", "INR dispute c1 100.00", "INR reserve/rolling 200.00")
	d.book(later(payment.DisputeWon, "c1", "2026-03-05 10:00"))
	d.closesOut()

	released := d.settle("2026-06-30")
	last := released[len(released)-1]
	d.move(payment.BatchSent, last.ID, "2026-07-03 10:00", "neft")
	d.owes("INR batch " + last.ID + " 182.30")
	err := d.Books().Write(t.Context(), func(tx ledger.Tx) error { return d.CloseOutTx(t.Context(), tx, shop) })
	if want := "close out: shop is not settled up: 1 things, the first batch " + last.ID + " INR 182.30"; fmt.Sprint(err) != want || !errors.Is(err, payment.ErrOwed) {
		t.Errorf("error %v, want %s", err, want)
	}
	d.move(payment.BatchPaid, last.ID, "2026-07-03 11:00", "")
	d.owes()
	d.closesOut(shop)
	d.closesOut()
	stored := record[*payment.Merchant](d, payment.MerchantRecord, shop)
	if stored.Status != payment.Closed {
		t.Errorf("it is %s", stored.Status)
	}
	d.undecided(decision(payment.MerchantResume, "2026-07-04 10:00"), "resume merchant: merchant_id: to resume shop is not possible now: it is closed")
	d.book(dispute("c2", "d2", "10.00", "2026-07-05 10:00")) // a fact about an old one, whatever became of the merchant
}

// A batch that was canceled or came back is over: its money is a line of the next one.
func TestCloseOutAfterABatchCameBack(t *testing.T) {
	t.Parallel()
	for _, kind := range []payment.Kind{payment.BatchCanceled, payment.BatchReturned} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d := open(t, noReserve())
			d.decide(decision(payment.MerchantCreate, "2026-03-01 08:00"))
			d.book(of(shop, captured()))
			first := d.settle("2026-03-02")[0]
			if kind == payment.BatchReturned {
				d.pays(first)
			}
			d.move(kind, first.ID, "2026-03-05 11:00", "")
			d.decide(decision(payment.MerchantClose, "2026-03-05 12:00"))
			d.owes("INR available 976.40")
			d.pays(d.settle("2026-03-05")[0])
			d.owes()
			d.closesOut(shop)
		})
	}
}

// pays sends a batch and has it paid, the day after it closed.
func (d *desk) pays(b *settlement.Batch) {
	d.Helper()
	day := b.Window.BusinessDate.AddDays(1).String()
	d.move(payment.BatchSent, b.ID, day+" 10:00", "neft")
	d.move(payment.BatchPaid, b.ID, day+" 11:00", "")
}

func (d *desk) owes(want ...string) {
	d.Helper()
	owed, err := d.Owed(d.Context(), shop)
	if err != nil {
		d.Fatal(err)
	}
	var got []string
	for _, o := range owed {
		got = append(got, fmt.Sprintf("%s %s %s", o.Currency, o.What, o.Currency.Format(o.Amount)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("owed (-want +got):\n%s", diff)
	}
}

// Who is settled by hand and closing may still be paid out: no batch would do it.
func TestClosingByHand(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(saved())
	closing := decision(payment.MerchantClose, "2026-03-04 10:00")
	closing.ID = hand
	d.decide(closing)
	d.refuse(of(hand, deposit("d2", "1.00", "2026-03-05 10:00")), "merchant_id: hand takes no new payments: it is closing since 2026-03-04T04:30:00Z")
	d.book(payout("p1", "970.50", "2026-03-05 10:00"), later(payment.PayoutSent, "p1", "2026-03-05 11:00"))
	d.closesOut()
	d.book(later(payment.PayoutCompleted, "p1", "2026-03-05 12:00"))
	d.closesOut(hand)
	d.refuse(of(hand, deposit("d3", "1.00", "2026-12-01 10:00")), "merchant_id: hand takes no new payments: it is closed since 2026-11-30T06:30:00Z")
	if _, err := d.report(payout("p2", "1.00", "2026-12-01 10:00")); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("a payout of nothing: %v", err)
	}
}

// What comes back to a merchant who has been closed gets out again: by a payout, or by
// its schedule.
func TestMoneyOfTheClosed(t *testing.T) {
	t.Parallel()
	t.Run("by hand", func(t *testing.T) {
		t.Parallel()
		d := open(t, noReserve())
		d.leaves()
		d.book(later(payment.PayoutReturned, "p1", "2026-12-01 12:00"))
		d.stands(hand, "available 970.50")
		d.book(payout("p2", "964.60", "2026-12-02 12:00"), later(payment.PayoutSent, "p2", "2026-12-02 13:00"), later(payment.PayoutCompleted, "p2", "2026-12-02 14:00"))
		d.stands(hand, "available 0.00", "payouts 0.00")
	})
	t.Run("by its schedule", func(t *testing.T) {
		t.Parallel()
		rules := noReserve()
		rules.Book.Schedules[0].MinPayout = rs("10.00")
		d := open(t, rules)
		d.decide(decision(payment.MerchantCreate, "2026-03-01 08:00"))
		d.book(of(shop, begun("d1", "5.00", "2026-03-02 10:00")), later(payment.DepositExpired, "d1", "2026-03-02 10:30"))
		d.decide(decision(payment.MerchantClose, "2026-03-02 12:00"))
		d.closesOut(shop)
		d.book(of(shop, deposit("d1", "5.00", "2026-12-01 10:00"))) // after all
		d.stands(shop, "pending 4.88")
	})
}

// What is not decided yet keeps a merchant from being closed.
func TestOwedUndecided(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.decide(decision(payment.MerchantCreate, "2026-03-01 08:00"))
	d.book(
		of(shop, begun("d1", "100.00", "2026-03-02 09:00")), of(shop, begun("d2", "200.00", "2026-03-02 09:00")), later(payment.DepositAuthorized, "d2", "2026-03-02 09:01"),
		of(shop, asked(payment.AdjustmentCredit, "a1", "30.00", "2026-03-02 09:00")), of(shop, asked(payment.AdjustmentDebit, "a2", "40.00", "2026-03-02 09:00")),
		of(shop, asked(payment.WriteOffRequested, "w1", "50.00", "2026-03-02 09:00")),
	)
	d.decide(decision(payment.MerchantClose, "2026-03-02 12:00"))
	d.owes("INR adjustment a1 30.00", "INR adjustment a2 -40.00", "INR deposit d1 100.00", "INR deposit d2 200.00", "INR write_off w1 50.00")
	d.closesOut()
	d.book(
		later(payment.DepositExpired, "d1", "2026-03-03 09:00"), later(payment.DepositFailed, "d2", "2026-03-03 09:00"),
		answered(payment.AdjustmentRejected, "a1", "2026-03-03 09:00"), answered(payment.AdjustmentRejected, "a2", "2026-03-03 09:00"),
		answered(payment.WriteOffRejected, "w1", "2026-03-03 09:00"),
	)
	d.owes()
	d.closesOut(shop)
}

// What a dispute gives back to a merchant who has been closed makes good its debt; the
// rest waits in suspense, with its owner, until it is paid by hand.
func TestWonAfterTheEnd(t *testing.T) {
	t.Parallel()
	const clearing, suspense, available = "disputes/upi/clearing", "suspense/escrow_in/credit", "merchants/hand/available"
	for _, test := range []struct {
		name                      string
		rules                     *payment.Rules
		owes, available, suspense string
	}{
		{"it owes more", noReserve(), "0.00", "-17.70", "0.00"},
		{"it owes a part", noReserve(), "57.70", "0.00", "40.00"},
		{"it owes nothing", noReserve(), "117.70", "0.00", "100.00"},
		{"it owes nothing, the fee comes back", feeBack(), "117.70", "0.00", "117.70"},
		{"it owes as much as comes back", feeBack(), "0.00", "0.00", "0.00"},
		{"it owes less than the fee", feeBack(), "10.00", "-7.70", "17.70"},
		{"the fee was invoiced and is credited", invoicedLater(), "117.70", "0.00", "117.70"},
		{"the fee was invoiced and is not paid", invoicedLater(), "0.00", "0.00", "0.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, test.rules)
			d.leaves()
			d.book(dispute("c1", saved().ID, "100.00", "2026-12-01 10:00"))
			if test.owes != "0.00" {
				paid := toppedUp("t1", test.owes, "2026-12-02 10:00")
				paid.Merchant = hand
				d.book(paid)
			}
			won := later(payment.DisputeWon, "c1", "2026-12-03 10:00")
			d.book(won)
			d.account(clearing, "0.00")
			d.account(available, test.available)
			d.account(suspense, test.suspense)
			d.again(won)
			if test.suspense == "0.00" {
				if lines := records[*payment.BankLine](d, payment.BankLineRecord); len(lines) != 0 {
					t.Errorf("kept %+v", lines)
				}
				return
			}
			kept := record[*payment.BankLine](d, payment.BankLineRecord, "won-c1")
			if kept.Merchant != hand || kept.Parent != "c1" || kept.Amount != rs(test.suspense) || kept.Status != payment.Kept {
				t.Errorf("kept %+v", kept)
			}
			d.refuse(later(payment.BankExplained, "won-c1", "2026-12-04 10:00"), "kind: bank_explained is not possible now: won-c1 is kept")
			d.book(later(payment.BankOwnerPaid, "won-c1", "2026-12-04 10:00"))
			d.account(suspense, "0.00")
		})
	}
}

// A debt that was paid whole long ago makes no difference to what becomes of a dispute
// that is won after the end.
func TestWonAfterADebt(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.book(
		of(hand, asked(payment.AdjustmentDebit, "a1", "50.00", "2026-03-03 09:00")), answered(payment.AdjustmentApproved, "a1", "2026-03-03 09:10"),
		of(hand, reclassified("b1", "50.00", "2026-03-03 09:20")), of(hand, toppedUp("t0", "50.00", "2026-03-03 09:30")),
	)
	d.leaves()
	d.book(dispute("c1", saved().ID, "100.00", "2026-12-01 10:00"), of(hand, toppedUp("t1", "117.70", "2026-12-02 10:00")))
	d.book(later(payment.DisputeWon, "c1", "2026-12-03 10:00"))
	d.account("merchants/hand/available", "0.00")
	d.account("suspense/escrow_in/credit", "100.00")
}

// Tax that was given back with a dispute is withheld again when it is won, before the
// rest is kept for the merchant who has been closed.
func TestWithheldAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, paid, available, suspense string }{
		{"it owes more", "0.00", "-17.70", "0.00"},
		{"it owes nothing", "117.60", "0.00", "99.90"},
		{"it has something", "120.00", "2.40", "99.90"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rules := noReserve()
			rules.Withholding = taxing().Withholding
			d := open(t, rules)
			d.leavesWith("969.50")
			d.book(dispute("c1", saved().ID, "100.00", "2026-12-01 10:00"))
			d.account("withholding/tds_194o", "0.90")
			if test.paid != "0.00" {
				paid := toppedUp("t1", test.paid, "2026-12-02 10:00")
				paid.Merchant = hand
				d.book(paid)
			}
			d.book(later(payment.DisputeWon, "c1", "2026-12-03 10:00"))
			d.account("withholding/tds_194o", "1.00")
			d.account("merchants/hand/available", test.available)
			d.account("suspense/escrow_in/credit", test.suspense)
			d.account("disputes/upi/clearing", "0.00")
		})
	}
}

// leaves has the merchant settled by hand take all its money and be closed.
func (d *desk) leaves() {
	d.Helper()
	d.leavesWith("970.50")
}

// leavesWith has it take an amount that costs 5.90 more.
func (d *desk) leavesWith(amount string) {
	d.Helper()
	d.book(saved())
	closing := decision(payment.MerchantClose, "2026-03-04 10:00")
	closing.ID = hand
	d.decide(closing)
	d.book(payout("p1", amount, "2026-03-05 10:00"), later(payment.PayoutSent, "p1", "2026-03-05 11:00"), later(payment.PayoutCompleted, "p1", "2026-03-05 12:00"))
	d.closesOut(hand)
}

// invoicedLater are feeBack, and the dispute's fee is invoiced.
func invoicedLater() *payment.Rules {
	rules := feeBack()
	for i := range rules.Fees {
		if rules.Fees[i].Match.Event == fees.EventDispute {
			rules.Fees[i].Charge = fees.ChargeGross
		}
	}
	return rules
}

// feeBack are terms without reserves under which a dispute's fee comes back when it is won.
func feeBack() *payment.Rules {
	rules := generous()
	rules.Book.Plans, rules.Plans = nil, nil
	return rules
}

// Terms have versions: each governs from its instant, and who, when and why stay.
func TestMerchantTerms(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	first := decision(payment.MerchantCreate, "2026-03-01 08:00")
	d.decide(first)
	renamed := decision(payment.MerchantChange, "2026-03-02 08:00")
	renamed.Terms, renamed.Reason = merchant.Terms{Name: "Shop & Co"}, "new owner"
	planned := decision(payment.MerchantChange, "2026-03-03 08:00")
	planned.Terms, planned.From, planned.Actor = merchant.Terms{Name: "Shop Ltd"}, at("2026-03-10 00:00"), "ann"
	stored := d.decide(renamed, planned)
	want := []merchant.Version{
		{No: 1, From: at("2026-03-01 08:00"), At: at("2026-03-01 08:00"), Actor: "ops", Reason: "risk", Terms: merchant.Terms{Name: "Shop"}},
		{No: 2, From: at("2026-03-02 08:00"), At: at("2026-03-02 08:00"), Actor: "ops", Reason: "new owner", Terms: renamed.Terms},
		{No: 3, From: at("2026-03-10 00:00"), At: at("2026-03-03 08:00"), Actor: "ann", Reason: "risk", Terms: planned.Terms},
	}
	if diff := cmp.Diff(want, stored.Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	names := map[string]string{}
	for _, when := range []string{"2026-03-01 09:00", "2026-03-09 23:59", "2026-03-10 00:00"} {
		names[when] = stored.TermsAt(at(when)).Name
	}
	if diff := cmp.Diff(map[string]string{"2026-03-01 09:00": "Shop", "2026-03-09 23:59": "Shop & Co", "2026-03-10 00:00": "Shop Ltd"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}

	before := d.everything()
	planned.From = time.Time{}
	if again := d.decide(planned); again.Told != 3 {
		t.Errorf("%d events were told", again.Told)
	}
	d.same(before, "the same terms again")
	first.Terms = planned.Terms
	d.decide(first)
	d.same(before, "created again with these terms")
}

// What cannot be decided is refused with its reason.
func TestMerchantRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.decide(decision(payment.MerchantCreate, "2026-03-01 08:00"))
	d.book(of(shop, captured()))
	change := func(edit func(*payment.MerchantDecision)) payment.MerchantDecision {
		c := decision(payment.MerchantChange, "2026-03-02 12:00")
		edit(&c)
		return c
	}
	for _, test := range []struct {
		act  payment.MerchantDecision
		want string
	}{
		{change(func(c *payment.MerchantDecision) { c.ID = "" }), "change merchant: merchant_id: id is missing"},
		{change(func(c *payment.MerchantDecision) { c.ID = "nobody" }), `change merchant: merchant_id: "nobody": merchant is not known`},
		{change(func(c *payment.MerchantDecision) { c.Actor = "" }), "change merchant: actor: is missing; somebody decides about a merchant"},
		{change(func(c *payment.MerchantDecision) { c.Reason = "" }), "change merchant: reason_code: is missing; to change a merchant needs it"},
		{change(func(c *payment.MerchantDecision) { c.Terms.Name = "4111111111111111" }), "change merchant: merchant_id: name: looks like a card number: 16 digits, the last four 1111"},
		{change(func(c *payment.MerchantDecision) { c.Reason = "paid 4111111111111111" }), "change merchant: reason_code: looks like a card number: 16 digits, the last four 1111"},
		{change(func(c *payment.MerchantDecision) { c.Terms.Region = "IN" }), `change merchant: shop has been paid and stays in its region: "", where it has money in INR`},
		{change(func(c *payment.MerchantDecision) { c.From = at("2026-03-02 11:00") }), "change merchant: occurred_at: terms from 2026-03-02T05:30:00Z on are decided too late, at 2026-03-02T06:30:00Z"},
		{change(func(c *payment.MerchantDecision) { c.ID = m }), "change merchant: merchant_id: the terms of m are the configuration's: change them there"},
		{change(func(c *payment.MerchantDecision) { c.Act = "sell" }), `sell merchant: kind: "sell" is nothing to decide about a merchant`},
		{change(func(c *payment.MerchantDecision) { c.Act = payment.MerchantFinish }), "finish shop: CloseOut finds that out"},
		{change(func(c *payment.MerchantDecision) { c.Act, c.ID, c.Terms.Region = payment.MerchantCreate, "new", "XX" }), `create merchant: merchant_id: no region "XX" is configured`},
		{change(func(c *payment.MerchantDecision) { c.Act = payment.MerchantCreate; c.Terms.Name = "Else" }), `create merchant: merchant_id: shop was reported before with other content: it is there with name "Shop" and region ""`},
	} {
		d.undecided(test.act, test.want)
	}
	moved := decision(payment.MerchantCreate, "2026-03-02 12:00")
	moved.ID = "unpaid"
	d.decide(moved)
	moved.Act, moved.Terms.Region, moved.From = payment.MerchantChange, "IN", at("2026-04-01 00:00")
	d.undecided(moved, "change merchant: merchant_id: unpaid changes its region at once or not at all")
	moved.From = time.Time{}
	if got := d.decide(moved); got.Region != "IN" {
		t.Errorf("region %q", got.Region)
	}
}

// What is decided about a merchant leaves as an event, whoever decides it: people,
// the configuration, or its first deposit.
func TestMerchantNews(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.rules.CreateMerchants = true
	var got []string
	err := d.Books().Write(t.Context(), func(tx ledger.Tx) error {
		spy := &spyTx{Tx: tx}
		for _, act := range []payment.MerchantDecision{
			decision(payment.MerchantCreate, "2026-03-02 08:00"), decision(payment.MerchantSuspend, "2026-03-02 08:10"),
			decision(payment.MerchantResume, "2026-03-02 08:20"), decision(payment.MerchantClose, "2026-03-02 08:30"),
		} {
			if _, err := d.DecideMerchantTx(t.Context(), spy, act); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.CloseOutTx(t.Context(), spy, shop); err != nil {
			t.Fatal(err)
		}
		for _, e := range append(spy.news, d.firstNews(t.Context(), tx)...) {
			var p payment.MerchantPayload
			if err := json.Unmarshal(e.Data, &p); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s %s %d %s: %s by %s", e.Type, e.Object, e.Sequence, p.Status, p.Act, p.Actor))
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	want := []string{
		"merchant.created merchant/shop 1 active: create by ops", "merchant.updated merchant/shop 2 suspended: suspend by ops",
		"merchant.updated merchant/shop 3 active: resume by ops", "merchant.updated merchant/shop 4 closing: close by ops",
		"merchant.closed merchant/shop 5 closed: finish by settlex", "merchant.created merchant/stranger 1 active: create by deposit/d1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
	if stored := record[*payment.Merchant](d, payment.MerchantRecord, m); stored.Told != 1 || !stored.Configured || stored.Steps[0].Actor != payment.Configuration {
		t.Errorf("merchant of the configuration: %+v", stored)
	}
}

// firstNews are those about a merchant that comes into being with its first
// deposit.
func (d *desk) firstNews(ctx context.Context, tx ledger.Tx) (news []*event.Event) {
	d.Helper()
	spy := &spyTx{Tx: tx}
	h := &payment.Handle{Rules: d.rules, Event: of("stranger", captured()).Normalize()}
	errs, err := d.Books().DoTx(ctx, spy, h)
	if err = errors.Join(append(errs, err)...); err != nil {
		d.Fatal(err)
	}
	for _, e := range spy.news {
		if e.Object.Kind == payment.MerchantRecord {
			news = append(news, e)
		}
	}
	return news
}

// An amount of what is owed is signed as the merchant sees it.
func TestOwedIsSigned(t *testing.T) {
	t.Parallel()
	d := open(t, noReserve())
	d.decide(decision(payment.MerchantCreate, "2026-02-27 08:00"))
	d.book(of(shop, deposit("d1", "1000.00", "2026-02-27 10:00")), dispute("c1", "d1", "750.00", "2026-03-02 11:00"))
	owed, err := d.Owed(t.Context(), shop)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]money.Amount{"available": rs("-767.70"), "pending": rs("976.40"), "dispute c1": rs("750.00")}
	for _, o := range owed {
		if sums[o.What] != o.Amount {
			t.Errorf("%s %s", o.What, inr().Format(o.Amount))
		}
	}
	if len(owed) != len(sums) {
		t.Errorf("owed %v", owed)
	}
}
