package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// letter is a request as the bookkeeper reads it: words, dates and whole
// numbers.
type letter struct {
	act                                           string // what it would be on a page; "asserted" never gets there
	key, kind, reference, partOf, owner, metadata string
	names                                         []string // of the metadata
	day                                           string   // value date asked for; empty: none
	of                                            string   // hold or entry it is about
	all, final, orFirstOpen                       bool
	rows                                          []row
	expires                                       time.Time
	through                                       string // last closed day afterwards; empty: none

	account   string // that is to be changed, or that an assertion is about
	status    string // empty: as it is
	notes     *string
	rules     *rules
	force     bool
	below     bool  // assertion: the account and all below it
	amount    int64 // assertion
	malformed bool  // a value that no page could ever show
}

// row is a posting.
type row struct {
	account string // path and currency
	debit   bool
	minor   int64
}

// plus is what a row adds to its account, as the account grows.
func (r row) plus() int64 {
	if r.debit == growsByDebit(r.account) {
		return r.minor
	}
	return -r.minor
}

// rules are an account's limits.
type rules struct {
	limited bool
	floor   int64
	capped  bool
	ceiling int64
	speeds  []speed
}

// speed is how much may flow one way within a time.
type speed struct {
	within time.Duration
	out    bool
	number bool // counts how often, not how much
	most   int64
}

func (s speed) same(o speed) bool {
	return s.within == o.within && s.out == o.out && s.number == o.number
}

// readLetter writes down what a request says.
func readLetter(r ledger.Request) letter {
	switch r := r.(type) {
	case ledger.Entry:
		l := letter{act: "posted", key: r.Key, kind: r.Kind, reference: r.Reference, partOf: r.PartOf, owner: r.Owner, orFirstOpen: r.OrFirstOpen}
		return l.dated(r.ValueDate).noted(r.Metadata).with(r.Postings)
	case ledger.Hold:
		l := letter{act: "held", key: r.Key, kind: r.Kind, reference: r.Reference, owner: r.Owner, expires: r.Expires}
		return l.noted(r.Metadata).with(r.Postings)
	case ledger.Capture:
		l := letter{act: "captured", key: r.Key, kind: r.Kind, reference: r.Reference, of: r.Hold, all: r.All, final: r.Final}
		return l.dated(r.ValueDate).noted(r.Metadata).with(r.Postings)
	case ledger.Release:
		return letter{act: "released", key: r.Key, kind: r.Kind, reference: r.Reference, of: r.Hold}.noted(r.Metadata)
	case ledger.Reversal:
		l := letter{act: "reversed", key: r.Key, kind: r.Kind, reference: r.Reference, owner: r.Owner, of: r.Of, all: r.All}
		return l.dated(r.ValueDate).noted(r.Metadata).with(r.Postings)
	case ledger.AccountChange:
		return readChange(r)
	case ledger.PeriodChange:
		l := letter{act: "closed", key: r.Key, kind: r.Kind, reference: r.Reference}
		if r.Reopen {
			l.act = "reopened"
		}
		l.through = dayOf(r.Through)
		return l
	case ledger.Assertion:
		l := letter{act: "asserted", account: r.Account + " " + r.Currency.String(), below: r.Subtree}
		l.amount, _ = r.Amount.Int64()
		return l.dated(r.On)
	}
	panic(fmt.Sprintf("a letter nobody can read: %T", r))
}

func readChange(r ledger.AccountChange) letter {
	l := letter{act: "changed", key: r.Key, kind: r.Kind, reference: r.Reference, account: r.Account + " " + r.Currency.String(), force: r.Force}
	if r.Status != 0 {
		l.status = r.Status.String()
		l.malformed = r.Status > ledger.AccountClosed
	}
	if r.Metadata != nil {
		noted := letter{}.noted(r.Metadata)
		l.notes, l.names = &noted.metadata, noted.names
	}
	if r.Limits != nil {
		l.rules = &rules{limited: r.Limits.Limited, floor: minor(r.Limits.Floor), capped: r.Limits.Capped, ceiling: minor(r.Limits.Ceiling)}
		for _, v := range r.Limits.Velocity {
			within := map[ledger.Window]time.Duration{ledger.Hour: time.Hour, ledger.Day: 24 * time.Hour, ledger.Days30: 720 * time.Hour}[v.Per]
			l.rules.speeds = append(l.rules.speeds, speed{within, v.Flow == ledger.Out, v.Measure == ledger.Count, minor(v.Max)})
		}
	}
	return l
}

func minor(a money.Amount) int64 {
	n, _ := a.Int64()
	return n
}

func dayOf(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func (l letter) dated(d calendar.Date) letter {
	l.day = dayOf(d)
	return l
}

func (l letter) noted(metadata []ledger.Attribute) letter {
	lines := make([]string, len(metadata))
	for i, a := range metadata {
		lines[i] = a.Name + "=" + a.Value
		l.names = append(l.names, a.Name)
	}
	slices.Sort(lines)
	l.metadata = strings.Join(lines, "\n")
	return l
}

func (l letter) with(postings []ledger.Posting) letter {
	for _, p := range postings {
		l.rows = append(l.rows, row{p.Account + " " + p.Currency.String(), p.Side == ledger.Debit, minor(p.Amount)})
	}
	return l
}

// differs names the first thing in which a letter says something else than an
// earlier one of the same key; taken is the day the earlier one was given.
func (l letter) differs(was letter, taken string) string {
	switch {
	case l.act != was.act:
		return "act"
	case l.kind != was.kind:
		return "kind"
	case l.reference != was.reference:
		return "reference"
	case l.day != taken && l.day != "": // no day means: the day it was given
		return "value date"
	case l.partOf != was.partOf:
		return "part of"
	case l.owner != was.owner:
		return "owner"
	case l.metadata != was.metadata:
		return "metadata"
	case l.of != was.of:
		return "of"
	case l.all != was.all:
		return "all"
	case l.final != was.final:
		return "final"
	case !l.expires.Equal(was.expires):
		return "expires"
	case l.through != was.through:
		return "through"
	case l.changeText() != was.changeText():
		return "change"
	case len(l.rows) != len(was.rows):
		return "number of postings"
	}
	for i := range l.rows {
		if l.rows[i] != was.rows[i] {
			return fmt.Sprintf("posting %d", i)
		}
	}
	return ""
}

func (l letter) changeText() string {
	text := l.account + "|" + l.status + "|" + fmt.Sprint(l.force)
	if l.notes != nil {
		text += "|notes " + *l.notes
	}
	if l.rules != nil {
		text += fmt.Sprintf("|rules %+v", *l.rules)
	}
	return text
}
