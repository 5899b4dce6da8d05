package merchant

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/money"
)

// Region is a named set of countries and currencies that settle alike.
type Region struct {
	ID         string           `json:"id"`
	Name       string           `json:"name,omitempty"`
	Countries  []string         `json:"countries,omitempty"` // ISO 3166-1 alpha-2
	Currencies []money.Currency `json:"currencies"`          // a payment in one of them belongs here, unless its merchant says otherwise
	Bank       string           `json:"bank"`                // name of the safeguarded account, of this region alone: bank/{Bank}
	InputTax   string           `json:"input_tax,omitempty"` // code of the tax on what rails charge: input_tax/{InputTax}; needed where rails charge tax
}

// Validate reports everything that is wrong with the region.
func (r *Region) Validate() error {
	var faults []error
	if err := CheckID(r.ID); err != nil {
		faults = append(faults, err)
	}
	if len(r.Currencies) == 0 {
		faults = append(faults, errors.New("currencies are missing"))
	}
	if err := CheckID(r.Bank); err != nil {
		faults = append(faults, fmt.Errorf("bank: %w", err))
	}
	if r.InputTax != "" {
		if err := CheckID(r.InputTax); err != nil {
			faults = append(faults, fmt.Errorf("input_tax: %w", err))
		}
	}
	if r.Bank == "operating" {
		faults = append(faults, errors.New("bank: operating is the platform's own money"))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("region %q: %w", r.ID, err)
	}
	return nil
}
