package bolt

import (
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// paymentRecord makes an empty record of a kind of the payment room; nil: it
// has no such kind.
func paymentRecord(kind string) ledger.Record {
	switch kind {
	case payment.DepositRecord:
		return new(payment.Deposit)
	case payment.RefundRecord:
		return new(payment.Refund)
	case payment.DisputeRecord:
		return new(payment.Dispute)
	case payment.PayoutRecord:
		return new(payment.Payout)
	case payment.RailRecord:
		return new(payment.RailSettlement)
	case payment.ItemRecord:
		return new(payment.Item)
	case payment.PositionRecord:
		return new(payment.Position)
	case payment.HoldRecord, payment.ReleasedRecord:
		return new(payment.Hold)
	case payment.MerchantRecord:
		return new(payment.Merchant)
	case payment.ScheduleRecord:
		return new(payment.Schedule)
	case payment.RefusedRecord:
		return new(payment.Refused)
	}
	return nil
}
