package storetest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// scribe writes requests: mostly ones that make sense to a notebook, some that
// do not.
type scribe struct {
	*rapid.T
	notebook *notebook
	clock    time.Time
	fresh    *int // keys given so far
}

// draw picks one of a few.
func draw[V any](t *rapid.T, label string, from ...V) V {
	return rapid.SampledFrom(from).Draw(t, label)
}

// rarely is true once in so many times.
func rarely(t *rapid.T, label string, often int) bool {
	return rapid.IntRange(0, often-1).Draw(t, label) == often-1
}

func (s *scribe) key() string {
	if len(s.notebook.pages) > 0 && rarely(s.T, "taken key", 20) {
		if key := draw(s.T, "key of", s.notebook.pages...).key; key != "" {
			return key
		}
	}
	*s.fresh++
	return fmt.Sprintf("k%d", *s.fresh)
}

func (s *scribe) kind() string { return draw(s.T, "kind", "sale", "payout", "refund") }

func (s *scribe) reference() string {
	return draw(s.T, "reference", "", "", "r1", "r2")
}

func (s *scribe) metadata() (out []ledger.Attribute) {
	for i := range draw(s.T, "metadata", 0, 0, 0, 1, 2) {
		out = append(out, ledger.Attribute{Name: fmt.Sprint(9 - i), Value: draw(s.T, "value", "v", "")})
	}
	return out
}

func (s *scribe) owner() string { return draw(s.T, "owner", "", "", "", "", "", "room") }

// account picks any, also one that no page has.
func (s *scribe) account() (path string, currency money.Currency) {
	return draw(s.T, "account", cast()...), s.currency()
}

func (s *scribe) currency() money.Currency {
	if rarely(s.T, "second currency", 4) {
		return tongues()[1]
	}
	return tongues()[0]
}

// around gives a day near the clock's.
func (s *scribe) around(first, last int) calendar.Date {
	return calendar.DateOf(s.clock, time.UTC).AddDays(rapid.IntRange(first, last).Draw(s.T, "days from today"))
}

// postings moves money between one half of the cast and the other.
func (s *scribe) postings() (out []ledger.Posting) {
	cut := rapid.IntRange(0, 7).Draw(s.T, "cut")
	turned := slices.Concat(cast()[cut:], cast()[:cut])
	for range draw(s.T, "pairs", 1, 1, 1, 2, 3) {
		amount, currency := money.Minor(rapid.Int64Range(1, 4000).Draw(s.T, "minor")), s.currency()
		out = append(out,
			ledger.Dr(draw(s.T, "debit", turned[:4]...), amount, currency),
			ledger.Cr(draw(s.T, "credit", turned[4:]...), amount, currency))
	}
	if rarely(s.T, "unknown account", 50) {
		out[len(out)-1].Account = nowhere
	}
	return out
}

func (s *scribe) entry() ledger.Entry {
	e := ledger.Entry{
		Key: s.key(), Kind: s.kind(), Reference: s.reference(), Owner: s.owner(), Metadata: s.metadata(), Postings: s.postings(),
	}
	if rarely(s.T, "part of", 8) {
		e.PartOf = "k1"
	}
	return e
}

func (s *scribe) backdated() ledger.Entry {
	e := s.entry()
	e.ValueDate = s.around(-6, 1)
	return e
}

func (s *scribe) onFirstOpen() ledger.Entry {
	e := s.backdated()
	e.OrFirstOpen = true
	return e
}

func (s *scribe) hold() ledger.Hold {
	h := ledger.Hold{Key: s.key(), Kind: s.kind(), Reference: s.reference(), Owner: s.owner(), Metadata: s.metadata(), Postings: s.postings()}
	after := draw(s.T, "expires after", 0, 0, time.Microsecond, time.Second, time.Minute, time.Hour, 24*time.Hour, -time.Second)
	if after != 0 {
		h.Expires = s.notebook.next(s.clock).Add(after)
	}
	return h
}

func (s *scribe) assertion() ledger.Assertion {
	var a ledger.Assertion
	a.Account, a.Currency = s.account()
	switch draw(s.T, "of what", "now", "on a day", "below", "below on a day") {
	case "on a day":
		a.On = s.around(-6, 1)
	case "below":
		a.Subtree, a.Account = true, draw(s.T, "root", "shops", "shops/s1", purse, "till")
	case "below on a day":
		a.On, a.Subtree, a.Account = s.around(-6, 1), true, draw(s.T, "root", "shops", "shops/s1", purse, "till")
	}
	if v := s.notebook.compare(readLetter(a)); v.reason != nil {
		a.Amount = money.Minor(v.has)
	}
	if rarely(s.T, "wrong", 6) {
		a.Amount = money.Minor(minor(a.Amount) + 1)
	}
	return a
}

// request writes any request.
func (s *scribe) request() ledger.Request {
	which := rapid.IntRange(0, 23).Draw(s.T, "request")
	if which >= 11 && which <= 15 && len(s.open()) == 0 {
		which = 10
	}
	switch which {
	default:
		return s.entry()
	case 6, 7:
		return s.brink()
	case 8, 9, 10:
		return s.hold()
	case 11, 12:
		return s.capture(false, false)
	case 13:
		return s.capture(true, false)
	case 14:
		return s.capture(false, true)
	case 15:
		return s.release()
	case 16:
		return s.reversal(true)
	case 17:
		return s.reversal(false)
	case 18:
		return s.assertion()
	case 19:
		return s.limits()
	case 20:
		return s.backdated()
	case 21:
		return s.onFirstOpen()
	case 22:
		return s.order()
	case 23:
		return s.malformed()
	}
}
