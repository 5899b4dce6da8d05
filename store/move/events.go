package move

import (
	"context"
	"fmt"
	"math"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
)

// What one transaction carries at most, unless a single event is more.
const (
	maxEvents     = 2000
	maxEventBytes = 4 << 20
)

// events copies the events behind a head.
func (m *mover) events(ctx context.Context, source ledger.Reader, begin ledger.Head) error {
	m.options.Progress(Events, begin.Events, m.source.Events)
	var events []*event.Event
	bytes := 0
	for e, err := range source.Events(ctx, 0, begin.Events+1) {
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		events, bytes = append(events, e), bytes+len(e.Data)
		if len(events) < maxEvents && bytes < maxEventBytes {
			continue
		}
		if err := m.tell(ctx, events); err != nil {
			return err
		}
		events, bytes = nil, 0
	}
	return m.tell(ctx, events)
}

// tell saves some events in one transaction.
func (m *mover) tell(ctx context.Context, events []*event.Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := m.to.Write(ctx, func(tx ledger.Tx) error { return ledger.SaveEvents(ctx, tx, 0, events) }); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	m.options.Progress(Events, events[len(events)-1].No, m.source.Events)
	return nil
}

// sameEvents wants what a target has of events to be the first of the source.
func sameEvents(ctx context.Context, source, target ledger.Reader, told uint64) error {
	var first *ledger.Finding
	err := ledger.CompareEvents(ctx, source, target, 0, told, func(f ledger.Finding) {
		if first == nil {
			first = &f
		}
	})
	if err == nil && first != nil {
		err = fmt.Errorf("%w: %s", ErrOther, first)
	}
	return err
}

// compareEvents reports in which events the target differs from the source.
func compareEvents(ctx context.Context, source, target ledger.Reader, report func(ledger.Finding)) error {
	return ledger.CompareEvents(ctx, source, target, 0, math.MaxUint64, report)
}
