package bolt

import (
	"context"
	"iter"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// encodeAccount keeps an account but for the totals of its postings, which the
// indexes have.
func encodeAccount(a *ledger.Account) []byte {
	kept := *a
	kept.Debits, kept.Credits = money.Amount{}, money.Amount{}
	return seal(kept.AppendBinary(nil))
}

func decodeAccount(id ledger.AccountID, sealed []byte) (*ledger.Account, error) {
	data, ok := unseal(sealed)
	if !ok {
		return nil, corrupt("account %s does not fit its checksum", id)
	}
	a, err := ledger.DecodeAccount(id, data)
	if err == nil && (a.Debits != money.Amount{} || a.Credits != money.Amount{}) {
		return nil, corrupt("account %s keeps debits %s and credits %s, which the indexes have", id, a.Debits, a.Credits)
	}
	return a, err
}

// accountRecord reads an account without the totals of its postings; nil: there
// is none.
func (t *Tx) accountRecord(id ledger.AccountID) (*ledger.Account, error) {
	data := t.bucket(bucketAccounts).Get(accountKey(id))
	if data == nil {
		return nil, nil
	}
	return decodeAccount(id, data)
}

// account reads an account as the transaction sees it; nil: there is none.
func (t *Tx) account(id ledger.AccountID) (*ledger.Account, error) {
	account, err := t.accountRecord(id)
	if account == nil || err != nil {
		return nil, err
	}
	v, err := t.view()
	if err != nil {
		return nil, err
	}
	totals, err := t.totalsAt(v, account.No, v.head.Seq)
	if err != nil {
		return nil, err
	}
	return withTotals(account, totals), nil
}

func withTotals(a *ledger.Account, totals ledger.Balance) *ledger.Account {
	a.Debits, a.Credits, a.Seq = totals.Debits, totals.Credits, max(a.Seq, totals.Seq)
	return a
}

// loadAccounts brings accounts from the memory, or the file.
func (t *Tx) loadAccounts(ids []ledger.AccountID, s *ledger.State) error {
	if len(ids) == 0 {
		return nil
	}
	v, err := t.view()
	if err != nil {
		return err
	}
	absent := ids
	if t.memory != nil {
		absent = t.memory.accountsFor(t, v.head, ids, s)
	}
	loaded := make([]*ledger.Account, 0, len(absent))
	for _, id := range absent {
		account, err := t.account(id)
		if err != nil {
			return err
		}
		s.PutAccount(id, account)
		if account != nil {
			loaded = append(loaded, account)
		}
	}
	if t.memory != nil {
		t.memory.keepAccounts(t, v.head, loaded)
	}
	return nil
}

// manyAccounts is how many accounts a listing looks up one by one before it
// goes through the indexes as a whole.
const manyAccounts = 256

// Accounts implements ledger.Reader.
func (t *Tx) Accounts(ctx context.Context, prefix string) iter.Seq2[ledger.Account, error] {
	return func(yield func(ledger.Account, error) bool) {
		v, err := t.view()
		if err != nil {
			yield(ledger.Account{}, err)
			return
		}
		totals, n := t.totalsByOne(v), 0
		for key, value := range scan(t.bucket(bucketAccounts), []byte(prefix)) {
			var account *ledger.Account
			id, err := decodeAccountKey(key)
			if err == nil {
				err = ctx.Err()
			}
			if n++; n == manyAccounts && err == nil {
				totals, err = t.totalsOfAll(v)
			}
			if err == nil {
				account, err = decodeAccount(id, value)
			}
			var balance ledger.Balance
			if err == nil {
				balance, err = totals(account.No)
			}
			if err != nil {
				yield(ledger.Account{}, err)
				return
			}
			if !yield(*withTotals(account, balance), nil) {
				return
			}
		}
	}
}

func (t *Tx) totalsByOne(v *view) func(account uint64) (ledger.Balance, error) {
	return func(account uint64) (ledger.Balance, error) { return t.totalsAt(v, account, v.head.Seq) }
}

// totalsOfAll reads the last totals of every account in one go.
func (t *Tx) totalsOfAll(v *view) (func(account uint64) (ledger.Balance, error), error) {
	last := make(map[uint64]ledger.Balance)
	for _, r := range v.runs {
		c, err := t.seekRun(r, familyMovements, pair{})
		for ; err == nil && c.ok; err = c.next() {
			if len(c.page.note) == 0 {
				continue
			}
			var totals ledger.Balance
			if totals, err = decodeNote(c.page.note); err != nil {
				break
			}
			totals.Seq = c.page.b
			last[c.page.a] = totals
		}
		if err != nil {
			return nil, err
		}
	}
	return func(account uint64) (ledger.Balance, error) {
		if totals, ok := v.totals(account, v.head.Seq); ok {
			return totals, nil
		}
		return last[account], nil
	}, nil
}
