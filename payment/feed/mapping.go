package feed

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A Format is the form of an event file.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // RFC 4180 with a header
	NDJSON Format = "ndjson" // one JSON object per line
)

// FormatOf tells the format by a file name's extension: .csv, .ndjson, .jsonl,
// in either case.
func FormatOf(name string) (Format, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return CSV, nil
	case ".ndjson", ".jsonl":
		return NDJSON, nil
	}
	return "", fmt.Errorf("the name does not tell the format (.csv, .ndjson, .jsonl): set it to %s or %s", CSV, NDJSON)
}

// What to do with an event of a merchant nobody has set up.
const (
	RejectMerchant = "reject" // the row is bad
	CreateMerchant = "create" // the merchant is set up with its region's defaults
)

// A Mapping says how a file of others reads as events. The zero value reads
// files in the project's own form.
type Mapping struct {
	// Name is what configuration calls the mapping.
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
	// Format of the file; empty: told by its name.
	Format Format `json:"format,omitempty" yaml:"format,omitempty"`
	// Columns gives the file's column, or JSON key, for a field. A field that is
	// not listed is read from the column of its own name, where there is one that
	// the mapping does not name for something else. One column may feed several
	// fields.
	Columns map[payment.Field]string `json:"columns,omitempty" yaml:"columns,omitempty"`
	// Ignore lists columns that are passed over, "" being one without a name. Any
	// other column that feeds nothing is an error.
	Ignore []string `json:"ignore,omitempty" yaml:"ignore,omitempty"`
	// Constants gives a value for a field that the file lacks; its column, if the
	// file has one after all, is an error.
	Constants map[payment.Field]string `json:"constants,omitempty" yaml:"constants,omitempty"`
	// Kinds gives the kind for the file's own word. Words that are not listed are
	// kinds themselves.
	Kinds map[string]payment.Kind `json:"kinds,omitempty" yaml:"kinds,omitempty"`
	// Timezone is the zone (IANA name) of times without offset; empty: such a
	// time is an error.
	Timezone string `json:"timezone,omitempty" yaml:"timezone,omitempty"`
	// TimezoneColumn is the column that names the zone row by row; where it is
	// empty, Timezone holds.
	TimezoneColumn string `json:"timezone_column,omitempty" yaml:"timezone_column,omitempty"`
	// UnknownMerchants is RejectMerchant (the default) or CreateMerchant. The
	// reader knows no merchants: whoever takes the rows acts on it.
	UnknownMerchants string `json:"unknown_merchants,omitempty" yaml:"unknown_merchants,omitempty"`
	// Delimiter parts the cells of CSV: comma (the default), semicolon, tab or
	// vertical bar.
	Delimiter string `json:"delimiter,omitempty" yaml:"delimiter,omitempty"`
}

// Validate gives every fault of the mapping, joined, in the order of its fields.
func (m Mapping) Validate() error {
	return errors.Join(
		m.checkFormat(),
		m.checkColumns(),
		m.checkIgnore(),
		m.checkConstants(),
		m.checkKinds(),
		checkZone("timezone", m.Timezone),
		m.checkZoneColumn(),
		oneOf("unknown_merchants", m.UnknownMerchants, "", RejectMerchant, CreateMerchant),
		oneOf("delimiter", m.Delimiter, "", ",", ";", "\t", "|"),
	)
}

func (m Mapping) checkFormat() error {
	if m.Format == NDJSON && m.Delimiter != "" {
		return fmt.Errorf("delimiter: format %s has none", NDJSON)
	}
	return oneOf("format", string(m.Format), "", string(CSV), string(NDJSON))
}

func (m Mapping) checkColumns() error {
	var faults []error
	for _, f := range slices.Sorted(maps.Keys(m.Columns)) {
		if _, ok := indexOf(f); !ok {
			faults = append(faults, fmt.Errorf("columns: unknown field %q", f))
		}
		if m.Columns[f] == "" {
			faults = append(faults, fmt.Errorf("columns: %s: no column name", f))
		}
	}
	return errors.Join(faults...)
}

func (m Mapping) checkIgnore() error {
	var faults []error
	seen := map[string]bool{}
	for _, name := range m.Ignore {
		if seen[name] {
			faults = append(faults, fmt.Errorf("ignore: %q is listed twice", name))
		}
		seen[name] = true
		for _, f := range fields() {
			if column, ok := m.Columns[f]; ok && column == name {
				faults = append(faults, fmt.Errorf("ignore: %q is the column of %s", name, f))
			}
		}
	}
	return errors.Join(faults...)
}

func (m Mapping) checkConstants() error {
	var faults []error
	for _, f := range slices.Sorted(maps.Keys(m.Constants)) {
		if err := m.checkConstant(f, m.Constants[f]); err != nil {
			faults = append(faults, fmt.Errorf("constants: %s: %w", f, err))
		}
	}
	return errors.Join(faults...)
}

// checkConstant checks all of a constant that can be known without a row.
func (m Mapping) checkConstant(f payment.Field, value string) error {
	if _, ok := indexOf(f); !ok {
		return errors.New("unknown field")
	}
	if _, ok := m.Columns[f]; ok {
		return errors.New("has a column too")
	}
	if value == "" {
		return errors.New("no value")
	}
	switch f {
	case payment.FieldID:
		return errors.New("every row would have the same id")
	case payment.FieldOccurredAt:
		return errors.New("every row would have the same time")
	case payment.FieldKind:
		_, err := m.kinds().find(value)
		return err
	case payment.FieldCurrency:
		_, err := money.ParseCurrency(value)
		return err
	case payment.FieldAmount, payment.FieldCost, payment.FieldCostTax:
		if currency, err := money.ParseCurrency(m.Constants[payment.FieldCurrency]); err == nil {
			_, err = currency.Parse(value)
			return err
		} // else the row's currency decides
	}
	return checkText(f, value)
}

func (m Mapping) checkKinds() error {
	var faults []error
	for _, word := range slices.Sorted(maps.Keys(m.Kinds)) {
		if !slices.Contains(payment.Kinds(), m.Kinds[word]) {
			faults = append(faults, fmt.Errorf("kinds: %q: %w %q", word, ErrUnknownKind, m.Kinds[word]))
		}
		if word == "" {
			faults = append(faults, errors.New("kinds: an empty word"))
		}
	}
	return errors.Join(faults...)
}

func (m Mapping) checkZoneColumn() error {
	if m.TimezoneColumn != "" && slices.Contains(m.Ignore, m.TimezoneColumn) {
		return fmt.Errorf("timezone_column: %q is ignored", m.TimezoneColumn)
	}
	return nil
}

// checkZone refuses a zone that time-zone data do not know; empty passes.
func checkZone(what, name string) error {
	if name == "" {
		return nil
	}
	if _, err := loadZone(name); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// loadZone loads a zone by its IANA name. "Local" would be the machine's.
func loadZone(name string) (*time.Location, error) {
	if zone, err := calendar.LoadZone(name); err == nil {
		return zone, nil
	}
	return nil, fmt.Errorf("%w: unknown time zone %s", ErrBadTime, quote(name))
}

// oneOf refuses a value outside its few choices, the first of which is shown as
// nothing.
func oneOf(what, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("%s: %q is none of %q", what, value, choices[1:])
}

// kindWords finds the kind for a file's word.
type kindWords map[string]payment.Kind

// kinds joins the mapping's words with the kinds themselves.
func (m Mapping) kinds() kindWords {
	words := kindWords{}
	for _, k := range payment.Kinds() {
		words[string(k)] = k
	}
	maps.Copy(words, m.Kinds)
	return words
}

func (w kindWords) find(word string) (payment.Kind, error) {
	kind, ok := w[word]
	if !ok {
		return "", fmt.Errorf("%w %s", ErrUnknownKind, quote(word))
	}
	return kind, nil
}
