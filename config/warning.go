package config

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
)

// soon is how many days before its end a calendar is warned of: time enough to
// get the next year's holidays.
const soon = 60

// Check is Parse with a second look at a file that is right: its warnings are
// what holds together and is yet hardly meant, or will not hold for long, as of
// an instant. They are in the order of their places, and nothing is warned of
// that may be meant.
func Check(name string, data []byte, at time.Time) (*Config, Faults, error) {
	f, err := parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	w := &warnings{file: f, at: at, today: calendar.DateOf(at, time.UTC)}
	w.calendars()
	w.fees()
	w.plans()
	w.withholding()
	w.taxes()
	w.prices()
	slices.SortStableFunc(w.found, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return f.config, w.found, nil
}

type warnings struct {
	*file
	at    time.Time
	today calendar.Date
	found Faults
}

func (w *warnings) warnf(key, format string, args ...any) {
	at := w.r.find(key)
	w.found = append(w.found, &Fault{File: w.r.file, Line: at.line, Column: at.column, Key: key, Err: fmt.Errorf(format, args...)})
}

// calendars warns of those that end soon, where a schedule names them, and of
// those of the file that none names.
func (w *warnings) calendars() {
	used := make(map[*calendar.Calendar]bool)
	for i := range w.book.rules.Book.Schedules {
		for j, c := range w.book.rules.Book.Schedules[i].Timing.Calendars {
			told := used[c]
			used[c] = true
			key := fmt.Sprintf("schedules[%d].calendars[%d]", i, j)
			switch days := c.ValidUntil.DaysSince(w.today); {
			case told:
			case days < 0:
				w.warnf(key, "calendar %s ended with %s: nothing can be settled by it any more", c.ID, c.ValidUntil)
			case days <= soon:
				w.warnf(key, "calendar %s ends with %s, %s from %s: what is due later cannot be settled by it", c.ID, c.ValidUntil, dayCount(days), w.today)
			}
		}
	}
	for i, c := range w.book.ownCalendars {
		if !used[c] && !w.extended(c, i) {
			w.warnf(fmt.Sprintf("calendars[%d]", i), "no schedule names calendar %s", c.ID)
		}
	}
}

// extended tells whether a calendar further down in the file extends the i-th.
func (w *warnings) extended(c *calendar.Calendar, i int) bool {
	values, _ := mapping(w.root)
	for _, v := range values {
		if v.Key.GetToken().Value != "calendars" {
			continue
		}
		list := node{r: w.r, key: "calendars", value: v.Value}
		for _, item := range list.items()[i+1:] {
			if base, _ := scalarText(item.object().get("extends").value); base == c.ID {
				return true
			}
		}
	}
	return false
}

func dayCount(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// fees warns of schedules that never price anything, and of those that are
// over and have no successor.
func (w *warnings) fees() {
	table := w.book.rules.Fees
	for i := range table {
		s := &table[i]
		if by := winner(table, i); by >= 0 {
			w.warnf(fmt.Sprintf("fees[%d]", i), "never prices anything: fees[%d], %s, matches the same and goes before it whenever it is in force", by, table[by].ID)
			continue
		}
		if w.over(s.EffectiveTo) && !slices.ContainsFunc(table, func(t fees.Schedule) bool {
			return t.ID == s.ID && (t.EffectiveTo.IsZero() || t.EffectiveTo.After(s.EffectiveTo))
		}) {
			w.warnf(fmt.Sprintf("fees[%d].effective_to", i), "fee schedule %s ended with %s and no version follows", s.ID, s.EffectiveTo)
		}
	}
}

// winner finds a fee schedule that prices whatever another would; -1: none does.
func winner(table fees.Table, loser int) int {
	s := &table[loser]
	return slices.IndexFunc(table, func(t fees.Schedule) bool {
		switch {
		case t.ID == s.ID, !sameMatch(&t.Match, &s.Match), t.EffectiveFrom.After(s.EffectiveFrom):
			return false
		case !t.EffectiveTo.IsZero() && (s.EffectiveTo.IsZero() || t.EffectiveTo.Before(s.EffectiveTo)):
			return false
		case slices.ContainsFunc(table, func(v fees.Schedule) bool { return v.ID == t.ID && v.EffectiveFrom.After(t.EffectiveFrom) }):
			return false // it will be superseded
		}
		return t.Priority > s.Priority || t.Priority == s.Priority && t.EffectiveFrom == s.EffectiveFrom && t.ID < s.ID
	})
}

// sameMatch tells whether two schedules price the same movements.
func sameMatch(a, b *fees.Match) bool {
	x, y := *a, *b
	same := (x.Domestic == nil) == (y.Domestic == nil) && (x.Domestic == nil || *x.Domestic == *y.Domestic)
	x.Domestic, y.Domestic = nil, nil
	return same && x == y
}

func (w *warnings) over(last calendar.Date) bool { return !last.IsZero() && last.Before(w.today) }

// plans warns of reserve plans that are over: the plan then holds nothing back.
func (w *warnings) plans() {
	plans := w.book.rules.Plans
	for i := range plans {
		p := &plans[i]
		later := func(q int) bool {
			return plans[q].ID == p.ID && (plans[q].EffectiveTo.IsZero() || plans[q].EffectiveTo.After(p.EffectiveTo))
		}
		if w.over(p.EffectiveTo) && !anyOf(len(plans), later) {
			w.warnf(fmt.Sprintf("reserves[%d].effective_to", i), "reserve plan %s ended with %s and no version follows", p.ID, p.EffectiveTo)
		}
	}
}

// withholding warns of taxes that nobody withholds any more.
func (w *warnings) withholding() {
	rules := w.book.rules.Withholding
	for i := range rules {
		r := &rules[i]
		later := func(q int) bool {
			return rules[q].Code == r.Code && (rules[q].EffectiveTo.IsZero() || rules[q].EffectiveTo.After(r.EffectiveTo))
		}
		if w.over(r.EffectiveTo) && !anyOf(len(rules), later) {
			w.warnf(fmt.Sprintf("withholding[%d].effective_to", i), "tax %s is withheld until %s and no rule follows", r.Code, r.EffectiveTo)
		}
	}
}

func anyOf(n int, is func(int) bool) bool {
	for i := range n {
		if is(i) {
			return true
		}
	}
	return false
}

// taxes warns of those that no fee names.
func (w *warnings) taxes() {
	for i, id := range w.book.taxIDs {
		if !w.book.taxesUsed[id] {
			w.warnf(fmt.Sprintf("taxes[%d]", i), "no fee schedule names tax %s", id)
		}
	}
}

// prices warns of regions whose payments find no price, or no schedule, at the
// instant, though they do at some other time.
func (w *warnings) prices() {
	book := w.book.rules.Book
	for i := range book.Regions {
		r := &book.Regions[i]
		for _, currency := range r.Currencies {
			if _, err := book.Schedule(merchant.Scope{Region: r.ID, Currency: currency}, w.at); err != nil {
				w.warnf(fmt.Sprintf("regions[%d]", i), "no schedule for currency %s is in force on %s", currency, w.today)
			}
			for _, event := range []fees.Event{fees.EventCapture, fees.EventDispute, fees.EventPayout} {
				if !w.book.priced(r.ID, currency, event, w.today) {
					w.warnf(fmt.Sprintf("regions[%d]", i), "no fee schedule in force on %s prices event %s in currency %s", w.today, event, currency)
				}
			}
		}
	}
}
