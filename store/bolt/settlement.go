package bolt

import (
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/settlement"
)

// settlementRecord makes an empty record of a kind of the settlement room;
// nil: it has no such kind.
func settlementRecord(kind string) ledger.Record {
	switch kind {
	case settlement.BatchRecord:
		return new(settlement.Batch)
	case settlement.LineRecord:
		return new(settlement.Line)
	case settlement.DayRecord:
		return new(settlement.Day)
	case settlement.ClosingRecord:
		return new(settlement.Unfinished)
	case settlement.ReportedRecord:
		return new(settlement.Reported)
	}
	return nil
}
