package payment_test

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// moves are all that may happen in a town. Each ends with something booked, refused
// or repeated; a new kind of event needs a move only if goesOn does not know it.
func (v *town) moves() []townMove {
	return []townMove{
		{"deposit", 5, v.deposit},
		{"deposit that begins", 2, v.begins},
		{"refund", 2, v.refund},
		{"the same refund", 1, v.sameRefund},
		{"dispute", 2, v.dispute},
		{"before its time", 1, v.beforeItsTime},
		{"payout", 3, v.payout},
		{"batch of payouts", 1, v.payoutBatch},
		{"release", 1, v.release},
		{"rail", 1, v.rail},
		{"no merchant's", 1, v.passes},
		{"draw", 1, v.draw},
		{"reserve decision", 1, v.decision},
		{"exchange", 1, v.exchange},
		{"adjustment", 1, v.adjustment},
		{"debt", 2, v.debt},
		{"goes on", 2, v.goesOn},
		{"goes on well", 12, v.goesOnWell},
		{"comes at last", 2, v.comesAtLast},
		{"told again", 1, v.toldAgain},
		{"day passes", 4, v.dayPasses},
		{"settle", 3, v.settle},
		{"merchant", 1, v.merchant},
	}
}

// townMove is one of them. The likelier it is, the more often it is made.
type townMove struct {
	name   string
	likely int
	does   func(*rapid.T)
}

// happens makes a move.
func (v *town) happens(rt *rapid.T) {
	moves := make(map[string]func(*rapid.T))
	var names []string
	for _, move := range v.moves() {
		if v.asTold && move.name == "draw" {
			continue
		}
		moves[move.name] = move.does
		names = append(names, slices.Repeat([]string{move.name}, move.likely)...)
	}
	move := anyOf(names).Draw(rt, "move")
	if v.asTold && slices.Contains([]string{"debt", "goes on", "goes on well", "comes at last"}, move) {
		v.settle(rt) // what is owed beside batches that wait, nobody can tell later
	}
	moves[move](rt)
}

// anyOf gives each of a list as often as any other; rapid.SampledFrom prefers the
// first ones.
func anyOf[T any](list []T) *rapid.Generator[T] {
	return rapid.Custom(func(rt *rapid.T) T {
		n := 0
		for range bits.Len(uint(len(list))) + 3 {
			n *= 2
			if rapid.Bool().Draw(rt, "bit") {
				n++
			}
		}
		return list[n%len(list)]
	})
}

// randomRules are those of a town.
func randomRules(rt *rapid.T) *payment.Rules {
	rules := terms()
	if rapid.Bool().Draw(rt, "pools") {
		rules = secured()
		for i := range rules.Plans[1:] {
			rules.Plans[i+1].Cap = new(money.Minor(rapid.Int64Range(0, 20_000).Draw(rt, "cap of a pool")))
		}
	}
	abroad(rules)
	rules.CreateMerchants = true
	rules.Plans[0].Days = anyOf([]int{reserve.DaysMin, 10, 90}).Draw(rt, "days held")
	if rapid.Bool().Draw(rt, "capped") {
		rules.Plans[0].Cap = new(money.Minor(rapid.Int64Range(0, 70_000).Draw(rt, "cap")))
	}
	if rapid.Bool().Draw(rt, "another plan") {
		rules.Plans = append(rules.Plans, reserve.Plan{ID: "fifth", Version: "1", Kind: reserve.KindRolling, Rate: money.MustRate("20%"), Days: 30})
		rules.Book.Plans = append(rules.Book.Plans, merchant.PlanScope{Plan: "fifth", For: []merchant.Scope{{Merchant: hand}}})
	}
	for i := range rules.Plans {
		if anyOf([]bool{false, false, true}).Draw(rt, "ends") {
			rules.Plans[i].EffectiveTo = date("2026-03-02").AddDays(rapid.IntRange(0, 40).Draw(rt, "on day"))
			rules.Plans[i].AtEnd = anyOf([]reserve.AtEnd{reserve.EndKeep, reserve.EndRelease}).Draw(rt, "at its end")
		}
	}
	for i := range rules.Book.Schedules {
		s := &rules.Book.Schedules[i]
		s.Version = "drawn"
		s.Timing.Grace = anyOf([]time.Duration{0, 0, time.Hour, 30 * time.Hour}).Draw(rt, "grace")
		s.Timing.Delay.N = rapid.IntRange(0, 2).Draw(rt, "delay")
		s.MinPayout = money.Minor(anyOf([]int64{0, 0, 100_000}).Draw(rt, "minimum"))
	}
	everywhere := []merchant.Scope{{}}
	if rapid.Bool().Draw(rt, "draws on reserves") {
		rules.DrawReserve = everywhere
	}
	if rapid.Bool().Draw(rt, "pays twice") {
		rules.PayTwice = everywhere
	}
	if rapid.Bool().Draw(rt, "nets") {
		rules.Rails = netting().Rails
	}
	if rapid.Bool().Draw(rt, "refunds what succeeds late") {
		rules.LateSuccess = []payment.LateRule{{Policy: payment.LateRefund, For: everywhere}}
	}
	if rapid.Bool().Draw(rt, "withholds") {
		rules.Withholding = taxing().Withholding
	}
	for i := range rules.Fees {
		if rules.Fees[i].Match.Event != fees.EventPayout && rapid.Bool().Draw(rt, "invoices") {
			rules.Fees[i].Charge = fees.ChargeGross
		}
	}
	if rapid.Bool().Draw(rt, "adjusts alone") {
		rules.ApproveAbove = map[money.Currency]money.Amount{inr(): rs("2000.00")}
	}
	if rapid.Bool().Draw(rt, "cautious") {
		rules.Payouts = cautious().Payouts
		rules.Payouts[0].ApproveAbove[inr()] = anyOf([]money.Amount{{}, rs("200.00")}).Draw(rt, "approve above")
		rules.Payouts[0].Queue = rapid.Bool().Draw(rt, "queues")
	}
	return rules
}

// abroad is a second region.
func abroad(rules *payment.Rules) {
	rules.Book.Regions = append(rules.Book.Regions, merchant.Region{ID: "PK", Currencies: []money.Currency{pkr()}, Bank: "escrow_pk"})
	rules.Book.Schedules[0].For = append(rules.Book.Schedules[0].For, merchant.Scope{Region: "PK"})
	for _, event := range []fees.Event{fees.EventCapture, fees.EventDispute, fees.EventPayout} {
		fee := price(string(event)+"-pk", event, fees.Component{Rate: money.MustRate("1%")})
		fee.Match.Currency = pkr()
		rules.Fees = append(rules.Fees, fee)
	}
}

// command books an event.
func (v *town) command(e payment.Event) (c ledger.Command, repeated func() bool) {
	if e = e.Normalize(); e.Kind.OfBatch() {
		move := &settlement.Move{Rules: v.rules, Event: e}
		return move, func() bool { return move.Repeated }
	}
	handle := &payment.Handle{Rules: v.rules, Event: e}
	return handle, func() bool { return handle.Repeated }
}

// do books an event; errRepeated says that it was booked before.
func (v *town) do(rt *rapid.T, e payment.Event) error {
	c, repeated := v.command(e)
	err := v.Books().Do(rt.Context(), c)
	if err == nil && repeated() {
		return errRepeated
	}
	return err
}

// refused tells a refusal from a failure.
func refused(err error) bool {
	var at *payment.FieldError
	return errors.As(err, &at) || errors.Is(err, ledger.ErrInsufficientFunds)
}

// tell reports an event. One that is refused must change nothing; which is which is
// for other tests. It may come again.
func (v *town) tell(rt *rapid.T, e payment.Event) {
	err := v.do(rt, e)
	switch {
	case err == nil:
		v.accepted = append(v.accepted, e)
		return
	case errors.Is(err, errRepeated):
	case refused(err):
		v.waiting = append(v.waiting, e)
	default:
		rt.Fatalf("%s %s: %v", e.Kind, e.ID, err)
	}
	v.unchanged(rt, fmt.Sprintf("%s %s, told with %v,", e.Kind, e.ID, err))
}

// when is an instant of now, or of some time ago.
func (v *town) when(rt *rapid.T) time.Time {
	if !anyOf([]bool{false, false, false, true}).Draw(rt, "late") {
		return v.now
	}
	return v.now.Add(-time.Duration(rapid.IntRange(1, 14_400).Draw(rt, "minutes late")) * time.Minute)
}

// fresh is an event that opens a resource, a while after the one before.
func (v *town) fresh(rt *rapid.T, kind payment.Kind) payment.Event {
	v.now = v.now.Add(time.Duration(rapid.IntRange(0, 600).Draw(rt, "minutes")) * time.Minute)
	v.ids++
	return payment.Event{
		Kind: kind, ID: fmt.Sprintf("x%d", v.ids), OccurredAt: v.when(rt), Currency: someCurrency(rt), Amount: someMoney(rt), ReasonCode: "because",
		RailRef: anyOf([]string{"", "ref"}).Draw(rt, "reference"),
	}
}

func someCurrency(rt *rapid.T) money.Currency {
	return anyOf([]money.Currency{inr(), inr(), inr(), pkr()}).Draw(rt, "currency")
}

// someMoney is a little or more.
func someMoney(rt *rapid.T) money.Amount {
	least := anyOf([]int64{1, 20_000, 100_000, 250_000, 500_000}).Draw(rt, "at least")
	return money.Minor(rapid.Int64Range(least, least+9_999).Draw(rt, "amount"))
}

// shop is one of the merchants.
func (v *town) shop(rt *rapid.T) string { return anyOf(v.shops).Draw(rt, "merchant") }

func (v *town) newDeposit(rt *rapid.T, kind payment.Kind) payment.Event {
	e := v.fresh(rt, kind)
	e.Merchant = anyOf(append(slices.Clip(v.shops), "stranger")).Draw(rt, "merchant")
	e.Method = anyOf([]string{"UPI", "CARD"}).Draw(rt, "method")
	return e
}

func (v *town) deposit(rt *rapid.T) { v.tell(rt, v.newDeposit(rt, payment.DepositCaptured)) }

// begins is a deposit that is not captured yet.
func (v *town) begins(rt *rapid.T) { v.tell(rt, v.newDeposit(rt, payment.DepositCreated)) }

// opensDeposit tells an event that brings a deposit into being.
func opensDeposit(e payment.Event) bool {
	return e.Kind == payment.DepositCreated || e.Kind == payment.DepositCaptured
}

// deposits are what brought those into being that there are.
func (v *town) deposits() (booked []payment.Event) {
	for _, e := range v.accepted {
		if opensDeposit(e) {
			booked = append(booked, e)
		}
	}
	return booked
}

// of makes an event be about a deposit, mostly one that can bear it.
func (v *town) of(rt *rapid.T, e payment.Event) payment.Event {
	e.Parent = "nobody"
	if deposits := v.deposits(); len(deposits) > 0 {
		return v.about(rt, e, anyOf(deposits).Draw(rt, "deposit"))
	}
	return e
}

func (v *town) about(rt *rapid.T, e, deposit payment.Event) payment.Event {
	e.Parent, e.Currency = deposit.ID, deposit.Currency
	if amount, _ := deposit.Amount.Int64(); anyOf([]bool{true, true, true, false}).Draw(rt, "fits") {
		e.Amount = money.Minor(rapid.Int64Range(1, amount).Draw(rt, "part"))
	}
	return e
}

func (v *town) refund(rt *rapid.T) { v.tell(rt, v.of(rt, v.fresh(rt, payment.RefundCreated))) }

// sameRefund is another refund of as much of the same deposit.
func (v *town) sameRefund(rt *rapid.T) {
	i := slices.IndexFunc(v.accepted, func(e payment.Event) bool { return e.Kind == payment.RefundCreated })
	if i < 0 {
		v.refund(rt)
		return
	}
	e := v.fresh(rt, payment.RefundCreated)
	e.Parent, e.Currency, e.Amount = v.accepted[i].Parent, v.accepted[i].Currency, v.accepted[i].Amount
	v.tell(rt, e)
}

func (v *town) dispute(rt *rapid.T) { v.tell(rt, v.of(rt, v.fresh(rt, payment.DisputeOpened))) }

// beforeItsTime tells something about a deposit that nobody has told of yet.
func (v *town) beforeItsTime(rt *rapid.T) {
	deposit := v.newDeposit(rt, payment.DepositCaptured)
	v.waiting = append(v.waiting, deposit)
	v.tell(rt, v.about(rt, v.fresh(rt, anyOf([]payment.Kind{payment.RefundCreated, payment.DisputeOpened}).Draw(rt, "kind")), deposit))
}

// comesAtLast tells something that was refused, or has not been told so far.
func (v *town) comesAtLast(rt *rapid.T) {
	if len(v.waiting) == 0 {
		return
	}
	i := rapid.IntRange(0, len(v.waiting)-1).Draw(rt, "which")
	e := v.waiting[i]
	v.waiting = slices.Delete(v.waiting, i, i+1)
	v.tell(rt, e)
}

func (v *town) newPayout(rt *rapid.T) payment.Event {
	e := v.fresh(rt, payment.PayoutRequested)
	e.Merchant, e.Method = v.shop(rt), "IMPS"
	e.Actor = anyOf([]string{"", "anna", "anna", "bert"}).Draw(rt, "actor")
	least := anyOf([]int64{1, 2_000, 20_000, 200_000}).Draw(rt, "at least")
	e.Amount = money.Minor(rapid.Int64Range(least, least+9_999).Draw(rt, "amount"))
	return e
}

func (v *town) payout(rt *rapid.T) { v.tell(rt, v.newPayout(rt)) }

// payoutBatch has a batch of payouts taken, and once more, which changes nothing.
func (v *town) payoutBatch(rt *rapid.T) {
	var items []payment.Event
	for range rapid.IntRange(1, 4).Draw(rt, "payouts") {
		items = append(items, v.newPayout(rt))
	}
	v.ids++
	order := settlex.PayoutOrder{
		ID: fmt.Sprintf("b%d", v.ids), Mode: anyOf([]payment.PayoutMode{payment.PayoutsIndependent, payment.PayoutsAll}).Draw(rt, "mode"),
		Items: func(yield func(payment.Event, error) bool) { errless(items)(yield) },
	}
	take := func() (results []payment.PayoutResult) {
		order.Result = func(r payment.PayoutResult) error {
			results = append(results, r)
			return nil
		}
		b, err := v.PayoutBatch(rt.Context(), order)
		must(rt, err)
		if b.Decided != len(items) || len(results) != len(items) {
			rt.Fatalf("%d of %d payouts are decided, %d results", b.Decided, len(items), len(results))
		}
		return results
	}
	v.store.tries = true // one that is taken whole is rolled back when a payout is refused
	defer func() { v.store.tries = false }()
	results := take()
	for i, r := range results {
		if r.Outcome == payment.PayoutWasBooked || r.Outcome == payment.PayoutWasQueued {
			v.accepted = append(v.accepted, items[i])
		}
	}
	v.saves = v.store.saves
	if again := take(); !slices.Equal(results, again) {
		rt.Fatalf("a batch with results %+v has %+v again", results, again)
	}
	v.unchanged(rt, "the same batch of payouts again")
}

func errless(events []payment.Event) iter.Seq2[payment.Event, error] {
	return func(yield func(payment.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// release lets the first of a queue go, if there is money for it.
func (v *town) release(rt *rapid.T) {
	queues, err := payment.PayoutQueues(rt.Context(), v.reader)
	must(rt, err)
	if len(queues) == 0 {
		return
	}
	queue := anyOf(queues).Draw(rt, "queue")
	places, err := payment.PayoutPlaces(rt.Context(), v.reader, queue.Merchant, queue.Currency, 1)
	must(rt, err)
	release := &payment.Release{Rules: v.rules, Queue: queue, Place: places[0], Instant: v.now}
	must(rt, v.Books().Do(rt.Context(), release))
	if release.Released == (v.store.saves == v.saves) {
		rt.Fatalf("released: %t, saved %d times", release.Released, v.store.saves-v.saves)
	}
	v.saves = v.store.saves
	must(rt, v.Books().Do(rt.Context(), release)) // again: the queue is another one
	if release.Released {
		rt.Fatal("released twice")
	}
	v.unchanged(rt, "a second release")
}

func (v *town) rail(rt *rapid.T) {
	e := v.fresh(rt, payment.RailSettled)
	e.Rail = anyOf([]string{"upi", "card"}).Draw(rt, "rail")
	e.Cost = money.Minor(rapid.Int64Range(0, 1000).Draw(rt, "cost"))
	e.CostTax = money.Minor(rapid.Int64Range(0, 180).Draw(rt, "cost tax"))
	v.tell(rt, e)
}

// passes is money that is no merchant's.
func (v *town) passes(rt *rapid.T) {
	e := v.fresh(rt, anyOf([]payment.Kind{
		payment.RailCharged, payment.RailInvoiced, payment.RailInvoiceNetted, payment.BankCredit, payment.BankDebit, payment.FeesMoved, payment.Opened,
	}).Draw(rt, "kind"))
	e.Rail = anyOf([]string{"upi", "card"}).Draw(rt, "rail")
	if e.Kind == payment.RailInvoiced || e.Kind == payment.RailInvoiceNetted {
		e.CostTax = money.Minor(rapid.Int64Range(0, 180).Draw(rt, "cost tax"))
	}
	v.tell(rt, e)
}

// gone is a merchant who had a deposit, was settled up and closed, if nothing is owed
// any more: what happens to the deposit afterwards is booked all the same.
func (v *town) gone(rt *rapid.T) {
	const shop = "gone"
	e := payment.Event{
		Kind: payment.DepositCaptured, ID: "of-gone", OccurredAt: v.now, Merchant: shop, Currency: inr(), Amount: rs("5000.00"), Method: "UPI",
	}
	v.tell(rt, e)
	for range 2 { // the deposit, and what was withheld of it
		v.now = v.now.AddDate(0, 0, v.rules.Plans[0].Days+4)
		paid := len(v.batches)
		v.settle(rt)
		for _, id := range v.batches[paid:] {
			for _, kind := range []payment.Kind{payment.BatchSent, payment.BatchPaid} {
				v.saves = v.store.saves
				v.tell(rt, payment.Event{Kind: kind, ID: id, OccurredAt: v.now, Rail: "imps"})
			}
		}
	}
	_, err := v.DecideMerchant(rt.Context(), payment.MerchantDecision{Act: payment.MerchantClose, ID: shop, Actor: "ops", Reason: "gone", Instant: v.now})
	must(rt, err)
	_, err = v.CloseOut(rt.Context())
	must(rt, err)
	v.shops = append(v.shops, shop)
}

// exchange turns money of a merchant into another currency, and once more, which
// changes nothing.
func (v *town) exchange(rt *rapid.T) {
	v.ids++
	x := &payment.Exchange{
		Rules: v.rules, ID: fmt.Sprintf("x%d", v.ids), Merchant: v.shop(rt), Sold: inr(), Bought: pkr(), Amount: someMoney(rt), Actor: "ops", Instant: v.now,
		Quote: payment.Quote{
			ID: "q", Source: "treasury", Mid: money.MustRate("3.31972"), Client: anyOf([]money.Rate{money.MustRate("3.3"), money.MustRate("3.31972")}).Draw(rt, "client"),
			QuotedAt: v.now, ValidUntil: v.now,
		},
	}
	if rapid.Bool().Draw(rt, "back") {
		x.Sold, x.Bought = x.Bought, x.Sold
	}
	for _, again := range []bool{false, true} {
		err := v.Books().Do(rt.Context(), x)
		if err != nil && !refused(err) {
			rt.Fatal(err)
		}
		if err == nil && x.Repeated != again {
			rt.Fatalf("exchange %s again: %t, repeated: %t", x.ID, again, x.Repeated)
		}
		if err != nil || again {
			v.unchanged(rt, fmt.Sprintf("an exchange, with %v,", err))
		}
		v.saves = v.store.saves
	}
}

func (v *town) adjustment(rt *rapid.T) {
	e := v.fresh(rt, anyOf([]payment.Kind{payment.AdjustmentCredit, payment.AdjustmentDebit}).Draw(rt, "direction"))
	e.Merchant, e.Actor, e.ReasonCode = v.shop(rt), maker, "sorry"
	v.tell(rt, e)
}

// debt is something about what a merchant owes, or may owe.
func (v *town) debt(rt *rapid.T) {
	kinds := []payment.Kind{payment.DebtReclassified, payment.ToppedUp, payment.WriteOffRequested, payment.FeesDeducted}
	e := v.fresh(rt, anyOf(kinds).Draw(rt, "kind"))
	e.Merchant = v.shop(rt)
	if e.Kind == payment.WriteOffRequested {
		e.Actor, e.ReasonCode = maker, "gone"
	}
	switch e.Kind {
	case payment.ToppedUp:
	case payment.FeesDeducted:
		e.Actor, e.Amount = maker, money.Minor(rapid.Int64Range(1, 10_000).Draw(rt, "of the fees"))
	default:
		e = v.owed(rt, e)
	}
	v.tell(rt, e)
}

// owed makes the event be about a part of what its merchant owes, where it owes.
func (v *town) owed(rt *rapid.T, e payment.Event) payment.Event {
	account, _, err := v.Books().Account(rt.Context(), payment.AvailablePath(e.Merchant), e.Currency)
	must(rt, err)
	debit, err := account.Net(ledger.Debit)
	must(rt, err)
	if owed, ok := debit.Int64(); ok && owed > 0 {
		e.Amount = money.Minor(rapid.Int64Range(1, owed).Draw(rt, "of what is owed"))
	}
	return e
}

// draw takes something out of the reserve of a deposit, or puts something back, as
// refunds and disputes do by the way.
func (v *town) draw(rt *rapid.T) {
	e := v.of(rt, v.fresh(rt, payment.RefundCreated))
	amount := money.Minor(rapid.Int64Range(1, 100_000).Draw(rt, "most"))
	c := &payment.Draw{Handle: payment.Handle{Rules: v.rules, Event: e.Normalize()}, Back: amount}
	if rapid.IntRange(0, 2).Draw(rt, "draws") > 0 {
		c.Most, c.Back = amount, money.Amount{}
	}
	if err := v.Books().Do(rt.Context(), c); err != nil {
		if !refused(err) {
			rt.Fatal(err)
		}
		v.unchanged(rt, "a draw that was refused")
		return
	}
	if c.Did.Sign() < 0 || c.Did.Cmp(amount) > 0 {
		rt.Fatalf("moved %s of %s", c.Did, amount)
	}
}

// decision is somebody's about a reserve.
func (v *town) decision(rt *rapid.T) {
	e := v.fresh(rt, anyOf([]payment.Kind{payment.ReserveRelease, payment.ReserveBuild, payment.ReserveReturn}).Draw(rt, "decision"))
	e.ReasonCode, e.Actor = "decided", "anna"
	e.Amount = money.Minor(rapid.Int64Range(1, 10_000).Draw(rt, "amount"))
	if e.Kind == payment.ReserveRelease {
		amount := e.Amount
		e = v.of(rt, e)
		e.Amount = amount
	} else {
		e.Merchant = v.shop(rt)
		e.Parent = anyOf([]string{"security", "floor"}).Draw(rt, "plan")
	}
	if e.Kind != payment.ReserveBuild && rapid.Bool().Draw(rt, "whole") {
		e.Amount = money.Amount{}
	}
	v.tell(rt, e)
}

// goesOn tells a further event of a resource, possible or not, or of one that
// nobody knows.
func (v *town) goesOn(rt *rapid.T) {
	resource := anyOf(payment.Resources()).Draw(rt, "resource")
	births, next := kindsOf(resource)
	if len(next) == 0 {
		return
	}
	ids := []string{"nobody"}
	for _, e := range append(slices.Clip(v.accepted), v.waiting...) {
		if slices.Contains(births, e.Kind) {
			ids = append(ids, e.ID)
		}
	}
	if resource == settlement.BatchRecord {
		ids = append(ids, v.batches...)
	}
	v.tell(rt, v.later(rt, anyOf(next).Draw(rt, "kind"), anyOf(ids).Draw(rt, "which")))
}

// movesOf is the transition table of a kind of resource.
func movesOf(resource string) []payment.Move {
	if resource == settlement.BatchRecord {
		return settlement.Moves()
	}
	return payment.Moves(resource)
}

// kindsOf parts the kinds of a resource's events that are reported: those that open
// it from the others.
func kindsOf(resource string) (births, next []payment.Kind) {
	for _, move := range movesOf(resource) {
		switch {
		case move.From == "":
			births = append(births, move.On)
		case slices.Contains(payment.Kinds(), move.On) && !slices.Contains(next, move.On):
			next = append(next, move.On)
		}
	}
	return births, next
}

// possible are the kinds of event that the table has for a resource as it stands.
func (v *town) possible(ref ledger.Ref) (kinds []payment.Kind) {
	for _, move := range movesOf(ref.Kind) {
		if move.From == v.status[ref] && slices.Contains(payment.Kinds(), move.On) {
			kinds = append(kinds, move.On)
		}
	}
	return kinds
}

// goesOnWell tells further events of some resource, one after another, that its
// table has for it as it stands.
func (v *town) goesOnWell(rt *rapid.T) {
	open := make(map[string][]ledger.Ref)
	for ref := range v.status {
		if len(v.possible(ref)) > 0 {
			open[ref.Kind] = append(open[ref.Kind], ref)
		}
	}
	if len(open) > 1 && anyOf([]bool{true, true, true, false}).Draw(rt, "no deposit") { // or few would be left
		delete(open, payment.DepositRecord)
	}
	if len(open) == 0 {
		return
	}
	refs := open[anyOf(slices.Sorted(maps.Keys(open))).Draw(rt, "resource")]
	slices.SortFunc(refs, func(a, b ledger.Ref) int { return cmp.Compare(a.ID, b.ID) })
	ref := anyOf(refs).Draw(rt, "which")
	for range anyOf([]int{1, 2, 4}).Draw(rt, "events") {
		kinds := v.possible(ref)
		if len(kinds) == 0 {
			return
		}
		v.tell(rt, v.later(rt, anyOf(kinds).Draw(rt, "kind"), ref.ID))
		v.check(rt)
	}
}

// later is a further event of a resource.
func (v *town) later(rt *rapid.T, kind payment.Kind, id string) payment.Event {
	v.now = v.now.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "minutes")) * time.Minute)
	e := payment.Event{Kind: kind, ID: id, OccurredAt: v.when(rt)}
	switch kind {
	case payment.AdjustmentApproved, payment.AdjustmentRejected, payment.WriteOffApproved, payment.WriteOffRejected:
		e.Actor, e.ReasonCode = anyOf([]string{checker, checker, maker}).Draw(rt, "actor"), "looked at"
	case payment.DisputeWon, payment.DisputeDebited, payment.DisputeCredited:
		if rapid.Bool().Draw(rt, "in part") {
			e.Currency, e.Amount = v.currencyOf(id), someMoney(rt)
		}
	case payment.DepositCaptured:
		if i := slices.IndexFunc(v.accepted, func(e payment.Event) bool { return opensDeposit(e) && e.ID == id }); i >= 0 {
			opened := v.accepted[i]
			e.Merchant, e.Currency, e.Amount, e.Method = opened.Merchant, opened.Currency, opened.Amount, opened.Method
		}
	case payment.BatchSent:
		e.Rail = anyOf([]string{"imps", "neft"}).Draw(rt, "rail")
	case payment.BatchCanceled:
		e.ReasonCode = "closed_account"
	case payment.BatchHeld, payment.BatchReleased, payment.BatchRetried, payment.BatchApproved:
		e.Actor, e.ReasonCode = anyOf([]string{"anna", "bert"}).Draw(rt, "actor"), "looked at"
	case payment.PayoutApproved, payment.PayoutRejected:
		e.Actor = anyOf([]string{"anna", "bert"}).Draw(rt, "actor")
	}
	return e
}

// currencyOf is that of a resource.
func (v *town) currencyOf(id string) money.Currency {
	if i := slices.IndexFunc(v.accepted, func(e payment.Event) bool { return e.ID == id }); i >= 0 {
		return v.accepted[i].Currency
	}
	return inr()
}

// toldAgain repeats an event: nothing may change.
func (v *town) toldAgain(rt *rapid.T) {
	if len(v.accepted) == 0 {
		return
	}
	v.again(rt, anyOf(v.accepted).Draw(rt, "event"))
	v.unchanged(rt, "an event told again")
}

func (v *town) again(rt *rapid.T, e payment.Event) {
	if err := v.do(rt, e); !errors.Is(err, errRepeated) {
		rt.Fatalf("%s %s again: %v", e.Kind, e.ID, err)
	}
}

// everythingAgain repeats every event, in any order: nothing may change.
func (v *town) everythingAgain(rt *rapid.T) {
	v.now = v.now.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "days later")) * 24 * time.Hour)
	v.saves = v.store.saves
	if len(v.accepted) > 0 {
		for _, e := range rapid.Permutation(v.accepted).Draw(rt, "all again") {
			v.again(rt, e)
		}
	}
	v.unchanged(rt, "all events told again")
}

// dayPasses makes available what is due, as a job would, or does not.
func (v *town) dayPasses(rt *rapid.T) {
	if v.now.After(at("2026-11-15 00:00")) { // the calendars end with the year
		return
	}
	v.now = v.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(rt, "days")) * 24 * time.Hour)
	if rapid.Bool().Draw(rt, "job runs") {
		for _, c := range []money.Currency{inr(), pkr()} {
			must(rt, v.Books().Do(rt.Context(), &payment.Mature{Merchant: hand, Currency: c, On: calendar.DateOf(v.now, kolkata()), Instant: v.now}))
		}
	}
}

// settle has the job run, and once more, which changes nothing.
func (v *town) settle(rt *rapid.T) {
	_, err := v.Settle(rt.Context(), calendar.Date{}, func(b *settlement.Batch) { v.batches = append(v.batches, b.ID) })
	must(rt, err)
	v.saves = v.store.saves
	again, err := v.Settle(rt.Context(), calendar.Date{}, nil)
	must(rt, err)
	if again != (settlex.Settled{}) {
		rt.Fatalf("settling again: %+v", again)
	}
	v.unchanged(rt, "settling again")
}

// merchant decides something about a merchant, or closes those to whom nothing is
// owed; and once more, which changes nothing.
func (v *town) merchant(rt *rapid.T) {
	decide := v.decides(rt)
	if rapid.Bool().Draw(rt, "closes out") {
		decide = func() error {
			_, err := v.CloseOut(rt.Context())
			return err
		}
	}
	for _, again := range []bool{false, true} {
		err := decide()
		if err != nil && !refused(err) {
			rt.Fatal(err)
		}
		if err != nil || again {
			v.unchanged(rt, fmt.Sprintf("what was decided about a merchant, with %v,", err))
		}
		v.saves = v.store.saves
	}
}

// decides is a decision about a merchant.
func (v *town) decides(rt *rapid.T) func() error {
	d := payment.MerchantDecision{
		Act: anyOf([]payment.MerchantAct{
			payment.MerchantCreate, payment.MerchantChange, payment.MerchantSuspend, payment.MerchantResume, payment.MerchantResume, payment.MerchantClose,
		}).Draw(rt, "act"),
		ID:    anyOf(append(slices.Clip(v.shops[1:]), "shop")).Draw(rt, "merchant"), // m goes on
		Actor: "ops", Reason: "decided", Instant: v.now,
	}
	if d.Act == payment.MerchantChange || d.Act == payment.MerchantCreate {
		d.Terms.Name = anyOf([]string{"", "Corner", "Market"}).Draw(rt, "name")
	}
	return func() error {
		_, err := v.DecideMerchant(rt.Context(), d)
		if err == nil && !slices.Contains(v.shops, d.ID) {
			v.shops = append(v.shops, d.ID)
		}
		return err
	}
}
