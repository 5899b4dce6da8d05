package report

import (
	"io"
	"strings"
)

// flushAt is how much text an encoder gathers before it writes.
const flushAt = 64 << 10

// csvEncoder writes RFC 4180.
type csvEncoder struct {
	w      io.Writer
	layout layout
	buf    []byte
}

func newCSVEncoder(w io.Writer, l layout) *csvEncoder { return &csvEncoder{w: w, layout: l} }

func (e *csvEncoder) begin() error {
	for i, column := range e.layout.columns {
		e.buf = appendCSVField(e.separate(i), "", column.Name)
	}
	e.buf = append(e.buf, '\r', '\n')
	return nil
}

func (e *csvEncoder) row(cells []cell) error {
	for i := range cells {
		e.buf = e.separate(i)
		if !cells[i].absent {
			e.appendCell(&cells[i], e.layout.columns[i].Kind)
		}
	}
	e.buf = append(e.buf, '\r', '\n')
	if len(e.buf) < flushAt {
		return nil
	}
	return e.flush()
}

func (e *csvEncoder) end() error { return e.flush() }

func (e *csvEncoder) separate(i int) []byte {
	if i == 0 {
		return e.buf
	}
	return append(e.buf, ',')
}

// appendCell writes text through the guard and the quoting rules, everything else as it is: no other kind has a character
// to quote.
func (e *csvEncoder) appendCell(c *cell, kind Kind) {
	switch kind {
	case Text:
		e.buf = appendCSVField(e.buf, "", c.text)
	case FreeText:
		e.buf = appendCSVField(e.buf, formulaGuard(c.text), c.text)
	default:
		e.buf = c.appendText(e.buf, kind, e.layout.currency)
	}
}

func (e *csvEncoder) flush() error {
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}

// formulaGuard returns what has to stand before text so that no spreadsheet takes it for a formula: an apostrophe when its
// first character would start one. Text that already begins with apostrophes and then such a character gets one more, so
// that taking one off a guarded field always gives the text back.
func formulaGuard(text string) string {
	if bare := strings.TrimLeft(text, "'"); bare != "" && strings.IndexByte("=+-@\t\r\n", bare[0]) >= 0 {
		return "'"
	}
	return ""
}

// appendCSVField appends a field, in quotes where RFC 4180 asks for them and around spaces at an end, which some readers
// trim.
func appendCSVField(buf []byte, guard, text string) []byte {
	if !needsQuotes(text) {
		return append(append(buf, guard...), text...)
	}
	buf = append(append(buf, '"'), guard...)
	for i := range len(text) {
		if text[i] == '"' {
			buf = append(buf, '"')
		}
		buf = append(buf, text[i])
	}
	return append(buf, '"')
}

func needsQuotes(text string) bool {
	for i := range len(text) {
		switch text[i] {
		case ',', '"', '\r', '\n':
			return true
		case ' ':
			if i == 0 || i == len(text)-1 {
				return true
			}
		}
	}
	return false
}
