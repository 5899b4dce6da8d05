package event

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An Event is one fact about one object.
type Event struct {
	Lane     uint16    // of the journal
	No       uint64    // in the lane, from 1, without a gap
	At       time.Time // when it was decided, by the journal's time, UTC; never before that of an earlier one of its lane or its object
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

// Compare orders events by instant, lane and number. It puts those of a lane in order of their numbers, and
// those of an object in order of their sequences.
func (e *Event) Compare(o *Event) int {
	return cmp.Or(e.At.Compare(o.At), cmp.Compare(e.Lane, o.Lane), cmp.Compare(e.No, o.No))
}

// ErrInvalid marks an event that cannot be told.
var ErrInvalid = errors.New("not an event that can be told")

// Check tells whether a store can keep the event: it has a type, an object and a sequence, its texts
// are UTF-8, and its payload, if it has one, is JSON. Errors: ErrInvalid.
func (e *Event) Check() error {
	var fault string
	switch {
	case e.Type == "":
		fault = "its type is missing"
	case e.Object.Kind == "" || e.Object.ID == "":
		fault = fmt.Sprintf("its object is %q", e.Object)
	case e.Sequence == 0:
		fault = "its sequence is 0"
	case !utf8.ValidString(string(e.Type) + e.Object.Kind + e.Object.ID + e.Merchant):
		fault = "its texts are not UTF-8"
	case len(e.Data) > 0 && !(utf8.Valid(e.Data) && json.Valid(e.Data)):
		fault = fmt.Sprintf("its payload of %d bytes is not JSON", len(e.Data))
	default:
		return nil
	}
	return fmt.Errorf("%w: %s of %q: %s", ErrInvalid, e.ID(), e.Type, fault)
}
