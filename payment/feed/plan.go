package feed

import (
	"fmt"
	"slices"
	"time"
)

// A target is what a column of the file feeds. One that feeds nothing is
// ignored.
type target struct {
	name   string
	fields []int // indexes in fields()
	zone   bool
}

func (t *target) ignored() bool { return len(t.fields) == 0 && !t.zone }

// feed hands a value to what the column feeds.
func (t *target) feed(c *cells, value cell) {
	for _, i := range t.fields {
		c.fields[i] = value
	}
	if t.zone {
		c.zone = value
	}
}

// A plan is a valid mapping made ready to read rows by.
type plan struct {
	targets   map[string]*target
	mapped    []string // columns that the mapping names, so the file must have them
	constants cells
	kinds     kindWords
	zone      *time.Location
	zones     map[string]*time.Location // those seen in the zone column: only real ones, so few
}

func newPlan(m Mapping) (*plan, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	p := &plan{targets: map[string]*target{}, kinds: m.kinds(), zones: map[string]*time.Location{}}
	p.aim(m)
	for i, f := range fields() {
		p.constants.fields[i].text = m.Constants[f]
	}
	if m.Timezone != "" {
		zone, err := loadZone(m.Timezone)
		p.zone = zone
		return p, err
	}
	return p, nil
}

// aim makes the targets: first those that the mapping names, then the fields'
// own names as far as they are left.
func (p *plan) aim(m Mapping) {
	for i, f := range fields() {
		if name, ok := m.Columns[f]; ok {
			t := p.target(name)
			t.fields = append(t.fields, i)
			p.mapped = append(p.mapped, name)
		}
	}
	if m.TimezoneColumn != "" {
		p.target(m.TimezoneColumn).zone = true
		p.mapped = append(p.mapped, m.TimezoneColumn)
	}
	for _, name := range m.Ignore {
		p.target(name)
	}
	for i, f := range fields() {
		_, mapped := m.Columns[f]
		_, constant := m.Constants[f]
		_, taken := p.targets[string(f)]
		if !mapped && !constant && !taken {
			p.target(string(f)).fields = []int{i}
		}
	}
}

// target gives the target of a column, made new if need be.
func (p *plan) target(name string) *target {
	t, ok := p.targets[name]
	if !ok {
		t = &target{name: name}
		p.targets[name] = t
	}
	return t
}

// missing lists what a header with these columns lacks.
func (p *plan) missing(header []*target) []error {
	var faults []error
	for _, name := range slices.Compact(slices.Sorted(slices.Values(p.mapped))) {
		if !slices.Contains(header, p.targets[name]) {
			faults = append(faults, fmt.Errorf("column %s, which the mapping names, is missing", quote(name)))
		}
	}
	for i, f := range fields() {
		if required(f) && p.constants.fields[i].text == "" && !feeds(header, i) && !p.isMapped(i) {
			faults = append(faults, fmt.Errorf("no column for %s", f))
		}
	}
	return faults
}

// feeds says whether one of the columns feeds the field.
func feeds(header []*target, field int) bool {
	return slices.ContainsFunc(header, func(t *target) bool { return slices.Contains(t.fields, field) })
}

// isMapped says whether the mapping names a column for the field.
func (p *plan) isMapped(field int) bool {
	return slices.ContainsFunc(p.mapped, func(name string) bool {
		return slices.Contains(p.targets[name].fields, field)
	})
}

// named gives a zone by its name.
func (p *plan) named(name string) (*time.Location, error) {
	if zone, ok := p.zones[name]; ok {
		return zone, nil
	}
	zone, err := loadZone(name)
	if err != nil {
		return nil, err
	}
	p.zones[name] = zone
	return zone, nil
}
