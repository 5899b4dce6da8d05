package payment

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// plan is what an event will do: the entries it books, the records it leaves
// and the movements of the merchant's money. Recipes fill it; it touches
// nothing itself, so a command can make it once to declare its needs and once
// more to apply it.
type plan struct {
	state    *ledger.State
	rules    *Rules
	event    *Event
	batch    string // of payouts, that the event came in
	repeated bool   // the event is a repetition and does nothing
	turned   string // ends the keys of its entries

	merchant *merchant.Merchant
	scope    merchant.Scope
	bank     string
	inputTax string

	entries []ledger.Entry
	records []ledger.Record
	deletes []ledger.Ref
	items   []plannedItem
	lines   []plannedLine
	news    []event.Event
	holds   []holdChange
	follows *Event // what the rules have happen then, in the same transaction

	following bool // the event follows so from another one: nobody reported it
}

// plannedItem is a movement that waits for the sequence of its entry.
type plannedItem struct {
	entry    int // index in entries
	schedule *merchant.Schedule
	item     Item
}

// locate finds the merchant and region of the event. mayCreate allows a
// merchant to come into being.
func (p *plan) locate(id string, mayCreate bool) error {
	m, _ := p.state.Record(MerchantRef(id)).(*Merchant)
	if m == nil {
		if !mayCreate || !p.rules.CreateMerchants {
			return &FieldError{FieldMerchant, fmt.Errorf("%q: %w", id, ErrUnknownMerchant)}
		}
		m = NewMerchant(id, merchant.Terms{}, sourceKind(p.event.Kind)+"/"+p.event.ID, p.event.OccurredAt)
		news, err := m.news(nil)
		if err != nil {
			return err
		}
		p.records, p.news = append(p.records, m), append(p.news, news)
	}
	p.merchant = &m.Merchant
	var err error
	if p.scope, err = p.rules.Book.Case(p.merchant, p.event.Currency, p.event.Method); err != nil {
		return &FieldError{FieldCurrency, err}
	}
	return p.place(p.merchant)
}

// place finds the region's bank account.
func (p *plan) place(m *merchant.Merchant) error {
	region, err := p.rules.Book.Region(m, p.event.Currency)
	if err != nil {
		return &FieldError{FieldCurrency, err}
	}
	p.bank, p.inputTax = region.Bank, region.InputTax
	return nil
}

// post adds an entry. Postings of amount zero are left out; an entry of which
// nothing is left is not booked. The result is its index, or -1.
func (p *plan) post(kind, step string, partOf int, postings ...ledger.Posting) int {
	entry := ledger.Entry{
		Key:         p.key(step),
		Kind:        kind,
		Reference:   p.event.RailRef,
		ValueDate:   p.valueDate(),
		Owner:       Owner,
		OrFirstOpen: true,
	}
	if partOf >= 0 {
		entry.PartOf = p.entries[partOf].Key
	}
	for _, posting := range postings {
		if !posting.Amount.IsZero() {
			entry.Postings = append(entry.Postings, posting)
		}
	}
	if len(entry.Postings) == 0 {
		return -1
	}
	p.entries = append(p.entries, entry)
	return len(p.entries) - 1
}

// key is the business key of an entry: kind of source, its id, the step.
func (p *plan) key(step string) string {
	return sourceKind(p.event.Kind) + "/" + p.event.ID + "/" + step + p.turned
}

// turn gives what happens to a resource that had failed or was canceled before keys of
// its own: they end with how many steps it had.
func (p *plan) turn(l *Life) {
	if slices.ContainsFunc(l.Steps, func(s Step) bool { return s.Status == Failed || s.Status == Canceled }) {
		p.turned = "/" + strconv.Itoa(len(l.Steps))
	}
}

func sourceKind(k Kind) string {
	if t := tableOf(k); t != nil {
		return t.resource
	}
	return ""
}

// valueDate is the date of the fact in UTC.
func (p *plan) valueDate() calendar.Date { return DateUTC(p.event.OccurredAt) }

func (p *plan) dr(account string, amount money.Amount) ledger.Posting {
	return ledger.Dr(account, amount, p.event.Currency)
}

func (p *plan) cr(account string, amount money.Amount) ledger.Posting {
	return ledger.Cr(account, amount, p.event.Currency)
}

// taxes makes one posting for each tax code.
func (p *plan) taxes(side func(string, money.Amount) ledger.Posting, lines []fees.TaxLine) []ledger.Posting {
	var postings []ledger.Posting
	for _, line := range lines {
		postings = append(postings, side(taxPath(line.Code), line.Amount))
	}
	return postings
}

// charge takes a fee and its tax out of an account of the merchant.
func (p *plan) charge(kind, step string, partOf int, from, income string, fee *fees.Fee) {
	postings := []ledger.Posting{p.dr(from, fee.Fee), p.cr(income, fee.Fee)}
	for _, line := range fee.Taxes {
		postings = append(postings, p.dr(from, line.Amount), p.cr(taxPath(line.Code), line.Amount))
	}
	p.post(kind, step, partOf, postings...)
}

// giveBack returns a fee and its tax to the merchant's available balance.
func (p *plan) giveBack(step string, partOf int, income string, fee money.Amount, taxes []fees.TaxLine) (total money.Amount, err error) {
	return p.giveBackTo(AvailablePath(p.merchant.ID), step, partOf, income, fee, taxes)
}

// giveBackTo is giveBack into another account than what is available.
func (p *plan) giveBackTo(to, step string, partOf int, income string, fee money.Amount, taxes []fees.TaxLine) (total money.Amount, err error) {
	if total, err = withTaxes(fee, taxes); err != nil {
		return total, err
	}
	postings := append([]ledger.Posting{p.dr(income, fee)}, p.taxes(p.dr, taxes)...)
	p.post(EntryFeeReturned, step, partOf, append(postings, p.cr(to, total))...)
	return total, nil
}

func withTaxes(fee money.Amount, taxes []fees.TaxLine) (money.Amount, error) {
	amounts := []money.Amount{fee}
	for _, line := range taxes {
		amounts = append(amounts, line.Amount)
	}
	return money.Sum(amounts...)
}

// move adds a movement of the merchant's money, caused by an entry. Net is
// computed; the caller gives the signed parts.
func (p *plan) move(entry int, category Category, typ string, source *Facts, item Item) error {
	pin, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	if item.Window, item.Manual = pin, manual(schedule); !item.Manual {
		item.MaturesOn = calendar.Date{}
	}
	item.Merchant, item.Currency = p.merchant.ID, p.event.Currency
	item.OccurredAt = p.event.OccurredAt
	item.Category, item.Type = category, typ
	item.SourceID, item.ParentID, item.OrderID = source.ID, source.Parent, source.OrderID
	item.Method, item.Rail, item.RailRef, item.BankRef = source.Method, source.Rail, source.RailRef, source.BankRef
	if item.ReasonCode = p.event.ReasonCode; item.ReasonCode == "" {
		item.ReasonCode = source.ReasonCode
	}
	if item.Net, err = money.Sum(item.Gross, item.Fee, item.Tax, item.Withholding, item.Reserve); err != nil {
		return err
	}
	p.items = append(p.items, plannedItem{entry: entry, schedule: schedule, item: item})
	return nil
}

// take gives an event's record of one kind by id.
func take[T any](s *ledger.State, kind, id string) *T {
	record, _ := any(s.Record(ledger.Ref{Kind: kind, ID: id})).(*T)
	return record
}

// unknown makes the error for a resource that is not there.
func unknown(f Field, kind, id string) error {
	return &FieldError{f, fmt.Errorf("%s %q is %w", kind, id, ErrUnknown)}
}

// agree holds what a later event of a resource says about it against what is
// known: the recipes go by the latter, so a contradiction must not pass.
func (p *plan) agree(f *Facts) error {
	e := p.event
	partly := e.Kind == DisputeWon || e.Kind == DisputeDebited || e.Kind == DisputeCredited
	if !e.Amount.IsZero() && e.Amount != f.Amount && !partly {
		return differs(FieldAmount, f.Currency.Format(f.Amount), f.Currency.Format(e.Amount))
	}
	derived := strings.ToLower(e.Method) // by Normalize, where the event names no rail
	for _, c := range []struct {
		field    Field
		was, now string
	}{
		{FieldMethod, f.Method, e.Method}, {FieldRail, f.Rail, e.Rail}, {FieldBrand, f.Brand, e.Brand}, {FieldFunding, f.Funding, e.Funding},
		{FieldBorder, f.Border, e.Border},
		{FieldOrderID, f.OrderID, e.OrderID}, {FieldParent, f.Parent, e.Parent},
	} {
		if c.now != "" && c.now != c.was && (c.field != FieldRail || c.now != derived) {
			return differs(c.field, c.was, c.now)
		}
	}
	return nil
}

// inherit completes a later event of a resource from what is known about it;
// figures the event repeats must agree.
func (p *plan) inherit(f *Facts) error {
	e := *p.event
	if e.Merchant != "" && e.Merchant != f.Merchant {
		return differs(FieldMerchant, f.Merchant, e.Merchant)
	}
	if !e.Currency.IsZero() && e.Currency != f.Currency {
		return differs(FieldCurrency, f.Currency.String(), e.Currency.String())
	}
	e.Merchant, e.Currency = f.Merchant, f.Currency
	e.Method, e.Rail = cmp.Or(f.Method, e.Method), cmp.Or(f.Rail, e.Rail) // the event's rail may only follow from its method
	e.Brand, e.Funding, e.Border = cmp.Or(e.Brand, f.Brand), cmp.Or(e.Funding, f.Funding), cmp.Or(e.Border, f.Border)
	p.event = &e
	return nil
}
