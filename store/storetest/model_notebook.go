package storetest

import (
	"slices"
	"strings"
	"time"
)

// notebook is how a bookkeeper with pencil and paper would do it: every act
// that was accepted on a page of its own, and whatever has to be known is added
// up from the first page on, each time. It shares no code with the ledger.
type notebook struct {
	pages    []*page
	sittings int // how often the bookkeeper sat down and wrote something
}

// page is one act: what the letter asked for, and what became of it. A page is
// never written on again.
type page struct {
	letter
	when     time.Time
	valued   string // the value date it was given; empty: it moved no money
	moved    []row  // what was posted or set aside
	room     string // that alone may take it back
	breached bool
	refused  verdict // act "refused": what the letter got for an answer
	asked    string  // act "refused": what the letter would have been
}

// isEntry tells whether the page moved money.
func (p *page) isEntry() bool { return p.act == "posted" || p.act == "captured" || p.act == "reversed" }

// on adds up what the page moves, or sets aside, on an account.
func (p *page) on(account string) (plus int64, touched bool) {
	for _, r := range p.moved {
		if r.account == account {
			plus, touched = plus+r.plus(), true
		}
	}
	return plus, touched
}

func (n *notebook) copy() *notebook { return &notebook{slices.Clone(n.pages), n.sittings} }

// next is the instant of whatever is written next: what the clock shows, if it
// shows more than the last page does.
func (n *notebook) next(clock time.Time) time.Time {
	if len(n.pages) == 0 || n.last().when.Before(clock) {
		return clock
	}
	return n.last().when.Add(time.Microsecond)
}

func (n *notebook) last() *page { return n.pages[len(n.pages)-1] }

// find gives the page that took a key, and its number.
func (n *notebook) find(key string) (number int, p *page) {
	for i, p := range n.pages {
		if p.key == key {
			return i + 1, p
		}
	}
	return 0, nil
}

// standing is what was posted on an account, as far as the pages count.
func (n *notebook) standing(account string, counts func(*page) bool) (sum int64) {
	for _, p := range n.pages {
		if p.isEntry() && counts(p) {
			plus, _ := p.on(account)
			sum += plus
		}
	}
	return sum
}

func everything(*page) bool { return true }

func until(day string) func(*page) bool { return func(p *page) bool { return p.valued <= day } }

func bookedBy(when time.Time) func(*page) bool {
	return func(p *page) bool { return !p.when.After(when) }
}

// accounts lists what was ever opened, in order.
func (n *notebook) accounts() (out []string) {
	seen := map[string]bool{}
	open := func(account string) {
		if !seen[account] {
			seen[account] = true
			out = append(out, account)
		}
	}
	for _, p := range n.pages {
		for _, r := range p.moved {
			open(r.account)
		}
		if p.act == "changed" {
			open(p.account)
		}
	}
	return out
}

// closed is the last closed value date; empty: none is.
func (n *notebook) closed() (through string) {
	for _, p := range n.pages {
		if p.act == "closed" || p.act == "reopened" {
			through = p.through
		}
	}
	return through
}

// status is the status an account was last given.
func (n *notebook) status(account string) string {
	status := "open"
	for _, p := range n.pages {
		if p.act == "changed" && p.account == account && p.status != "" {
			status = p.status
		}
	}
	return status
}

// notes is the metadata an account was last given.
func (n *notebook) notes(account string) (notes string) {
	for _, p := range n.pages {
		if p.act == "changed" && p.account == account && p.notes != nil {
			notes = *p.notes
		}
	}
	return notes
}

// together adds rows of the same account up, in order of first use.
func together(rows []row) (out []row) {
	for _, r := range rows {
		at := slices.IndexFunc(out, func(o row) bool { return o.account == r.account })
		if at < 0 {
			out = append(out, r)
		} else {
			out[at].minor += r.minor
		}
	}
	return out
}

// remaining is what has not been taken back of an entry, on the other side.
func (n *notebook) remaining(p *page) (out []row) {
	for _, r := range together(p.moved) {
		r.debit = !r.debit
		for _, back := range n.pages {
			if back.act != "reversed" || back.of != p.key {
				continue
			}
			for _, b := range back.moved {
				if b.account == r.account {
					r.minor -= b.minor
				}
			}
		}
		if r.minor != 0 {
			out = append(out, r)
		}
	}
	return out
}

// statement lists the entries that touch an account in the order they were
// written, or of their value dates.
func (n *notebook) statement(account string, byValue bool) (numbers []int) {
	for i, p := range n.pages {
		if _, touched := p.on(account); touched && p.isEntry() {
			numbers = append(numbers, i+1)
		}
	}
	if byValue {
		slices.SortStableFunc(numbers, func(a, b int) int { return strings.Compare(n.pages[a-1].valued, n.pages[b-1].valued) })
	}
	return numbers
}
