package merchant

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Scope says what a schedule or a reserve plan is meant for. Empty fields mean
// any; only the six combinations of the package comment are allowed.
type Scope struct {
	Merchant string         `json:"merchant,omitempty"`
	Region   string         `json:"region,omitempty"`
	Currency money.Currency `json:"currency,omitzero"`
	Method   string         `json:"method,omitempty"`
}

// String writes the scope as "merchant=m currency=INR".
func (s Scope) String() string {
	out := ""
	for _, part := range []struct{ name, value string }{
		{"merchant", s.Merchant}, {"region", s.Region}, {"currency", s.Currency.String()}, {"method", s.Method},
	} {
		if part.value != "" {
			out += " " + part.name + "=" + part.value
		}
	}
	if out == "" {
		return "platform"
	}
	return out[1:]
}

// rank is 0 for the narrowest scope; ok is false for a combination that has
// no place in the order.
func (s Scope) rank() (rank int, ok bool) {
	merchant, region, currency, method := s.Merchant != "", s.Region != "", !s.Currency.IsZero(), s.Method != ""
	switch {
	case merchant && region, region && currency:
		return 0, false
	case merchant && currency && method:
		return 0, true
	case merchant && currency:
		return 1, true
	case merchant:
		return 2, !method
	case region && method:
		return 3, true
	case region:
		return 4, true
	default:
		return 5, !currency && !method
	}
}

// checkScopes wants at least one scope, and each to have a place in the order.
func checkScopes(scopes []Scope) []error {
	if len(scopes) == 0 {
		return []error{errors.New("for is missing: say what it is meant for")}
	}
	var faults []error
	for i, scope := range scopes {
		if _, ok := scope.rank(); !ok {
			faults = append(faults, fmt.Errorf("for[%d]: %s is not a scope", i, scope))
		}
	}
	return faults
}

// covers tells whether the scope is meant for a case; the case has every field
// that is known.
func (s Scope) covers(c Scope) bool {
	return (s.Merchant == "" || s.Merchant == c.Merchant) &&
		(s.Region == "" || s.Region == c.Region) &&
		(s.Currency.IsZero() || s.Currency == c.Currency) &&
		(s.Method == "" || s.Method == c.Method)
}

// Covered tells whether any of the scopes is meant for a case; the case has every
// field that is known.
func Covered(scopes []Scope, c Scope) bool {
	_, ok := Narrowest(scopes, c)
	return ok
}

// Schedule is one version of a settlement schedule: when windows close and
// their money is due (Timing), and on what terms it is paid.
type Schedule struct {
	ID            string            `json:"id"`
	Version       string            `json:"version"`                 // content hash; two schedules with one id and version are the same
	EffectiveFrom calendar.Date     `json:"effective_from,omitzero"` // first local date of its zone whose movements it governs; zero: always
	For           []Scope           `json:"for"`                     // at least one
	Timing        calendar.Schedule `json:"timing"`
	MinPayout     money.Amount      `json:"min_payout,omitzero"` // minor units; a smaller net is carried into the next batch

	MaxPayout    money.Amount  `json:"max_payout,omitzero"`     // minor units; a larger net leaves in several instructions; 0: in one
	ApproveAbove *money.Amount `json:"approve_above,omitempty"` // minor units; a larger net waits to be approved; nil: none does
	Hold         *ScheduleHold `json:"hold,omitempty"`          // nil: batches are not held

	MinBalance money.Amount `json:"min_balance_retained,omitzero"` // minor units; what each batch keeps back of what it would pay, so that as much stays available
	Negative   Negative     `json:"negative,omitempty"`            // what becomes of a net below zero

	FX *FXTerms `json:"fx,omitempty"` // what is paid in another currency; nil: each batch is paid in its own
}

// ScheduleHold keeps batches that are closed while it is in force from leaving.
type ScheduleHold struct {
	Until  calendar.Date `json:"until,omitzero"` // local midnight at which this date begins ends it; zero: somebody releases each batch
	Reason string        `json:"reason"`
}

// HeldUntil tells whether a batch that is closed at an instant is held by the schedule,
// and until when; the zero time: until somebody releases it.
func (s *Schedule) HeldUntil(at time.Time) (until time.Time, held bool) {
	if s.Hold == nil {
		return time.Time{}, false
	}
	if s.Hold.Until.IsZero() {
		return time.Time{}, true
	}
	until = calendar.Cutoff(s.Hold.Until, calendar.Clock{}, s.Timing.Zone)
	return until, at.Before(until)
}

// NeedsApproval tells whether a net waits for somebody to approve it.
func (s *Schedule) NeedsApproval(net money.Amount) bool {
	return s.ApproveAbove != nil && net.Cmp(*s.ApproveAbove) > 0
}

// Pin names this version.
func (s *Schedule) Pin() Pin { return Pin{ID: s.ID, Version: s.Version} }

// Watermark is the instant before which the movements of a window must have
// been booked: its cut-off and the schedule's grace.
func (s *Schedule) Watermark(w calendar.Window) time.Time {
	at := w.Closes.Add(s.Timing.Grace)
	if s.Timing.CutoffInclusive {
		at = at.Add(time.Microsecond) // instants are whole microseconds: the cut-off's own is in time
	}
	return at
}

// Settles gives the window a movement is settled in: its own, or, when it was
// booked too late for that, the first whose watermark it was booked before. The
// error is the calendar's, when it ends before such a window.
func (s *Schedule) Settles(own calendar.Window, booked time.Time) (window calendar.Window, late bool, err error) {
	if booked.Before(s.Watermark(own)) {
		return own, false, nil
	}
	window, err = s.Timing.WindowAt(booked.Add(-s.Timing.Grace))
	return window, true, err
}

// Validate reports everything that is wrong with the schedule.
func (s *Schedule) Validate() error {
	var faults []error
	if err := CheckID(s.ID); err != nil {
		faults = append(faults, err)
	}
	if s.Version == "" {
		faults = append(faults, errors.New("version is missing"))
	}
	faults = append(faults, checkScopes(s.For)...)
	if s.MinPayout.Sign() < 0 {
		faults = append(faults, fmt.Errorf("min_payout is %s, below 0", s.MinPayout))
	}
	faults = append(faults, s.checkTerms()...)
	if err := s.Timing.Validate(); err != nil {
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("schedule %q: %w", s.ID, err)
	}
	return nil
}

// checkTerms reports what is wrong with what lets batches go.
func (s *Schedule) checkTerms() (faults []error) {
	if s.MinBalance.Sign() < 0 {
		faults = append(faults, fmt.Errorf("min_balance_retained is %s, below 0", s.MinBalance))
	}
	if err := s.Negative.check(); err != nil {
		faults = append(faults, err)
	}
	if s.MaxPayout.Sign() < 0 {
		faults = append(faults, fmt.Errorf("max_payout is %s, below 0", s.MaxPayout))
	}
	if s.ApproveAbove != nil && s.ApproveAbove.Sign() < 0 {
		faults = append(faults, fmt.Errorf("approve_above is %s, below 0", *s.ApproveAbove))
	}
	if s.Hold != nil && s.Hold.Reason == "" {
		faults = append(faults, errors.New("hold has no reason"))
	}
	if s.FX != nil {
		faults = append(faults, s.FX.faults()...)
	}
	return faults
}

// Pin names one version of a schedule.
type Pin struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// Compare orders pins by id, then by version.
func (p Pin) Compare(o Pin) int {
	return cmp.Or(cmp.Compare(p.ID, o.ID), cmp.Compare(p.Version, o.Version))
}

// String is "id@version".
func (p Pin) String() string { return p.ID + "@" + p.Version }
