package history

import (
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// account is one that a journal names.
type account struct {
	place      // of its first mention
	name       string
	path       string      // ours; empty: it cannot have one
	kind       ledger.Type // zero: not known
	declared   bool
	used       bool // by a posting
	opened     calendar.Date
	closed     calendar.Date
	currencies []string
}

// maxPath is how long an account's path may be.
const maxPath = 255

// Path is the path of the account that a journal of somebody else's names: ':'
// becomes '/', letters and digits of ASCII, '.', '-' and '_' stay, a space
// becomes '_', and every other byte '-' and two hexadecimal digits: "Assets:Café
// Bar" is Assets/Caf-C3-A9_Bar. Names that would share a path keep a journal
// out.
func Path(name string) string {
	var out []byte
	for i, segment := range strings.Split(name, ":") {
		if i > 0 {
			out = append(out, '/')
		}
		if segment == "." || segment == ".." {
			out = append(out, strings.Repeat("-2E", len(segment))...)
			continue
		}
		for _, b := range []byte(segment) {
			switch {
			case isLower(b) || isUpper(b) || isDigit(b) || b == '.' || b == '-' || b == '_':
				out = append(out, b)
			case b == ' ':
				out = append(out, '_')
			default:
				out = fmt.Appendf(out, "-%02X", b)
			}
		}
	}
	return string(out)
}

// mention notes an account's first place.
func (j *Journal) mention(at place, name string) *account {
	a := j.accounts[name]
	if a == nil {
		a = &account{place: at, name: name}
		j.accounts[name] = a
	}
	return a
}

// inOrder lists the accounts in the order of the journal.
func (j *Journal) inOrder() []*account {
	all := make([]*account, 0, len(j.accounts))
	for _, a := range j.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *account) int {
		if c := a.compare(b.place); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	return all
}

// settle gives accounts their paths and types.
func (j *Journal) settle(r *reading) {
	paths := make(map[string]*account)
	for _, a := range j.inOrder() {
		if j.options.Format == plaintext.Beancount && a.opened.IsZero() && !r.auto {
			j.faults.add(a.place, "account %s is not opened", shown(a.name))
		}
		if !a.used && !a.declared {
			continue // only asserted or closed
		}
		if err := j.locate(r, a); err != nil {
			j.faults.add(a.place, "%v", err)
			continue
		}
		if other := paths[a.path]; other != nil {
			j.faults.add(a.place, "accounts %q and %q would both be %s", other.name, a.name, a.path)
			a.path = ""
			continue
		}
		paths[a.path] = a
		if a.kind == 0 && a.used {
			j.faults.add(a.place, "account %q has no type: neither its root nor a directive says one", shown(a.name))
		}
	}
}

// locate finds an account's path and type.
func (j *Journal) locate(r *reading, a *account) (err error) {
	if r.own {
		var kind ledger.Type
		if kind, a.path, err = plaintext.ParseAccountName(j.options.Format, a.name); err != nil {
			return err
		}
		if Path(strings.ReplaceAll(a.path, "/", ":")) != a.path {
			a.path = ""
			return fmt.Errorf("%w: account %q", plaintext.ErrBadName, shown(a.name))
		}
		if kind != 0 {
			a.kind = kind
		}
	} else {
		a.path = Path(a.name)
	}
	if len(a.path) > maxPath {
		err = fmt.Errorf("account %q would have a path of %d bytes, at most %d are allowed", shown(a.name), len(a.path), maxPath)
		a.path = ""
		return err
	}
	if kind := j.kindOf(r, a); kind != 0 {
		a.kind = kind
	}
	return nil
}

// kindOf asks the options, then declarations, the account's own or the nearest
// above, then the root.
func (j *Journal) kindOf(r *reading, a *account) ledger.Type {
	for name, more := a.name, true; more; name, more = above(name) {
		if kind := j.options.Types[name]; kind != 0 {
			return kind
		}
	}
	if j.options.Format == plaintext.Beancount {
		root, _, _ := strings.Cut(a.name, ":")
		return r.rootKind(root)
	}
	for name, more := a.name, true; more; name, more = above(name) {
		if other := j.accounts[name]; other != nil && j.kinds[name] != 0 {
			return j.kinds[name]
		}
	}
	root, _, _ := strings.Cut(a.name, ":")
	switch strings.ToLower(root) {
	case "asset", "assets":
		return ledger.Asset
	case "debt", "debts", "liability", "liabilities":
		return ledger.Liability
	case "equity":
		return ledger.Equity
	case "income", "incomes", "revenue", "revenues":
		return ledger.Income
	case "expense", "expenses":
		return ledger.Expense
	}
	return 0
}

// above is the name of the account that holds this one.
func above(name string) (string, bool) {
	i := strings.LastIndexByte(name, ':')
	if i < 0 {
		return "", false
	}
	return name[:i], true
}

// declare notes what a directive says of an account.
func (j *Journal) declare(d declaration) {
	a := j.mention(d.place, d.account)
	if d.kind != 0 {
		if was := j.kinds[d.account]; was != 0 && was != d.kind {
			j.faults.add(d.place, "account %s was of type %s", shown(d.account), was)
		}
		j.kinds[d.account] = d.kind
	}
	if !d.closed.IsZero() {
		a.closed = d.closed
		return
	}
	if !d.opened.IsZero() && !a.opened.IsZero() {
		j.faults.add(d.place, "account %s is opened a second time", shown(d.account))
	}
	a.declared = true
	a.opened, a.currencies = d.opened, d.currencies
}

// commodityUse counts amounts in a commodity.
type commodityUse struct {
	place
	amounts int
}

// currencyOf finds the currency of a commodity; it is no currency if there is
// none, which has been reported.
func (j *Journal) currencyOf(name string) money.Currency { return j.currencies[name] }

// settleCommodities gives commodities their currencies.
func (j *Journal) settleCommodities() {
	for name, use := range j.commodities {
		if c, ok := j.options.Commodities[name]; ok {
			j.currencies[name] = c
			continue
		}
		code := name
		if said, ok := j.codes[name]; ok {
			code = said
		}
		c, err := money.ParseCurrency(code)
		if err != nil {
			j.faults.add(use.place, "commodity %q is no ISO 4217 currency, and nothing says which it stands for; amounts in it: %d", name, use.amounts)
			continue
		}
		j.currencies[name] = c
	}
}
