package event_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

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

// Events are ordered by instant first, and within a lane by number.
func TestCompare(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	inOrder := []*event.Event{
		{At: noon, Lane: 1, No: 7}, {At: noon, Lane: 1, No: 8}, {At: noon, Lane: 2, No: 1}, {At: noon.Add(time.Microsecond), No: 1},
	}
	for i, a := range inOrder {
		for k, b := range inOrder {
			if got, want := a.Compare(b), cmp.Compare(i, k); got != want {
				t.Errorf("event %d compared with event %d: %d, want %d", i, k, got, want)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	sound := event.Event{Lane: 3, No: 10, Type: event.Ping, Object: event.Object{Kind: "deposit", ID: "d1"}, Sequence: 2, Merchant: "न", Data: []byte(`{"a": "\u0000"}`)}
	for says, change := range map[string]func(*event.Event){
		"":                                      func(*event.Event) {},
		`its type is missing`:                   func(e *event.Event) { e.Type = "" },
		`its object is "/d1"`:                   func(e *event.Event) { e.Object.Kind = "" },
		`its object is "deposit/"`:              func(e *event.Event) { e.Object.ID = "" },
		`its sequence is 0`:                     func(e *event.Event) { e.Sequence = 0 },
		`its texts are not UTF-8`:               func(e *event.Event) { e.Merchant = "\xff" },
		`its payload of 1 bytes is not JSON`:    func(e *event.Event) { e.Data = []byte("{") },
		`its payload of 3 bytes is not JSON`:    func(e *event.Event) { e.Data = []byte("\"\xff\"") },
		`its payload of 4 bytes is not JSON`:    func(e *event.Event) { e.Data = []byte("{} 1") },
		"evt_003_00000000000a of \"ping\": its": func(e *event.Event) { e.Sequence = 0 },
	} {
		e := sound
		change(&e)
		err := e.Check()
		switch {
		case says == "" && err != nil:
			t.Errorf("a sound event: %v", err)
		case says != "" && (!errors.Is(err, event.ErrInvalid) || !strings.Contains(err.Error(), says)):
			t.Errorf("error is %v, want one that says %q", err, says)
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
