package storetest

import (
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// changed gives a request that was sent before with one thing different.
func (s *scribe) changed(r ledger.Request) ledger.Request {
	what := draw(s.T, "changed", "reference", "kind", "metadata", "day", "more", "act")
	switch r := r.(type) {
	case ledger.Entry:
		return s.changedEntry(r, what)
	case ledger.Hold:
		return s.changedHold(r, what)
	case ledger.Capture:
		return s.changedCapture(r, what)
	case ledger.Reversal:
		return s.changedReversal(r, what)
	case ledger.Release:
		r.Hold += "x"
		return r
	case ledger.AccountChange:
		r.Status, r.Force = ledger.NoDebit, false
		return r
	case ledger.PeriodChange:
		r.Through, r.Reopen = s.around(-3, 0), r.Reopen != (what == "act")
		return r
	}
	return r
}

func (s *scribe) changedEntry(e ledger.Entry, what string) ledger.Request {
	switch s.changeTexts(what, &e.Kind, &e.Reference, &e.Metadata); what {
	case "day":
		e.ValueDate = s.around(-3, 0)
	case "more":
		e.Postings = s.changedPostings(e.Postings)
	case "act":
		return ledger.Hold{Key: e.Key, Kind: e.Kind, Reference: e.Reference, Metadata: e.Metadata, Owner: e.Owner, Postings: e.Postings}
	}
	return e
}

func (s *scribe) changedHold(h ledger.Hold, what string) ledger.Request {
	switch s.changeTexts(what, &h.Kind, &h.Reference, &h.Metadata); what {
	case "day":
		h.Expires = s.clock
	case "more":
		h.Postings = s.changedPostings(h.Postings)
	case "act":
		return ledger.Release{Key: h.Key, Hold: h.Key, Kind: h.Kind}
	}
	return h
}

func (s *scribe) changedCapture(c ledger.Capture, what string) ledger.Request {
	switch s.changeTexts(what, &c.Kind, &c.Reference, &c.Metadata); what {
	case "day":
		c.ValueDate = s.around(-3, 0)
	case "more":
		c.Final = !c.Final
	case "act":
		c.All, c.Postings = true, nil
	}
	return c
}

func (s *scribe) changedReversal(r ledger.Reversal, what string) ledger.Request {
	switch s.changeTexts(what, &r.Kind, &r.Reference, &r.Metadata); what {
	case "day":
		r.ValueDate = s.around(-3, 0)
	case "more":
		r.Of += "x"
	case "act":
		r.Owner += "x"
	}
	return r
}

func (s *scribe) changeTexts(what string, kind, reference *string, metadata *[]ledger.Attribute) {
	switch what {
	case "kind":
		*kind += "x"
	case "reference":
		*reference += "x"
	case "metadata":
		*metadata = append(slices.Clone(*metadata), ledger.Attribute{Name: "more"})
	}
}

// changedPostings has a little more, or the rows in another order, or one of
// them in two.
func (s *scribe) changedPostings(postings []ledger.Posting) []ledger.Posting {
	out := slices.Clone(postings)
	switch draw(s.T, "postings", "more", "order", "in two") {
	case "more":
		for i := range out {
			out[i].Amount = money.Minor(2 * minor(out[i].Amount))
		}
	case "order":
		slices.Reverse(out)
	case "in two":
		if half := minor(out[0].Amount) / 2; half > 0 {
			rest := out[0]
			rest.Amount = money.Minor(minor(rest.Amount) - half)
			out[0].Amount = money.Minor(half)
			out = append(out, rest)
		}
	}
	return out
}
