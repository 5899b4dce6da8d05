package fees_test

import (
	"fmt"
	"log"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// A table with one price: 1.85 % + 3.00 on card captures in INR, at most 100.00, with GST on top, split in two.
func Example() {
	inr := money.MustCurrency("INR")
	table := fees.Table{{
		ID: "in-card", Version: "1",
		Match: fees.Match{Event: fees.EventCapture, Method: "CARD", Currency: inr},
		Components: []fees.Component{{
			Kind: "commission", Rate: money.MustRate("1.85%"), Fixed: new(money.Minor(300)), Max: new(money.Minor(10000)),
		}},
		Tax: fees.Tax{Code: "gst", Rate: money.MustRate("18%"), Split: []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}}},
	}}
	if err := table.Validate(); err != nil {
		log.Fatal(err)
	}
	schedule, err := table.Select(fees.Query{
		Event: fees.EventCapture, Merchant: "m-1", Method: "CARD", Currency: inr, On: calendar.MustDate("2026-01-05"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fee, err := schedule.Compute(money.Minor(99999))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("fee", inr.Format(fee.Fee), "tax", inr.Format(fee.Tax))
	for _, p := range fee.Parts {
		fmt.Println(p.Kind, "raw", p.Raw, "rounding", p.Rounding)
	}
	for _, l := range fee.Taxes {
		fmt.Println(l.Code, inr.Format(l.Amount))
	}
	// Output:
	// fee 21.50 tax 3.87
	// commission raw 2149.9815 rounding 0.0185
	// cgst 1.94
	// sgst 1.93
}

// A movement that no schedule prices is an error, not a free movement.
func ExampleTable_Select() {
	_, err := fees.Table{}.Select(fees.Query{
		Event: fees.EventPayout, Merchant: "m-1", Currency: money.MustCurrency("BDT"), On: calendar.MustDate("2026-01-05"),
	})
	fmt.Println(err)
	// Output: no fee schedule for event payout, merchant m-1, currency BDT, on 2026-01-05
}

// A deposit of 1,000.00 with a fee of 20.01, refunded in three parts.
func ExampleReturned() {
	fee, gross := money.Minor(2001), money.Minor(100000)
	var refunded money.Amount
	for _, refund := range []money.Amount{money.Minor(33333), money.Minor(33333), money.Minor(33334)} {
		back, err := fees.Returned(fee, gross, refunded, refund, money.HalfEven)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(money.MustCurrency("INR").Format(back))
		if refunded, err = refunded.Add(refund); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 6.67
	// 6.67
	// 6.67
}
