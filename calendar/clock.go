package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrBadClock is wrapped by every error about a text that is no time of day.
var ErrBadClock = errors.New("bad time of day")

// Clock is a time of day on the wall, 00:00 to 23:59, to the minute and without
// a zone. Clocks compare with ==. The zero value is midnight.
type Clock struct {
	minutes int16
}

// ParseClock reads a time of day written as HH:MM, exactly five characters. Any
// other text, 24:00 included, is an error wrapping ErrBadClock.
func ParseClock(s string) (Clock, error) {
	if len(s) != len("15:04") || s[2] != ':' {
		return Clock{}, fmt.Errorf("%w: %q is not written as HH:MM", ErrBadClock, s)
	}
	h, okHour := digits(s[:2])
	m, okMinute := digits(s[3:])
	if !okHour || !okMinute {
		return Clock{}, fmt.Errorf("%w: %q is not written as HH:MM", ErrBadClock, s)
	}
	if h > 23 || m > 59 {
		return Clock{}, fmt.Errorf("%w: there is no %s between 00:00 and 23:59", ErrBadClock, s)
	}
	return Clock{minutes: int16(h*60 + m)}, nil
}

// MustClock is ParseClock for constants and tests: it panics on a text that is
// no time of day.
func MustClock(s string) Clock {
	c, err := ParseClock(s)
	if err != nil {
		panic(err)
	}
	return c
}

// Minutes returns the minutes since midnight, 0 to 1439.
func (c Clock) Minutes() int { return int(c.minutes) }

// Compare returns -1, 0 or +1 as c is earlier in the day than, the same as, or
// later than o.
func (c Clock) Compare(o Clock) int { return cmp.Compare(c.minutes, o.minutes) }

// Equal reports whether c and o are the same time of day, as c == o does; it is
// there for packages that compare by method, such as go-cmp.
func (c Clock) Equal(o Clock) bool { return c == o }

// String returns the time of day as HH:MM.
func (c Clock) String() string {
	h, m := c.minutes/60, c.minutes%60
	return string([]byte{byte('0' + h/10), byte('0' + h%10), ':', byte('0' + m/10), byte('0' + m%10)})
}

// MarshalText returns the text of String.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads HH:MM. Unlike a date, a time of day cannot be left empty:
// its errors wrap ErrBadClock.
func (c *Clock) UnmarshalText(text []byte) error {
	clock, err := ParseClock(string(text))
	if err != nil {
		return err
	}
	*c = clock
	return nil
}

func (c Clock) seconds() int64 { return int64(c.minutes) * 60 }

// Cutoff returns, in UTC, the earliest instant at which a wall clock in loc
// shows date d, time of day c, or anything later. That one definition covers
// the days on which clocks are moved: a time that is skipped falls on the
// instant of the jump, and of a time that is shown twice the first one counts.
// Cutoff never decreases as (d, c) grows. loc must not be nil; for no date the
// answer is the zero time.
func Cutoff(d Date, c Clock, loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	at, _ := cutoff(d.wall()+c.seconds(), loc)
	return time.Unix(at, 0).UTC()
}

// Earliest returns, in UTC, the earliest instant at which a wall clock in loc shows
// the time that wall shows, which is read as if it were UTC, or anything later: the
// rule of Cutoff, to the nanosecond. loc must not be nil.
func Earliest(wall time.Time, loc *time.Location) time.Time {
	at, exact := cutoff(wall.Unix(), loc)
	if exact {
		return time.Unix(at, int64(wall.Nanosecond())).UTC()
	}
	return time.Unix(at, 0).UTC()
}

// widest is more than any clock is ahead of or behind UTC: time-zone data files
// allow less than 26 hours (RFC 9636, section 3.2).
const widest = 26 * 3600

// cutoff finds the earliest instant whose local time is at or past wall, by
// walking the spans of constant offset from where none can have reached it yet.
// exact is false when wall is skipped: the instant is the end of the gap.
func cutoff(wall int64, loc *time.Location) (at int64, exact bool) {
	from := wall - widest
	for {
		s := spanAt(time.Unix(from, 0), loc)
		at = max(wall-s.offset, from)
		if at < s.until {
			return at, at == wall-s.offset
		}
		from = s.until
	}
}

// span is a stretch of time with one offset from UTC, all in seconds: instants
// from <= t < until. One span answers for most cut-offs near an instant without
// asking the time-zone data again.
type span struct {
	from, until int64
	offset      int64
}

func spanAt(t time.Time, loc *time.Location) span {
	t = t.In(loc)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	s := span{from: math.MinInt64, until: math.MaxInt64, offset: int64(offset)}
	if !start.IsZero() {
		s.from = begin(start, t, loc)
	}
	if !end.IsZero() {
		s.until = end.Unix()
	}
	// Beyond the last jump in the data, the zone's rule says that a span ends with
	// the year at the latest, and Go counts 365 days for it: on the last day of a
	// leap year the end is over. The offset holds until the next year begins.
	if now := t.Unix(); s.until <= now {
		s.until = time.Date(t.UTC().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	return s
}

// begin is since when the offset at instant t holds. ZoneBounds answers with the
// beginning of the year where the zone's rule says so, though the data may have a
// jump between the two.
func begin(start, t time.Time, loc *time.Location) int64 {
	for at := start; ; {
		_, end := at.In(loc).ZoneBounds()
		if end.IsZero() || end.After(t) || !end.After(at) {
			return at.Unix()
		}
		at = end
	}
}

// cutoff is the package's cutoff, answered from s alone. ok is false when the
// answer is not inside s, or so near its beginning that an earlier span, with
// its clock further ahead, might have shown the time before.
func (s span) cutoff(wall int64) (at int64, ok bool) {
	at = wall - s.offset
	return at, at < s.until && at-2*widest >= s.from
}
