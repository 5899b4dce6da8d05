package merchant_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// ladder are the six scopes from the narrowest to the widest; a case covered
// by all of them is merchant a's payment in INR by CARD in India.
func ladder() []merchant.Scope {
	return []merchant.Scope{
		{Merchant: "a", Currency: inr(), Method: "CARD"},
		{Merchant: "a", Currency: inr()},
		{Merchant: "a"},
		{Region: "IN", Method: "CARD"},
		{Region: "IN"},
		{},
	}
}

// pay is the case of a payment.
func pay(who, region string, currency money.Currency, method string) merchant.Scope {
	return merchant.Scope{Merchant: who, Region: region, Currency: currency, Method: method}
}

// The order of resolution: the narrowest scope that covers a case wins, in
// whatever order the book lists them.
func TestResolution(t *testing.T) {
	t.Parallel()
	var book merchant.Book
	for _, scope := range ladder() {
		book.Schedules = append(book.Schedules, schedule(scope.String(), scope))
		book.Plans = append(book.Plans, merchant.PlanScope{Plan: scope.String(), For: []merchant.Scope{scope}})
	}
	reversed := merchant.Book{Schedules: slices.Clone(book.Schedules), Plans: slices.Clone(book.Plans)}
	slices.Reverse(reversed.Schedules)
	slices.Reverse(reversed.Plans)
	for _, test := range []struct {
		name string
		of   merchant.Scope
		want string
	}{
		{"everything fits", pay("a", "IN", inr(), "CARD"), "merchant=a currency=INR method=CARD"},
		{"another method", pay("a", "IN", inr(), "UPI"), "merchant=a currency=INR"},
		{"another currency", pay("a", "PK", pkr(), "CARD"), "merchant=a"},
		{"another currency in the merchant's own region", pay("a", "IN", usd(), "CARD"), "merchant=a"},
		{"another merchant", pay("b", "IN", inr(), "CARD"), "region=IN method=CARD"},
		{"another merchant, another method", pay("b", "IN", inr(), "UPI"), "region=IN"},
		{"another region", pay("b", "PK", pkr(), "CARD"), "platform"},
		{"letters count", pay("A", "IN", inr(), "card"), "region=IN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, b := range []*merchant.Book{&book, &reversed} {
				found, err := b.Schedule(test.of, noon())
				if err != nil {
					t.Fatal(err)
				}
				if found.ID != test.want {
					t.Errorf("schedule %q, want %q", found.ID, test.want)
				}
				if got := b.ReservePlan(test.of, every); got != test.want {
					t.Errorf("reserve plan %q, want %q", got, test.want)
				}
			}
		})
	}
}

// every accepts any plan.
func every(string) bool { return true }

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// The first hit wins whole: taken away, the next takes its place.
func TestResolutionFallsDownTheLadder(t *testing.T) {
	t.Parallel()
	of := pay("a", "IN", inr(), "CARD")
	for i, scope := range ladder() {
		var book merchant.Book
		for _, left := range ladder()[i:] {
			book.Schedules = append(book.Schedules, schedule(left.String(), left))
		}
		found, err := book.Schedule(of, noon())
		if err != nil || found.ID != scope.String() {
			t.Errorf("without the first %d: %v, %v", i, found, err)
		}
	}
	_, err := (&merchant.Book{}).Schedule(of, noon())
	if !errors.Is(err, merchant.ErrNoSchedule) {
		t.Errorf("error %v, want %v", err, merchant.ErrNoSchedule)
	}
	wantText(t, err, "no settlement schedule is meant for merchant=a region=IN currency=INR method=CARD at 2026-03-02T12:00:00Z")
	if plan := (&merchant.Book{}).ReservePlan(of, every); plan != "" {
		t.Errorf("reserve plan %q of an empty book", plan)
	}
}

// A schedule counts by the narrowest of its scopes that covers the case.
func TestSeveralScopes(t *testing.T) {
	t.Parallel()
	book := merchant.Book{Schedules: []merchant.Schedule{
		schedule("india", merchant.Scope{Region: "IN"}),
		schedule("wide and narrow", merchant.Scope{}, merchant.Scope{Merchant: "a"}),
	}}
	for who, want := range map[string]string{"a": "wide and narrow", "b": "india"} {
		if found, err := book.Schedule(pay(who, "IN", inr(), "UPI"), noon()); err != nil || found.ID != want {
			t.Errorf("merchant %s: %v, %v; want %s", who, found, err, want)
		}
	}
}

// Of equally narrow schedules the one that took effect last wins, then the
// first of the book.
func TestTies(t *testing.T) {
	t.Parallel()
	platform := merchant.Scope{}
	book := merchant.Book{Schedules: []merchant.Schedule{
		schedule("first", platform), schedule("second", platform),
		version(schedule("third", platform), "1", "2026-02-01"), version(schedule("fourth", platform), "1", "2026-02-01"),
	}}
	for at, want := range map[string]string{"2026-01-31T12:00:00Z": "first", "2026-02-01T12:00:00Z": "third"} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := book.Schedule(pay("a", "IN", inr(), "UPI"), instant); err != nil || found.ID != want {
			t.Errorf("at %s: %v, %v; want %s", at, found, err, want)
		}
	}
}

// A version governs from its first date in the schedule's own zone; before
// that an older one does, or a wider scope.
func TestVersions(t *testing.T) {
	t.Parallel()
	kolkata := schedule("india", merchant.Scope{Region: "IN"})
	kolkata.Timing.Zone = zone("Asia/Kolkata")
	mine := version(schedule("mine", merchant.Scope{Merchant: "a"}), "1", "2026-05-01")
	book := merchant.Book{Schedules: []merchant.Schedule{
		version(kolkata, "3", "2026-04-01"), kolkata, version(kolkata, "2", "2026-03-03"), mine,
	}}
	for _, test := range []struct{ name, at, want string }{
		{"the first", "2020-01-01T00:00:00Z", "india@1"},
		{"the last instant before the second, local", "2026-03-02T18:29:59.999999Z", "india@1"},
		{"midnight of the second, local", "2026-03-02T18:30:00Z", "india@2"},
		{"the third", "2026-04-01T00:00:00Z", "india@3"},
		{"a narrower one has come", "2026-05-01T00:00:00Z", "mine@1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			instant, err := time.Parse(time.RFC3339Nano, test.at)
			if err != nil {
				t.Fatal(err)
			}
			found, err := book.Schedule(pay("a", "IN", inr(), "UPI"), instant)
			if err != nil {
				t.Fatal(err)
			}
			if got := found.Pin().String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// The zone of a merchant is one for all methods, also where schedules are meant for single methods only.
func TestZone(t *testing.T) {
	t.Parallel()
	in := func(zone *time.Location, scope merchant.Scope) merchant.Schedule {
		s := schedule(scope.String(), scope)
		s.Timing.Zone = zone
		return s
	}
	east, west := time.FixedZone("east", 3600), time.FixedZone("west", -3600)
	upi, card := in(east, merchant.Scope{Region: "IN", Method: "UPI"}), in(west, merchant.Scope{Region: "IN", Method: "CARD"})
	for _, test := range []struct {
		name      string
		schedules []merchant.Schedule
		want      *time.Location
	}{
		{"of all methods", []merchant.Schedule{upi, card, in(time.UTC, merchant.Scope{Region: "IN"})}, time.UTC},
		{"of methods only", []merchant.Schedule{upi, card}, east},
		{"the narrowest", []merchant.Schedule{upi, in(time.UTC, merchant.Scope{Merchant: "a", Currency: inr(), Method: "CARD"})}, time.UTC},
		{"of another region", []merchant.Schedule{in(east, merchant.Scope{Region: "PK"})}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			book := merchant.Book{Schedules: test.schedules}
			zone, err := book.Zone(pay("a", "IN", inr(), ""), noon())
			if zone != test.want || (err == nil) != (test.want != nil) || err != nil && !errors.Is(err, merchant.ErrNoSchedule) {
				t.Errorf("zone %v (%v), want %v", zone, err, test.want)
			}
		})
	}
}

// The region comes from the merchant or else from the currency, never from the
// method: UPI in PKR is Pakistan's.
func TestRegion(t *testing.T) {
	t.Parallel()
	book := merchant.Book{Regions: append(regions(), merchant.Region{ID: "GLOBAL", Currencies: []money.Currency{usd()}, Bank: "escrow_global"})}
	for _, test := range []struct {
		name     string
		merchant merchant.Merchant
		currency money.Currency
		method   string
		want     string
		fault    string
	}{
		{"from the currency", merchant.Merchant{ID: "a"}, inr(), "UPI", "IN", ""},
		{"UPI with PKR", merchant.Merchant{ID: "a"}, pkr(), "UPI", "PK", ""},
		{"one merchant, several currencies", merchant.Merchant{ID: "a"}, usd(), "UPI", "GLOBAL", ""},
		{"from the merchant", merchant.Merchant{ID: "a", Region: "GLOBAL"}, inr(), "UPI", "GLOBAL", ""},
		{"from the merchant, a currency nobody lists", merchant.Merchant{ID: "a", Region: "PK"}, money.MustCurrency("JPY"), "CARD", "PK", ""},
		{"a currency nobody lists", merchant.Merchant{ID: "a"}, money.MustCurrency("JPY"), "CARD", "", "no region lists currency JPY"},
		{"a region nobody knows", merchant.Merchant{ID: "a", Region: "BD"}, inr(), "UPI", "", `no region "BD" of merchant a`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			scope, err := book.Case(&test.merchant, test.currency, test.method)
			wantText(t, err, test.fault)
			if test.fault != "" {
				if !errors.Is(err, merchant.ErrNoRegion) {
					t.Errorf("error %v, want %v", err, merchant.ErrNoRegion)
				}
				return
			}
			if want := pay("a", test.want, test.currency, test.method); scope != want {
				t.Errorf("case %s, want %s", scope, want)
			}
		})
	}
	t.Run("of a rail's money, which is nobody's yet", func(t *testing.T) {
		t.Parallel()
		region, err := book.Region(nil, pkr())
		if err != nil || region.ID != "PK" || region.Bank != "escrow_pk" {
			t.Errorf("region %v, %v", region, err)
		}
	})
}

// A later version takes the place of an earlier one whatever their scopes: it was written
// to be the one in force.
func TestLaterVersionSupersedes(t *testing.T) {
	t.Parallel()
	first := schedule("vip", merchant.Scope{Merchant: "a", Currency: inr()})
	book := merchant.Book{Schedules: []merchant.Schedule{
		schedule("all", merchant.Scope{}), first,
		version(schedule("vip", merchant.Scope{Merchant: "a"}), "2", "2026-04-01"),
		version(schedule("vip", merchant.Scope{Merchant: "b"}), "3", "2026-05-01"),
	}}
	for at, want := range map[string]string{"2026-03-31": "vip@1", "2026-04-01": "vip@2", "2026-05-01": "all@1"} {
		found, err := book.Schedule(pay("a", "IN", inr(), "UPI"), calendar.Cutoff(date(at), calendar.Clock{}, time.UTC))
		if err != nil || found.Pin().String() != want {
			t.Errorf("on %s: %v, %v; want %s", at, found, err, want)
		}
	}
}
