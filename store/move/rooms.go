package move

import (
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// kinds lists the records that rooms above the ledger keep. Those of the ledger
// itself follow from the journal.
func kinds() []string {
	return []string{
		payment.ScheduleRecord, payment.ConfiguredRecord, payment.MerchantRecord,
		payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord, payment.RailRecord,
		payment.RailCostRecord, payment.RailInvoiceRecord, payment.BankLineRecord, payment.FeeTransferRecord, payment.OpeningRecord, payment.ExchangeRecord,
		payment.QueueRecord, payment.PlaceRecord, payment.PayoutBatchRecord, payment.PayoutResultsRecord,
		payment.AdjustmentRecord, payment.DebtRecord, payment.TopUpRecord, payment.WriteOffRecord, payment.CustomerRecord,
		payment.FeeDeductionRecord, payment.BillingRecord, payment.InvoiceRecord, payment.InvoiceLineRecord, payment.InvoiceSeriesRecord,
		payment.ItemRecord, payment.PositionRecord, payment.FoldedRecord, payment.HoldRecord, payment.ReleasedRecord, payment.PoolRecord, payment.DecisionRecord, payment.RefusedRecord,
		payment.FeeCounterRecord, payment.FeeMonthRecord, payment.FeeMonthDoneRecord,
		payment.InstructionRecord, payment.SubmissionRecord, payment.SubmissionEndRecord, payment.AnswerRecord,
		payment.AnswerRefusedRecord, payment.DepartureRecord, payment.DispatchRecord,
		settlement.BatchRecord, settlement.LineRecord, settlement.DayRecord, settlement.ClosingRecord, settlement.ReportedRecord, settlement.RequestRecord,
		settlement.HeldRecord, settlement.UnconvertedRecord, settlement.MerchantHoldRecord, settlement.BlockRecord,
	}
}
