package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/config"
)

// A section of another file stands for that of the configuration, whole: with the
// identical section nothing changes, and with a fragment only what it says.
func TestOverlay(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "every-key.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range config.Overlays() {
		other, err := config.ReadOverlay(section, path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := config.ParseWith(path, data, other)
		if err != nil {
			t.Fatalf("%s of the file itself: %v", section, err)
		}
		if diff := cmp.Diff(pins(want), pins(got)); diff != "" {
			t.Errorf("%s of the file itself (-want +got)\n%s", section, diff)
		}
	}
	none, err := config.ParseWith(path, data, config.Overlay{Section: "reserves", Name: "none.yaml", Data: []byte("reserves: []\n")})
	if err != nil {
		t.Fatal(err)
	}
	if len(none.Rules.Plans) != 0 || len(want.Rules.Plans) == 0 {
		t.Errorf("%d plans are left of %d, want 0 of some", len(none.Rules.Plans), len(want.Rules.Plans))
	}
}

// Schedules bring along the calendars of their file, and fees the taxes, so that a changed
// copy of a configuration means what it says.
func TestOverlayBringsAlong(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "every-key.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, err := config.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ section, old, now string }{
		{"schedules", "holidays: [{date: 2026-03-30, name: Mahavir Jayanti, estimated: true}]", "holidays: [{date: 2026-03-27, name: another day}]"},
		{"fees", "{id: gst-included, code: gst, rate: 18%,", "{id: gst-included, code: gst, rate: 15%,"},
	} {
		text := strings.Replace(string(data), c.old, c.now, 1)
		want, err := config.Parse(path, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := config.ParseWith(path, data, config.Overlay{Section: c.section, Name: "copy.yaml", Data: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pins(want), pins(got)); diff != "" || cmp.Equal(pins(was), pins(got)) {
			t.Errorf("%s of a copy with %s (-want +got)\n%s", c.section, c.now, diff)
		}
	}
	_, err = config.ParseWith(path, data, config.Overlay{Section: "schedules", Name: "copy.yaml", Data: []byte("calendars: [{id: X, extends: NO}]\nschedules: []\n")})
	if err == nil || !strings.Contains(err.Error(), "copy.yaml:1:30: calendars[0].extends: ") {
		t.Errorf("%v, want the fault of the copy's calendar", err)
	}
}

// pins are the versions of everything that a simulation replaces.
func pins(c *config.Config) (all []string) {
	for _, s := range c.Rules.Book.Schedules {
		all = append(all, s.Pin().String())
	}
	for _, s := range c.Rules.Fees {
		all = append(all, s.ID+"@"+s.Version)
	}
	for _, p := range c.Rules.Plans {
		all = append(all, p.ID+"@"+p.Version)
	}
	return all
}

// What is wrong in the other file has its name, line and column.
func TestOverlayFaults(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "every-key.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ section, text, want string }{
		{"fees", "fees:\n  - id: x\n    match: {region: XX}\n    components: []\n", "fees.yaml:3:"},
		{"reserves", "schedules: []\n", "reserves.yaml:1:1: reserves: is required"},
		{"schedules", "- 1\n", "schedules.yaml:1:1: is a list, want keys and values"},
		{"regions", "regions: []\n", "regions.yaml:1:1: regions: is no section that can be replaced; those are schedules, fees, reserves"},
		{"fees", "fees: [", "fees.yaml:1:"},
	} {
		_, err := config.ParseWith(path, data, config.Overlay{Section: c.section, Name: c.section + ".yaml", Data: []byte(c.text)})
		faults, ok := errors.AsType[config.Faults](err)
		if !ok {
			t.Errorf("%s %q: %v, want faults", c.section, c.text, err)
			continue
		}
		for _, fault := range faults {
			if fault.File != c.section+".yaml" {
				t.Errorf("%s %q: fault of another file: %v", c.section, c.text, fault)
			}
		}
		if !strings.HasPrefix(faults[0].Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.section, c.text, faults[0], c.want)
		}
	}
}
