package postgres_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

var textSeeds = []string{
	"", "plain", "\x00", "␀", "␀0", "␀␀", "a\x00␀0\x00\x00b", `\u0000`, `\\u0000`, "\\\x00", `"\"`, "␀\x00␀", "<&>\u2028",
}

// FuzzTexts: what is stored of a text has no zero byte, differs from that of any other text, and gives the text again, by itself
// and within a document.
func FuzzTexts(f *testing.F) {
	for _, s := range textSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("texts are UTF-8")
		}
		stored := postgres.Storable(s)
		if strings.Contains(stored, "\x00") {
			t.Errorf("%q is stored as %q", s, stored)
		}
		if got := postgres.Restored(stored); got != s {
			t.Errorf("%q is stored as %q and read as %q", s, stored, got)
		}
		type document struct{ A, B string }
		data, err := json.Marshal(document{s, "x" + s})
		if err != nil {
			t.Fatal(err)
		}
		kept := postgres.StorableJSON(data)
		var shape, again document
		if err := json.Unmarshal(kept, &shape); err != nil || strings.Contains(shape.A, "\x00") {
			t.Errorf("%s is stored as %s, %v", data, kept, err)
		}
		if data, err = json.Marshal(shape); err != nil { // as the database writes it: with other escapes
			t.Fatal(err)
		}
		if err := json.Unmarshal(postgres.RestoredJSON(data), &again); err != nil || again != (document{s, "x" + s}) {
			t.Errorf("%q is read as %+v, %v", s, again, err)
		}
	})
}

// Limits, counters and metadata are read as they were written.
func TestAttributesRoundTrip(t *testing.T) {
	t.Parallel()
	velocity := []ledger.Velocity{
		{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(0)},
		{Per: ledger.Days30, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(1 << 62)},
	}
	counters := []ledger.Counter{{Since: 4, Lane: 3, At: midday().Add(time.Microsecond)}, {Since: 1, At: midday(), Slots: []ledger.Slot{{No: -5, Total: money.Minor(7)}}}}
	metadata := []ledger.Attribute{{Name: "", Value: "\x00"}, {Name: "a\x00", Value: "␀"}, {Name: "b"}}
	text := func(s *string) []byte { return []byte(*s) }
	gotVelocity, err := postgres.DecodeVelocity(text(postgres.EncodeVelocity(velocity)))
	if diff := cmp.Diff(velocity, gotVelocity); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	gotCounters, err := postgres.DecodeCounters(text(postgres.EncodeCounters(counters)))
	if diff := cmp.Diff(counters, gotCounters); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	gotMetadata, err := postgres.DecodeMetadata(text(postgres.EncodeMetadata(metadata)))
	if diff := cmp.Diff(metadata, gotMetadata); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, none := range []*string{postgres.EncodeVelocity(nil), postgres.EncodeCounters(nil), postgres.EncodeMetadata(nil)} {
		if none != nil {
			t.Errorf("nothing is stored as %s", *none)
		}
	}
}

// What does not fit what a column holds is corrupt.
func TestAttributesRefuse(t *testing.T) {
	t.Parallel()
	for _, column := range []struct {
		name   string
		decode func([]byte) error
		texts  []string
	}{
		{"velocity", func(b []byte) error { _, err := postgres.DecodeVelocity(b); return err },
			[]string{`{}`, `[1]`, `[{}]`, `[{"per": "1y", "flow": "in", "measure": "sum", "max": "1"}]`, `[{"per": "1h", "flow": "in", "measure": "sum", "max": "-1"}]`, `[{"per": "1h", "flow": "in", "measure": "sum", "max": 1}]`}},
		{"counters", func(b []byte) error { _, err := postgres.DecodeCounters(b); return err },
			[]string{`{}`, `[{"since": -1}]`, `[{"lane": 70000}]`, `[{"at": "noon"}]`, `[{"slots": [{"total": "x"}]}]`}},
		{"metadata", func(b []byte) error { _, err := postgres.DecodeMetadata(b); return err }, []string{`[]`, `{"a": 1}`, `{`}},
	} {
		for _, text := range column.texts {
			if err := column.decode([]byte(text)); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("%s %s: %v", column.name, text, err)
			}
		}
	}
}
