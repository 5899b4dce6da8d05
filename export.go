package settlex

import (
	"context"
	"io"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
)

// Export writes the whole journal for a plain text accounting tool.
func (e *Engine) Export(ctx context.Context, w io.Writer, format plaintext.Format) (summary plaintext.Summary, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		summary, err = plaintext.Write(ctx, w, format, r, e.books.Chart())
		return err
	})
	return summary, err
}
