package sample

import (
	"time"

	"github.com/settlex/settlex/calendar"
)

// A region is where a group of merchants trades.
type region struct {
	code        string // part of every id
	currency    string
	zone        *time.Location
	calendars   calendar.Calendars
	weekday     week
	feasts      map[int]int // day of the month: see festive
	ramadanEnds int         // last day of Ramadan; 0 where it does not move the hours
	brands      []string    // card brands
	brandWeight []int
	rails       []rail
	merchants   []merchant
	scripts     []script
}

func regions() []region { return []region{india(), pakistan(), bangladesh()} }

func india() region {
	return region{
		code: "in", currency: "INR",
		zone:      time.FixedZone("IST", 5*3600+1800),
		calendars: shipped("IN"),
		weekday:   week{125, 90, 90, 95, 95, 110, 130},
		feasts:    map[int]int{2: 120, 3: 145, 4: 60, 18: 115, 19: 130, 21: 110},
		brands:    []string{"visa", "mastercard", "rupay"}, brandWeight: []int{45, 30, 25},
		rails: []rail{
			{name: "upi", days: 1, paysAt: 7*3600 + 1800},
			{name: "wallet", days: 1, paysAt: 9*3600 + 900},
			{name: "bank_transfer", days: 1, paysAt: 10 * 3600},
			{name: "card", days: 2, paysAt: 11 * 3600, costBps: 165, costTaxPercent: 18},
		},
		merchants: indianMerchants(), scripts: indianScripts(),
	}
}

func pakistan() region {
	return region{
		code: "pk", currency: "PKR",
		zone:      time.FixedZone("PKT", 5*3600),
		calendars: shipped("PK"),
		weekday:   week{115, 95, 95, 95, 95, 85, 120},
		feasts: map[int]int{14: 115, 15: 125, 16: 135, 17: 145, 18: 165, 19: 190,
			20: 40, 21: 55, 22: 65, 23: 80},
		ramadanEnds: 19,
		brands:      []string{"visa", "mastercard", "paypak"}, brandWeight: []int{50, 35, 15},
		rails: []rail{
			{name: "wallet", days: 1, paysAt: 9 * 3600},
			{name: "bank_transfer", days: 1, paysAt: 10 * 3600},
			{name: "card", days: 2, paysAt: 12 * 3600, costBps: 180, costTaxPercent: 15},
		},
		merchants: pakistaniMerchants(), scripts: pakistaniScripts(),
	}
}

func bangladesh() region {
	return region{
		code: "bd", currency: "BDT",
		zone:      time.FixedZone("BST", 6*3600),
		calendars: shipped("BD"),
		weekday:   week{95, 95, 95, 95, 115, 110, 100},
		feasts: map[int]int{14: 110, 15: 120, 16: 130, 17: 110, 18: 140, 19: 155, 20: 160,
			21: 35, 22: 50, 23: 65, 26: 110},
		ramadanEnds: 20,
		brands:      []string{"visa", "mastercard", "amex"}, brandWeight: []int{55, 35, 10},
		rails: []rail{
			{name: "bank_transfer", days: 1, paysAt: 10 * 3600},
			{name: "wallet", days: 2, paysAt: 11 * 3600},
			{name: "card", days: 2, paysAt: 12*3600 + 1800, costBps: 190, costTaxPercent: 15},
		},
		merchants: bangladeshiMerchants(), scripts: bangladeshiScripts(),
	}
}

func shipped(id string) calendar.Calendars {
	c, ok := calendar.Shipped(id)
	if !ok {
		panic("sample: no calendar " + id)
	}
	return calendar.Calendars{c}
}
