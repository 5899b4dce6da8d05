package testneed_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/testneed"
)

// recorder stands in for a test and notes how it ends.
type recorder struct {
	testing.TB
	outcome string
}

func (r *recorder) Helper()      {}
func (r *recorder) Name() string { return "TestExport" }

func (r *recorder) Fatalf(format string, args ...any) { r.end("failed: "+format, args...) }
func (r *recorder) Skipf(format string, args ...any)  { r.end("skipped: "+format, args...) }

func (r *recorder) end(format string, args ...any) {
	r.outcome = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// Not parallel: it changes the environment.
func TestNeed(t *testing.T) {
	const how = "apt-get install hledger"
	for _, row := range []struct {
		name    string
		require string
		found   bool
		want    string
	}{
		{"found", "", true, "went on"},
		{"found and required", "all", true, "went on"},
		{"missing", "", false,
			"skipped: NOT TESTED: TestExport needs hledger, which this machine does not have. To get it: " + how},
		{"missing, required", "all", false,
			"failed: hledger is missing, and SETTLEX_TEST_REQUIRE=all makes that a failure. To get it: " + how},
		{"missing, variable says something else", "none", false,
			"skipped: NOT TESTED: TestExport needs hledger, which this machine does not have. To get it: " + how},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv(testneed.RequireVar, row.require)
			r := &recorder{outcome: "went on"}
			done := make(chan struct{})
			go func() {
				defer close(done)
				testneed.Need(r, "hledger", how, row.found)
			}()
			<-done
			if diff := cmp.Diff(row.want, r.outcome); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
