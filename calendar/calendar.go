package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrOutOfRange is wrapped by every error about a date outside the years a
// calendar knows. The facts are in the *RangeError around it.
var ErrOutOfRange = errors.New("date outside the calendar's validity")

// RangeError says that a calendar was asked about a date it knows nothing about.
// It wraps ErrOutOfRange.
type RangeError struct {
	Calendar, Version     string // id and version of the calendar
	Date                  Date   // the date asked about
	ValidFrom, ValidUntil Date   // first and last date the calendar knows
}

// Error names the calendar, the date and the validity.
func (e *RangeError) Error() string {
	date := e.Date.String()
	if e.Date.IsZero() {
		date = "no date"
	}
	return fmt.Sprintf("%v: calendar %s (version %s) is valid from %s to %s, asked about %s",
		ErrOutOfRange, e.Calendar, e.Version, e.ValidFrom, e.ValidUntil, date)
}

// Unwrap returns ErrOutOfRange.
func (e *RangeError) Unwrap() error { return ErrOutOfRange }

// Holiday is one closed date. Estimated is set when the date was announced by
// calculation and may still move, as Eid does with the moon.
type Holiday struct {
	Date      Date   `json:"date"`
	Name      string `json:"name"`
	Estimated bool   `json:"estimated,omitempty"`
}

// CutoffOverride replaces a cut-off on one date: Ramadan hours, the Friday
// before Eid. Without a label it replaces the day's last cut-off, with a label
// the cut-off of that label, in schedules that have one. An earlier cut-off of
// the day that is then no longer earlier closes nothing on that date.
type CutoffOverride struct {
	Date  Date   `json:"date"`
	Label string `json:"label,omitempty"`
	At    Clock  `json:"at"`
	Name  string `json:"name,omitempty"` // why, for the reader
}

// Calendar says which dates banks, or whoever settles, are open. It is data: a
// version of a calendar, once used, is never changed. Holidays, ExtraOpen and
// CutoffOverrides are in ascending order of date; Validate checks it, and Open
// relies on it. A validated calendar is safe for concurrent use.
type Calendar struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Name    string `json:"name"`
	Source  string `json:"source"` // where the facts are from, and their licence
	// ValidFrom and ValidUntil are the first and the last date the calendar
	// knows; on other dates every answer is an error.
	ValidFrom  Date      `json:"valid_from"`
	ValidUntil Date      `json:"valid_until"`
	Weekend    Weekend   `json:"weekend"`
	Holidays   []Holiday `json:"holidays,omitempty"`
	// ExtraOpen lists dates that are open whatever weekend and holidays say.
	ExtraOpen       []Date           `json:"extra_open,omitempty"`
	CutoffOverrides []CutoffOverride `json:"cutoff_overrides,omitempty"`
}

// Open reports whether d is a business day. Outside ValidFrom..ValidUntil, both
// included, it returns a *RangeError.
func (c *Calendar) Open(d Date) (bool, error) {
	if err := c.knows(d); err != nil {
		return false, err
	}
	if _, found := slices.BinarySearchFunc(c.ExtraOpen, d, Date.Compare); found {
		return true, nil
	}
	if c.Weekend.Contains(d) {
		return false, nil
	}
	_, found := slices.BinarySearchFunc(c.Holidays, d, Holiday.compareDate)
	return !found, nil
}

// Validate reports everything that is wrong with the calendar, joined: missing
// id, version or source, an empty or missing validity, a weekend of seven days,
// and dates that are missing, twice there, out of order or outside the validity.
func (c *Calendar) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("calendar %q: "+format, append([]any{c.ID}, args...)...))
	}
	if c.ID == "" {
		fault("id is missing")
	}
	if c.Version == "" {
		fault("version is missing")
	}
	if c.Source == "" {
		fault("source is missing")
	}
	if c.Weekend.whole() {
		fault("weekend closes all seven days")
	}
	if c.ValidFrom.IsZero() || c.ValidUntil.IsZero() {
		fault("valid_from and valid_until must both be given")
	} else if c.ValidUntil.Before(c.ValidFrom) {
		fault("valid_until %s is before valid_from %s", c.ValidUntil, c.ValidFrom)
	}
	c.checkDates(fault)
	return errors.Join(faults...)
}

func (c *Calendar) checkDates(fault func(format string, args ...any)) {
	covered := func(what string, d Date) {
		if !c.covers(d) {
			fault("%s %q is outside the validity %s to %s", what, d, c.ValidFrom, c.ValidUntil)
		}
	}
	for i, h := range c.Holidays {
		covered("holiday", h.Date)
		if h.Name == "" {
			fault("holiday %s has no name", h.Date)
		}
		if i > 0 && !h.Date.After(c.Holidays[i-1].Date) {
			fault("holiday %s must come after %s: dates ascend, each once", h.Date, c.Holidays[i-1].Date)
		}
	}
	for i, d := range c.ExtraOpen {
		covered("extra_open", d)
		if i > 0 && !d.After(c.ExtraOpen[i-1]) {
			fault("extra_open %s must come after %s: dates ascend, each once", d, c.ExtraOpen[i-1])
		}
	}
	for i, o := range c.CutoffOverrides {
		covered("cutoff_override", o.Date)
		if i > 0 && o.compare(c.CutoffOverrides[i-1]) <= 0 {
			fault("cutoff_override %s %q must come after %s %q: dates and labels ascend, each once",
				o.Date, o.Label, c.CutoffOverrides[i-1].Date, c.CutoffOverrides[i-1].Label)
		}
	}
}

func (c *Calendar) covers(d Date) bool {
	return !d.IsZero() && !d.Before(c.ValidFrom) && !d.After(c.ValidUntil)
}

// knows gives a *RangeError for a date that the calendar has no facts for.
func (c *Calendar) knows(d Date) error {
	if c.covers(d) {
		return nil
	}
	return &RangeError{Calendar: c.ID, Version: c.Version, Date: d, ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil}
}

func (h Holiday) compareDate(d Date) int { return h.Date.Compare(d) }

func (o CutoffOverride) compareDate(d Date) int { return o.Date.Compare(d) }

func (o CutoffOverride) compare(p CutoffOverride) int {
	return cmp.Or(o.Date.Compare(p.Date), cmp.Compare(o.Label, p.Label))
}

// override returns the earliest override that c has on d for the cut-off with
// that label, or that is the day's last.
func (c *Calendar) override(d Date, label string, last bool) (at Clock, found bool) {
	i, found := slices.BinarySearchFunc(c.CutoffOverrides, d, CutoffOverride.compareDate)
	if !found {
		return Clock{}, false
	}
	found = false
	for _, o := range c.CutoffOverrides[i:] {
		if o.Date != d {
			break
		}
		applies := o.Label == "" && last || o.Label != "" && o.Label == label
		if applies && (!found || o.At.Compare(at) < 0) {
			at, found = o.At, true
		}
	}
	return at, found
}
