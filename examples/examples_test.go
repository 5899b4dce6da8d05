package examples_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/examples"
)

// march is when every calendar of the examples holds.
var march = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)

// load wants a configuration that is right and of which nothing is warned.
func load(t *testing.T, text []byte) *config.Config {
	t.Helper()
	c, warnings, err := config.Check("settlex.yaml", text, march)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings: %v", warnings)
	}
	return c
}

// Each example is whole.
func TestEach(t *testing.T) {
	t.Parallel()
	for _, region := range examples.Regions() {
		text, err := examples.Config("", region)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(strings.ToLower(region) + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(file), string(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", region, diff)
		}
		if c := load(t, text); len(c.Rules.Book.Regions) != 1 || c.Rules.Book.Regions[0].ID != region {
			t.Errorf("regions %v, want %s", c.Rules.Book.Regions, region)
		}
	}
}

// Several together have the objects of each, with the same versions.
func TestTogether(t *testing.T) {
	t.Parallel()
	var want []string
	for _, region := range examples.Regions() {
		text, err := examples.Config("", region)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, objects(load(t, text))...)
	}
	text, err := examples.Config("# All regions.\n\n", examples.Regions()...)
	if err != nil {
		t.Fatal(err)
	}
	byKind := func(all []string) map[string][]string {
		sorted := make(map[string][]string)
		for _, o := range all {
			kind, rest, _ := strings.Cut(o, " ")
			sorted[kind] = append(sorted[kind], rest)
		}
		return sorted
	}
	if diff := cmp.Diff(byKind(want), byKind(objects(load(t, text)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(string(text), "# All regions.\n\ndata: ") {
		t.Errorf("it begins with %.60q", text)
	}
}

// objects names what a configuration holds, with versions.
func objects(c *config.Config) (all []string) {
	for i := range c.Rules.Book.Regions {
		all = append(all, "region "+c.Rules.Book.Regions[i].ID)
	}
	for _, m := range c.Merchants {
		all = append(all, "merchant "+m.ID)
	}
	for i := range c.Rules.Book.Schedules {
		all = append(all, "schedule "+c.Rules.Book.Schedules[i].Pin().String())
	}
	for i := range c.Rules.Fees {
		all = append(all, "fee "+c.Rules.Fees[i].ID+"@"+c.Rules.Fees[i].Version)
	}
	for i := range c.Rules.Plans {
		all = append(all, "plan "+c.Rules.Plans[i].ID+"@"+c.Rules.Plans[i].Version)
	}
	return all
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, regions := range [][]string{{"XX"}, {"IN", "IN"}} {
		if _, err := examples.Config("", regions...); err == nil {
			t.Errorf("%v is taken", regions)
		}
	}
}
