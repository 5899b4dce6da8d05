package ledger

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
)

// Place is where an item stands in the journal. All lanes together are ordered
// by instant, then by lane, then by sequence: an item that depends on another one
// stands behind it, whatever their lanes. The zero value is before the first.
type Place struct {
	At   time.Time // booking instant, UTC
	Lane uint16
	Seq  uint64
}

// Place is where the item stands.
func (b *Booked) Place() Place { return Place{At: b.At, Lane: b.Lane, Seq: b.Seq} }

// Compare orders places.
func (p Place) Compare(o Place) int {
	return cmp.Or(p.At.Compare(o.At), cmp.Compare(p.Lane, o.Lane), cmp.Compare(p.Seq, o.Seq))
}

// Next is the place right behind this one.
func (p Place) Next() Place { return Place{At: p.At, Lane: p.Lane, Seq: p.Seq + 1} }

// startOf is the place before everything that is booked at or after an instant.
func startOf(t time.Time) Place { return Place{At: t.UTC()} }

// DatedPlace is a place in an account's entries ordered by value date, and
// within one date by their places. The zero value is before the first.
type DatedPlace struct {
	On calendar.Date
	Place
}

// Position is how far each lane was read: by lane, the sequence of the last item
// that was dealt with. Lanes it does not reach were not read yet. It is the
// cursor of a change feed: since a lane has no gaps, nothing behind it is missed,
// however late it commits.
type Position []uint64

// of is how far a lane was read.
func (p Position) of(lane uint16) uint64 {
	if int(lane) < len(p) {
		return p[lane]
	}
	return 0
}

// past notes that an item was dealt with.
func (p Position) past(b *Booked) Position {
	for int(b.Lane) >= len(p) {
		p = append(p, 0)
	}
	p[b.Lane] = b.Seq
	return p
}

// Union is the later of two positions in each lane.
func (p Position) Union(o Position) Position {
	out := append(Position(nil), p...)
	for lane, seq := range o {
		if lane >= len(out) {
			out = append(out, 0)
		}
		out[lane] = max(out[lane], seq)
	}
	return out
}

// Cursor is the position as text, the lanes' sequences joined by '-'.
func (p Position) Cursor() Cursor {
	var text []byte
	for i, seq := range p {
		if i > 0 {
			text = append(text, '-')
		}
		text = strconv.AppendUint(text, seq, 10)
	}
	return Cursor(text)
}

// ParsePosition reads what Position.Cursor wrote; the empty cursor is the
// beginning. Errors: ErrCursor.
func ParsePosition(c Cursor) (Position, error) {
	if c == "" {
		return nil, nil
	}
	var p Position
	for text := range strings.SplitSeq(string(c), "-") {
		seq, err := parseSeq(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %q", ErrCursor, c)
		}
		p = append(p, seq)
	}
	return p, nil
}

// parseItem reads a cursor that names an item, which a list gave: "17",
// or "17@3" in lane 3.
func parseItem(c Cursor) (lane uint16, seq uint64, err error) {
	number, in, other := strings.Cut(string(c), "@")
	if seq, err = parseSeq(number); err == nil && other {
		var n uint64
		if n, err = strconv.ParseUint(in, 10, 16); n == 0 || strconv.FormatUint(n, 10) != in {
			err = ErrCursor
		}
		lane = uint16(n)
	}
	if err != nil || seq == 0 {
		return 0, 0, fmt.Errorf("%w: %q", ErrCursor, c)
	}
	return lane, seq, nil
}

// itemCursor names an item.
func itemCursor(lane uint16, seq uint64) Cursor {
	c := strconv.FormatUint(seq, 10)
	if lane != 0 {
		c += "@" + strconv.FormatUint(uint64(lane), 10)
	}
	return Cursor(c)
}

func parseSeq(text string) (uint64, error) {
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil || seq == math.MaxUint64 || strconv.FormatUint(seq, 10) != text { // there is nothing behind the largest
		return 0, ErrCursor
	}
	return seq, nil
}
