package history

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/ledger"
)

// Chart is a chart of accounts in which every account of the journal has its
// type and no limits. Where all accounts that begin alike and have equally many
// segments are of one type, one pattern stands for them and for others of their
// shape: "merchants/{2}/{3}". The first segment always stands as it is. A journal
// without accounts has Assets/{2}.
func (j *Journal) Chart() *ledger.Chart { return j.chart }

// derive makes the chart.
func (j *Journal) derive() (*ledger.Chart, error) {
	shapes := make(map[string][]chartRow)
	for _, a := range j.accounts {
		if a.path == "" || a.kind == 0 {
			continue
		}
		segments := strings.Split(a.path, "/")
		shape := fmt.Sprintf("%s %03d", segments[0], len(segments))
		shapes[shape] = append(shapes[shape], chartRow{segments, a.kind})
	}
	var patterns []ledger.Pattern
	if len(shapes) == 0 { // a chart has at least one
		patterns = append(patterns, ledger.Pattern{Path: "Assets/{2}", Type: ledger.Asset})
	}
	for _, rows := range shapes {
		patterns = appendPatterns(patterns, rows, map[int]bool{0: true})
	}
	slices.SortFunc(patterns, func(a, b ledger.Pattern) int { return strings.Compare(a.Path, b.Path) })
	return ledger.NewChart(patterns...)
}

type chartRow struct {
	segments []string
	kind     ledger.Type
}

// appendPatterns parts rows by the segment that has the fewest names, until all
// of one part are of one type. fixed are the segments that rows have in common.
func appendPatterns(dst []ledger.Pattern, rows []chartRow, fixed map[int]bool) []ledger.Pattern {
	mixed := slices.ContainsFunc(rows, func(r chartRow) bool { return r.kind != rows[0].kind })
	if !mixed {
		segments := make([]string, len(rows[0].segments))
		for i, s := range rows[0].segments {
			if segments[i] = "{" + strconv.Itoa(i+1) + "}"; fixed[i] {
				segments[i] = s
			}
		}
		return append(dst, ledger.Pattern{Path: strings.Join(segments, "/"), Type: rows[0].kind})
	}
	best := map[string][]chartRow(nil)
	at := 0
	for i := range rows[0].segments {
		if fixed[i] {
			continue
		}
		parts := make(map[string][]chartRow)
		for _, r := range rows {
			parts[r.segments[i]] = append(parts[r.segments[i]], r)
		}
		if len(parts) > 1 && (best == nil || len(parts) < len(best)) {
			best, at = parts, i
		}
	}
	for _, part := range best {
		inner := map[int]bool{at: true}
		for i := range fixed {
			inner[i] = true
		}
		dst = appendPatterns(dst, part, inner)
	}
	return dst
}

// unlimited is a chart without its limits: whether an entry is sound does not
// depend on what stands on accounts.
func unlimited(c *ledger.Chart) (*ledger.Chart, error) {
	patterns := c.Patterns()
	for i, p := range patterns {
		patterns[i] = ledger.Pattern{Path: p.Path, Type: p.Type}
	}
	return ledger.NewChart(patterns...)
}

// limited tells that entries may be refused for what stands on accounts.
func limited(c *ledger.Chart) bool {
	return slices.ContainsFunc(c.Patterns(), func(p ledger.Pattern) bool { return p.Limited || p.Capped || len(p.Velocity) > 0 })
}

// fits reports every account that a chart does not have, or has with another
// type.
func (j *Journal) fits(c *ledger.Chart, f *faults) {
	for _, a := range j.inOrder() {
		if a.path == "" || !a.used {
			continue
		}
		p, ok := c.Match(a.path)
		switch {
		case !ok:
			f.add(a.place, "account %s is not in the chart", a.path)
		case a.kind != 0 && p.Type != a.kind:
			f.add(a.place, "account %s is of type %s, the chart says %s", a.path, a.kind, p.Type)
		}
	}
}
