package history

import (
	"cmp"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// sum is an amount of one currency.
type sum struct {
	in    money.Currency
	value money.Amount
}

// plus adds to the sum of a currency.
func plus(sums []sum, c money.Currency, a money.Amount) ([]sum, error) {
	for i := range sums {
		if sums[i].in == c {
			total, err := sums[i].value.Add(a)
			sums[i].value = total
			return sums, err
		}
	}
	return append(sums, sum{c, a}), nil
}

func sumOf(sums []sum, c money.Currency) money.Amount {
	for _, s := range sums {
		if s.in == c {
			return s.value
		}
	}
	return money.Amount{}
}

// asserted are the assertions of one account in the order of their dates.
// Postings are added to the first assertion that counts them; those after it
// count them too.
type asserted []*assertion

func compareAssertions(a, b *assertion) int {
	return cmp.Or(a.date.Compare(b.date), cmp.Compare(a.no, b.no))
}

// add counts a posting.
func (a asserted) add(date calendar.Date, no int, c money.Currency, amount money.Amount) (err error) {
	at, _ := slices.BinarySearchFunc(a, date, func(x *assertion, date calendar.Date) int {
		return cmp.Or(x.date.Compare(date), cmp.Compare(x.no, no))
	})
	if at < len(a) {
		a[at].found, err = plus(a[at].found, c, amount)
	}
	return err
}

// index orders assertions by account, those that count what is below apart.
func (j *Journal) index() {
	j.exact, j.below = make(map[string]asserted), make(map[string]asserted)
	for _, a := range j.assertions {
		into := j.exact
		if a.inclusive {
			into = j.below
		}
		into[a.account] = append(into[a.account], a)
	}
	for _, lists := range []map[string]asserted{j.exact, j.below} {
		for _, list := range lists {
			slices.SortStableFunc(list, compareAssertions)
		}
	}
}

// count adds a posting to every assertion that must count it.
func (j *Journal) count(date calendar.Date, m *movement) error {
	if list := j.exact[m.account]; list != nil {
		if err := list.add(date, m.no, m.in, m.value); err != nil {
			return err
		}
	}
	if len(j.below) == 0 {
		return nil
	}
	for name, more := m.account, true; more; name, more = above(name) {
		if list := j.below[name]; list != nil {
			if err := list.add(date, m.no, m.in, m.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// prove compares every assertion with what the postings come to.
func (j *Journal) prove() {
	for _, lists := range []map[string]asserted{j.exact, j.below} {
		for _, list := range lists {
			var have []sum
			for _, a := range list {
				var err error
				for _, s := range a.found {
					if have, err = plus(have, s.in, s.value); err != nil {
						j.faults.add(a.place, "balance of %s: %v", a.account, err)
					}
				}
				j.judge(a, have)
			}
		}
	}
}

// judge looks at one assertion.
func (j *Journal) judge(a *assertion, have []sum) {
	if a.commodity == "" {
		j.faults.add(a.place, "the balance asserted of %s has no commodity", shown(a.account))
		return
	}
	c := j.currencyOf(a.commodity)
	if c.IsZero() {
		return // reported with the commodity
	}
	want, err := a.minor(c)
	if err != nil {
		j.faults.add(a.place, "%v", err)
		return
	}
	may, err := a.tolerance.minorDown(c)
	if err != nil {
		j.faults.add(a.place, "tolerance: %v", err)
		return
	}
	difference, err := sumOf(have, c).Sub(want)
	if err != nil || difference.Abs().Cmp(may.Abs()) > 0 {
		j.faults.add(a.place, "balance of %s is %s %s, not %s; the difference is %s",
			a.account, c, c.Format(sumOf(have, c)), c.Format(want), c.Format(difference))
	}
	for _, s := range have {
		if a.sole && s.in != c && !s.value.IsZero() {
			j.faults.add(a.place, "balance of %s has %s %s too, where %s alone is asserted", a.account, s.in, s.in.Format(s.value), c)
		}
	}
}
