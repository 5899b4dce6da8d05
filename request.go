package settlex

import (
	"context"

	"github.com/settlex/settlex/settlement"
)

// RequestSettlement closes a batch of one merchant and currency now, because somebody asks
// for it: on demand, of what is available by today's date; or instant, of what is pending
// too, for the fee of that event. What is due of the merchant is closed first. The same
// request again, by its key, does nothing and gives the batch as it stands. done, if not nil,
// is told of each batch that is closed. Errors: those of settlement.Closer.Request.
func (e *Engine) RequestSettlement(
	ctx context.Context, req settlement.Request, done func(*settlement.Batch),
) (batch *settlement.Batch, repeated bool, err error) {
	if done == nil {
		done = func(*settlement.Batch) {}
	}
	req.At = e.now()
	closer := e.closer()
	return closer.Request(ctx, req, done)
}
