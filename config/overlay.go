package config

import (
	"fmt"
	"slices"
	"strings"
)

// An Overlay is a file of which one section stands for that of a configuration: a list of
// schedules, fees or reserves, with the same keys. Where the file has calendars too, and it
// is schedules that it replaces, they stand for those of the configuration; so do its taxes
// where it replaces fees. What else it says is not read, so that a whole configuration
// will do.
type Overlay struct {
	Section string // one of Overlays
	Name    string // of the file, for faults
	Data    []byte
}

// Overlays lists the sections that may be replaced.
func Overlays() []string { return []string{"schedules", "fees", "reserves"} }

// ReadOverlay reads a file that replaces a section. What is wrong in it ParseWith finds.
func ReadOverlay(section, path string) (Overlay, error) {
	data, err := readFile(path)
	if err != nil {
		return Overlay{}, fmt.Errorf("read %s: %w", section, err)
	}
	return Overlay{Section: section, Name: path, Data: data}, nil
}

// companions are the sections that what replaces a section may bring along: what is named
// in it.
func companions() map[string]string {
	return map[string]string{"schedules": "calendars", "fees": "taxes"}
}

// overlay finds the sections that replace those of the file.
func (b *book) overlay(others []Overlay) {
	b.sections = make(map[string]node)
	for _, o := range others {
		r := newReader(o.Name, o.Data)
		b.r.others = append(b.r.others, r)
		if !slices.Contains(Overlays(), o.Section) {
			r.fault(place{1, 1}, o.Section, fmt.Errorf("is no section that can be replaced; those are %s", strings.Join(Overlays(), ", ")))
			continue
		}
		if len(o.Data) > maxBytes {
			r.fault(place{1, 1}, "", fmt.Errorf("the file has more than %d bytes", maxBytes))
			continue
		}
		if value := r.source.parse(r); value != nil {
			root := node{r: r, at: r.source.place(start(value)), value: value}.object()
			section := root.get(o.Section).required()
			b.sections[o.Section] = section
			if with, ok := companions()[o.Section]; ok {
				if section := root.get(with); section.present() {
					b.sections[with] = section
				}
			}
			r.faulted[o.Section] = r.faulted[o.Section] || !section.present()
		}
	}
}

// section reads a section, of whichever file it is.
func (b *book) section(root *object, name string, read func(node)) {
	n := root.get(name)
	other, ok := b.sections[name]
	if !ok {
		read(n)
		return
	}
	defer func(r *reader) { b.r = r }(b.r)
	b.r = other.r
	read(other)
}

// faulty tells whether anything is wrong so far, in any of the files.
func (r *reader) faulty() bool {
	return len(r.faults) > 0 || slices.ContainsFunc(r.others, func(o *reader) bool { return len(o.faults) > 0 })
}

// spoilt tells whether a section cannot be read at all.
func (b *book) spoilt(name string) bool {
	if other, ok := b.sections[name]; ok {
		return other.r.faulted[name]
	}
	return b.r.faulted[name]
}
