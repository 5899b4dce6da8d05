package settlement_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/storetest"
)

// history is some weeks of several merchants under some configuration: events
// in the order in which they are booked, which is nearly that of their instants.
type history struct {
	rules  *payment.Rules
	events []payment.Event
	wishes []wish
	end    time.Time // every window of every event is over
}

// histories draws one. inOrder leaves out events whose outcome depends on what
// the job has done by then: those that come late, and what is paid in, which pays a debt
// that a batch has made.
func histories(inOrder bool) *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		h := history{rules: drawRules(t), end: ist("2026-05-15 00:00")}
		instants := instantsNear(h.rules)
		for i := range rapid.IntRange(3, 25).Draw(t, "deposits") {
			h.events = append(h.events, drawDeposit(t, i, instants))
		}
		for i := range rapid.IntRange(0, 15).Draw(t, "follow-ups") {
			h.events = append(h.events, drawFollowUp(t, i, h.events)...)
		}
		slices.SortStableFunc(h.events, func(a, b payment.Event) int { return a.OccurredAt.Compare(b.OccurredAt) })
		if inOrder {
			h.events = slices.DeleteFunc(h.events, func(e payment.Event) bool { return e.Kind == payment.ToppedUp })
			h.wishes = drawWishes(t, h.events, "m4") // who may be settled by hand
			return h
		}
		for range rapid.IntRange(0, 6).Draw(t, "late ones") {
			from := rapid.IntRange(0, len(h.events)-1).Draw(t, "late")
			to := rapid.IntRange(from, len(h.events)-1).Draw(t, "booked behind")
			late := h.events[from]
			h.events = slices.Insert(slices.Delete(h.events, from, from+1), to, late)
		}
		h.wishes = drawWishes(t, h.events)
		return h
	})
}

func drawRules(t *rapid.T) *payment.Rules {
	in, pk := daily("IN", "Asia/Kolkata", "00:00"), daily("PK", "Asia/Karachi", "00:00")
	card, byHand := in, in
	card.ID, card.For = "in-card", []merchant.Scope{{Region: "IN", Method: "CARD"}}
	byHand.ID, byHand.For = "by-hand", []merchant.Scope{{Merchant: "m4"}}
	schedules := []*merchant.Schedule{&in, &pk, &card, &byHand}
	for _, s := range schedules {
		drawTerms(t, s, s == &byHand)
	}
	rules := priced(rulesWith(in, pk))
	for _, event := range []fees.Event{fees.EventSettlement, fees.EventInstant} {
		if rapid.IntRange(0, 2).Draw(t, "price of "+string(event)) > 0 {
			charging(rules, event)
			rules.Fees[len(rules.Fees)-1].Components[0].Fixed = new(minor("0.25"))
		}
	}
	for _, s := range []merchant.Schedule{card, byHand} {
		if rapid.IntRange(0, 3).Draw(t, "schedule "+s.ID) > 0 {
			rules.Book.Schedules = append(rules.Book.Schedules, s)
		}
	}
	for _, s := range rules.Book.Schedules { // as many again come while it lasts
		if rapid.IntRange(0, 3).Draw(t, "second version of "+s.ID) == 0 {
			s.Version, s.EffectiveFrom = "2", date("2026-03-01").AddDays(rapid.IntRange(5, 20).Draw(t, "in force from"))
			drawTerms(t, &s, s.ID == byHand.ID)
			rules.Book.Schedules = append(rules.Book.Schedules, s)
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "reserve") > 0 {
		reserving(rules, rapid.IntRange(3, 6).Draw(t, "reserve days"), "IN")
		if rapid.Bool().Draw(t, "it ends") {
			rules.Plans[0].EffectiveTo = date("2026-03-01").AddDays(rapid.IntRange(0, 25).Draw(t, "last day"))
			rules.Plans[0].AtEnd = rapid.SampledFrom([]reserve.AtEnd{"", reserve.EndRelease}).Draw(t, "at its end")
		}
	}
	drawPools(t, rules)
	rules.ApproveAbove = map[money.Currency]money.Amount{inr(): minor("1000000.00"), pkr(): minor("1000000.00")}
	return rules
}

// drawTerms gives a schedule timing and terms, or one that is settled by hand.
func drawTerms(t *rapid.T, s *merchant.Schedule, byHand bool) {
	s.Timing = drawTiming(t, s.Timing.Zone, byHand)
	s.MinPayout = minor(rapid.SampledFrom([]string{"0.00", "0.00", "40.00"}).Draw(t, "minimum"))
	s.MinBalance = minor(rapid.SampledFrom([]string{"0.00", "0.00", "25.00"}).Draw(t, "kept"))
	s.MaxPayout = minor(rapid.SampledFrom([]string{"0.00", "0.00", "30.00"}).Draw(t, "largest"))
	s.Hold, s.ApproveAbove = nil, nil
	if rapid.IntRange(0, 3).Draw(t, "held") == 0 {
		s.Hold = &merchant.ScheduleHold{Reason: "review"}
		if rapid.Bool().Draw(t, "it is over") {
			s.Hold.Until = date("2026-03-01").AddDays(rapid.IntRange(0, 30).Draw(t, "until"))
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "approved") == 0 {
		s.ApproveAbove = new(minor("20.00"))
	}
	s.Negative = rapid.SampledFrom([]merchant.Negative{"", merchant.NegativeDebit, merchant.NegativeBlock}).Draw(t, "negative")
}

// drawPools adds fixed and minimum reserves, with versions and ends.
func drawPools(t *rapid.T, rules *payment.Rules) {
	for _, kind := range []reserve.Kind{reserve.KindFixed, reserve.KindMinimum} {
		versions := rapid.IntRange(0, 2).Draw(t, "versions of "+string(kind))
		for v := range versions {
			p := reserve.Plan{
				ID: string(kind), Version: fmt.Sprint(v), Kind: kind, Cap: new(money.Minor(rapid.Int64Range(0, 9000).Draw(t, "cap"))),
				AtEnd: rapid.SampledFrom([]reserve.AtEnd{"", "", reserve.EndKeep}).Draw(t, "at its end"),
			}
			if kind == reserve.KindFixed {
				p.Rate = money.MustRate(rapid.SampledFrom([]string{"10%", "33.3%", "100%"}).Draw(t, "share"))
			}
			if v > 0 {
				p.EffectiveFrom = date("2026-03-01").AddDays(rapid.IntRange(0, 25).Draw(t, "first day"))
			}
			if rapid.Bool().Draw(t, "it ends") {
				p.EffectiveTo = laterOf(p.EffectiveFrom, date("2026-03-01").AddDays(rapid.IntRange(0, 25).Draw(t, "last day")))
			}
			rules.Plans = append(rules.Plans, p)
		}
		if versions > 0 {
			rules.Book.Plans = append(rules.Book.Plans, merchant.PlanScope{Plan: string(kind), For: []merchant.Scope{{Region: "IN"}}})
		}
	}
}

func laterOf(a, b calendar.Date) calendar.Date {
	if b.After(a) {
		return b
	}
	return a
}

// drawTiming draws when windows close and their money is due, in a zone or in one that moves its
// clocks on 2026-03-08.
func drawTiming(t *rapid.T, zone *time.Location, byHand bool) calendar.Schedule {
	s := calendar.Schedule{
		Zone:            zone,
		Delay:           calendar.Delay{N: rapid.IntRange(0, 3).Draw(t, "delay")},
		Calendars:       drawCalendars(t),
		CutoffInclusive: rapid.Bool().Draw(t, "inclusive"),
		Grace:           rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 3 * time.Hour, 30 * time.Hour}).Draw(t, "grace"),
	}
	if rapid.IntRange(0, 2).Draw(t, "zone with clock changes") == 0 {
		s.Zone = place("America/New_York")
	}
	cutoffs := rapid.SampledFrom([][]string{{"00:00"}, {"18:00"}, {"23:59"}, {"02:30", "18:00"}, {"00:00", "11:30", "12:00"}}).Draw(t, "cut-offs")
	for i, c := range cutoffs {
		s.Cutoffs = append(s.Cutoffs, calendar.WindowCutoff{At: calendar.MustClock(c), Label: fmt.Sprint("w", i+1)})
	}
	if rapid.IntRange(0, 3).Draw(t, "hours") == 0 {
		s.Delay = calendar.Delay{N: rapid.IntRange(0, 40).Draw(t, "delay in hours"), Unit: calendar.Hours}
	}
	if byHand {
		s.Anchor.Kind = calendar.Manual
		return s
	}
	switch rapid.IntRange(0, 4).Draw(t, "anchor") {
	case 1:
		s.Anchor.Kind = calendar.Daily
	case 2:
		s.Anchor = calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Sunday, time.Thursday}, Roll: calendar.RollPreceding}
	case 3:
		s.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{5, 15, 31}, Roll: calendar.RollFollowing}
	case 4:
		s.Anchor, s.Cutoffs = calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("30 11,20 * * mon-fri")}, nil
	}
	return s
}

// drawCalendars draws none, one or two, the first one perhaps with another cut-off on one date.
func drawCalendars(t *rapid.T) calendar.Calendars {
	if rapid.Bool().Draw(t, "no calendar") {
		return nil
	}
	all := shipped("IN")
	if rapid.IntRange(0, 2).Draw(t, "two calendars") == 0 {
		all = append(all, shipped("SG")...)
	}
	if rapid.IntRange(0, 2).Draw(t, "other cut-off") == 0 {
		c := *all[0]
		c.Version = "other cut-off"
		c.CutoffOverrides = []calendar.CutoffOverride{{
			Date: date("2026-03-01").AddDays(rapid.IntRange(0, 25).Draw(t, "on")),
			At:   calendar.MustClock(rapid.SampledFrom([]string{"00:30", "11:45", "21:00"}).Draw(t, "at")),
		}}
		all[0] = &c
	}
	return all
}

// instantsNear draws instants, often within microseconds of a cut-off or of a
// watermark.
func instantsNear(rules *payment.Rules) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		day := rapid.IntRange(0, 25).Draw(t, "day")
		if rapid.Bool().Draw(t, "anywhere") {
			return ist("2026-03-01 00:00").AddDate(0, 0, day).Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second)
		}
		s := rapid.SampledFrom(rules.Book.Schedules).Draw(t, "schedule").Timing
		on := date("2026-03-01").AddDays(day)
		at := calendar.Cutoff(on, rapid.SampledFrom(clocks(&s, on)).Draw(t, "cut-off"), s.Zone)
		if rapid.Bool().Draw(t, "watermark") {
			at = at.Add(s.Grace)
		}
		return at.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "off")) * time.Microsecond)
	})
}

// clocks are the times of day at which a schedule may close windows on a date.
func clocks(s *calendar.Schedule, on calendar.Date) (all []calendar.Clock) {
	for _, c := range s.Cutoffs {
		all = append(all, c.At)
	}
	if len(all) == 0 { // those of the cron expression
		all = []calendar.Clock{calendar.MustClock("11:30"), calendar.MustClock("20:30")}
	}
	for _, c := range s.Calendars {
		for _, o := range c.CutoffOverrides {
			if o.Date == on {
				all = append(all, o.At)
			}
		}
	}
	return all
}

func drawDeposit(t *rapid.T, i int, instants *rapid.Generator[time.Time]) payment.Event {
	e := deposit(fmt.Sprint("d", i), rapid.SampledFrom([]string{"m1", "m1", "m2", "m3", "m4"}).Draw(t, "merchant"), instants.Draw(t, "at"), "1.00")
	e.Amount = money.Minor(rapid.Int64Range(1, 20000).Draw(t, "amount"))
	switch rapid.IntRange(0, 5).Draw(t, "kind of deposit") {
	case 0:
		e.Currency = pkr()
	case 1, 2, 3:
		e.Method = "CARD"
	}
	return e
}

// drawFollowUp makes something happen to one of the deposits, and perhaps
// something more later. Some of it will be refused.
func drawFollowUp(t *rapid.T, i int, events []payment.Event) []payment.Event {
	d := rapid.SampledFrom(events).Filter(func(e payment.Event) bool { return e.Kind == payment.DepositCaptured }).Draw(t, "of")
	next := func(at time.Time) time.Time {
		return at.Add(time.Duration(rapid.Int64Range(0, 10*24*3600).Draw(t, "after")) * time.Second)
	}
	at, id := next(d.OccurredAt), fmt.Sprint("f", i)
	part := d.Amount
	if rapid.Bool().Draw(t, "in part") {
		part = money.Minor(rapid.Int64Range(1, 20000).Draw(t, "part"))
	}
	on := func(k payment.Kind) payment.Event {
		return payment.Event{Kind: k, ID: id, Parent: d.ID, OccurredAt: at, Currency: d.Currency, Amount: money.Min(part, d.Amount), ReasonCode: "said_so"}
	}
	switch rapid.IntRange(0, 8).Draw(t, "what") {
	case 7, 8: // money that is available at once, and a payout of it or more soon after
		credit := on(payment.AdjustmentCredit)
		credit.ID, credit.Merchant, credit.Parent, credit.Actor, credit.Amount = id+"c", d.Merchant, "", "anna", d.Amount
		e := payout(id, d.Merchant, "2026-03-01 00:00", "1.00")
		e.OccurredAt, e.Currency, e.Amount = at.Add(time.Duration(rapid.IntRange(0, 6*3600).Draw(t, "soon after"))*time.Second), d.Currency, part
		return []payment.Event{credit, e, later(payment.PayoutSent, id, next(e.OccurredAt)), later(payment.PayoutFailed, id, next(next(e.OccurredAt)))}
	case 6:
		e := on(payment.ToppedUp)
		e.Merchant, e.Parent = d.Merchant, ""
		return []payment.Event{e}
	case 0:
		return []payment.Event{later(payment.DepositFailed, d.ID, at)}
	case 1:
		return []payment.Event{on(payment.RefundCreated)}
	case 2:
		return []payment.Event{on(payment.RefundCreated), later(payment.RefundFailed, id, next(at))}
	case 3:
		return []payment.Event{on(payment.DisputeOpened), later(payment.DisputeWon, id, next(at))}
	case 4:
		return []payment.Event{on(payment.DisputeOpened), later(payment.DisputeLost, id, next(at))}
	default:
		e := payout(id, d.Merchant, "2026-03-01 00:00", "1.00")
		e.OccurredAt, e.Currency, e.Amount = at, d.Currency, part
		return []payment.Event{e, later(payment.PayoutSent, id, next(at)), later(payment.PayoutFailed, id, next(next(at)))}
	}
}

// tries gives each try of a property a house of its own.
type tries struct{ t *testing.T }

// with runs fn on a house of its own, whose books must be sound afterwards.
func (s tries) with(t *rapid.T, rules *payment.Rules, fn func(*house)) {
	t.Helper()
	stage := storetest.NewStage(s.t)
	defer stage.Clear()
	h := openOn(stage, t, rules)
	fn(h)
	h.sound()
}

// live books events one after the other; refusals are part of life.
func (h *house) live(events []payment.Event) (refused []int) {
	h.t.Helper()
	commands := make([]ledger.Command, len(events))
	for i := range events {
		commands[i] = &payment.Handle{Rules: h.rules, Event: events[i].Normalize()}
	}
	errs, err := h.books.DoAll(context.Background(), commands...)
	if err != nil {
		h.t.Fatalf("book: %v", err)
	}
	for i := range errs {
		if errs[i] != nil {
			refused = append(refused, i)
		}
	}
	return refused
}

// anyByHand tells whether somebody is settled by hand. What the job books for them
// depends on when it runs (one entry for all that has matured), so sequences and
// instants of what it books afterwards do as well.
func (h *house) anyByHand() bool {
	return slices.ContainsFunc(h.rules.Book.Schedules, func(s merchant.Schedule) bool { return s.Timing.Anchor.Kind == calendar.Manual })
}

// outcome is all that settling left behind, to the byte, but for what depends
// on when the job ran.
func (h *house) outcome() string {
	h.t.Helper()
	var out strings.Builder
	write := func(v any) {
		text, err := json.Marshal(v)
		if err != nil {
			h.t.Fatalf("%v", err)
		}
		out.Write(append(text, '\n'))
	}
	byHand := h.anyByHand()
	for _, b := range h.batches() {
		if byHand {
			b.Steps, b.Watermark.Through = nil, nil
		}
		write(b)
		for _, l := range h.lines(b.ID) {
			if byHand && (l.Category == payment.CategoryReserve || strings.HasPrefix(l.Entry, "settlement/")) {
				l.Seq = 0
			}
			write(l)
		}
	}
	for _, i := range records[*payment.Item](h, payment.ItemRecord) {
		if byHand && i.Category == payment.CategoryReserve {
			i.Seq = 0
		}
		write(i)
	}
	for _, p := range records[*payment.Position](h, payment.PositionRecord) {
		p.Matures = 0
		write(p)
	}
	for _, kind := range []string{payment.HoldRecord, payment.ReleasedRecord, payment.PoolRecord, settlement.DayRecord} {
		for _, r := range records[ledger.Record](h, kind) {
			write(r)
		}
	}
	return out.String()
}
