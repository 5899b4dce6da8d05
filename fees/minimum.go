package fees

import "github.com/settlex/settlex/money"

// HasMinimum reports whether some version of the schedule with that id has a monthly minimum.
func (t Table) HasMinimum(id string) bool {
	for i := range t {
		if t[i].MonthlyMin != nil && t[i].ID == id {
			return true
		}
	}
	return false
}

// HasMinimum is [Table.HasMinimum].
func (x *Index) HasMinimum(id string) bool { return x.minima[id] }

// TrueUp returns what is missing to the schedule's monthly minimum, with its tax and explanation, once fee and tax were charged
// in the month; a fee of 0 with no parts where nothing is missing. The minimum is of fees without tax, or, where the schedule
// includes the tax, of both. Base is what counts towards the minimum.
//
// The schedule must have passed Validate. Errors: money.ErrOverflow.
func (s *Schedule) TrueUp(fee, tax money.Amount) (Fee, error) {
	f := Fee{ScheduleID: s.ID, Version: s.Version, Base: fee}
	if s.MonthlyMin == nil {
		return f, nil
	}
	var err error
	if s.Tax.Inclusive {
		if f.Base, err = fee.Add(tax); err != nil {
			return Fee{}, f.wrap("add the tax", err)
		}
	}
	if f.Base.Cmp(*s.MonthlyMin) >= 0 {
		return f, nil
	}
	missing, err := s.MonthlyMin.Sub(f.Base)
	if err != nil {
		return Fee{}, f.wrap("compare with the monthly minimum", err)
	}
	if err := f.setFee(KindMonthlyMin, missing); err != nil {
		return Fee{}, f.wrap("charge the monthly minimum", err)
	}
	if err := s.applyTax(&f); err != nil {
		return Fee{}, f.wrap("compute the tax", err)
	}
	if err := f.Check(); err != nil {
		return Fee{}, err
	}
	return f, nil
}
