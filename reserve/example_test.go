package reserve_test

import (
	"fmt"
	"log"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// Ten per cent of a deposit of 1,000.00 is withheld for 90 days, of which the cap leaves 60.00.
func Example() {
	inr := money.MustCurrency("INR")
	plan := reserve.Plan{
		ID: "in-rolling", Version: "1", Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 90, Cap: new(money.Minor(500000)),
	}
	if err := plan.Validate(); err != nil {
		log.Fatal(err)
	}
	amount, release, err := plan.Hold(money.Minor(100000), money.Minor(494000), calendar.MustDate("2026-01-04"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inr.Format(amount), "until", release)
	// Output: 60.00 until 2026-04-04
}

// A hold is released in part before its date; what is left falls due on the original date.
func ExampleHold_Release() {
	hold := reserve.Hold{
		ID: "dep-1", Merchant: "m-1", Currency: money.MustCurrency("INR"), Plan: reserve.Pin{ID: "in-rolling", Version: "1"},
		Amount: money.Minor(10000), HeldOn: calendar.MustDate("2026-01-04"), ReleaseOn: calendar.MustDate("2026-04-04"),
	}
	hold, err := hold.Release(money.Minor(2500), calendar.MustDate("2026-02-01"), reserve.ReasonEarly)
	if err != nil {
		log.Fatal(err)
	}
	left, err := hold.Left()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hold.Currency.Format(left), "left, due on", hold.ReleaseOn)
	// Output: 75.00 left, due on 2026-04-04
}
