package bolt

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// memory is what is kept of the committed head of a file, by all who have it
// open: the tails of the indexes, accounts, and a filter of the keys. The file
// has all of it, or lets it be derived again. It stands for one head; whoever
// finds a later one in the file brings it up to date from the journal.
//
// Only an open write transaction changes what is pending, and the work.
type memory struct {
	options Options

	// writer covers a write of ours from its beginning to when the memory has
	// taken it over, or failed says that it failed: bbolt lets the next one in
	// before it returns from the commit.
	writer sync.Mutex
	failed atomic.Bool
	// committing is held from before a commit of ours until the memory has taken
	// it over: a reader that sees a later head waits for it.
	committing sync.RWMutex
	underway   atomic.Uint64 // seq that such a commit builds on, + 1; 0: there is none
	// foreign says that a transaction of the host's saved something that this
	// memory may not stand for.
	foreign atomic.Bool
	closed  atomic.Bool

	pending pending
	work    work

	mu       sync.RWMutex
	known    bool // it stands for head
	head     ledger.Head
	tails    []*tail // ordered, without gaps; the last one grows
	accounts accounts
	keys     *keyFilter // nil: not read yet
	spare    *gathered  // room of an earlier one
}

// pending is what the open write transaction has saved so far.
type pending struct {
	tx       *bbolt.Tx
	base     ledger.Head // before its first Save
	head     ledger.Head // after its last Save
	gathered []*gathered
	changed  []*ledger.Account

	tail     *tail                                // of what was gathered; nil until somebody looks
	accounts map[ledger.AccountID]*ledger.Account // the first indexed of those that were changed
	indexed  int
}

// commits begins a commit of ours that builds on a seq; the result ends it. A
// reader waits only if its snapshot has that commit already: one with an older
// snapshot may be what the commit waits for, to map a file that has grown.
func (m *memory) commits(base uint64) (end func()) {
	m.committing.Lock()
	m.underway.Store(base + 1)
	return func() {
		m.underway.Store(0)
		m.committing.Unlock()
	}
}

// settle makes sure that the memory stands for what a write transaction of ours
// builds on. While it is open the host has none, so nothing of the host's can be
// committed that the memory does not know.
func (m *memory) settle(t *Tx) error {
	if m.pending.tx != nil {
		m.pending = pending{}
	}
	head, err := t.head()
	if err != nil {
		return err
	}
	if m.foreign.Load() || !m.reaches(t, head) {
		if err := m.catchUp(t, head); err != nil {
			return err
		}
		m.foreign.Store(false)
	}
	return nil
}

// current gives an account at the head, if it has it.
func (m *memory) current(id ledger.AccountID) *ledger.Account {
	if m.foreign.Load() || m.closed.Load() {
		return nil
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.known {
		return nil
	}
	return m.accounts.get(id)
}

// saved notes what a Save wrote. Of a transaction of the host's nobody will say
// whether it is committed.
func (m *memory) saved(s *saving, head ledger.Head) {
	if m.pending.tx != s.tx.tx {
		m.pending = pending{tx: s.tx.tx, base: s.base}
	}
	p := &m.pending
	p.head = head
	if s.gathered != nil {
		p.gathered = append(p.gathered, s.gathered)
	}
	for i := range s.accounts {
		p.changed = append(p.changed, s.accounts[i].After)
	}
	if !s.tx.ours {
		m.foreign.Store(true)
	}
}

// blank gives room to gather in.
func (m *memory) blank() *gathered {
	if m == nil {
		return &gathered{}
	}
	m.mu.Lock()
	g := m.spare
	m.spare = nil
	m.mu.Unlock()
	if g == nil {
		return &gathered{}
	}
	return &gathered{moves: g.moves[:0], spots: g.spots[:0], keys: g.keys[:0], references: g.references[:0], hashes: g.hashes[:0]}
}

// account gives an account that was changed, nil if it was not.
func (p *pending) account(id ledger.AccountID) *ledger.Account {
	if p.accounts == nil {
		p.accounts = make(map[ledger.AccountID]*ledger.Account, len(p.changed))
	}
	for ; p.indexed < len(p.changed); p.indexed++ {
		p.accounts[p.changed[p.indexed].AccountID] = p.changed[p.indexed]
	}
	return p.accounts[id]
}

// memories finds the memory of an open file. It keeps no file open.
var memories sync.Map // weak.Pointer[bbolt.DB] -> *memory

// memoryOf gives the memory of a file the ledger was attached to, or nil.
func memoryOf(db *bbolt.DB) *memory {
	known, _ := memories.Load(weak.Make(db))
	m, _ := known.(*memory)
	return m
}

// remember gives a file its memory, if it has none.
func remember(db *bbolt.DB, options Options) *memory {
	key := weak.Make(db)
	kept, known := memories.LoadOrStore(key, &memory{options: Options{KeyMemory: options.KeyMemory, RunItems: options.RunItems}}) // functions may hold on to the file
	if !known {
		runtime.AddCleanup(db, func(key weak.Pointer[bbolt.DB]) { memories.Delete(key) }, key)
	}
	m, _ := kept.(*memory)
	return m
}

// tailsFor gives the tails that hold the items behind a seq up to a
// transaction's head; nil: it does not have them.
func (m *memory) tailsFor(t *Tx, head ledger.Head, after uint64) ([]*tail, error) {
	committed := head
	p := m.pendingOf(t)
	if p != nil {
		committed = p.base
		if !m.reaches(t, committed) {
			return nil, nil // its runs may be of its own making: nothing to begin with
		}
	}
	if err := m.catchUp(t, committed); err != nil {
		return nil, err
	}
	tails := m.covering(after, committed.Seq)
	if tails == nil && committed.Seq > after {
		return nil, nil
	}
	if p != nil {
		tails = append(tails, p.index())
	}
	return tails, nil
}

// pendingOf gives what a transaction has saved, nil if it is nothing.
func (m *memory) pendingOf(t *Tx) *pending {
	if t.tx.Writable() && m.pending.tx == t.tx {
		return &m.pending
	}
	return nil
}

// index gives a tail of what is pending.
func (p *pending) index() *tail {
	if p.tail == nil {
		p.tail = newTail(p.base.Seq, p.base.Blocks)
	}
	for _, g := range p.gathered {
		if g.last > p.tail.last {
			p.tail.add(g)
		}
	}
	return p.tail
}

// covering gives the tails from the one that begins behind a seq on, if they
// reach up to another.
func (m *memory) covering(after, to uint64) []*tail {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !m.known || m.head.Seq < to {
		return nil
	}
	for i, t := range m.tails {
		if t.after == after && t.last > after {
			return append(make([]*tail, 0, len(m.tails)-i+1), m.tails[i:]...)
		}
	}
	return nil
}

// catchUp makes the memory stand for a committed head that a transaction sees,
// or a later one.
func (m *memory) catchUp(t *Tx, head ledger.Head) error {
	if m.reaches(t, head) {
		return nil
	}
	if base := m.underway.Load(); !t.tx.Writable() && base > 0 && head.Seq >= base {
		m.committing.RLock()   // a commit of ours is about to be taken over
		m.committing.RUnlock() //nolint:staticcheck,gocritic // waiting was the point
		if m.reaches(t, head) {
			return nil
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && m.head.Seq < head.Seq {
		follows, err := m.follows(t)
		if err != nil {
			return err
		}
		if follows {
			return m.advance(t, head)
		}
	}
	if m.known && m.head.Seq >= head.Seq && !t.tx.Writable() {
		return nil // somebody else was quicker
	}
	return m.begin(t, head)
}

// follows tells whether one of the tails begins where the runs that a
// transaction sees end. None does if an older snapshot began with its own, and
// no tail could ever be flushed.
func (m *memory) follows(t *Tx) (bool, error) {
	runs, err := t.runs()
	return slices.ContainsFunc(m.tails, func(tail *tail) bool { return tail.after == flushed(runs) }), err
}

// reaches tells whether the memory stands for a head, or one behind it that a
// reader need not see. A writer finds the very head that it builds on.
func (m *memory) reaches(t *Tx, head ledger.Head) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if t.tx.Writable() {
		return m.known && m.head == head
	}
	return m.known && m.head.Seq >= head.Seq
}

// begin reads the indexes behind the runs from the journal.
func (m *memory) begin(t *Tx, head ledger.Head) error {
	m.forget()
	runs, err := t.runs()
	if err != nil {
		return err
	}
	m.tails = []*tail{newTail(flushed(runs), 0)}
	return m.advance(t, head)
}

// advance takes over what others wrote, from the journal.
func (m *memory) advance(t *Tx, head ledger.Head) error {
	active := m.active()
	from := len(active.keys)
	if err := t.replay(active, m.tails, head); err != nil {
		m.forget()
		return err
	}
	m.accounts.forget() // which of them were changed, and how, only the file knows
	if m.keys != nil {
		for _, k := range active.keys[from:] {
			m.keys.add(k.hash, k.seq)
		}
	}
	m.known, m.head = true, head
	m.rotate()
	runs, err := t.runs()
	if err != nil {
		return err
	}
	m.prune(flushed(runs))
	return nil
}

func (m *memory) active() *tail { return m.tails[len(m.tails)-1] }

// rotate begins a new tail when the last one is long enough to be flushed.
func (m *memory) rotate() {
	if active := m.active(); active.entries() >= m.runItems() {
		active.freeze()
		m.tails = append(m.tails, active.following())
	}
}

// frozen gives the tail that begins behind a seq, if it does not grow any more,
// and how many such are behind it.
func (m *memory) frozen(after uint64) (tail *tail, behind int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	grown := m.tails[:max(len(m.tails), 1)-1]
	for i, tail := range grown {
		if tail.after == after {
			return tail, len(grown) - 1 - i
		}
	}
	return nil, 0
}

// runItems is how many items a tail has before it is flushed.
func (m *memory) runItems() uint64 { return uint64(m.options.RunItems) }

// forget drops everything.
func (m *memory) forget() {
	m.known, m.head, m.tails, m.keys = false, ledger.Head{}, nil, nil
	m.accounts.forget()
}

// drop forgets everything, after a commit whose outcome is not known.
func (m *memory) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
}

// take takes over what a transaction saved, once it is in the file, whose runs
// reach up to a seq by now.
func (m *memory) take(p *pending, flushed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && m.head.Seq > p.base.Seq {
		return // a host that came in between has read it from the journal
	}
	if !m.known || m.head != p.base {
		m.forget() // the next one reads it again
		return
	}
	for _, g := range p.gathered {
		m.active().add(g)
		if m.keys != nil {
			for _, k := range g.keys {
				m.keys.add(k.hash, k.seq)
			}
		}
	}
	for _, account := range p.changed {
		m.accounts.put(account.AccountID, account)
	}
	for _, g := range p.gathered {
		g.hash, m.spare = nil, g // it would keep the transaction, with all that it has read
	}
	m.head = p.head
	m.rotate()
	m.prune(flushed)
}

// prune drops tails that the runs hold, but for the last of them: a reader that
// began a moment ago may need it.
func (m *memory) prune(flushed uint64) {
	for len(m.tails) > 2 && m.tails[1].after < m.tails[1].last && m.tails[1].last <= flushed {
		m.tails = slices.Delete(m.tails, 0, 1)
	}
}

// accountsFor gives a state the accounts that it has in the form a transaction
// sees them, and lists the others.
func (m *memory) accountsFor(t *Tx, head ledger.Head, ids []ledger.AccountID, s *ledger.State) (absent []ledger.AccountID) {
	p := m.pendingOf(t)
	if p != nil {
		head = p.base
	}
	if t.tx.Writable() {
		m.mu.Lock()
		defer m.mu.Unlock()
	} else {
		m.mu.RLock()
		defer m.mu.RUnlock()
	}
	if !m.known || m.head != head {
		return ids
	}
	for _, id := range ids {
		var account *ledger.Account
		if p != nil {
			account = p.account(id)
		}
		switch {
		case account != nil:
		case t.tx.Writable():
			account = m.accounts.use(id)
		default:
			account = m.accounts.get(id)
		}
		if account != nil {
			s.PutAccount(id, account)
		} else {
			absent = append(absent, id)
		}
	}
	return absent
}

// keepAccounts keeps what a writer has read, if nothing is saved yet.
func (m *memory) keepAccounts(t *Tx, head ledger.Head, loaded []*ledger.Account) {
	if !t.tx.Writable() || m.pendingOf(t) != nil || len(loaded) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && m.head == head {
		for _, account := range loaded {
			m.accounts.put(account.AccountID, account)
		}
	}
}

// maxAccounts is how many accounts of each age are kept.
const maxAccounts = 1 << 20

// accounts keeps those that were used last: when as many were used as it may
// keep, what was not used since the last time is dropped.
type accounts struct {
	recent, older map[ledger.AccountID]*ledger.Account
}

func (a *accounts) forget() { *a = accounts{} }

func (a *accounts) get(id ledger.AccountID) *ledger.Account {
	if account := a.recent[id]; account != nil {
		return account
	}
	return a.older[id]
}

// use is get, and keeps it.
func (a *accounts) use(id ledger.AccountID) *ledger.Account {
	if account := a.recent[id]; account != nil {
		return account
	}
	account := a.older[id]
	if account != nil {
		a.put(id, account)
	}
	return account
}

func (a *accounts) put(id ledger.AccountID, account *ledger.Account) {
	if len(a.recent) >= maxAccounts {
		a.older, a.recent = a.recent, nil
	}
	if a.recent == nil {
		a.recent = make(map[ledger.AccountID]*ledger.Account)
	}
	a.recent[id] = account
}
