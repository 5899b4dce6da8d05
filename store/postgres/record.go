package postgres

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// newRecord makes an empty record of a kind, to decode into. Each room knows its kinds.
func newRecord(kind string) (ledger.Record, error) {
	for _, room := range []func(string) ledger.Record{ledger.NewRecord, payment.NewRecord, settlement.NewRecord} {
		if r := room(kind); r != nil {
			return r, nil
		}
	}
	return nil, fmt.Errorf("records of kind %q are not known to this store", kind)
}

// decodeRecord reads a record. Errors: ledger.ErrCorrupt.
func decodeRecord(ref ledger.Ref, body []byte) (ledger.Record, error) {
	record, err := newRecord(ref.Kind)
	if err != nil {
		return nil, err
	}
	if err := ledger.DecodeRecord(restoredJSON(body), record); err != nil {
		return nil, corrupt("record %s: %w", ref, err)
	}
	if record.Ref() != ref {
		return nil, corrupt("record %s says it is %s", ref, record.Ref())
	}
	return record, nil
}
