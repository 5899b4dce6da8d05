package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

// snapshot is a transaction that only reads.
type snapshot struct{ reader }

func newSnapshot(l *link) *snapshot { return &snapshot{reader{db: l}} }

// Load implements ledger.Reader. Nothing is locked: it is a dry run that books in the first lane.
func (t *snapshot) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	l := &loading{tx: newTx(nil), need: need, refs: need.Records, ids: named(need), apart: named(need)}
	l.tx.held.all = true
	b := new(pgx.Batch)
	l.queueRecords(b, recordsOfIDsSQL, l.refs)
	b.Queue(lanesSQL).Query(l.readLanes)
	l.read(b)
	if err := t.db.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	l.tell(s)
	return t.loadStandings(ctx, need, s)
}

// loadStandings brings what assertions look at.
func (r *reader) loadStandings(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	for _, standing := range need.Standings {
		balance, err := r.BalanceOn(ctx, standing.AccountID, standing.On)
		if err != nil {
			return err
		}
		s.PutStanding(standing, balance)
	}
	for _, tree := range need.Trees {
		ids, err := r.tree(ctx, tree)
		if err != nil {
			return err
		}
		s.PutTree(tree, ids)
	}
	return nil
}

const treeSQL = `SELECT name FROM accounts WHERE name = $1::bytea OR name > $2::bytea AND name < $3::bytea ORDER BY name`

// tree lists the accounts of a tree.
func (r *reader) tree(ctx context.Context, tree ledger.Tree) (ids []ledger.AccountID, err error) {
	below := []byte(tree.Root + "/")
	names, err := collect(ctx, r, "accounts below "+tree.Root, pgx.RowTo[[]byte], treeSQL,
		nameOf(ledger.AccountID{Path: tree.Root, Currency: tree.Currency}), below, behindPrefix(string(below)))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		id, err := readName(name)
		if err != nil {
			return nil, err
		}
		if tree.Holds(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
