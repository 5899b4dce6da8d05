package event

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Event is one fact about one object.
type Event struct {
	Lane     uint16    // of the journal
	No       uint64    // in the lane, from 1, without a gap
	At       time.Time // when it was decided, by the journal's time, UTC
	Type     Type
	Object   Object
	Sequence uint64 // among the object's, from 1, without a gap
	Merchant string // whom it concerns; empty: nobody but the platform
	Data     []byte // payload, as JSON; the room that told the event knows its type
}

// Object names what an event is about.
type Object struct {
	Kind string // deposit, refund, ...
	ID   string
}

// String is "kind/id".
func (o Object) String() string { return o.Kind + "/" + o.ID }

// ID names the event: its place, so that it is the same however often it is sent.
func (e *Event) ID() string { return fmt.Sprintf("evt_%03x_%012x", e.Lane, e.No) }

// ErrBadID marks a text that is no event's id.
var ErrBadID = errors.New("not the id of an event")

// ParseID gives the place that an id names. Errors: ErrBadID.
func ParseID(id string) (lane uint16, no uint64, err error) {
	rest, ok := strings.CutPrefix(id, "evt_")
	first, second, found := strings.Cut(rest, "_")
	l, err := strconv.ParseUint(first, 16, 16)
	n, errNo := strconv.ParseUint(second, 16, 48)
	place := Event{Lane: uint16(l), No: n}
	if !ok || !found || err != nil || errNo != nil || n == 0 || place.ID() != id {
		return 0, 0, fmt.Errorf("%w: %q", ErrBadID, id)
	}
	return place.Lane, n, nil
}
