package feed_test

import (
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/settlex/settlex/payment/feed"
)

// endless gives a file's head and then one text over and over, size bytes of it
// in all, without ever holding it.
type endless struct {
	head *strings.Reader
	unit string
	at   int
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.head.Len() > 0 {
		return e.head.Read(p)
	}
	n := 0
	for n < len(p) && e.left > 0 {
		c := copy(p[n:min(len(p), n+e.left)], e.unit[e.at:])
		n, e.at, e.left = n+c, (e.at+c)%len(e.unit), e.left-c
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// It is not parallel, for it looks at the memory of the whole process.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, and the race detector has its own memory")
	}
	tests := []struct {
		name, head, unit string
	}{
		{"rows", "kind,id,occurred_at\n", "deposit,a,2026-02-01T00:00:00Z\n"},
		{"one line without end", "kind,id,occurred_at\n", "deposit,"},
		{"an open quote", "kind,id,occurred_at\n", `"deposit,a,2026-02-01T00:00:00Z` + "\n"},
		{"blank lines", "kind,id,occurred_at\n", strings.Repeat(" ", 30) + "\n"},
		{"header without end", "", "kind,"},
		{"objects.ndjson", "", `{"kind":"deposit","id":"a","occurred_at":"2026-02-01T00:00:00Z"}` + "\n"},
		{"an object without end.ndjson", "", `{"kind":"deposit",`},
	}
	const size = 16 << 20
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := &endless{head: strings.NewReader(test.head), unit: test.unit, left: size}
			name := test.name
			if !strings.HasSuffix(name, ".ndjson") {
				name = "a.csv"
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			// The collector is to run in time, also where the machine is busy.
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(before.Sys-before.HeapReleased) + size/4))
			rows, faults := 0, 0
			for _, err := range feed.Read(t.Context(), name, file, feed.Mapping{}) {
				if err == nil {
					rows++
				} else {
					faults++
				}
			}
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > size/2 {
				t.Errorf("the heap grew by %d bytes over %d rows and %d faults of a file of %d", grown, rows, faults, size)
			}
		})
	}
}
