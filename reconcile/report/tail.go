package report

import (
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Tail is a row of the unsettled tail: one movement that is in no batch yet. With the itemised reports it accounts for
// every movement there is. Amounts are signed minor units of Currency, credit to the merchant positive.
type Tail struct {
	AsOf     calendar.Date // the business date the tail is taken at
	Merchant string
	Region   string

	EntryID           string // ledger entry of the movement
	ReportingCategory string
	Type              string
	SourceID          string
	ParentID          string
	OrderID           string
	Method            string
	Rail              string
	RailReference     string

	CreatedAt  time.Time
	CapturedAt time.Time
	Zone       *time.Location // gives created_local and timezone; nil: neither

	BusinessDate calendar.Date // of the window it is pinned to
	Window       string        // label of that window
	AvailableOn  calendar.Date // the earliest date it can settle

	Currency    money.Currency
	Gross       money.Amount
	Fee         money.Amount
	Tax         money.Amount
	TaxCode     string
	Withholding money.Amount
	Reserve     money.Amount
	Net         money.Amount // gross + fee + tax + withholding + reserve

	ReasonCode string
	DisputeID  string
	RefundID   string
}

// TailSchema returns the columns of the unsettled tail. Its schema_version, created_local, timezone and direction
// columns follow from the others.
func TailSchema() Schema[Tail] {
	const version = 1
	return Schema[Tail]{
		report: "tail", version: version, facts: tailFacts, check: checkTail,
		columns: []column[Tail]{
			versionColumn[Tail](version),
			dateColumn("as_of_date", func(r *Tail) calendar.Date { return r.AsOf }).required(),
			freeTextColumn("merchant_id", func(r *Tail) string { return r.Merchant }).required(),
			textColumn("region", func(r *Tail) string { return r.Region }),
			textColumn("entry_id", func(r *Tail) string { return r.EntryID }),
			textColumn("reporting_category", func(r *Tail) string { return r.ReportingCategory }).required(),
			textColumn("type", func(r *Tail) string { return r.Type }).required(),
			freeTextColumn("source_id", func(r *Tail) string { return r.SourceID }),
			freeTextColumn("parent_id", func(r *Tail) string { return r.ParentID }),
			freeTextColumn("order_id", func(r *Tail) string { return r.OrderID }),
			freeTextColumn("method", func(r *Tail) string { return r.Method }),
			freeTextColumn("rail", func(r *Tail) string { return r.Rail }),
			freeTextColumn("rail_reference", func(r *Tail) string { return r.RailReference }),
			instantColumn("created_at_utc", func(r *Tail) time.Time { return r.CreatedAt }),
			instantColumn("captured_at_utc", func(r *Tail) time.Time { return r.CapturedAt }),
			localTimeColumn("created_local", func(r *Tail) time.Time { return localTime(r.CreatedAt, r.Zone) }),
			textColumn("timezone", func(r *Tail) string { return zoneName(r.Zone) }),
			dateColumn("business_date", func(r *Tail) calendar.Date { return r.BusinessDate }),
			textColumn("window", func(r *Tail) string { return r.Window }),
			dateColumn("available_on", func(r *Tail) calendar.Date { return r.AvailableOn }),
			currencyColumn("currency", func(r *Tail) money.Currency { return r.Currency }).required(),
			moneyColumn("gross", func(r *Tail) money.Amount { return r.Gross }),
			moneyColumn("fee", func(r *Tail) money.Amount { return r.Fee }),
			moneyColumn("tax", func(r *Tail) money.Amount { return r.Tax }),
			freeTextColumn("tax_code", func(r *Tail) string { return r.TaxCode }),
			moneyColumn("withholding", func(r *Tail) money.Amount { return r.Withholding }),
			moneyColumn("reserve", func(r *Tail) money.Amount { return r.Reserve }),
			moneyColumn("net", func(r *Tail) money.Amount { return r.Net }),
			directionColumn(func(r *Tail) money.Amount { return r.Net }),
			freeTextColumn("reason_code", func(r *Tail) string { return r.ReasonCode }),
			freeTextColumn("dispute_id", func(r *Tail) string { return r.DisputeID }),
			freeTextColumn("refund_id", func(r *Tail) string { return r.RefundID }),
		},
	}
}

func tailFacts(r *Tail) facts {
	return facts{
		merchant: r.Merchant, currency: r.Currency,
		gross: r.Gross, fee: r.Fee, tax: r.Tax, net: r.Net,
	}
}

func checkTail(r *Tail) error {
	return checkNet(r.Currency, r.Net, r.Gross, r.Fee, r.Tax, r.Withholding, r.Reserve)
}
