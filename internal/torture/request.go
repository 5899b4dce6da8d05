package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// transfer moves money from one account to another. A list of them is always balanced, whatever is left out.
type transfer struct {
	from, to string
	amount   int64
	currency money.Currency
}

func postings(list []transfer) []ledger.Posting {
	var out []ledger.Posting
	for _, t := range list {
		out = append(out, ledger.Dr(t.from, money.Minor(t.amount), t.currency), ledger.Cr(t.to, money.Minor(t.amount), t.currency))
	}
	return out
}

// fraction is a part of the transfers, in eighths.
func fraction(list []transfer, eighths int64) []transfer {
	out := slices.Clone(list)
	for i := range out {
		out[i].amount = max(out[i].amount*eighths/8, 1)
	}
	return out
}

// backwards takes transfers back.
func backwards(list []transfer) []transfer {
	out := slices.Clone(list)
	for i := range out {
		out[i].from, out[i].to = out[i].to, out[i].from
	}
	return out
}

// transfers is the money that an entry or a hold moves.
func (s script) transfers(n Name, item int) (list []transfer, kind string) {
	dice := s.requestDice(n, item, diceTransfers)
	all := currencies()
	currency := all[dice.IntN(len(all))]
	sort := dice.IntN(100)
	if sort < 40 && s.requestKind(n, item) == hold {
		sort += 40 // money that comes in is seldom held
	}
	switch {
	case sort < 40:
		return []transfer{{bank, customer(dice.IntN(customers)), int64(1000 + dice.IntN(9000)), currency}}, "deposit"
	case sort < 85:
		return purchase(dice, all, currency), "purchase"
	case sort < 95:
		return []transfer{{merchant(dice.IntN(merchants)), bank, int64(1 + dice.IntN(2000)), currency}}, "payout"
	}
	return []transfer{{merchant(dice.IntN(merchants)), bank, int64(1 + dice.IntN(3000)), currency}}, "dispute"
}

// purchase has one to three buyers, each with a fee, and may use both currencies.
func purchase(dice *rand.Rand, all []money.Currency, currency money.Currency) (list []transfer) {
	to := merchant(dice.IntN(merchants))
	for range 1 + dice.IntN(3) {
		from := customer(dice.IntN(customers))
		amount := int64(8 + dice.IntN(800))
		list = append(list, transfer{from, to, amount, currency}, transfer{from, fees, 1 + amount/50, currency})
		if dice.IntN(4) == 0 {
			currency = all[dice.IntN(len(all))]
		}
	}
	return list
}

// request draws one request; leaves tells whether it takes its key whatever becomes of it.
func (s script) request(n Name, item int) (r ledger.Request, leaves bool) {
	dice := s.requestDice(n, item, diceRest)
	key, reference := n.key(item), ""
	if dice.IntN(3) == 0 {
		reference = fmt.Sprintf("order-%d", dice.IntN(50))
	}
	switch s.requestKind(n, item) {
	case post:
		return s.entry(dice, n, item, reference), true
	case hold:
		list, kind := s.transfers(n, item)
		return ledger.Hold{Key: key, Kind: kind, Reference: reference, Expires: s.expires(dice, n), Postings: postings(list)}, true
	case capture:
		return s.capture(dice, n, item, reference), true
	case release:
		return ledger.Release{Key: key, Hold: s.holdFor(dice, n, item).key(0), Reference: reference}, true
	case reverse:
		return s.reversal(dice, n, item, reference), true
	case change:
		return s.change(dice, key, reference), true
	case period:
		return s.period(dice, n, key, reference), true
	case guard:
		return ledger.Assertion{Account: quiet, Currency: currencies()[0]}, false
	case lie:
		return ledger.Assertion{Account: quiet, Currency: currencies()[0], Amount: money.Minor(1)}, false
	}
	return s.fault(dice, n, item), false
}

func (s script) entry(dice *rand.Rand, n Name, item int, reference string) ledger.Entry {
	list, kind := s.transfers(n, item)
	e := ledger.Entry{Key: n.key(item), Kind: kind, Reference: reference, Postings: postings(list)}
	if dice.IntN(3) == 0 {
		e.ValueDate = s.today(n).AddDays(1 - dice.IntN(6))
		e.OrFirstOpen = dice.IntN(2) == 0
	}
	for i := range dice.IntN(3) {
		e.Metadata = append(e.Metadata, ledger.Attribute{Name: fmt.Sprintf("m%d", i), Value: fmt.Sprint(dice.IntN(1000))})
	}
	return e
}

// fault is an entry that can never be booked. Its value date is never closed: that would be looked at before its accounts.
func (s script) fault(dice *rand.Rand, n Name, item int) ledger.Entry {
	e := s.entry(dice, n, item, "")
	e.ValueDate = s.today(n).AddDays(30)
	if dice.IntN(2) == 0 {
		e.Postings[0].Account = "nobody/knows"
	} else {
		e.Postings = e.Postings[1:]
	}
	return e
}

// expires is never, within the round, in one that comes, or over already.
func (s script) expires(dice *rand.Rand, n Name) time.Time {
	start := s.start(n.Round)
	switch lot := dice.IntN(20); {
	case lot < 10:
		return time.Time{}
	case lot < 18:
		return start.Add(time.Duration(50+dice.IntN(900)) * time.Millisecond)
	case lot < 19:
		return start.Add(8 * time.Hour)
	}
	return start.Add(-time.Second)
}

// holdFor is the hold a request is about: the one that opens its own batch, or an earlier one.
func (s script) holdFor(dice *rand.Rand, n Name, item int) Name {
	isHold := func(n Name) bool { return s.isBooking(n) && s.requestKind(n, 0) == hold }
	if item > 0 && isHold(n) && dice.IntN(2) == 0 {
		return n
	}
	return s.find(dice, n, isHold)
}

// isBooking tells commands that have a first request.
func (s script) isBooking(n Name) bool {
	k := s.kind(n)
	return k != again && k != sweep
}

func (s script) capture(dice *rand.Rand, n Name, item int, reference string) ledger.Capture {
	of := s.holdFor(dice, n, item)
	list, kind := s.transfers(of, 0)
	c := ledger.Capture{Key: n.key(item), Hold: of.key(0), Kind: kind, Reference: reference, Final: dice.IntN(4) == 0}
	if dice.IntN(5) < 2 {
		c.All = true
	} else {
		c.Postings = postings(fraction(list, int64(1+dice.IntN(8))))
	}
	return c
}

// reversal is of an entry, mostly; sometimes of a hold or a reversal, which is refused.
func (s script) reversal(dice *rand.Rand, n Name, item int, reference string) ledger.Reversal {
	of := s.find(dice, n, func(n Name) bool {
		if !s.isBooking(n) {
			return false
		}
		k := s.requestKind(n, 0)
		return k == post || k == capture && dice.IntN(2) == 0 || (k == hold || k == reverse) && dice.IntN(10) == 0
	})
	r := ledger.Reversal{
		Key: n.key(item), Of: of.key(0), Kind: "return", Reference: reference, ValueDate: s.today(n).AddDays(-dice.IntN(3)),
	}
	list, _ := s.transfers(of, 0)
	if s.requestKind(of, 0) != post || dice.IntN(3) == 0 {
		r.All = true
	} else {
		r.Postings = postings(backwards(fraction(list, int64(1+dice.IntN(8)))))
	}
	return r
}

// change is of a merchant's status, limits or metadata.
func (s script) change(dice *rand.Rand, key, reference string) ledger.AccountChange {
	all := currencies()
	c := ledger.AccountChange{Key: key, Reference: reference, Account: merchant(dice.IntN(merchants)), Currency: all[dice.IntN(len(all))]}
	switch dice.IntN(4) {
	case 0:
		statuses := []ledger.Status{ledger.Open, ledger.NoDebit, ledger.Frozen, ledger.AccountClosed}
		c.Status = statuses[dice.IntN(len(statuses))]
		c.Force = c.Status == ledger.AccountClosed && dice.IntN(3) == 0
	case 1:
		c.Status = ledger.Open
	case 2:
		c.Limits = limits(dice)
	default:
		c.Metadata = []ledger.Attribute{{Name: "tier", Value: fmt.Sprint(dice.IntN(9))}}
	}
	return c
}

func limits(dice *rand.Rand) *ledger.Limits {
	l := &ledger.Limits{Limited: true, Floor: money.Minor(-int64(dice.IntN(5000)))}
	if dice.IntN(2) == 0 {
		l.Capped, l.Ceiling = true, money.Minor(int64(50_000+dice.IntN(200_000)))
	}
	for _, v := range []ledger.Velocity{
		{Per: ledger.Hour, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(int64(20_000 + dice.IntN(50_000)))},
		{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(int64(100 + dice.IntN(500)))},
		{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Sum, Max: money.Minor(int64(200_000 + dice.IntN(500_000)))},
	} {
		if dice.IntN(2) == 0 {
			l.Velocity = append(l.Velocity, v)
		}
	}
	return l
}

func (s script) period(dice *rand.Rand, n Name, key, reference string) ledger.PeriodChange {
	p := ledger.PeriodChange{Key: key, Reference: reference, Reopen: dice.IntN(3) == 0}
	switch {
	case !p.Reopen:
		p.Through = s.today(n).AddDays(-1 - dice.IntN(4))
	case dice.IntN(2) == 0:
		p.Through = s.today(n).AddDays(-3 - dice.IntN(5))
	}
	return p
}
