package payment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// Kinds of entry. They name the journal recipe an entry follows; docs/ACCOUNTING.md
// lists debits and credits of each.
const (
	EntryCaptured       = "deposit.captured"
	EntryDepositFee     = "deposit.fee"
	EntryFeeInvoiced    = "fee.invoiced"
	EntryFeeCredited    = "fee.credited"
	EntryFeeMinimum     = "fee.minimum"
	EntryWithheld       = "deposit.withheld"
	EntryWithheldBack   = "withholding.returned"
	EntryRewithheld     = "withholding.restored"
	EntryReserveHeld    = "reserve.held"
	EntryReserveFreed   = "reserve.released"
	EntryReserveDrawn   = "reserve.drawn"
	EntryReserveBack    = "reserve.restored"
	EntryReserveBuilt   = "reserve.built"
	EntryReserveFunded  = "reserve.funded"
	EntryDepositFailed  = "deposit.failed"
	EntryRefundFee      = "refund.fee"
	EntryFeeReturned    = "fee.returned"
	EntryFeeRecharged   = "fee.recharged"
	EntryRefund         = "refund.created"
	EntryRefundRevived  = "refund.revived"
	EntryRefundPaid     = "refund.confirmed"
	EntryRefundBounced  = "refund.bounced"
	EntryRefundFailed   = "refund.failed"
	EntryRefundCanceled = "refund.canceled"
	EntryDispute        = "dispute.opened"
	EntryDisputeFee     = "dispute.fee"
	EntryDisputeWon     = "dispute.won"
	EntryDisputeDebit   = "dispute.debited"
	EntryDisputeCredit  = "dispute.credited"
	EntryPayout         = "payout.requested"
	EntryPayoutRejected = "payout.rejected"
	EntryPayoutCanceled = "payout.canceled"
	EntryPayoutSent     = "payout.sent"
	EntryPayoutDone     = "payout.completed"
	EntryPayoutRevived  = "payout.revived"
	EntryPayoutFailed   = "payout.failed"
	EntryPayoutReturned = "payout.returned"
	EntryRailSettled    = "rail.settled"
	EntryRailCost       = "rail.cost"
	EntryRailInvoice    = "rail.invoice"
	EntryBankLine       = "bank.unexplained"
	EntryBankExplained  = "bank.explained"
	EntryBankCharged    = "bank.charged"
	EntryOwnerPaid      = "bank.owner_paid"
	EntryFeesMoved      = "fees.moved"
	EntryOpening        = "opening.booked"
	EntrySold           = "exchange.sold"
	EntryBought         = "exchange.bought"
	EntryAvailable      = "funds.available"
	EntryBatchClosed    = "settlement.closed"
	EntryBatchFee       = "settlement.fee"
	EntryBatchSold      = "settlement.sold"
	EntryBatchBought    = "settlement.bought"
	EntryBatchSent      = "settlement.sent"
	EntryBatchPaid      = "settlement.paid"
	EntryBatchRefused   = "settlement.refused"
	EntryBatchRevived   = "settlement.revived"
	EntryBatchCanceled  = "settlement.canceled"
	EntryBatchReturned  = "settlement.returned"
	EntryBatchCredited  = "settlement.recredited"

	EntryAdjusted         = "adjustment.credited"
	EntryAdjustedDown     = "adjustment.debited"
	EntryDebtReclassified = "debt.reclassified"
	EntryDebtRestored     = "debt.restored"
	EntryToppedUp         = "top_up.received"
	EntryFeesDeducted     = "fees.deducted"
	EntryWrittenOff       = "write_off.booked"
)

// Chart is the chart of accounts of a payment platform, from the platform's
// point of view: what merchants are owed is a liability. Accounts of the host's
// own may be added, as CheckAccount allows them; no event books there.
func Chart(own ...ledger.Pattern) (*ledger.Chart, error) {
	patterns := patterns()
	var faults []error
	for i := range own {
		if err := CheckAccount(&own[i]); err != nil {
			faults = append(faults, fmt.Errorf("account %s: %w", own[i].Path, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return ledger.NewChart(append(patterns, own...)...)
}

// CheckAccount tells why a pattern cannot be added to the chart: its first
// segment, which must be a name, is taken by accounts whose sums are proved.
func CheckAccount(p *ledger.Pattern) error {
	first, rest, deeper := strings.Cut(p.Path, "/")
	if strings.HasPrefix(first, "{") {
		return errors.New("begins with a placeholder: its first segment is a name")
	}
	if deeper && rest == "" {
		return errors.New("ends with a slash")
	}
	for _, taken := range patterns() {
		if root, _, _ := strings.Cut(taken.Path, "/"); root == first {
			return fmt.Errorf("collides with %s: what begins with %s/ is the program's own", taken.Path, root)
		}
	}
	return nil
}

// patterns are the program's own accounts.
func patterns() []ledger.Pattern {
	mayBreach := []string{
		EntryDepositFailed, EntryRefund, EntryRefundRevived, EntryPayoutRevived, EntryBatchRevived, EntryRefundFee, EntryFeeRecharged, EntryDispute, EntryDisputeFee, EntryAvailable,
		EntryReserveBack, EntryRewithheld,
		EntryAdjustedDown, EntryDebtRestored, EntryFeesDeducted,
		// A batch takes what was there at its watermark; settlement proves it
		// with the batch equation, even when the job runs days later.
		EntryBatchClosed, EntryReserveBuilt, EntryBatchFee,
	}
	return []ledger.Pattern{
		{Path: "bank/operating", Type: ledger.Asset},
		{Path: "bank/{account}", Type: ledger.Asset},
		{Path: "rails/{rail}/receivable", Type: ledger.Asset},
		{Path: "disputes/{rail}/clearing", Type: ledger.Asset},
		{Path: "input_tax/{code}", Type: ledger.Asset},
		{Path: "merchants/{merchant}/receivable", Type: ledger.Asset, Limited: true},
		{Path: "suspense/{bank}/debit", Type: ledger.Asset},
		{Path: "suspense/{bank}/credit", Type: ledger.Liability},
		{Path: "merchants/{merchant}/pending", Type: ledger.Liability},
		{Path: "merchants/{merchant}/available", Type: ledger.Liability, Limited: true, MayBreach: mayBreach},
		{Path: "merchants/{merchant}/reserve/rolling", Type: ledger.Liability, Limited: true},
		{Path: "merchants/{merchant}/reserve/fixed", Type: ledger.Liability, Limited: true},
		{Path: "merchants/{merchant}/reserve/minimum", Type: ledger.Liability, Limited: true},
		{Path: "merchants/{merchant}/payouts", Type: ledger.Liability, Limited: true},
		{Path: "settlements/{batch}", Type: ledger.Liability, Limited: true},
		{Path: "rails/{rail}/payouts", Type: ledger.Liability},
		{Path: "rails/{rail}/refunds", Type: ledger.Liability},
		{Path: "rails/{rail}/returns", Type: ledger.Liability},
		{Path: "rails/{rail}/payable", Type: ledger.Liability},
		{Path: "tax/{code}", Type: ledger.Liability},
		{Path: "withholding/{code}", Type: ledger.Liability},
		{Path: "fx/{currency}", Type: ledger.Equity},
		{Path: "opening/{currency}", Type: ledger.Equity},
		{Path: "income/{source}", Type: ledger.Income},
		{Path: "expense/{purpose}", Type: ledger.Expense},
	}
}

// The paths of the chart.
func bankPath(account string) string     { return "bank/" + account }
func receivablePath(rail string) string  { return "rails/" + rail + "/receivable" }
func payablePath(rail string) string     { return "rails/" + rail + "/payable" }
func railPayoutsPath(rail string) string { return "rails/" + rail + "/payouts" }
func railRefundsPath(rail string) string { return "rails/" + rail + "/refunds" }
func clearingPath(rail string) string    { return "disputes/" + rail + "/clearing" }
func taxPath(code string) string         { return "tax/" + code }
func withholdingPath(code string) string { return "withholding/" + code }
func inputTaxPath(code string) string    { return "input_tax/" + code }
func suspensePath(bank string, side ledger.Side) string {
	return "suspense/" + bank + "/" + side.String()
}
func fxPath(c money.Currency) string      { return "fx/" + c.String() }
func openingPath(c money.Currency) string { return "opening/" + c.String() }
func payoutsPath(merchant string) string  { return "merchants/" + merchant + "/payouts" }

// PendingPath is the account of captured money that is not available yet.
func PendingPath(merchant string) string { return "merchants/" + merchant + "/pending" }

// AvailablePath is the account of money that may be settled or paid out.
func AvailablePath(merchant string) string { return "merchants/" + merchant + "/available" }

// ReservePath is the account of the rolling reserve.
func ReservePath(merchant string) string { return "merchants/" + merchant + "/reserve/rolling" }

// MerchantReceivablePath is the account of a merchant's debts that stand as
// receivables.
func MerchantReceivablePath(merchant string) string { return "merchants/" + merchant + "/receivable" }

// PoolPath is the account of a fixed or minimum reserve.
func PoolPath(merchant string, kind reserve.Kind) string {
	return "merchants/" + merchant + "/reserve/" + string(kind)
}

// SettlementPath is the account of a batch that is closed and not yet sent.
func SettlementPath(batch string) string { return "settlements/" + batch }

// RailPayoutsPath is the account of money sent by a rail and not yet confirmed.
func RailPayoutsPath(rail string) string { return railPayoutsPath(rail) }

// RailReturnsPath is the account of money that came back by a rail and is not
// credited again yet.
func RailReturnsPath(rail string) string { return "rails/" + rail + "/returns" }

// TaxPath is the account of a tax on fees.
func TaxPath(code string) string { return taxPath(code) }

// BankPath is a bank account.
func BankPath(account string) string { return bankPath(account) }

// FXPath is the account of our exposure to a currency.
func FXPath(c money.Currency) string { return fxPath(c) }

// FXSpreadPath is the account of what exchanges and batches in other currencies bring us.
const FXSpreadPath = fxSpread

const (
	processingFee      = "income/processing_fee"
	refundFee          = "income/refund_fee"
	disputeFee         = "income/dispute_fee"
	payoutFee          = "income/payout_fee"
	fxSpread           = "income/fx_spread"
	railCostExpense    = "expense/rail_cost"
	bankCharges        = "expense/bank_charges"
	operating          = "bank/operating"
	goodwillExpense    = "expense/goodwill"
	badDebtExpense     = "expense/bad_debt"
	disputeLossExpense = "expense/dispute_loss"
)

// MerchantOf takes the path of a merchant's account apart: the merchant's id
// and the rest, such as "reserve/rolling".
func MerchantOf(path string) (merchant, part string, ok bool) {
	rest, ok := strings.CutPrefix(path, "merchants/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}
