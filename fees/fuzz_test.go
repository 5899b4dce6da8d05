package fees_test

import (
	"encoding/json"
	"testing"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// FuzzSchedule: whatever text decodes to a schedule, Validate answers without a panic; a valid one is written back to a text that
// gives the same text again, and computes a consistent fee or an error.
func FuzzSchedule(f *testing.F) {
	f.Add([]byte(wantSchedule), int64(250001))
	f.Add([]byte(`{"id":"a","version":"1","components":[{"kind":"c","rate":"2%"}]}`), int64(0))
	f.Add([]byte(`{"id":"a","version":"1","components":[{"kind":"c","band":{"up_to":"5"}}],"tax":{"rate":"18"}}`), int64(-1))
	f.Fuzz(func(t *testing.T, text []byte, minor int64) {
		var s fees.Schedule
		if json.Unmarshal(text, &s) != nil || s.Validate() != nil {
			return
		}
		first, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back fees.Schedule
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(back)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, string(first), string(second))
		fee, err := s.Compute(money.Minor(minor))
		if err != nil {
			return
		}
		if err := fee.Check(); err != nil {
			t.Error(err)
		}
	})
}
