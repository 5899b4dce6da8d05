package fees_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// anyAmount draws an amount from 0 up, small ones and ties often, great ones sometimes.
func anyAmount() *rapid.Generator[money.Amount] {
	return rapid.Map(rapid.OneOf(rapid.Int64Range(0, 500), rapid.Int64Range(0, 5_000_000), rapid.Int64Min(0)), money.Minor)
}

// anyRate draws a rate from 0 to 1.
func anyRate() *rapid.Generator[money.Rate] {
	return rapid.Custom(func(t *rapid.T) money.Rate {
		if rapid.Bool().Draw(t, "coarse") {
			return money.MustRate(fmt.Sprintf("%d.5%%", rapid.IntRange(0, 99).Draw(t, "percent")))
		}
		return money.MustRate(fmt.Sprintf("0.%06d", rapid.IntRange(0, 999_999).Draw(t, "millionths")))
	})
}

// anyLimits draws a minimum and a maximum in order, each perhaps absent.
func anyLimits(t *rapid.T) (least, most *money.Amount) {
	a, b := anyAmount().Draw(t, "limit"), anyAmount().Draw(t, "limit")
	if rapid.Bool().Draw(t, "min") {
		least = new(money.Min(a, b))
	}
	if rapid.Bool().Draw(t, "max") {
		most = new(money.Max(a, b))
	}
	return least, most
}

// anySchedule draws a valid schedule with up to four components, two of them in bands that meet.
func anySchedule() *rapid.Generator[fees.Schedule] {
	return rapid.Custom(func(t *rapid.T) fees.Schedule {
		s := percent("0")
		s.Components = nil
		edge := money.Minor(rapid.Int64Range(1, 5_000).Draw(t, "edge"))
		for i, band := range []fees.Band{{UpTo: edge}, {Over: edge}, {}, {}} {
			if i >= 2 && !rapid.Bool().Draw(t, "component") {
				continue
			}
			c := fees.Component{Kind: fmt.Sprint("c", i), Rate: anyRate().Draw(t, "rate"), Band: band}
			if rapid.Bool().Draw(t, "has fixed") {
				c.Fixed = new(anyAmount().Draw(t, "fixed"))
			}
			c.Min, c.Max = anyLimits(t)
			s.Components = append(s.Components, c)
		}
		s.Min, s.Max = anyLimits(t)
		s.Rounding.Mode = money.Rounding(rapid.IntRange(0, int(money.Up)).Draw(t, "mode"))
		s.Rounding.Per = rapid.SampledFrom([]fees.Per{"", fees.PerLine, fees.PerComponent}).Draw(t, "per")
		if rapid.Bool().Draw(t, "taxed") {
			s.Tax = fees.Tax{Code: "tax", Rate: anyRate().Draw(t, "tax rate"), Inclusive: rapid.Bool().Draw(t, "inclusive")}
			for i := range rapid.IntRange(0, 3).Draw(t, "split") {
				s.Tax.Split = append(s.Tax.Split, fees.TaxPart{Code: fmt.Sprint("tax", i), Weight: rapid.Int64Range(1, 9).Draw(t, "weight")})
			}
		}
		return s
	})
}

// add adds amounts that cannot overflow here.
func add(t *rapid.T, a, b money.Amount) money.Amount {
	sum, err := a.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestFeeIsItsParts: whatever the schedule, the fee is the sum of its parts and the tax the sum of its lines; every part is its
// exact value plus its stated rounding; neither fee nor tax is negative; fee (with an included tax) keeps the schedule's limits.
func TestFeeIsItsParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, amount := anySchedule().Draw(t, "schedule"), anyAmount().Draw(t, "amount")
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		fee, err := s.Compute(amount)
		if err != nil {
			t.Fatal(err)
		}
		var sum, tax money.Amount
		for _, p := range fee.Parts {
			sum = add(t, sum, p.Amount)
			exact, err := money.ExactOf(p.Amount).Sub(p.Rounding)
			if err != nil {
				t.Fatal(err)
			}
			if p.Limit == "" && !exact.Equal(p.Raw) {
				t.Fatalf("part %s: amount %s less rounding %s is %s, not raw %s", p.Kind, p.Amount, p.Rounding, exact, p.Raw)
			}
		}
		for _, l := range fee.Taxes {
			tax = add(t, tax, l.Amount)
		}
		if sum != fee.Fee || tax != fee.Tax || fee.Fee.Sign() < 0 || fee.Tax.Sign() < 0 {
			t.Fatalf("fee %s of parts %s, tax %s of lines %s", fee.Fee, sum, fee.Tax, tax)
		}
		charged := fee.Fee
		if s.Tax.Inclusive {
			charged = add(t, fee.Fee, fee.Tax)
		}
		if s.Min != nil && charged.Cmp(*s.Min) < 0 || s.Max != nil && charged.Cmp(*s.Max) > 0 {
			t.Fatalf("fee %s beyond its limits %v to %v", charged, s.Min, s.Max)
		}
	})
}

// TestOneRounding: per line, the fee before the schedule's limits is the exact sum of the components rounded once.
func TestOneRounding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, amount := anySchedule().Draw(t, "schedule"), anyAmount().Draw(t, "amount")
		s.Rounding.Per, s.Tax, s.Min, s.Max = fees.PerLine, fees.Tax{}, nil, nil
		fee, err := s.Compute(amount)
		if err != nil {
			t.Fatal(err)
		}
		var exact money.Exact
		for _, p := range fee.Parts {
			value, err := money.ExactOf(p.Amount).Sub(p.Rounding)
			if err != nil {
				t.Fatal(err)
			}
			if exact, err = exact.Add(value); err != nil {
				t.Fatal(err)
			}
		}
		want, err := exact.Round(s.Rounding.Mode)
		if err != nil {
			t.Fatal(err)
		}
		if want != fee.Fee {
			t.Fatalf("fee %s, the exact sum %s rounds to %s", fee.Fee, exact, want)
		}
	})
}

// TestReturnedInParts: however a deposit is refunded, no part is negative, the parts never exceed the fee, and they are the fee
// once all is refunded.
func TestReturnedInParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		gross := money.Minor(rapid.OneOf(rapid.Int64Range(1, 50), rapid.Int64Range(1, 5_000_000)).Draw(t, "gross"))
		fee := anyAmount().Draw(t, "fee")
		mode := money.Rounding(rapid.IntRange(0, int(money.Up)).Draw(t, "mode"))
		var refunded, returned money.Amount
		refund := func(now money.Amount) {
			part, err := fees.Returned(fee, gross, refunded, now, mode)
			if err != nil {
				t.Fatal(err)
			}
			refunded, returned = add(t, refunded, now), add(t, returned, part)
			if part.Sign() < 0 || returned.Cmp(fee) > 0 {
				t.Fatalf("refund of %s returns %s, %s of %s in all", now, part, returned, fee)
			}
		}
		for range rapid.IntRange(0, 8).Draw(t, "refunds") {
			left, _ := add(t, gross, refunded.Neg()).Int64()
			refund(money.Minor(rapid.Int64Range(0, left).Draw(t, "refund")))
		}
		refund(add(t, gross, refunded.Neg()))
		if returned != fee {
			t.Fatalf("returned %s of %s at full refund", returned, fee)
		}
	})
}

// TestSelectIgnoresOrder: a valid table gives the same schedule in any order.
func TestSelectIgnoresOrder(t *testing.T) {
	t.Parallel()
	values := func(v string) *rapid.Generator[string] { return rapid.SampledFrom([]string{"", v, "other"}) }
	rapid.Check(t, func(t *rapid.T) {
		var table fees.Table
		for i := range rapid.IntRange(1, 12).Draw(t, "schedules") {
			match := fees.Match{Merchant: values("m").Draw(t, "merchant"), Method: values("UPI").Draw(t, "method"), Region: values("IN").Draw(t, "region")}
			day := from(fmt.Sprintf("2026-01-%02d", i+1)) // two versions of an id never begin on the same day
			id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")
			table = append(table, row(id, fmt.Sprint(i), match, day, priority(rapid.IntRange(0, 1).Draw(t, "priority"))))
		}
		if err := table.Validate(); err != nil {
			t.Fatal(err)
		}
		want, wantErr := table.Select(query())
		got, err := rapid.Permutation(table).Draw(t, "shuffled").Select(query())
		if (err == nil) != (wantErr == nil) || err == nil && (got.ID != want.ID || got.Version != want.Version) {
			t.Fatalf("selected %v (%v), then %v (%v)", want, wantErr, got, err)
		}
	})
}

// TestIndex: the index of a valid table answers every query as the table does.
func TestIndex(t *testing.T) {
	t.Parallel()
	events := rapid.SampledFrom(append(fees.Events(), ""))
	rapid.Check(t, func(t *rapid.T) {
		table := anyTable(t)
		index := fees.NewIndex(table)
		for range 4 {
			q := query()
			q.Event, q.On = events.Draw(t, "query event"), q.On.AddDays(rapid.IntRange(-9, 9).Draw(t, "day"))
			want, wantErr := table.Select(q)
			got, err := index.Select(q)
			if got != want || text(err) != text(wantErr) {
				t.Fatalf("%s: table %v (%v), index %v (%v)", q, want, wantErr, got, err)
			}
			want, wantErr = table.SelectNamed(q)
			got, err = index.SelectNamed(q)
			if got != want || text(err) != text(wantErr) {
				t.Fatalf("named, %s: table %v (%v), index %v (%v)", q, want, wantErr, got, err)
			}
			for i := range table {
				id, to := table[i].ID, q.On.AddDays(9)
				if want, got := table.Last(id, q.Event, q.Currency, q.On, to), index.Last(id, q.Event, q.Currency, q.On, to); got != want {
					t.Fatalf("%s is last, %s: table %v, index %v", id, q, want, got)
				}
			}
		}
		if !index.Of(table) || index.Of(append(fees.Table{{}}, table...)) {
			t.Fatal("the index does not know its table")
		}
	})
}
