package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// terms are what the first lines of a notebook set up.
type terms struct {
	zone      *time.Location
	rules     payment.Rules
	merchants []merchant.Merchant
}

func newTerms() *terms {
	return &terms{zone: time.UTC, rules: payment.Rules{Book: new(merchant.Book)}}
}

// read reads a line of terms; known is false for a line of another kind.
func (t *terms) read(text string) (known bool, err error) {
	w := split(text)
	switch {
	case w.accept("times are those of"):
		t.readZone(w)
	case w.accept("region"):
		t.readRegion(w)
	case w.accept("merchant"):
		t.readMerchant(w)
	case w.accept("fee of"):
		t.readFee(w)
	case w.accept("reserve of"):
		t.readReserve(w)
	default:
		return false, nil
	}
	return true, w.end()
}

// validate looks at the terms as a whole.
func (t *terms) validate() error {
	faults := []error{t.rules.Book.Validate(), t.rules.Fees.Validate()}
	for i := range t.rules.Plans {
		faults = append(faults, t.rules.Plans[i].Validate())
	}
	return errors.Join(faults...)
}

func (t *terms) readZone(w *words) {
	name := w.next("a zone")
	if w.err != nil {
		return
	}
	zone, err := calendar.LoadZone(name)
	if err != nil {
		w.fail("%q is not a zone", name)
		return
	}
	t.zone = zone
}

func (t *terms) readRegion(w *words) {
	id := w.next("a region")
	if w.peek() == "settles" || w.peek() == "by" {
		scope := merchant.Scope{Region: id}
		if w.accept("by") {
			scope.Method = w.next("a method")
		}
		t.readSchedule(w, scope)
		return
	}
	r := merchant.Region{ID: id}
	w.expect("trades in")
	r.Currencies = append(r.Currencies, w.currency())
	w.expect("keeps its money in bank")
	r.Bank = w.next("a bank")
	if w.accept("books input tax as") {
		r.InputTax = w.next("a tax code")
	}
	t.rules.Book.Regions = append(t.rules.Book.Regions, r)
}

func (t *terms) readMerchant(w *words) {
	m := merchant.Merchant{ID: w.next("a merchant")}
	if w.peek() == "settles" {
		t.readSchedule(w, merchant.Scope{Merchant: m.ID})
		return
	}
	w.expect("trades")
	if w.accept("in region") {
		m.Region = w.next("a region")
	}
	t.merchants = append(t.merchants, m)
}

// readSchedule reads "settles weekly on thursday at 18:00, T+0, calendar BD,
// minimum 500.00 BDT, paid in INR at mid less 1%".
func (t *terms) readSchedule(w *words, scope merchant.Scope) {
	w.expect("settles")
	s := merchant.Schedule{Version: "1", For: []merchant.Scope{scope}}
	s.ID = strings.Map(idRune, scope.String())
	s.Timing.Zone = t.zone
	s.Timing.Anchor = anchor(w)
	w.expect("at")
	s.Timing.Cutoffs = cutoffs(w)
	delay, ok := strings.CutPrefix(w.next("T+n"), "T+")
	s.Timing.Delay.N = (&words{left: []string{delay}}).number()
	if !ok {
		w.fail("after the cut-offs T+n should come")
	}
	for w.accept("calendar") {
		id := w.next("a calendar")
		shipped, ok := calendar.Shipped(id)
		if !ok {
			w.fail("no calendar %q is shipped", id)
			return
		}
		s.Timing.Calendars = append(s.Timing.Calendars, shipped)
	}
	if w.accept("minimum") {
		s.MinPayout, _ = w.amount()
	}
	if w.accept("paid in") {
		s.FX = &merchant.FXTerms{Target: w.currency(), MaxAge: 24 * time.Hour}
		if w.accept("at mid less") {
			s.FX.Spread = w.rate()
		}
	}
	t.rules.Book.Schedules = append(t.rules.Book.Schedules, s)
}

func idRune(r rune) rune {
	if r == '=' || r == ' ' {
		return '-'
	}
	return r
}

func anchor(w *words) (a calendar.Anchor) {
	switch {
	case w.accept("by hand"):
		a.Kind = calendar.Manual
	case w.accept("weekly on"):
		a.Kind = calendar.Weekly
		name := w.next("a weekday")
		for day := time.Sunday; day <= time.Saturday; day++ {
			if strings.EqualFold(day.String(), name) {
				a.Weekdays = []time.Weekday{day}
				return a
			}
		}
		w.fail("%q is not a weekday", name)
	}
	return a
}

// cutoffs reads "12:00 noon, 20:00 night".
func cutoffs(w *words) (all []calendar.WindowCutoff) {
	for w.more() && strings.Contains(w.peek(), ":") {
		at, err := calendar.ParseClock(w.next("a time"))
		if err != nil {
			w.fail("%w", err)
		}
		c := calendar.WindowCutoff{At: at}
		if next := w.peek(); next != "" && !strings.ContainsAny(next, ":+") {
			c.Label = w.next("a name")
		}
		all = append(all, c)
	}
	return all
}

// readFee reads "2% on deposits in INR by CARD, tax 18% as gst, returned with
// refunds", "2% up to 1000.00 INR a month, 1% above on deposits" and "15.00 INR on
// disputes, tax 18% as gst, returned when won".
func (t *terms) readFee(w *words) {
	c := fees.Component{Kind: "commission"}
	s := fees.Schedule{ID: fmt.Sprintf("fee-%d", len(t.rules.Fees)+1), Version: "1"}
	if strings.HasSuffix(w.peek(), "%") {
		c.Rate = w.rate()
		if w.accept("up to") {
			s.Match.Currency = readTiers(w, &c)
		}
	} else {
		var fixed money.Amount
		fixed, s.Match.Currency = w.amount()
		c.Fixed = &fixed
	}
	s.Components = []fees.Component{c}
	s.Match.Event = feeEvent(w)
	if w.accept("in") {
		s.Match.Currency = w.currency()
	}
	if w.accept("by") {
		s.Match.Method = w.next("a method")
	}
	if w.accept("tax") {
		s.Tax.Rate = w.rate()
		w.expect("as")
		s.Tax.Code = w.next("a tax code")
	}
	switch {
	case w.accept("returned with refunds"):
		s.Refund = fees.RefundReturnProRata
	case w.accept("returned when won"):
		s.Dispute = fees.DisputeReturnOnWin
	}
	t.rules.Fees = append(t.rules.Fees, s)
}

// readTiers reads "1000.00 INR a month, 1% above" behind the rate of the first tier.
func readTiers(w *words, c *fees.Component) money.Currency {
	upTo, currency := w.amount()
	w.expect("a month")
	first, above := c.Rate, w.rate()
	w.expect("above")
	c.Rate, c.Tiers = money.Rate{}, &fees.Tiers{Steps: []fees.Tier{{UpTo: upTo, Rate: first}, {Rate: above}}}
	return currency
}

func feeEvent(w *words) fees.Event {
	w.expect("on")
	switch {
	case w.accept("deposits"):
		return fees.EventCapture
	case w.accept("disputes"):
		return fees.EventDispute
	case w.accept("payouts"):
		return fees.EventPayout
	}
	w.fail("a fee is on deposits, disputes or payouts, not on %q", w.peek())
	return ""
}

// readReserve reads "10% for 90 days in region IN" and "10% for 90 days of
// merchant m_1".
func (t *terms) readReserve(w *words) {
	p := reserve.Plan{ID: fmt.Sprintf("reserve-%d", len(t.rules.Plans)+1), Version: "1", Kind: reserve.KindRolling, Rate: w.rate()}
	w.expect("for")
	p.Days = w.number()
	w.expect("days")
	var scope merchant.Scope
	if w.accept("in region") {
		scope.Region = w.next("a region")
	} else {
		w.expect("of merchant")
		scope.Merchant = w.next("a merchant")
	}
	t.rules.Plans = append(t.rules.Plans, p)
	t.rules.Book.Plans = append(t.rules.Book.Plans, merchant.PlanScope{Plan: p.ID, For: []merchant.Scope{scope}})
}
