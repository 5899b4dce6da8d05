package settlex

import (
	"context"

	"github.com/settlex/settlex/settlement"
)

// Refresher is a source of quotes that can be told to look for new ones. The error says
// why it cannot; the quotes it had before stay.
type Refresher interface {
	Refresh(ctx context.Context) error
}

// RefreshQuotes has the source of quotes look for new ones, if it is a Refresher.
func (e *Engine) RefreshQuotes(ctx context.Context) error {
	if source, ok := e.quotes.(Refresher); ok {
		return source.Refresh(ctx)
	}
	return nil
}

// Convert looks again for quotes of the batches that are paid in another currency and were
// closed without one: of their watermark, else of now. Those it finds are converted,
// released unless something else holds them, and their files are due again; those that buy
// nothing go to the next batch (settlement.Batch.BuysNothing). done, if not nil, is told of each. What the books refuse of one keeps no other one waiting; the error
// joins the refusals.
func (e *Engine) Convert(ctx context.Context, done func(*settlement.Batch)) error {
	if e.quotes == nil {
		return nil
	}
	if done == nil {
		done = func(*settlement.Batch) {}
	}
	closer := e.closer()
	return closer.Convert(ctx, e.now(), done)
}
