package fees

import (
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Per says what is rounded: the sum of a line's components, or each component.
type Per string

// What one rounding covers. The zero value means PerLine.
const (
	PerLine      Per = "line"      // components are added exactly and rounded once
	PerComponent Per = "component" // each component is rounded, for components that are reported apart
)

// RefundPolicy says what becomes of a deposit's fee when the deposit is refunded.
type RefundPolicy string

// The refund policies. The zero value means RefundKeep.
const (
	RefundKeep          RefundPolicy = "keep"            // the platform keeps the fee
	RefundReturnProRata RefundPolicy = "return_pro_rata" // fee and tax go back with the refunded share, see Returned
)

// DisputePolicy says what becomes of a dispute's fee when the merchant wins the dispute.
type DisputePolicy string

// The dispute policies. The zero value means DisputeKeep.
const (
	DisputeKeep        DisputePolicy = "keep"          // the platform keeps the fee
	DisputeReturnOnWin DisputePolicy = "return_on_win" // fee and tax go back whole when the dispute is won
)

// Charge says how a fee is collected.
type Charge string

// The ways. The zero value means ChargeNet.
const (
	ChargeNet   Charge = "net"   // out of the movement it is charged for
	ChargeGross Charge = "gross" // beside it, on an invoice; of captures, refunds, disputes and payouts
)

// Rounding is how a schedule comes from exact amounts to whole minor units. The zero value is half-even per line. The mode
// governs the fee and its tax alike.
type Rounding struct {
	Mode money.Rounding `json:"mode,omitzero"`
	Per  Per            `json:"per,omitempty"`
}

// Schedule is one version of a price: what it applies to, when, and how the fee comes about. A schedule that passed Validate is
// never changed; a new price is a new version. Amounts of money are in minor units of Match.Currency.
type Schedule struct {
	ID            string        `json:"id"`
	Version       string        `json:"version"`
	EffectiveFrom calendar.Date `json:"effective_from,omitzero"` // first day in force; none = since ever
	EffectiveTo   calendar.Date `json:"effective_to,omitzero"`   // last day in force; none = until further notice
	Priority      int           `json:"priority,omitempty"`      // higher wins among schedules that bind equally many dimensions
	Match         Match         `json:"match,omitzero"`
	Components    []Component   `json:"components"`            // at least one; those whose band holds the amount are added
	Min           *money.Amount `json:"min,omitempty"`         // least fee, after rounding; nil = none
	Max           *money.Amount `json:"max,omitempty"`         // greatest fee, after rounding; nil = none
	MonthlyMin    *money.Amount `json:"monthly_min,omitempty"` // least sum of a merchant's fees of a calendar month, see TrueUp; nil = none
	Tax           Tax           `json:"tax,omitzero"`          // the zero value charges no tax
	Rounding      Rounding      `json:"rounding,omitzero"`     // the zero value is half-even per line
	Refund        RefundPolicy  `json:"refund_policy,omitempty"`
	Dispute       DisputePolicy `json:"dispute_policy,omitempty"`
	Charge        Charge        `json:"charge,omitempty"`
}

// InForce reports whether d lies within s's effective dates, both included.
func (s *Schedule) InForce(d calendar.Date) bool {
	return !d.Before(s.EffectiveFrom) && (s.EffectiveTo.IsZero() || !d.After(s.EffectiveTo))
}

// Component is one addend of a fee: Rate of its base plus Fixed, or what Tiers or Unit say plus Fixed, kept between Min and
// Max, charged when the amount of the movement lies in Band. The zero Rate, a nil field and the zero Band leave their part out.
// A rate of 1 of BaseCost passes the rail's cost on.
type Component struct {
	Kind  string        `json:"kind"` // what the explanation calls it: commission, scheme_fee ...
	Rate  money.Rate    `json:"rate,omitzero"`
	Fixed *money.Amount `json:"fixed,omitempty"`
	Min   *money.Amount `json:"min,omitempty"` // least raw value of the component
	Max   *money.Amount `json:"max,omitempty"` // greatest raw value of the component
	Band  Band          `json:"band,omitzero"`
	Base  Base          `json:"base,omitempty"`  // what Rate and Unit are of
	Tiers *Tiers        `json:"tiers,omitempty"` // instead of Rate: prices that change with what came before
	Unit  *Unit         `json:"unit,omitempty"`  // instead of Rate: a price for so many minor units
}

// Band is a range of amounts: more than Over, up to and including UpTo. A zero Over starts at 0 (0 included), a zero UpTo never
// ends, so the zero Band holds every amount.
type Band struct {
	Over money.Amount `json:"over,omitzero"`
	UpTo money.Amount `json:"up_to,omitzero"`
}

// Contains reports whether amount lies in b.
func (b Band) Contains(amount money.Amount) bool {
	return (b.Over.IsZero() || amount.Cmp(b.Over) > 0) && (b.UpTo.IsZero() || amount.Cmp(b.UpTo) <= 0)
}
