package config

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
	"github.com/settlex/settlex/payment/sandbox"
)

// The kinds of rail by which something leaves.
const (
	railFile    = "file"
	railSandbox = "sandbox"
)

// Rail says what leaves by a rail.
type Rail struct {
	Rail payment.Rail
	For  []merchant.Scope // as of schedules: the narrowest wins
}

// readRails reads the rails; relative directories start at dir.
func (b *book) readRails(n node, dir string) {
	l := &railList{book: b, dir: dir, ids: make(declared[string]), taken: make(claims), dirs: make(declared[string])}
	for _, item := range n.items() {
		l.read(item.object())
	}
}

// railList is what is known of the rails read so far.
type railList struct {
	*book
	dir   string           // of the file
	ids   declared[string] // of rails
	taken claims
	dirs  declared[string] // that rails have for themselves
}

func (l *railList) read(o *object) {
	id := o.get("id").id()
	terms := netted(o.get("nets"))
	carrier, scopes := l.carrier(o, id)
	kinded := o.get("kind").present()
	o.done()
	if id == "" || !l.ids.add(o.get("id"), id, "rail "+id) {
		return
	}
	if l.rules.Rails == nil {
		l.rules.Rails = make(map[string]payment.RailTerms)
	}
	l.rules.Rails[id] = terms
	if kinded {
		l.taken.add(o.get("for"), id, calendar.Date{}, scopes)
	}
	if carrier != nil {
		l.rails = append(l.rails, Rail{Rail: carrier, For: scopes})
	}
}

// netted reads what a rail takes off what it pays us.
func netted(n node) (terms payment.RailTerms) {
	for _, item := range n.items() {
		what := scan(item, func(s string) (string, error) {
			if s != "refunds" && s != "disputes" {
				return "", fmt.Errorf("%q is neither refunds nor disputes", s)
			}
			return s, nil
		})
		if what == "refunds" && terms.NetsRefunds || what == "disputes" && terms.NetsDisputes {
			item.faultf("%s is there twice", what)
		}
		terms.NetsRefunds = terms.NetsRefunds || what == "refunds"
		terms.NetsDisputes = terms.NetsDisputes || what == "disputes"
	}
	return terms
}

// carrier reads by whom and what leaves by a rail; nil: nothing does, or something
// about it is wrong, and was faulted.
func (l *railList) carrier(o *object, id string) (rail payment.Rail, scopes []merchant.Scope) {
	kind := o.get("kind")
	word := scan(kind, func(s string) (string, error) {
		if s != railFile && s != railSandbox {
			return "", fmt.Errorf("%q is neither %s nor %s", s, railFile, railSandbox)
		}
		return s, nil
	})
	c := iso20022.Config{Name: id}
	sound := l.r.quiet(func() {
		forWhom := o.get("for")
		if kind.present() {
			forWhom = forWhom.required()
		} else if forWhom.present() {
			forWhom.faultf("is of rails with a kind only")
		}
		scopes = l.scopesOf(forWhom, node.maybeID) // merchants may be made by other means than the file
		l.readFiles(o, word, kind.present(), &c)
		if word == railFile {
			l.checkAccounts(o.get("accounts"), scopes, c.Debtors)
		}
	})
	switch {
	case !sound || id == "":
		return nil, scopes
	case word == railSandbox:
		return adopted(o, sandbox.Config{Name: id}, sandbox.New), scopes
	case word == railFile:
		return adopted(o, c, iso20022.New), scopes
	}
	return nil, scopes
}

// readFiles reads what is of rails of kind file only.
func (l *railList) readFiles(o *object, kind string, kinded bool, c *iso20022.Config) {
	sender, zone, out, in := o.get("sender"), o.get("timezone"), o.get("outbox"), o.get("inbox")
	accounts, beneficiaries := o.get("accounts"), o.get("beneficiaries")
	if kind == railFile {
		sender, zone, out, in, accounts = sender.required(), zone.required(), out.required(), in.required(), accounts.required()
	}
	if c.Sender = sender.text(); c.Sender != "" && iso20022.Clean(c.Sender, 140) == "" {
		sender.faultf("%q has nothing that banks take", c.Sender)
	}
	c.Zone = zone.zone()
	c.Outbox, c.Inbox = l.directory(out), l.directory(in)
	c.Debtors = readParties(accounts, "bank", l.bankOf, node.required)
	c.Creditors = readParties(beneficiaries, "merchant", node.maybeID, func(n node) node { return n })
	for _, only := range []node{sender, zone, out, in, accounts, beneficiaries} {
		if only.present() && (kind == railSandbox || !kinded) {
			only.faultf("is of rails of kind %s only", railFile)
		}
	}
}

// checkAccounts wants an account of ours for each region that a rail is for by name.
// Where a wider scope reaches, narrower ones may leave nothing.
func (l *railList) checkAccounts(n node, scopes []merchant.Scope, accounts map[string]payment.Party) {
	told := make(map[string]bool)
	for _, s := range scopes {
		r := l.region(s.Region)
		if r == nil || r.Bank == "" || told[r.ID] || len(accounts) == 0 {
			continue
		}
		if _, there := accounts[r.Bank]; !there {
			told[r.ID] = true
			n.faultf("%s, the bank of region %s, is not there", r.Bank, r.ID)
		}
	}
}

// directory reads one that a rail has for itself, so that no other takes its files.
func (l *railList) directory(n node) string {
	if !n.present() {
		return ""
	}
	dir := filepath.Clean(pathIn(l.dir, n, ""))
	l.dirs.add(n, dir, "directory "+n.text())
	return dir
}

// adopted makes a rail, or faults what the room finds wrong.
func adopted[C any, R payment.Rail](o *object, c C, makeRail func(C) (R, error)) payment.Rail {
	rail, err := makeRail(c)
	if err != nil {
		o.adopt(err)
		return nil
	}
	return rail
}

// readParties reads accounts by a key of theirs.
func readParties(n node, key string, read func(node) string, agent func(node) node) map[string]payment.Party {
	parties := make(map[string]payment.Party)
	for _, item := range n.items() {
		o := item.object()
		var whose string
		var p payment.Party
		sound := n.r.quiet(func() {
			whose = read(o.get(key).required())
			p = payment.Party{Name: o.get("name").required().text(), Account: o.get("account").required().text(), Agent: agent(o.get("agent")).text()}
			o.done()
		})
		if _, twice := parties[whose]; twice && whose != "" {
			item.faultf("%s %s is there twice", key, whose)
		}
		if parties[whose] = p; sound {
			if err := iso20022.CheckParty(p); err != nil {
				item.adopt(err)
			}
		}
	}
	if n.present() && len(parties) == 0 {
		n.adopt(errors.New("names nothing"))
	}
	return parties
}

// bankOf reads the name that a region gives our account.
func (b *book) bankOf(n node) string {
	return scan(n, func(name string) (string, error) {
		for i := range b.rules.Book.Regions {
			if b.rules.Book.Regions[i].Bank == name {
				return name, nil
			}
		}
		return "", fmt.Errorf("no region's bank is called %q", name)
	})
}
