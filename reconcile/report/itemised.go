package report

import (
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Itemised is a row of the itemised settlement report: one line of a batch, as it stood when the batch closed. Amounts
// are signed minor units of Currency, credit to the merchant positive. Nothing in it changes later or names a person.
type Itemised struct {
	BatchID      string
	BatchStatus  string // at close
	BusinessDate calendar.Date
	ValueDate    calendar.Date // when the batch settles; zero: not settled in money
	Window       string        // label of the window
	LineNo       int64         // from 1 within the batch

	EntryID           string // ledger entry the line stands for
	ReportingCategory string // what finance adds it up under: payments, refunds, disputes, ...
	Type              string // what happened, in the words of the room it happened in
	SourceID          string // the payment, refund, dispute, payout or adjustment
	ParentID          string // the payment that a refund or dispute belongs to
	OrderID           string
	Merchant          string
	Method            string
	Rail              string
	RailReference     string
	BankReference     string

	CreatedAt  time.Time
	CapturedAt time.Time
	Zone       *time.Location // gives created_local and timezone; nil: neither

	// Of a batch that is paid in another currency than its own. The shares of its lines add up to what it pays.
	PresentmentAmount   money.Amount // what the line comes to in it, minor units of PresentmentCurrency
	PresentmentCurrency money.Currency
	FXRate              money.Rate // what the merchant got for one of Currency, in major units
	FXRateID            string     // of the quote

	Currency    money.Currency
	Gross       money.Amount
	Fee         money.Amount
	Tax         money.Amount
	TaxCode     string
	Withholding money.Amount
	Reserve     money.Amount
	Net         money.Amount // gross + fee + tax + withholding + reserve

	RunningBalance money.Amount // of the batch, after this line

	Late                 bool          // missed its own window
	OriginalBusinessDate calendar.Date // of the window it missed, or of the item it releases
	ReasonCode           string
	DisputeID            string
	RefundID             string
}

// ItemisedSchema returns the columns of the itemised settlement report. Its schema_version, created_local, timezone and
// direction columns follow from the others.
func ItemisedSchema() Schema[Itemised] {
	const version = 1
	return Schema[Itemised]{
		report: "itemised", version: version, facts: itemisedFacts, check: checkItemised,
		columns: []column[Itemised]{
			versionColumn[Itemised](version),
			textColumn("batch_id", func(r *Itemised) string { return r.BatchID }).required(),
			textColumn("batch_status", func(r *Itemised) string { return r.BatchStatus }).required(),
			dateColumn("business_date", func(r *Itemised) calendar.Date { return r.BusinessDate }).required(),
			dateColumn("value_date", func(r *Itemised) calendar.Date { return r.ValueDate }),
			textColumn("window", func(r *Itemised) string { return r.Window }),
			integerColumn("line_no", func(r *Itemised) int64 { return r.LineNo }),
			textColumn("entry_id", func(r *Itemised) string { return r.EntryID }),
			textColumn("reporting_category", func(r *Itemised) string { return r.ReportingCategory }).required(),
			textColumn("type", func(r *Itemised) string { return r.Type }).required(),
			freeTextColumn("source_id", func(r *Itemised) string { return r.SourceID }),
			freeTextColumn("parent_id", func(r *Itemised) string { return r.ParentID }),
			freeTextColumn("order_id", func(r *Itemised) string { return r.OrderID }),
			freeTextColumn("merchant_id", func(r *Itemised) string { return r.Merchant }).required(),
			freeTextColumn("method", func(r *Itemised) string { return r.Method }),
			freeTextColumn("rail", func(r *Itemised) string { return r.Rail }),
			freeTextColumn("rail_reference", func(r *Itemised) string { return r.RailReference }),
			freeTextColumn("bank_reference", func(r *Itemised) string { return r.BankReference }),
			instantColumn("created_at_utc", func(r *Itemised) time.Time { return r.CreatedAt }),
			instantColumn("captured_at_utc", func(r *Itemised) time.Time { return r.CapturedAt }),
			localTimeColumn("created_local", func(r *Itemised) time.Time { return localTime(r.CreatedAt, r.Zone) }),
			textColumn("timezone", func(r *Itemised) string { return zoneName(r.Zone) }),
			presentmentColumn("presentment_amount", func(r *Itemised) (money.Amount, money.Currency) {
				return r.PresentmentAmount, r.PresentmentCurrency
			}),
			currencyColumn("presentment_currency", func(r *Itemised) money.Currency { return r.PresentmentCurrency }),
			rateColumn("fx_rate", func(r *Itemised) money.Rate { return r.FXRate }),
			textColumn("fx_rate_id", func(r *Itemised) string { return r.FXRateID }),
			currencyColumn("currency", func(r *Itemised) money.Currency { return r.Currency }).required(),
			moneyColumn("gross", func(r *Itemised) money.Amount { return r.Gross }),
			moneyColumn("fee", func(r *Itemised) money.Amount { return r.Fee }),
			moneyColumn("tax", func(r *Itemised) money.Amount { return r.Tax }),
			freeTextColumn("tax_code", func(r *Itemised) string { return r.TaxCode }),
			moneyColumn("withholding", func(r *Itemised) money.Amount { return r.Withholding }),
			moneyColumn("reserve", func(r *Itemised) money.Amount { return r.Reserve }),
			moneyColumn("net", func(r *Itemised) money.Amount { return r.Net }),
			directionColumn(func(r *Itemised) money.Amount { return r.Net }),
			moneyColumn("running_balance", func(r *Itemised) money.Amount { return r.RunningBalance }),
			boolColumn("late", func(r *Itemised) bool { return r.Late }),
			dateColumn("original_business_date", func(r *Itemised) calendar.Date { return r.OriginalBusinessDate }),
			freeTextColumn("reason_code", func(r *Itemised) string { return r.ReasonCode }),
			freeTextColumn("dispute_id", func(r *Itemised) string { return r.DisputeID }),
			freeTextColumn("refund_id", func(r *Itemised) string { return r.RefundID }),
		},
	}
}

func itemisedFacts(r *Itemised) facts {
	return facts{
		merchant: r.Merchant, batch: r.BatchID, currency: r.Currency,
		gross: r.Gross, fee: r.Fee, tax: r.Tax, net: r.Net,
	}
}

func checkItemised(r *Itemised) error {
	if r.LineNo < 1 {
		return badRow("line %d of batch %s, lines count from 1", r.LineNo, r.BatchID)
	}
	if r.Late && r.OriginalBusinessDate.IsZero() {
		return badRow("line %d is late, without the business date it missed", r.LineNo)
	}
	return checkNet(r.Currency, r.Net, r.Gross, r.Fee, r.Tax, r.Withholding, r.Reserve)
}

// checkNet asserts net = gross + fee + tax + withholding + reserve.
func checkNet(currency money.Currency, net, gross, fee, tax, withholding, reserve money.Amount) error {
	sum, err := money.Sum(gross, fee, tax, withholding, reserve)
	if err != nil {
		return err
	}
	if sum != net {
		return badRow("gross %s + fee %s + tax %s + withholding %s + reserve %s = %s %s, net says %s",
			currency.Format(gross), currency.Format(fee), currency.Format(tax), currency.Format(withholding),
			currency.Format(reserve), currency, currency.Format(sum), currency.Format(net))
	}
	return nil
}

// localTime is t by the clocks of zone; the zero time when there is no t or no zone.
func localTime(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() || zone == nil {
		return time.Time{}
	}
	return t.In(zone)
}

func zoneName(zone *time.Location) string {
	if zone == nil {
		return ""
	}
	return zone.String()
}
