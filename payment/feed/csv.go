package feed

import (
	"errors"
	"fmt"
	"strings"
)

// csvParser reads RFC 4180 in which a line is a row.
type csvParser struct {
	plan      *plan
	delimiter byte
	header    []*target
	row       []cell // of the row at hand
}

// begin reads the header and tells everything that is wrong with it.
func (p *csvParser) begin(r *reader) (string, error) {
	line, more, err := r.lines.next()
	if err == nil && !more {
		err = errors.New("no header: the file is empty")
	}
	if err != nil {
		return "", r.fail(0, err)
	}
	bad := checkNUL(line)
	if bad == nil {
		bad = p.split(line)
	}
	if bad != nil {
		return "", r.fail(bad.column, bad.err)
	}
	var faults []error
	for _, name := range p.row {
		t, err := p.column(name.text)
		if err != nil {
			faults = append(faults, r.fail(name.column, err))
			continue
		}
		p.header = append(p.header, t)
	}
	for _, err := range p.plan.missing(p.header) {
		faults = append(faults, r.fail(len(line)+1, err))
	}
	if len(faults) > 0 {
		return "", joined(faults)
	}
	return line, nil
}

// joined keeps a single fault as it is.
func joined(faults []error) error {
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}

// column finds what a column of the header feeds.
func (p *csvParser) column(name string) (*target, error) {
	t, ok := p.plan.targets[name]
	if !ok {
		return nil, unknownColumn("column", name)
	}
	if !t.ignored() {
		for _, other := range p.header {
			if t == other {
				return nil, fmt.Errorf("column %s comes twice", quote(name))
			}
		}
	}
	return t, nil
}

// unknownColumn refuses what might hold money.
func unknownColumn(what, name string) error {
	return fmt.Errorf("%w %s %s: map it to a field or ignore it", ErrUnknownColumn, what, quote(name))
}

// parse sorts the values of a row into cells.
func (p *csvParser) parse(row string, into *cells) *fault {
	into.absent = len(row) + 1
	if bad := p.split(row); bad != nil {
		return bad
	}
	if len(p.row) != len(p.header) {
		column := len(row) + 1
		if len(p.row) > len(p.header) {
			column = p.row[len(p.header)].column
		}
		return malformed(column, "%d cells, the header has %d", len(p.row), len(p.header))
	}
	for i, t := range p.header {
		t.feed(into, p.row[i])
	}
	return nil
}

// split cuts a line into its cells.
func (p *csvParser) split(line string) *fault {
	p.row = p.row[:0]
	for at := 0; ; at++ {
		text, n, bad := p.cell(line, at)
		if bad != nil {
			return bad
		}
		p.row = append(p.row, cell{text: text, column: at + 1})
		if at += n; at == len(line) {
			return nil
		}
	}
}

// cell reads the cell at a place: its value and its length in bytes, up to the
// delimiter or the end of the line.
func (p *csvParser) cell(line string, at int) (text string, n int, bad *fault) {
	rest := line[at:]
	if strings.HasPrefix(rest, `"`) {
		return p.quoted(rest, at)
	}
	n = strings.IndexByte(rest, p.delimiter)
	if n < 0 {
		n = len(rest)
	}
	if i := strings.IndexByte(rest[:n], '"'); i >= 0 {
		return "", 0, malformed(at+i+1, "quote inside a cell that does not begin with one")
	}
	return rest[:n], n, nil
}

// quoted reads a cell in quotes; two quotes inside are one.
func (p *csvParser) quoted(rest string, at int) (text string, n int, bad *fault) {
	end, doubled := 1, false
	for {
		i := strings.IndexByte(rest[end:], '"')
		if i < 0 {
			return "", 0, malformed(at+1, "the quote is not closed on this line")
		}
		if end += i + 1; end == len(rest) || rest[end] != '"' {
			break
		}
		doubled = true
		end++
	}
	if end < len(rest) && rest[end] != p.delimiter {
		return "", 0, malformed(at+end+1, "%s behind a closing quote", quote(rest[end:end+1]))
	}
	text = rest[1 : end-1]
	if doubled {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	return text, end, nil
}
