// Package testneed lets a test say that it needs a tool that not every machine has.
//
//	path, err := exec.LookPath("hledger")
//	testneed.Need(t, "hledger", "apt-get install hledger", err == nil)
//
// Without the tool the test is skipped, and says what was not tested and how to get it. With SETTLEX_TEST_REQUIRE=all in
// the environment, as in CI, it fails instead, so that a tool that went missing cannot hide.
package testneed

import (
	"os"
	"testing"
)

// RequireVar is the environment variable that turns skips into failures when it is "all".
const RequireVar = "SETTLEX_TEST_REQUIRE"

// Need returns when found is true. Otherwise it ends the test: skipped, or failed when [RequireVar] is "all". The tool is
// named as its users know it; how says how to get it.
func Need(t testing.TB, tool, how string, found bool) {
	t.Helper()
	if found {
		return
	}
	if os.Getenv(RequireVar) == "all" {
		t.Fatalf("%s is missing, and %s=all makes that a failure. To get it: %s", tool, RequireVar, how)
	}
	t.Skipf("NOT TESTED: %s needs %s, which this machine does not have. To get it: %s", t.Name(), tool, how)
}
