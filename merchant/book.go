package merchant

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Sentinels a caller may branch on.
var (
	// ErrNoRegion marks a currency or id that belongs to no region.
	ErrNoRegion = errors.New("no region")
	// ErrNoSchedule marks a case that no schedule is meant for.
	ErrNoSchedule = errors.New("no settlement schedule")
)

// PlanScope says what a reserve plan is meant for.
type PlanScope struct {
	Plan string  `json:"plan"` // id of the reserve plan
	For  []Scope `json:"for"`
}

// Book is the configuration that decides where a payment belongs.
type Book struct {
	Regions   []Region
	Schedules []Schedule  // several versions of one id differ in EffectiveFrom
	Plans     []PlanScope // reserve plans and what they are meant for
}

// Validate reports everything that is wrong with the book.
func (b *Book) Validate() error {
	var faults []error
	regions := make(map[string]bool)
	home := make(map[money.Currency]string)
	banks := make(map[string]string)
	for i := range b.Regions {
		r := &b.Regions[i]
		faults = append(faults, r.Validate())
		if regions[r.ID] {
			faults = append(faults, fmt.Errorf("region %q is there twice", r.ID))
		}
		regions[r.ID] = true
		for _, c := range r.Currencies {
			if other := home[c]; other != "" {
				faults = append(faults, fmt.Errorf("region %q: currency %s belongs to region %q already", r.ID, c, other))
			}
			home[c] = r.ID
		}
		// Merchants of a region are paid in whatever currency, so the currencies on
		// one account would not tell whose money it holds.
		if other := banks[r.Bank]; r.Bank != "" && other != "" && other != r.ID {
			faults = append(faults, fmt.Errorf("region %q: bank %q is region %q's already; each region holds its merchants' money on an account of its own", r.ID, r.Bank, other))
		}
		banks[r.Bank] = r.ID
	}
	for i := range b.Schedules {
		s := &b.Schedules[i]
		faults = append(faults, s.Validate(), checkRegions("schedule "+s.ID, s.For, regions))
		for _, t := range b.Schedules[:i] {
			switch {
			case t.ID != s.ID:
			case t.EffectiveFrom == s.EffectiveFrom:
				faults = append(faults, fmt.Errorf("schedule %q: two versions are effective from %q", s.ID, s.EffectiveFrom))
			case t.Version == s.Version:
				faults = append(faults, fmt.Errorf("schedule %q: two of its versions are called %q", s.ID, s.Version))
			}
		}
	}
	for i := range b.Plans {
		p := &b.Plans[i]
		faults = append(faults, p.Validate(), checkRegions("reserve plan "+p.Plan, p.For, regions))
		for _, q := range b.Plans[:i] {
			if q.Plan == p.Plan {
				faults = append(faults, fmt.Errorf("reserve plan %q is there twice", p.Plan))
			}
		}
	}
	return errors.Join(faults...)
}

// Validate reports everything that is wrong with what a plan is meant for.
func (p *PlanScope) Validate() error {
	faults := checkScopes(p.For)
	if err := CheckID(p.Plan); err != nil {
		faults = append([]error{err}, faults...)
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("reserve plan %q: %w", p.Plan, err)
	}
	return nil
}

// checkRegions looks for scopes of regions the book does not have.
func checkRegions(what string, scopes []Scope, regions map[string]bool) error {
	var faults []error
	for i, scope := range scopes {
		if scope.Region != "" && !regions[scope.Region] {
			faults = append(faults, fmt.Errorf("%s: for[%d]: %w %q", what, i, ErrNoRegion, scope.Region))
		}
	}
	return errors.Join(faults...)
}

// Region gives the region a payment in a currency belongs to: the merchant's
// own, or else the one the currency is listed in. Never the method's.
func (b *Book) Region(m *Merchant, currency money.Currency) (*Region, error) {
	for i := range b.Regions {
		r := &b.Regions[i]
		if m != nil && m.Region != "" {
			if r.ID == m.Region {
				return r, nil
			}
			continue
		}
		for _, c := range r.Currencies {
			if c == currency {
				return r, nil
			}
		}
	}
	if m != nil && m.Region != "" {
		return nil, fmt.Errorf("%w %q of merchant %s", ErrNoRegion, m.Region, m.ID)
	}
	return nil, fmt.Errorf("%w lists currency %s", ErrNoRegion, currency)
}

// Case gives the scope of one payment, for Schedule and ReservePlan.
func (b *Book) Case(m *Merchant, currency money.Currency, method string) (Scope, error) {
	region, err := b.Region(m, currency)
	if err != nil {
		return Scope{}, err
	}
	return Scope{Merchant: m.ID, Region: region.ID, Currency: currency, Method: method}, nil
}

// Schedule gives the schedule that is meant for a case at an instant: the
// narrowest scope first, then the one effective from the latest local date of its zone,
// then the first in the book. A version that a later one has superseded is meant for
// nothing any more, whatever its scopes. Nothing found wraps ErrNoSchedule.
func (b *Book) Schedule(c Scope, at time.Time) (*Schedule, error) {
	if s := b.meant(c, at, Narrowest); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%w is meant for %s at %s", ErrNoSchedule, c, at.UTC().Format(time.RFC3339))
}

// meant is Schedule by a measure of how narrow scopes are; nil: there is none.
func (b *Book) meant(c Scope, at time.Time, narrowest func([]Scope, Scope) (int, bool)) *Schedule {
	var best *Schedule
	bestRank := 0
	for i := range b.Schedules {
		s := &b.Schedules[i]
		rank, ok := narrowest(s.For, c)
		if !ok || s.EffectiveFrom.After(calendar.DateOf(at, s.Timing.Zone)) {
			continue
		}
		if best != nil && (rank > bestRank || rank == bestRank && !s.EffectiveFrom.After(best.EffectiveFrom)) {
			continue
		}
		if b.successor(s, at) == nil {
			best, bestRank = s, rank
		}
	}
	return best
}

// Zone gives the time zone of the schedule that is meant for a case without a method at an instant, or, where schedules are
// meant for single methods only, of the narrowest of those. It asks no calendar. Nothing found wraps ErrNoSchedule.
func (b *Book) Zone(c Scope, at time.Time) (*time.Location, error) {
	s := b.meant(c, at, Narrowest)
	if s == nil {
		s = b.meant(c, at, narrowestOfAny)
	}
	if s == nil {
		return nil, fmt.Errorf("%w is meant for %s at %s", ErrNoSchedule, c, at.UTC().Format(time.RFC3339))
	}
	return s.Timing.Zone, nil
}

// successor gives a later version of a schedule that is in force at an instant; nil: there is
// none.
func (b *Book) successor(s *Schedule, at time.Time) *Schedule {
	for i := range b.Schedules {
		o := &b.Schedules[i]
		if o.ID == s.ID && o.EffectiveFrom.After(s.EffectiveFrom) && !o.comes(at) {
			return o
		}
	}
	return nil
}

// Version gives the version of a schedule in force at an instant, on the local date
// of its zone; nil: none is.
func (b *Book) Version(id string, at time.Time) *Schedule {
	var best *Schedule
	for i := range b.Schedules {
		s := &b.Schedules[i]
		if s.ID != id || s.EffectiveFrom.After(calendar.DateOf(at, s.Timing.Zone)) {
			continue
		}
		if best == nil || s.EffectiveFrom.After(best.EffectiveFrom) {
			best = s
		}
	}
	return best
}

// Pinned gives one version of a schedule; nil: it is not configured.
func (b *Book) Pinned(pin Pin) *Schedule {
	for i := range b.Schedules {
		if s := &b.Schedules[i]; s.ID == pin.ID && s.Version == pin.Version {
			return s
		}
	}
	return nil
}

// ReservePlan gives the id of the plan that is meant for a case, among those
// that which accepts: the narrowest, then the first in the book; empty: none.
func (b *Book) ReservePlan(c Scope, which func(plan string) bool) string {
	plan, bestRank := "", 0
	for _, p := range b.Plans {
		if rank, ok := Narrowest(p.For, c); ok && (plan == "" || rank < bestRank) && which(p.Plan) {
			plan, bestRank = p.Plan, rank
		}
	}
	return plan
}

// AnyPlan tells whether a plan that which accepts is meant for any method of a case.
func (b *Book) AnyPlan(c Scope, which func(plan string) bool) bool {
	return slices.ContainsFunc(b.Plans, func(p PlanScope) bool {
		return slices.ContainsFunc(p.For, func(s Scope) bool {
			c.Method = s.Method
			return s.covers(c)
		}) && which(p.Plan)
	})
}

// Narrowest tells how narrow the narrowest of some scopes is that covers a case:
// the lower the rank, the narrower. ok is false when none covers it.
func Narrowest(scopes []Scope, c Scope) (best int, ok bool) {
	for _, scope := range scopes {
		if rank, valid := scope.rank(); valid && scope.covers(c) && (!ok || rank < best) {
			best, ok = rank, true
		}
	}
	return best, ok
}

// narrowestOfAny is Narrowest whatever the methods of scopes are.
func narrowestOfAny(scopes []Scope, c Scope) (best int, ok bool) {
	for _, scope := range scopes {
		c.Method = scope.Method
		if rank, covered := Narrowest([]Scope{scope}, c); covered && (!ok || rank < best) {
			best, ok = rank, true
		}
	}
	return best, ok
}
