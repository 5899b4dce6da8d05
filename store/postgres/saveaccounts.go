package postgres

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// movement is an account that a Save changes, and its totals from posting to posting.
type movement struct {
	ledger.ChangedAccount
	id     int64
	single bool           // afterwards
	folds  bool           // it was spread before
	since  time.Time      // of one that folds: from when on it is single
	share  ledger.Balance // of the lane, of one that is or was spread
	whole  ledger.Balance // of all lanes; of a share nobody knows
	held   int64          // holds of the share before
	change *ledger.Booked // the last item that changed the account itself; nil: none
}

// hasLimits tells whether any limit is set.
func hasLimits(l *ledger.Limits) bool { return l.Limited || l.Capped || len(l.Velocity) > 0 }

// move makes a movement of each account that is changed.
func (s *saving) move() error {
	s.movements = make(map[ledger.AccountID]*movement, len(s.changes.Accounts))
	list := make([]movement, len(s.changes.Accounts))
	for i, c := range s.changes.Accounts {
		m := &list[i]
		m.ChangedAccount, m.id = c, accountNo(c.After.Home, c.After.No)
		if c.Before != nil {
			known := s.tx.accounts[c.After.AccountID]
			if known == nil {
				return fmt.Errorf("save: account %s was not loaded in this transaction", c.After.AccountID)
			}
			m.single, m.share, m.held = known.single, known.share, known.holds
		}
		if c.Before != nil && !c.Share {
			m.whole = c.Before.Balance
		}
		s.movements[c.After.AccountID] = m
	}
	if s.changes.Block == nil {
		return nil
	}
	for _, item := range s.changes.Block.Items {
		if item.Terms != nil {
			s.note(item)
		}
	}
	return nil
}

// note looks at what an item says of accounts themselves.
func (s *saving) note(item *ledger.Booked) {
	for i := range item.Opened {
		if m := s.movements[item.Opened[i].AccountID]; m != nil && hasLimits(&item.Opened[i].Limits) {
			m.single = true
		}
	}
	change := item.Change
	if change == nil || item.Act != ledger.Changed {
		return
	}
	m := s.movements[change.AccountID]
	if m == nil {
		return
	}
	m.change = item
	if change.Limits == nil || !hasLimits(change.Limits) || m.single {
		return
	}
	if m.single = true; m.Before != nil {
		m.folds, m.since = true, item.At
	}
}

// postingsOf gathers the legs of an entry with the totals behind each, and gives the accounts that an item's postings name.
func (s *saving) postingsOf(item *ledger.Booked) (ids []int64, err error) {
	ids = make([]int64, 0, len(item.Postings))
	entry, date := item.IsEntry(), dateArg(item.ValueDate)
	for i := range item.Postings {
		p := &item.Postings[i]
		m := s.movements[p.ID()]
		if m == nil {
			return nil, corrupt("account %s is moved and not among those changed", p.ID())
		}
		if !slices.Contains(ids, m.id) {
			ids = append(ids, m.id)
		}
		if !entry {
			continue
		}
		totals, err := m.post(item, p)
		if err != nil {
			return nil, corrupt("account %s: %w", p.ID(), err)
		}
		s.postings.add(item, date, i, m.id, totals)
	}
	return ids, nil
}

// post counts a posting, and gives the totals behind it: those of the lane's share as long as the account is spread.
func (m *movement) post(item *ledger.Booked, p *ledger.Posting) (*ledger.Balance, error) {
	whole := m.single && (!m.folds || !item.At.Before(m.since))
	if !m.Share {
		if err := m.whole.Add(*p); err != nil {
			return nil, err
		}
	}
	if whole {
		return &m.whole, nil
	}
	return &m.share, m.share.Add(*p)
}

// check compares what the postings add up to with what is to be stored.
func (m *movement) check() error {
	have, a := &m.whole, m.After
	if m.Share {
		have = &m.share
	}
	if have.Debits != a.Debits || have.Credits != a.Credits {
		return corrupt("account %s: debits %s and credits %s are to be stored, what is there and the block add up to %s and %s",
			a.AccountID, a.Debits, a.Credits, have.Debits, have.Credits)
	}
	return nil
}

// settleAccounts gathers the rows of accounts and shares, in the order in which they are locked or made.
func (s *saving) settleAccounts() error {
	list := make([]*movement, 0, len(s.changes.Accounts))
	for _, c := range s.changes.Accounts {
		m := s.movements[c.After.AccountID]
		if err := m.check(); err != nil {
			return err
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *movement) int {
		if a.Before == nil && b.Before == nil {
			return bytes.Compare(nameOf(a.After.AccountID), nameOf(b.After.AccountID))
		}
		return cmp.Compare(a.id, b.id)
	})
	for _, m := range list {
		if err := s.settle(m); err != nil {
			return corrupt("account %s: %w", m.After.AccountID, err)
		}
	}
	return nil
}

// settle gathers the rows of one account.
func (s *saving) settle(m *movement) error {
	a := m.After
	at := s.at(a.Seq)
	switch {
	case m.Before == nil:
		s.accounts.opened.add(m, at)
	case m.change != nil:
		s.accounts.changed.add(m, at)
		s.everyone = s.everyone || m.folds || !m.single
		if m.single {
			s.accounts.moved.add(m, at)
		}
	case m.single:
		s.accounts.moved.add(m, at)
	}
	if m.single {
		s.tx.accounts[a.AccountID] = &kept{id: m.id, single: true}
		return nil
	}
	return s.settleShare(m, at)
}

// settleShare gathers what the lane's share has become, unless only the account itself was changed.
func (s *saving) settleShare(m *movement, at time.Time) (err error) {
	before := m.Before
	if before == nil {
		before = new(ledger.Account)
	}
	a := m.After
	for _, part := range []struct {
		into    *money.Amount
		is, was money.Amount
	}{{&m.share.HeldDebits, a.HeldDebits, before.HeldDebits}, {&m.share.HeldCredits, a.HeldCredits, before.HeldCredits}} {
		more, err := part.is.Sub(part.was)
		if err == nil {
			*part.into, err = part.into.Add(more)
		}
		if err != nil {
			return err
		}
	}
	m.held += int64(a.Holds - before.Holds) //nolint:gosec // both wrap around together
	switch last := a.Seq; {
	case m.change == nil || m.change.Seq != last:
		m.share.Seq = last
	default:
		touched := s.touched(a.AccountID)
		if touched == nil {
			return nil
		}
		m.share.Seq, at = touched.Seq, touched.At
	}
	m.share.Lane = s.changes.Head.Lane
	s.accounts.shares.add(m, at)
	s.tx.accounts[a.AccountID] = &kept{id: m.id, share: m.share, holds: m.held, row: s.rowOf(m, at)}
	return nil
}

// touched is the block's last item that changed the totals of an account; nil: none.
func (s *saving) touched(id ledger.AccountID) *ledger.Booked {
	for _, item := range slices.Backward(s.changes.Block.Items) {
		if slices.ContainsFunc(item.Postings, func(p ledger.Posting) bool { return p.ID() == id }) {
			return item
		}
		ends := item.Act == ledger.Captured || item.Act == ledger.Released || item.Act == ledger.Expired
		if ends && slices.ContainsFunc(s.legs(item.Of), func(l ledger.HoldLeg) bool { return l.ID() == id }) {
			return item
		}
	}
	return nil
}

// legs are those of a hold that the block changed.
func (s *saving) legs(hold string) []ledger.HoldLeg {
	for _, r := range s.changes.Records {
		if h, ok := r.Record.(*ledger.HoldState); ok && h.Key == hold {
			return h.Legs
		}
	}
	return nil
}

// rowOf is the row of a spread account with the lane's share as it has become; nil: it was not read.
func (s *saving) rowOf(m *movement, at time.Time) *accountRow {
	row := &accountRow{ID: m.id, Account: *m.After}
	row.Account.Balance, row.Account.Holds = ledger.Balance{}, 0
	if m.Before != nil {
		if row = s.tx.accounts[m.After.AccountID].row; row == nil {
			return nil
		}
	}
	return row.withShare(shareRow{Balance: m.share, Holds: m.held, At: at})
}
