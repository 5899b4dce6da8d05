package config

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

// A book is what the sections of a file become. They are read in an order in
// which whatever one refers to has been read before.
type book struct {
	r         *reader
	calendars map[string]*calendar.Calendar // those of the file, nil if wrong, and shipped ones once used
	// ownCalendars are those of the file, in its order.
	ownCalendars []*calendar.Calendar
	taxes        map[string]fees.Tax
	taxIDs       []string        // of the file, in its order
	taxesUsed    map[string]bool // that a fee schedule names
	rules        payment.Rules
	nodes        map[string]node // of regions, by id
	fx           map[int]node    // of the terms of schedules that pay in another currency, by their place
	merchants    []merchant.Merchant
	index        map[string]int // of merchants, by id
	feeds        []feed.Mapping
	chart        *ledger.Chart
	rails        []Rail
	// quoted: there is a file of quotes.
	quoted bool
	// doubtful: which movements fee schedules or settlement schedules are meant
	// for was not read in full, so what is missing cannot be said.
	doubtful struct{ fees, schedules bool }
	sections map[string]node // that are read in the place of the file's own
}

func newBook(r *reader) *book {
	return &book{
		r: r, calendars: make(map[string]*calendar.Calendar), taxes: make(map[string]fees.Tax), taxesUsed: make(map[string]bool), index: make(map[string]int),
		nodes: make(map[string]node), fx: make(map[int]node),
		rules: payment.Rules{Book: new(merchant.Book)},
	}
}

func (b *book) read(root *object) {
	b.section(root, "calendars", b.readCalendars)
	b.readRegions(root.get("regions").required())
	b.readMerchants(root.get("merchants"))
	b.rules.CreateMerchants = b.readUnknown(root.get("unknown_merchants"))
	b.readApproveAbove(root.get("approve_above"))
	b.section(root, "schedules", func(n node) { b.readSchedules(n.required()) })
	b.section(root, "taxes", b.readTaxes)
	b.section(root, "fees", func(n node) { b.readFees(n.required()) })
	b.section(root, "reserves", b.readReserves)
	b.readDeposits(root.get("deposits"))
	b.readWithholding(root.get("withholding"))
	b.readPayouts(root.get("payouts"))
	b.readRails(root.get("rails"), filepath.Dir(b.r.file))
	b.readRefunds(root.get("refunds"))
	b.readAccounts(root.get("accounts"))
	b.readFeeds(root.get("feeds"))
	b.checkReach()
	if !b.r.faulty() {
		b.checkWhole()
	}
}

// checkWhole has the rooms look at the whole once more: what they refuse
// together, and was not found where it stands in the file.
func (b *book) checkWhole() {
	for _, err := range leaves(errors.Join(b.rules.Book.Validate(), b.rules.Fees.Validate())) {
		b.r.fault(place{1, 1}, "", err)
	}
}

// readUnknown reads what to do with a merchant nobody has set up.
func (b *book) readUnknown(n node) (create bool) {
	return scan(n, func(s string) (bool, error) {
		if s != feed.RejectMerchant && s != feed.CreateMerchant {
			return false, fmt.Errorf("%q is neither %s nor %s", s, feed.RejectMerchant, feed.CreateMerchant)
		}
		return s == feed.CreateMerchant, nil
	})
}

// readApproveAbove reads up to which amounts whoever asks for an adjustment decides
// alone, one for each currency.
func (b *book) readApproveAbove(n node) {
	for _, item := range n.items() {
		amount, currency := item.price()
		if amount == nil {
			continue
		}
		if _, twice := b.rules.ApproveAbove[currency]; twice {
			item.faultf("%s is there twice", currency)
			continue
		}
		if b.rules.ApproveAbove == nil {
			b.rules.ApproveAbove = make(map[money.Currency]money.Amount)
		}
		b.rules.ApproveAbove[currency] = *amount
	}
}

// region finds a region of the file.
func (b *book) region(id string) *merchant.Region {
	for i := range b.rules.Book.Regions {
		if r := &b.rules.Book.Regions[i]; r.ID == id {
			return r
		}
	}
	return nil
}

// regionOf reads the id of a region that the file has.
func (b *book) regionOf(n node) string {
	return scan(n, func(id string) (string, error) {
		if b.region(id) == nil {
			return "", fmt.Errorf("no region %q is in the file", id)
		}
		return id, nil
	})
}

// merchant finds a merchant of the file.
func (b *book) merchant(id string) *merchant.Merchant {
	if i, ok := b.index[id]; ok {
		return &b.merchants[i]
	}
	return nil
}

// merchantOf reads the id of a merchant that the file has.
func (b *book) merchantOf(n node) string {
	return scan(n, func(id string) (string, error) {
		if b.merchant(id) == nil {
			return "", fmt.Errorf("no merchant %q is in the file", id)
		}
		return id, nil
	})
}

// currencies lists those of all regions.
func (b *book) currencies() []money.Currency {
	var all []money.Currency
	for _, r := range b.rules.Book.Regions {
		all = append(all, r.Currencies...)
	}
	return all
}

// declared remembers where something that must be there once was first.
type declared[K comparable] map[K]place

// add notes a key and tells whether it is new; it is a fault if not.
func (d declared[K]) add(n node, key K, text string) bool {
	if first, twice := d[key]; twice {
		n.faultf("%s is there twice, first on line %d", text, first.line)
		return false
	}
	d[key] = n.at
	return true
}
