package event_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/event"
)

func TestID(t *testing.T) {
	t.Parallel()
	for id, e := range map[string]event.Event{
		"evt_000_000000000001": {No: 1},
		"evt_3ff_0000000186a0": {Lane: 1023, No: 100_000},
		"evt_00f_ffffffffffff": {Lane: 15, No: 1<<48 - 1},
	} {
		if got := e.ID(); got != id {
			t.Errorf("lane %d, number %d: %s, want %s", e.Lane, e.No, got, id)
		}
		lane, no, err := event.ParseID(id)
		if err != nil || lane != e.Lane || no != e.No {
			t.Errorf("%s: lane %d, number %d, %v", id, lane, no, err)
		}
	}
	for _, id := range []string{
		"", "evt_", "evt_000", "evt_000_", "evt_000_000000000000", "evt_0_1", "000_000000000001", "evt_000_00000000000G", "EVT_000_000000000001",
		"evt_000_00000000000A", "evt_000_000000000001 ", "evt_+00_000000000001",
	} {
		if _, _, err := event.ParseID(id); !errors.Is(err, event.ErrBadID) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	var c event.Cursor
	if got := c.Read(3, 4).Read(0, 16).Read(0, 17); got.String() != "0:17,3:4" || got.After(0) != 17 || got.After(3) != 4 || got.After(1) != 0 {
		t.Errorf("cursor %s", got)
	}
	if c.String() != "" || c.After(0) != 0 {
		t.Errorf("reading changed the cursor it began with: %s", c)
	}
	for _, text := range []string{"", "0:17", "0:17,3:4", "1023:18446744073709551615"} {
		got, err := event.ParseCursor(text)
		if err != nil || got.String() != text {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "0:", ":1", "0:0", "3:4,0:17", "0:1,0:2", "65536:1", "0:1,", "-1:1", "0:01", "0:1 "} {
		if _, err := event.ParseCursor(text); !errors.Is(err, event.ErrBadCursor) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	seen := make(map[event.Type]bool)
	for _, typ := range event.Types() {
		if typ == "" || seen[typ] {
			t.Errorf("type %q is there twice, or empty", typ)
		}
		seen[typ] = true
	}
	if !seen[event.DepositSucceeded] || !seen[event.Ping] {
		t.Errorf("%d types lack some", len(seen))
	}
}
