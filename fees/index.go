package fees

import (
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Index answers the queries of a valid table as the table does, but looks only at schedules that can match. It is built once and
// read by any number of goroutines; the table must not change while it is in use.
type Index struct {
	table    Table
	shapes   []shape
	buckets  map[bucket][]int // schedules by what they bind, best first
	versions map[string][]int // schedules by id
	later    [][]int          // of each schedule, the versions that begin after it
	minima   map[string]bool  // ids of those with a monthly minimum
}

// shape says which of a bucket's facts are bound; only shapes that occur are looked up.
type shape struct{ merchant, method, currency, event bool }

// bucket is what schedules bind of the facts that tell most of them apart; empty: any.
type bucket struct {
	merchant, method string
	currency         money.Currency
	event            Event
}

// NewIndex builds the index of a table that passed Validate.
func NewIndex(t Table) *Index {
	x := &Index{
		table: t, buckets: make(map[bucket][]int), versions: make(map[string][]int), later: make([][]int, len(t)), minima: make(map[string]bool),
	}
	for i := range t {
		m := &t[i].Match
		b := bucket{m.Merchant, m.Method, m.Currency, m.Event}
		x.buckets[b] = append(x.buckets[b], i)
		if s := (shape{b.merchant != "", b.method != "", !b.currency.IsZero(), b.event != ""}); !slices.Contains(x.shapes, s) {
			x.shapes = append(x.shapes, s)
		}
		x.versions[t[i].ID] = append(x.versions[t[i].ID], i)
		if t[i].MonthlyMin != nil {
			x.minima[t[i].ID] = true
		}
	}
	for _, list := range x.buckets {
		slices.SortStableFunc(list, func(i, j int) int {
			switch {
			case t[i].beats(&t[j]):
				return -1
			case t[j].beats(&t[i]):
				return +1
			}
			return 0
		})
	}
	for _, list := range x.versions {
		for _, i := range list {
			for _, j := range list {
				if t[j].EffectiveFrom.After(t[i].EffectiveFrom) {
					x.later[i] = append(x.later[i], j)
				}
			}
		}
	}
	return x
}

// Of reports whether x is the index of this very table, and not of one that was put in its place.
func (x *Index) Of(t Table) bool {
	return x != nil && len(x.table) == len(t) && (len(t) == 0 || &x.table[0] == &t[0])
}

// Select is [Table.Select].
func (x *Index) Select(q Query) (*Schedule, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if s := x.best(&q, false); s != nil {
		return s, nil
	}
	return nil, &NoScheduleError{Query: q}
}

// SelectNamed is [Table.SelectNamed].
func (x *Index) SelectNamed(q Query) (*Schedule, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	return x.best(&q, true), nil
}

// best returns the first in selection order of the schedules that match and stand; of those that name the event, if asked.
func (x *Index) best(q *Query, named bool) *Schedule {
	var best *Schedule
	for _, s := range x.shapes {
		if named && !s.event {
			continue
		}
		for _, i := range x.buckets[s.of(q)] {
			c := &x.table[i]
			if best != nil && !c.beats(best) {
				break // nor does what comes after it
			}
			if c.InForce(q.On) && c.Match.matches(q) && !x.superseded(i, q.On) {
				best = c
				break
			}
		}
	}
	return best
}

// of returns the bucket in which schedules of the shape stand that may match.
func (s shape) of(q *Query) (b bucket) {
	if s.merchant {
		b.merchant = q.Merchant
	}
	if s.method {
		b.method = q.Method
	}
	if s.currency {
		b.currency = q.Currency
	}
	if s.event {
		b.event = q.Event
	}
	return b
}

// superseded reports whether a later version of schedule i is in force on the day.
func (x *Index) superseded(i int, day calendar.Date) bool {
	for _, j := range x.later[i] {
		if x.table[j].InForce(day) {
			return true
		}
	}
	return false
}
