package config_test

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/settlex/settlex/config"
)

// versions of everything that has one, in the order of the file.
func versions(c *config.Config) []string {
	var all []string
	for _, s := range c.Rules.Book.Schedules {
		all = append(all, s.Version)
		for _, calendar := range s.Timing.Calendars {
			all = append(all, calendar.Version)
		}
	}
	for _, s := range c.Rules.Fees {
		all = append(all, s.Version)
	}
	for _, p := range c.Rules.Plans {
		all = append(all, p.Version)
	}
	return all
}

// The version is what anybody computes from the object's JSON.
func TestVersionIsTheHashOfTheCanonicalForm(t *testing.T) {
	t.Parallel()
	const canonical = `{"components":[{"fixed":"300","kind":"c","rate":"0.01"}],"id":"capture","match":{"currency":"INR","event":"capture"}}`
	sum := sha256.Sum256([]byte(canonical))
	diff(t, hex.EncodeToString(sum[:6]), parse(t, least).Rules.Fees[0].Version)
}

func TestVersionForm(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{12}$`)
	for i, v := range versions(parse(t, strings.ReplaceAll(readFile(t, "testdata/every-key.yaml"), "[BANK, IN]", "[BANK]"))) {
		if !form.MatchString(v) {
			t.Errorf("version %d is %q", i, v)
		}
	}
}

// How a file is written changes no version; what it says does, of that object
// alone.
func TestVersions(t *testing.T) {
	t.Parallel()
	before := versions(parse(t, least))
	for _, tc := range []struct {
		name, piece, with string
		changed           []int // schedule, its calendar, three fees
	}{
		{"remark", "regions:", "# A remark.\nregions:", nil},
		{"quotes", "rate: 1%", `rate: "1%"`, nil},
		{"other spelling of the rate", "rate: 1%", "rate: 0.0100", nil},
		{"other spelling of the amount", "fixed: 3.00", "fixed: 3", nil},
		{"order of keys", "kind: c, rate: 1%", "rate: 1%, kind: c", nil},
		{"a default spelled out", "delay: {n: 1}", "delay: {n: 1, unit: business_days}", nil},
		{"another anchor", "delay: {n: 1}", "delay: {n: 1}, anchor: {kind: daily}", []int{0}},
		{"another delay", "delay: {n: 1}", "delay: {n: 2}", []int{0}},
		{"another rate", "rate: 1%", "rate: 1.1%", []int{2}},
		{"another policy", "event: dispute, currency: INR}", "event: dispute, currency: INR}, dispute_policy: return_on_win", []int{3}},
		{"another date", "{id: payout,", "{id: payout, effective_from: 2026-01-01,", []int{4}},
		{"another calendar", "regions:", "calendars: [{id: IN, extends: IN, extra_open: [2026-01-26]}]\nregions:", []int{0, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var changed []int
			for i, v := range versions(parse(t, replace(t, tc.piece, tc.with))) {
				if v != before[i] {
					changed = append(changed, i)
				}
			}
			diff(t, tc.changed, changed)
		})
	}
}
