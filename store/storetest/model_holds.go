package storetest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// setting is a hold: what its page set aside, and what became of that.
type setting struct {
	*page
	number int    // of its page
	legs   []leg  // one for each account
	ended  string // "captured", "released", "expired"; empty: it is open
	by     int    // number of the page that ended it
}

type leg struct {
	row
	taken int64 // captured of it
}

func (l leg) left() int64 { return l.minor - l.taken }

// over tells that the hold's time is over, written down or not.
func (s *setting) over(now time.Time) bool { return !s.expires.IsZero() && !now.Before(s.expires) }

func (s *setting) nothing(of func(leg) int64) bool {
	return !slices.ContainsFunc(s.legs, func(l leg) bool { return of(l) != 0 })
}

// holds follows every hold from its page to the last.
func (n *notebook) holds() (out []*setting) {
	for i, p := range n.pages {
		if p.act == "held" {
			s := &setting{page: p, number: i + 1}
			for _, r := range together(p.moved) {
				s.legs = append(s.legs, leg{row: r})
			}
			out = append(out, s)
		}
		for _, s := range out {
			if s.key == p.of {
				s.follow(p, i+1)
			}
		}
	}
	return out
}

func (s *setting) follow(p *page, number int) {
	switch p.act {
	case "captured":
		for i := range s.legs {
			for _, r := range p.moved {
				if r.account == s.legs[i].account {
					s.legs[i].taken += r.minor
				}
			}
		}
		if p.final || s.nothing(leg.left) {
			s.ended, s.by = "captured", number
		}
	case "released", "expired":
		s.ended, s.by = p.act, number
	}
}

// setAside adds up what open holds would take from an account and bring to it,
// and counts them.
func setAside(holds []*setting, account string) (out, in int64, number int) {
	for _, s := range holds {
		if s.ended != "" {
			continue
		}
		for _, l := range s.legs {
			switch {
			case l.account != account:
				continue
			case l.plus() < 0:
				out += l.left()
			default:
				in += l.left()
			}
			number++
		}
	}
	return out, in, number
}

// sweep writes down which holds' time is over, the longest first, at most so
// many of them.
func (n *notebook) sweep(clock time.Time, most int) (written int) {
	var due []*setting
	now := n.next(clock)
	for _, s := range n.holds() {
		if s.ended == "" && s.over(now) {
			due = append(due, s)
		}
	}
	slices.SortFunc(due, func(a, b *setting) int { return cmp.Or(a.expires.Compare(b.expires), strings.Compare(a.key, b.key)) })
	due = due[:min(most, len(due))]
	for _, s := range due {
		n.pages = append(n.pages, &page{letter: letter{act: "expired", of: s.key}, when: n.next(clock)})
	}
	if len(due) > 0 {
		n.sittings++
	}
	return len(due)
}
