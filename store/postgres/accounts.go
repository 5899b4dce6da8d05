package postgres

import (
	"context"
	"iter"
	"strings"

	"github.com/settlex/settlex/ledger"
)

const accountsSQL = `SELECT ` + accountColumns + `, ` + shareColumns + ` FROM accounts a ` + sharesOf + `
WHERE a.name > $1 AND a.name < $2 ORDER BY a.name LIMIT $3`

// weight is about the bytes of the row.
func (r *accountRow) weight() int { return 500 + 100*len(r.Shares) }

// Accounts implements ledger.Reader.
func (r *reader) Accounts(ctx context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		for row, err := range r.accountRows(ctx, prefix) {
			var account *ledger.Account
			if err == nil {
				account, err = row.whole()
			}
			if err != nil {
				yield(ledger.Account{}, err)
				return
			}
			if strings.HasPrefix(account.Path, prefix) && !yield(*account, nil) {
				return
			}
		}
	}
}

// accountRows yields the rows of accounts whose name begins with prefix, in order of it.
func (r *reader) accountRows(ctx context.Context, prefix string) iter.Seq2[*accountRow, error] {
	end := append([]byte(prefix), 0xff) // which no path has
	return chunks(ctx, func(ctx context.Context, after **accountRow, limit int) ([]*accountRow, error) {
		from := []byte(prefix) // nothing but a path is before a name's space
		if after != nil {
			from = nameOf((*after).Account.AccountID)
		}
		return collect(ctx, r, "accounts", scanWhole, accountsSQL, from, end, limit)
	})
}
