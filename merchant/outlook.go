package merchant

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
)

// CalendarUse is a calendar and the live schedules that count its days.
type CalendarUse struct {
	Calendar  *calendar.Calendar
	Schedules []*Schedule
}

// CalendarsInUse lists, by id, the calendars of the schedules that are live at an
// instant.
func (b *Book) CalendarsInUse(at time.Time) []CalendarUse {
	var uses []CalendarUse
	for _, s := range b.Live(at) {
		for _, c := range s.Timing.Calendars {
			i := slices.IndexFunc(uses, func(u CalendarUse) bool { return u.Calendar.ID == c.ID && u.Calendar.Version == c.Version })
			if i < 0 {
				i, uses = len(uses), append(uses, CalendarUse{Calendar: c})
			}
			uses[i].Schedules = append(uses[i].Schedules, s)
		}
	}
	slices.SortStableFunc(uses, func(a, b CalendarUse) int { return cmp.Compare(a.Calendar.ID, b.Calendar.ID) })
	return uses
}

// Concerns tells what about the calendars and schedules in use needs somebody's hand
// within some days of an instant: calendars that end, schedules whose windows
// cannot be computed that far, and overrides ahead that replace no cut-off of any
// schedule. Dates are those of UTC.
func (b *Book) Concerns(at time.Time, days int) []error {
	var found []error
	today := calendar.DateOf(at, time.UTC)
	for _, use := range b.CalendarsInUse(at) {
		c := use.Calendar
		if left := c.ValidUntil.DaysSince(today); left < days {
			found = append(found, fmt.Errorf("calendar %s, version %s: valid until %s, %d days from %s, fewer than %d", c.ID, c.Version, c.ValidUntil, left, today, days))
		}
		for _, o := range use.Missed(today) {
			found = append(found, fmt.Errorf("calendar %s, version %s: the override of %s%s to %s replaces no cut-off of %s",
				c.ID, c.Version, o.Date, labeled(o.Label), o.At, strings.Join(use.ids(), ", ")))
		}
	}
	for _, s := range b.Live(at) {
		from := at
		if begins := calendar.Cutoff(s.EffectiveFrom, calendar.Clock{}, s.Timing.Zone); begins.After(from) {
			from = begins
		}
		switch last, err := s.Timing.Reach(from, from.AddDate(0, 0, days)); {
		case err == nil:
		case last.BusinessDate.IsZero():
			found = append(found, fmt.Errorf("schedule %s: its window of %s cannot be computed: %w", s.Pin(), from.UTC().Format(time.RFC3339), err))
		default:
			found = append(found, fmt.Errorf("schedule %s: no window can be computed after that of %s: %w", s.Pin(), last.BusinessDate, err))
		}
	}
	return found
}

// Missed lists the overrides from a date on that replace no cut-off of any of the
// schedules. One whose date no calendar can answer for is none of them.
func (u *CalendarUse) Missed(from calendar.Date) []calendar.CutoffOverride {
	var missed []calendar.CutoffOverride
	for _, o := range u.Calendar.CutoffOverrides {
		if !o.Date.Before(from) && !slices.ContainsFunc(u.Schedules, func(s *Schedule) bool {
			replaces, err := s.Timing.Replaces(o)
			return replaces || err != nil
		}) {
			missed = append(missed, o)
		}
	}
	return missed
}

func (u *CalendarUse) ids() []string {
	var ids []string
	for _, s := range u.Schedules {
		if !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// labeled writes the label of a cut-off behind something else.
func labeled(label string) string {
	if label == "" {
		return ""
	}
	return ", " + label + ","
}
