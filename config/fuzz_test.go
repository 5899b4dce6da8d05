package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
)

// Any bytes are either a configuration that holds together, the same each
// time, or faults with places; and never a panic.
func FuzzParse(f *testing.F) {
	f.Add(sample.ConfigYAML())
	f.Add([]byte(least))
	f.Add([]byte(leastJSON))
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	faulty, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range append(files, faulty...) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("f.yaml", data)
		if err != nil {
			checkFaults(t, err)
			return
		}
		checkWhole(t, c)
		again, err := config.Parse("f.yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, versions(c), versions(again))
	})
}

func checkFaults(t *testing.T, err error) {
	t.Helper()
	faults, ok := errors.AsType[config.Faults](err)
	if !ok || len(faults) == 0 {
		t.Fatalf("error %v is not Faults", err)
	}
	for _, f := range faults {
		if f.Line < 1 || f.Column < 1 || f.File != "f.yaml" || f.Err == nil || f.Err.Error() == "" {
			t.Errorf("fault %#v", f)
		}
	}
}

// checkWhole has the rooms validate what was read.
func checkWhole(t *testing.T, c *config.Config) {
	t.Helper()
	faults := []error{c.Rules.Book.Validate(), c.Rules.Fees.Validate()}
	for i := range c.Rules.Plans {
		faults = append(faults, c.Rules.Plans[i].Validate())
	}
	for _, m := range c.Feeds {
		faults = append(faults, m.Validate())
	}
	if err := errors.Join(faults...); err != nil {
		t.Errorf("parsed, but not valid: %v", err)
	}
	if c.Data == "" || c.Reports == "" || len(c.Formats) == 0 || c.Run.Wake == "" {
		t.Errorf("something is empty: %+v", c)
	}
}
