package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/money"
)

var update = flag.Bool("update", false, "write the expected faults anew")

// Each file of testdata/faults is wrong in its own way; beside it lies what is
// said about it.
func TestFaults(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = config.Parse(filepath.Base(file), data)
			faults, ok := errors.AsType[config.Faults](err)
			if !ok {
				t.Fatalf("error %v is not Faults", err)
			}
			checkPlaces(t, string(data), faults)
			got := faults.Error() + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Callers find the cause of a fault.
func TestFaultsUnwrap(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("settlex.yaml", []byte(replace(t, "fixed: 3.00", `fixed: "3,00"`)))
	if !errors.Is(err, money.ErrBadAmount) {
		t.Errorf("error %v, want %v", err, money.ErrBadAmount)
	}
	if fault, ok := errors.AsType[*config.Fault](err); !ok || fault.Line == 0 {
		t.Errorf("error %v has no fault", err)
	}
}

// checkPlaces wants each fault in the file, and in order.
func checkPlaces(t *testing.T, text string, faults config.Faults) {
	t.Helper()
	lines := strings.Split(text, "\n")
	before := &config.Fault{}
	for _, f := range faults {
		if f.Line < 1 || f.Line > len(lines) || f.Column < 1 || f.Column > len([]rune(lines[f.Line-1]))+1 {
			t.Errorf("%v: there is no such place", f)
		}
		if f.Line < before.Line || f.Line == before.Line && f.Column < before.Column {
			t.Errorf("%v comes after %v", f, before)
		}
		before = f
	}
}
