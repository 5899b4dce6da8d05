package report

import (
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Standing is what stood on a merchant's accounts at the end of a day, in minor units.
type Standing struct {
	Available  money.Amount
	Pending    money.Amount
	Reserved   money.Amount
	Total      money.Amount // available + pending + reserved
	InTransit  money.Amount // in batches and payouts that are closed or requested, and neither paid nor put back; no part of the total
	Payouts    money.Amount // set aside for payouts that are not sent yet
	Receivable money.Amount // owed by the merchant beside a negative available balance
}

// Balance is a row of the balance and fees report: what a merchant had at the start and at the end of a period, and what
// moved it. Amounts are minor units of Currency, positive in the merchant's favour.
type Balance struct {
	Merchant string
	From, To calendar.Date // value dates
	Currency money.Currency

	Opening, Closing Standing

	Payments    money.Amount
	Refunds     money.Amount
	Disputes    money.Amount
	Fees        money.Amount
	Taxes       money.Amount
	Withholding money.Amount
	Settlements money.Amount
	Payouts     money.Amount
	Adjustments money.Amount
	Exchange    money.Amount
	TopUps      money.Amount
	Other       money.Amount
	Change      money.Amount // the sum of these

	Held     money.Amount // what went into reserves
	Released money.Amount // what came out of them, negative
	Started  money.Amount // what came to be in transit
	Ended    money.Amount // what of it was paid, put back or turned into another currency, negative
}

// BalanceSchema returns the columns of the balance and fees report. Its schema_version column follows from the others.
func BalanceSchema() Schema[Balance] {
	const version = 2
	columns := []column[Balance]{
		versionColumn[Balance](version),
		freeTextColumn("merchant_id", func(r *Balance) string { return r.Merchant }).required(),
		dateColumn("period_from", func(r *Balance) calendar.Date { return r.From }).required(),
		dateColumn("period_to", func(r *Balance) calendar.Date { return r.To }).required(),
		currencyColumn("currency", func(r *Balance) money.Currency { return r.Currency }).required(),
	}
	columns = append(columns, standingColumns("opening_", func(r *Balance) *Standing { return &r.Opening })...)
	columns = append(columns,
		moneyColumn("payments", func(r *Balance) money.Amount { return r.Payments }),
		moneyColumn("refunds", func(r *Balance) money.Amount { return r.Refunds }),
		moneyColumn("disputes", func(r *Balance) money.Amount { return r.Disputes }),
		moneyColumn("fees", func(r *Balance) money.Amount { return r.Fees }),
		moneyColumn("taxes", func(r *Balance) money.Amount { return r.Taxes }),
		moneyColumn("withholding", func(r *Balance) money.Amount { return r.Withholding }),
		moneyColumn("settlements", func(r *Balance) money.Amount { return r.Settlements }),
		moneyColumn("payouts", func(r *Balance) money.Amount { return r.Payouts }),
		moneyColumn("adjustments", func(r *Balance) money.Amount { return r.Adjustments }),
		moneyColumn("exchange", func(r *Balance) money.Amount { return r.Exchange }),
		moneyColumn("top_ups", func(r *Balance) money.Amount { return r.TopUps }),
		moneyColumn("other", func(r *Balance) money.Amount { return r.Other }),
		moneyColumn("change", func(r *Balance) money.Amount { return r.Change }),
		moneyColumn("reserve_held", func(r *Balance) money.Amount { return r.Held }),
		moneyColumn("reserve_released", func(r *Balance) money.Amount { return r.Released }),
	)
	columns = append(columns, standingColumns("closing_", func(r *Balance) *Standing { return &r.Closing })...)
	columns = append(columns, // since version 2
		moneyColumn("opening_in_transit", func(r *Balance) money.Amount { return r.Opening.InTransit }),
		moneyColumn("transit_started", func(r *Balance) money.Amount { return r.Started }),
		moneyColumn("transit_ended", func(r *Balance) money.Amount { return r.Ended }),
		moneyColumn("closing_in_transit", func(r *Balance) money.Amount { return r.Closing.InTransit }),
	)
	return Schema[Balance]{
		report: "balance-and-fees", version: version, facts: balanceFacts, check: checkBalance, columns: columns,
	}
}

func standingColumns(prefix string, of func(*Balance) *Standing) []column[Balance] {
	return []column[Balance]{
		moneyColumn(prefix+"available", func(r *Balance) money.Amount { return of(r).Available }),
		moneyColumn(prefix+"pending", func(r *Balance) money.Amount { return of(r).Pending }),
		moneyColumn(prefix+"reserved", func(r *Balance) money.Amount { return of(r).Reserved }),
		moneyColumn(prefix+"total", func(r *Balance) money.Amount { return of(r).Total }),
		moneyColumn(prefix+"payouts", func(r *Balance) money.Amount { return of(r).Payouts }),
		moneyColumn(prefix+"receivable", func(r *Balance) money.Amount { return of(r).Receivable }),
	}
}

// BalanceEntry is a row of the entries behind the balance and fees report: what one ledger entry adds to one figure.
type BalanceEntry struct {
	Merchant  string
	Figure    string // as the column of Balance
	EntryID   string // ledger entry
	PartOf    string // entry it hangs on
	Type      string // kind of the entry
	Reference string
	ValueDate calendar.Date
	CreatedAt time.Time
	Currency  money.Currency
	Amount    money.Amount // minor units, positive in the merchant's favour
}

// BalanceEntrySchema returns the columns of the entries behind the balance and fees report. Its schema_version column
// follows from the others.
func BalanceEntrySchema() Schema[BalanceEntry] {
	const version = 1
	return Schema[BalanceEntry]{
		report: "balance-and-fees-entries", version: version, facts: balanceEntryFacts, check: func(*BalanceEntry) error { return nil },
		columns: []column[BalanceEntry]{
			versionColumn[BalanceEntry](version),
			freeTextColumn("merchant_id", func(r *BalanceEntry) string { return r.Merchant }).required(),
			textColumn("figure", func(r *BalanceEntry) string { return r.Figure }).required(),
			dateColumn("value_date", func(r *BalanceEntry) calendar.Date { return r.ValueDate }).required(),
			freeTextColumn("entry_id", func(r *BalanceEntry) string { return r.EntryID }).required(),
			freeTextColumn("part_of", func(r *BalanceEntry) string { return r.PartOf }),
			textColumn("type", func(r *BalanceEntry) string { return r.Type }),
			freeTextColumn("reference", func(r *BalanceEntry) string { return r.Reference }),
			instantColumn("created_at_utc", func(r *BalanceEntry) time.Time { return r.CreatedAt }).required(),
			currencyColumn("currency", func(r *BalanceEntry) money.Currency { return r.Currency }).required(),
			moneyColumn("amount", func(r *BalanceEntry) money.Amount { return r.Amount }),
		},
	}
}

func balanceFacts(r *Balance) facts {
	return facts{merchant: r.Merchant, currency: r.Currency, fee: r.Fees, tax: r.Taxes, net: r.Change}
}

func balanceEntryFacts(r *BalanceEntry) facts {
	f := facts{merchant: r.Merchant, currency: r.Currency}
	switch r.Figure {
	case "fees":
		f.fee = r.Amount
	case "taxes":
		f.tax = r.Amount
	}
	switch r.Figure {
	case "reserve_held", "reserve_released": // these stay the merchant's
	case "transit_started", "transit_ended": // these have left what is the merchant's, or leave us
	default:
		f.net = r.Amount
	}
	return f
}

// checkBalance asserts that the figures are the change, and that the balances at the start, the change, and those at the
// end agree; and so for the reserves and what is in transit.
func checkBalance(r *Balance) error {
	sums := []struct {
		what       string
		have, want []money.Amount
	}{
		{"figures", []money.Amount{
			r.Payments, r.Refunds, r.Disputes, r.Fees, r.Taxes, r.Withholding, r.Settlements, r.Payouts, r.Adjustments, r.Exchange, r.TopUps, r.Other,
		}, []money.Amount{r.Change}},
		{"opening and change", append(r.Opening.all(), r.Change), r.Closing.all()},
		{"reserves", []money.Amount{r.Opening.Reserved, r.Held, r.Released}, []money.Amount{r.Closing.Reserved}},
		{"in transit", []money.Amount{r.Opening.InTransit, r.Started, r.Ended}, []money.Amount{r.Closing.InTransit}},
		{"opening total", []money.Amount{r.Opening.Available, r.Opening.Pending, r.Opening.Reserved}, []money.Amount{r.Opening.Total}},
		{"closing total", []money.Amount{r.Closing.Available, r.Closing.Pending, r.Closing.Reserved}, []money.Amount{r.Closing.Total}},
	}
	for _, s := range sums {
		have, err := money.Sum(s.have...)
		if err != nil {
			return err
		}
		want, err := money.Sum(s.want...)
		if err != nil {
			return err
		}
		if have != want {
			return badRow("%s: %s come to %s %s, the row says %s", r.Merchant, s.what, r.Currency.Format(have), r.Currency, r.Currency.Format(want))
		}
	}
	return nil
}

// all is what stands there, owed or owing.
func (s *Standing) all() []money.Amount {
	return []money.Amount{s.Total, s.Payouts, s.Receivable.Neg()}
}
