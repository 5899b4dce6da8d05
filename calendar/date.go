package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// ErrBadDate is wrapped by every error about a text or a year, month and day
// that name no date of the years 1 to 9999.
var ErrBadDate = errors.New("bad date")

// Day numbers: day 1 is 0001-01-01, so that the zero value names no date.
const (
	lastDay       = 3_652_059 // 9999-12-31
	unixEpochDay  = 719_163   // 1970-01-01
	secondsPerDay = 86_400
)

// Date is a civil date of the proleptic Gregorian calendar, from 0001-01-01 to
// 9999-12-31, without a time of day and without a zone. Dates compare with ==
// and serve as map keys. The zero value is no date: IsZero reports it, its text
// is empty, and it sorts before every date.
type Date struct {
	n int32
}

// NewDate returns the date of year y, month m and day d. Unlike time.Date it
// does not normalise: 2026-02-30 is an error wrapping ErrBadDate.
func NewDate(y int, m time.Month, d int) (Date, error) {
	if y < 1 || y > 9999 || m < time.January || m > time.December || d < 1 || d > daysIn(y, m) {
		return Date{}, fmt.Errorf("%w: year %d, month %d, day %d", ErrBadDate, y, int(m), d)
	}
	return civil(y, m, d), nil
}

// ParseDate reads a date written as YYYY-MM-DD, exactly ten characters. Any
// other text, the empty one included, is an error wrapping ErrBadDate.
func ParseDate(s string) (Date, error) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return Date{}, fmt.Errorf("%w: %q is not written as YYYY-MM-DD", ErrBadDate, s)
	}
	y, okYear := digits(s[:4])
	m, okMonth := digits(s[5:7])
	d, okDay := digits(s[8:])
	if !okYear || !okMonth || !okDay {
		return Date{}, fmt.Errorf("%w: %q is not written as YYYY-MM-DD", ErrBadDate, s)
	}
	date, err := NewDate(y, time.Month(m), d)
	if err != nil {
		return Date{}, fmt.Errorf("%w: there is no %s", ErrBadDate, s)
	}
	return date, nil
}

// MustDate is ParseDate for constants and tests: it panics on a text that is no
// date.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// DateOf returns the date a calendar on the wall shows at instant t in loc,
// which must not be nil. It is no date (the zero value) outside the years 1 to
// 9999.
func DateOf(t time.Time, loc *time.Location) Date {
	_, offset := t.In(loc).Zone()
	return dateOfWall(t.Unix() + int64(offset))
}

// AddDays returns the date n days later, or earlier for a negative n. Adding to
// no date, or leaving the years 1 to 9999, gives no date.
func (d Date) AddDays(n int) Date {
	if d.n == 0 || n > lastDay || n < -lastDay {
		return Date{}
	}
	return dateOfNumber(int64(d.n) + int64(n))
}

// DaysSince returns the number of days from e to d: positive when d is later.
// Neither may be no date, or the number means nothing.
func (d Date) DaysSince(e Date) int { return int(d.n) - int(e.n) }

// Compare returns -1, 0 or +1 as d is before, the same as, or after e.
func (d Date) Compare(e Date) int { return cmp.Compare(d.n, e.n) }

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.n < e.n }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.n > e.n }

// Equal reports whether d and e are the same date, as d == e does; it is there
// for packages that compare by method, such as go-cmp.
func (d Date) Equal(e Date) bool { return d == e }

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d.n == 0 }

// Weekday returns the day of the week. No date has none: it answers Sunday.
func (d Date) Weekday() time.Weekday { return time.Weekday(d.n % 7) }

// YMD returns year, month and day of the month; three zeros for no date.
func (d Date) YMD() (year int, month time.Month, day int) {
	if d.n == 0 {
		return 0, 0, 0
	}
	return d.ymd()
}

// String returns the date as YYYY-MM-DD, and "" for no date.
func (d Date) String() string {
	var buf [10]byte
	return string(d.append(buf[:0]))
}

// MarshalText returns the text of String.
func (d Date) MarshalText() ([]byte, error) { return d.append(make([]byte, 0, 10)), nil }

// UnmarshalText reads what MarshalText wrote: YYYY-MM-DD, or nothing for no
// date. Its errors wrap ErrBadDate.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	date, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = date
	return nil
}

func (d Date) append(buf []byte) []byte {
	if d.n == 0 {
		return buf
	}
	y, m, day := d.ymd()
	return append(buf,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}

// wall returns midnight of d in seconds since 1970-01-01 00:00 on the same wall,
// whatever wall that is.
func (d Date) wall() int64 { return (int64(d.n) - unixEpochDay) * secondsPerDay }

func dateOfWall(wall int64) Date {
	days := wall / secondsPerDay
	if wall%secondsPerDay < 0 {
		days--
	}
	return dateOfNumber(days + unixEpochDay)
}

func dateOfNumber(n int64) Date {
	if n < 1 || n > lastDay {
		return Date{}
	}
	return Date{n: int32(n)}
}

// Years are counted from March here, so that the leap day is the last day of
// its year and a month's start is a linear formula: Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms".
const (
	daysPer400Years = 146_097
	marchShift      = 306 // days from 0000-03-01 to 0001-01-01
)

func civil(y int, m time.Month, d int) Date {
	month := (int(m) + 9) % 12
	if m <= time.February {
		y--
	}
	era, yearOfEra := y/400, y%400
	dayOfYear := (153*month+2)/5 + d - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return Date{n: int32(era*daysPer400Years + dayOfEra - marchShift + 1)}
}

func (d Date) ymd() (int, time.Month, int) {
	n := uint32(d.n) - 1 + marchShift
	era, dayOfEra := n/daysPer400Years, n%daysPer400Years
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	month := (5*dayOfYear + 2) / 153
	day := dayOfYear - (153*month+2)/5 + 1
	year := era*400 + yearOfEra
	if month < 10 {
		return int(year), time.Month(month + 3), int(day)
	}
	return int(year + 1), time.Month(month - 9), int(day)
}

func daysIn(y int, m time.Month) int {
	switch m {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// digits reads a text of decimal digits only.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
