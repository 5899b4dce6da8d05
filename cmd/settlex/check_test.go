package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Check prints every rule; alarms are a failure only where they shall be, and the
// rows of safeguarding are one for each day.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	config := filepath.Join(dir, "settlex.yaml")
	verifyAtEnd(t, config)
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	succeed(t, "settle", "--config", config, "--through", "2026-03-05")
	late := func() time.Time { return time.Date(2026, 4, 30, 12, 0, 0, 0, time.UTC) }

	r := commandAt(t, late, "check", "--config", config)
	if r.code != exitOK || r.stderr != "" {
		t.Fatalf("exit code %d, %s", r.code, r.stderr)
	}
	for _, want := range []string{
		`(?m)^IN +INR +pending +merchants/\{merchant\}/pending +holds +\d+ +-?[\d,.]+ +-?[\d,.]+ +0\.00$`,
		`(?m)^BD +BDT +once +all +holds +\d+ +\d+ +\d+ +0$`,
		`(?m)^alarm: rails/upi/receivable INR: no older than the rail takes to pay: have .*the oldest of it is of 2026-03-0\d, \d+ days old; 7 are allowed\)$`,
		`(?m)^0 rules broken, \d+ alarms$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.stdout) {
			t.Errorf("no %s in\n%s", want, r.stdout)
		}
	}
	if r := commandAt(t, late, "check", "--config", config, "--strict"); r.code != exitFailure || !strings.HasPrefix(r.stderr, "settlex: check: 0 rules broken, ") {
		t.Errorf("strict: exit code %d, %s", r.code, r.stderr)
	}
	if r := commandAt(t, late, "check", "--config", config, "--region", "XX"); r.code != exitFailure {
		t.Errorf("a region that is none: exit code %d", r.code)
	}
	var printed checkJSON
	r = commandAt(t, late, "check", "--config", config, "--json", "--region", "PK", "--receivable-days", "100")
	if err := json.Unmarshal([]byte(r.stdout), &printed); err != nil || r.code != exitOK {
		t.Fatalf("json: %v, exit code %d, %s", err, r.code, r.stderr)
	}
	if printed.Broken != 0 || len(printed.Rules) == 0 || printed.Rules[0].Region != "PK" || printed.Rules[0].Says != "holds" {
		t.Errorf("json: %+v", printed)
	}
}

// Safeguarding prints one row for each region and day.
func TestCheckSafeguarding(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	config := filepath.Join(dir, "settlex.yaml")
	verifyAtEnd(t, config)
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))
	out := succeed(t, "check", "--config", config, "--safeguarding", "--region", "IN", "--from", "2026-03-03", "--on", "2026-03-05")
	row := regexp.MustCompile(`^IN +INR +(2026-03-0[345])( +-?[\d,.]+){11}( +SHORT)?$`)
	lines := strings.Split(strings.TrimSpace(out), "\n")[1:]
	if len(lines) != 3 {
		t.Fatalf("got\n%s", out)
	}
	for _, line := range lines {
		if !row.MatchString(line) {
			t.Errorf("got %q", line)
		}
	}
	var rows []safeguardJSON
	if err := json.Unmarshal([]byte(succeed(t, "check", "--config", config, "--safeguarding", "--json", "--on", "2026-03-05")), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 || rows[0].On.String() != "2026-03-05" || rows[0].Escrow == "" {
		t.Errorf("json: %+v", rows)
	}
	if r := command(t, "check", "--config", config, "--from", "2026-03-03"); r.code != exitUsage {
		t.Errorf("--from alone: exit code %d", r.code)
	}
}
