package event

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// A Cursor is how far a reader has read: for each lane it has seen anything of, the
// number of the last event. The zero value has read nothing.
type Cursor struct{ lanes []laneCursor }

type laneCursor struct {
	lane uint16
	no   uint64
}

// After is the number of the last event that was read of a lane; 0: none.
func (c Cursor) After(lane uint16) uint64 {
	if i, found := c.find(lane); found {
		return c.lanes[i].no
	}
	return 0
}

// Read is the cursor once an event, and all before it in its lane, has been read.
func (c Cursor) Read(lane uint16, no uint64) Cursor {
	lanes := slices.Clone(c.lanes)
	i, found := c.find(lane)
	if !found {
		lanes = slices.Insert(lanes, i, laneCursor{lane: lane})
	}
	lanes[i].no = no
	return Cursor{lanes}
}

// All yields the lanes of which something was read, ascending, with the number of the
// last event that was.
func (c Cursor) All() iter.Seq2[uint16, uint64] {
	return func(yield func(uint16, uint64) bool) {
		for _, l := range c.lanes {
			if !yield(l.lane, l.no) {
				return
			}
		}
	}
}

func (c Cursor) find(lane uint16) (int, bool) {
	return slices.BinarySearchFunc(c.lanes, lane, func(l laneCursor, lane uint16) int { return int(l.lane) - int(lane) })
}

// String writes the cursor as ParseCursor reads it: "0:17,3:4".
func (c Cursor) String() string {
	parts := make([]string, len(c.lanes))
	for i, l := range c.lanes {
		parts[i] = fmt.Sprintf("%d:%d", l.lane, l.no)
	}
	return strings.Join(parts, ",")
}

// ErrBadCursor marks a text that is no cursor.
var ErrBadCursor = errors.New("not a cursor of events")

// ErrAhead marks a cursor that has read more than was told: it is of other books, or
// these were restored from a backup. Nothing that is told under numbers it has read
// already would reach its reader.
var ErrAhead = errors.New("cursor is ahead of what was told")

// ParseCursor reads what String has written; the empty text has read nothing.
// Errors: ErrBadCursor.
func ParseCursor(text string) (Cursor, error) {
	var c Cursor
	if text == "" {
		return c, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		lane, no, _ := strings.Cut(part, ":")
		l, err := strconv.ParseUint(lane, 10, 16)
		n, errNo := strconv.ParseUint(no, 10, 64)
		if err != nil || errNo != nil || n == 0 {
			return Cursor{}, fmt.Errorf("%w: %q", ErrBadCursor, text)
		}
		c = c.Read(uint16(l), n)
	}
	if c.String() != text {
		return Cursor{}, fmt.Errorf("%w: %q", ErrBadCursor, text)
	}
	return c, nil
}

// MarshalText writes the cursor like String.
func (c Cursor) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText has written. Errors: ErrBadCursor.
func (c *Cursor) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCursor(string(text))
	return err
}
