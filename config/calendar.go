package config

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/settlex/settlex/calendar"
)

// calendar finds a calendar of the file, else a shipped one.
func (b *book) calendar(id string) (*calendar.Calendar, bool) {
	c, ok := b.calendars[id]
	if !ok {
		if c, ok = calendar.Shipped(id); ok {
			b.calendars[id] = c
		}
	}
	return c, ok
}

// calendarOf reads the id of a calendar; nil where there is no such calendar,
// or it is wrong itself.
func (b *book) calendarOf(n node) *calendar.Calendar {
	return scan(n, func(id string) (*calendar.Calendar, error) {
		c, ok := b.calendar(id)
		if !ok {
			return nil, fmt.Errorf("no calendar %q is in the file, and shipped are only %s", id, strings.Join(calendar.ShippedIDs(), ", "))
		}
		return c, nil
	})
}

func (b *book) readCalendars(n node) {
	ids := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		id := o.get("id").id()
		var c *calendar.Calendar
		sound := b.r.quiet(func() {
			c = b.readCalendar(o, id)
			o.done()
		})
		if id == "" || !ids.add(o.get("id"), id, "calendar "+id) {
			continue
		}
		if b.calendars[id] = nil; sound {
			b.calendars[id] = c
			b.ownCalendars = append(b.ownCalendars, c)
		}
	}
}

// readCalendar reads a calendar of the file's own: one written out, or what it
// changes in another.
func (b *book) readCalendar(o *object, id string) *calendar.Calendar {
	c := new(calendar.Calendar)
	if extends := o.get("extends"); extends.present() {
		if base := b.calendarOf(extends); base != nil {
			*c = *base
			c.Source = fmt.Sprintf("changes to calendar %s, version %s: %s", base.ID, base.Version, base.Source)
		}
	}
	c.ID, c.Version = id, ""
	if name := o.get("name"); name.present() {
		c.Name = name.text()
	}
	if source := o.get("source"); source.present() {
		c.Source = source.text()
	}
	if from := o.get("valid_from"); from.present() {
		c.ValidFrom = unmarshal[calendar.Date](from)
	}
	if until := o.get("valid_until"); until.present() {
		c.ValidUntil = unmarshal[calendar.Date](until)
	}
	if closed := o.get("weekend"); closed.present() {
		c.Weekend = weekend(closed)
	}
	readDates(o, c)
	c.Version = version(c)
	adoptCalendar(o.node, c)
	return c
}

// weekend reads days such as sunday and 2nd saturday.
func weekend(n node) (w calendar.Weekend) {
	var days []string
	for _, item := range n.items() {
		day := scan(item, func(s string) (string, error) {
			return s, readWeekend([]string{s}, new(calendar.Weekend))
		})
		if day != "" {
			days = append(days, day)
		}
	}
	n.adopt(readWeekend(days, &w))
	return w
}

func readWeekend(days []string, w *calendar.Weekend) error {
	text, err := json.Marshal(days)
	if err != nil {
		return err
	}
	return w.UnmarshalJSON(text)
}

// adoptCalendar notes what is wrong with a calendar, whose id goes without
// saying where it is read.
func adoptCalendar(n node, c *calendar.Calendar) {
	for _, err := range leaves(c.Validate()) {
		n.adopt(trimmed(err, fmt.Sprintf("calendar %q: ", c.ID)))
	}
}
