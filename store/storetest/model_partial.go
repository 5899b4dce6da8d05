package storetest

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// heldKey names a hold, if there is any, preferably one that is open.
func (s *scribe) heldKey() (key string, left []row) {
	holds := s.notebook.holds()
	if len(holds) == 0 || rarely(s.T, "no hold", 20) {
		return draw(s.T, "no hold's key", "none", "k1"), nil
	}
	if open := s.open(); len(open) > 0 && !rarely(s.T, "any hold", 6) {
		holds = open
	}
	hold := draw(s.T, "hold", holds...)
	for _, l := range hold.legs {
		l.minor = l.left()
		left = append(left, l.row)
	}
	return hold.key, left
}

// open lists the holds that can be captured.
func (s *scribe) open() []*setting {
	return slices.DeleteFunc(s.notebook.holds(), func(h *setting) bool { return h.ended != "" || h.over(s.notebook.next(s.clock)) })
}

// some is a balanced part of what is left, and sometimes more than that.
func (s *scribe) some(left []row) (out []ledger.Posting) {
	for _, currency := range tongues() {
		var sides [2][]row
		var total int64
		for _, r := range left {
			switch {
			case !strings.HasSuffix(r.account, currency.String()):
			case r.debit:
				sides[0], total = append(sides[0], r), total+r.minor
			default:
				sides[1] = append(sides[1], r)
			}
		}
		if len(sides[0]) == 0 || len(sides[1]) == 0 {
			continue
		}
		want := rapid.Int64Range(1, max(1, total)).Draw(s.T, "part")
		if rarely(s.T, "too much", 10) {
			want = total + 1
		}
		out = append(out, fill(sides[0], want, currency)...)
		out = append(out, fill(sides[1], want, currency)...)
	}
	if len(out) == 0 {
		return s.postings()
	}
	if rarely(s.T, "wrong way", 20) {
		for i := range out {
			out[i].Side = ledger.Debit + ledger.Credit - out[i].Side
		}
	}
	return out
}

// fill takes an amount from rows, the first ones first; the last takes what is
// too much.
func fill(rows []row, want int64, currency money.Currency) (out []ledger.Posting) {
	for i, r := range rows {
		part := min(want, r.minor)
		if i == len(rows)-1 {
			part = want
		}
		if want -= part; part == 0 {
			continue
		}
		path, _, _ := strings.Cut(r.account, " ")
		side := ledger.Credit
		if r.debit {
			side = ledger.Debit
		}
		out = append(out, ledger.Posting{Account: path, Side: side, Amount: money.Minor(part), Currency: currency})
	}
	return out
}

func (s *scribe) capture(all, final bool) ledger.Capture {
	hold, left := s.heldKey()
	c := ledger.Capture{Key: s.key(), Hold: hold, Kind: s.kind(), Reference: s.reference(), Metadata: s.metadata(), All: all, Final: final}
	if !all {
		c.Postings = s.some(left)
	}
	if rarely(s.T, "dated", 3) {
		c.ValueDate = s.around(-4, 1)
	}
	return c
}

func (s *scribe) release() ledger.Release {
	hold, _ := s.heldKey()
	return ledger.Release{Key: s.key(), Hold: hold, Kind: draw(s.T, "kind", "", "void"), Reference: s.reference(), Metadata: s.metadata()}
}

func (s *scribe) reversal(all bool) ledger.Reversal {
	r := ledger.Reversal{Key: s.key(), Of: "none", Kind: s.kind(), ValueDate: s.around(-1, 1), Reference: s.reference(), Metadata: s.metadata(), All: all}
	if rarely(s.T, "long ago", 8) {
		r.ValueDate = s.around(-6, -2)
	}
	original := &page{}
	if pages := s.reversible(); len(pages) > 0 && !rarely(s.T, "no original", 20) {
		original = draw(s.T, "original", pages...)
		r.Of, r.Owner = original.key, original.room
	}
	if rarely(s.T, "another owner", 12) {
		r.Owner = "yard"
	}
	if !all {
		r.Postings = s.some(s.notebook.remaining(original))
	}
	return r
}

// reversible lists pages with a key, preferably those that can be taken back.
func (s *scribe) reversible() (out []*page) {
	strict := !rarely(s.T, "any page", 8)
	for _, p := range s.notebook.pages {
		if p.key != "" && (!strict || p.isEntry() && p.act != "reversed") {
			out = append(out, p)
		}
	}
	return out
}
