package calendar

import "fmt"

// Calendars is a set of calendars that must all be open: the settlement bank's,
// the destination's and the rail's. Without any calendar every date is open.
// The elements are validated and not nil.
type Calendars []*Calendar

// Open reports whether d is open in all calendars. When any of them does not
// know d the answer is a *RangeError, whatever the others say.
func (cs Calendars) Open(d Date) (bool, error) {
	open := true
	for _, c := range cs {
		isOpen, err := c.Open(d)
		if err != nil {
			return false, err
		}
		open = open && isOpen
	}
	return open, nil
}

// knows gives a *RangeError for a date that any of the calendars has no facts for.
func (cs Calendars) knows(d Date) error {
	for _, c := range cs {
		if err := c.knows(d); err != nil {
			return err
		}
	}
	return nil
}

// Following returns d if it is open, else the next open date. It returns a
// *RangeError when that lies beyond what a calendar knows.
func (cs Calendars) Following(d Date) (Date, error) { return cs.walk(d, +1) }

// Preceding returns d if it is open, else the open date before it. It returns a
// *RangeError when that lies beyond what a calendar knows.
func (cs Calendars) Preceding(d Date) (Date, error) { return cs.walk(d, -1) }

// ModifiedFollowing returns the date of Following if it is in the month of d,
// else that of Preceding. It returns a *RangeError when that lies beyond what a
// calendar knows.
func (cs Calendars) ModifiedFollowing(d Date) (Date, error) {
	next, err := cs.Following(d)
	if err != nil {
		return Date{}, err
	}
	_, month, _ := d.YMD()
	if _, m, _ := next.YMD(); m == month {
		return next, nil
	}
	return cs.Preceding(d)
}

// AddBusinessDays returns the n-th open date strictly after d; for n = 0 it is d
// itself if open, else the next open date. It returns a *RangeError when a date
// on the way lies beyond what a calendar knows, and an error for a negative n.
func (cs Calendars) AddBusinessDays(d Date, n int) (Date, error) {
	if n < 0 {
		return Date{}, fmt.Errorf("cannot add %d business days: the number is negative", n)
	}
	if n == 0 {
		return cs.Following(d)
	}
	if len(cs) == 0 {
		return cs.walk(d.AddDays(n), +1)
	}
	for range n {
		next, err := cs.walk(d.AddDays(1), +1)
		if err != nil {
			return Date{}, err
		}
		d = next
	}
	return d, nil
}

func (cs Calendars) walk(d Date, step int) (Date, error) {
	for {
		if d.IsZero() && len(cs) == 0 {
			return Date{}, fmt.Errorf("%w: no date", ErrOutOfRange)
		}
		open, err := cs.Open(d)
		if err != nil {
			return Date{}, err
		}
		if open {
			return d, nil
		}
		d = d.AddDays(step)
	}
}
