package storetest

import (
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// malformed writes a request that can never be booked.
func (s *scribe) malformed() ledger.Request {
	switch draw(s.T, "malformed", "entry", "hold", "capture", "release", "reversal", "change", "period", "assertion") {
	case "hold":
		h := s.hold()
		h.Postings = s.spoilt(h.Postings)
		return h
	case "capture":
		return s.malformedCapture()
	case "release":
		r := s.release()
		r.Hold = ""
		return r
	case "reversal":
		return s.malformedReversal()
	case "change":
		return s.malformedChange()
	case "period":
		p := s.close()
		p.Through = calendar.Date{}
		return p
	case "assertion":
		a := s.assertion()
		if a.Account = "shops//free"; draw(s.T, "no currency", true, false) {
			a.Account, a.Currency = purse, money.Currency{}
		}
		return a
	}
	return s.malformedEntry()
}

func (s *scribe) malformedEntry() ledger.Entry {
	e := s.entry()
	switch draw(s.T, "fault", "postings", "key", "long key", "kind", "part of", "metadata") {
	case "postings":
		e.Postings = s.spoilt(e.Postings)
	case "key":
		e.Key = ""
	case "long key":
		e.Key = strings.Repeat("k", 256)
	case "kind":
		e.Kind = ""
	case "part of":
		e.PartOf = e.Key
	case "metadata":
		e.Metadata = []ledger.Attribute{{Name: "n", Value: "1"}, {Name: "m"}, {Name: "n", Value: "2"}}
	}
	return e
}

// spoilt gives postings a fault.
func (s *scribe) spoilt(postings []ledger.Posting) []ledger.Posting {
	last := &postings[len(postings)-1]
	switch draw(s.T, "fault of a posting", "too few", "amount", "unbalanced", "both sides", "path", "currency") {
	case "too few":
		return postings[:1]
	case "amount":
		last.Amount = money.Minor(draw[int64](s.T, "amount", 0, -1))
	case "unbalanced":
		last.Amount = money.Minor(minor(last.Amount) + 1)
	case "both sides":
		last.Account, last.Currency = postings[0].Account, postings[0].Currency
	case "path":
		last.Account = "shops//free"
	case "currency":
		last.Currency = money.Currency{}
	}
	return postings
}

func (s *scribe) malformedCapture() ledger.Capture {
	c := s.capture(false, false)
	switch draw(s.T, "fault", "all and some", "nothing", "hold", "postings") {
	case "all and some":
		c.All = true
	case "nothing":
		c.Postings = nil
	case "hold":
		c.Hold = ""
	case "postings":
		c.Postings = s.spoilt(c.Postings)
	}
	return c
}

func (s *scribe) malformedReversal() ledger.Reversal {
	r := s.reversal(draw(s.T, "all", true, false))
	switch draw(s.T, "fault", "date", "original", "all and some") {
	case "date":
		r.ValueDate = calendar.Date{}
	case "original":
		r.Of = ""
	case "all and some":
		r.All, r.Postings = true, s.postings()
	}
	return r
}

func (s *scribe) malformedChange() ledger.AccountChange {
	c := s.limits()
	switch draw(s.T, "fault", "nothing", "force", "status", "floor", "ceiling", "below the floor", "twice", "most", "path") {
	case "nothing":
		c.Limits = nil
	case "force":
		c.Force = true
	case "status":
		c.Status = ledger.AccountClosed + 1
	case "floor":
		c.Limits.Limited, c.Limits.Floor = false, money.Minor(1)
	case "ceiling":
		c.Limits.Capped, c.Limits.Ceiling = false, money.Minor(1)
	case "below the floor":
		*c.Limits = ledger.Limits{Limited: true, Floor: money.Minor(2), Capped: true, Ceiling: money.Minor(1)}
	case "twice":
		c.Limits.Velocity = []ledger.Velocity{{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Sum}, {Per: ledger.Day, Flow: ledger.In, Measure: ledger.Sum}}
	case "most":
		c.Limits.Velocity = []ledger.Velocity{{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Sum, Max: money.Minor(-1)}}
	case "path":
		c.Account = "shops//free"
	}
	return c
}
