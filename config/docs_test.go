package config_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/config"
)

// everyObject has an unknown key in each object there is, so that the faults
// list the known ones.
const everyObject = `
x: 1
run: {x: 1}
rates: {x: 1}
calendars: [{x: 1, holidays: [{x: 1}], cutoff_overrides: [{x: 1}]}]
regions: [{x: 1}]
merchants: [{x: 1}]
schedules: [{x: 1, for: [{x: 1}], cutoffs: [{x: 1}], anchor: {x: 1}, delay: {x: 1}, hold: {x: 1}, fx: {x: 1}}]
taxes: [{x: 1, split: [{x: 1}]}]
fees: [{x: 1, match: {x: 1}, components: [{x: 1, band: {x: 1}, unit: {x: 1}, tiers: {x: 1, steps: [{x: 1}]}}], rounding: {x: 1}}]
reserves: [{x: 1, for: [{x: 1}]}]
deposits: [{x: 1, for: [{x: 1}]}]
withholding: [{x: 1, for: [{x: 1}]}]
payouts: [{x: 1, for: [{x: 1}]}]
rails: [{x: 1, for: [{x: 1}], accounts: [{x: 1}], beneficiaries: [{x: 1}]}]
refunds: {x: 1, draw_reserve: [{x: 1}], beside_disputes: [{x: 1}]}
feeds: [{x: 1}]
accounts: [{x: 1}]
`

// docs/CONFIGURATION.md lists every key that is read, and no other.
func TestDocumentedKeys(t *testing.T) {
	t.Parallel()
	var documented []string
	for _, d := range documentedKeys(t) {
		documented = append(documented, d.key)
	}
	slices.Sort(documented)
	diff(t, keysRead(t), documented)
}

// keysRead lists the keys that the reader knows, in order, each once.
func keysRead(t testing.TB) []string {
	t.Helper()
	_, err := config.Parse("f", []byte(everyObject))
	faults, _ := errors.AsType[config.Faults](err)
	var read []string
	for _, f := range faults {
		_, known, ok := strings.Cut(f.Err.Error(), "known here: ")
		if !ok {
			continue
		}
		object := strings.ReplaceAll(strings.TrimSuffix(f.Key, "x"), "[0]", "[]")
		for name := range strings.SplitSeq(known, ", ") {
			read = append(read, object+name)
		}
	}
	slices.Sort(read)
	return read
}

// So are the prices of docs/CONFIGURATION.md, among those of its first example.
func TestDocumentedPrices(t *testing.T) {
	t.Parallel()
	page := readFile(t, "../docs/CONFIGURATION.md")
	whole := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(page)
	prices := regexp.MustCompile("(?s)```yml\n(.*?)```").FindStringSubmatch(page)
	c := parse(t, strings.Replace(whole[1], "\nfees:\n", "\nfees:\n"+prices[1], 1))
	var ids []string
	for i := range c.Rules.Fees {
		ids = append(ids, c.Rules.Fees[i].ID)
	}
	diff(t, []string{"cards", "wallets", "transfers", "many-payouts"}, ids[:4])
}

// The examples of docs/CONFIGURATION.md are right.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readFile(t, "../docs/CONFIGURATION.md"), -1)
	diff(t, 5, len(examples))
	whole := parse(t, examples[0][1])
	diff(t, 1, len(whole.Merchants))
	parse(t, examples[0][1]+examples[1][1]+examples[2][1]+examples[3][1]+examples[4][1])
}
