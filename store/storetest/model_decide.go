package storetest

import (
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/ledger"
)

// decide completes a page, or says why it cannot be written.
func (n *notebook) decide(p *page) verdict {
	switch p.act {
	case "posted":
		if n.date(p); p.valued == "" {
			return verdict{reason: ledger.ErrPeriodClosed}
		}
		return n.admit(p)
	case "held":
		if !p.expires.IsZero() && !p.when.Before(p.expires) {
			return verdict{reason: ledger.ErrHoldExpired}
		}
		return n.admit(p)
	case "captured":
		return n.capture(p)
	case "released":
		_, v := n.openHold(p)
		return v
	case "reversed":
		return n.reverse(p)
	case "changed":
		return n.change(p)
	}
	return n.moveClose(p)
}

// date gives a page that moves money its value date, or none.
func (n *notebook) date(p *page) {
	day, closed := p.day, n.closed()
	if day == "" {
		day = p.when.Format(time.DateOnly)
	}
	switch {
	case day > closed:
		p.valued = day
	case p.orFirstOpen:
		p.valued = tomorrow(closed)
	}
}

func tomorrow(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // written by us
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}

// admit asks the accounts, in the order of the rows: whether they exist, then
// their status, then their rules.
func (n *notebook) admit(p *page) verdict {
	rows := together(p.moved)
	for _, r := range rows {
		if !charted(r.account) {
			return verdict{reason: ledger.ErrUnknownAccount}
		}
	}
	for _, r := range rows {
		if s := n.status(r.account); s == "frozen" || s == "closed" || s == "no_debit" && r.debit {
			return verdict{reason: ledger.ErrAccountStatus, account: r.account}
		}
	}
	for _, r := range rows {
		v := n.stops(r, p.when)
		if v.reason != nil && !unstoppable(r.account, p.kind) {
			return v
		}
		p.breached = p.breached || v.reason != nil
	}
	return verdict{}
}

// openHold finds the hold a page is about, if anything can be done with it.
func (n *notebook) openHold(p *page) (*setting, verdict) {
	holds := n.holds()
	at := slices.IndexFunc(holds, func(s *setting) bool { return s.key == p.of })
	if at < 0 {
		return nil, verdict{reason: ledger.ErrNotFound}
	}
	hold := holds[at]
	switch {
	case hold.ended == "captured":
		return nil, verdict{reason: ledger.ErrHoldCaptured}
	case hold.ended == "released":
		return nil, verdict{reason: ledger.ErrHoldReleased}
	case hold.ended == "expired" || hold.over(p.when):
		return nil, verdict{reason: ledger.ErrHoldExpired}
	}
	return hold, verdict{}
}

func (n *notebook) capture(p *page) verdict {
	hold, v := n.openHold(p)
	if v.reason != nil {
		return v
	}
	if n.date(p); p.valued == "" {
		return verdict{reason: ledger.ErrPeriodClosed}
	}
	var left []row
	for _, l := range hold.legs {
		if l.minor = l.left(); l.minor > 0 {
			left = append(left, l.row)
		}
	}
	_, placed := n.find(p.of)
	p.room, p.breached = hold.owner, placed.breached
	if p.all {
		p.moved = left
	} else if v := p.exceeds(left, ledger.ErrExceedsHold); v.reason != nil {
		return v
	}
	for _, l := range hold.legs {
		if s := n.status(l.account); s == "frozen" || s == "closed" {
			return verdict{reason: ledger.ErrAccountStatus, account: l.account}
		}
	}
	return verdict{}
}

// exceeds looks for the first account on which a page wants more than is left.
func (p *page) exceeds(left []row, reason error) verdict {
	for _, want := range together(p.moved) {
		var has int64
		for _, l := range left {
			if l.account == want.account && l.debit == want.debit {
				has = l.minor
			}
		}
		if want.minor > has {
			return verdict{reason: reason, account: want.account, has: has}
		}
	}
	return verdict{}
}

func (n *notebook) reverse(p *page) verdict {
	_, original := n.find(p.of)
	switch {
	case original == nil || original.act == "refused":
		return verdict{reason: ledger.ErrNotFound}
	case original.act == "reversed" || !original.isEntry() || original.room != p.owner:
		return verdict{reason: ledger.ErrNotReversible}
	}
	left := n.remaining(original)
	if len(left) == 0 {
		return verdict{reason: ledger.ErrReversed}
	}
	if p.all {
		p.moved = left
	} else if v := p.exceeds(left, ledger.ErrExceedsEntry); v.reason != nil {
		return v
	}
	if n.date(p); p.valued == "" {
		return verdict{reason: ledger.ErrPeriodClosed}
	}
	return n.admit(p)
}

func (n *notebook) change(p *page) verdict {
	if !charted(p.account) {
		return verdict{reason: ledger.ErrUnknownAccount}
	}
	standing := n.standing(p.account, everything)
	_, _, holds := setAside(n.holds(), p.account)
	if p.status == "closed" && !p.force && (standing != 0 || holds > 0) {
		return verdict{reason: ledger.ErrNotEmpty, account: p.account, has: standing}
	}
	return verdict{}
}

// moveClose lets the close go forward to a day that is over, and a reopening
// back.
func (n *notebook) moveClose(p *page) verdict {
	today, closed := p.when.Format(time.DateOnly), n.closed()
	if p.act == "reopened" && p.through < closed || p.act == "closed" && closed < p.through && p.through < today {
		return verdict{}
	}
	return verdict{reason: ledger.ErrPeriodOrder}
}

// compare holds an assertion against the pages.
func (n *notebook) compare(l letter) verdict {
	counts := everything
	if l.day != "" {
		counts = until(l.day)
	}
	has := n.standing(l.account, counts)
	if l.below {
		has = 0
		path, currency, _ := strings.Cut(l.account, " ")
		for _, account := range n.accounts() {
			if account != l.account && !(strings.HasPrefix(account, path+"/") && strings.HasSuffix(account, " "+currency)) {
				continue
			}
			standing := n.standing(account, counts)
			if !growsByDebit(account) {
				standing = -standing
			}
			has += standing
		}
	}
	if has != l.amount {
		return verdict{reason: ledger.ErrAssertion, account: l.account, has: has, bound: l.amount}
	}
	return verdict{}
}
