package settlement

import "github.com/settlex/settlex/ledger"

// NewRecord makes an empty record of a kind of this room, for a store to decode
// into; nil: it has no such kind.
func NewRecord(kind string) ledger.Record {
	switch kind {
	case BatchRecord:
		return new(Batch)
	case LineRecord:
		return new(Line)
	case DayRecord:
		return new(Day)
	case ClosingRecord:
		return new(Unfinished)
	case BlockRecord:
		return new(Blocks)
	case RequestRecord:
		return new(Request)
	case ReportedRecord:
		return new(Reported)
	case HeldRecord:
		return new(HeldBatch)
	case MerchantHoldRecord:
		return new(MerchantHold)
	case UnconvertedRecord:
		return new(Unconverted)
	}
	return nil
}
