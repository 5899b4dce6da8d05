package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrBadWeekday is wrapped by every error about a text that names no weekday.
var ErrBadWeekday = errors.New("bad weekday")

// everyWeek has a bit for each of the at most five times a weekday occurs in a
// month.
const everyWeek = 1<<5 - 1

// Weekend is the set of days that are closed by the day of the week: whole
// weekdays, and the n-th ones of a month, as Indian banks close on the second
// and fourth Saturday. Weekends compare with ==. The zero value closes nothing.
type Weekend struct {
	weeks [7]uint8 // per weekday, bit n-1 set: the n-th of the month is closed
}

// WeekendOf returns the weekend of whole weekdays.
func WeekendOf(days ...time.Weekday) Weekend {
	var w Weekend
	for _, day := range days {
		w = w.WithNth(day, 1, 2, 3, 4, 5)
	}
	return w
}

// WithNth returns w with the n-th such weekdays of every month added, n from 1
// to 5. Numbers that no week or no month has are left out.
func (w Weekend) WithNth(day time.Weekday, n ...int) Weekend {
	for _, nth := range n {
		if day >= time.Sunday && day <= time.Saturday && nth >= 1 && nth <= 5 {
			w.weeks[day] |= 1 << (nth - 1)
		}
	}
	return w
}

// Contains reports whether d falls on the weekend.
func (w Weekend) Contains(d Date) bool {
	switch weeks := w.weeks[d.Weekday()]; weeks {
	case 0:
		return false
	case everyWeek:
		return true
	default:
		_, _, day := d.YMD()
		return weeks&(1<<((day-1)/7)) != 0
	}
}

// IsZero reports whether the weekend closes nothing.
func (w Weekend) IsZero() bool { return w == Weekend{} }

// Equal reports whether w and v close the same days, as w == v does; it is
// there for packages that compare by method, such as go-cmp.
func (w Weekend) Equal(v Weekend) bool { return w == v }

// String returns the weekend as a list, such as "sunday, 2nd saturday, 4th
// saturday".
func (w Weekend) String() string { return strings.Join(w.list(), ", ") }

// MarshalJSON returns the list of closed days from Sunday on, such as
// ["sunday", "2nd saturday", "4th saturday"].
func (w Weekend) MarshalJSON() ([]byte, error) { return json.Marshal(w.list()) }

// UnmarshalJSON reads what MarshalJSON wrote, in any order. Its errors wrap
// ErrBadWeekday.
func (w *Weekend) UnmarshalJSON(text []byte) error {
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%w: a weekend is a list of names: %w", ErrBadWeekday, err)
	}
	var read Weekend
	for _, name := range list {
		weeks, day, err := parseWeekendDay(name)
		if err != nil {
			return err
		}
		read.weeks[day] |= weeks
	}
	*w = read
	return nil
}

func (w Weekend) whole() bool {
	for _, weeks := range w.weeks {
		if weeks != everyWeek {
			return false
		}
	}
	return true
}

func (w Weekend) list() []string {
	list := []string{}
	for day, weeks := range w.weeks {
		name := weekdayNames[day]
		if weeks == everyWeek {
			list = append(list, name)
			continue
		}
		for n, ordinal := range ordinals {
			if weeks&(1<<n) != 0 {
				list = append(list, ordinal+" "+name)
			}
		}
	}
	return list
}

var (
	weekdayNames = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	ordinals     = [5]string{"1st", "2nd", "3rd", "4th", "5th"}
)

func parseWeekendDay(s string) (weeks uint8, day time.Weekday, err error) {
	ordinal, name, found := strings.Cut(s, " ")
	if !found {
		day, err = parseWeekday(s)
		return everyWeek, day, err
	}
	for n, known := range ordinals {
		if ordinal == known {
			day, err = parseWeekday(name)
			return 1 << n, day, err
		}
	}
	return 0, 0, fmt.Errorf("%w: %q: want a name such as \"sunday\" or \"2nd saturday\"", ErrBadWeekday, s)
}

func parseWeekday(name string) (time.Weekday, error) {
	for day, known := range weekdayNames {
		if name == known {
			return time.Weekday(day), nil
		}
	}
	return 0, fmt.Errorf("%w: %q: want %s", ErrBadWeekday, name, strings.Join(weekdayNames[:], ", "))
}
