package move

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// maxRecords is how many one transaction carries.
const maxRecords = 2000

// records makes the records of the target those of the source.
func (m *mover) records(ctx context.Context, source ledger.Reader) error {
	all := kinds()
	for i, kind := range all {
		m.options.Progress(Records, uint64(i), uint64(len(all)))
		from := ""
		for {
			changes, err := m.differences(ctx, source, kind, from)
			if err != nil {
				return err
			}
			if len(changes) == 0 {
				break
			}
			if err := m.put(ctx, changes); err != nil {
				return err
			}
			from = changes[len(changes)-1].Ref.ID + "\x00"
		}
	}
	m.options.Progress(Records, uint64(len(all)), uint64(len(all)))
	return nil
}

// differences gives what is to be changed next in a kind, from an id on. The
// target is not read any more when it is written to.
func (m *mover) differences(ctx context.Context, source ledger.Reader, kind, from string) (changes []ledger.RecordChange, err error) {
	err = m.to.Read(ctx, func(target ledger.Reader) error {
		changes = nil
		for change, err := range ledger.CompareRecords(ctx, source, target, kind, from) {
			if err != nil {
				return err
			}
			if changes = append(changes, change); len(changes) == maxRecords {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("records of kind %q: %w", kind, err)
	}
	return changes, nil
}

// put writes records in one transaction.
func (m *mover) put(ctx context.Context, changes []ledger.RecordChange) error {
	err := m.to.Write(ctx, func(tx ledger.Tx) error { return ledger.SaveRecords(ctx, tx, 0, changes) })
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	m.moved.Records += uint64(len(changes))
	return nil
}
