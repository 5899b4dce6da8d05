package calendar

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// ErrBadCron is wrapped by every error about a text that is no cron expression,
// or one whose windows would be none or too many.
var ErrBadCron = errors.New("bad cron expression")

// cronCutoffsMax bounds the windows of a day: every quarter of an hour. Each is a
// batch of every merchant, so more is a slip of the pen, such as "* 17" for "0 17".
const cronCutoffsMax = 96

// CronExpr is a cron expression of five fields: minute, hour, day of the month, the
// month, the day of the week. It is no clock: the first two name times of day, which
// become cut-offs, and the others dates. Where a clock is moved, the rule of
// Cutoff holds. The zero value is no expression: IsZero reports it.
type CronExpr struct {
	text    string // its fields, parted by single blanks
	cutoffs []WindowCutoff
	// Bit n is set for number n of the field.
	days, months, weekdays uint64
	// both: one of the fields of days begins with a star, and a date must match
	// both; otherwise either is enough. That is cron's rule.
	both bool
}

// A cronField is what one field may hold.
type cronField struct {
	what     string
	min, max int
	names    []string // of min and on
}

var cronFields = [5]cronField{
	{what: "minute", max: 59},
	{what: "hour", max: 23},
	{what: "day of the month", min: 1, max: 31},
	{what: "month", min: 1, max: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{what: "day of the week", max: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}, // 7 is a Sunday too
}

// ParseCron reads a cron expression such as "30 11,17 * * mon-fri": five fields,
// each a list, parted by commas, of "*", numbers, ranges such as 1-5, and steps
// such as */2 or 8-18/2. Months and days of the week have names of three letters,
// in any case; Sunday is 0 or 7. As in cron, where neither the day of the month
// nor the day of the week begins with a star, a date of either counts.
//
// The minutes and hours are the cut-offs of each date. When there are several
// their labels are the times, such as "17:30". Errors wrap ErrBadCron: for a text
// that is none, for one that no date matches, such as the 30th of February, and
// for more than 96 cut-offs a day.
func ParseCron(text string) (CronExpr, error) {
	fields := strings.Fields(text)
	if len(fields) != len(cronFields) {
		return CronExpr{}, fmt.Errorf("%w %q: it has %d fields, want 5: minute, hour, day of the month, the month, day of the week", ErrBadCron, text, len(fields))
	}
	var sets [len(cronFields)]uint64
	for i, field := range cronFields {
		var err error
		if sets[i], err = field.parse(fields[i]); err != nil {
			return CronExpr{}, fmt.Errorf("%w %q: %s: %w", ErrBadCron, text, field.what, err)
		}
	}
	if n := bits.OnesCount64(sets[0]) * bits.OnesCount64(sets[1]); n > cronCutoffsMax {
		return CronExpr{}, fmt.Errorf("%w %q: %d cut-offs a day, the most are %d", ErrBadCron, text, n, cronCutoffsMax)
	}
	c := CronExpr{
		text: strings.Join(fields, " "), cutoffs: cronCutoffs(sets[0], sets[1]),
		days: sets[2], months: sets[3], weekdays: sets[4] | sets[4]>>7&1,
		both: fields[2][0] == '*' || fields[4][0] == '*',
	}
	if !c.possible() {
		return CronExpr{}, fmt.Errorf("%w %q: no year has such a date", ErrBadCron, text)
	}
	return c, nil
}

// MustCron is ParseCron for constants and tests: it panics on a text that is no
// cron expression.
func MustCron(text string) CronExpr {
	c, err := ParseCron(text)
	if err != nil {
		panic(err)
	}
	return c
}

// Names reports whether the expression names date d. No date is named.
func (c CronExpr) Names(d Date) bool {
	if d.IsZero() {
		return false
	}
	_, m, day := d.YMD()
	inMonth := c.days&(1<<day) != 0
	inWeek := c.weekdays&(1<<d.Weekday()) != 0
	if c.months&(1<<m) == 0 {
		return false
	}
	if c.both {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

// IsZero reports whether it is no expression.
func (c CronExpr) IsZero() bool { return c.text == "" }

// Equal reports whether c and o are written alike, but for blanks.
func (c CronExpr) Equal(o CronExpr) bool { return c.text == o.text }

// String returns the expression as it was written, its fields parted by single
// blanks.
func (c CronExpr) String() string { return c.text }

// MarshalText returns the text of String.
func (c CronExpr) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// UnmarshalText reads an expression; nothing is no expression. Its errors wrap
// ErrBadCron.
func (c *CronExpr) UnmarshalText(text []byte) (err error) {
	read := CronExpr{}
	if len(text) > 0 {
		if read, err = ParseCron(string(text)); err != nil {
			return err
		}
	}
	*c = read
	return nil
}

// cronYears is how far apart two dates of an expression can be at most: a 29th of
// February that is a Sunday, over a century's year without one.
const cronYears = 40

// search returns the first date that is named from d on, or up to d with step
// -1; no date when there is none.
func (c CronExpr) search(d Date, step int) Date {
	for range cronYears*366 + 1 {
		if d.IsZero() || c.Names(d) {
			return d
		}
		d = d.AddDays(step)
	}
	return Date{}
}

// possible reports whether any year has a date that the expression names. Every
// day of every month falls on every day of the week in some year.
func (c CronExpr) possible() bool {
	if !c.both {
		return true // a day of the week comes in every month
	}
	for m := time.January; m <= time.December; m++ {
		longest := uint64(1)<<(daysIn(2000, m)+1) - 1
		if c.months&(1<<m) != 0 && c.days&longest != 0 {
			return true
		}
	}
	return false
}

func cronCutoffs(minutes, hours uint64) []WindowCutoff {
	var all []WindowCutoff
	for h := range 24 {
		for m := range 60 {
			if hours&(1<<h) != 0 && minutes&(1<<m) != 0 {
				all = append(all, WindowCutoff{At: Clock{minutes: int16(h*60 + m)}})
			}
		}
	}
	if len(all) > 1 {
		for i := range all {
			all[i].Label = all[i].At.String()
		}
	}
	return all
}

// parse reads a list of numbers, ranges and steps into a set of bits.
func (f cronField) parse(text string) (set uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, step, err := f.part(part)
		if err != nil {
			return 0, err
		}
		for n := from; n <= to; n += step {
			set |= 1 << n
		}
	}
	return set, nil
}

// part reads one of a list: *, 5, 1-5, */2, 1-5/2.
func (f cronField) part(text string) (from, to, step int, err error) {
	span, every, stepped := strings.Cut(text, "/")
	first, last, ranged := strings.Cut(span, "-")
	from, to, step = f.min, f.max, 1
	switch {
	case span == "*":
		if f.max == 7 {
			to = 6 // Sunday once
		}
	case ranged:
		if from, err = f.number(first); err == nil {
			to, err = f.number(last)
		}
		if err == nil && to < from {
			err = fmt.Errorf("%q ends before it begins", span)
		}
	case stepped:
		err = fmt.Errorf("%q: a step needs * or a range such as %d-%d before it", text, f.min, f.max)
	default:
		from, err = f.number(span)
		to = from
	}
	if err == nil && stepped {
		if step, err = strconv.Atoi(every); err != nil || step < 1 || step > f.max {
			err = fmt.Errorf("%q: a step is a number from 1 to %d", text, f.max)
		}
	}
	return from, to, step, err
}

// number reads a number of the field, or a name.
func (f cronField) number(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	n, ok := digits(text)
	if !ok || text == "" || len(text) > 2 || n < f.min || n > f.max {
		err := fmt.Errorf("%q is not a number from %d to %d", text, f.min, f.max)
		if f.names != nil {
			err = fmt.Errorf("%w or a name from %s to %s", err, f.names[0], f.names[len(f.names)-1])
		}
		return 0, err
	}
	return n, nil
}
