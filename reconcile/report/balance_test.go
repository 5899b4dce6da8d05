package report_test

import (
	"io"
	"strings"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// balanceRows are a merchant who was settled and one who owes.
func balanceRows() []report.Balance {
	from, to := calendar.MustDate("2026-03-01"), calendar.MustDate("2026-03-31")
	return []report.Balance{
		{
			Merchant: "m_1", From: from, To: to, Currency: inr,
			Opening:  report.Standing{Available: money.Minor(1_000), Pending: money.Minor(500), Total: money.Minor(1_500), InTransit: money.Minor(7_000)},
			Payments: money.Minor(100_000), Refunds: money.Minor(-10_000), Disputes: money.Minor(-5_000), Fees: money.Minor(-2_000), Taxes: money.Minor(-360),
			Withholding: money.Minor(-100), Settlements: money.Minor(-60_000), Payouts: money.Minor(-5_000), Adjustments: money.Minor(300),
			Exchange: money.Minor(-200), TopUps: money.Minor(50), Other: money.Minor(10), Change: money.Minor(17_700),
			Held: money.Minor(10_000), Released: money.Minor(-4_000), Started: money.Minor(65_000), Ended: money.Minor(-41_000),
			Closing: report.Standing{
				Available: money.Minor(12_000), Pending: money.Minor(900), Reserved: money.Minor(6_000), Total: money.Minor(18_900),
				InTransit: money.Minor(31_000), Payouts: money.Minor(500), Receivable: money.Minor(200),
			},
		},
		{
			Merchant: "=m_2", From: from, To: to, Currency: inr, Refunds: money.Minor(-700), Change: money.Minor(-700),
			Closing: report.Standing{Available: money.Minor(-700), Total: money.Minor(-700)},
		},
	}
}

func balanceEntryRows(tb testing.TB) []report.BalanceEntry {
	tb.Helper()
	fee := report.BalanceEntry{
		Merchant: "m_1", Figure: "fees", EntryID: "deposit/d1/fee", PartOf: "deposit/d1/captured", Type: "deposit.fee", ValueDate: calendar.MustDate("2026-03-02"),
		CreatedAt: instant(tb, "2026-03-02T04:30:00Z"), Currency: inr, Amount: money.Minor(-2_000),
	}
	tax, held, refund, paid := fee, fee, fee, fee
	tax.Figure, tax.Amount = "taxes", money.Minor(-360)
	held.Figure, held.Amount, held.EntryID, held.Type = "reserve_held", money.Minor(10_000), "deposit/d1/reserve", "reserve.held"
	refund.Figure, refund.Amount, refund.EntryID, refund.Type, refund.PartOf, refund.Reference = "refunds", money.Minor(-10_000), "refund/r1/created", "refund.created", "", "bank-1"
	paid.Figure, paid.Amount, paid.EntryID, paid.Type, paid.PartOf = "transit_ended", money.Minor(-41_000), "settlement/set_1/paid", "settlement.paid", ""
	return []report.BalanceEntry{fee, tax, held, refund, paid}
}

func TestWriteBalancesGolden(t *testing.T) {
	t.Parallel()
	testGolden(t, report.BalanceSchema(), balanceRows(), report.Totals{Rows: 2, Fee: money.Minor(-2_000), Tax: money.Minor(-360), Net: money.Minor(17_000)})
	testGolden(t, report.BalanceEntrySchema(), balanceEntryRows(t), report.Totals{Rows: 5, Fee: money.Minor(-2_000), Tax: money.Minor(-360), Net: money.Minor(-12_360)})
}

func TestBalanceFormatsAgree(t *testing.T) {
	t.Parallel()
	testAgree(t, report.BalanceSchema(), balanceRows())
	testAgree(t, report.BalanceEntrySchema(), balanceEntryRows(t))
}

// A row whose figures do not add up is not written.
func TestBadBalances(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(*report.Balance)
		want string
	}{
		{"figures", func(r *report.Balance) { r.Fees = money.Minor(-2_001) }, "m_1: figures come to 176.99 INR, the row says 177.00"},
		{"change", func(r *report.Balance) { r.Closing.Payouts = money.Minor(501) }, "m_1: opening and change come to 192.00 INR, the row says 192.01"},
		{"reserves", func(r *report.Balance) { r.Held = money.Minor(9_999) }, "m_1: reserves come to 59.99 INR, the row says 60.00"},
		{"transit", func(r *report.Balance) { r.Ended = money.Minor(-41_001) }, "m_1: in transit come to 309.99 INR, the row says 310.00"},
		{"total", func(r *report.Balance) { r.Opening.Pending = money.Minor(501) }, "m_1: opening total come to 15.01 INR, the row says 15.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			row := balanceRows()[0]
			test.edit(&row)
			_, err := report.Write(io.Discard, report.CSV, report.BalanceSchema(), inr, rowsOf(row))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
