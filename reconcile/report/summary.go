package report

import (
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Summary is a row of the settlement summary: one batch as it stands now, with the batch equation spelled out. Amounts
// are signed minor units of Currency, credit to the merchant positive.
type Summary struct {
	BatchID      string
	BatchStatus  string // at the time of writing
	Merchant     string
	Region       string
	Currency     money.Currency
	BusinessDate calendar.Date
	Window       string        // label of the window
	ValueDate    calendar.Date // when the batch settles; zero: not settled in money

	Lines        int64
	OpeningCarry money.Amount
	Gross        money.Amount
	Fee          money.Amount
	Tax          money.Amount
	Withholding  money.Amount
	Reserve      money.Amount
	LineNet      money.Amount // gross + fee + tax + withholding + reserve: the sum of the line nets
	CarryOut     money.Amount
	Net          money.Amount // opening carry + line net + carry out: what is paid

	// The line nets by reporting category; together they are LineNet.
	Payments    money.Amount
	Refunds     money.Amount
	Disputes    money.Amount
	Reserves    money.Amount
	Payouts     money.Amount
	Adjustments money.Amount
	Other       money.Amount // returned and cancelled batches, and whatever has no column of its own

	Cutoff        time.Time      // the instant the window closed
	Zone          *time.Location // gives cutoff_local and timezone; nil: neither
	BankReference string         // under which the bank shows the payment
}

// SummarySchema returns the columns of the settlement summary. Its schema_version, cutoff_local and timezone columns
// follow from the others.
func SummarySchema() Schema[Summary] {
	const version = 1
	return Schema[Summary]{
		report: "summary", version: version, facts: summaryFacts, check: checkSummary,
		columns: []column[Summary]{
			versionColumn[Summary](version),
			textColumn("batch_id", func(r *Summary) string { return r.BatchID }).required(),
			textColumn("batch_status", func(r *Summary) string { return r.BatchStatus }).required(),
			freeTextColumn("merchant_id", func(r *Summary) string { return r.Merchant }).required(),
			textColumn("region", func(r *Summary) string { return r.Region }),
			currencyColumn("currency", func(r *Summary) money.Currency { return r.Currency }).required(),
			dateColumn("business_date", func(r *Summary) calendar.Date { return r.BusinessDate }).required(),
			textColumn("window", func(r *Summary) string { return r.Window }),
			dateColumn("value_date", func(r *Summary) calendar.Date { return r.ValueDate }),
			integerColumn("lines", func(r *Summary) int64 { return r.Lines }),
			moneyColumn("opening_carry", func(r *Summary) money.Amount { return r.OpeningCarry }),
			moneyColumn("gross", func(r *Summary) money.Amount { return r.Gross }),
			moneyColumn("fee", func(r *Summary) money.Amount { return r.Fee }),
			moneyColumn("tax", func(r *Summary) money.Amount { return r.Tax }),
			moneyColumn("withholding", func(r *Summary) money.Amount { return r.Withholding }),
			moneyColumn("reserve", func(r *Summary) money.Amount { return r.Reserve }),
			moneyColumn("line_net", func(r *Summary) money.Amount { return r.LineNet }),
			moneyColumn("carry_out", func(r *Summary) money.Amount { return r.CarryOut }),
			moneyColumn("net", func(r *Summary) money.Amount { return r.Net }),
			moneyColumn("payments_net", func(r *Summary) money.Amount { return r.Payments }),
			moneyColumn("refunds_net", func(r *Summary) money.Amount { return r.Refunds }),
			moneyColumn("disputes_net", func(r *Summary) money.Amount { return r.Disputes }),
			moneyColumn("reserves_net", func(r *Summary) money.Amount { return r.Reserves }),
			moneyColumn("payouts_net", func(r *Summary) money.Amount { return r.Payouts }),
			moneyColumn("adjustments_net", func(r *Summary) money.Amount { return r.Adjustments }),
			moneyColumn("other_net", func(r *Summary) money.Amount { return r.Other }),
			instantColumn("cutoff_at_utc", func(r *Summary) time.Time { return r.Cutoff }),
			localTimeColumn("cutoff_local", func(r *Summary) time.Time { return localTime(r.Cutoff, r.Zone) }),
			textColumn("timezone", func(r *Summary) string { return zoneName(r.Zone) }),
			freeTextColumn("bank_reference", func(r *Summary) string { return r.BankReference }),
		},
	}
}

func summaryFacts(r *Summary) facts {
	return facts{
		merchant: r.Merchant, batch: r.BatchID, currency: r.Currency,
		gross: r.Gross, fee: r.Fee, tax: r.Tax, net: r.Net,
	}
}

// checkSummary asserts the batch equation and both ways of adding up the lines.
func checkSummary(r *Summary) error {
	if err := checkNet(r.Currency, r.LineNet, r.Gross, r.Fee, r.Tax, r.Withholding, r.Reserve); err != nil {
		return err
	}
	net, err := money.Sum(r.OpeningCarry, r.LineNet, r.CarryOut)
	if err != nil {
		return err
	}
	if net != r.Net {
		return badRow("batch %s: opening carry %s + lines %s + carry out %s = %s %s, net says %s",
			r.BatchID, r.Currency.Format(r.OpeningCarry), r.Currency.Format(r.LineNet), r.Currency.Format(r.CarryOut),
			r.Currency, r.Currency.Format(net), r.Currency.Format(r.Net))
	}
	lines, err := money.Sum(r.Payments, r.Refunds, r.Disputes, r.Reserves, r.Payouts, r.Adjustments, r.Other)
	if err != nil {
		return err
	}
	if lines != r.LineNet {
		return badRow("batch %s: categories add up to %s %s, the lines to %s",
			r.BatchID, r.Currency, r.Currency.Format(lines), r.Currency.Format(r.LineNet))
	}
	return nil
}
