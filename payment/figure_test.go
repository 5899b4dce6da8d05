package payment_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// Whatever an event books against a merchant's account has a figure, by which the
// merchant knows what it was.
func TestFiguresOfRecipes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind, account string
		want          payment.Figure
	}{
		{payment.EntryCaptured, "rails/upi/receivable", payment.FigurePayments},
		{payment.EntryRefund, "rails/upi/refunds", payment.FigureRefunds},
		{payment.EntryDispute, "disputes/upi/clearing", payment.FigureDisputes},
		{payment.EntryDepositFee, "income/processing_fee", payment.FigureFees},
		{payment.EntryDepositFee, "tax/gst", payment.FigureTaxes},
		{payment.EntryWithheld, "withholding/tds", payment.FigureWithholding},
		{payment.EntryBatchClosed, "settlements/set_1", payment.FigureSettlements},
		{payment.EntryBatchCredited, "rails/neft/returns", payment.FigureSettlements},
		{payment.EntryPayoutSent, "rails/imps/payouts", payment.FigurePayouts},
		{payment.EntryPayoutReturned, "bank/escrow_in", payment.FigurePayouts},
		{payment.EntryPayoutRevived, "bank/escrow_in", payment.FigurePayouts},
		{payment.EntryToppedUp, "bank/escrow_in", payment.FigureTopUps},
		{payment.EntryAdjusted, "expense/goodwill", payment.FigureAdjustments},
		{payment.EntryWrittenOff, "expense/bad_debt", payment.FigureAdjustments},
		{payment.EntrySold, "fx/PKR", payment.FigureExchange},
		{payment.EntryOpening, "opening/INR", payment.FigureOther},
		{"wallet", "bank/escrow_in", payment.FigureOther},
		{"wallet", "wallets/alice", payment.FigureOther},
	} {
		if got := payment.FigureOf(test.kind, test.account); got != test.want {
			t.Errorf("%s against %s is in %s, want %s", test.kind, test.account, got, test.want)
		}
	}
}

// No account of the chart is in other by an oversight.
func TestFiguresOfChart(t *testing.T) {
	t.Parallel()
	other := []string{"bank/operating", "bank/{account}", "input_tax/{code}", "suspense/{bank}/debit", "suspense/{bank}/credit", "rails/{rail}/payable", "opening/{currency}"}
	chart, err := payment.Chart(ledger.Pattern{Path: "wallets/{customer}", Type: ledger.Liability})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range chart.Patterns() {
		figure := payment.FigureOf("", p.Path)
		known := strings.HasPrefix(p.Path, "merchants/") || strings.HasPrefix(p.Path, "wallets/") || slices.Contains(other, p.Path)
		if (figure == payment.FigureOther) != known {
			t.Errorf("%s is in %s", p.Path, figure)
		}
		if !slices.Contains(payment.Figures(), figure) {
			t.Errorf("%s is in %s, which is no figure", p.Path, figure)
		}
	}
}
