package ledger

import (
	"context"
	"errors"
)

// A Need collects what commands touch, so that a store can bring it in one
// round trip. What the state already holds is not asked for again. When Load is
// given it, each list holds a name once, in order of first mention: a store that
// locks what it reads has to sort for itself, so that two of its transactions
// lock in one order.
type Need struct {
	Keys      []string
	Moved     []AccountID // accounts that are posted to and not looked at: a share will do
	Accounts  []AccountID // accounts that are looked at
	Records   []Ref
	Standings []Standing
	Trees     []Tree
	Alone     bool // no other transaction may book until this one ends

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

// Account asks for an account, to look at it: at its balance, status or limits.
// On a store with several lanes, looking at an account without limits keeps all
// others from booking; what is only posted to is asked for by Entry.
func (n *Need) Account(id AccountID) {
	p := n.place(id)
	if p.asked < allOfIt && (!p.loaded || p.share) {
		p.asked = allOfIt
		n.Accounts = append(n.Accounts, id)
	}
}

// move asks for an account to post to.
func (n *Need) move(id AccountID) *place {
	p := n.place(id)
	if p.asked == nothing && !p.loaded {
		p.asked = aShare
		n.Moved = append(n.Moved, id)
	}
	return p
}

func (n *Need) place(id AccountID) *place {
	if p := n.state.find(id); p != nil {
		return p
	}
	return n.state.newPlace(id)
}

// OnlyOne asks that no other transaction books until this one ends, as an act
// needs that concerns every entry.
func (n *Need) OnlyOne() { n.Alone = n.Alone || !n.state.alone }

// postings asks for the key and the accounts of an entry or a hold.
func (n *Need) postings(key string, postings []Posting) {
	k, from := n.key(key), len(n.found)
	for i := range postings {
		p := n.move(postings[i].ID())
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
	return n.Alone || len(n.Keys)+len(n.Moved)+len(n.Accounts)+len(n.Records)+len(n.Standings)+len(n.Trees) > 0
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
		for _, list := range [][]AccountID{n.Moved, n.Accounts} {
			for _, id := range list {
				s.find(id).asked = nothing
			}
		}
		return err
	}
	if !s.headed {
		return errors.New("load: the store does not say where the journal ends")
	}
	s.loads++
	s.alone = s.alone || n.Alone
	return nil
}
