package bolt

import "github.com/settlex/settlex/ledger"

// ledgerRecord makes an empty record of a kind of the ledger itself; nil: it
// has no such kind.
func ledgerRecord(kind string) ledger.Record {
	switch kind {
	case ledger.HoldRecord:
		return new(ledger.HoldState)
	case ledger.ExpiryRecord:
		return new(ledger.Expiry)
	case ledger.ReversalRecord:
		return new(ledger.TakenBack)
	}
	return nil
}
