package config_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
)

// good are configurations that are right.
func good(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"sample": string(sample.ConfigYAML()), "least": least, "JSON": leastJSON}
	for _, pattern := range []string{"testdata/*.yaml", "../examples/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			files[file] = readFile(t, file)
		}
	}
	return files
}

func printed(t *testing.T, text string, options config.PrintOptions) string {
	t.Helper()
	out, err := config.Print("f.yaml", []byte(text), options)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What is printed reads as the same objects with the same versions, and prints
// the same.
func TestPrintReadsAsTheSame(t *testing.T) {
	t.Parallel()
	files := good(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, options := range []config.PrintOptions{{}, {Defaults: true}} {
			once := printed(t, files[name], options)
			was, is := parse(t, files[name]), parse(t, once)
			diff(t, versions(was), versions(is))
			diff(t, was.Rules.Book, is.Rules.Book)
			diff(t, was.Rules.Fees, is.Rules.Fees)
			diff(t, was.Rules.Plans, is.Rules.Plans)
			diff(t, was.Rules.Withholding, is.Rules.Withholding)
			diff(t, was.Rules.Accounts, is.Rules.Accounts)
			diff(t, was.Merchants, is.Merchants)
			diff(t, was.Feeds, is.Feeds)
			diff(t, once, printed(t, once, options))
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	versionless := regexp.MustCompile(`version [0-9a-f]{12}|version [0-9.-]+\.[0-9]`)
	got := printed(t, "# ours\n"+least, config.PrintOptions{})
	got, _, _ = strings.Cut(versionless.ReplaceAllString(got, "version V"), "# Chart")
	diff(t, `# f.yaml as settlex reads it.
# Shipped calendars: IN version V.
regions:
  - id: IN
    currencies: [INR]
    bank: in_escrow
schedules:
  # version V
  - id: in
    for: [platform]
    timezone: Asia/Kolkata
    delay:
      n: 1
    cutoffs:
      - at: "18:00"
    calendars: [IN]
fees:
  # version V
  - id: capture
    match:
      event: capture
      currency: INR
    components:
      - kind: c
        rate: 1%
        fixed: 3.00
  # version V
  - id: dispute
    match:
      event: dispute
      currency: INR
    components:
      - kind: c
        fixed: 15.00
  # version V
  - id: payout
    match:
      event: payout
      currency: INR
    components:
      - kind: c
        fixed: 5.00
`, got)
}

// What is left out is said, as a remark.
func TestPrintDefaults(t *testing.T) {
	t.Parallel()
	got := printed(t, least, config.PrintOptions{Defaults: true})
	for _, line := range []string{
		"# reports: reports\n", "    # effective_from: always\n    for: [platform]\n", "      # unit: business_days\n", "    # charge: net\n",
		"    # min_payout: none\n", "# formats: [csv, json, parquet]\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in:\n%s", line, got)
		}
	}
}

// The versions of the objects stand beside them, those of the program's own
// calendars at the top; the chart has what the file adds.
func TestPrintVersions(t *testing.T) {
	t.Parallel()
	text := readFile(t, "testdata/every-key.yaml")
	c, got := parse(t, text), printed(t, text, config.PrintOptions{})
	for _, want := range []string{
		"  # version " + c.Rules.Book.Schedules[0].Version + "\n  - id: in\n", "  # version " + c.Rules.Fees[0].Version + "\n  - id: every\n",
		"  # version " + c.Rules.Plans[0].Version + "\n  - id: rolling\n",
		"  # version " + c.Rules.Book.Schedules[0].Timing.Calendars[0].Version + "\n  - id: BANK\n",
		"# Shipped calendars: IN version " + c.Rules.Book.Schedules[0].Timing.Calendars[1].Version + ".\n",
		"#   merchants/{merchant}/available: liability, not below 0\n", "#   wallets/{customer}: liability, not below -50000\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

// No password is printed, wherever it stands in the URL.
func TestPrintNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []struct{ in, out string }{
		{"postgres://u:sesame@h:1,h2:2/books?sslmode=require", "postgres://u@h:1,h2:2/books?sslmode=require"},
		{"postgresql://h/books?user=u&password=sesame", "postgresql://h/books?user=u"},
		{"postgres://u@h/books?sslpassword=sesame&%70assword=sesame&a=b", "postgres://u@h/books?a=b"},
		{"postgres://u:ses@me:sesame@h/books", "postgres://"},
		{"postgres://u:ses/ame@h/books", "postgres://"},
		{"postgres://u:ses?ame@h/books?x=sesame@", "postgres://"},
		{"postgres://h/books", "postgres://h/books"},
		{"postgres://u:@h/books", "postgres://u@h/books"},
	} {
		got := printed(t, "data: \""+url.in+"\"\n"+least, config.PrintOptions{})
		first := strings.Split(got, "\n")[2]
		diff(t, "data: \""+url.out+"\"", first)
	}
}
