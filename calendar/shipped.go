package calendar

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The calendars in the binary: one file per calendar, named after its id, in the
// JSON form of Calendar. data/README.md describes the format and the sources.
//
//go:embed data/*.json
var shipped embed.FS

// Shipped returns the calendar with that id from those in the binary, and false
// when there is none. Each call reads it anew, so the caller may change what it
// gets; a changed calendar needs a version of its own.
func Shipped(id string) (*Calendar, bool) {
	text, err := shipped.ReadFile("data/" + id + ".json")
	if err != nil {
		return nil, false
	}
	c := new(Calendar)
	if err := json.Unmarshal(text, c); err != nil {
		panic(fmt.Sprintf("calendar: shipped calendar %s cannot be read: %v", id, err))
	}
	return c, true
}

// ShippedIDs returns the ids of the calendars in the binary, in ascending order.
func ShippedIDs() []string {
	files, err := shipped.ReadDir("data")
	if err != nil {
		panic(fmt.Sprintf("calendar: shipped calendars cannot be listed: %v", err))
	}
	ids := make([]string, 0, len(files))
	for _, f := range files {
		ids = append(ids, strings.TrimSuffix(f.Name(), ".json"))
	}
	slices.Sort(ids) // by id, where the listing is by file name: BR before BR-2016
	return ids
}
