package storetest

import (
	"slices"
	"strings"
)

// sound tells whether a letter makes sense at all, whatever the books say.
func (l letter) sound() bool {
	switch {
	case l.malformed || !named(l.account, l.act != "changed" && l.act != "asserted"):
		return false
	case l.act == "asserted":
		return true
	case l.key == "" || len(l.key) > 255 || len(l.kind) > 64 || len(l.reference) > 255 || l.partOf == l.key:
		return false
	case repeats(l.names) || slices.Contains(l.names, ""):
		return false
	}
	switch l.act {
	case "posted", "held":
		return l.kind != "" && balanced(l.rows)
	case "captured", "reversed":
		whole := l.all && len(l.rows) == 0 || !l.all && balanced(l.rows)
		return whole && l.kind != "" && l.of != "" && (l.act == "captured" || l.day != "")
	case "released":
		return l.of != ""
	case "changed":
		return l.soundChange()
	}
	return l.act == "reopened" || l.through != ""
}

func (l letter) soundChange() bool {
	if l.status == "" && l.notes == nil && l.rules == nil || l.force && l.status != "closed" {
		return false
	}
	if l.rules == nil {
		return true
	}
	r := l.rules
	for i, s := range r.speeds {
		if s.within == 0 || s.most < 0 || slices.ContainsFunc(r.speeds[:i], s.same) {
			return false
		}
	}
	return (r.limited || r.floor == 0) && (r.capped || r.ceiling == 0) && (!r.limited || !r.capped || r.floor <= r.ceiling)
}

// named tells whether an account is written as one can be: a path without gaps
// and a currency.
func named(account string, mayBeNone bool) bool {
	if account == "" {
		return mayBeNone
	}
	path, currency, _ := strings.Cut(account, " ")
	return currency != "" && !slices.Contains(strings.Split(path, "/"), "")
}

func repeats(names []string) bool {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return true
		}
	}
	return false
}

// balanced: at least two rows of positive amounts, no account on both sides,
// and what is debited is credited.
func balanced(rows []row) bool {
	sums, sides := map[string]int64{}, map[string]bool{}
	for _, r := range rows {
		if r.minor <= 0 || !named(r.account, false) {
			return false
		}
		if side, met := sides[r.account]; met && side != r.debit {
			return false
		}
		sides[r.account] = r.debit
		_, currency, _ := strings.Cut(r.account, " ")
		if r.debit {
			sums[currency] += r.minor
		} else {
			sums[currency] -= r.minor
		}
	}
	for _, sum := range sums {
		if sum != 0 {
			return false
		}
	}
	return len(rows) >= 2
}
