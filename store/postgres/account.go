package postgres

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// accountRow is a row of accounts, and of balances those that belong to it.
type accountRow struct {
	ID      int64          // account_id
	Single  bool           // its totals are in the row itself
	Since   time.Time      // booking instant from which on it is single; zero: it is not, or was opened so
	At      time.Time      // of the last act on the account itself, UTC; zero: none
	Account ledger.Account // with the totals of the row itself; Lane and Seq are those of the last act on it
	Shares  []shareRow     // of a spread account, in no order
}

// shareRow is what stands on a spread account in one lane: a row of balances.
type shareRow struct {
	ledger.Balance           // Lane is the share's, Seq the last act on it there; 0: none
	Holds          int64     // placed less ended in the lane
	At             time.Time // of the last act on it, UTC; zero: none
}

// accountNo is account_id: what the database calls an account.
func accountNo(lane uint16, no uint64) int64 { return int64(lane)<<40 + int64(no) } //nolint:gosec // both are far smaller

// accountColumns are what accountRow.fields reads, of accounts a.
const accountColumns = `a.account_id, a.lane, a.no, a.path, a.currency, a.type, a.status, a.opened_at, a.single, a.single_since, a.last_at,
a.limits_lane, a.limits_seq, a.last_lane, a.last_seq, a.holds, a.debits::text, a.credits::text, a.held_debits::text, a.held_credits::text,
a.floor::text, a.ceiling::text, a.velocity, a.counters, a.metadata`

// shareColumns are what sharesText reads, of shares s.
const shareColumns = `s.lanes, s.seqs, s.instants, s.holds, s.debits, s.credits, s.held_debits, s.held_credits`

// sharesOf joins the shares s of spread accounts a, each lane's as one element of arrays.
const sharesOf = `LEFT JOIN LATERAL (
    SELECT array_agg(b.lane) AS lanes, array_agg(b.last_seq) AS seqs, array_agg(b.last_at) AS instants, array_agg(b.holds) AS holds,
           array_agg(b.debits::text) AS debits, array_agg(b.credits::text) AS credits,
           array_agg(b.held_debits::text) AS held_debits, array_agg(b.held_credits::text) AS held_credits
    FROM balances b WHERE b.account_id = a.account_id AND NOT a.single
) s ON true`

// accountText is an account as the database gives it.
type accountText struct {
	id, no, limitsSeq, lastSeq, holds int64
	lane, limitsLane, lastLane        int16
	path, currency, kind, status      string
	opened, since, at                 moment
	single                            bool
	totals                            [4]string
	floor, ceiling                    *string
	velocity, counters, metadata      []byte
}

func (t *accountText) fields() []any {
	return []any{
		&t.id, &t.lane, &t.no, &t.path, &t.currency, &t.kind, &t.status, &t.opened, &t.single, &t.since, &t.at,
		&t.limitsLane, &t.limitsSeq, &t.lastLane, &t.lastSeq, &t.holds, &t.totals[0], &t.totals[1], &t.totals[2], &t.totals[3],
		&t.floor, &t.ceiling, &t.velocity, &t.counters, &t.metadata,
	}
}

// scanAccount reads a row of accountColumns. Errors: ledger.ErrCorrupt.
func scanAccount(row pgx.CollectableRow) (*accountRow, error) {
	var text accountText
	if err := row.Scan(text.fields()...); err != nil {
		return nil, unreadable("account", err)
	}
	return text.account()
}

// scanWhole reads a row of accountColumns and shareColumns.
func scanWhole(row pgx.CollectableRow) (*accountRow, error) {
	var text accountText
	var shares sharesText
	if err := row.Scan(append(text.fields(), shares.fields()...)...); err != nil {
		return nil, unreadable("account", err)
	}
	r, err := text.account()
	if err != nil {
		return nil, err
	}
	if r.Shares, err = shares.shares(); err != nil {
		return nil, fmt.Errorf("account %s: %w", r.Account.AccountID, err)
	}
	return r, nil
}

//nolint:gosec // the database keeps all of these in their ranges
func (t *accountText) account() (*accountRow, error) {
	r := &accountRow{ID: t.id, Single: t.single, Since: t.since.Time, At: t.at.Time}
	a := &r.Account
	a.Path, a.Home, a.No, a.Opened, a.Holds = t.path, uint16(t.lane), uint64(t.no), t.opened.Time, uint64(t.holds)
	a.Balance.Lane, a.Seq, a.LimitsLane, a.LimitsSeq = uint16(t.lastLane), uint64(t.lastSeq), uint16(t.limitsLane), uint64(t.limitsSeq)
	var err error
	if a.Currency, err = money.ParseCurrency(t.currency); err != nil {
		return nil, corrupt("account %q: %w", t.path, err)
	}
	a.Type = ledger.Type(1 + slices.Index(typeNames, t.kind))         // 0: none of them
	a.Status = ledger.Status(1 + slices.Index(statusNames, t.status)) // likewise
	if a.Type == 0 || a.Status == 0 {
		return nil, corrupt("account %s: type %q, status %q", a.AccountID, t.kind, t.status)
	}
	err = readAmounts(t.totals[:], &a.Debits, &a.Credits, &a.HeldDebits, &a.HeldCredits)
	if err == nil {
		err = t.limits(a)
	}
	if err == nil {
		a.Metadata, err = decodeMetadata(t.metadata)
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.AccountID, err)
	}
	return r, nil
}

var (
	typeNames   = names(ledger.Asset, ledger.Expense)
	statusNames = names(ledger.Open, ledger.AccountClosed)
)

// names spells a small enumeration, which begins at 1.
func names[T interface {
	~uint8
	String() string
}](first, last T) (out []string) {
	for v := first; v <= last; v++ {
		out = append(out, v.String())
	}
	return out
}

// limits reads the limits of an account and what they have counted.
func (t *accountText) limits(a *ledger.Account) (err error) {
	for _, bound := range []struct {
		text *string
		set  *bool
		into *money.Amount
	}{{t.floor, &a.Limited, &a.Floor}, {t.ceiling, &a.Capped, &a.Ceiling}} {
		if bound.text == nil {
			continue
		}
		if *bound.set = true; err == nil {
			err = readAmounts([]string{*bound.text}, bound.into)
		}
	}
	if err == nil {
		a.Velocity, err = decodeVelocity(t.velocity)
	}
	if err == nil {
		a.Counters, err = decodeCounters(t.counters)
	}
	if err == nil && len(a.Counters) != len(a.Velocity) {
		err = corrupt("%d counters of %d velocity limits", len(a.Counters), len(a.Velocity))
	}
	return err
}

// sharesText is the shares of an account as the database gives them.
type sharesText struct {
	lanes       []int16
	seqs, holds []int64
	instants    []moment
	totals      [4][]string
}

func (t *sharesText) fields() []any {
	return []any{&t.lanes, &t.seqs, &t.instants, &t.holds, &t.totals[0], &t.totals[1], &t.totals[2], &t.totals[3]}
}

//nolint:gosec // the database keeps all of these in their ranges
func (t *sharesText) shares() ([]shareRow, error) {
	out := make([]shareRow, len(t.lanes))
	for i := range out {
		s := &out[i]
		s.Lane, s.Seq, s.Holds, s.At = uint16(t.lanes[i]), uint64(t.seqs[i]), t.holds[i], t.instants[i].Time
		texts := []string{t.totals[0][i], t.totals[1][i], t.totals[2][i], t.totals[3][i]}
		if err := readAmounts(texts, &s.Debits, &s.Credits, &s.HeldDebits, &s.HeldCredits); err != nil {
			return nil, fmt.Errorf("share of lane %d: %w", s.Lane, err)
		}
	}
	return out, nil
}

// share gives the account with the totals of one lane alone. The account is the caller's.
func (r *accountRow) share(lane uint16) *ledger.Account {
	a := r.Account
	a.Balance, a.Holds = ledger.Balance{Lane: lane}, 0
	for i := range r.Shares {
		if s := &r.Shares[i]; s.Lane == lane {
			a.Balance, a.Holds = s.Balance, uint64(s.Holds) //nolint:gosec // less than nothing wraps around, see State.PutShare
		}
	}
	return &a
}

// whole gives the account with the totals of all lanes. The account is the caller's. Errors: ledger.ErrCorrupt.
func (r *accountRow) whole() (*ledger.Account, error) {
	a, last := r.Account, ledger.Place{At: r.At, Lane: r.Account.Balance.Lane, Seq: r.Account.Seq}
	for i := range r.Shares {
		s := &r.Shares[i]
		if err := addTotals(&a.Balance, &s.Balance); err != nil {
			return nil, corrupt("account %s: %w", a.AccountID, err)
		}
		a.Holds += uint64(s.Holds) //nolint:gosec // less than nothing wraps around, and back
		if at := (ledger.Place{At: s.At, Lane: s.Lane, Seq: s.Seq}); at.Compare(last) > 0 {
			last = at
		}
	}
	a.Balance.Lane, a.Seq = last.Lane, last.Seq
	return &a, nil
}

// addTotals adds totals up.
func addTotals(into, more *ledger.Balance) (err error) {
	for _, part := range []struct {
		into *money.Amount
		more money.Amount
	}{{&into.Debits, more.Debits}, {&into.Credits, more.Credits}, {&into.HeldDebits, more.HeldDebits}, {&into.HeldCredits, more.HeldCredits}} {
		if *part.into, err = part.into.Add(part.more); err != nil {
			return err
		}
	}
	return nil
}
