package merchant_test

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// Cards settle later than everything else in India, and one merchant has terms
// of its own.
func Example() {
	inr := money.MustCurrency("INR")
	timing := calendar.Schedule{Zone: time.UTC, Cutoffs: []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}}}
	book := merchant.Book{
		Regions: []merchant.Region{{ID: "IN", Currencies: []money.Currency{inr}, Bank: "escrow"}},
		Schedules: []merchant.Schedule{
			{ID: "india", Version: "1", For: []merchant.Scope{{Region: "IN"}}, Timing: timing},
			{ID: "cards", Version: "1", For: []merchant.Scope{{Region: "IN", Method: "CARD"}}, Timing: timing},
			{ID: "vip", Version: "1", For: []merchant.Scope{{Merchant: "m_1"}}, Timing: timing},
		},
	}
	if err := book.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range []string{"m_1", "m_2"} {
		for _, method := range []string{"UPI", "CARD"} {
			payment, err := book.Case(&merchant.Merchant{ID: id}, inr, method)
			if err != nil {
				fmt.Println(err)
				return
			}
			schedule, err := book.Schedule(payment, time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC))
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(payment, "->", schedule.ID)
		}
	}
	// Output:
	// merchant=m_1 region=IN currency=INR method=UPI -> vip
	// merchant=m_1 region=IN currency=INR method=CARD -> vip
	// merchant=m_2 region=IN currency=INR method=UPI -> india
	// merchant=m_2 region=IN currency=INR method=CARD -> cards
}
