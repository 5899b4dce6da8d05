package report

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// cell is one value on its way from a row to the encoders; the column's kind says which field counts. Cells are reused
// from row to row, so reading a column sets every field its kind looks at.
type cell struct {
	absent   bool
	truth    bool           // Bool
	number   int64          // Integer
	amount   money.Amount   // Money, Presentment
	currency money.Currency // Presentment
	date     calendar.Date  // Date
	time     time.Time      // Instant, LocalTime
	text     string         // Text, FreeText, Rate
}

// check rejects what no format could write.
func (c *cell) check(column Column) error {
	if c.absent {
		if column.Required {
			return badRow("value is missing")
		}
		return nil
	}
	switch column.Kind {
	case Text, FreeText:
		if !utf8.ValidString(c.text) {
			return badRow("text %q is not UTF-8", c.text)
		}
	case Instant, LocalTime:
		if year := c.time.Year(); year < 1 || year > 9999 {
			return badRow("year %d has no ISO 8601 form", year)
		}
	}
	return nil
}

// Layouts of instants: microseconds always, so that texts sort and files compare.
const (
	instantLayout   = "2006-01-02T15:04:05.000000Z"
	localTimeLayout = "2006-01-02T15:04:05.000000-07:00"
)

// appendText appends a present value as CSV and JSON show it, before quoting. Amounts of kind Money are in currency.
func (c *cell) appendText(buf []byte, kind Kind, currency money.Currency) []byte {
	switch kind {
	case Integer:
		return strconv.AppendInt(buf, c.number, 10)
	case Bool:
		return strconv.AppendBool(buf, c.truth)
	case Money:
		return append(buf, currency.Format(c.amount)...)
	case Presentment:
		return append(buf, c.currency.Format(c.amount)...)
	case Date:
		return append(buf, c.date.String()...)
	case Instant:
		return c.time.UTC().AppendFormat(buf, instantLayout)
	case LocalTime:
		return c.time.AppendFormat(buf, localTimeLayout)
	default:
		return append(buf, c.text...)
	}
}
