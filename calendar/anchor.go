package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// AnchorKind says which cut-offs of a schedule close windows. The zero value is
// EachWindow.
type AnchorKind uint8

// The kinds of anchors.
const (
	EachWindow AnchorKind = iota // every listed cut-off of every day
	Daily                        // the last listed cut-off of every day
	Weekly                       // the last listed cut-off of the listed weekdays
	Monthly                      // the last listed cut-off of the listed month days
	Manual                       // as EachWindow, but no job closes the windows
	Cron                         // every cut-off of a cron expression, on the dates it names
)

var anchorKinds = []string{"each_window", "daily", "weekly", "monthly", "manual", "cron"}

// String returns the kind as configuration writes it, such as "each_window".
func (k AnchorKind) String() string { return nameOf(anchorKinds, uint8(k)) }

// MarshalText returns the text of String, and an error for an unknown kind.
func (k AnchorKind) MarshalText() ([]byte, error) {
	return marshalName("anchor kind", anchorKinds, uint8(k))
}

// UnmarshalText reads one of each_window, daily, weekly, monthly, manual and cron.
func (k *AnchorKind) UnmarshalText(text []byte) error {
	return unmarshalName("anchor kind", anchorKinds, text, (*uint8)(k))
}

// Roll says where a weekly, monthly or cron closing goes when its date is not open.
// The zero value is RollNone.
type Roll uint8

// The ways to roll.
const (
	RollNone              Roll = iota // it stays: a business date may be a holiday
	RollFollowing                     // to the next open date
	RollPreceding                     // to the open date before
	RollModifiedFollowing             // to the next open date, or the one before if that is in another month
)

var rolls = []string{"none", "following", "preceding", "modified_following"}

// String returns the roll as configuration writes it, such as "following".
func (r Roll) String() string { return nameOf(rolls, uint8(r)) }

// MarshalText returns the text of String, and an error for an unknown roll.
func (r Roll) MarshalText() ([]byte, error) { return marshalName("roll", rolls, uint8(r)) }

// UnmarshalText reads one of none, following, preceding and modified_following.
func (r *Roll) UnmarshalText(text []byte) error {
	return unmarshalName("roll", rolls, text, (*uint8)(r))
}

// Anchor says on which dates, and at which of a date's cut-offs, windows close.
type Anchor struct {
	Kind     AnchorKind
	Weekdays []time.Weekday // of Weekly: at least one
	// MonthDays of Monthly: at least one, 1 to 31. A day that a month does not
	// have is the month's last day; then it rolls.
	MonthDays []int
	Cron      CronExpr // of Cron: the dates, and the cut-offs of each
	Roll      Roll     // of Weekly, Monthly and Cron; the schedule's calendars say what is open
}

// anchorJSON is the JSON form of an Anchor: weekdays by name.
type anchorJSON struct {
	Kind      AnchorKind `json:"kind"`
	Weekdays  []string   `json:"weekdays,omitempty"`
	MonthDays []int      `json:"month_days,omitempty"`
	Cron      CronExpr   `json:"cron,omitzero"`
	Roll      Roll       `json:"roll,omitempty"`
}

// MarshalJSON returns an object such as
// {"kind": "weekly", "weekdays": ["thursday"], "roll": "preceding"}.
func (a Anchor) MarshalJSON() ([]byte, error) {
	form := anchorJSON{Kind: a.Kind, MonthDays: a.MonthDays, Cron: a.Cron, Roll: a.Roll}
	for _, day := range a.Weekdays {
		if day < time.Sunday || day > time.Saturday {
			return nil, fmt.Errorf("%w: number %d", ErrBadWeekday, day)
		}
		form.Weekdays = append(form.Weekdays, weekdayNames[day])
	}
	return json.Marshal(form)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Anchor) UnmarshalJSON(text []byte) error {
	var form anchorJSON
	if err := json.Unmarshal(text, &form); err != nil {
		return err
	}
	read := Anchor{Kind: form.Kind, MonthDays: form.MonthDays, Cron: form.Cron, Roll: form.Roll}
	for _, name := range form.Weekdays {
		day, err := parseWeekday(name)
		if err != nil {
			return err
		}
		read.Weekdays = append(read.Weekdays, day)
	}
	*a = read
	return nil
}

func (a *Anchor) validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("anchor: "+format, args...))
	}
	if int(a.Kind) >= len(anchorKinds) {
		fault("unknown kind %d", a.Kind)
	}
	if int(a.Roll) >= len(rolls) {
		fault("unknown roll %d", a.Roll)
	}
	if (len(a.Weekdays) > 0) != (a.Kind == Weekly) {
		fault("weekdays belong to a weekly anchor and only there: kind %s has %d", a.Kind, len(a.Weekdays))
	}
	if (len(a.MonthDays) > 0) != (a.Kind == Monthly) {
		fault("month_days belong to a monthly anchor and only there: kind %s has %d", a.Kind, len(a.MonthDays))
	}
	if a.Cron.IsZero() == (a.Kind == Cron) {
		fault("a cron expression belongs to a cron anchor and only there: kind %s has %q", a.Kind, a.Cron)
	}
	if a.Roll != RollNone && a.Kind != Weekly && a.Kind != Monthly && a.Kind != Cron {
		fault("roll %s belongs to a weekly, monthly or cron anchor, not to %s", a.Roll, a.Kind)
	}
	for i, day := range a.Weekdays {
		if day < time.Sunday || day > time.Saturday || slices.Contains(a.Weekdays[:i], day) {
			fault("weekday %d is unknown or listed twice", day)
		}
	}
	for i, day := range a.MonthDays {
		if day < 1 || day > 31 || slices.Contains(a.MonthDays[:i], day) {
			fault("month day %d is not within 1 to 31 or listed twice", day)
		}
	}
	return errors.Join(faults...)
}

// everyCutoff reports whether all cut-offs of a day close windows, and not only
// the last.
func (a *Anchor) everyCutoff() bool {
	return a.Kind == EachWindow || a.Kind == Manual || a.Kind == Cron
}

// onOrBefore returns the last date up to d that the anchor names, before it
// rolls; no date when there is none.
func (a *Anchor) onOrBefore(d Date) Date {
	switch a.Kind {
	case Weekly:
		return a.nextWeekday(d, -1)
	case Monthly:
		return a.monthDayOnOrBefore(d)
	case Cron:
		return a.Cron.search(d, -1)
	default:
		return d
	}
}

// after returns the first date after d that the anchor names, before it rolls;
// no date when there is none.
func (a *Anchor) after(d Date) Date {
	switch a.Kind {
	case Weekly:
		return a.nextWeekday(d.AddDays(1), +1)
	case Monthly:
		return a.monthDayAfter(d)
	case Cron:
		return a.Cron.search(d.AddDays(1), +1)
	default:
		return d.AddDays(1)
	}
}

func (a *Anchor) nextWeekday(d Date, step int) Date {
	for range 7 {
		if d.IsZero() || slices.Contains(a.Weekdays, d.Weekday()) {
			return d
		}
		d = d.AddDays(step)
	}
	return Date{}
}

func (a *Anchor) monthDayOnOrBefore(d Date) Date {
	if d.IsZero() {
		return d
	}
	y, m, upTo := d.YMD()
	for range 2 {
		last, best := daysIn(y, m), 0
		for _, day := range a.MonthDays {
			if day = min(day, last); day <= upTo {
				best = max(best, day)
			}
		}
		if best > 0 {
			return civil(y, m, best)
		}
		if m--; m < time.January {
			y, m = y-1, time.December
		}
		if y < 1 {
			break
		}
		upTo = 31
	}
	return Date{}
}

func (a *Anchor) monthDayAfter(d Date) Date {
	if d.IsZero() {
		return d
	}
	const none = 32
	y, m, from := d.YMD()
	for range 2 {
		last, best := daysIn(y, m), none
		for _, day := range a.MonthDays {
			if day = min(day, last); day > from {
				best = min(best, day)
			}
		}
		if best < none {
			return civil(y, m, best)
		}
		if m++; m > time.December {
			y, m = y+1, time.January
		}
		if y > 9999 {
			break
		}
		from = 0
	}
	return Date{}
}

func (r Roll) apply(cs Calendars, d Date) (Date, error) {
	switch r {
	case RollFollowing:
		return cs.Following(d)
	case RollPreceding:
		return cs.Preceding(d)
	case RollModifiedFollowing:
		return cs.ModifiedFollowing(d)
	default:
		return d, nil
	}
}
