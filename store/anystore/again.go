package anystore

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/store/postgres/pgtest"
)

// Fewer is by how much fewer tries a property gets on PostgreSQL: each takes about that much longer there.
const Fewer = 20

// Choice says which tests there are to run, by patterns as those of go test. Empty: all of them.
type Choice struct {
	Run  string
	Skip string // for tests that do not look at the store and take their time
}

// Again runs tests of the test binary once more, on PostgreSQL, in a process of their own; properties are tried less often. It does nothing in
// that process. Without a server the test is skipped, as package pgtest does it; with -short it is too: `go test ./...` runs it.
func Again(t *testing.T, choice Choice) {
	t.Helper()
	if Chosen(t) != Bolt {
		t.Skip("this is again")
	}
	if testing.Short() {
		t.Skip("once is enough with -short")
	}
	server := pgtest.Newest(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, arguments(t, choice)...)
	cmd.Env = append(os.Environ(), StoreVar+"="+string(Postgres))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("on %s, %s %s: %v\n%s", server, StoreVar+"="+string(Postgres), strings.Join(cmd.Args, " "), err, out)
		return
	}
	t.Logf("on %s:\n%s", server, out)
}

// arguments are those of the other process.
func arguments(t *testing.T, choice Choice) []string {
	t.Helper()
	var out []string
	if choice.Run != "" {
		out = append(out, "-test.run="+choice.Run)
	}
	if choice.Skip != "" {
		out = append(out, "-test.skip="+choice.Skip)
	}
	if testing.Verbose() {
		out = append(out, "-test.v")
	}
	if flag.Lookup("rapid.checks") != nil {
		out = append(out, fmt.Sprint("-rapid.checks=", Tries(t)), "-rapid.nofailfile")
	}
	if end, ok := t.Deadline(); ok {
		out = append(out, fmt.Sprint("-test.timeout=", time.Until(end).Round(time.Second)))
	}
	return out
}

// Tries is how often a property is to be tried on PostgreSQL: so much less often than -rapid.checks says, or would say by itself.
func Tries(t testing.TB) int {
	t.Helper()
	checks := 100
	if f := flag.Lookup("rapid.checks"); f != nil {
		var err error
		if checks, err = strconv.Atoi(f.Value.String()); err != nil {
			t.Fatal(err)
		}
	}
	return max(1, checks/Fewer)
}
