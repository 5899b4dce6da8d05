package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// What batches keep, or carry because it is too little to pay, counts against what later
// windows lack, whether the job has run or not.
func TestPayoutBehindWhatIsCarried(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*merchant.Schedule)
		payout string
		taken  bool
	}{
		{"minimum balance", func(s *merchant.Schedule) { s.MinBalance = minor("300.00") }, "50.00", true},
		{"minimum balance, more than there is", func(s *merchant.Schedule) { s.MinBalance = minor("300.00") }, "50.01", false},
		{"minimum balance that does not suffice", func(s *merchant.Schedule) { s.MinBalance = minor("70.00") }, "40.00", true},
		{"minimum balance that does not suffice, more", func(s *merchant.Schedule) { s.MinBalance = minor("70.00") }, "40.01", false},
		{"minimum payout", func(s *merchant.Schedule) { s.MinPayout = minor("280.01") }, "50.00", true},
		{"minimum payout that is reached", func(s *merchant.Schedule) { s.MinPayout = minor("280.00") }, "0.01", false},
		{"both", func(s *merchant.Schedule) { s.MinBalance, s.MinPayout = minor("60.00"), minor("220.01") }, "50.00", true},
		{"both, which is reached", func(s *merchant.Schedule) { s.MinBalance, s.MinPayout = minor("60.00"), minor("220.00") }, "30.00", true},
		{"both, which is reached, more", func(s *merchant.Schedule) { s.MinBalance, s.MinPayout = minor("60.00"), minor("220.00") }, "30.01", false},
	} {
		for name, run := range jobs() {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				schedule := india()
				test.change(&schedule)
				h := open(t, rulesWith(schedule))
				h.take(deposit("d1", "m1", ist("2026-03-02 11:00"), "80.00"), about(payment.ToppedUp, "t1", "2026-03-02 12:00", "200.00"))
				run(h, "2026-03-02")
				h.take(refund("r1", "d1", ist("2026-03-03 12:00"), "30.00"))
				run(h, "2026-03-03")
				h.take(refund("r2", "d1", ist("2026-03-04 13:00"), "50.00"))
				run(h, "2026-03-04")
				h.take(about(payment.ToppedUp, "t2", "2026-03-05 10:00", "50.00"))
				err := h.try(payout("p1", "m1", "2026-03-05 11:00", test.payout))
				if test.taken != (err == nil) || err != nil && !errors.Is(err, ledger.ErrInsufficientFunds) {
					t.Errorf("payout of %s: %v, want taken %t", test.payout, err, test.taken)
				}
			})
		}
	}
}

// A window has given out in a refund what its own batch makes available again, and a batch before it
// pays what stood in for that. What of later money may be paid out goes by the windows that are over:
// closing the first of two does not take away what was there with none closed.
func TestPayoutBetweenBatches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, settled, payout string
		grace                 time.Duration
		taken                 bool
	}{
		{"none closed", "", "1.01", 0, false},
		{"none closed, what is left", "", "1.00", 0, true},
		{"the first closed", "2026-03-03 10:00", "1.01", 0, false},
		{"the first closed, what is left", "2026-03-03 10:00", "1.00", 0, true},
		{"both closed, more", "2026-03-03 18:00", "2.01", 0, false},
		{"both closed", "2026-03-03 18:00", "2.00", 0, true},
		{"none closed, the second in grace", "", "1.01", 3 * time.Hour, false},
		{"none closed, the second in grace, what is left", "", "1.00", 3 * time.Hour, true},
		{"the first closed, the second in grace", "2026-03-03 10:00", "1.01", 3 * time.Hour, false},
		{"the first closed, the second in grace, what is left", "2026-03-03 10:00", "1.00", 3 * time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			schedule := india()
			schedule.Timing.Grace = test.grace
			h := open(t, rulesWith(schedule))
			h.take(deposit("d1", "m1", ist("2026-03-02 11:00"), "5.00"), about(payment.ToppedUp, "t1", "2026-03-02 12:00", "83.00"))
			h.take(deposit("d2", "m1", ist("2026-03-03 11:00"), "3.00"), refund("r1", "d1", ist("2026-03-03 12:00"), "1.00"))
			if test.settled != "" {
				h.settle(ist(test.settled))
			}
			h.take(about(payment.ToppedUp, "t2", "2026-03-03 19:00", "2.00"))
			err := h.try(payout("p1", "m1", "2026-03-03 20:00", test.payout))
			if test.taken != (err == nil) || err != nil && !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("payout of %s: %v, want taken %t", test.payout, err, test.taken)
			}
		})
	}
}

// What a batch has carried because it is too little to pay does not make good what a later window lacks
// where a batch of no movement may come in between and pay it: of what a reserve gives back.
func TestPayoutBeforeUnforeseenBatch(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]reserve.Plan{
		"withheld": {Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 3},
		"built":    {Kind: reserve.KindFixed, Rate: money.MustRate("10%"), Cap: new(minor("50.00")), EffectiveTo: date("2026-03-04"), AtEnd: reserve.EndRelease},
	} {
		plan.ID, plan.Version = "plan", "1"
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", name, closed), func(t *testing.T) {
				t.Parallel()
				schedule := india()
				schedule.MinPayout = minor("100.00")
				rules := rulesWith(schedule)
				rules.Plans = []reserve.Plan{plan}
				rules.Book.Plans = []merchant.PlanScope{{Plan: plan.ID, For: []merchant.Scope{{Region: "IN"}}}}
				h := open(t, rules)
				h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "500.00"))
				h.settle(ist("2026-03-02 18:00"))
				h.take(deposit("d2", "m1", ist("2026-03-03 12:00"), "60.00"))
				h.settle(ist("2026-03-03 18:00"))
				h.take(refund("r1", "d1", ist("2026-03-06 12:00"), "70.00"))
				h.take(about(payment.ToppedUp, "t1", "2026-03-06 20:00", "60.00"))
				if closed {
					batches := h.settle(ist("2026-03-05 18:00"))
					if len(batches) != 1 || batches[0].OpeningCarry.IsZero() || batches[0].AtClose != settlement.Closed {
						t.Errorf("batches %v, want one that pays what was carried", batches)
					}
				}
				h.twentyLeft()
			})
		}
	}
}

// twentyLeft has 30.00 paid in on 7 March, and finds that 20.00 may be paid out then and no more.
func (h *house) twentyLeft() {
	h.t.Helper()
	h.take(about(payment.ToppedUp, "t2", "2026-03-07 11:00", "30.00"))
	if err := h.try(payout("p1", "m1", "2026-03-07 12:00", "20.01")); !errors.Is(err, ledger.ErrInsufficientFunds) {
		h.t.Errorf("payout of more than 20.00: %v", err)
	}
	h.take(payout("p2", "m1", "2026-03-07 12:00", "20.00"))
	h.sound()
}

// Nor does it where the later window is of a schedule that pays whatever there is, or makes a receivable of what it lacks.
func TestPayoutBeforeUnforeseenBatchOfAPool(t *testing.T) {
	t.Parallel()
	for _, negative := range []merchant.Negative{"", merchant.NegativeDebit} {
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", negative, closed), func(t *testing.T) {
				t.Parallel()
				in, cards := india(), india()
				in.MinPayout = minor("100.00")
				cards.ID, cards.For, cards.Negative = "in-card", []merchant.Scope{{Region: "IN", Method: "CARD"}}, negative
				rules := rulesWith(in, cards)
				rules.Plans = []reserve.Plan{{
					ID: "fixed", Version: "1", Kind: reserve.KindFixed, Rate: money.MustRate("10%"), Cap: new(minor("50.00")),
					EffectiveTo: date("2026-03-04"), AtEnd: reserve.EndRelease,
				}}
				rules.Book.Plans = []merchant.PlanScope{{Plan: "fixed", For: []merchant.Scope{{Region: "IN"}}}}
				h := open(t, rules)
				h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "500.00"), card("c1", "2026-03-02 12:00", "80.00"))
				h.settle(ist("2026-03-02 18:00"))
				h.take(deposit("d2", "m1", ist("2026-03-03 12:00"), "60.00"))
				h.settle(ist("2026-03-03 18:00"))
				h.take(refund("r1", "c1", ist("2026-03-06 12:00"), "70.00"), about(payment.ToppedUp, "t1", "2026-03-06 20:00", "60.00"))
				if closed {
					if batches := h.settle(ist("2026-03-05 18:00")); len(batches) != 1 || batches[0].Net != minor("110.00") {
						t.Errorf("batches %v, want one that pays what was carried", batches)
					}
				}
				h.twentyLeft()
				h.settle(ist("2026-03-08 18:00"))
				if got := h.balance(payment.AvailablePath("m1"), inr()); got != "0.00" {
					t.Errorf("available is %s in the end, want 0.00", got)
				}
			})
		}
	}
}

// Nor does what a batch has kept, where the one that may come in between is of another schedule.
func TestPayoutBeforeUnforeseenBatchOfAnotherSchedule(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		t.Run(fmt.Sprint(closed), func(t *testing.T) {
			t.Parallel()
			in, cards := india(), india()
			in.MinBalance = minor("25.00")
			cards.ID, cards.For = "in-card", []merchant.Scope{{Region: "IN", Method: "CARD"}}
			h := open(t, reserving(rulesWith(in, cards), 3, "IN"))
			h.take(card("d1", "2026-03-02 12:00", "100.00"))
			h.settle(ist("2026-03-02 18:00"))
			h.take(deposit("d2", "m1", ist("2026-03-03 12:00"), "50.00"))
			h.settle(ist("2026-03-03 18:00"))
			h.take(refund("r1", "d2", ist("2026-03-06 12:00"), "40.00"), about(payment.ToppedUp, "t1", "2026-03-06 20:00", "30.00"))
			if closed {
				if batches := h.settle(ist("2026-03-05 18:00")); len(batches) != 1 || batches[0].Net != minor("35.00") {
					t.Errorf("batches %v, want one that pays what was kept", batches)
				}
			}
			h.twentyLeft()
		})
	}
}

// Nor does what has been carried where the merchant is leaving: a batch of no movement pays it.
func TestExchangeBeforeLastBatch(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		t.Run(fmt.Sprint(closed), func(t *testing.T) {
			t.Parallel()
			schedule := india()
			schedule.MinPayout = minor("100.00")
			h := open(t, rulesWith(schedule, daily("PK", "Asia/Karachi", "18:00")))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "500.00"), deposit("d2", "m1", ist("2026-03-03 12:00"), "60.00"))
			h.settle(ist("2026-03-03 18:00"))
			h.decides(payment.MerchantClose, ist("2026-03-04 12:00"))
			h.take(refund("r1", "d1", ist("2026-03-06 12:00"), "70.00"), about(payment.ToppedUp, "t1", "2026-03-06 20:00", "60.00"))
			if closed {
				if batches := h.settle(ist("2026-03-05 18:00")); len(batches) != 1 || batches[0].Net != minor("60.00") {
					t.Errorf("batches %v, want one that pays what was carried", batches)
				}
			}
			h.take(about(payment.ToppedUp, "t2", "2026-03-07 11:00", "30.00"))
			if err := h.sells("x1", "20.01", ist("2026-03-07 12:00")); !errors.Is(err, ledger.ErrInsufficientFunds) {
				t.Errorf("exchange of what is carried: %v", err)
			}
			if err := h.sells("x2", "20.00", ist("2026-03-07 12:00")); err != nil {
				t.Errorf("exchange of what is paid in since: %v", err)
			}
		})
	}
}

// sells exchanges available money of m1.
func (h *house) sells(id, amount string, at time.Time) error {
	return h.books.Do(context.Background(), &payment.Exchange{
		Rules: h.rules, ID: id, Merchant: "m1", Sold: inr(), Bought: pkr(), Amount: minor(amount), Actor: "ops", Instant: at,
		Quote: payment.Quote{ID: "q", Source: "treasury", Mid: money.MustRate("3.3"), Client: money.MustRate("3.2"), QuotedAt: at, ValidUntil: at},
	})
}

// Where batches make what is lacking a receivable, or carry it, by versions of a schedule: a payout
// that is taken when all are closed at the end is taken when each is closed in time, too, they pay
// the same, and as much is owed in the end. Where a job runs in between, or a window's grace ends
// behind what is paid in, a top-up may pay a debt that an earlier one would have gone to: then one
// batch pays more, and a later one less.
func TestPayoutsWhereDebtsAreMade(t *testing.T) {
	t.Parallel()
	tries, runs := tries{t}, 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; testing.Short() && runs > 30 {
			return
		}
		d := drawDays(t, true)
		first := &d.rules.Book.Schedules[0]
		first.MinPayout, first.Negative = money.Amount{}, merchant.NegativeDebit
		first.Timing.Grace = rapid.SampledFrom([]time.Duration{0, 3 * time.Hour}).Draw(t, "grace")
		for i, from := range []int{1, 3, 5} {
			s := *first
			s.Version, s.EffectiveFrom = fmt.Sprint(i+2), date("2026-03-06").AddDays(rapid.IntRange(from-1, from).Draw(t, "version from"))
			s.Negative = rapid.SampledFrom([]merchant.Negative{"", merchant.NegativeDebit, merchant.NegativeBlock}).Draw(t, "negative")
			s.MinBalance = minor(rapid.SampledFrom([]string{"0.00", "25.00", "300.00"}).Draw(t, "kept"))
			s.MinPayout = minor(rapid.SampledFrom([]string{"0.00", "40.00"}).Draw(t, "minimum"))
			if i == 0 || s.EffectiveFrom.After(d.rules.Book.Schedules[len(d.rules.Book.Schedules)-1].EffectiveFrom) {
				d.rules.Book.Schedules = append(d.rules.Book.Schedules, s)
			}
		}
		drawCards(t, &d)
		var refused []string
		owed := func(h *house) string { return h.balance(payment.MerchantReceivablePath("m1"), inr()) }
		var want []string
		var wantOwed, wantBlocks string
		tries.with(t, d.rules, func(h *house) {
			refused, want, wantOwed, wantBlocks = d.live(h, func(i int) bool { return d.events[i].ID == "e0" }), h.paid(), owed(h), h.blocks()
		})
		kept := days{rules: d.rules}
		for i := range d.events {
			if !slices.Contains(refused, d.events[i].ID) {
				kept.events = append(kept.events, d.events[i])
			}
		}
		tries.with(t, d.rules, func(h *house) {
			if refused := kept.live(h, func(int) bool { return true }); len(refused) > 0 {
				t.Fatalf("refused once batches are closed: %s", refused)
			}
			if diff := cmp.Diff(want, h.paid()); diff != "" {
				t.Fatalf("batches (-at the end +in time):\n%s", diff)
			}
			if got := owed(h); got != wantOwed {
				t.Fatalf("receivable is %s, settled at the end %s", got, wantOwed)
			}
			if diff := cmp.Diff(wantBlocks, h.blocks()); diff != "" {
				t.Fatalf("blocks (-at the end +in time):\n%s", diff)
			}
		})
	})
}

// drawCards may give what comes by card a schedule of its own, with a block where the other makes
// debts or the other way round, and has some of the refunds be of what came by card.
func drawCards(t *rapid.T, d *days) {
	if !rapid.Bool().Draw(t, "cards") {
		return
	}
	s := d.rules.Book.Schedules[0]
	s.ID, s.For = "in-card", []merchant.Scope{{Region: "IN", Method: "CARD"}}
	if rapid.Bool().Draw(t, "behind the other") {
		s.ID = "z-card"
	}
	s.Negative = rapid.SampledFrom([]merchant.Negative{merchant.NegativeDebit, merchant.NegativeBlock}).Draw(t, "negative of cards")
	d.rules.Book.Schedules = append(d.rules.Book.Schedules, s)
	d.events, d.runs = slices.Insert(d.events, 0, card("c", "2026-03-02 09:00", "1000.00")), slices.Insert(d.runs, 0, false)
	for i := range d.events {
		if e := &d.events[i]; e.Kind == payment.RefundCreated && rapid.Bool().Draw(t, "of a card") {
			e.Parent = "c"
		}
	}
}

// blocks tells when merchants were blocked, and what was paid in for it.
func (h *house) blocks() (text string) {
	h.t.Helper()
	for _, of := range records[*settlement.Blocks](h, settlement.BlockRecord) {
		for _, b := range of.Periods {
			text += fmt.Sprintf("%+v\n", b)
		}
	}
	return text
}

// days are events of some days, in order, of money that is available at once or has been
// long ago; and which windows are closed before each.
type days struct {
	rules  *payment.Rules
	events []payment.Event
	runs   []bool
}

// drawDays draws them. Where alone, nothing but movements and the schedule decides what
// batches carry.
func drawDays(t *rapid.T, alone bool) (d days) {
	s := india()
	s.MinBalance = minor(rapid.SampledFrom([]string{"0.00", "25.00", "300.00"}).Draw(t, "kept"))
	s.MinPayout = minor(rapid.SampledFrom([]string{"0.00", "40.00", "200.00"}).Draw(t, "minimum"))
	d.rules = rulesWith(s)
	if !alone {
		if rapid.Bool().Draw(t, "reserve") {
			reserving(d.rules, rapid.IntRange(3, 6).Draw(t, "reserve days"), "IN")
		}
		if rapid.Bool().Draw(t, "price") {
			charging(d.rules, fees.EventSettlement)
			d.rules.Fees[len(d.rules.Fees)-1].Components[0].Fixed = new(minor("5.00"))
		}
		drawPools(t, d.rules)
	}
	d.events = append(d.events, deposit("d", "m1", ist("2026-03-02 10:00"), "1000.00"))
	d.runs = append(d.runs, false)
	for i := range rapid.IntRange(3, 15).Draw(t, "events") {
		id, at := fmt.Sprint("e", i), ist("2026-03-06 10:00").AddDate(0, 0, i/3).Add(time.Duration(i%3)*time.Hour)
		var e payment.Event
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0:
			e = about(payment.ToppedUp, id, "2026-03-01 00:00", "1.00")
		case 1:
			e = refund(id, "d", at, "1.00")
		case 2:
			e = payout(id, "m1", "2026-03-01 00:00", "1.00")
		case 3:
			e = deposit(id, "m1", at, "1.00")
			if alone { // what is pending may not be there yet for the floor
				e = about(payment.ToppedUp, id, "2026-03-01 00:00", "1.00")
			}
		}
		e.OccurredAt, e.Amount = at, minor(fmt.Sprint(rapid.IntRange(1, 120).Draw(t, "amount")))
		d.events, d.runs = append(d.events, e), append(d.runs, i == 0 || rapid.Bool().Draw(t, "job before it"))
	}
	return d
}

// live books the events and closes windows where it is said, and tells which events were
// refused.
func (d *days) live(h *house, run func(i int) bool) (refused []string) {
	for i := range d.events {
		if run(i) {
			h.settle(d.events[i].OccurredAt)
		}
		if err := h.try(d.events[i]); err != nil {
			refused = append(refused, d.events[i].ID)
		}
	}
	h.settle(ist("2026-05-15 00:00"))
	return refused
}

// Where only movements and the schedule's terms decide what batches carry, the same payouts
// are taken and the same batches closed, whenever the job runs.
func TestPayoutsWheneverTheJobRuns(t *testing.T) {
	t.Parallel()
	tries, runs := tries{t}, 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; testing.Short() && runs > 30 {
			return
		}
		d := drawDays(t, true)
		var refused [2][]string
		var stories [2]string
		for i, run := range []func(int) bool{func(i int) bool { return i == 1 }, func(i int) bool { return d.runs[i] }} {
			tries.with(t, d.rules, func(h *house) {
				refused[i], stories[i] = d.live(h, run), h.story()
			})
		}
		if diff := cmp.Diff(refused[0], refused[1]); diff != "" {
			t.Fatalf("refused (-at the end +while time goes by):\n%s", diff)
		}
		if diff := cmp.Diff(stories[0], stories[1]); diff != "" {
			t.Fatalf("batches (-at the end +while time goes by):\n%s", diff)
		}
	})
}

// Whatever else decides: a payout that is taken before batches are closed, or with some of them closed,
// is taken after more of them are, too, and changes the same batches.
func TestPayoutsTakenEarlyAreTakenLate(t *testing.T) {
	t.Parallel()
	tries, runs := tries{t}, 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; testing.Short() && runs > 30 {
			return
		}
		d := drawDays(t, false)
		early := make([]bool, len(d.events)) // some of the jobs have run
		for i := range early {
			early[i] = d.runs[i] && rapid.Bool().Draw(t, "early, too")
		}
		var want string
		tries.with(t, d.rules, func(h *house) {
			refused := d.live(h, func(i int) bool { return early[i] })
			want = h.story()
			kept, run := days{rules: d.rules}, false
			for i := range d.events {
				run = run || d.runs[i]
				if !slices.Contains(refused, d.events[i].ID) {
					kept.events, kept.runs, run = append(kept.events, d.events[i]), append(kept.runs, run), false
				}
			}
			d = kept
		})
		tries.with(t, d.rules, func(h *house) {
			if refused := d.live(h, func(i int) bool { return d.runs[i] }); len(refused) > 0 {
				t.Fatalf("refused once batches are closed: %s", refused)
			}
			if diff := cmp.Diff(want, h.story()); diff != "" {
				t.Fatalf("batches (-at the end +while time goes by):\n%s", diff)
			}
		})
	})
}
