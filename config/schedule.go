package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// dated is an id of which there may be several versions, each effective from a
// date of its own.
type dated struct {
	id   string
	from calendar.Date
}

func (d dated) String() string {
	if d.from.IsZero() {
		return d.id + " without effective_from"
	}
	return d.id + " effective from " + d.from.String()
}

func (b *book) readSchedules(n node) {
	ids, taken := make(declared[dated]), make(claims)
	for _, item := range n.items() {
		o := item.object()
		s := b.schedule(o)
		s.Version = version(s)
		item.adopt(s.Validate())
		if s.ID != "" {
			this := dated{s.ID, s.EffectiveFrom}
			ids.add(o.get("id"), this, "schedule "+this.String())
			taken.add(o.get("for"), s.ID, s.EffectiveFrom, s.For)
		}
		if s.ID == "" || s.Timing.Zone == nil {
			b.doubtful.schedules = true
			continue
		}
		if s.FX != nil {
			b.fx[len(b.rules.Book.Schedules)] = o.get("fx")
		}
		b.rules.Book.Schedules = append(b.rules.Book.Schedules, s)
	}
}

func (b *book) schedule(o *object) (s merchant.Schedule) {
	placed := b.r.quiet(func() {
		s.ID = o.get("id").id()
		s.EffectiveFrom = unmarshal[calendar.Date](o.get("effective_from"))
		s.For = b.scopes(o.get("for").required())
	})
	s.Timing = b.timing(o)
	b.readTerm(o.get("min_payout"), s.For, &s.MinPayout)
	b.readTerm(o.get("min_balance_retained"), s.For, &s.MinBalance)
	s.Negative = merchant.Negative(o.get("negative").text())
	b.readFX(o.get("fx"), &s)
	b.readLetGo(o, &s)
	if known := b.r.quiet(o.done); !placed || !known {
		b.doubtful.schedules = true
	}
	return s
}

// timing reads when windows close and their money is due. The room validates
// each aspect by itself, so that each has its own place in the file.
func (b *book) timing(o *object) calendar.Schedule {
	t := calendar.Schedule{
		Zone:            o.get("timezone").required().zone(),
		CutoffInclusive: o.get("cutoff_inclusive").boolean(),
		Grace:           o.get("grace").duration(),
		Anchor:          anchor(o.get("anchor")),
		Delay:           delay(o.get("delay").required()),
	}
	switch listed := o.get("cutoffs"); {
	case t.Anchor.Kind != calendar.Cron:
		t.Cutoffs = cutoffs(listed.required())
	case listed.present():
		listed.faultf("must be left out: the cron expression has the cut-offs")
	}
	o.get("grace").adopt(probe(func(s *calendar.Schedule) { s.Grace = t.Grace }))
	o.adopt(probe(func(s *calendar.Schedule) { s.Anchor = t.Anchor }))
	calendars := o.get("calendars")
	if !calendars.present() {
		calendars.faultf("is required; [] where every date is open")
	}
	for _, item := range calendars.items() {
		c := b.calendarOf(item)
		if c != nil && slices.Contains(t.Calendars, c) {
			item.faultf("%s is there twice", c.ID)
		} else if c != nil {
			t.Calendars = append(t.Calendars, c)
		}
	}
	return t
}

// probe validates a schedule of which one aspect is set.
func probe(set func(*calendar.Schedule)) error {
	s := calendar.Schedule{Zone: time.UTC, Cutoffs: []calendar.WindowCutoff{{}}}
	if set(&s); s.Anchor.Kind == calendar.Cron {
		s.Cutoffs = nil
	}
	return s.Validate()
}

func cutoffs(n node) []calendar.WindowCutoff {
	items := n.items()
	if len(items) == 0 {
		n.adopt(probe(func(s *calendar.Schedule) { s.Cutoffs = nil }))
	}
	var all []calendar.WindowCutoff
	known := 0
	for _, item := range items {
		o := item.object()
		all = append(all, calendar.WindowCutoff{
			At:    unmarshal[calendar.Clock](o.get("at").required()),
			Label: o.get("label").text(),
		})
		o.done()
		faults := leaves(probe(func(s *calendar.Schedule) { s.Cutoffs = all }))
		item.adopt(errors.Join(faults[known:]...)) // what this one adds
		known = len(faults)
	}
	return all
}

func delay(n node) calendar.Delay {
	o := n.object()
	d := calendar.Delay{N: o.get("n").required().integer(), Unit: unmarshal[calendar.Unit](o.get("unit"))}
	o.done()
	o.get("n").adopt(probe(func(s *calendar.Schedule) { s.Delay = d }))
	return d
}

func anchor(n node) calendar.Anchor {
	if !n.present() {
		return calendar.Anchor{}
	}
	o := n.object()
	a := calendar.Anchor{
		Kind: unmarshal[calendar.AnchorKind](o.get("kind").required()),
		Cron: unmarshal[calendar.CronExpr](o.get("cron")),
		Roll: unmarshal[calendar.Roll](o.get("roll")),
	}
	for _, item := range o.get("weekdays").items() {
		var day time.Weekday
		if sound := n.r.quiet(func() { day = scan(item, parseWeekday) }); sound && slices.Contains(a.Weekdays, day) {
			item.faultf("%s is there twice", strings.ToLower(day.String()))
		}
		a.Weekdays = append(a.Weekdays, day)
	}
	for _, item := range o.get("month_days").items() {
		day := item.integer()
		for _, err := range leaves(probe(func(s *calendar.Schedule) { s.Anchor = calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{day}} })) {
			item.adopt(trimmed(err, "anchor: "))
		}
		if day != 0 && slices.Contains(a.MonthDays, day) {
			item.faultf("%d is there twice", day)
		}
		a.MonthDays = append(a.MonthDays, day)
	}
	o.done()
	return a
}

func parseWeekday(name string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name == strings.ToLower(day.String()) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%w: %q: want a name such as thursday", calendar.ErrBadWeekday, name)
}

// readTerm reads an amount with its currency. The terms of a schedule hold for every
// currency it governs, so that must be the only one.
func (b *book) readTerm(n node, scopes []merchant.Scope, into *money.Amount) {
	amount, currency := n.price()
	if amount == nil {
		return
	}
	*into = *amount
	b.only(n, currency, scopes)
}
