package storetest

import (
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
)

// ruling is the rules an account stands under, and since which page each of
// its speeds has been counted.
type ruling struct {
	rules
	since []int
}

// ruling follows the rules of an account from the page that opened it. One that
// no page has opened yet would be opened by the next.
func (n *notebook) ruling(account string) ruling {
	var now ruling
	opened := false
	for i, p := range n.pages {
		if _, touched := p.on(account); !opened && (touched || p.act == "changed" && p.account == account) {
			now, opened = ruling{}.renewed(atFirst(account), i+1), true
		}
		if p.act == "changed" && p.account == account && p.rules != nil {
			now = now.renewed(*p.rules, i+1)
		}
	}
	if !opened {
		return ruling{}.renewed(atFirst(account), len(n.pages)+1)
	}
	return now
}

// renewed sets new rules: a speed that was there goes on counting.
func (r ruling) renewed(to rules, number int) ruling {
	next := ruling{rules: to}
	for _, s := range to.speeds {
		since := number
		if was := slices.IndexFunc(r.speeds, s.same); was >= 0 {
			since = r.since[was]
		}
		next.since = append(next.since, since)
	}
	return next
}

// counts tells whether what happened at an instant still counts at another: a
// speed's time goes by in sixtieths, and the sixtieth it began in counts whole.
func (s speed) counts(then, now time.Time) bool {
	sixtieth := s.within / 60
	return now.Truncate(sixtieth).Sub(then.Truncate(sixtieth)) <= s.within
}

// flowed adds up what counts against a speed: what was posted, and holds from
// the moment they were placed. What a hold gave back never flowed.
func (n *notebook) flowed(account string, s speed, since int, now time.Time) (total int64) {
	add := func(p *page, plus int64) {
		if plus == 0 || (plus < 0) != s.out || !s.counts(p.when, now) {
			return
		}
		switch {
		case s.number:
			total++
		default:
			total += max(plus, -plus)
		}
	}
	for i, p := range n.pages {
		if i+1 >= since && (p.act == "posted" || p.act == "reversed") {
			plus, _ := p.on(account)
			add(p, plus)
		}
	}
	for _, hold := range n.holds() {
		if hold.number < since || hold.ended != "" && hold.nothing(func(l leg) int64 { return l.taken }) {
			continue
		}
		for _, l := range hold.legs {
			if l.account != account {
				continue
			}
			if hold.ended != "" && !s.number {
				l.minor = l.taken
			}
			add(hold.page, l.plus())
		}
	}
	return total
}

// stops tells which rule of its account a row would break.
func (n *notebook) stops(r row, now time.Time) (v verdict) {
	rule, plus := n.ruling(r.account), r.plus()
	standing := n.standing(r.account, everything)
	out, in, _ := setAside(n.holds(), r.account)
	switch {
	case plus < 0 && rule.limited && standing-out+plus < rule.floor:
		return verdict{reason: ledger.ErrInsufficientFunds, account: r.account, has: standing - out, bound: rule.floor}
	case plus > 0 && rule.capped && standing+in+plus > rule.ceiling:
		return verdict{reason: ledger.ErrCeiling, account: r.account, has: standing + in, bound: rule.ceiling}
	}
	for i, s := range rule.speeds {
		more := max(plus, -plus)
		if s.number {
			more = 1
		}
		if s.out != (plus < 0) {
			continue
		}
		if has := n.flowed(r.account, s, rule.since[i], now); has+more > s.most {
			return verdict{reason: ledger.ErrVelocity, account: r.account, has: has, bound: s.most}
		}
	}
	return verdict{}
}
