package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writerFunc is a function that is written to.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// What keeps the next cut-off of a merchant without batches from being told is a failure, as
// everywhere, unless it is what the rules say of that merchant: then it is a warning.
func TestCutoffsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	configured := filepath.Join(dir, "settlex.yaml")
	text := strings.ReplaceAll(`
regions: [{id: IN, currencies: [INR], bank: escrow}]
merchants: [{id: m_new, region: IN}]
schedules:
  - {id: t1, for: [platform], timezone: Asia/Kolkata, cutoffs: [{at: "18:00"}], delay: {n: 1}, calendars: [IN]}
fees:
  - {id: capture, match: {event: capture}, components: [{kind: c, rate: 0%}]}
  - {id: dispute, match: {event: dispute}, components: [{kind: c, rate: 0%}]}
  - {id: payout, match: {event: payout}, components: [{kind: c, rate: 0%}]}
data: DIR/settlex.db
`, "DIR", dir)
	if err := os.WriteFile(configured, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, "init", "--config", configured)
	verifyAtEnd(t, configured)
	for _, test := range []struct {
		on, want string
		cancels  bool
		code     int
	}{
		{"2026-03-02", "", false, exitOK},
		{"2027-03-02", "warning: the next cut-off in INR cannot be told: ", false, exitOK}, // the calendar has ended
		{"2026-03-02", "context canceled", true, exitFailure},
	} {
		now, err := time.Parse(time.DateOnly, test.on)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		listed := false
		out := writerFunc(func(b []byte) (int, error) {
			listed = listed || bytes.Contains(b, []byte("0 batches"))
			return len(b), nil
		})
		clock := func() time.Time { // it is asked once the merchant was found
			if test.cancels && listed {
				cancel()
			}
			return now
		}
		var stderr bytes.Buffer
		p := &program{out: &output{w: out}, err: &stderr, clock: clock, owner: "test/1"}
		code := p.execute(ctx, []string{"settlement", "list", "--config", configured, "--merchant", "m_new"})
		if code != test.code || !strings.Contains(stderr.String(), test.want) || test.want == "" && stderr.Len() > 0 {
			t.Errorf("on %s, canceled %t: exit code %d, want %d, with %q:\n%s", test.on, test.cancels, code, test.code, test.want, stderr.String())
		}
	}
}
