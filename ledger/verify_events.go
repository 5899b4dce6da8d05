package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/event"
)

// events looks at the events of every lane: numbers without a gap, instants that
// never decrease, and, over all lanes, sequences without a gap for each object.
func (v *verifier) events(ctx context.Context, r Reader) error {
	objects, whole := make(map[objectHash]telling), true
	for i, c := range v.chains {
		err := v.laneEvents(ctx, r, c, objects)
		if errors.Is(err, ErrCorrupt) {
			v.find(fmt.Sprintf("event behind number %d of lane %d", c.head.Events, c.lane), "a readable event", err.Error())
			stored := &v.Lanes[i].Head
			c.head.Events, c.head.Told, whole, err = stored.Events, stored.Told, false, nil // what is behind it is neither right nor wrong
		}
		if err != nil {
			return err
		}
	}
	if !whole {
		return nil
	}
	for object, told := range objects {
		if told.sound() {
			delete(objects, object)
		}
	}
	return v.nameObjects(ctx, r, objects)
}

// laneEvents goes through a lane.
func (v *verifier) laneEvents(ctx context.Context, r Reader, c *chain, objects map[objectHash]telling) error {
	for e, err := range r.Events(ctx, c.lane, 0) { // 1 is the first, but what is filed before it should be seen
		if err != nil {
			return err
		}
		v.Events++
		place := fmt.Sprintf("event %s (%s of %s)", e.ID(), e.Type, e.Object)
		if want := c.head.Events + 1; e.No != want || e.Lane != c.lane {
			v.find(place, fmt.Sprintf("number %d of lane %d", want, c.lane), fmt.Sprintf("number %d of lane %d", e.No, e.Lane))
		}
		if e.At.Before(c.head.Told) {
			v.find(place, "told at or after "+instantText(c.head.Told), instantText(e.At))
		}
		if err := e.Check(); err != nil {
			v.find(place, "one that can be told", err.Error())
		}
		c.head.Events, c.head.Told = e.No, e.At
		objects[hashObject(e.Object)] = objects[hashObject(e.Object)].and(e.Sequence)
	}
	return nil
}

// nameObjects reads the events again, to name those objects among them.
func (v *verifier) nameObjects(ctx context.Context, r Reader, objects map[objectHash]telling) error {
	for _, c := range v.chains {
		if len(objects) == 0 {
			return nil
		}
		for e, err := range r.Events(ctx, c.lane, 0) {
			if err != nil {
				return err
			}
			if told, odd := objects[hashObject(e.Object)]; odd {
				v.find("events of "+e.Object.String(), fmt.Sprintf("%d with the sequences 1 to %d", told.count, told.count),
					fmt.Sprintf("other ones, the last %d", told.last))
				delete(objects, hashObject(e.Object))
			}
		}
	}
	return nil
}

// objectHash stands for an object: there may be millions of them.
type objectHash [16]byte

func hashObject(o event.Object) objectHash {
	sum := sha256.Sum256([]byte(o.Kind + "\x00" + o.ID))
	return objectHash(sum[:16])
}

// telling is what an object's events add up to, in whatever order they are read.
type telling struct{ count, last, sum uint64 }

func (t telling) and(sequence uint64) telling {
	return telling{t.count + 1, max(t.last, sequence), t.sum + spread(sequence)}
}

// sound tells whether the sequences are 1 to the last, each once.
func (t telling) sound() bool {
	if t.count != t.last {
		return false
	}
	for n := range t.last {
		t.sum -= spread(n + 1)
	}
	return t.sum == 0
}

// spread makes a number one of many bits, so that different sets of them have
// different sums: the finalizer of MurmurHash3.
func spread(n uint64) uint64 {
	n ^= n >> 33
	n *= 0xff51afd7ed558ccd
	n ^= n >> 33
	n *= 0xc4ceb9fe1a85ec53
	return n ^ n>>33
}

func instantText(t time.Time) string { return t.Format(time.RFC3339Nano) }
