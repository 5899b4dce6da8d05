package feed

import (
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A cell is a value as the file writes it, and the column it begins at.
type cell struct {
	text   string
	column int // 0: not in the file
}

// cells are the values of a row, sorted by what they feed.
type cells struct {
	fields [fieldCount]cell
	zone   cell
	absent int // the column to name for a field that is not in the row
}

// fault places what is wrong with a field.
func (c *cells) fault(f payment.Field, err error) *fault {
	i, _ := indexOf(f)
	column := c.fields[i].column
	if column == 0 {
		column = c.absent
	}
	return &fault{column: column, field: f, err: err}
}

// columns gives where the fields stand.
func (c *cells) columns() (columns [fieldCount]int32) {
	for i := range c.fields {
		columns[i] = int32(c.fields[i].column)
	}
	return columns
}

// mask gives the raw row without what looks like card numbers in text; ""
// when they are written so that they cannot be found.
func (c *cells) mask(raw string) string {
	for i, f := range fields() {
		if f != payment.FieldKind && !f.IsText() {
			continue
		}
		number := payment.CardNumber(c.fields[i].text)
		if number == "" {
			continue
		}
		if !strings.Contains(raw, number) {
			return ""
		}
		raw = strings.ReplaceAll(raw, number, payment.MaskCards(number))
	}
	return raw
}

// event makes the cells an event. The fault is the first in the order of the
// fields.
func (p *plan) event(c *cells) (payment.Event, *fault) {
	var e payment.Event
	for i, f := range fields() {
		text := c.fields[i].text
		if text == "" && !required(f) {
			continue
		}
		if fault := p.set(&e, f, text, c); fault != nil {
			return payment.Event{}, fault
		}
	}
	return e, nil
}

// set sets one field of the event.
func (p *plan) set(e *payment.Event, f payment.Field, text string, c *cells) *fault {
	if text == "" {
		return c.fault(f, ErrMissing)
	}
	if err := checkText(f, text); err != nil {
		return c.fault(f, err)
	}
	if to := textOf(e, f); to != nil {
		*to = text
		return nil
	}
	if to := amountOf(e, f); to != nil {
		e.CostKnown = e.CostKnown || f == payment.FieldCost && e.Kind == payment.DepositCaptured
		return setAmount(to, e.Currency, f, text, c)
	}
	var err error
	switch f {
	case payment.FieldKind:
		e.Kind, err = p.kinds.find(text)
	case payment.FieldCurrency:
		e.Currency, err = money.ParseCurrency(text)
	case payment.FieldOccurredAt:
		return p.setInstant(&e.OccurredAt, text, c)
	}
	if err != nil {
		return c.fault(f, err)
	}
	return nil
}

// setAmount reads an amount of major units in the row's currency.
func setAmount(to *money.Amount, in money.Currency, f payment.Field, text string, c *cells) *fault {
	if in.IsZero() {
		return c.fault(payment.FieldCurrency, fmt.Errorf("%w, and there is an amount", ErrMissing))
	}
	amount, err := in.Parse(text)
	if err != nil {
		return c.fault(f, err)
	}
	*to = amount
	return nil
}

// setInstant reads a time. Without an offset it is local to the row's zone, or
// else to the mapping's.
func (p *plan) setInstant(to *time.Time, text string, c *cells) *fault {
	w, err := parseWall(text)
	if err != nil {
		return c.fault(payment.FieldOccurredAt, err)
	}
	zone := p.zone
	if !w.fixed && c.zone.text != "" {
		if zone, err = p.named(c.zone.text); err != nil {
			return &fault{column: c.zone.column, field: payment.FieldOccurredAt, err: err}
		}
	}
	if !w.fixed && zone == nil {
		return c.fault(payment.FieldOccurredAt, badTime(text, "no offset, and no time zone is given"))
	}
	*to = w.in(zone)
	if err := checkYear(text, *to); err != nil {
		return c.fault(payment.FieldOccurredAt, err)
	}
	return nil
}
