package calendar

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Day is what a calendar says about one date, and why.
type Day struct {
	Calendar, Version string // whose answer it is
	Date              Date
	Open              bool
	ExtraOpen         bool             // it is listed as open, whatever weekend and holidays say
	Weekend           bool             // it falls on the weekend
	Holiday           *Holiday         // nil: it is none
	Overrides         []CutoffOverride // of the date
}

// Day explains a date. Outside ValidFrom..ValidUntil it returns a *RangeError, as
// Open does.
func (c *Calendar) Day(d Date) (Day, error) {
	open, err := c.Open(d)
	if err != nil {
		return Day{}, err
	}
	day := Day{Calendar: c.ID, Version: c.Version, Date: d, Open: open, Weekend: c.Weekend.Contains(d)}
	_, day.ExtraOpen = slices.BinarySearchFunc(c.ExtraOpen, d, Date.Compare)
	if i, found := slices.BinarySearchFunc(c.Holidays, d, Holiday.compareDate); found {
		day.Holiday = &c.Holidays[i]
	}
	for _, o := range c.CutoffOverrides {
		if o.Date == d {
			day.Overrides = append(day.Overrides, o)
		}
	}
	return day, nil
}

// Why says in words why the day is open or closed, such as "weekend" or "holiday
// Eid al-Fitr, estimated"; "" for an open day of which there is nothing to say.
func (d Day) Why() string {
	var parts []string
	if d.ExtraOpen {
		parts = append(parts, "extra_open")
	}
	if d.Weekend {
		parts = append(parts, "weekend")
	}
	if d.Holiday != nil {
		parts = append(parts, "holiday "+d.Holiday.Name)
		if d.Holiday.Estimated {
			parts = append(parts, "estimated")
		}
	}
	return strings.Join(parts, ", ")
}

// Estimated lists the holidays from one date through another whose dates may
// still move.
func (c *Calendar) Estimated(from, through Date) []Holiday {
	var all []Holiday
	for _, h := range c.Holidays {
		if h.Estimated && !h.Date.Before(from) && !h.Date.After(through) {
			all = append(all, h)
		}
	}
	return all
}

// Step is one date on the way from a business date to a settlement date.
type Step struct {
	Date Date
	Open bool // in all calendars
	Days []Day
}

// Way lists the dates from a window's business date through its settlement date,
// and what each calendar says of them. It returns a *RangeError where a calendar does not
// know one, which it does of every window that the schedule gives.
func (s *Schedule) Way(w Window) ([]Step, error) {
	var way []Step
	for d := w.BusinessDate; !d.IsZero() && !d.After(w.SettlementDate); d = d.AddDays(1) {
		step := Step{Date: d, Open: true}
		for _, c := range s.Calendars {
			day, err := c.Day(d)
			if err != nil {
				return nil, err
			}
			step.Open = step.Open && day.Open
			step.Days = append(step.Days, day)
		}
		way = append(way, step)
	}
	return way, nil
}

// rolledMax is how many days an anchor's date is looked for around the one that it
// has rolled to: no calendar is closed for longer without being broken.
const rolledMax = 45

// RolledFrom lists the dates that the anchor names and that roll to date d; d
// itself where it stays. A schedule that rolls nothing gives d alone.
func (s *Schedule) RolledFrom(d Date) ([]Date, error) {
	if s.Anchor.Roll == RollNone {
		return []Date{d}, nil
	}
	var from []Date
	for anchor := s.Anchor.onOrBefore(d.AddDays(rolledMax)); !anchor.IsZero() && d.DaysSince(anchor) <= rolledMax; anchor = s.Anchor.onOrBefore(anchor.AddDays(-1)) {
		date, err := s.Anchor.Roll.apply(s.Calendars, anchor)
		if errors.Is(err, ErrOutOfRange) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if date == d {
			from = append(from, anchor)
		}
	}
	slices.Reverse(from)
	return from, nil
}

// Replaces reports whether an override of a calendar replaces a cut-off of the
// schedule: one with its label, or the last of the day, on a date on which windows
// close. It returns the errors of WindowOf but ErrNoWindow.
func (s *Schedule) Replaces(o CutoffOverride) (bool, error) {
	cutoffs := s.cutoffs()
	last := len(cutoffs) - 1
	meant := slices.ContainsFunc(cutoffs, func(c WindowCutoff) bool { return o.Label == "" || o.Label == c.Label })
	if !meant || !s.Anchor.everyCutoff() && o.Label != "" && o.Label != cutoffs[last].Label {
		return false, nil
	}
	for ordinal := last; ordinal >= 0; ordinal-- {
		_, err := s.WindowOf(o.Date, ordinal)
		if err == nil || !errors.Is(err, ErrNoWindow) {
			return err == nil, err
		}
	}
	return false, nil
}

// Reach walks the windows from that of one instant through that of another. It
// returns the last that can be computed, and the error of WindowAt for the one
// behind it; no window when there is not even a first.
func (s *Schedule) Reach(from, until time.Time) (last Window, err error) {
	w, err := s.WindowAt(from)
	for err == nil {
		if last = w; last.Closes.After(until) {
			return last, nil
		}
		w, err = s.Next(last)
	}
	return last, err
}
