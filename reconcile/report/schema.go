package report

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Schema says what a report of rows T looks like. It is the only place where the report's columns are listed; the
// encodings, the totals and the manifest follow from it. Schemas come from [ItemisedSchema], [SummarySchema],
// [TailSchema], [InvoiceSchema], [InvoiceLineSchema], [BalanceSchema] and [BalanceEntrySchema] and do not change.
type Schema[T any] struct {
	report  string
	version int
	columns []column[T]
	facts   func(*T) facts
	check   func(*T) error
}

// Report returns the report's name, "itemised".
func (s Schema[T]) Report() string { return s.report }

// Version returns the version of the columns. It grows when columns are appended.
func (s Schema[T]) Version() int { return s.version }

// Columns returns the columns in file order.
func (s Schema[T]) Columns() []Column {
	columns := make([]Column, len(s.columns))
	for i := range s.columns {
		columns[i] = s.columns[i].Column
	}
	return columns
}

// Column is what a reader of a file knows about one column.
type Column struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Required bool   `json:"required"` // every row has a value
}

// Kind is the type of a column's values; it decides how each format writes them.
type Kind uint8

// The kinds. The zero value is none of them.
const (
	Text        Kind = iota + 1 // our own ids and fixed words
	FreeText                    // words of others: guarded against formulas in CSV
	Integer                     // whole number
	Bool                        // true or false
	Money                       // amount in the file's currency
	Presentment                 // amount in the row's own presentment currency
	Date                        // civil date
	Instant                     // UTC instant in microseconds
	LocalTime                   // instant by a local clock, with its offset
	Rate                        // exact decimal, as text
)

var kindNames = [...]string{
	Text: "text", FreeText: "free_text", Integer: "integer", Bool: "boolean", Money: "money",
	Presentment: "presentment_money", Date: "date", Instant: "instant", LocalTime: "local_time", Rate: "rate",
}

// String returns the name manifests use, "free_text".
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// MarshalText returns [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a name.
func (k *Kind) UnmarshalText(text []byte) error {
	for kind, name := range kindNames {
		if kind > 0 && name == string(text) {
			*k = Kind(kind)
			return nil
		}
	}
	return fmt.Errorf("unknown column kind %q", text)
}

// column is a Column with the way to its value.
type column[T any] struct {
	Column
	read func(*T, *cell)
}

// required marks a column that has a value in every row.
func (c column[T]) required() column[T] {
	c.Required = true
	return c
}

// facts is what every row says about itself, for totals, the manifest and the checks on the file.
type facts struct {
	merchant, batch      string // empty: none
	currency             money.Currency
	gross, fee, tax, net money.Amount
}

// The constructors of columns. An empty text, a zero date, instant, rate or presentment currency is an absent value.

func textColumn[T any](name string, value func(*T) string) column[T] {
	return column[T]{Column{Name: name, Kind: Text}, func(row *T, c *cell) {
		c.text = value(row)
		c.absent = c.text == ""
	}}
}

func freeTextColumn[T any](name string, value func(*T) string) column[T] {
	c := textColumn(name, value)
	c.Kind = FreeText
	return c
}

func currencyColumn[T any](name string, value func(*T) money.Currency) column[T] {
	return textColumn(name, func(row *T) string { return value(row).String() })
}

func rateColumn[T any](name string, value func(*T) money.Rate) column[T] {
	return column[T]{Column{Name: name, Kind: Rate}, func(row *T, c *cell) {
		rate := value(row)
		if c.absent = rate.IsZero(); !c.absent {
			c.text = rate.String()
		}
	}}
}

func integerColumn[T any](name string, value func(*T) int64) column[T] {
	return column[T]{Column{Name: name, Kind: Integer, Required: true}, func(row *T, c *cell) { c.number = value(row) }}
}

func boolColumn[T any](name string, value func(*T) bool) column[T] {
	return column[T]{Column{Name: name, Kind: Bool, Required: true}, func(row *T, c *cell) { c.truth = value(row) }}
}

func moneyColumn[T any](name string, value func(*T) money.Amount) column[T] {
	return column[T]{Column{Name: name, Kind: Money, Required: true}, func(row *T, c *cell) { c.amount = value(row) }}
}

func presentmentColumn[T any](name string, value func(*T) (money.Amount, money.Currency)) column[T] {
	return column[T]{Column{Name: name, Kind: Presentment}, func(row *T, c *cell) {
		c.amount, c.currency = value(row)
		c.absent = c.currency.IsZero()
	}}
}

func dateColumn[T any](name string, value func(*T) calendar.Date) column[T] {
	return column[T]{Column{Name: name, Kind: Date}, func(row *T, c *cell) {
		c.date = value(row)
		c.absent = c.date.IsZero()
	}}
}

func instantColumn[T any](name string, value func(*T) time.Time) column[T] {
	return column[T]{Column{Name: name, Kind: Instant}, func(row *T, c *cell) {
		c.time = value(row)
		c.absent = c.time.IsZero()
	}}
}

func localTimeColumn[T any](name string, value func(*T) time.Time) column[T] {
	c := instantColumn(name, value)
	c.Kind = LocalTime
	return c
}

// directionColumn tells a reader who drops signs which way the money goes.
func directionColumn[T any](net func(*T) money.Amount) column[T] {
	return textColumn("direction", func(row *T) string {
		if net(row).Sign() < 0 {
			return "debit"
		}
		return "credit"
	}).required()
}

// versionColumn is the first column of every report.
func versionColumn[T any](version int64) column[T] {
	return integerColumn("schema_version", func(*T) int64 { return version })
}
