package config

import (
	"cmp"
	"slices"

	"github.com/settlex/settlex/calendar"
)

// readDates reads the lists of dates. What is in the calendar already, from
// the one that it extends, stays as far as it is valid and not replaced.
func readDates(o *object, c *calendar.Calendar) {
	holidays := dates[calendar.Holiday, calendar.Date]{
		key:  func(h calendar.Holiday) calendar.Date { return h.Date },
		keep: func(h calendar.Holiday) bool { return covers(c, h.Date) },
		put:  func(probe *calendar.Calendar, h ...calendar.Holiday) { probe.Holidays = h },
	}
	for _, item := range o.get("remove_holidays").items() {
		date := unmarshal[calendar.Date](item)
		i := slices.IndexFunc(c.Holidays, func(h calendar.Holiday) bool { return h.Date == date })
		if i < 0 {
			if !date.IsZero() {
				item.faultf("%s is no holiday of the calendar that this one extends", date)
			}
			continue
		}
		c.Holidays = slices.Concat(c.Holidays[:i], c.Holidays[i+1:])
	}
	c.Holidays = holidays.merge(c, c.Holidays, o.get("holidays"), readHoliday)
	slices.SortFunc(c.Holidays, func(a, b calendar.Holiday) int { return a.Date.Compare(b.Date) })

	open := dates[calendar.Date, calendar.Date]{
		key:  func(d calendar.Date) calendar.Date { return d },
		keep: func(d calendar.Date) bool { return covers(c, d) },
		put:  func(probe *calendar.Calendar, d ...calendar.Date) { probe.ExtraOpen = d },
	}
	c.ExtraOpen = open.merge(c, c.ExtraOpen, o.get("extra_open"), unmarshal[calendar.Date])
	slices.SortFunc(c.ExtraOpen, calendar.Date.Compare)

	overrides := dates[calendar.CutoffOverride, overrideKey]{
		key:  func(v calendar.CutoffOverride) overrideKey { return overrideKey{v.Date, v.Label} },
		keep: func(v calendar.CutoffOverride) bool { return covers(c, v.Date) },
		put:  func(probe *calendar.Calendar, v ...calendar.CutoffOverride) { probe.CutoffOverrides = v },
	}
	c.CutoffOverrides = overrides.merge(c, c.CutoffOverrides, o.get("cutoff_overrides"), readOverride)
	slices.SortFunc(c.CutoffOverrides, func(a, b calendar.CutoffOverride) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Label, b.Label))
	})
}

type overrideKey struct {
	date  calendar.Date
	label string
}

func readHoliday(n node) calendar.Holiday {
	o := n.object()
	h := calendar.Holiday{
		Date:      unmarshal[calendar.Date](o.get("date").required()),
		Name:      o.get("name").text(),
		Estimated: o.get("estimated").boolean(),
	}
	o.done()
	return h
}

func readOverride(n node) calendar.CutoffOverride {
	o := n.object()
	v := calendar.CutoffOverride{
		Date:  unmarshal[calendar.Date](o.get("date").required()),
		Label: o.get("label").text(),
		At:    unmarshal[calendar.Clock](o.get("at").required()),
		Name:  o.get("name").text(),
	}
	o.done()
	return v
}

func covers(c *calendar.Calendar, d calendar.Date) bool {
	return !d.Before(c.ValidFrom) && !d.After(c.ValidUntil)
}

// dates is how one of a calendar's lists is read: T is an element, K what may
// be there only once.
type dates[T any, K comparable] struct {
	key  func(T) K
	keep func(T) bool
	put  func(probe *calendar.Calendar, elements ...T)
}

// merge gives the inherited elements and those of the file, which replace the
// inherited ones with their key. The order is not yet that of the calendar.
func (d dates[T, K]) merge(c *calendar.Calendar, inherited []T, n node, read func(node) T) []T {
	var own []T
	seen := make(declared[K])
	for _, item := range n.items() {
		var element T
		if !n.r.quiet(func() { element = read(item) }) {
			continue
		}
		seen.add(item, d.key(element), "the date")
		d.check(c, item, element)
		own = append(own, element)
	}
	for _, element := range inherited {
		if _, replaced := seen[d.key(element)]; !replaced && d.keep(element) {
			own = append(own, element)
		}
	}
	return own
}

// check lets the calendar's own validation look at one element, which so gets
// its own place in the file.
func (d dates[T, K]) check(c *calendar.Calendar, item node, element T) {
	probe := calendar.Calendar{ID: c.ID, Version: "probe", Source: "probe", ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil}
	if probe.Validate() == nil {
		d.put(&probe, element)
		adoptCalendar(item, &probe)
	}
}
