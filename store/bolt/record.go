package bolt

import (
	"context"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// newRecord makes an empty record of a kind, to decode into. Each room knows its
// kinds.
func newRecord(kind string) (ledger.Record, error) {
	for _, room := range []func(string) ledger.Record{ledger.NewRecord, payment.NewRecord, settlement.NewRecord} {
		if r := room(kind); r != nil {
			return r, nil
		}
	}
	return nil, fmt.Errorf("records of kind %q are not known to this store", kind)
}

func decodeRecord(ref ledger.Ref, sealed []byte) (ledger.Record, error) {
	record, err := newRecord(ref.Kind)
	if err != nil {
		return nil, err
	}
	data, ok := unseal(sealed)
	if !ok {
		return nil, fmt.Errorf("%w: record %s does not fit its checksum", ledger.ErrCorrupt, ref)
	}
	if err := ledger.DecodeRecord(data, record); err != nil {
		return nil, fmt.Errorf("%w: record %s: %w", ledger.ErrCorrupt, ref, err)
	}
	if record.Ref() != ref {
		return nil, fmt.Errorf("%w: record %s says it is %s", ledger.ErrCorrupt, ref, record.Ref())
	}
	return record, nil
}

func (t *Tx) record(ref ledger.Ref) (ledger.Record, error) {
	kind := t.bucket(bucketRecords).Bucket([]byte(ref.Kind))
	if kind == nil {
		return nil, nil
	}
	data := kind.Get([]byte(ref.ID))
	if data == nil {
		return nil, nil
	}
	return decodeRecord(ref, data)
}

// encodeRecords gives the value of each change, nil for a removal. It finds
// every fault a change can have, so that none is left for the writing.
func encodeRecords(changes []ledger.RecordChange) ([][]byte, error) {
	values := make([][]byte, len(changes))
	for i, change := range changes {
		if _, err := newRecord(change.Ref.Kind); err != nil {
			return nil, err
		}
		if n := len(change.Ref.ID); n == 0 || n > bbolt.MaxKeySize {
			return nil, fmt.Errorf("record %s: id has %d bytes, between 1 and %d are needed", change.Ref, n, bbolt.MaxKeySize)
		}
		if change.Record == nil {
			continue
		}
		data, err := ledger.EncodeRecord(change.Record)
		if err != nil {
			return nil, err
		}
		values[i] = seal(data)
	}
	return values, nil
}

// Records implements ledger.Reader.
func (t *Tx) Records(ctx context.Context, kind, prefix, from string) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		bucket := t.bucket(bucketRecords).Bucket([]byte(kind))
		if bucket == nil {
			return
		}
		start := max(from, prefix)
		for key, value := range scanFrom(bucket, []byte(prefix), []byte(start)) {
			record, err := decodeRecord(ledger.Ref{Kind: kind, ID: string(key)}, value)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}
