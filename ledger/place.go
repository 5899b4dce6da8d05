package ledger

import (
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/settlex/settlex/money"
)

// place is where a state keeps an account.
type place struct {
	id     AccountID
	asked  demand // what a load was asked to bring
	loaded bool
	share  bool     // the totals are those of one lane alone
	stored *Account // as the store gave it, which shares it: never changed. nil: there is none
	now    *Account // as it stands. Another than stored: the state's own
	saved  int      // which of the values kept is the last of its own; see undoLog
	effect int      // where the effect of an item that is being looked at is, if it has one

	pattern *Pattern // of the chart; see patternOf
	matched bool

	next *place // of the same path in another currency
}

// demand is what a load was asked to bring of an account.
type demand uint8

const (
	nothing demand = iota
	aShare         // the totals of one lane will do
	allOfIt
)

// complete makes an account of a share, given what it is as a whole: what was
// changed since stays changed.
func (p *place) complete(whole *Account) {
	share := p.stored
	p.share, p.stored = false, whole
	if p.now == share {
		p.now = whole
		return
	}
	now := *whole
	now.Holds += p.now.Holds - share.Holds
	for _, part := range []struct{ into, was, is *money.Amount }{
		{&now.Debits, &share.Debits, &p.now.Debits}, {&now.Credits, &share.Credits, &p.now.Credits},
		{&now.HeldDebits, &share.HeldDebits, &p.now.HeldDebits}, {&now.HeldCredits, &share.HeldCredits, &p.now.HeldCredits},
	} {
		moved, err := part.is.Sub(*part.was)
		if err == nil {
			*part.into, err = part.into.Add(moved)
		}
		if err != nil {
			panic(fmt.Sprintf("ledger: %s: %v", p.id, err)) // a share is far from the bound, see bound
		}
	}
	if p.now.Seq != share.Seq {
		now.Lane, now.Seq = p.now.Lane, p.now.Seq
	}
	*p.now = now
}

// With several lanes the totals of an account without limits are a sum that
// nobody sees when a share grows. So a share alone grows up to maxShare; beyond,
// the account is looked at as a whole, and stays below maxSpread then: what all
// other lanes may add to that, however many there are, is within the bound of an
// amount.
var (
	maxShare  = figure("1" + strings.Repeat("0", 34))  // 10^34
	maxSpread = figure("89" + strings.Repeat("9", 36)) // 9 * 10^37 - 1; 1,024 lanes at most add 1,024 * 10^34 to it
)

// figure is an amount of minor units that is known to be one.
func figure(text string) money.Amount {
	a, err := money.ParseMinor(text)
	if err != nil {
		panic(err)
	}
	return a
}

// bound looks at what a total of an account has become. It panics with notLoaded
// where a share does not tell. The error wraps money.ErrOverflow.
func (s *State) bound(p *place, total money.Amount) error {
	if p.share && total.Cmp(maxShare) > 0 {
		panic(notLoaded(func(n *Need) { n.Account(p.id) }))
	}
	if s.several && !p.share && total.Cmp(maxSpread) > 0 && p.now != nil && p.now.unlimited() {
		return fmt.Errorf("%s: %w: %s, and an account without limits takes at most %s in a store with several lanes", p.id, money.ErrOverflow, total, maxSpread)
	}
	return nil
}

// keyPlace is where a state keeps who took a key.
type keyPlace struct {
	by    *Booked // nil: free
	asked int     // how many loads there were when it was asked for; or one of those below
}

const (
	byStore = -1          // a store put it: known at once
	never   = math.MaxInt // the load that was to bring it failed
)

func (s *State) newPlace(id AccountID) *place {
	p := s.placeRow.next(s.blanks.expected)
	p.id, p.next = id, s.accounts[id.Path]
	put(&s.accounts, id.Path, p)
	return p
}

// find gives the place of an account, nil if it was never asked for. Most paths
// have one currency.
func (s *State) find(id AccountID) *place {
	p := s.accounts[id.Path]
	for p != nil && p.id.Currency != id.Currency {
		p = p.next
	}
	return p
}

// places yields every account, in no order.
func (s *State) places() iter.Seq2[AccountID, *Account] {
	return func(yield func(AccountID, *Account) bool) {
		for _, p := range s.accounts {
			for ; p != nil; p = p.next {
				if p.now != nil && !yield(p.id, p.now) {
					return
				}
			}
		}
	}
}

// newKey makes a place for a key that is asked for.
func (s *State) newKey(key string) *keyPlace {
	k := s.keyRow.next(s.blanks.expected)
	k.asked = s.loads
	put(&s.keys, key, k)
	return k
}

// row gives zero values, allocated side by side.
type row[T any] struct{ free []T }

const maxRow = 256

// next gives one. How many will be asked for is a guess.
func (r *row[T]) next(expected int) *T {
	if len(r.free) == 0 {
		r.free = make([]T, min(max(expected, 2), maxRow))
	}
	v := &r.free[0]
	r.free = r.free[1:]
	return v
}

// place gives the place of an account that was loaded, whether it exists or
// not.
func (s *State) place(id AccountID) *place {
	p := s.find(id)
	if p == nil && s.whole {
		p = s.newPlace(id)
		p.loaded = true
	}
	if p == nil || !p.loaded {
		panic(notLoaded(func(n *Need) { n.move(id) }))
	}
	return p
}

// wholePlace is place for who looks at the account: a share will not do.
func (s *State) wholePlace(id AccountID) *place {
	p := s.find(id)
	if p == nil && s.whole {
		return s.place(id)
	}
	if p == nil || !p.loaded || p.share {
		panic(notLoaded(func(n *Need) { n.Account(id) }))
	}
	return p
}

// patternOf gives the chart's pattern for an account, nil if there is none.
func (s *State) patternOf(p *place) *Pattern {
	if !p.matched {
		p.pattern, p.matched = s.chart.match(p.id.Path), true
	}
	return p.pattern
}

// known tells whether a load has brought who took the key, or that it is free.
func (s *State) known(k *keyPlace) bool { return k != nil && k.asked < s.loads }

// key gives who took a key, or nil.
func (s *State) key(key string) *Booked { return s.keyPlace(key).by }

func (s *State) keyPlace(key string) *keyPlace {
	k := s.keys[key]
	if !s.known(k) {
		panic(notLoaded(func(n *Need) { n.Key(key) }))
	}
	return k
}

// taken is key for commands that are still declaring their needs: nil also when
// the state has not been told yet.
func (s *State) taken(key string) *Booked {
	if k := s.keys[key]; k != nil {
		return k.by
	}
	return nil
}
