package scenario

import (
	"errors"
	"fmt"
	"strings"
)

// A Notebook is a file that was read and is fit to be played.
type Notebook struct {
	name  string
	terms *terms
	lines []line
}

// line is one line of a notebook that is not output.
type line struct {
	no   int
	text string
	step step // nil: a line for people, or one of the terms
}

// step is what a line makes happen.
type step interface{ play(p *player) error }

// Parse reads a notebook. The error names every line that cannot be read, as
// "name:line: why".
func Parse(name, text string) (*Notebook, error) {
	n := &Notebook{name: name, terms: newTerms()}
	var faults []error
	begun := false
	for i, raw := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(raw, " ") || strings.HasPrefix(raw, "\t") {
			continue // output
		}
		l := line{no: i + 1, text: strings.TrimRight(raw, " \t\r")}
		err := n.read(&l, &begun)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", name, l.no, err))
		}
		n.lines = append(n.lines, l)
	}
	if len(faults) == 0 {
		if err := n.terms.validate(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return n, errors.Join(faults...)
}

func (n *Notebook) read(l *line, begun *bool) error {
	if l.text == "" || strings.HasPrefix(l.text, "#") {
		return nil
	}
	known, err := n.terms.read(l.text)
	switch {
	case known && *begun:
		return errors.New("terms stand above the first step")
	case known:
		return err
	}
	*begun = true
	l.step, err = n.terms.step(l.text)
	return err
}
