package tidy_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/tidy"
)

const module = "github.com/settlex/settlex"

// planted are small trees with the findings each must give, all of them; the clean ones show what a rule lets pass.
func planted() []struct {
	name  string
	files map[string]string
	want  []string
} {
	return []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{
			name: "clean house",
			files: map[string]string{
				"money/money.go":              imports("money", "github.com/cockroachdb/apd/v3", "strings"),
				"money/money_test.go":         imports("money_test", "testing", "pgregory.net/rapid"),
				"calendar/calendar.go":        imports("calendar", "time"),
				"ledger/ledger.go":            imports("ledger", module+"/money"),
				"ledger/ledger_test.go":       imports("ledger_test", module+"/store/bolt", "go.etcd.io/bbolt", "net/http", "math/rand/v2"),
				"payment/payment.go":          imports("payment", module+"/ledger", module+"/money"),
				"payment/feed/feed.go":        imports("feed", module+"/payment"),
				"ledger/proof/proof.go":       imports("proof", module+"/ledger", "golang.org/x/mod/sumdb/note"),
				"store/bolt/bolt.go":          imports("bolt", module+"/payment", "go.etcd.io/bbolt"),
				"store/postgres/postgres.go":  imports("postgres", module+"/settlement", "github.com/jackc/pgx/v5/pgxpool"),
				"internal/scenario/play.go":   imports("scenario", module+"/store/bolt", module, module+"/internal/testneed"),
				"internal/testneed/need.go":   imports("testneed", "os/exec"),
				"settlex.go":                  imports("settlex", module+"/payment", "net/http"),
				"cmd/settlex/main.go":         imports("main", module, module+"/store/bolt", "github.com/spf13/cobra", "crypto/rand"),
				"cmd/settlex/main_test.go":    imports("main", "github.com/rogpeppe/go-internal/testscript"),
				"config/testdata/common/x.go": imports("common", "C"),
			},
		},
		{
			name: "package without a row",
			files: map[string]string{
				"ledgers/ledgers.go": "package ledgers\n",
				"money/wee/wee.go":   "package wee\n",
			},
			want: []string{
				"ledgers: no row in internal/tidy/house.go: give the package a floor [row]",
				"money/wee: no row in internal/tidy/house.go: give the package a floor [row]",
			},
		},
		{
			name: "names that hold no noun",
			files: map[string]string{
				"internal/util/u.go": "package bits\n",
				"money/money.go":     "package types\n",
			},
			want: []string{
				"internal/util: no row in internal/tidy/house.go: give the package a floor [row]",
				"internal/util/u.go: package util: name it after the noun it holds [name]",
				"money/money.go: package types: name it after the noun it holds [name]",
			},
		},
		{
			name: "imports that do not go down",
			files: map[string]string{
				"money/up.go":            imports("money", module+"/ledger"),
				"calendar/sideways.go":   imports("calendar", module+"/money"),
				"payment/into_child.go":  imports("payment", module+"/payment/feed"),
				"ledger/front.go":        imports("ledger", module),
				"config/sideways.go":     imports("config", module),
				"fees/behind_a_tag.go":   "//go:build windows\n\n" + imports("fees", module+"/reserve"),
				"settlement/testneed.go": imports("settlement", module+"/internal/testneed"),
			},
			want: []string{
				"calendar/sideways.go:3: imports money (floor 0) from floor 0: imports go down, never sideways or up [floor]",
				"config/sideways.go:3: imports . (floor 4) from floor 4: imports go down, never sideways or up [floor]",
				"fees/behind_a_tag.go:5: imports reserve (floor 1) from floor 1: imports go down, never sideways or up [floor]",
				"ledger/front.go:3: imports . (floor 4) from floor 1: imports go down, never sideways or up [floor]",
				"money/up.go:3: imports ledger (floor 1) from floor 0: imports go down, never sideways or up [floor]",
				"payment/into_child.go:3: imports payment/feed (floor 2) from floor 2: imports go down, never sideways or up [floor]",
				"settlement/testneed.go:3: imports internal/testneed: only tests may [floor]",
			},
		},
		{
			name: "imports beyond a room's reach",
			files: map[string]string{
				"store/bolt/front.go":      imports("bolt", module),
				"reconcile/report/deep.go": imports("report", module+"/payment"),
				"runner/domain.go":         imports("runner", module+"/ledger"),
			},
			want: []string{
				"reconcile/report/deep.go:3: imports payment (floor 2): reconcile/report reaches floor 0 and below [floor]",
				"runner/domain.go:3: imports ledger (floor 1): runner reaches floor 0 and below [floor]",
				"store/bolt/front.go:3: imports . (floor 4): store/bolt reaches floor 3 and below [floor]",
			},
		},
		{
			name: "libraries outside their room",
			files: map[string]string{
				"fees/decimal.go":    imports("fees", "github.com/cockroachdb/apd/v3"),
				"settlement/when.go": imports("settlement", "github.com/robfig/cron/v3"),
				"runner/wire.go":     imports("runner", "github.com/jackc/pgx/v5/pgconn"),
				"config/new.go":      imports("config", "example.com/left/pad"),
				"config/new_test.go": imports("config_test", "example.com/right/pad"),
				"money/diff.go":      imports("money", "github.com/google/go-cmp/cmp"),
				"money/lookalike.go": imports("money", "github.com/cockroachdb/apd/v3000"),
			},
			want: []string{
				"config/new.go:3: imports example.com/left/pad: give the library a room in internal/tidy/house.go [library]",
				"config/new_test.go:3: imports example.com/right/pad: give the library a room in internal/tidy/house.go [library]",
				"fees/decimal.go:3: imports github.com/cockroachdb/apd/v3: only money may [library]",
				"money/diff.go:3: imports github.com/google/go-cmp/cmp: only tests may [library]",
				"money/lookalike.go:3: imports github.com/cockroachdb/apd/v3000: give the library a room in internal/tidy/house.go [library]",
				"runner/wire.go:3: imports github.com/jackc/pgx/v5/pgconn: only store/postgres may [library]",
				"settlement/when.go:3: imports github.com/robfig/cron/v3: only runner may [library]",
			},
		},
		{
			name: "domain on the network",
			files: map[string]string{
				"settlement/serve.go": imports("settlement", "net/http"),
				"merchant/db.go":      imports("merchant", "database/sql/driver"),
			},
			want: []string{
				"merchant/db.go:3: imports database/sql/driver: nothing below floor 4 may [network]",
				"settlement/serve.go:3: imports net/http: nothing below floor 4 may [network]",
			},
		},
		{
			name: "embedder who would link too much",
			files: map[string]string{
				"store/bolt/bolt.go": imports("bolt", module+"/runner", "go.etcd.io/bbolt", "net/http"),
				"runner/runner.go":   imports("runner", "github.com/robfig/cron/v3"),
			},
			want: []string{
				"store/bolt: links github.com/robfig/cron/v3: whoever embeds the ledger would link it too [link]",
				"store/bolt: links net/http: whoever embeds the ledger would link it too [link]",
			},
		},
		{
			name: "embedder who would link Parquet, a driver and C",
			files: map[string]string{
				"money/c.go":            imports("money", "C"),
				"ledger/ledger.go":      imports("ledger", module+"/money", "github.com/parquet-go/parquet-go"),
				"ledger/proof/proof.go": imports("proof", "golang.org/x/mod/sumdb/note", "github.com/go-sql-driver/mysql"),
			},
			want: []string{
				"ledger: links github.com/parquet-go/parquet-go: whoever embeds the ledger would link it too [link]",
				"ledger: links " + module + "/money, which is cgo: whoever embeds the ledger would need a C compiler [link]",
				"ledger/ledger.go:4: imports github.com/parquet-go/parquet-go: only reconcile/report may [library]",
				"ledger/proof: links github.com/go-sql-driver/mysql: whoever embeds the ledger would link it too [link]",
				"ledger/proof/proof.go:4: imports github.com/go-sql-driver/mysql: give the library a room in internal/tidy/house.go [library]",
				"money/c.go:3: cgo: everything is pure Go [cgo]",
			},
		},
		{
			name: "machine's clock",
			files: map[string]string{
				"settlement/now.go":  "package settlement\n\nimport \"time\"\n\nvar now = time.Now\n",
				"payment/since.go":   "package payment\n\nimport clock \"time\"\n\nfunc age(t clock.Time) any { return clock.Since(t) }\n",
				"payment/config.go":  "package payment\n\nimport \"time\"\n\ntype Config struct{ Now any }\n\nfunc (c *Config) fill() { c.Now = time.Now }\n",
				"defaults.go":        "package settlex\n\nimport \"time\"\n\ntype Config struct{ Now any }\n\nfunc (c *Config) fill() { c.Now = time.Now }\n\nfunc New(c Config) { c.Now = time.Now }\n",
				"runner/options.go":  "package runner\n\nimport \"time\"\n\ntype Options struct{ Now any }\n\nfunc (o *Options) fill() { o.Now = time.Now }\n",
				"elsewhere.go":       "package settlex\n\nimport \"time\"\n\nfunc stamp() any { return time.Now() }\n",
				"cmd/settlex/now.go": "package main\n\nimport \"time\"\n\nvar start = time.Now()\n",
				"money/time_test.go": "package money_test\n\nimport \"time\"\n\nvar start = time.Now()\n",
			},
			want: []string{
				"elsewhere.go:5: time.Now: take the time from the injected clock [clock]",
				"payment/config.go:7: time.Now: take the time from the injected clock [clock]",
				"payment/since.go:5: time.Since: take the time from the injected clock [clock]",
				"settlement/now.go:5: time.Now: take the time from the injected clock [clock]",
			},
		},
		{
			name: "machine's time zones",
			files: map[string]string{
				"payment/zone.go":       "package payment\n\nimport \"time\"\n\nvar zone, _ = time.LoadLocation(\"Asia/Karachi\")\n",
				"calendar/zone_test.go": "package calendar_test\n\nimport \"time\"\n\nvar zone, _ = time.LoadLocation(\"Asia/Karachi\")\n",
				"calendar/zone.go":      "package calendar\n\nimport \"time\"\n\nvar zone, _ = time.LoadLocationFromTZData(\"Asia/Karachi\", nil)\n",
			},
			want: []string{
				"calendar/zone_test.go:5: time.LoadLocation: the machine's zones may differ, take calendar.LoadZone [zone]",
				"payment/zone.go:5: time.LoadLocation: the machine's zones may differ, take calendar.LoadZone [zone]",
			},
		},
		{
			name: "sleep",
			files: map[string]string{
				"cmd/settlex/wait.go": "package main\n\nimport \"time\"\n\nvar wait = time.Sleep\n",
				"money/wait_test.go":  "package money_test\n\nimport \"time\"\n\nvar wait = time.Sleep\n",
			},
			want: []string{
				"cmd/settlex/wait.go:5: time.Sleep: wait for the thing itself, on an injected clock [sleep]",
				"money/wait_test.go:5: time.Sleep: wait for the thing itself, on an injected clock [sleep]",
			},
		},
		{
			name: "chance",
			files: map[string]string{
				"fees/rand.go":            "package fees\n\nimport \"math/rand/v2\"\n\nvar n = rand.Int()\n",
				"merchant/secret.go":      "package merchant\n\nimport \"crypto/rand\"\n\nvar n = rand.Text()\n",
				"internal/sample/draw.go": "package sample\n\nimport \"math/rand/v2\"\n\nvar n = rand.New(rand.NewPCG(1, 2))\n",
				"ledger/config.go":        "package ledger\n\nimport \"crypto/rand\"\n\ntype Config struct{ ID any }\n\nfunc (c Config) fill() { c.ID = rand.Text }\n",
			},
			want: []string{
				"fees/rand.go:5: math/rand/v2.Int: nothing here is left to chance [chance]",
				"merchant/secret.go:5: crypto/rand.Text: nothing here is left to chance [chance]",
			},
		},
		{
			name: "init functions",
			files: map[string]string{
				"money/setup.go":      "package money\n\nfunc init() {}\n\ntype T struct{}\n\nfunc (T) init() {}\n",
				"money/setup_test.go": "package money_test\n\nfunc init() {}\n",
			},
			want: []string{
				"money/setup.go:3: init function: set it up where it is built [init]",
				"money/setup_test.go:3: init function: set it up where it is built [init]",
			},
		},
		{
			name:  "cgo",
			files: map[string]string{"money/c.go": imports("money", "C")},
			want:  []string{"money/c.go:3: cgo: everything is pure Go [cgo]"},
		},
	}
}

func TestPlanted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("each reads a module in one goroutine")
	}
	for _, tt := range planted() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range check(t, plant(t, tt.files)) {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPlantedPlaces stands apart, because its findings name the directory of the test.
func TestPlantedPlaces(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	somebody := "/" + "home/" + "ayesha"
	plantIn(t, root, map[string]string{
		"README.md":          "Fine: cmd/settlex, ./home/page, https://example.com/home/page, /var/lib/settlex.\n",
		"docs/OPERATING.md":  "Run it.\n\nIt is in " + somebody + "/bin.\n",
		".ci/run":            "cd " + root + "/cmd\n",
		"testdata/built.txt": "\x00" + root,
		"picture.png":        somebody,
	})
	var got []string
	for _, f := range check(t, root) {
		got = append(got, f.String())
	}
	want := []string{
		".ci/run:1: names " + root + ", a place on one machine [place]",
		"docs/OPERATING.md:3: names " + somebody[:7] + ", a place on one machine [place]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestPlantedHome moves the home directory, so it cannot run beside others.
func TestPlantedHome(t *testing.T) {
	home := filepath.Join(t.TempDir(), "ayesha")
	t.Setenv("HOME", home)
	root := plant(t, map[string]string{"Makefile": "all:\n\tcp it " + home + "/bin\n", "README.md": "Not " + home + "s.\n"})
	want := []tidy.Finding{{Rule: tidy.RulePlace, Place: "Makefile:2", Text: "names " + home + "/, a place on one machine"}}
	if diff := cmp.Diff(want, check(t, root)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestEveryRuleIsPlanted fails for a rule that no planted tree breaks: a check that cannot fail checks nothing.
func TestEveryRuleIsPlanted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many modules, in one goroutine")
	}
	broken := map[tidy.Rule]bool{tidy.RulePlace: true} // TestPlantedPlaces
	for _, p := range planted() {
		for _, f := range check(t, plant(t, p.files)) {
			broken[f.Rule] = true
		}
	}
	want, got := tidy.Rules(), slices.Collect(maps.Keys(broken))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules broken (-want +got):\n%s", diff)
	}
}

func check(t *testing.T, root string) []tidy.Finding {
	t.Helper()
	tree, err := tidy.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	found, err := tidy.Plan().Check(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// plant lays the files into a new directory, with a go.mod where they have none.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	plantIn(t, root, files)
	return root
}

func plantIn(t *testing.T, root string, files map[string]string) {
	t.Helper()
	all := map[string]string{"go.mod": "module " + module + "\n\ngo 1.26\n"}
	maps.Copy(all, files)
	for name, text := range all {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// imports is the text of a file that imports packages, one a line from line 3 on, and uses none of them.
func imports(pkg string, paths ...string) string {
	text := "package " + pkg + "\n\n"
	for _, p := range paths {
		text += "import _ \"" + p + "\"\n"
	}
	return text
}
