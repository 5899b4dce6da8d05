package payment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// ErrMonthOpen marks an invoice that cannot be issued because its month is not over, or
// that of an earlier month is not issued.
var ErrMonthOpen = errors.New("cannot be issued yet")

// Month is a calendar month. The zero value is none.
type Month struct {
	Year  int
	Month time.Month
}

// MonthOf is the month of a date.
func MonthOf(d calendar.Date) Month {
	year, month, _ := d.YMD()
	return Month{year, month}
}

// ParseMonth reads "2026-03".
func ParseMonth(s string) (Month, error) {
	first, err := calendar.ParseDate(s + "-01")
	if err != nil {
		return Month{}, fmt.Errorf("%q is no month such as 2026-03", s)
	}
	return MonthOf(first), nil
}

// String is "2026-03"; empty for the zero value.
func (m Month) String() string {
	if m == (Month{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m.Year, int(m.Month))
}

// MarshalText writes what String does.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (m *Month) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*m = Month{}
		return nil
	}
	*m, err = ParseMonth(string(text))
	return err
}

// Compare orders months by time.
func (m Month) Compare(other Month) int {
	return cmp.Or(cmp.Compare(m.Year, other.Year), cmp.Compare(m.Month, other.Month))
}

// First is its first date.
func (m Month) First() calendar.Date {
	last := m.Last()
	_, _, days := last.YMD()
	return last.AddDays(1 - days)
}

// Next is the month after it.
func (m Month) Next() Month { return MonthOf(m.Last().AddDays(1)) }

// Last is its last date.
func (m Month) Last() calendar.Date {
	return calendar.DateOf(time.Date(m.Year, m.Month+1, 0, 12, 0, 0, 0, time.UTC), time.UTC)
}

// Statuses of invoices. One is Paid when nothing of it is left.
const (
	InvoiceDraft      Status = "draft"       // its month is not over, or it is not issued
	InvoiceOpen       Status = "open"        // issued, nothing of it is paid
	InvoicePartlyPaid Status = "partly_paid" // some of it is
)

// An Invoice is what a merchant is charged in one currency for one calendar month, by
// the clock of its schedule. It grows line by line while the month lasts; once issued
// it does not change. Charges have the number of an invoice, and what is given back
// that of a credit note: both are numbered without gaps for each region and month.
// Minor units.
type Invoice struct {
	Merchant   string         `json:"merchant"`
	Currency   money.Currency `json:"currency"`
	Month      Month          `json:"month"`
	Region     string         `json:"region"`
	Zone       string         `json:"zone"`                  // where the month begins and ends
	Ends       time.Time      `json:"ends"`                  // first instant after the month, UTC
	Lines      uint64         `json:"lines"`                 // how many InvoiceLines there are
	Charged    money.Amount   `json:"charged"`               // with tax
	Credited   money.Amount   `json:"credited,omitzero"`     // with tax
	PaidBack   money.Amount   `json:"paid_back,omitzero"`    // of Credited, what went to available
	Fee        money.Amount   `json:"fee"`                   // charged less credited, without tax
	Taxes      []InvoiceTax   `json:"taxes,omitempty"`       // by code
	IssuedAt   time.Time      `json:"issued_at,omitzero"`    // UTC; zero: a draft
	Number     string         `json:"number,omitempty"`      // of the invoice, once issued; empty: nothing was charged
	CreditNote string         `json:"credit_note,omitempty"` // of the credit note, once issued; empty: nothing was given back
}

// InvoiceTax is what an invoice has under one tax code, charged less credited.
type InvoiceTax struct {
	Code   string       `json:"code"`
	Base   money.Amount `json:"base"` // the fees that the tax is on
	Amount money.Amount `json:"amount"`
}

// InvoiceLine is one fee that was charged, or, negative, given back. Minor units.
type InvoiceLine struct {
	Merchant   string         `json:"merchant"`
	Currency   money.Currency `json:"currency"`
	Month      Month          `json:"month"` // of the invoice it stands on
	Lane       uint16         `json:"lane"`
	Seq        uint64         `json:"seq"`   // of Entry
	Entry      string         `json:"entry"` // key of the entry that charged it
	BookedAt   time.Time      `json:"booked_at"`
	OccurredAt time.Time      `json:"occurred_at"`
	Type       Kind           `json:"type"`      // the event that charged it
	SourceID   string         `json:"source_id"` // what that happened to
	Deposit    string         `json:"deposit,omitempty"`
	Charge     string         `json:"charge"` // what for: processing_fee, dispute_fee ...
	Fee        money.Amount   `json:"fee"`
	Taxes      []fees.TaxLine `json:"taxes,omitempty"`
	Total      money.Amount   `json:"total"` // Fee and Taxes
	PaidBack   money.Amount   `json:"paid_back,omitzero"`
}

// Ref makes Invoice a ledger.Record: a merchant's invoices in one currency order by month.
func (i *Invoice) Ref() ledger.Ref { return InvoiceRef(i.Merchant, i.Currency, i.Month) }

// InvoiceRef names the invoice of a merchant for a month.
func InvoiceRef(merchantID string, currency money.Currency, m Month) ledger.Ref {
	return ledger.Ref{Kind: InvoiceRecord, ID: ItemPrefix(merchantID, currency) + m.String()}
}

// Ref makes InvoiceLine a ledger.Record: the lines of an invoice order by lane and sequence.
func (l *InvoiceLine) Ref() ledger.Ref {
	return ledger.Ref{Kind: InvoiceLineRecord, ID: fmt.Sprintf("%s%05d/%020d", InvoiceLinePrefix(l.Merchant, l.Currency, l.Month), l.Lane, l.Seq)}
}

// InvoiceLinePrefix is the prefix of the ids of an invoice's lines.
func InvoiceLinePrefix(merchantID string, currency money.Currency, m Month) string {
	return ItemPrefix(merchantID, currency) + m.String() + "/"
}

// Total is what the invoice comes to, charged less credited. Errors: money.ErrOverflow.
func (i *Invoice) Total() (money.Amount, error) { return i.Charged.Sub(i.Credited) }

// Issued tells whether it is issued, and does not change any more.
func (i *Invoice) Issued() bool { return !i.IssuedAt.IsZero() }

// plannedLine is a line that waits for the place of its entry.
type plannedLine struct {
	entry int // index in entries
	line  *InvoiceLine
}

// chargeOf names what a fee is for by the account it is income of.
func chargeOf(income string) string { return strings.TrimPrefix(income, "income/") }

// invoiceLine adds a line to the invoice of the month that it names, or in which its
// entry is booked, or, where that is issued, of the month after the last that is.
func (p *plan) invoiceLine(entry int, line InvoiceLine) error {
	at, month, billing := p.state.Now(), line.Month, p.billing()
	if month != (Month{}) {
		at = p.event.OccurredAt
	}
	zone, err := p.rules.monthZone(p.scope, at)
	if err != nil {
		return err
	}
	if month == (Month{}) {
		month = MonthOf(calendar.DateOf(at, zone))
	}
	if issued := billing.Issued; issued != (Month{}) && month.Compare(issued) <= 0 {
		month = issued.Next()
	}
	for line.Month == (Month{}) && p.invoiceOver(month) {
		month = month.Next()
	}
	line.Merchant, line.Currency, line.Month = p.merchant.ID, p.event.Currency, month
	line.OccurredAt, line.Type, line.SourceID = p.event.OccurredAt, p.event.Kind, p.event.ID
	invoice := &Invoice{
		Merchant: line.Merchant, Currency: line.Currency, Month: month, Region: p.scope.Region,
		Zone: zone.String(), Ends: calendar.Cutoff(month.Last().AddDays(1), calendar.Clock{}, zone),
	}
	if kept, ok := p.kept(invoice.Ref()).(*Invoice); ok {
		changed := *kept
		invoice = &changed
	}
	if err := invoice.add(&line); err != nil {
		return err
	}
	p.keep(invoice)
	p.lines = append(p.lines, plannedLine{entry, &line})
	return nil
}

// invoiceOver tells whether there is an invoice of a month that is over by the clock it began with.
func (p *plan) invoiceOver(month Month) bool {
	kept, ok := p.kept(InvoiceRef(p.merchant.ID, p.event.Currency, month)).(*Invoice)
	return ok && !p.state.Now().Before(kept.Ends)
}

// add counts a line.
func (i *Invoice) add(l *InvoiceLine) (err error) {
	i.Lines++
	if i.Fee, err = i.Fee.Add(l.Fee); err != nil {
		return err
	}
	sum, amount := &i.Charged, l.Total
	if l.Total.Sign() < 0 {
		sum, amount = &i.Credited, l.Total.Neg()
	}
	if *sum, err = sum.Add(amount); err != nil {
		return err
	}
	if i.PaidBack, err = i.PaidBack.Add(l.PaidBack); err != nil {
		return err
	}
	i.Taxes = slices.Clone(i.Taxes)
	for _, t := range l.Taxes {
		at := slices.IndexFunc(i.Taxes, func(known InvoiceTax) bool { return known.Code == t.Code })
		if at < 0 {
			at, i.Taxes = len(i.Taxes), append(i.Taxes, InvoiceTax{Code: t.Code})
		}
		if i.Taxes[at].Base, err = i.Taxes[at].Base.Add(l.Fee); err != nil {
			return err
		}
		if i.Taxes[at].Amount, err = i.Taxes[at].Amount.Add(t.Amount); err != nil {
			return err
		}
	}
	return nil
}

// InvoiceSeries counts the numbers that were given in one region for one month.
type InvoiceSeries struct {
	Region      string `json:"region"`
	Month       Month  `json:"month"`
	Invoices    uint64 `json:"invoices,omitzero"`
	CreditNotes uint64 `json:"credit_notes,omitzero"`
}

// Ref makes InvoiceSeries a ledger.Record.
func (s *InvoiceSeries) Ref() ledger.Ref { return seriesRef(s.Region, s.Month) }

func seriesRef(region string, m Month) ledger.Ref {
	return ledger.Ref{Kind: InvoiceSeriesRecord, ID: region + "/" + m.String()}
}

// IssueInvoice is the command that issues an invoice: it gets its numbers, and nothing
// is added to it any more. One that is issued already is left as it is. It books
// nothing: the fees were booked when they were charged.
//
// Errors: ErrUnknown; ErrMonthOpen, where its month is not over or the merchant's invoice
// of an earlier month is not issued.
type IssueInvoice struct {
	Merchant string
	Currency money.Currency
	Month    Month
	Before   Month     // the merchant's invoice before this one; zero: there is none
	Instant  time.Time // when, UTC
	Invoice  Invoice   // afterwards
	Repeated bool      // it was issued already
}

// At implements ledger.Command.
func (c *IssueInvoice) At() time.Time { return c.Instant }

// Need implements ledger.Command.
func (c *IssueInvoice) Need(s *ledger.State, n *ledger.Need) {
	n.Record(InvoiceRef(c.Merchant, c.Currency, c.Month))
	n.Record(BillingRef(c.Merchant, c.Currency))
	n.Explore(func() {
		if invoice, ok := s.Record(InvoiceRef(c.Merchant, c.Currency, c.Month)).(*Invoice); ok {
			s.Record(seriesRef(invoice.Region, c.Month))
		}
	})
}

// Apply implements ledger.Command.
func (c *IssueInvoice) Apply(s *ledger.State) error {
	ref := InvoiceRef(c.Merchant, c.Currency, c.Month)
	stored, known := s.Record(ref).(*Invoice)
	billing, billed := s.Record(BillingRef(c.Merchant, c.Currency)).(*Billing)
	if !known || !billed {
		return fmt.Errorf("%s %s is %w", InvoiceRecord, ref.ID, ErrUnknown)
	}
	if c.Invoice, c.Repeated = *stored, stored.Issued(); c.Repeated {
		return nil
	}
	if s.Now().Before(stored.Ends) {
		return fmt.Errorf("invoice %s %w: its month ends at %s", ref.ID, ErrMonthOpen, stored.Ends.Format(timeFormat))
	}
	if c.Before != (Month{}) && billing.Issued.Compare(c.Before) < 0 {
		return fmt.Errorf("invoice %s %w: that of %s is not issued", ref.ID, ErrMonthOpen, c.Before)
	}
	series := InvoiceSeries{Region: stored.Region, Month: c.Month}
	if known, ok := s.Record(series.Ref()).(*InvoiceSeries); ok {
		series = *known
	}
	series.number(&c.Invoice)
	c.Invoice.IssuedAt = s.Now()
	changed := *billing
	changed.Issued = c.Month
	invoice := c.Invoice
	for _, r := range []ledger.Record{&invoice, &changed, &series} {
		s.Put(r)
	}
	return nil
}

// number gives an invoice the next numbers of the series.
func (s *InvoiceSeries) number(i *Invoice) {
	if !i.Charged.IsZero() {
		s.Invoices++
		i.Number = fmt.Sprintf("%s-%s-%05d", s.Region, s.Month, s.Invoices)
	}
	if !i.Credited.IsZero() {
		s.CreditNotes++
		i.CreditNote = fmt.Sprintf("%s-%s-C%04d", s.Region, s.Month, s.CreditNotes)
	}
}

// InvoiceState is an invoice and what has become of it, which follows from what the
// merchant has paid: the oldest invoice first. Minor units.
type InvoiceState struct {
	Invoice
	Due    money.Amount // what it asks for: the total and what was paid back
	Paid   money.Amount // of Due: paid, written off, or set off against what a later invoice gives back
	Status Status
}

// Left is what is still to be paid. Errors: money.ErrOverflow.
func (s *InvoiceState) Left() (money.Amount, error) { return s.Due.Sub(s.Paid) }

// InvoiceStates says how a merchant's invoices in one currency stand; they are given
// oldest first, and all of them. Errors: an amount out of range.
func InvoiceStates(b *Billing, invoices []*Invoice) ([]InvoiceState, error) {
	states := make([]InvoiceState, len(invoices))
	pool, err := b.Paid.Add(b.WrittenOff)
	for i, invoice := range invoices {
		due, faulty := money.Sum(invoice.Charged, invoice.Credited.Neg(), invoice.PaidBack)
		if err = errors.Join(err, faulty); err != nil {
			return nil, err
		}
		if due.Sign() < 0 {
			pool, err = pool.Sub(due)
			due = money.Amount{}
		}
		states[i] = InvoiceState{Invoice: *invoice, Due: due}
	}
	for i := range states {
		if err != nil {
			return nil, err
		}
		s := &states[i]
		s.Paid = money.Min(pool, s.Due)
		pool, err = pool.Sub(s.Paid)
		switch {
		case !s.Issued():
			s.Status = InvoiceDraft
		case s.Paid == s.Due:
			s.Status = Paid
		case s.Paid.IsZero():
			s.Status = InvoiceOpen
		default:
			s.Status = InvoicePartlyPaid
		}
	}
	return states, err
}
