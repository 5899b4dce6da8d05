package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a file. A configuration of 100,000 merchants is below the first;
// the second keeps the parser's recursion in bounds.
const (
	maxBytes = 8 << 20
	maxDepth = 32
)

// A place is a line and a column of the file, both from 1; columns count
// characters.
type place struct{ line, column int }

// A source is the text of a file, made ready for the YAML parser.
type source struct{ lines []string }

// newSource drops a byte order mark and what the parser counts wrongly: it
// takes CR LF for two lines now and then, and places a plain scalar as far to
// the right as there are blanks behind it.
func newSource(data []byte) source {
	text := string(bytes.TrimPrefix(data, []byte("\uFEFF")))
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return source{lines: lines}
}

// place is where a token begins. The parser places a scalar behind a tab on
// the tab.
func (s source) place(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	at := place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
	if at.line > len(s.lines) || t.Type == token.ImplicitNullType || t.Type == token.InvalidType {
		return at
	}
	column := 0
	for _, r := range s.lines[at.line-1] {
		if column++; column >= at.column && r != '\t' {
			return place{at.line, column}
		}
	}
	return at
}

// parse gives the mapping that the file is, nil where there is none. Faults go
// to the reader.
func (s source) parse(r *reader) ast.Node {
	if s.check(r); len(r.faults) > 0 {
		return nil
	}
	tokens, err := guarded(func() (token.Tokens, error) { return lexer.Tokenize(strings.Join(s.lines, "\n")), nil })
	if err != nil {
		s.syntax(r, err)
		return nil
	}
	if !s.checkTokens(r, tokens) {
		return nil
	}
	refused := len(r.faults) > 0
	file, err := guarded(func() (*ast.File, error) { return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) })
	if err != nil {
		if !refused { // else it follows from that
			s.syntax(r, err)
		}
		return nil
	}
	return s.body(r, file)
}

// body gives the one document of a file.
func (s source) body(r *reader, file *ast.File) ast.Node {
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			r.fault(s.place(doc.Start), "", errors.New("a second document begins: a file holds one"))
		default:
			body, _ = spelled(doc.Body)
		}
	}
	if body == nil {
		r.fault(place{1, 1}, "", errors.New("the file says nothing"))
	}
	return body
}

// check looks for what no text file holds.
func (s source) check(r *reader) {
	for i, line := range s.lines {
		column := 0
		for at, c := range line {
			column++
			if _, size := utf8.DecodeRuneInString(line[at:]); c == utf8.RuneError && size == 1 {
				r.fault(place{i + 1, column}, "", errors.New("the text is not UTF-8"))
				return
			}
			if unicode.IsControl(c) && c != '\t' {
				r.fault(place{i + 1, column}, "", fmt.Errorf("control character %q", c))
				return
			}
		}
	}
}

// checkTokens refuses the parts of YAML that let a file say something else
// than what stands in the place one looks at, and nesting without end. It tells whether
// the rest can be read.
func (s source) checkTokens(r *reader, tokens token.Tokens) bool {
	depth, entries, last := 0, 0, 0
	for i, t := range tokens {
		if what := refused(t.Type); what != "" && t.Position.Line != last { // * * * * * is said once
			last = t.Position.Line
			r.fault(s.place(t), "", fmt.Errorf("%s %s is not used here; a text that begins so needs quotes", what, nameOf(t)))
		}
		if i == 0 || t.Position.Line != tokens[i-1].Position.Line {
			entries = 0
		}
		switch t.Type {
		case token.SequenceEntryType:
			entries++
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
		if depth > maxDepth || entries > maxDepth {
			r.fault(s.place(t), "", fmt.Errorf("nested more than %d deep", maxDepth))
			return false
		}
	}
	return true
}

func refused(t token.Type) string {
	switch t {
	case token.AnchorType:
		return "anchor"
	case token.AliasType:
		return "alias"
	case token.TagType:
		return "tag"
	case token.MergeKeyType:
		return "merge key"
	case token.DirectiveType:
		return "directive"
	case token.MappingKeyType:
		return "explicit key"
	}
	return ""
}

// nameOf gives a token as it is written: an anchor's name is a token of its own.
func nameOf(t *token.Token) string {
	if (t.Type == token.AnchorType || t.Type == token.AliasType) && t.NextType() == token.StringType {
		return t.Value + t.Next.Value
	}
	return t.Value
}

// guarded turns a panic of the YAML library, of which none is known, into an
// error: a text must never end the program.
func guarded[T any](run func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", p)
		}
	}()
	return run()
}

// syntax reports the one error at which the parser stopped.
func (s source) syntax(r *reader, err error) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		r.fault(place{1, 1}, "", err)
		return
	}
	r.fault(s.place(syntax.GetToken()), "", fmt.Errorf("no valid YAML: %s", syntax.GetMessage()))
}
