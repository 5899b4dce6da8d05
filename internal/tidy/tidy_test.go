package tidy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/tidy"
)

// TestHouse holds the tree that this test stands in against the plan.
func TestHouse(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads every file of the module, in one goroutine")
	}
	tree, err := tidy.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(tree.Packages(), "internal/tidy") || tree.Module != "github.com/settlex/settlex" {
		t.Fatalf("read module %q with packages %q: that is another tree", tree.Module, tree.Packages())
	}
	found, err := tidy.Plan().Check(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// TestPlan finds rows that contradict themselves or one another.
func TestPlan(t *testing.T) {
	t.Parallel()
	plan := tidy.Plan()
	rooms := map[string]tidy.Room{}
	for _, r := range plan.Rooms {
		if _, twice := rooms[r.Path]; twice {
			t.Errorf("%s has two rows", r.Path)
		}
		if r.Reach >= r.Floor {
			t.Errorf("%s stands on floor %d and reaches floor %d: a room reaches lower floors only", r.Path, r.Floor, r.Reach)
		}
		rooms[r.Path] = r
	}
	for _, l := range plan.Libraries {
		if _, ok := rooms[l.Room]; l.Room != "" && !ok {
			t.Errorf("%s lives in %s, which has no row", l.Path, l.Room)
		}
	}
	for _, p := range plan.Embedder.Packages {
		if _, ok := rooms[p]; !ok {
			t.Errorf("an embedder links %s, which has no row", p)
		}
	}
}

// TestReadLeavesOut says which files are not the project's source.
func TestReadLeavesOut(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string]string{
		".gitignore":               "/build/\n*.test\n",
		"money/money.go":           "package money\n",
		"money/testdata/x/x.go":    "package x\n",
		"build/out.go":             "package out\n",
		".cache/hidden.go":         "package hidden\n",
		"node_modules/thing/it.go": "package it\n",
		"tools/go.mod":             "module example.com/tools\n",
		"tools/tools.go":           "package tools\n",
		"calendar/windows_only.go": "//go:build windows\n\npackage calendar\n",
	})
	tree, err := tidy.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"calendar", "money"}
	if diff := cmp.Diff(want, tree.Packages()); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files map[string]string
	}{
		{"no module line", map[string]string{"go.mod": "go 1.26\n"}},
		{"source that does not parse", map[string]string{"money/money.go": "package"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := tidy.Read(plant(t, tt.files)); err == nil {
				t.Error("read it without an error")
			}
		})
	}
	if _, err := tidy.Read(t.TempDir()); err == nil {
		t.Error("read a directory without a go.mod")
	}
}
