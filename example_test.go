package settlex_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt"
)

// A file of events becomes a settled batch and a report of its lines. The
// platform takes 2 % and 18 % of tax on that, closes at 18:00 in Kolkata, and
// pays on the next day.
func ExampleEngine() {
	const events = `kind,id,occurred_at,merchant_id,currency,amount,method,parent_id,reason_code
deposit,pay_1,2026-03-02T10:00:00+05:30,bookshop,INR,1000.00,UPI,,
deposit,pay_2,2026-03-02T11:00:00+05:30,bookshop,INR,250.00,UPI,,
refund,ref_1,2026-03-02T12:00:00+05:30,,INR,100.00,,pay_1,returned
`
	kolkata, err := calendar.LoadZone("Asia/Kolkata")
	check(err)
	rules := &payment.Rules{
		CreateMerchants: true,
		Book: &merchant.Book{
			Regions: []merchant.Region{{ID: "IN", Currencies: []money.Currency{money.MustCurrency("INR")}, Bank: "escrow"}},
			Schedules: []merchant.Schedule{{
				ID: "daily", Version: "1", For: []merchant.Scope{{Region: "IN"}},
				Timing: calendar.Schedule{
					Zone: kolkata, Cutoffs: []calendar.WindowCutoff{{At: calendar.MustClock("18:00")}}, Delay: calendar.Delay{N: 1},
				},
			}},
		},
		Fees: fees.Table{{
			ID: "standard", Version: "1", Components: []fees.Component{{Kind: "commission", Rate: money.MustRate("2%")}},
			Tax: fees.Tax{Code: "gst", Rate: money.MustRate("18%")},
		}},
	}

	ctx := context.Background()
	dir, err := os.MkdirTemp("", "settlex")
	check(err)
	defer func() { check(os.RemoveAll(dir)) }()
	store, err := bolt.Open(filepath.Join(dir, "settlex.db"), bolt.Options{})
	check(err)
	defer store.Close()
	morning := func() time.Time { return time.Date(2026, time.March, 3, 9, 0, 0, 0, kolkata) }
	engine, err := settlex.New(ctx, settlex.Config{Store: store, Rules: rules, Clock: morning})
	check(err)

	taken, err := engine.Ingest(ctx, feed.Read(ctx, "march.csv", strings.NewReader(events), feed.Mapping{}), settlex.IngestOptions{})
	check(err)
	fmt.Println(taken.Booked, "events booked")

	date := calendar.MustDate("2026-03-02")
	_, err = engine.Settle(ctx, date, func(b *settlement.Batch) {
		fmt.Println("batch of", b.Merchant, "with", b.Lines, "lines pays", b.Currency, b.Currency.Format(b.Net), "on", b.Window.SettlementDate)
	})
	check(err)

	written, err := engine.Report(ctx, settlex.ReportOptions{Dir: dir, Formats: []report.Format{report.CSV}, From: date, To: date})
	check(err)
	for _, file := range written {
		fmt.Println(filepath.Base(file.Path), "has rows:", file.Totals.Rows)
	}

	found, err := engine.Verify(ctx)
	check(err)
	fmt.Println("findings:", len(found.Findings))

	// Output:
	// 3 events booked
	// batch of bookshop with 3 lines pays INR 1120.50 on 2026-03-03
	// settlex_itemised_all_INR_2026-03-02_all_v1.csv has rows: 3
	// settlex_summary_all_INR_2026-03-02_all_v1.csv has rows: 1
	// findings: 0
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
