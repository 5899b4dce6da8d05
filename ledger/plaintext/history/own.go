package history

import (
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
)

// Names of the metadata that keeps what an export says of an entry and a new
// ledger does not.
const (
	BookedAt = "imported:booked_at" // when it was booked, UTC
	Act      = "imported:act"       // captured or reversed
	Of       = "imported:of"        // the hold's or the entry's key
	Asked    = "imported:asked"     // the closed value date it was asked for
	Breached = "imported:breached"  // TRUE: it breached a limit
)

// maxPairs is how much metadata an entry may have.
const maxPairs = 50

// fields reads an entry of an export of ours.
func (b *builder) fields(t *transaction, e *ledger.Entry) (ok bool) {
	ok = true
	fault := func(at place, format string, args ...any) {
		b.add(at, format, args...)
		ok = false
	}
	var kept []ledger.Attribute
	seen := make(map[string]bool)
	for _, f := range t.facts {
		if seen[f.name] {
			fault(f.place, "%s stands twice", f.name)
		}
		seen[f.name] = true
		text, err := plaintext.UnescapeText(f.value)
		if err != nil {
			fault(f.place, "%s: %v", f.name, err)
			continue
		}
		if name, ours := strings.CutPrefix(f.name, "meta-"); f.tag && ours {
			if name, err = plaintext.UnescapeName(name); err != nil {
				fault(f.place, "%v", err)
				continue
			}
			e.Metadata = append(e.Metadata, ledger.Attribute{Name: name, Value: text})
			continue
		}
		if known := f.tag && field(e, &kept, f.name, text); !known {
			fault(f.place, "%s %s is no field of an export", f.name, shown(f.value))
		}
	}
	for i := range t.postings {
		for _, f := range t.postings[i].facts {
			fault(f.place, "%s %s below a posting of an export", f.name, shown(f.value))
		}
	}
	if kind, err := plaintext.UnescapeText(t.text); ok && (err != nil || kind != e.Kind) {
		fault(t.place, "%q stands where an export has the kind, %q", shown(t.text), shown(e.Kind))
	}
	b.keep(e, kept)
	slices.SortFunc(e.Metadata, func(a, b ledger.Attribute) int { return strings.Compare(a.Name, b.Name) })
	return ok
}

// field puts a field where it belongs; false: there is no such field.
func field(e *ledger.Entry, kept *[]ledger.Attribute, name, text string) bool {
	switch name {
	case "key":
		e.Key = text
	case "kind":
		e.Kind = text
	case "reference":
		e.Reference = text
	case "part_of":
		e.PartOf = text
	case "owner":
		e.Owner = text
	case "lane", "seq": // the new ledger numbers its items itself
	case "act", "of", "asked", "breached", "booked_at":
		*kept = append(*kept, ledger.Attribute{Name: "imported:" + name, Value: text})
	default:
		return false
	}
	return true
}

// keep adds what would be lost to the metadata, where there is room. What an
// earlier import kept stays.
func (b *builder) keep(e *ledger.Entry, kept []ledger.Attribute) {
	for _, a := range kept {
		switch {
		case slices.ContainsFunc(e.Metadata, func(has ledger.Attribute) bool { return has.Name == a.Name }):
		case len(e.Metadata) >= maxPairs:
			b.tell(fmt.Sprintf("facts of an export for which metadata had no room (%s)", a.Name))
		default:
			e.Metadata = append(e.Metadata, a)
		}
	}
}
