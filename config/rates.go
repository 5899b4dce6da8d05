package config

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

// rateFields are what a quote has, in the order in which they are written.
var rateFields = []string{"id", "base", "currency", "rate", "at", "valid_until", "source"}

// ParseRates reads a file of quotes: CSV with a header where its name ends so, else YAML
// with a list of quotes. Its name stands in the faults; every error is Faults.
func ParseRates(name string, data []byte) ([]settlement.Quote, error) {
	r := newReader(name, data)
	var quotes []settlement.Quote
	switch {
	case len(data) > maxBytes:
		r.fault(place{1, 1}, "", fmt.Errorf("the file has more than %d bytes", maxBytes))
	case strings.EqualFold(filepath.Ext(name), ".csv"):
		quotes = r.csvQuotes()
	default:
		quotes = r.yamlQuotes()
	}
	return quotes, r.err()
}

func (r *reader) yamlQuotes() []settlement.Quote {
	value := r.source.parse(r)
	if value == nil {
		return nil
	}
	root := node{r: r, at: r.source.place(start(value)), value: value}.object()
	q := newQuotation(r)
	for _, item := range root.get("quotes").required().items() {
		o := item.object()
		q.add(item.key, func(name string) cell {
			n := o.get(name)
			text, ok := n.raw()
			return cell{r: r, key: n.key, at: n.at, text: text, there: ok, mute: n.mute || n.present() && !ok}
		})
		o.done()
	}
	root.done()
	return q.quotes
}

func (r *reader) csvQuotes() []settlement.Quote {
	if r.source.check(r); len(r.faults) > 0 {
		return nil
	}
	in := csv.NewReader(strings.NewReader(strings.Join(r.source.lines, "\n")))
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		r.csvFault(err)
		return nil
	}
	columns := r.csvHeader(in, slices.Clone(header))
	q := newQuotation(r)
	for i := 0; ; i++ {
		record, err := in.Read()
		if err != nil {
			r.csvFault(err)
			return q.quotes
		}
		key, line := fmt.Sprintf("quotes[%d]", i), r.csvPlace(in, 0)
		r.places[key] = line
		q.add(key, func(name string) cell {
			c := cell{r: r, key: join(key, name), at: line}
			if at, ok := columns[name]; ok {
				c.at, c.text = r.csvPlace(in, at), record[at]
				c.there = c.text != ""
				r.places[c.key] = c.at
			}
			return c
		})
	}
}

// csvHeader gives the column of each field.
func (r *reader) csvHeader(in *csv.Reader, header []string) map[string]int {
	columns := make(map[string]int)
	for i, name := range header {
		_, twice := columns[name]
		switch {
		case !slices.Contains(rateFields, name):
			r.fault(r.csvPlace(in, i), name, fmt.Errorf("is unknown; known here: %s", strings.Join(rateFields, ", ")))
		case twice:
			r.fault(r.csvPlace(in, i), name, errors.New("is there twice"))
		default:
			columns[name] = i
		}
	}
	return columns
}

// csvPlace is where a cell of the last record begins.
func (r *reader) csvPlace(in *csv.Reader, cell int) place {
	return r.placeOf(in.FieldPos(cell))
}

// placeOf counts characters where bytes were counted.
func (r *reader) placeOf(line, column int) place {
	line = min(max(line, 1), len(r.source.lines))
	text := r.source.lines[line-1]
	return place{line, utf8.RuneCountInString(text[:min(max(column-1, 0), len(text))]) + 1}
}

// csvFault notes what ended the reading; the end of the file is none.
func (r *reader) csvFault(err error) {
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF) && len(r.places) == 0 && strings.TrimSpace(strings.Join(r.source.lines, "")) == "":
		r.fault(place{1, 1}, "", errors.New("the file says nothing"))
	case errors.Is(err, io.EOF):
	case errors.As(err, &syntax):
		r.fault(r.placeOf(syntax.Line, syntax.Column), "", syntax.Err)
	default:
		r.fault(place{1, 1}, "", err)
	}
}

// A cell is one value of a quote, as it is written.
type cell struct {
	r     *reader
	key   string
	at    place
	text  string
	there bool
	mute  bool // what should hold it is wrong already
}

// read parses a cell; the zero value where it is absent or wrong.
func read[T any](c cell, required bool, parse func(string) (T, error)) (value T) {
	switch {
	case c.mute:
		return value
	case !c.there && required:
		c.r.fault(c.at, c.key, errors.New("is required"))
	case c.there:
		var err error
		if value, err = parse(c.text); err != nil {
			var none T
			c.r.fault(c.at, c.key, err)
			return none
		}
	}
	return value
}

// quotation gathers the quotes of a file.
type quotation struct {
	r      *reader
	quotes []settlement.Quote
	ids    map[string]place
	given  map[givenAt]place
}

// givenAt is what only one quote may say.
type givenAt struct {
	base, currency money.Currency
	at             time.Time
}

func newQuotation(r *reader) *quotation {
	return &quotation{r: r, ids: make(map[string]place), given: make(map[givenAt]place)}
}

// add reads one quote, whose values a function gives by name.
func (b *quotation) add(key string, get func(string) cell) {
	var q settlement.Quote
	id, at := get("id"), get("at")
	sound := b.r.quiet(func() {
		q.ID = read(id, true, word)
		q.Base = read(get("base"), true, money.ParseCurrency)
		q.Currency = read(get("currency"), true, money.ParseCurrency)
		q.Rate = read(get("rate"), true, quotedRate)
		q.At = read(at, true, instant)
		q.ValidUntil = read(get("valid_until"), false, instant)
		q.Source = read(get("source"), true, word)
	})
	b.r.adopt(key, q.Validate())
	if !sound {
		return
	}
	if first, twice := b.ids[q.ID]; twice {
		b.r.fault(id.at, id.key, fmt.Errorf("quote %s is there twice, first on line %d", q.ID, first.line))
	}
	of := givenAt{q.Base, q.Currency, q.At}
	if first, twice := b.given[of]; twice {
		b.r.fault(at.at, at.key, fmt.Errorf("what %s was worth in %s then is there twice, first on line %d", q.Base, q.Currency, first.line))
	}
	b.ids[q.ID], b.given[of] = id.at, at.at
	b.quotes = append(b.quotes, q)
}

// word parses a text that is not empty and has no blanks around it.
func word(s string) (string, error) {
	switch {
	case s == "":
		return "", errors.New("is empty")
	case strings.TrimSpace(s) != s:
		return "", fmt.Errorf("%q begins or ends with a blank", s)
	}
	return s, checkRunes(s)
}

// quotedRate parses a rate, which is no share of anything.
func quotedRate(s string) (money.Rate, error) {
	if strings.HasSuffix(s, "%") {
		return money.Rate{}, fmt.Errorf("%q is a share, want how much of the currency one of the base is worth", s)
	}
	return money.ParseRate(s)
}

// instant parses a time with its offset.
func instant(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("%q is no time with an offset, such as 2026-03-02T12:00:00Z", s)
	case !t.Equal(t.Truncate(time.Microsecond)):
		return time.Time{}, fmt.Errorf("%q is finer than a microsecond", s)
	case t.Year() < 1970 || t.Year() > 9999:
		return time.Time{}, fmt.Errorf("%q is out of range", s)
	}
	return t.UTC(), nil
}
