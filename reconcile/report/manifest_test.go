package report_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

func TestManifestGolden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	written := commit(t, dir, itemisedSet(t))
	manifest, err := os.ReadFile(written[0].Path + ".manifest")
	if err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "itemised.csv.manifest", manifest)

	empty := commit(t, dir, func(t *testing.T, set *report.Set) {
		t.Helper()
		about := aboutBatch()
		about.Merchant, about.Batch = "", ""
		add(t, set, report.TailSchema(), about, []report.Format{report.JSON}, nil)
	})
	if manifest, err = os.ReadFile(empty[0].Path + ".manifest"); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "tail_empty.json.manifest", manifest)
}

func TestParseManifest(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(filepath.Join("testdata", "itemised.csv.manifest"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := report.ParseManifest(good)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]report.Sums{"INR": {Gross: "1010.16", Fee: "-33.69", Tax: "-6.06", Net: "869.41"}}
	if diff := cmp.Diff(want, m.Sums); diff != "" {
		t.Errorf("sums (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(report.ItemisedSchema().Columns(), m.Schema.Columns); diff != "" {
		t.Errorf("columns (-want +got)\n%s", diff)
	}
	for _, row := range []struct{ name, from, to, want string }{
		{"newer", `"manifest_version": 1`, `"manifest_version": 2`, "bad manifest: manifest_version 2, this program reads 1"},
		{"path", `"file": "settlex`, `"file": "../settlex`, "is not a plain file name"},
		{"no file", `"file": "settlex_itemised_m__1_INR_2026-01-05_b__7f3a_v1.csv"`, `"file": ".."`, "is not a plain file name"},
		{"short hash", `"sha256": "`, `"sha256": "00`, "is not 64 hexadecimal digits"},
		{"negative", `"rows": 5`, `"rows": -5`, "-5 rows"},
		{"kind", `"kind": "date"`, `"kind": "dates"`, `unknown column kind "dates"`},
		{"no kind", `"kind": "date"`, `"kinds": "date"`, "column 4 has no name or no kind"},
		{"currency", `"currency": "INR"`, `"currency": "ZZZ"`, "unknown currency"},
		{"two", "", "{}", "bad manifest: invalid character"},
		{"cut short", "}\n", "", "bad manifest: unexpected end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			bad := strings.Replace(string(good), row.from, row.to, 1)
			if row.name == "cut short" {
				bad = strings.TrimSuffix(string(good), row.from)
			}
			if bad == string(good) {
				t.Fatalf("%q is not in the manifest", row.from)
			}
			_, err := report.ParseManifest([]byte(bad))
			if !errors.Is(err, report.ErrBadManifest) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want a %v with %q", err, report.ErrBadManifest, row.want)
			}
		})
	}
}

// Whatever is read as a manifest means the same when written and read again, and never points outside its directory.
func FuzzParseManifest(f *testing.F) {
	for _, name := range []string{"itemised.csv.manifest", "tail_empty.json.manifest"} {
		seed, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"manifest_version":1,"file":"..","sha256":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := report.ParseManifest(data)
		if err != nil {
			if !errors.Is(err, report.ErrBadManifest) {
				t.Errorf("error %v, want %v", err, report.ErrBadManifest)
			}
			return
		}
		if filepath.Base(m.File) != m.File || !filepath.IsLocal(m.File) {
			t.Errorf("file %q", m.File)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := report.ParseManifest(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}

// The control totals are those of the rows, in major units, for any exponent.
func TestManifestSums(t *testing.T) {
	t.Parallel()
	line := itemisedRows(t)[0]
	line.Currency = kwd
	about := aboutBatch()
	about.Currency = kwd
	written := commit(t, t.TempDir(), func(t *testing.T, set *report.Set) {
		t.Helper()
		add(t, set, report.ItemisedSchema(), about, []report.Format{report.CSV}, []report.Itemised{line})
	})
	data, err := os.ReadFile(written[0].Path + ".manifest")
	if err != nil {
		t.Fatal(err)
	}
	m, err := report.ParseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]report.Sums{"KWD": {Gross: "100.000", Fee: "-2.000", Tax: "-0.360", Net: "87.640"}}
	if diff := cmp.Diff(want, m.Sums); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := written[0].Totals.Net; got != money.Minor(87_640) {
		t.Errorf("totals say net %s", got)
	}
}
