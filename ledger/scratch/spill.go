package scratch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// spill is what was put away: a bbolt file that nobody else sees and nothing makes
// durable.
type spill struct {
	db    *bbolt.DB
	types map[string]reflect.Type // of the records of each kind
}

// The buckets: items by key, and records by kind and id. No record is one that was
// removed.
var itemBucket, recordBucket = []byte("items"), []byte("records")

func newSpill(dir string) (*spill, error) {
	file, err := os.CreateTemp(dir, ".settlex-scratch-*")
	if err != nil {
		return nil, err
	}
	name := file.Name()
	if err := file.Close(); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{NoSync: true, NoGrowSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, errors.Join(err, os.Remove(name))
	}
	_ = os.Remove(name) // where the system allows that; else it is removed when it is closed
	err = db.Update(func(tx *bbolt.Tx) error {
		_, items := tx.CreateBucket(itemBucket)
		_, records := tx.CreateBucket(recordBucket)
		return errors.Join(items, records)
	})
	s := &spill{db: db, types: make(map[string]reflect.Type)}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *spill) close() error {
	name := s.db.Path()
	err := s.db.Close()
	_ = os.Remove(name) // it may be gone
	return err
}

// atOnce is how many names one transaction of the file puts: each of them makes a page
// of it stand in memory.
const atOnce = 1 << 12

// put puts items and records away, in the order of their names: that is how bbolt
// likes them.
func (s *spill) put(items map[string]*ledger.Booked, records map[ledger.Ref]ledger.Record) error {
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(items)), atOnce) {
		err := s.into(itemBucket, len(keys), func(i int) (name, value []byte, err error) {
			return []byte(keys[i]), items[keys[i]].AppendCanonical(nil), nil
		})
		if err != nil {
			return fmt.Errorf("items: %w", err)
		}
	}
	byName := func(a, b ledger.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) }
	for refs := range slices.Chunk(slices.SortedFunc(maps.Keys(records), byName), atOnce) {
		err := s.into(recordBucket, len(refs), func(i int) (name, value []byte, err error) {
			value, err = s.encode(records[refs[i]])
			return recordName(refs[i]), value, err
		})
		if err != nil {
			return fmt.Errorf("records: %w", err)
		}
	}
	return nil
}

// into puts values into a bucket in one transaction.
func (s *spill) into(bucket []byte, count int, value func(i int) (name, value []byte, err error)) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		into := tx.Bucket(bucket)
		for i := range count {
			name, value, err := value(i)
			if err == nil {
				err = into.Put(name, value)
			}
			if err != nil {
				return fmt.Errorf("%q: %w", name, err)
			}
		}
		return nil
	})
}

func recordName(ref ledger.Ref) []byte { return []byte(ref.Kind + "\x00" + ref.ID) }

// encode makes the value of a record; empty: it was removed.
func (s *spill) encode(r ledger.Record) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	s.types[r.Ref().Kind] = reflect.TypeOf(r).Elem()
	return ledger.EncodeRecord(r)
}

// item reads the item that took a key; nil: none here.
func (s *spill) item(key string) (item *ledger.Booked, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if data := tx.Bucket(itemBucket).Get([]byte(key)); data != nil {
			item, err = ledger.DecodeItem(data)
		}
		return err
	})
	return item, err
}

// record reads a record; ok is false when it was neither put nor removed here.
func (s *spill) record(ref ledger.Ref) (r ledger.Record, ok bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		data := tx.Bucket(recordBucket).Get(recordName(ref))
		if ok = data != nil; !ok || len(data) == 0 {
			return nil
		}
		into := reflect.New(s.types[ref.Kind]).Interface()
		if r, ok = into.(ledger.Record); !ok {
			return fmt.Errorf("record %s: a %T is no record", ref, into)
		}
		if err := ledger.DecodeRecord(data, r); err != nil {
			return fmt.Errorf("record %s: %w", ref, err)
		}
		return nil
	})
	return r, ok && err == nil, err
}
