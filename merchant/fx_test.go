package merchant_test

import (
	"errors"
	"testing"
	"time"

	"github.com/settlex/settlex/merchant"
)

// What a schedule pays in another currency has to have a schedule whenever it comes back:
// one that is meant for the merchant, its region or everything does, one for a single method
// does not.
func TestCheckTarget(t *testing.T) {
	t.Parallel()
	known := []merchant.Merchant{{ID: "m1"}, {ID: "m2", Region: "PK", Currency: inr()}}
	into := func(s merchant.Schedule) merchant.Schedule {
		s.FX = &merchant.FXTerms{Target: inr(), MaxAge: time.Hour}
		return s
	}
	own := into(schedule("s", merchant.Scope{Merchant: "m2", Currency: pkr()}))
	own.FX = &merchant.FXTerms{OfMerchant: true, MaxAge: time.Hour}
	one := into(schedule("s", merchant.Scope{Merchant: "m1", Currency: pkr()}))
	in := schedule("in", merchant.Scope{Region: "IN"})
	none := " is paid in INR, and no settlement schedule is meant for "
	end := ", whatever the method: none would settle what is canceled or comes back"
	for name, tc := range map[string]struct {
		of     merchant.Schedule
		others []merchant.Schedule
		want   string
	}{
		"not in another currency": {schedule("s", merchant.Scope{Region: "PK"}), nil, ""},
		"everything":              {into(schedule("s", merchant.Scope{})), nil, ""},
		"the merchant's own":      {into(schedule("s", merchant.Scope{Merchant: "m1"})), nil, ""},
		"for the target itself":   {into(schedule("s", merchant.Scope{Merchant: "m1", Currency: inr()})), nil, ""},
		"none":                    {one, nil, "merchant=m1 currency=PKR" + none + "merchant=m1 region=IN currency=INR before any date" + end},
		"its region's":            {one, []merchant.Schedule{in}, ""},
		"the platform's":          {one, []merchant.Schedule{schedule("all", merchant.Scope{})}, ""},
		"for a method": {
			one, []merchant.Schedule{schedule("upi", merchant.Scope{Region: "IN", Method: "UPI"})},
			"merchant=m1 currency=PKR" + none + "merchant=m1 region=IN currency=INR before any date" + end,
		},
		"too late": {
			version(one, "2", "2026-01-01"), []merchant.Schedule{version(in, "1", "2026-01-02")},
			"merchant=m1 currency=PKR" + none + "merchant=m1 region=IN currency=INR on 2026-01-01" + end,
		},
		"in time": {version(one, "2", "2026-01-02"), []merchant.Schedule{version(in, "1", "2026-01-02")}, ""},
		"taken away": {
			one, []merchant.Schedule{in, version(schedule("in", merchant.Scope{Region: "PK"}), "2", "2027-01-01")},
			"merchant=m1 currency=PKR" + none + "merchant=m1 region=IN currency=INR on 2027-01-01" + end,
		},
		"into the merchant's own": {own, []merchant.Schedule{in}, "merchant=m2 currency=PKR" + none + "merchant=m2 region=PK currency=INR before any date" + end},
		"a region":                {into(schedule("s", merchant.Scope{Region: "PK"})), nil, "region=PK" + none + "region=IN currency=INR before any date" + end},
		"a region's method": {
			into(schedule("s", merchant.Scope{Region: "PK", Method: "CARD"})), []merchant.Schedule{in},
			"region=PK method=CARD" + none + "region=PK currency=INR before any date" + end,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book := &merchant.Book{Regions: regions(), Schedules: append([]merchant.Schedule{tc.of}, tc.others...)}
			err := book.CheckTarget(&book.Schedules[0], known)
			if tc.want == "" {
				wantText(t, err)
				return
			}
			wantText(t, err, tc.want)
			if !errors.Is(err, merchant.ErrNoSchedule) {
				t.Errorf("%v is not %v", err, merchant.ErrNoSchedule)
			}
		})
	}
}
