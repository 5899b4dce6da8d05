package payment

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// Rules are the configuration that decides about payments. They are read only
// and shared by all commands of an engine.
type Rules struct {
	Book *merchant.Book
	Fees fees.Table
	// Prices is the index of Fees; nil, or of another table: they are searched one by
	// one. See Indexed.
	Prices *fees.Index
	Plans  []reserve.Plan // several versions of one id differ in EffectiveFrom
	// Withholding says of whose deposits tax is withheld.
	Withholding []WithholdingRule
	// Payouts say which payouts need approval, and whether they wait for money.
	Payouts []PayoutRule
	// LateSuccess says what becomes of deposits that are captured after they failed
	// or expired; one that no rule is for is accepted.
	LateSuccess []LateRule
	// CreateMerchants makes a merchant nobody knows come into being with its
	// first deposit, in the region of the deposit's currency. Otherwise such a
	// deposit is refused.
	CreateMerchants bool
	// Rails are what is particular to rails, by name; one that is not listed nets
	// nothing.
	Rails map[string]RailTerms
	// DrawReserve says whose refunds and disputes draw on what is left of their
	// deposit's own reserve before they draw on what is available.
	DrawReserve []merchant.Scope
	// PayTwice says of whose deposits the same money may be refunded and disputed.
	// Each of both stays within the deposit.
	PayTwice []merchant.Scope
	// ApproveAbove is the amount of an adjustment in minor units up to which whoever
	// asks for it decides alone. In a currency without one, every adjustment needs
	// somebody else's approval.
	ApproveAbove map[money.Currency]money.Amount
	// Accounts are patterns of the host's own that the chart of accounts has beside
	// those of the program, as CheckAccount allows them.
	Accounts []ledger.Pattern
}

// Indexed gives a copy that finds prices by an index. Its fees must not change.
func (r *Rules) Indexed() *Rules {
	indexed := *r
	indexed.Prices = fees.NewIndex(r.Fees)
	return &indexed
}

// prices is what selects fee schedules.
func (r *Rules) prices() interface {
	Select(fees.Query) (*fees.Schedule, error)
	SelectNamed(fees.Query) (*fees.Schedule, error)
	HasMinimum(id string) bool
	Last(id string, event fees.Event, currency money.Currency, from, to calendar.Date) *fees.Schedule
} {
	if r.Prices.Of(r.Fees) {
		return r.Prices
	}
	return r.Fees
}

// RailTerms are what is particular to a rail. The zero value nets nothing: what
// it pays or takes goes through the bank.
type RailTerms struct {
	NetsRefunds  bool // refunds it has paid come off what it pays us
	NetsDisputes bool // so do the money it takes for disputes and gives back
}

// LatePolicy says what becomes of a deposit that is captured after it had failed
// or expired.
type LatePolicy string

// The policies.
const (
	LateAccept LatePolicy = "accept" // it is the merchant's, like any other
	LateRefund LatePolicy = "refund" // all of it goes back to the payer, by itself
)

// A LateRule is the policy for some payments; the narrowest scope wins, then the
// first rule.
type LateRule struct {
	Policy LatePolicy
	For    []merchant.Scope
}

// lateSuccess gives the policy for a case.
func (r *Rules) lateSuccess(c merchant.Scope) LatePolicy {
	policy, bestRank := LateAccept, 0
	found := false
	for _, rule := range r.LateSuccess {
		if rank, ok := merchant.Narrowest(rule.For, c); ok && (!found || rank < bestRank) {
			policy, bestRank, found = rule.Policy, rank, true
		}
	}
	return policy
}

// plan gives the version of a reserve plan in force on a date; nil: none is.
func (r *Rules) plan(id string, on calendar.Date) *reserve.Plan {
	var best *reserve.Plan
	for i := range r.Plans {
		p := &r.Plans[i]
		if p.ID == id && p.InForce(on) && (best == nil || p.EffectiveFrom.After(best.EffectiveFrom)) {
			best = p
		}
	}
	return best
}

// meant gives the version in force of the plan of a kind that is meant for a case:
// a merchant may have one of each kind at once; nil: none is.
func (r *Rules) meant(scope merchant.Scope, kind reserve.Kind, on calendar.Date) *reserve.Plan {
	return r.plan(r.Book.ReservePlan(scope, func(id string) bool { return r.isOf(id, kind) }), on)
}

// isOf tells whether a plan is of a kind; all versions of one are.
func (r *Rules) isOf(id string, kind reserve.Kind) bool {
	return slices.ContainsFunc(r.Plans, func(p reserve.Plan) bool { return p.ID == id && p.Kind == kind })
}

// ended gives the day after the last on which any version of a plan is in force,
// and whether what it has withheld is given back then; the zero date: it has no
// end, or is not known.
func (r *Rules) ended(id string) (on calendar.Date, releases bool) {
	var end calendar.Date
	for i := range r.Plans {
		if p := &r.Plans[i]; p.ID == id {
			if p.EffectiveTo.IsZero() {
				return calendar.Date{}, false
			}
			end = laterDate(end, p.EffectiveTo)
		}
	}
	if end.IsZero() {
		return end, false
	}
	last := r.plan(id, end)
	return end.AddDays(1), last != nil && last.Releases()
}

// EndsEarly tells whether any plan gives holds back before their date because it
// has ended.
func (r *Rules) EndsEarly() bool {
	return slices.ContainsFunc(r.Plans, func(p reserve.Plan) bool {
		if p.Kind != reserve.KindRolling || p.EffectiveTo.IsZero() {
			return false
		}
		_, releases := r.ended(p.ID)
		return releases
	})
}

// Release says when and why what is left of a hold is given back by itself: on its
// date, or on the day after the end of its plan if that comes first and the plan
// says so. At is the start of that day in the zone of the hold.
func (r *Rules) Release(h *Hold) (on calendar.Date, at time.Time, reason string, err error) {
	end, releases := r.ended(h.Plan.ID)
	if !releases || !end.Before(h.ReleaseOn) {
		return h.ReleaseOn, h.ReleaseAt, reserve.ReasonDue, nil
	}
	zone, err := calendar.LoadZone(h.Zone)
	if err != nil {
		return on, at, "", fmt.Errorf("hold %s: zone %q: %w", h.ID, h.Zone, err)
	}
	return end, calendar.Cutoff(end, calendar.Clock{}, zone), reserve.ReasonPlanEnded, nil
}

// pin finds the window a movement belongs to, and the schedule that says so.
func (r *Rules) pin(scope merchant.Scope, e *Event) (WindowPin, *merchant.Schedule, error) {
	schedule, err := r.Book.Schedule(scope, e.OccurredAt)
	if err != nil {
		return WindowPin{}, nil, &FieldError{FieldMerchant, err}
	}
	window, err := schedule.Timing.WindowAt(e.OccurredAt)
	if err != nil {
		return WindowPin{}, nil, &FieldError{FieldOccurredAt, fmt.Errorf("schedule %s: %w", schedule.ID, err)}
	}
	return WindowPin{Schedule: schedule.Pin(), Window: window}, schedule, nil
}

// monthZone gives the time zone in which a merchant's months begin and end: one for all methods.
func (r *Rules) monthZone(scope merchant.Scope, at time.Time) (*time.Location, error) {
	scope.Method = ""
	zone, err := r.Book.Zone(scope, at)
	if err != nil {
		return nil, &FieldError{FieldMerchant, err}
	}
	return zone, nil
}

// ByHand tells that no job closes the windows of a schedule.
func ByHand(s *merchant.Schedule) bool { return manual(s) }

func manual(s *merchant.Schedule) bool { return s.Timing.Anchor.Kind == calendar.Manual }
