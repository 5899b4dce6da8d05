package storetest

import (
	"os"
	"slices"
	"testing"
)

// Stage is what one try of many in a test opens its store on: what it leaves
// behind is cleared when the try is over, not when the test is.
type Stage struct {
	testing.TB
	cleanups []func()
}

// NewStage makes an empty stage in a test.
func NewStage(t testing.TB) *Stage {
	t.Helper()
	return &Stage{TB: t}
}

// Cleanup implements testing.TB.
func (s *Stage) Cleanup(fn func()) { s.cleanups = append(s.cleanups, fn) }

// TempDir implements testing.TB.
func (s *Stage) TempDir() string {
	dir := s.TB.TempDir()
	s.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			s.Error(err)
		}
	})
	return dir
}

// Clear runs what Cleanup was given, the last first.
func (s *Stage) Clear() {
	for _, fn := range slices.Backward(s.cleanups) {
		fn()
	}
	s.cleanups = nil
}
