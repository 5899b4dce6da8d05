package ledger

import (
	"errors"

	"github.com/settlex/settlex/calendar"
)

// PeriodChange closes value dates, or opens closed ones again. Entries whose
// value date is closed are refused, unless they ask for the first open date. No
// day is closed before it is over, by the UTC date. Refused with ErrPeriodOrder.
type PeriodChange struct {
	Key       string        // as an Entry's
	Reopen    bool          // false: close
	Through   calendar.Date // the last closed value date afterwards; with Reopen zero opens all
	Kind      string        // free, at most 64 bytes
	Reference string        // why, and who said so; free, at most 255 bytes
}

func (p PeriodChange) draft(d *Booked) {
	d.Key, d.Kind, d.Reference = p.Key, p.Kind, p.Reference
	d.Act, d.Terms = Closed, &Terms{Through: p.Through}
	if p.Reopen {
		d.Act = Reopened
	}
}

func (p PeriodChange) faults(d *Booked) []error {
	faults := d.checkTexts(0)
	if p.Through.IsZero() && !p.Reopen {
		faults = append(faults, errors.New("the date to close through is missing"))
	}
	return faults
}

func (p PeriodChange) need(_ *State, n *Need) {
	n.Key(p.Key)
	n.OnlyOne()
}

func (p PeriodChange) apply(s *State, d *Booked) error {
	if !s.alone && !s.whole {
		panic(notLoaded((*Need).OnlyOne))
	}
	why := ""
	switch today := s.today; {
	case p.Reopen && !p.Through.Before(s.head.Closed):
		why = "so nothing would open"
	case !p.Reopen && !p.Through.After(s.head.Closed):
		why = "so nothing would close"
	case !p.Reopen && !p.Through.Before(today):
		why = "and it is only " + today.String()
	}
	if why != "" {
		return &Failure{Reason: ErrPeriodOrder, Key: d.Key, Date: p.Through, Closed: s.head.Closed, Of: why}
	}
	return nil
}

// ClosedThrough is the last closed value date; zero: none is.
func (s *State) ClosedThrough() calendar.Date { return s.head.Closed }
