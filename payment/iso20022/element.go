package iso20022

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// What a report may have at most.
const (
	MaxBytes    = 16 << 20
	MaxElements = 200_000 // 400 for each of 500 payments
	maxDepth    = 24
	maxName     = 64       // bytes of an element's name
	maxPiece    = 64 << 10 // bytes of a tag, a comment, or a text between two of them
)

// Error says what is wrong with a report, and where.
type Error struct {
	File    string
	Line    int    // from 1; 0: the file as a whole
	Element string // path, as CstmrPmtStsRpt/GrpHdr/MsgId
	Err     error
}

// Error is "file:line: element: fault".
func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, e.Line)
	}
	if e.Element != "" {
		where += ": " + e.Element
	}
	return fmt.Sprintf("%s: %v", where, e.Err)
}

// Unwrap gives the fault itself.
func (e *Error) Unwrap() error { return e.Err }

// element is a part of a document with what it holds.
type element struct {
	file     string
	line     int
	in       *element // nil: the document itself
	name     string
	space    string
	currency string // attribute Ccy
	text     string
	kids     []*element
}

func (e *element) fault(err error) error {
	return &Error{File: e.file, Line: e.line, Element: e.path(), Err: err}
}

func (e *element) faultf(format string, args ...any) error {
	return e.fault(fmt.Errorf(format, args...))
}

// path names an element and what holds it, below the document.
func (e *element) path() string {
	var names []string
	for ; e.in != nil; e = e.in {
		names = append(names, e.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// all gives the children of a name; none of no element.
func (e *element) all(name string) (found []*element) {
	if e == nil {
		return nil
	}
	for _, kid := range e.kids {
		if kid.name == name {
			found = append(found, kid)
		}
	}
	return found
}

// optional follows children of those names; nil where there is none. None may be there
// twice: who reads the first of them would not read what contradicts it.
func (e *element) optional(names ...string) (*element, error) {
	for _, name := range names {
		found := e.all(name)
		switch {
		case len(found) == 0:
			return nil, nil //nolint:nilnil // there is none, and none need be
		case len(found) > 1:
			return nil, found[1].faultf("is there %d times, first on line %d", len(found), found[0].line)
		}
		e = found[0]
	}
	return e, nil
}

// need is the child of a name, which must be there once.
func (e *element) need(name string) (*element, error) {
	found, err := e.optional(name)
	if err == nil && found == nil {
		err = e.faultf("has no %s", name)
	}
	return found, err
}

// parse reads a document whole. Names are those of the document's own namespace;
// what belongs to another is left out. Time and memory grow as the document does.
func parse(file string, data []byte) (*element, error) {
	if len(data) > MaxBytes {
		return nil, &Error{File: file, Err: fmt.Errorf("has more than %d bytes", MaxBytes)}
	}
	from := &pieces{Reader: bytes.NewReader(data)}
	d := xml.NewDecoder(from)
	t := &tree{file: file}
	for {
		line, _ := d.InputPos()
		from.left = maxPiece
		token, err := d.Token()
		if errors.Is(err, io.EOF) && t.root != nil {
			return t.root, nil
		}
		if err != nil {
			return nil, &Error{File: file, Line: line, Err: fmt.Errorf("cannot be read: %.200s", strings.ToValidUTF8(err.Error(), "."))} // it quotes names
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, &Error{File: file, Line: line, Err: errors.New("has a document type, which is not taken")}
		case xml.CharData:
			err = t.write(line, token)
		case xml.EndElement:
			err = t.leave()
		case xml.StartElement:
			err = t.enter(line, token)
		}
		if err != nil {
			return nil, err
		}
	}
}

// pieces gives a document to the decoder, and no piece of it that is too long.
type pieces struct {
	*bytes.Reader
	left int // bytes of the piece that may still come
}

// ReadByte makes pieces an io.ByteReader, which the decoder reads.
func (p *pieces) ReadByte() (byte, error) {
	if p.left--; p.left < 0 {
		return 0, fmt.Errorf("a tag or a text has more than %d bytes", maxPiece)
	}
	return p.Reader.ReadByte()
}

// tree is a document while it is read.
type tree struct {
	file string
	root *element
	open []*opened
	n    int // elements
}

// opened is an element whose end has not come yet.
type opened struct {
	*element
	text  strings.Builder
	holds bool // elements, whosever they are
}

// write adds to the text of the element that is open.
func (t *tree) write(line int, text []byte) error {
	if len(t.open) > 0 {
		t.open[len(t.open)-1].text.Write(text)
		return nil
	}
	if t.root == nil {
		text = bytes.TrimPrefix(text, []byte("\ufeff")) // the mark some put before UTF-8
	}
	if text = bytes.TrimSpace(text); len(text) > 0 {
		return &Error{File: t.file, Line: line, Err: fmt.Errorf("has text %.40q outside the document", text)}
	}
	return nil
}

// enter hangs an element into the one that is open.
func (t *tree) enter(line int, token xml.StartElement) error {
	e := &element{file: t.file, line: line, name: token.Name.Local, space: token.Name.Space}
	switch t.n++; {
	case len(e.name) > maxName:
		return e.faultf("name %.20q and so on has %d bytes, at most %d are allowed", e.name, len(e.name), maxName)
	case len(t.open) == maxDepth:
		return e.faultf("%s lies more than %d deep", e.name, maxDepth)
	case t.n > MaxElements:
		return e.faultf("has more than %d elements", MaxElements)
	case t.root == nil:
		t.root = e
	case len(t.open) == 0:
		return e.faultf("%s comes after the document", e.name)
	default:
		parent := t.open[len(t.open)-1]
		e.in, parent.holds = parent.element, true
		if e.space == t.root.space {
			parent.kids = append(parent.kids, e)
		}
	}
	t.open = append(t.open, &opened{element: e})
	return e.attributes(token.Attr)
}

// attributes takes what we read of an element's attributes.
func (e *element) attributes(list []xml.Attr) error {
	for _, a := range list {
		if a.Name.Local != "Ccy" || a.Name.Space != "" {
			continue
		}
		if e.currency != "" {
			return e.faultf("has attribute Ccy twice, %.3q and %.3q", e.currency, a.Value)
		}
		e.currency = a.Value
	}
	return nil
}

// leave ends the innermost element that is open. It holds elements or a text.
func (t *tree) leave() error {
	last := t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
	last.element.text = strings.TrimSpace(last.text.String())
	if last.element.text != "" && last.holds {
		return last.faultf("has text %.40q beside elements", last.element.text)
	}
	return nil
}
