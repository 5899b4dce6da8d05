package fees

import "github.com/settlex/settlex/money"

// Tax is what a schedule charges on its fee. The zero value charges none; a Code with a zero Rate is zero-rated and still
// reported. Rates and codes are facts of the configuration: this package knows no country's tax.
type Tax struct {
	Code      string     `json:"code,omitempty"`      // names the tax account; with a Split only a title
	Rate      money.Rate `json:"rate,omitzero"`       // share of the fee, 0 to 1
	Inclusive bool       `json:"inclusive,omitempty"` // true: the components state the fee with its tax; false: tax comes on top
	Split     []TaxPart  `json:"split,omitempty"`     // codes that share the tax by largest remainder; none = all to Code
}

// TaxPart is one code's share of a split tax.
type TaxPart struct {
	Code   string `json:"code"`
	Weight int64  `json:"weight"` // share relative to the other parts, above 0
}

// IsZero reports whether t charges no tax.
func (t Tax) IsZero() bool {
	return t.Code == "" && t.Rate.IsZero() && !t.Inclusive && len(t.Split) == 0
}

// applyTax computes the tax on the rounded fee and its lines. An included tax leaves the fee through a part of its own.
func (s *Schedule) applyTax(f *Fee) error {
	if s.Tax.IsZero() {
		return nil
	}
	var err error
	if s.Tax.Inclusive {
		err = s.takeOutTax(f)
	} else {
		f.Tax, err = s.Tax.Rate.Of(f.Fee).Round(s.Rounding.Mode)
	}
	if err != nil {
		return err
	}
	f.Taxes, err = s.Tax.lines(f.Tax)
	return err
}

// takeOutTax splits a fee that includes its tax: the fee without tax is fee / (1 + rate), rounded once, and the tax is the rest.
func (s *Schedule) takeOutTax(f *Fee) error {
	rate, one := s.Tax.Rate.Fraction()
	divisor, err := one.Add(rate)
	if err != nil {
		return err
	}
	net, err := money.Scale(f.Fee, one, divisor, s.Rounding.Mode)
	if err != nil {
		return err
	}
	if f.Tax, err = f.Fee.Sub(net); err != nil {
		return err
	}
	return f.setFee(KindIncludedTax, net)
}

// lines spreads tax over the codes of t.
func (t *Tax) lines(tax money.Amount) ([]TaxLine, error) {
	if len(t.Split) == 0 {
		return []TaxLine{{Code: t.Code, Amount: tax}}, nil
	}
	weights := make([]money.Amount, len(t.Split))
	for i := range t.Split {
		weights[i] = money.Minor(t.Split[i].Weight)
	}
	shares, err := money.Allocate(tax, weights)
	if err != nil {
		return nil, err
	}
	lines := make([]TaxLine, len(t.Split))
	for i := range t.Split {
		lines[i] = TaxLine{Code: t.Split[i].Code, Amount: shares[i]}
	}
	return lines, nil
}
