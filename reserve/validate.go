package reserve

import (
	"errors"
	"fmt"
	"strings"

	"github.com/settlex/settlex/money"
)

// Fault is one thing wrong with a plan or a hold. Validate joins all of them.
type Fault struct {
	What    string // "reserve plan" or "hold"
	ID      string // possibly empty
	Version string // of a plan
	Field   string // as in its JSON
	Problem string // what is wrong, with the figures
}

// Error names the record, the field and the problem.
func (f *Fault) Error() string {
	if f.Version == "" {
		return fmt.Sprintf("%s %q: %s: %s", f.What, f.ID, f.Field, f.Problem)
	}
	return fmt.Sprintf("%s %q version %q: %s: %s", f.What, f.ID, f.Version, f.Field, f.Problem)
}

// Validate checks p. It returns all faults joined, each a *Fault, or nil.
func (p *Plan) Validate() error {
	c := checker{what: "reserve plan", id: p.ID, version: p.Version}
	c.name("id", p.ID)
	c.name("version", p.Version)
	if !p.EffectiveTo.IsZero() && p.EffectiveTo.Before(p.EffectiveFrom) {
		c.add("effective_to", "%s is before effective_from %s", p.EffectiveTo, p.EffectiveFrom)
	}
	one := money.Minor(1)
	if p.Rate.Sign() < 0 {
		c.add("rate", "%s is below 0", p.Rate)
	} else if p.Rate.Of(one).Cmp(money.ExactOf(one)) > 0 {
		c.add("rate", "%s is more than 1, which is 100 %%", p.Rate)
	}
	c.kind(p)
	if p.Cap != nil && p.Cap.Sign() < 0 {
		c.add("cap", "%s is below 0", p.Cap)
	}
	if p.AtEnd != "" && p.AtEnd != EndKeep && p.AtEnd != EndRelease {
		c.add("at_end", "%q is neither %q nor %q", p.AtEnd, EndKeep, EndRelease)
	}
	return errors.Join(c.faults...)
}

// kind checks what a plan of its kind must have and cannot have.
func (c *checker) kind(p *Plan) {
	switch p.Kind {
	case KindRolling:
		if p.Days < DaysMin || p.Days > DaysMax {
			c.add("days", "%d is not within %d to %d", p.Days, DaysMin, DaysMax)
		}
		return
	case KindFixed:
		if p.Rate.Sign() == 0 {
			c.add("rate", "is required: the share of what becomes available that builds the reserve")
		}
	case KindMinimum:
		if p.Rate.Sign() != 0 {
			c.add("rate", "has no place in a %s reserve, which is built at once", p.Kind)
		}
	default:
		c.add("kind", "%q is not one of %q, %q, %q", p.Kind, KindRolling, KindFixed, KindMinimum)
		return
	}
	if p.Days != 0 {
		c.add("days", "has no place in a %s reserve, which has no date", p.Kind)
	}
	if p.Cap == nil {
		c.add("cap", "is required: the amount a %s reserve is built to", p.Kind)
	}
}

// Validate checks h, before it is written and after it is read. It returns all faults joined, each a *Fault, or nil.
func (h *Hold) Validate() error {
	c := checker{what: "hold", id: h.ID}
	c.name("id", h.ID)
	c.name("merchant", h.Merchant)
	c.name("plan.id", h.Plan.ID)
	c.name("plan.version", h.Plan.Version)
	if h.Currency.IsZero() {
		c.add("currency", "is required")
	}
	if h.Amount.Sign() <= 0 {
		c.add("amount", "%s is not above 0", h.Amount)
	}
	if h.Released.Sign() < 0 || h.Released.Cmp(h.Amount) > 0 {
		c.add("released", "%s is not within 0 to the amount %s", h.Released, h.Amount)
	}
	if h.Restored.Sign() < 0 || h.Restored.Cmp(h.Drawn) > 0 {
		c.add("restored", "%s is not within 0 to what was drawn, %s", h.Restored, h.Drawn)
	}
	if left, err := h.Left(); err != nil || h.Released.Cmp(h.Amount) <= 0 && left.Sign() < 0 {
		c.add("drawn", "%s, with %s released and %s restored, is more than the amount %s", h.Drawn, h.Released, h.Restored, h.Amount)
	}
	if h.HeldOn.IsZero() || !h.ReleaseOn.After(h.HeldOn) {
		c.add("release_on", "%q is not after held_on %q", h.ReleaseOn, h.HeldOn)
	}
	if released := !h.Released.IsZero(); released != !h.ReleasedOn.IsZero() || released != (h.Reason != "") {
		c.add("released_on", "released %s, released_on %q and reason %q do not go together", h.Released, h.ReleasedOn, h.Reason)
	}
	return errors.Join(c.faults...)
}

// checker collects the faults of one record.
type checker struct {
	what, id, version string
	faults            []error
}

// add notes a fault of the field.
func (c *checker) add(field, format string, args ...any) {
	c.faults = append(c.faults, &Fault{What: c.what, ID: c.id, Version: c.version, Field: field, Problem: fmt.Sprintf(format, args...)})
}

// name requires a text without blanks around it.
func (c *checker) name(field, value string) {
	switch {
	case value == "":
		c.add(field, "is required")
	case strings.TrimSpace(value) != value:
		c.add(field, "%q begins or ends with a blank", value)
	}
}
