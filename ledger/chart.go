package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/money"
)

// Pattern is one line of a chart of accounts. A segment of Path in braces
// stands for any one segment: "merchants/{m}/available". An account gets the
// limits its pattern has when it is opened, and keeps them until they are
// changed by an AccountChange.
type Pattern struct {
	Path      string
	Type      Type
	Limited   bool         // accounts of this pattern may not fall below Floor
	Floor     money.Amount // minor units, usually 0
	Capped    bool         // they may not rise above Ceiling
	Ceiling   money.Amount // minor units
	Velocity  []Velocity   // what may flow through one of them within a window
	MayBreach []string     // kinds of entry, facts from outside, that no limit of theirs stops; the entry says that it breached one
}

// clone shares nothing with p.
func (p *Pattern) clone() Pattern {
	out := *p
	out.MayBreach, out.Velocity = slices.Clone(p.MayBreach), slices.Clone(p.Velocity)
	return out
}

func (p *Pattern) limits() Limits {
	return Limits{Limited: p.Limited, Floor: p.Floor, Capped: p.Capped, Ceiling: p.Ceiling, Velocity: slices.Clone(p.Velocity)}
}

// Chart says which accounts may exist and what they are. It is immutable. The
// first pattern that matches a path decides.
type Chart struct {
	patterns []pattern
}

type pattern struct {
	Pattern
	segments []string
}

// NewChart checks patterns and makes a chart of them. There is at least one. All
// faults are reported, each with the pattern's place, from 0, and its path.
func NewChart(patterns ...Pattern) (*Chart, error) {
	chart := &Chart{}
	var faults []error
	for i, p := range patterns {
		for _, err := range p.check() {
			faults = append(faults, fmt.Errorf("chart pattern %d (%s): %w", i, p.Path, err))
		}
		chart.patterns = append(chart.patterns, pattern{Pattern: p.clone(), segments: strings.Split(p.Path, "/")})
	}
	if len(patterns) == 0 {
		faults = append(faults, errors.New("chart has no pattern"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return chart, nil
}

func (p Pattern) check() []error {
	var faults []error
	if err := checkPath(p.example()); err != nil {
		faults = append(faults, err)
	}
	if p.Type < Asset || p.Type > Expense {
		faults = append(faults, errors.New("has no type"))
	}
	return append(faults, p.limits().check()...)
}

// example is a path the pattern fits: braces off the segments they enclose.
func (p Pattern) example() string {
	segments := strings.Split(p.Path, "/")
	for i, segment := range segments {
		if name, ok := strings.CutPrefix(segment, "{"); ok && strings.HasSuffix(name, "}") {
			segments[i] = strings.TrimSuffix(name, "}")
		}
	}
	return strings.Join(segments, "/")
}

// Match gives the first pattern that matches a path; ok is false when none does.
func (c *Chart) Match(path string) (Pattern, bool) {
	if p := c.match(path); p != nil {
		return p.clone(), true
	}
	return Pattern{}, false
}

func (c *Chart) match(path string) *Pattern {
	segments := strings.Count(path, "/") + 1
	for i := range c.patterns {
		p := &c.patterns[i]
		if len(p.segments) == segments && p.matches(path) {
			return &p.Pattern
		}
	}
	return nil
}

// Patterns lists the chart in its order.
func (c *Chart) Patterns() []Pattern {
	out := make([]Pattern, len(c.patterns))
	for i := range c.patterns {
		out[i] = c.patterns[i].clone()
	}
	return out
}

// matches holds a path of as many segments against the pattern.
func (p *pattern) matches(path string) bool {
	for _, want := range p.segments {
		segment, rest, _ := strings.Cut(path, "/")
		if want[0] != '{' && want != segment {
			return false
		}
		path = rest
	}
	return true
}
