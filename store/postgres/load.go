package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

// Load implements ledger.Reader. It locks what it reads until the transaction ends, and the lane.
func (t *Tx) Load(ctx context.Context, need *ledger.Need, s *ledger.State) error {
	if err := t.usable(); err != nil {
		return err
	}
	t.asked = append(t.asked, need)
	l := &loading{tx: t, need: need, refs: need.Records, ids: named(need), lanes: true}
	l.all = need.Alone || len(need.Standings)+len(need.Trees) > 0 // what they look at may change in any lane
	if err := l.run(ctx); err != nil {
		return t.failure(err)
	}
	l.tell(s)
	return t.failure(t.loadStandings(ctx, need, s))
}

// named lists the accounts that are asked for.
func named(need *ledger.Need) []ledger.AccountID {
	if len(need.Accounts) == 0 {
		return need.Moved
	}
	return append(need.Moved[:len(need.Moved):len(need.Moved)], need.Accounts...)
}

// loading is what one Load or one Lock brings.
type loading struct {
	tx    *Tx
	need  *ledger.Need // nil: locks alone
	refs  []ledger.Ref
	ids   []ledger.AccountID
	lanes bool // a lane is needed
	all   bool // all of them are

	before []ledger.Ref // that were looked for before the lane was locked
	came   []ledger.Ref // of them, those that came before it was

	apart   []ledger.AccountID // to be looked for among spread accounts
	certain []ledger.AccountID // known to be single

	records map[ledger.Ref]foundRecord
	singles map[ledger.AccountID]*accountRow // locked
	spread  map[ledger.AccountID]*accountRow
	sums    map[ledger.AccountID]*ledger.Account // of those spread ones whose shares of every lane are there
	items   []*ledger.Booked
	heads   []laneRow

	remembered []*accountRow // of spread accounts that are not read
}

// run locks, and reads behind the lock of the lane.
func (l *loading) run(ctx context.Context) error {
	t := l.tx
	if l.all && t.held.lane && !t.held.all && !t.host {
		return t.planAll("every lane is needed")
	}
	b := new(pgx.Batch)
	l.lock(b)
	if !t.sure && l.lanes { // the lane is known once it is locked
		if err := l.send(ctx, b); err != nil {
			return err
		}
		b = new(pgx.Batch)
	}
	l.read(b)
	if err := l.send(ctx, b); err != nil {
		return err
	}
	return l.settle(ctx)
}

// send sends a batch; what was queued is read by what was queued with it.
func (l *loading) send(ctx context.Context, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	return l.tx.link.SendBatch(ctx, b).Close()
}

const (
	itemsOfKeysSQL = `SELECT lane, seq, booked_at, body FROM items WHERE key = ANY($1::text[])`

	// Behind the lock of the lane, its shares do not change any more. Each is looked up by its key: a plan made while the tables were
	// empty would join all of them.
	spreadSQL = `SELECT ` + accountColumns + `, b.last_seq, b.last_at, b.holds, b.debits::text, b.credits::text, b.held_debits::text, b.held_credits::text
FROM accounts a LEFT JOIN LATERAL (SELECT * FROM balances b WHERE b.account_id = a.account_id AND b.lane = $2::smallint LIMIT 1) b ON true
WHERE a.name = ANY($1::bytea[])`

	wholeSQL = `SELECT ` + accountColumns + `, ` + shareColumns + ` FROM accounts a ` + sharesOf + ` WHERE a.name = ANY($1::bytea[])`
)

// read queues what is read once everything is locked.
func (l *loading) read(b *pgx.Batch) {
	byKind(l.before, func(kind string, ids [][]byte) { b.Queue(presentSQL, kind, ids).Query(l.readPresent) })
	if l.need == nil {
		return
	}
	if keys := l.need.Keys; len(keys) > 0 {
		b.Queue(itemsOfKeysSQL, storables(keys)).Query(l.readItems)
	}
	ids := l.apart
	switch {
	case len(ids) == 0:
	case l.tx.held.all || l.all || l.tx.plan.wantsAll():
		b.Queue(wholeSQL, namesOf(ids)).Query(l.readWhole)
	default:
		if ids = l.remember(ids); len(ids) > 0 {
			b.Queue(spreadSQL, namesOf(ids), laneArg(l.tx.lane)).Query(l.readSpread)
		}
	}
}

// remember takes accounts that need not be read, and gives the others. It shows later whether they are as they are remembered.
func (l *loading) remember(ids []ledger.AccountID) (unknown []ledger.AccountID) {
	w := l.tx.warm
	if w == nil || w.alone < aloneOften || l.tx.link.wrote {
		return ids
	}
	for _, id := range ids {
		if row := w.rows[id]; row != nil {
			l.remembered = append(l.remembered, row)
		} else {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

func (l *loading) readItems(rows pgx.Rows) error {
	for rows.Next() {
		row, err := scanItem(rows)
		if err != nil {
			return unreadable("items of keys", err)
		}
		item, err := row.decode()
		if err != nil {
			return err
		}
		l.items = append(l.items, item)
	}
	return rows.Err()
}

func (l *loading) readWhole(rows pgx.Rows) error {
	for rows.Next() {
		row, err := scanWhole(rows)
		if err != nil {
			return err
		}
		id := row.Account.AccountID
		put(&l.spread, id, row)
		if row.Single {
			continue
		}
		sum, err := row.whole()
		if err != nil {
			return err
		}
		put(&l.sums, id, sum)
	}
	return rows.Err()
}

func (l *loading) readSpread(rows pgx.Rows) error {
	for rows.Next() {
		row, err := scanShare(rows, l.tx.lane)
		if err != nil {
			return err
		}
		l.putShare(row)
	}
	return rows.Err()
}

func (l *loading) putShare(row *accountRow) {
	id := row.Account.AccountID
	put(&l.spread, id, row)
	if !row.Single && !l.tx.several {
		put(&l.sums, id, row.share(l.tx.lane)) // there is no other lane
	}
}

// scanShare reads a row of spreadSQL.
func scanShare(row pgx.CollectableRow, lane uint16) (*accountRow, error) {
	var text accountText
	var seq, holds *int64
	var at *time.Time
	var totals [4]*string
	fields := append(text.fields(), &seq, &at, &holds, &totals[0], &totals[1], &totals[2], &totals[3])
	if err := row.Scan(fields...); err != nil {
		return nil, unreadable("account", err)
	}
	r, err := text.account()
	if err != nil || seq == nil {
		return r, err
	}
	s := shareRow{Holds: *holds, At: instant(at)}
	s.Lane, s.Seq = lane, uint64(*seq) //nolint:gosec // the database keeps it in its range
	texts := []string{*totals[0], *totals[1], *totals[2], *totals[3]}
	if err := readAmounts(texts, &s.Debits, &s.Credits, &s.HeldDebits, &s.HeldCredits); err != nil {
		return nil, fmt.Errorf("account %s: share of lane %d: %w", r.Account.AccountID, lane, err)
	}
	r.Shares = []shareRow{s}
	return r, nil
}

// settle looks whether everything that was read is locked as it has to be, and remembers it for Save.
func (l *loading) settle(ctx context.Context) error {
	t := l.tx
	if len(l.came) > 0 {
		if err := l.lockCame(ctx); err != nil {
			return err
		}
	}
	if l.need == nil {
		return nil
	}
	for _, id := range l.certain {
		if l.singles[id] == nil { // a standby that took over may lack what was committed
			t.kinds.forget(l.certain)
			return t.again(id.String() + " is no longer known to have limits")
		}
	}
	var late []ledger.AccountID
	for id, row := range l.spread {
		if row.Single && l.singles[id] == nil && !t.hasSingle(id) {
			late = append(late, id)
		}
	}
	if len(l.remembered) > 0 && len(t.warm.rows) == 0 {
		return t.again(fmt.Sprintf("others have booked in lane %d", t.lane))
	}
	for _, row := range l.remembered {
		l.putShare(row)
	}
	if !t.link.wrote { // else it may be what is never committed
		t.kinds.note(l.spread)
		t.kinds.note(l.singles)
	}
	if len(late) > 0 {
		if err := l.lockLate(ctx, late); err != nil {
			return err
		}
	}
	if !t.held.all {
		for _, id := range l.need.Accounts {
			if row := l.spread[id]; row != nil && !row.Single {
				return l.completed(ctx, id)
			}
		}
	}
	for _, list := range []map[ledger.AccountID]*accountRow{l.spread, l.singles} {
		for id, row := range list {
			t.keep(id, row)
		}
	}
	return nil
}

// hasSingle tells whether the transaction has locked or written the account, as one that is single, before.
func (t *Tx) hasSingle(id ledger.AccountID) bool {
	return t.accounts[id] != nil && t.accounts[id].single
}

// completed locks every lane, because somebody looks at an account without limits, and reads everything again.
func (l *loading) completed(ctx context.Context, id ledger.AccountID) error {
	if !l.tx.host {
		return l.tx.planAll("look at " + id.String() + ", which has no limits")
	}
	*l = loading{tx: l.tx, need: l.need, refs: l.refs, ids: l.ids, lanes: true, all: true}
	return l.run(ctx)
}

// keep remembers what Save needs to know of an account.
func (t *Tx) keep(id ledger.AccountID, row *accountRow) {
	s := &kept{id: row.ID, single: row.Single}
	for i := range row.Shares {
		if share := &row.Shares[i]; share.Lane == t.lane && !row.Single {
			s.share, s.holds, s.row = share.Balance, share.Holds, row
			if len(row.Shares) > 1 {
				s.row = row.withShare(*share)
			}
		}
	}
	t.accounts[id] = s
}

// tell tells the state what was loaded, and what of it other lanes have booked.
func (l *loading) tell(s *ledger.State) {
	t := l.tx
	own := slices.IndexFunc(l.heads, func(row laneRow) bool { return row.Lane == t.lane })
	s.PutHead(l.heads[own].Head)
	if t.several {
		s.SeveralLanes()
	}
	if l.need.Alone {
		for i := range l.heads {
			s.Behind(l.heads[i].Lane, l.heads[i].Settled())
		}
	}
	for _, item := range l.items {
		s.PutKey(item.Key, item)
		s.Behind(item.Lane, item.At)
	}
	for _, ref := range l.need.Records {
		found := l.records[ref]
		s.PutRecord(ref, found.record)
		s.Behind(found.lane, found.booked)
		s.Heard(found.lane, found.changed)
	}
	for _, id := range l.ids {
		row := l.singles[id]
		if row == nil {
			row = l.spread[id]
		}
		l.tellAccount(s, id, row)
	}
}

func (l *loading) tellAccount(s *ledger.State, id ledger.AccountID, row *accountRow) {
	if row == nil {
		s.PutAccount(id, nil)
		return
	}
	s.Behind(row.Account.Home, row.Account.Opened)
	s.Behind(row.Account.Balance.Lane, row.At)
	switch sum := l.sums[id]; {
	case row.Single:
		s.PutAccount(id, &row.Account)
	case sum != nil:
		s.PutAccount(id, sum)
		l.behindShares(s)
	default:
		s.PutShare(id, row.share(l.tx.lane))
	}
}

// behindShares has the state book behind everything that may have changed a share. That includes what this lane booked at its
// last instant: should the account become single, all its postings from that instant on are of the whole.
func (l *loading) behindShares(s *ledger.State) {
	if !l.tx.several {
		return
	}
	for i := range l.heads {
		s.NotBefore(l.heads[i].Settled())
	}
}

// put is an assignment to a map that is made when it is first needed.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}
