package report_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

func aboutBatch() report.About {
	return report.About{
		Merchant: "m_1", Currency: inr, BusinessDate: calendar.MustDate("2026-01-05"), Batch: "b_7f3a",
		Watermark: "1042", Checkpoint: "settlex 1042 q2F0ZQ==",
	}
}

func add[T any](
	t *testing.T, set *report.Set, s report.Schema[T], about report.About, formats []report.Format, rows []T,
) {
	t.Helper()
	if _, err := report.Add(set, s, about, formats, rowsOf(rows...)); err != nil {
		t.Fatal(err)
	}
}

// itemisedSet adds the itemised report in every format.
func itemisedSet(t *testing.T) func(*testing.T, *report.Set) {
	t.Helper()
	rows := itemisedRows(t)
	return func(t *testing.T, set *report.Set) {
		t.Helper()
		add(t, set, report.ItemisedSchema(), aboutBatch(), report.Formats(), rows)
	}
}

// commit runs a whole set, and checks the directory afterwards.
func commit(t *testing.T, dir string, fill func(*testing.T, *report.Set)) []report.Written {
	t.Helper()
	set, err := report.OpenSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, set)
	written, err := set.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	wantFindings(t, dir)
	return written
}

func wantFindings(t *testing.T, dir string, want ...string) {
	t.Helper()
	checked, err := report.Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range checked.Findings {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
}

// tree is the content of every file in a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func outcomes(written []report.Written) map[report.Format]report.Outcome {
	all := map[report.Format]report.Outcome{}
	for _, w := range written {
		all[w.Format] = w.Outcome
	}
	return all
}

func everyFormat(o report.Outcome) map[report.Format]report.Outcome {
	return map[report.Format]report.Outcome{report.CSV: o, report.JSON: o, report.JSONLines: o, report.Parquet: o}
}

func TestSetWrites(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "reports", "2026-01-05") // neither exists
	written := commit(t, dir, itemisedSet(t))
	if diff := cmp.Diff(everyFormat(report.Created), outcomes(written)); diff != "" {
		t.Errorf("outcomes (-want +got)\n%s", diff)
	}
	if got := len(tree(t, dir)); got != 8 {
		t.Errorf("%d files, want 4 and their manifests: %v", got, tree(t, dir))
	}
	for _, w := range written {
		data, err := os.ReadFile(w.Path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		want, totals := encode(t, w.Format, report.ItemisedSchema(), inr, itemisedRows(t)...)
		if string(data) != string(want) || w.Bytes != int64(len(data)) || w.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: the file is not what Write gives, or %d bytes, sha256 %s are wrong", w.Path, w.Bytes, w.SHA256)
		}
		if diff := cmp.Diff(totals, w.Totals); diff != "" {
			t.Errorf("totals (-want +got)\n%s", diff)
		}
		if want := filepath.Join(dir, aboutBatch().FileName("itemised", 1, w.Format)); w.Path != want {
			t.Errorf("path %s, want %s", w.Path, want)
		}
	}
}

func TestSetOutcomes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		before func(t *testing.T, csv string) // what happens between two runs of the same reports
		about  func(*report.About)
		rows   func([]report.Itemised)
		want   report.Outcome
	}{
		{name: "nothing", want: report.Unchanged},
		{name: "file lost", before: func(t *testing.T, csv string) {
			t.Helper()
			remove(t, csv)
		}, want: report.Created},
		{name: "file altered", before: func(t *testing.T, csv string) {
			t.Helper()
			overwrite(t, csv, "x")
		}, want: report.Replaced},
		{name: "same length altered", before: func(t *testing.T, csv string) {
			t.Helper()
			data, err := os.ReadFile(csv)
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, csv, strings.Replace(string(data), "876.40", "976.40", 1))
		}, want: report.Replaced},
		{name: "manifest lost", before: func(t *testing.T, csv string) {
			t.Helper()
			remove(t, csv+".manifest")
		}, want: report.Resealed},
		{name: "manifest altered", before: func(t *testing.T, csv string) {
			t.Helper()
			overwrite(t, csv+".manifest", "{}")
		}, want: report.Resealed},
		{name: "later checkpoint", about: func(a *report.About) { a.Checkpoint = "settlex 1050 AAAA" }, want: report.Resealed},
		{name: "temporary file left", before: func(t *testing.T, csv string) {
			t.Helper()
			overwrite(t, filepath.Join(filepath.Dir(csv), "."+filepath.Base(csv)+".tmp"), "half a fi")
		}, want: report.Unchanged},
		{name: "other rows", rows: func(rows []report.Itemised) { rows[0].OrderID = "ORD-0002" }, want: report.Replaced},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			rows, about := itemisedRows(t), aboutBatch()
			csvOnly := func(t *testing.T, set *report.Set) {
				t.Helper()
				add(t, set, report.ItemisedSchema(), about, []report.Format{report.CSV}, rows)
			}
			first := commit(t, dir, csvOnly)
			if row.before != nil {
				row.before(t, first[0].Path)
			}
			if row.about != nil {
				row.about(&about)
			}
			if row.rows != nil {
				row.rows(rows)
			}
			stamp := age(t, dir)
			second := commit(t, dir, csvOnly)
			if got := second[0].Outcome; got != row.want {
				t.Errorf("outcome %s, want %s", got, row.want)
			}
			info, err := os.Stat(first[0].Path)
			if err != nil {
				t.Fatal(err)
			}
			alone := info.ModTime().Equal(stamp)
			if want := row.want == report.Unchanged || row.want == report.Resealed; alone != want {
				t.Errorf("file left alone: %t, want %t", alone, want)
			}
			if got := len(tree(t, dir)); got != 2 {
				t.Errorf("%d files, want 2: %v", got, tree(t, dir))
			}
		})
	}
}

// age sets the time of every file back, so that a rewrite shows.
func age(t *testing.T, dir string) time.Time {
	t.Helper()
	stamp := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name := range tree(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	return stamp
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Before a commit nothing stands under a report's name; a set that is closed leaves nothing.
func TestSetNothingBeforeCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set, err := report.OpenSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	itemisedSet(t)(t, set)
	for name := range tree(t, dir) {
		if strings.HasPrefix(name, "settlex_") {
			t.Errorf("%s is there before the commit", name)
		}
	}
	for range 2 {
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left := tree(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A report that fails leaves the set as it was, and what stood in the directory untouched.
func TestSetAddFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		about   func(*report.About)
		rows    func([]report.Itemised)
		formats []report.Format
		want    error
	}{
		{name: "bad row", rows: func(r []report.Itemised) { r[4].Net = money.Minor(2) }, want: report.ErrBadRow},
		{name: "another batch", rows: func(r []report.Itemised) { r[4].BatchID = "b_other" }, want: report.ErrBadRow},
		{name: "another merchant", rows: func(r []report.Itemised) { r[4].Merchant = "m_2" }, want: report.ErrBadRow},
		{name: "no currency", about: func(a *report.About) { a.Currency = money.Currency{} }, want: money.ErrUnknownCurrency},
		{name: "no date", about: func(a *report.About) { a.BusinessDate = calendar.Date{} }, want: calendar.ErrBadDate},
		{name: "unknown format", formats: []report.Format{report.CSV, "../x"}, want: report.ErrUnknownFormat},
		{name: "format twice", formats: []report.Format{report.CSV, report.CSV}, want: report.ErrNameTaken},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := dirOf(t, itemisedSet(t))
			before := tree(t, dir)
			rows, about, formats := itemisedRows(t), aboutBatch(), report.Formats()
			if row.rows != nil {
				row.rows(rows)
			}
			if row.about != nil {
				row.about(&about)
			}
			if row.formats != nil {
				formats = row.formats
			}
			set, err := report.OpenSet(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := report.Add(set, report.ItemisedSchema(), about, formats, rowsOf(rows...)); !errors.Is(err, row.want) {
				t.Errorf("error %v, want %v", err, row.want)
			}
			if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
				t.Errorf("directory (-before +after)\n%s", diff)
			}
			// The names are free again.
			itemisedSet(t)(t, set)
			if err := set.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestSetNameTaken(t *testing.T) {
	t.Parallel()
	t.Run("twice in one set", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		commit(t, dir, func(t *testing.T, set *report.Set) {
			t.Helper()
			itemisedSet(t)(t, set)
			_, err := report.Add(set, report.ItemisedSchema(), aboutBatch(), []report.Format{report.CSV}, rowsOf(itemisedRows(t)...))
			if !errors.Is(err, report.ErrNameTaken) {
				t.Errorf("error %v, want %v", err, report.ErrNameTaken)
			}
		})
		if got := len(tree(t, dir)); got != 8 {
			t.Errorf("%d files, want those of the first report", got)
		}
	})
	// What a file system that does not tell letters by case makes of merchants M_1 and m_1.
	t.Run("by another merchant", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		written := commit(t, dir, itemisedSet(t))
		manifest := written[0].Path + ".manifest"
		data, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, manifest, strings.Replace(string(data), `"merchant_id": "m_1"`, `"merchant_id": "M_1"`, 1))
		set, err := report.OpenSet(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		_, err = report.Add(set, report.ItemisedSchema(), aboutBatch(), report.Formats(), rowsOf(itemisedRows(t)...))
		if !errors.Is(err, report.ErrNameTaken) {
			t.Errorf("error %v, want %v", err, report.ErrNameTaken)
		}
	})
}

// A commit that stops at any step leaves no manifest beside bytes it does not describe, and the next run completes it.
func TestSetCommitStopsAndResumes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		block func(csv string) string // what a directory takes the place of, so that the step fails there
	}{
		{"unsealing", func(csv string) string { return csv + ".manifest" }},
		{"placing", func(csv string) string { return csv }},
		{"sealing", func(csv string) string { return "." + csv + ".manifest.tmp" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			want := tree(t, dirOf(t, itemisedSet(t)))
			set, err := report.OpenSet(dir)
			if err != nil {
				t.Fatal(err)
			}
			itemisedSet(t)(t, set)
			obstacle := filepath.Join(dir, row.block(aboutBatch().FileName("itemised", 1, report.CSV)))
			if err := os.MkdirAll(filepath.Join(obstacle, "in the way"), 0o755); err != nil {
				t.Fatal(err)
			}
			if _, err := set.Commit(); err == nil {
				t.Fatal("no error")
			}
			if err := set.Close(); err != nil {
				t.Fatal(err)
			}
			for name := range tree(t, dir) {
				if strings.HasSuffix(name, ".manifest") || strings.HasSuffix(name, ".tmp") {
					t.Errorf("%s is there", name)
				}
			}
			if err := os.RemoveAll(obstacle); err != nil {
				t.Fatal(err)
			}
			commit(t, dir, itemisedSet(t))
			if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
				t.Errorf("(-undisturbed +resumed)\n%s", diff)
			}
		})
	}
}

// dirOf is a fresh directory with a set committed in it.
func dirOf(t *testing.T, fill func(*testing.T, *report.Set)) string {
	t.Helper()
	dir := t.TempDir()
	commit(t, dir, fill)
	return dir
}

// A merchant whose id is a path stays inside the directory, symbolic links included.
func TestSetStaysInside(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "reports")
	row := itemisedRows(t)[0]
	row.Merchant, row.BatchID = "../../escape", "/etc/x"
	about := aboutBatch()
	about.Merchant, about.Batch = row.Merchant, row.BatchID
	fill := func(t *testing.T, set *report.Set) {
		t.Helper()
		add(t, set, report.ItemisedSchema(), about, []report.Format{report.CSV}, []report.Itemised{row})
	}
	written := commit(t, dir, fill)
	if filepath.Dir(written[0].Path) != dir || len(tree(t, parent)) != 2 {
		t.Errorf("%s: %v", written[0].Path, tree(t, parent))
	}
	outside := filepath.Join(parent, "outside")
	overwrite(t, outside, "precious")
	temp := filepath.Join(dir, "."+filepath.Base(written[0].Path)+".tmp")
	if err := os.Symlink(outside, temp); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	set, err := report.OpenSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if _, err := report.Add(set, report.ItemisedSchema(), about, []report.Format{report.CSV}, rowsOf(row)); err == nil {
		t.Error("wrote through a link that leaves the directory")
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "precious" {
		t.Errorf("outside file: %q, %v", data, err)
	}
}

// Several reports share one commit, and batch ids come from the rows.
func TestSetOfADay(t *testing.T) {
	t.Parallel()
	about := aboutBatch()
	about.Merchant, about.Batch = "", ""
	dir := t.TempDir()
	written := commit(t, dir, func(t *testing.T, set *report.Set) {
		t.Helper()
		itemisedSet(t)(t, set)
		add(t, set, report.SummarySchema(), about, report.Formats(), summaryRows(t))
		add(t, set, report.TailSchema(), about, report.Formats(), tailRows(t))
	})
	if len(written) != 12 {
		t.Fatalf("%d files, want 12", len(written))
	}
	for _, row := range []struct {
		file int
		want []string
	}{{0, []string{"b_7f3a"}}, {4, []string{"b_7f3a", "b_9b01"}}, {8, []string{}}} {
		data, err := os.ReadFile(written[row.file].Path + ".manifest")
		if err != nil {
			t.Fatal(err)
		}
		m, err := report.ParseManifest(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, m.BatchIDs); diff != "" {
			t.Errorf("%s (-want +got)\n%s", m.File, diff)
		}
	}
	again := commit(t, dir, func(t *testing.T, set *report.Set) {
		t.Helper()
		add(t, set, report.SummarySchema(), about, report.Formats(), summaryRows(t))
	})
	if diff := cmp.Diff(everyFormat(report.Unchanged), outcomes(again)); diff != "" {
		t.Errorf("outcomes (-want +got)\n%s", diff)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const base = "2026-01-05/settlex_itemised_m__1_INR_2026-01-05_b__7f3a_v1"
	dir := t.TempDir()
	written := commit(t, filepath.Join(dir, "2026-01-05"), itemisedSet(t))
	var size int64
	for _, w := range written {
		size += w.Bytes
	}
	overwrite(t, filepath.Join(dir, "notes.txt"), "ours") // not a report
	checked, err := report.Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report.Checked{Files: 4, Bytes: size}, checked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	data, err := os.ReadFile(filepath.Join(dir, base+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	overwrite(t, filepath.Join(dir, base+".csv"), strings.Replace(text, "-250.00", "-150.00", 1))
	overwrite(t, filepath.Join(dir, base+".json"), "[]")
	remove(t, filepath.Join(dir, base+".jsonl"))
	remove(t, filepath.Join(dir, base+".parquet.manifest"))
	overwrite(t, filepath.Join(dir, "settlex_a.csv.manifest"), "{}")
	manifest, err := os.ReadFile(filepath.Join(dir, base+".csv.manifest"))
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, "settlex_b.csv.manifest"), string(manifest))
	overwrite(t, filepath.Join(dir, ".settlex_c.csv.tmp"), "half")
	altered := sha256.Sum256([]byte(strings.Replace(text, "-250.00", "-150.00", 1)))
	wantFindings(t, dir,
		".settlex_c.csv.tmp: unfinished: left by a writing that was cut short; the next one replaces it",
		base+".csv: altered: sha256 "+hex.EncodeToString(altered[:])+", manifest says "+written[0].SHA256,
		base+".json: altered: 2 bytes, manifest says "+strconv.FormatInt(written[1].Bytes, 10),
		base+".jsonl: missing: manifest says "+strconv.FormatInt(written[2].Bytes, 10)+" bytes, 5 rows",
		base+".parquet: unsealed: no manifest: not complete",
		"settlex_a.csv.manifest: bad manifest: manifest_version 0, this program reads 1",
		"settlex_b.csv.manifest: bad manifest: it is about settlex_itemised_m__1_INR_2026-01-05_b__7f3a_v1.csv",
	)
	if _, err := report.Check(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want %v", err, fs.ErrNotExist)
	}
}
