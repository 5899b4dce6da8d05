package report

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// jsonEncoder writes one object per row and line, as an array or as JSON lines.
type jsonEncoder struct {
	w      io.Writer
	layout layout
	keys   [][]byte // `{"first":`, `,"second":`, ...
	array  bool
	rows   int64
	buf    []byte
}

func newJSONEncoder(w io.Writer, l layout, array bool) *jsonEncoder {
	e := &jsonEncoder{w: w, layout: l, array: array}
	for i, column := range l.columns {
		key := []byte{','}
		if i == 0 {
			key[0] = '{'
		}
		e.keys = append(e.keys, append(appendJSONString(key, column.Name), ':'))
	}
	return e
}

func (e *jsonEncoder) begin() error {
	if e.array {
		e.buf = append(e.buf, "[\n"...)
	}
	return nil
}

func (e *jsonEncoder) row(cells []cell) error {
	if e.array && e.rows > 0 {
		e.buf = append(e.buf, ",\n"...)
	}
	for i := range cells {
		e.buf = append(e.buf, e.keys[i]...)
		e.appendCell(&cells[i], e.layout.columns[i].Kind)
	}
	e.buf = append(e.buf, '}')
	if !e.array {
		e.buf = append(e.buf, '\n')
	}
	e.rows++
	if len(e.buf) < flushAt {
		return nil
	}
	return e.flush()
}

func (e *jsonEncoder) end() error {
	if e.array && e.rows > 0 {
		e.buf = append(e.buf, '\n')
	}
	if e.array {
		e.buf = append(e.buf, "]\n"...)
	}
	return e.flush()
}

func (e *jsonEncoder) appendCell(c *cell, kind Kind) {
	switch {
	case c.absent:
		e.buf = append(e.buf, "null"...)
	case kind == Text || kind == FreeText:
		e.buf = appendJSONString(e.buf, c.text)
	case kind == Integer || kind == Bool:
		e.buf = c.appendText(e.buf, kind, e.layout.currency)
	default:
		e.buf = append(c.appendText(append(e.buf, '"'), kind, e.layout.currency), '"')
	}
}

func (e *jsonEncoder) flush() error {
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}

// appendJSONString appends valid UTF-8 as a JSON string, escaping no more than the grammar asks for, so that names read
// as they are written.
func appendJSONString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' || c >= utf8.RuneSelf {
			continue
		}
		buf = append(buf, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\r':
			buf = append(buf, '\\', 'r')
		case '\t':
			buf = append(buf, '\\', 't')
		default:
			buf = append(buf, `\u00`...)
			if c < 0x10 {
				buf = append(buf, '0')
			}
			buf = strconv.AppendUint(buf, uint64(c), 16)
		}
	}
	return append(append(buf, s[start:]...), '"')
}
