// Package config reads one YAML file into the validated, versioned objects of
// the other rooms: regions, calendars, schedules, fees, reserve plans,
// merchants and feeds.
//
//	c, err := config.Load("settlex.yaml")
//	if faults, ok := errors.AsType[config.Faults](err); ok {
//		// every fault of the file, each with line and column
//	}
//	engine, err := settlex.New(ctx, settlex.Config{Store: store, Rules: c.Rules, Merchants: c.Merchants})
//
// docs/CONFIGURATION.md is the page for those who write such files; it lists
// every key.
//
// # Promise
//
// A file is taken whole or not at all. Whatever is in a Config passed the
// validation of its own room, every id it refers to is there, nothing is there
// twice, and the payments of each region find a settlement schedule, and a
// price for captures, disputes and payouts for at least one method at some
// time. Unknown keys are faults, so that a slip of the pen is not a default.
//
// All faults are told at once, in the order of their places, with file, line
// and column: of the value at fault, or of the key if it has no value; of the
// object where a key is missing. Columns count characters, a byte order mark
// is not counted. What may be only the consequence of another fault (at the
// same place, around it or within it) is left out. Broken YAML is one fault,
// at which reading ends.
//
// # Figures
//
// A value is the text that stands in the file, whatever type YAML would give
// it: 3.00 is not 3, 010 is not eight, 0x10 is not sixteen but no amount at
// all, and no decimal goes through a float. Quotes make no difference. Amounts
// are in major units in the file and in minor units in the objects; the
// currency is the one that is matched, or stands behind the amount.
//
// # Versions
//
// The version of a calendar, schedule, fee schedule or reserve plan is the
// first 12 hex digits of the SHA-256 over its canonical JSON: its JSON with the
// keys of every object sorted, without blanks, and without its own version.
// Equal objects have equal versions, wherever and however they are written.
//
// # Limits
//
// Of YAML, a subset: no anchors, aliases, merge keys, tags, directives or
// explicit keys, one document of at most 8 MiB, nested 32 deep. No file is
// included by another, and no environment variable is looked at. The time-zone
// data is the program's. Run.Wake is not parsed here. Whether calendars reach
// far enough for what is coming, nobody can know here either.
package config
