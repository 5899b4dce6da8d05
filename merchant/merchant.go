package merchant

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
)

// Merchant is somebody whose money the platform keeps for a while.
type Merchant struct {
	ID      string    `json:"id"`               // [A-Za-z0-9._-], at most 64 bytes: it is part of account paths and file names
	Name    string    `json:"name,omitempty"`   // for people
	Region  string    `json:"region,omitempty"` // region id; empty: the region of each payment's currency
	Created time.Time `json:"created"`          // instant of the first record, UTC
	// Currency is the one it is paid in by schedules that settle into the merchants' own;
	// none: each batch is paid in the currency its payments came in.
	Currency money.Currency `json:"currency,omitzero"`
}

// Terms are what is agreed with it.
func (m *Merchant) Terms() Terms { return Terms{Name: m.Name, Region: m.Region, Currency: m.Currency} }

const maxID = 64

// CheckID tells why an id cannot be a merchant's, or any other id that becomes
// part of an account path.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("id is missing")
	case len(id) > maxID:
		return fmt.Errorf("id %q has %d bytes, at most %d are allowed", id, len(id), maxID)
	case strings.Trim(id, ".") == "":
		return fmt.Errorf("id %q consists of dots", id)
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-' {
			return fmt.Errorf("id %q has %q, which is not one of [A-Za-z0-9._-]", id, r)
		}
	}
	return nil
}
