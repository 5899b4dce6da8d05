package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Unit is what a Delay counts. The zero value is BusinessDays.
type Unit uint8

// The units of a delay.
const (
	BusinessDays Unit = iota // days on which all calendars of the schedule are open
	CalendarDays             // all days; a date that is not open moves to the next open one
	Hours                    // from the cut-off; an instant of a date that is not open moves to the start of the next open one
)

var units = []string{"business_days", "calendar_days", "hours"}

// String returns the unit as configuration writes it, such as "business_days".
func (u Unit) String() string { return nameOf(units, uint8(u)) }

// MarshalText returns the text of String, and an error for an unknown unit.
func (u Unit) MarshalText() ([]byte, error) { return marshalName("unit of delay", units, uint8(u)) }

// UnmarshalText reads one of business_days, calendar_days and hours.
func (u *Unit) UnmarshalText(text []byte) error {
	return unmarshalName("unit of delay", units, text, (*uint8)(u))
}

// Delay is the time from a window's business date to its settlement date: the
// T+N of a schedule. In Hours it is the time from the window's cut-off to the
// instant at which its money is due.
type Delay struct {
	N    int  `json:"n"`
	Unit Unit `json:"unit"`
}

// delayMax is a year and a day: more is a slip of the pen.
const delayMax = 366

// graceMax is a week: who waits longer for what belongs to a window has a slip of the pen.
const graceMax = 7 * 24 * time.Hour

// check bounds the delay.
func (d Delay) check() error {
	most, what := delayMax, "days"
	if d.Unit == Hours {
		most, what = delayMax*24, "hours"
	}
	if d.N < 0 || d.N > most {
		return fmt.Errorf("delay of %d %s is not within 0 to %d", d.N, what, most)
	}
	return nil
}

// WindowCutoff is a time of day at which windows close, and the name of the
// window that ends there, such as "morning".
type WindowCutoff struct {
	At    Clock  `json:"cutoff"`
	Label string `json:"label,omitempty"`
}

// Schedule is the timing of settlement: when windows close and when their money
// is due. It is a value: filled in, checked once with Validate, and never
// changed after; then it is safe for concurrent use.
type Schedule struct {
	Zone *time.Location // the zone of the cut-offs, an IANA zone; not time.Local
	// Cutoffs are at least one, ascending; several need distinct labels. With a
	// Cron anchor there are none: its expression has them.
	Cutoffs []WindowCutoff
	Delay   Delay  // default: T+0 in business days
	Anchor  Anchor // which cut-offs close windows; default: each
	// Calendars say which days are open for Delay and for Anchor.Roll, and may
	// override cut-offs.
	Calendars Calendars
	// CutoffInclusive puts an event exactly at a cut-off into the window that
	// closes there. The default puts it into the next one.
	CutoffInclusive bool
	// Grace is how long after a cut-off entries are still looked for that
	// belong to its window. It moves no window: windows partition event time,
	// the grace is about booking time. Whole microseconds, a week at most. Default 0.
	Grace time.Duration
}

// Validate reports everything that is wrong with the schedule, joined, the
// faults of its calendars included. A zone must be named, so that another
// machine reads the same: time.Local is refused.
func (s *Schedule) Validate() error {
	faults := s.checkCutoffs()
	if s.Zone == nil {
		faults = append(faults, errors.New("timezone is missing"))
	} else if s.Zone == time.Local {
		faults = append(faults, errors.New("timezone \"Local\" depends on the machine: name an IANA zone"))
	}
	faults = append(faults, s.Delay.check())
	if int(s.Delay.Unit) >= len(units) {
		faults = append(faults, fmt.Errorf("unknown unit of delay %d", s.Delay.Unit))
	}
	switch {
	case s.Grace < 0:
		faults = append(faults, fmt.Errorf("grace %s is negative", s.Grace))
	case s.Grace > graceMax:
		faults = append(faults, fmt.Errorf("grace %s is more than %s, a week: windows stay open that long", s.Grace, graceMax))
	case s.Grace%time.Microsecond != 0:
		faults = append(faults, fmt.Errorf("grace %s is not of whole microseconds, as instants are", s.Grace))
	}
	faults = append(faults, s.Anchor.validate())
	return errors.Join(append(faults, s.checkCalendars()...)...)
}

func (s *Schedule) checkCutoffs() []error {
	var faults []error
	switch byCron := s.Anchor.Kind == Cron; {
	case byCron && len(s.Cutoffs) > 0:
		faults = append(faults, fmt.Errorf("the cron expression has the cut-offs, so none is listed beside it: here are %d", len(s.Cutoffs)))
	case !byCron && len(s.Cutoffs) == 0:
		faults = append(faults, errors.New("schedule has no cut-off"))
	}
	labels := make(map[string]Clock, len(s.Cutoffs))
	for i, c := range s.Cutoffs {
		if i > 0 && c.At.Compare(s.Cutoffs[i-1].At) <= 0 {
			faults = append(faults, fmt.Errorf("cut-off %s must come after %s: cut-offs ascend", c.At, s.Cutoffs[i-1].At))
		}
		if at, twice := labels[c.Label]; twice {
			faults = append(faults, fmt.Errorf("cut-offs %s and %s have the same label %q", at, c.At, c.Label))
		}
		labels[c.Label] = c.At
	}
	return faults
}

// cutoffs returns the listed cut-offs, or those of the cron expression.
func (s *Schedule) cutoffs() []WindowCutoff {
	if s.Anchor.Kind == Cron {
		return s.Anchor.Cron.cutoffs
	}
	return s.Cutoffs
}

func (s *Schedule) checkCalendars() []error {
	var faults []error
	ids := make(map[string]bool, len(s.Calendars))
	for i, c := range s.Calendars {
		if c == nil {
			faults = append(faults, fmt.Errorf("calendar %d of the schedule is missing", i+1))
			continue
		}
		if ids[c.ID] {
			faults = append(faults, fmt.Errorf("calendar %q is listed twice", c.ID))
		}
		ids[c.ID] = true
		faults = append(faults, c.Validate())
	}
	return faults
}

// SettlementDate returns the date on which the money of business date d is due:
// with a delay in business days the n-th open date strictly after d, and for
// n = 0 the date d itself if open, else the next open one; with a delay in
// calendar days the date n days after d if open, else the next open one; with
// one in hours, which count from a cut-off, the date for the last cut-off of d.
// It returns a *RangeError when a date on the way lies beyond what a calendar of
// the schedule knows.
func (s *Schedule) SettlementDate(d Date) (Date, error) {
	switch s.Delay.Unit {
	case CalendarDays:
		return s.Calendars.Following(d.AddDays(s.Delay.N))
	case Hours:
		last := s.cutoffs()
		if d.IsZero() || s.Zone == nil || len(last) == 0 {
			return Date{}, s.noWindow(d, 0)
		}
		if err := s.Calendars.knows(d); err != nil {
			return Date{}, err // it might override the cut-off
		}
		_, due, err := s.dueAfter(Cutoff(d, s.clock(d, len(last)-1), s.Zone))
		return due, err
	default:
		return s.Calendars.AddBusinessDays(d, s.Delay.N)
	}
}

// due returns when the money of a window is due: the date, and with a delay in
// hours the instant.
func (s *Schedule) due(d Date, closes time.Time) (at time.Time, on Date, err error) {
	if s.Delay.Unit == Hours {
		return s.dueAfter(closes)
	}
	on, err = s.SettlementDate(d)
	return time.Time{}, on, err
}

// dueAfter adds the hours of the delay to a cut-off, as elapsed time. Where the
// local date is not open then, it is the start of the next open one. A date that
// the zone skips has no start of its own: it starts where the date after it does.
func (s *Schedule) dueAfter(closes time.Time) (at time.Time, on Date, err error) {
	at = closes.Add(time.Duration(s.Delay.N) * time.Hour)
	for {
		on = DateOf(at, s.Zone)
		open, err := s.Calendars.Following(on)
		if err != nil {
			return time.Time{}, Date{}, err
		}
		if open == on {
			return at, on, nil
		}
		at = Cutoff(open, Clock{}, s.Zone)
	}
}

// scheduleJSON is the JSON form of a Schedule.
type scheduleJSON struct {
	Timezone        string         `json:"timezone"`
	Windows         []WindowCutoff `json:"windows,omitempty"` // none with a cron expression, which has them
	Delay           Delay          `json:"delay"`
	Anchor          Anchor         `json:"anchor"`
	Calendars       Calendars      `json:"calendars,omitempty"`
	CutoffInclusive bool           `json:"cutoff_inclusive,omitempty"`
	Grace           string         `json:"grace,omitempty"`
}

// MarshalJSON returns the schedule with the zone by name, the grace as text such
// as "5m0s", and its calendars in full: a stored schedule needs nothing else.
//
// A struct that embeds a Schedule without a field name takes over this method,
// and its other fields are lost: give the field a name.
func (s Schedule) MarshalJSON() ([]byte, error) {
	form := scheduleJSON{
		Windows: s.Cutoffs, Delay: s.Delay, Anchor: s.Anchor,
		Calendars: s.Calendars, CutoffInclusive: s.CutoffInclusive,
	}
	if s.Zone != nil {
		form.Timezone = s.Zone.String()
	}
	if s.Grace != 0 {
		form.Grace = s.Grace.String()
	}
	return json.Marshal(form)
}

// UnmarshalJSON reads what MarshalJSON wrote. A zone that the time-zone data of
// this program does not have is an error.
func (s *Schedule) UnmarshalJSON(text []byte) error {
	var form scheduleJSON
	if err := json.Unmarshal(text, &form); err != nil {
		return err
	}
	read := Schedule{
		Cutoffs: form.Windows, Delay: form.Delay, Anchor: form.Anchor,
		Calendars: form.Calendars, CutoffInclusive: form.CutoffInclusive,
	}
	var err error
	if form.Timezone != "" {
		if read.Zone, err = LoadZone(form.Timezone); err != nil {
			return fmt.Errorf("timezone %q: %w", form.Timezone, err)
		}
	}
	if form.Grace != "" {
		if read.Grace, err = time.ParseDuration(form.Grace); err != nil {
			return fmt.Errorf("grace: %w", err)
		}
	}
	*s = read
	return nil
}
