package ledger

import "context"

// A Need collects what commands touch, so that a store can bring it in one
// round trip. What the state already holds is not asked for again. When Load is
// given it, each list holds a name once, in order of first mention: a store that
// locks what it reads has to sort for itself, so that two of its transactions
// lock in one order.
type Need struct {
	Keys      []string
	Accounts  []AccountID
	Records   []Ref
	Standings []Standing
	Trees     []Tree

	state *State
	spot  *spot    // when set: of the request that asks
	found []*place // of all spots
}

// spot is where a state keeps what a request asked for, so that it is looked up
// by name once. The zero value knows nothing.
type spot struct {
	key    *keyPlace
	places []*place // of its postings
}

// Key asks for the item that took a key.
func (n *Need) Key(key string) { n.key(key) }

func (n *Need) key(key string) *keyPlace {
	s := n.state
	k := s.keys[key]
	if k == nil {
		k = s.newKey(key)
	} else if k.asked != never {
		return k
	}
	k.asked = s.loads
	n.Keys = append(n.Keys, key)
	return k
}

// Account asks for an account.
func (n *Need) Account(id AccountID) { n.account(id) }

func (n *Need) account(id AccountID) *place {
	p := n.state.find(id)
	if p == nil {
		p = n.state.newPlace(id)
	} else if p.asked || p.loaded {
		return p
	}
	p.asked = true
	n.Accounts = append(n.Accounts, id)
	return p
}

// postings asks for the key and the accounts of an entry or a hold.
func (n *Need) postings(key string, postings []Posting) {
	k, from := n.key(key), len(n.found)
	for i := range postings {
		p := n.account(postings[i].ID())
		if n.spot != nil {
			n.found = append(n.found, p)
		}
	}
	if n.spot != nil {
		*n.spot = spot{key: k, places: n.found[from:]}
	}
}

// Entry asks for everything that booking e touches.
func (n *Need) Entry(e *Entry) { n.Request(*e) }

// Standing asks for a balance as of a value date.
func (n *Need) Standing(st Standing) {
	if _, ok := n.state.standings[st]; !ok {
		n.Standings = append(n.Standings, st)
	}
}

// Tree asks which accounts a tree has.
func (n *Need) Tree(t Tree) {
	if _, ok := n.state.trees[t]; !ok {
		n.Trees = append(n.Trees, t)
	}
}

// Record asks for a record.
func (n *Need) Record(ref Ref) {
	if _, ok := n.state.records[ref]; !ok {
		n.Records = append(n.Records, ref)
	}
}

// Explore runs fn, which looks at the state as Apply would, and asks for the
// first thing it touches that is not loaded yet. Whatever fn changes is put
// back.
func (n *Need) Explore(fn func()) {
	m := n.state.mark()
	defer func() {
		absent := recover()
		n.state.rollback(m)
		switch absent := absent.(type) {
		case nil:
		case notLoaded:
			absent(n)
		default:
			panic(absent)
		}
	}()
	fn()
}

// settle drops repetitions; keys and accounts have none. It reports whether
// anything is left to load.
func (n *Need) settle() bool {
	n.Records, n.Standings, n.Trees = distinct(n.Records), distinct(n.Standings), distinct(n.Trees)
	return len(n.Keys)+len(n.Accounts)+len(n.Records)+len(n.Standings)+len(n.Trees) > 0
}

// distinct drops repetitions and keeps the order.
func distinct[T comparable](list []T) []T {
	if len(list) < 2 {
		return list
	}
	seen, kept := make(map[T]bool, len(list)), list[:0]
	for _, v := range list {
		if !seen[v] {
			seen[v], kept = true, append(kept, v)
		}
	}
	return kept
}

// load has a reader bring what is needed. After an error it is as if nothing
// had been asked for.
func (n *Need) load(ctx context.Context, r Reader) error {
	s := n.state
	if err := r.Load(ctx, n, s); err != nil {
		for _, key := range n.Keys {
			s.keys[key].asked = never
		}
		for _, id := range n.Accounts {
			s.find(id).asked = false
		}
		return err
	}
	s.loads++
	return nil
}
