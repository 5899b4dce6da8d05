package iso20022

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// What a report may have at most.
const (
	MaxBytes = 16 << 20
	maxDepth = 24
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
	file       string
	line       int
	path, name string
	space      string
	currency   string // attribute Ccy
	text       string
	kids       []*element
}

func (e *element) fault(err error) error {
	return &Error{File: e.file, Line: e.line, Element: e.path, Err: err}
}

func (e *element) faultf(format string, args ...any) error {
	return e.fault(fmt.Errorf(format, args...))
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

// at follows the first children of those names; nil where there is none.
func (e *element) at(names ...string) *element {
	for _, name := range names {
		found := e.all(name)
		if len(found) == 0 {
			return nil
		}
		e = found[0]
	}
	return e
}

// word is the text of an element, empty where there is none.
func (e *element) word() string {
	if e == nil {
		return ""
	}
	return e.text
}

// need is the child of a name, which must be there once and say something.
func (e *element) need(name string) (*element, error) {
	found := e.all(name)
	switch {
	case len(found) == 0:
		return nil, e.faultf("has no %s", name)
	case len(found) > 1:
		return nil, found[1].faultf("is there %d times", len(found))
	}
	return found[0], nil
}

// parse reads a document whole. Names are those of the document's own namespace;
// what belongs to another is left out.
func parse(file string, data []byte) (*element, error) {
	if len(data) > MaxBytes {
		return nil, &Error{File: file, Err: fmt.Errorf("has more than %d bytes", MaxBytes)}
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	var root *element
	var open []*element
	for {
		line, _ := d.InputPos()
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, &Error{File: file, Line: line, Err: fmt.Errorf("cannot be read: %w", err)}
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, &Error{File: file, Line: line, Err: errors.New("has a document type, which is not taken")}
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(token)
			}
		case xml.EndElement:
			last := open[len(open)-1]
			last.text = strings.TrimSpace(last.text)
			open = open[:len(open)-1]
		case xml.StartElement:
			e := &element{file: file, line: line, name: token.Name.Local, space: token.Name.Space}
			if len(open) == maxDepth {
				return nil, e.faultf("%s lies more than %d deep", e.name, maxDepth)
			}
			if err := e.enter(root, open, token.Attr); err != nil {
				return nil, err
			}
			if root == nil {
				root = e
			}
			open = append(open, e)
		}
	}
}

// enter hangs an element into the one that is open.
func (e *element) enter(root *element, open []*element, attributes []xml.Attr) error {
	for _, a := range attributes {
		if a.Name.Local == "Ccy" {
			e.currency = a.Value
		}
	}
	switch {
	case root == nil:
	case len(open) == 0:
		return e.faultf("%s comes after the document", e.name)
	default:
		parent := open[len(open)-1]
		e.path = e.name
		if parent.path != "" {
			e.path = parent.path + "/" + e.name
		}
		if e.space == root.space {
			parent.kids = append(parent.kids, e)
		}
	}
	return nil
}
