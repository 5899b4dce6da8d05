package feed

import (
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
)

// A wall is a date and a time of day as written, with the offset written
// behind it, if there is one.
type wall struct {
	clock  time.Time // what the clock shows, as if it were UTC
	offset time.Duration
	fixed  bool // offset is there
}

// parseWall reads YYYY-MM-DDTHH:MM:SS, a space allowed for the T, up to nine
// fraction digits, and Z or +HH:MM or nothing.
func parseWall(s string) (wall, error) {
	const head = len("2006-01-02T15:04:05")
	if len(s) < head {
		return wall{}, badTime(s, "want 2006-01-02T15:04:05 and an offset")
	}
	if s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return wall{}, badTime(s, "want 2006-01-02T15:04:05 and an offset")
	}
	year, month, day := number(s[0:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if min(year, month, day, hour, minute, second) < 0 {
		return wall{}, badTime(s, "want 2006-01-02T15:04:05 and an offset")
	}
	micros, rest, err := fraction(s[head:])
	if err != nil {
		return wall{}, badTime(s, err.Error())
	}
	if hour > 23 || minute > 59 || second > 59 {
		return wall{}, badTime(s, "no such time of day")
	}
	clock := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	if clock.Year() != year || int(clock.Month()) != month || clock.Day() != day {
		return wall{}, badTime(s, "no such date")
	}
	w := wall{clock: clock}
	if rest == "" {
		return w, nil
	}
	w.fixed = true
	if w.offset, err = parseOffset(rest); err != nil {
		return wall{}, badTime(s, err.Error())
	}
	return w, nil
}

// fraction reads a fraction of a second as microseconds, rounded down so that no
// event moves past the instant it happened, and gives what follows.
func fraction(s string) (micros int, rest string, err error) {
	if !strings.HasPrefix(s, ".") {
		return 0, s, nil
	}
	n := 1
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == 1 || n > 10 {
		return 0, "", fmt.Errorf("%d fraction digits, want 1 to 9", n-1)
	}
	return number((s[1:n] + "00000")[:6]), s[n:], nil
}

// parseOffset reads Z, +HH:MM or -HH:MM.
func parseOffset(s string) (time.Duration, error) {
	if s == "Z" {
		return 0, nil
	}
	if len(s) != len("+00:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, fmt.Errorf("offset %s, want Z or +05:30", quote(s))
	}
	hours, minutes := number(s[1:3]), number(s[4:6])
	if hours < 0 || minutes < 0 || hours > 23 || minutes > 59 {
		return 0, fmt.Errorf("offset %s, want Z or +05:30", quote(s))
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		return -offset, nil
	}
	return offset, nil
}

// number reads digits and nothing else; -1 for anything else.
func number(s string) int {
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// in gives the instant in UTC. Without an offset of its own, the time is local
// to zone.
func (w wall) in(zone *time.Location) time.Time {
	if w.fixed {
		return w.clock.Add(-w.offset)
	}
	// A time that is skipped is the instant of the jump, one that comes twice is its first.
	return calendar.Earliest(w.clock, zone)
}

// checkYear refuses instants that are slips of the pen.
func checkYear(s string, t time.Time) error {
	if y := t.Year(); y < 1970 || y > 9999 {
		return badTime(s, fmt.Sprintf("year %d is outside 1970 to 9999", y))
	}
	return nil
}

func badTime(s, why string) error {
	return fmt.Errorf("%w %s: %s", ErrBadTime, quote(s), why)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
