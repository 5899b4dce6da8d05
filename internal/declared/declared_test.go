package declared_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/declared"
)

// Strings by their names, and of tests none.
func TestStrings(t *testing.T) {
	t.Parallel()
	want := map[string]string{"OneRecord": "one", "TwoRecord": "t\two", "someRecord": "some", "quotedRecord": `a "quote"`}
	if diff := cmp.Diff(want, declared.Strings(t, "testdata", "Record")); diff != "" {
		t.Errorf("declared (-want +got):\n%s", diff)
	}
}

// recorder stands in for a test and notes how it fails.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// A table held against nothing proves nothing.
func TestStringsOfNoName(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		declared.Strings(r, "testdata", "Nothing")
	}()
	<-done
	if want := "no string in testdata has a name that ends in Nothing"; r.failure != want {
		t.Errorf("failed with %q, want %q", r.failure, want)
	}
}
