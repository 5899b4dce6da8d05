package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
)

// Events lie beside the journal: what the memory and the runs stand for does not
// depend on them, so the head that these compare has none.

const toldBytes = 8 + 8

// encodeTold writes how many events were told, and when the last one was.
func encodeTold(h ledger.Head) []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, toldBytes+sealBytes), h.Events)
	return seal(binary.BigEndian.AppendUint64(out, uint64(h.Told.UnixMicro()))) //nolint:gosec // instants before 1970 wrap around, and back
}

// withEvents adds to a head what is told of its events.
func (t *Tx) withEvents(h ledger.Head) (ledger.Head, error) {
	sealed := t.bucket(bucketMeta).Get(keyEvents)
	if sealed == nil {
		return h, nil
	}
	data, ok := unseal(sealed)
	if !ok || len(data) != toldBytes {
		return h, corrupt("number of events is %x", sealed)
	}
	h.Events = binary.BigEndian.Uint64(data)
	h.Told = time.UnixMicro(int64(binary.BigEndian.Uint64(data[8:]))).UTC() //nolint:gosec // wraps around
	return h, nil
}

// withoutEvents is the end of the journal alone.
func withoutEvents(h ledger.Head) ledger.Head {
	h.Events, h.Told = 0, time.Time{}
	return h
}

// end is the head with what is told of its events.
func (t *Tx) end() (ledger.Head, error) {
	head, err := t.head()
	if err != nil {
		return head, err
	}
	return t.withEvents(head)
}

func encodeEvent(e *event.Event) []byte {
	out := binary.AppendUvarint(nil, e.No)
	out = binary.AppendVarint(out, e.At.UnixMicro())
	out = appendText(out, string(e.Type))
	out = appendText(out, e.Object.Kind)
	out = appendText(out, e.Object.ID)
	out = binary.AppendUvarint(out, e.Sequence)
	out = appendText(out, e.Merchant)
	return seal(appendText(out, string(e.Data)))
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// decodeEvent reads the event that is filed under a key.
func decodeEvent(key, sealed []byte) (*event.Event, error) {
	data, ok := unseal(sealed)
	if !ok || len(key) != 8 {
		return nil, corrupt("event %x does not fit its checksum", key)
	}
	in := eventReader{rest: data}
	e := &event.Event{No: in.uvarint(), At: time.UnixMicro(in.varint()).UTC(), Type: event.Type(in.text())}
	e.Object.Kind, e.Object.ID = in.text(), in.text()
	e.Sequence, e.Merchant = in.uvarint(), in.text()
	if text := in.text(); text != "" {
		e.Data = []byte(text)
	}
	switch {
	case in.broken || len(in.rest) > 0:
		return nil, corrupt("event %x cannot be read", key)
	case e.No != idOf(key):
		return nil, corrupt("where event %d should be lies event %d", idOf(key), e.No)
	}
	return e, nil
}

// eventReader takes values off the front. Behind a broken one all are zero.
type eventReader struct {
	rest   []byte
	broken bool
}

func (r *eventReader) uvarint() uint64 {
	value, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest, r.broken = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return value
}

func (r *eventReader) varint() int64 {
	value, n := binary.Varint(r.rest)
	if n <= 0 {
		r.rest, r.broken = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return value
}

func (r *eventReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.rest, r.broken = nil, true
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

// events gathers events, which can be told.
func (s *saving) events(c *ledger.Changes) error {
	if len(c.Events) == 0 {
		return nil
	}
	for _, e := range c.Events {
		if err := e.Check(); err != nil {
			return fmt.Errorf("event %d: %w", e.No, err)
		}
		s.append(bucketEvents, be(e.No), encodeEvent(e))
	}
	s.put(bucketMeta, keyEvents, encodeTold(c.Head))
	return nil
}

// Events implements ledger.Reader, of the one lane.
func (t *Tx) Events(ctx context.Context, _ uint16, from uint64) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		for key, value := range scanFrom(t.bucket(bucketEvents), nil, be(from)) {
			e, err := decodeEvent(key, value)
			if err == nil {
				err = ctx.Err()
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
