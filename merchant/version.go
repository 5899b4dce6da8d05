package merchant

import (
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/money"
)

// Terms are what is agreed with a merchant.
type Terms struct {
	Name   string `json:"name,omitempty"`   // for people
	Region string `json:"region,omitempty"` // region id; empty: the region of each payment's currency

	Currency money.Currency `json:"currency,omitzero"` // what it is paid in by default, see Merchant
}

// String writes the terms as "name \"x\" and region \"IN\"".
func (t Terms) String() string {
	text := fmt.Sprintf("name %q and region %q", t.Name, t.Region)
	if !t.Currency.IsZero() {
		text += " and currency " + t.Currency.String()
	}
	return text
}

// Version is what the terms of a merchant were changed to: it governs from an
// instant on, until a later one does.
type Version struct {
	No     int       `json:"no"`   // from 1, in the order of the decisions
	From   time.Time `json:"from"` // first instant it governs, UTC
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"` // when it was decided, UTC
	Terms
}

// InForce gives the version that governs at an instant: of those that have begun
// the one that began last, and of those that began together the one that was
// decided last. Before the first begins it is the first; nil: there is none.
func InForce(versions []Version, at time.Time) *Version {
	var best *Version
	for i := range versions {
		v := &versions[i]
		if best == nil || !v.From.After(at) && (best.From.After(at) || !v.From.Before(best.From)) {
			best = v
		}
	}
	return best
}

// With adds a version behind the others, which are left as they were, and
// numbers it.
func With(versions []Version, v Version) []Version {
	v.No = len(versions) + 1
	return append(slices.Clip(slices.Clone(versions)), v)
}
