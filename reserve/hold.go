package reserve

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

var (
	// ErrBadRelease means that a hold cannot be released as asked; nothing changed.
	ErrBadRelease = errors.New("bad release")
	// ErrBadDraw means that a hold cannot be drawn on, or what was drawn put back, as asked; nothing changed.
	ErrBadDraw = errors.New("bad draw")
)

// The reasons of a release that the platform knows by itself. Any other text, a bookkeeper's own, is as good.
const (
	ReasonDue           = "due"            // the release date came
	ReasonEarly         = "early"          // given back before its date, by decision
	ReasonPlanEnded     = "plan_ended"     // the plan ended before the date
	ReasonDepositFailed = "deposit_failed" // the deposit failed after it was captured
	ReasonClosing       = "closing"        // the merchant is leaving
)

// Hold is what was withheld from one deposit. It is a value: releasing it or drawing on it returns the hold as it then is. Amounts
// are minor units of Currency.
type Hold struct {
	ID         string         `json:"id"` // of the deposit
	Merchant   string         `json:"merchant"`
	Currency   money.Currency `json:"currency"`
	Plan       Pin            `json:"plan"`                 // the version that decided amount and dates
	Amount     money.Amount   `json:"amount"`               // withheld at capture
	Released   money.Amount   `json:"released"`             // given back so far
	Drawn      money.Amount   `json:"drawn,omitzero"`       // taken for refunds and disputes so far
	Restored   money.Amount   `json:"restored,omitzero"`    // of Drawn, what came back from those that failed or were won
	HeldOn     calendar.Date  `json:"held_on"`              // business date of the capture
	ReleaseOn  calendar.Date  `json:"release_on"`           // the original date, however the release goes
	ReleasedOn calendar.Date  `json:"released_on,omitzero"` // of the last release; none before the first
	Reason     string         `json:"reason,omitempty"`     // of the last release
}

// Left returns what is still withheld: Amount - Released - Drawn + Restored, never below 0 in a hold that passes Validate. Errors:
// money.ErrOverflow.
func (h *Hold) Left() (money.Amount, error) {
	return money.Sum(h.Amount, h.Released.Neg(), h.Drawn.Neg(), h.Restored)
}

// Out returns what stands drawn: Drawn - Restored, never below 0 in a hold that passes Validate. Errors: money.ErrOverflow.
func (h *Hold) Out() (money.Amount, error) { return h.Drawn.Sub(h.Restored) }

// Empty reports whether nothing is left of h.
func (h *Hold) Empty() bool {
	left, err := h.Left()
	return err == nil && left.IsZero()
}

// Due reports whether anything is left that is to be released on or before the day.
func (h *Hold) Due(day calendar.Date) bool { return !h.Empty() && !h.ReleaseOn.After(day) }

// Draw returns h with amount taken of it for a refund or a dispute of its deposit. Errors: ErrBadDraw for an amount that is not
// above 0 or more than is left; money.ErrOverflow.
func (h *Hold) Draw(amount money.Amount) (Hold, error) {
	left, err := h.Left()
	if err != nil {
		return Hold{}, fmt.Errorf("hold %q: %w", h.ID, err)
	}
	if amount.Sign() <= 0 || amount.Cmp(left) > 0 {
		return Hold{}, fmt.Errorf("%w: hold %q: %s of %s left", ErrBadDraw, h.ID, amount, left)
	}
	next := *h
	if next.Drawn, err = h.Drawn.Add(amount); err != nil {
		return Hold{}, fmt.Errorf("hold %q: %w", h.ID, err)
	}
	return next, nil
}

// Restore returns h with amount of what stands drawn put back. The original ReleaseOn stays. Errors: ErrBadDraw for an amount that is
// not above 0 or more than stands drawn; money.ErrOverflow.
func (h *Hold) Restore(amount money.Amount) (Hold, error) {
	out, err := h.Out()
	if err != nil {
		return Hold{}, fmt.Errorf("hold %q: %w", h.ID, err)
	}
	if amount.Sign() <= 0 || amount.Cmp(out) > 0 {
		return Hold{}, fmt.Errorf("%w: hold %q: %s put back of %s drawn", ErrBadDraw, h.ID, amount, out)
	}
	next := *h
	if next.Restored, err = h.Restored.Add(amount); err != nil {
		return Hold{}, fmt.Errorf("hold %q: %w", h.ID, err)
	}
	return next, nil
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
