package tidy

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Rule names one check.
type Rule string

// The rules.
const (
	RuleRow     Rule = "row"     // every package has a row in the plan
	RuleName    Rule = "name"    // no package is called after what holds no noun
	RuleFloor   Rule = "floor"   // imports go down, never sideways or up
	RuleLibrary Rule = "library" // a third-party library lives in the rooms its rows say
	RuleNetwork Rule = "network" // the domain knows no database and no HTTP
	RuleLink    Rule = "link"    // who embeds the ledger links what a ledger needs and no more
	RuleClock   Rule = "clock"   // the time comes from an injected clock
	RuleZone    Rule = "zone"    // time zones come from the program's own data, tests included
	RuleSleep   Rule = "sleep"   // nothing sleeps, tests included
	RuleChance  Rule = "chance"  // nothing is left to chance but where a row says so
	RuleInit    Rule = "init"    // no init functions
	RuleCgo     Rule = "cgo"     // everything is pure Go
	RulePlace   Rule = "place"   // no file names a place on somebody's machine
)

// Rules lists all rules.
func Rules() []Rule {
	return []Rule{
		RuleRow, RuleName, RuleFloor, RuleLibrary, RuleNetwork, RuleLink, RuleClock, RuleZone, RuleSleep, RuleChance, RuleInit, RuleCgo, RulePlace,
	}
}

// Finding is one break of a rule.
type Finding struct {
	Rule Rule
	// Place is a path below the root, with a line where there is one.
	Place string
	Text  string
}

// String reads "place: text [rule]".
func (f Finding) String() string { return fmt.Sprintf("%s: %s [%s]", f.Place, f.Text, f.Rule) }

// Check holds the tree against the plan and lists every break, sorted by place. The error is about reading, never about a finding.
func (h House) Check(ctx context.Context, t *Tree) ([]Finding, error) {
	var found []Finding
	for _, p := range t.Packages() {
		found = append(found, h.checkRow(p)...)
	}
	for _, s := range t.sources {
		found = append(found, h.checkSource(t, s)...)
	}
	linked, err := h.checkLink(ctx, t)
	if err != nil {
		return nil, err
	}
	places, err := checkPlaces(t)
	if err != nil {
		return nil, err
	}
	found = slices.Concat(found, linked, places)
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Place, b.Place), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(found), nil
}

func (h House) checkRow(p string) []Finding {
	if _, ok := h.room(p); ok {
		return nil
	}
	return []Finding{{RuleRow, p, "no row in internal/tidy/house.go: give the package a floor"}}
}

func (h House) checkSource(t *Tree, s source) []Finding {
	room, ok := h.room(s.room())
	if !ok {
		room = Room{Path: s.room(), Reach: 99} // the missing row is the finding
	}
	var found []Finding
	found = append(found, checkName(s)...)
	for _, i := range s.imports {
		found = append(found, h.checkImport(t, s, room, i)...)
	}
	found = append(found, checkUses(s, room)...)
	for _, line := range s.initialisers() {
		found = append(found, finding(RuleInit, s, line, "init function: set it up where it is built"))
	}
	return found
}

func checkName(s source) []Finding {
	for _, name := range []string{path.Base(s.room()), strings.TrimSuffix(s.pkg, "_test")} {
		switch name {
		case "util", "utils", "common", "helper", "helpers", "shared", "types", "models", "misc":
			return []Finding{finding(RuleName, s, 0, "package %s: name it after the noun it holds", name)}
		}
	}
	return nil
}

func (h House) checkImport(t *Tree, s source, room Room, i imported) []Finding {
	switch {
	case i.path == "C":
		return []Finding{finding(RuleCgo, s, i.line, "cgo: everything is pure Go")}
	case within(i.path, t.Module):
		return h.checkFloor(s, room, i, below(t.Module, i.path))
	case strings.Contains(strings.Split(i.path, "/")[0], "."):
		return h.checkLibrary(s, room, i)
	}
	return h.checkNetwork(s, room, i)
}

func (h House) checkFloor(s source, room Room, i imported, path string) []Finding {
	target, ok := h.room(path)
	if !ok || isTestCode(s, room) {
		return nil // the missing row is the finding
	}
	switch {
	case target.ForTests:
		return []Finding{finding(RuleFloor, s, i.line, "imports %s: only tests may", path)}
	case target.Floor <= room.Reach:
		return nil
	case within(room.Path, path):
		return nil
	case target.Floor < room.Floor:
		return []Finding{finding(RuleFloor, s, i.line, "imports %s (floor %d): %s reaches floor %d and below",
			path, target.Floor, room.Path, room.Reach)}
	}
	return []Finding{finding(RuleFloor, s, i.line, "imports %s (floor %d) from floor %d: imports go down, never sideways or up",
		path, target.Floor, room.Floor)}
}

func (h House) checkLibrary(s source, room Room, i imported) []Finding {
	rooms, ok := h.library(i.path)
	switch {
	case !ok:
		return []Finding{finding(RuleLibrary, s, i.line, "imports %s: give the library a room in internal/tidy/house.go", i.path)}
	case isTestCode(s, room) || slices.ContainsFunc(rooms, func(at string) bool { return within(room.Path, at) }):
		return nil
	case len(rooms) == 0:
		return []Finding{finding(RuleLibrary, s, i.line, "imports %s: only tests may", i.path)}
	}
	return []Finding{finding(RuleLibrary, s, i.line, "imports %s: only %s may", i.path, strings.Join(rooms, " and "))}
}

func (h House) checkNetwork(s source, room Room, i imported) []Finding {
	if room.Floor >= h.NetworkFloor || isTestCode(s, room) {
		return nil
	}
	for _, barred := range h.Network {
		if within(i.path, barred) {
			return []Finding{finding(RuleNetwork, s, i.line, "imports %s: nothing below floor %d may", i.path, h.NetworkFloor)}
		}
	}
	return nil
}

// isTestCode tells code that never reaches a program.
func isTestCode(s source, room Room) bool { return s.isTest() || room.ForTests }

// within tells whether an import path is at or below another.
func within(p, top string) bool { return p == top || strings.HasPrefix(p, top+"/") }

// below cuts the module off an import path; the module itself is ".".
func below(module, p string) string {
	if p == module {
		return "."
	}
	return strings.TrimPrefix(p, module+"/")
}

func finding(rule Rule, s source, line int, format string, args ...any) Finding {
	place := s.file
	if line > 0 {
		place = fmt.Sprintf("%s:%d", s.file, line)
	}
	return Finding{rule, place, fmt.Sprintf(format, args...)}
}
