package reserve

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// ErrBadRelease means that a hold cannot be released as asked; nothing changed.
var ErrBadRelease = errors.New("bad release")

// The reasons of a release that the platform knows by itself. Any other text, a bookkeeper's own, is as good.
const (
	ReasonDue           = "due"            // the release date came
	ReasonEarly         = "early"          // given back before its date, by decision
	ReasonPlanEnded     = "plan_ended"     // the plan ended before the date
	ReasonDepositFailed = "deposit_failed" // the deposit failed after it was captured
)

// Hold is what was withheld from one deposit. It is a value: releasing returns the hold as it then is. Amounts are minor units of
// Currency.
type Hold struct {
	ID         string         `json:"id"` // of the deposit
	Merchant   string         `json:"merchant"`
	Currency   money.Currency `json:"currency"`
	Plan       Pin            `json:"plan"`                 // the version that decided amount and dates
	Amount     money.Amount   `json:"amount"`               // withheld at capture
	Released   money.Amount   `json:"released"`             // given back so far
	HeldOn     calendar.Date  `json:"held_on"`              // business date of the capture
	ReleaseOn  calendar.Date  `json:"release_on"`           // the original date, however the release goes
	ReleasedOn calendar.Date  `json:"released_on,omitzero"` // of the last release; none before the first
	Reason     string         `json:"reason,omitempty"`     // of the last release
}

// Left returns what is still withheld: Amount - Released, never below 0 in a hold that passes Validate. Errors: money.ErrOverflow.
func (h *Hold) Left() (money.Amount, error) { return h.Amount.Sub(h.Released) }

// Due reports whether anything is left that is to be released on or before the day.
func (h *Hold) Due(day calendar.Date) bool {
	return h.Released.Cmp(h.Amount) < 0 && !h.ReleaseOn.After(day)
}

// Release returns h with amount of it given back on the day, for the reason. The original ReleaseOn stays. Errors: ErrBadRelease
// for an amount that is not above 0 or more than is left, a day missing or before HeldOn, or no reason; money.ErrOverflow.
func (h *Hold) Release(amount money.Amount, day calendar.Date, reason string) (Hold, error) {
	left, err := h.Left()
	if err != nil {
		return Hold{}, fmt.Errorf("hold %q: %w", h.ID, err)
	}
	switch {
	case amount.Sign() <= 0 || amount.Cmp(left) > 0:
		return Hold{}, fmt.Errorf("%w: hold %q: %s of %s left", ErrBadRelease, h.ID, amount, left)
	case day.IsZero() || day.Before(h.HeldOn):
		return Hold{}, fmt.Errorf("%w: hold %q: released on %q, held on %s", ErrBadRelease, h.ID, day, h.HeldOn)
	case reason == "":
		return Hold{}, fmt.Errorf("%w: hold %q: no reason", ErrBadRelease, h.ID)
	}
	next := *h
	if next.Released, err = h.Released.Add(amount); err != nil {
		return Hold{}, fmt.Errorf("hold %q: %w", h.ID, err)
	}
	next.ReleasedOn, next.Reason = day, reason
	return next, nil
}
