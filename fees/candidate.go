package fees

import "slices"

// Why says what decided about a candidate.
type Why string

// What decides, in this order. Of the schedule that is chosen it is what the next one lacks, of the others what they lack.
const (
	WhyOnly       Why = "only_one"       // chosen: nothing else could be
	WhyBound      Why = "bound"          // how many dimensions are bound
	WhyPriority   Why = "priority"       // the priority
	WhyFrom       Why = "effective_from" // the first day in force
	WhyID         Why = "id"             // the id
	WhySuperseded Why = "superseded"     // not chosen: a later version of it is in force
	WhyNotInForce Why = "not_in_force"   // not chosen: the day is not within its dates
)

// Candidate is a schedule that matches a query, with its rank.
type Candidate struct {
	Schedule *Schedule // points into the table and must not be changed
	Bound    int       // how many dimensions it binds
	Chosen   bool
	Why      Why
}

// Candidates explains a selection: every schedule that matches the query, the one that is chosen first, the others in the order
// in which they would be, and last those that do not stand. Where the event is optional, only schedules that name it match.
func (t Table) Candidates(q Query) []Candidate {
	var all []Candidate
	for i := range t {
		s := &t[i]
		if !s.Match.matches(&q) || q.Event.Optional() && s.Match.Event == "" {
			continue
		}
		c := Candidate{Schedule: s, Bound: s.Match.Bound()}
		if !s.InForce(q.On) {
			c.Why = WhyNotInForce
		} else if t.superseded(s, q.On) {
			c.Why = WhySuperseded
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b Candidate) int {
		switch {
		case a.Why == "" && b.Why != "":
			return -1
		case a.Why != "" && b.Why == "":
			return +1
		case a.Schedule.beats(b.Schedule):
			return -1
		case b.Schedule.beats(a.Schedule):
			return +1
		}
		return 0
	})
	for i := range all {
		c := &all[i]
		switch {
		case c.Why != "":
		case i > 0:
			c.Why = c.differs(&all[0])
		case len(all) > 1 && all[1].Why == "":
			c.Chosen, c.Why = true, c.differs(&all[1])
		default:
			c.Chosen, c.Why = true, WhyOnly
		}
	}
	return all
}

// differs says what decides between c and o, both standing.
func (c *Candidate) differs(o *Candidate) Why {
	a, b := c.Schedule, o.Schedule
	switch {
	case c.Bound != o.Bound:
		return WhyBound
	case a.Priority != b.Priority:
		return WhyPriority
	case a.EffectiveFrom != b.EffectiveFrom:
		return WhyFrom
	}
	return WhyID
}
