package feed_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func FuzzCSV(f *testing.F) {
	f.Add(fullCSV)
	f.Add("kind,id,occurred_at,note\r\ndeposit,\"a\"\"b\",2026-02-01T00:00:00Z,\r\n\r\n,,,\r\n")
	f.Add("\ufeffkind,id,occurred_at\ndeposit,a,2016-10-16T00:00:00\n\"x\nkind,id\x00")
	f.Add("note,note,id,kind,occurred_at\n4111111111111111,,a,deposit,2016-10-16 00:30:00.123456789\n")
	f.Fuzz(func(t *testing.T, text string) { checkFile(t, "f.csv", text) })
}

func FuzzNDJSON(f *testing.F) {
	f.Add(fullObject)
	f.Add(`{"note":[{"a":"}\""}],"note":1e9,"kind":"deposit","id":"\ud83d\ude42","occurred_at":"2016-10-16T00:00:00"}`)
	f.Add("{}\r\n\n{\"id\":null}\n[]\n{\"kind\":\"\\q")
	f.Add(`{"kind":"deposit","id":"a","occurred_at":"2026-02-01T00:00:00Z","order_id":"4111 1111 1111 1111"} {}`)
	f.Fuzz(func(t *testing.T, text string) { checkFile(t, "f.ndjson", text) })
}

// checkFile reads any text at all. It must hold that every place lies in the
// file, that good rows survive a round trip, and that a JSON row means what
// encoding/json takes it to mean.
func checkFile(t *testing.T, name, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	m := feed.Mapping{Ignore: []string{"note"}, Timezone: "America/Sao_Paulo"}
	var events []payment.Event
	last := 0
	for row, err := range feed.Read(t.Context(), name, strings.NewReader(text), m) {
		if err == nil {
			if row.Line <= last || strings.TrimSuffix(lines[row.Line-1], "\r") != row.Raw {
				t.Fatalf("line %d after %d: %q", row.Line, last, row.Raw)
			}
			last = row.Line
			checkPlaces(t, row)
			checkMeaning(t, row)
			events = append(events, row.Event)
			continue
		}
		if bad, ok := errors.AsType[*feed.Error](err); ok {
			if bad.Line <= last || bad.Column < 1 || bad.Column > len(lines[bad.Line-1])+1 {
				t.Fatalf("place of %v", err)
			}
			last = bad.Line
		}
	}
	for _, format := range []feed.Format{feed.CSV, feed.NDJSON} {
		checkRoundTrip(t, format, events)
	}
}

// checkPlaces checks that text fields stand where the row says.
func checkPlaces(t *testing.T, row feed.Row) {
	t.Helper()
	for field, text := range map[payment.Field]string{payment.FieldID: row.ID, payment.FieldKind: string(row.Kind)} {
		line, column := row.Place(field)
		at := strings.TrimPrefix(row.Raw[column-1:], `"`)
		if line != row.Line || !strings.ContainsAny(at, `"\`) && !strings.HasPrefix(at, text) {
			t.Fatalf("%s %q is said to stand at %d:%d of %q", field, text, line, column, row.Raw)
		}
	}
}

// checkMeaning compares a JSON row with the standard library's reading of it.
func checkMeaning(t *testing.T, row feed.Row) {
	t.Helper()
	if row.Header != "" { // CSV
		return
	}
	var want struct {
		Kind    string `json:"kind"`
		ID      string `json:"id"`
		OrderID string `json:"order_id"`
		Parent  string `json:"parent_id"`
	}
	if err := json.Unmarshal([]byte(row.Raw), &want); err != nil {
		t.Fatalf("read %q, but: %v", row.Raw, err)
	}
	if want.Kind != string(row.Kind) || want.ID != row.ID || want.OrderID != row.OrderID || want.Parent != row.Parent {
		t.Fatalf("%q: %+v, encoding/json has %+v", row.Raw, row.Event, want)
	}
}
