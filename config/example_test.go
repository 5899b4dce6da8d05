package config_test

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/config"
)

func ExampleParse() {
	file := []byte(`
regions:
  - {id: IN, name: India, countries: [IN], currencies: [INR], bank: in_escrow}

schedules:
  - id: in-t1
    for: [{region: IN}]
    timezone: Asia/Kolkata
    cutoffs: [{at: "18:00"}]
    delay: {n: 1, unit: business_days}
    calendars: [IN]

taxes:
  - {id: gst, rate: 18%}

fees:
  - id: in-card
    match: {event: capture, region: IN, currency: INR, method: CARD}
    components: [{kind: commission, rate: 1.85%, fixed: 3.00}]
    tax: gst
  - id: in-dispute
    match: {event: dispute, region: IN, currency: INR}
    components: [{kind: handling, fixed: 250.00}]
    tax: gst
  - id: in-payout
    match: {event: payout, region: IN, currency: INR}
    components: [{kind: payout, fixed: 5.00}]
    tax: gst
`)
	c, err := config.Parse("/etc/settlex/settlex.yaml", file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Data)
	fmt.Println(c.Rules.Book.Regions[0].Name, c.Rules.Book.Schedules[0].Timing.Zone)
	for _, s := range c.Rules.Fees {
		fmt.Println(s.ID, s.Version, *s.Components[0].Fixed, s.Tax.Rate)
	}
	// Output:
	// /etc/settlex/settlex.db
	// India Asia/Kolkata
	// in-card 9d74a958dd26 300 0.18
	// in-dispute 541ba2c3a140 25000 0.18
	// in-payout a5934feac45d 500 0.18
}

// All that is wrong is said at once, each with its place.
func ExampleFaults() {
	file := []byte(`regions:
  - id: IN
    currencies: [INR]
    bank: in_escrow
schedules:
  - id: in-t1
    for: [{region: IN}]
    timezone: Asia/Kolkata
    cutoffs: [{at: 18h}]
    delay: {n: 1}
    calendars: [INDIA]
fees:
  - id: in-card
    match: {event: capture, currency: INR}
    components: [{kind: commission, rate: 1.85, fixed: 3.005}]
    taxes: gst
`)
	_, err := config.Parse("settlex.yaml", file)
	if faults, ok := errors.AsType[config.Faults](err); ok {
		for _, fault := range faults {
			fmt.Println(fault)
		}
	}
	// Output:
	// settlex.yaml:9:20: schedules[0].cutoffs[0].at: bad time of day: "18h" is not written as HH:MM
	// settlex.yaml:11:17: schedules[0].calendars[0]: no calendar "INDIA" is in the file, and shipped are only AE, BD, BR, BR-2016, EU, GB, IN, PK, SG, US
	// settlex.yaml:15:43: fees[0].components[0].rate: 1.85 is more than 1, which is 100 %
	// settlex.yaml:15:56: fees[0].components[0].fixed: bad amount: "3.005" has 3 fraction digits, INR takes at most 2
	// settlex.yaml:16:5: fees[0].taxes: is unknown; known here: id, effective_from, effective_to, priority, match, components, min, max, monthly_min, tax, rounding, refund_policy, dispute_policy, charge
}
