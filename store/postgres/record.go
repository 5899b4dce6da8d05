package postgres

import (
	"encoding/json"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// newRecord makes an empty record of a kind, to decode into.
func newRecord(kind string) (ledger.Record, error) {
	switch kind {
	case ledger.HoldRecord:
		return new(ledger.HoldState), nil
	case ledger.ExpiryRecord:
		return new(ledger.Expiry), nil
	case ledger.ReversalRecord:
		return new(ledger.TakenBack), nil
	case payment.DepositRecord:
		return new(payment.Deposit), nil
	case payment.RefundRecord:
		return new(payment.Refund), nil
	case payment.DisputeRecord:
		return new(payment.Dispute), nil
	case payment.PayoutRecord:
		return new(payment.Payout), nil
	case payment.RailRecord:
		return new(payment.RailSettlement), nil
	case payment.ItemRecord:
		return new(payment.Item), nil
	case payment.PositionRecord:
		return new(payment.Position), nil
	case payment.HoldRecord, payment.ReleasedRecord:
		return new(payment.Hold), nil
	case payment.MerchantRecord:
		return new(payment.Merchant), nil
	case payment.ScheduleRecord:
		return new(payment.Schedule), nil
	case payment.RefusedRecord:
		return new(payment.Refused), nil
	case settlement.BatchRecord:
		return new(settlement.Batch), nil
	case settlement.LineRecord:
		return new(settlement.Line), nil
	case settlement.DayRecord:
		return new(settlement.Day), nil
	case settlement.ClosingRecord:
		return new(settlement.Unfinished), nil
	case settlement.ReportedRecord:
		return new(settlement.Reported), nil
	}
	return nil, fmt.Errorf("records of kind %q are not known to this store", kind)
}

// decodeRecord reads a record. Errors: ledger.ErrCorrupt.
func decodeRecord(ref ledger.Ref, body []byte) (ledger.Record, error) {
	record, err := newRecord(ref.Kind)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(restoredJSON(body), record); err != nil {
		return nil, corrupt("record %s: %w", ref, err)
	}
	if record.Ref() != ref {
		return nil, corrupt("record %s says it is %s", ref, record.Ref())
	}
	return record, nil
}
