package scratch

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	"github.com/settlex/settlex/ledger"
)

// spill is what was put away.
type spill struct {
	dir    string
	values *os.File
	end    uint64                  // of the values
	runs   []*run                  // oldest first
	types  map[string]reflect.Type // of the records of each kind
	name   []byte                  // for reuse
	buffer []byte                  // for reuse
}

func newSpill(dir string) (*spill, error) {
	values, err := temporary(dir)
	if err != nil {
		return nil, err
	}
	return &spill{dir: dir, values: values, types: make(map[string]reflect.Type)}, nil
}

// temporary makes a file that has no name any more, where the system allows that.
func temporary(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, ".settlex-scratch-*")
	if err == nil {
		_ = os.Remove(file.Name()) // else it is removed when it is closed
	}
	return file, err
}

// discard closes a temporary file.
func discard(file *os.File) error {
	err := file.Close()
	_ = os.Remove(file.Name()) // it may be gone
	return err
}

func (s *spill) close() error {
	faults := []error{discard(s.values)}
	for _, r := range s.runs {
		faults = append(faults, discard(r.file))
	}
	s.runs = nil
	return errors.Join(faults...)
}

// Keys and records have names of their own.
const (
	itemName   = 'i'
	recordName = 'r'
)

func (s *spill) itemSum(key string) sum {
	s.name = append(append(s.name[:0], itemName), key...)
	return sumOf(s.name)
}

func (s *spill) recordSum(ref ledger.Ref) sum {
	s.name = append(append(s.name[:0], recordName), ref.Kind...)
	s.name = append(append(s.name, 0), ref.ID...)
	return sumOf(s.name)
}

func sumOf(name []byte) sum {
	full := sha256.Sum256(name)
	return sum(full[:len(sum{})])
}

// put puts items and records away.
func (s *spill) put(items map[string]*ledger.Booked, records map[ledger.Ref]ledger.Record) error {
	entries := make([]entry, 0, len(items)+len(records))
	out := bufio.NewWriterSize(io.NewOffsetWriter(s.values, int64(s.end)), 256<<10)
	for key, item := range items {
		at, err := s.append(out, item.AppendCanonical(s.buffer[:0]))
		if err != nil {
			return err
		}
		entries = append(entries, entry{s.itemSum(key), at})
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	for ref, record := range records {
		at := removed
		if record != nil {
			body.Reset()
			s.types[ref.Kind] = reflect.TypeOf(record).Elem()
			if err := encoder.Encode(record); err != nil {
				return fmt.Errorf("record %s: %w", ref, err)
			}
			var err error
			if at, err = s.append(out, body.Bytes()); err != nil {
				return err
			}
		}
		entries = append(entries, entry{s.recordSum(ref), at})
	}
	if err := out.Flush(); err != nil {
		return err
	}
	slices.SortFunc(entries, entry.compare)
	return s.add(entries)
}

// append writes a value behind its length, and gives where it stands.
func (s *spill) append(to *bufio.Writer, value []byte) (at uint64, err error) {
	at = s.end
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(value)))
	_, err = to.Write(length[:])
	if err == nil {
		_, err = to.Write(value)
	}
	s.end += uint64(len(length) + len(value))
	return at, err
}

// firstRead is what most values fit into.
const firstRead = 1 << 10

// value reads a value. It is good until the next is read.
func (s *spill) value(at uint64) ([]byte, error) {
	s.buffer = slices.Grow(s.buffer[:0], firstRead)[:firstRead]
	n, err := s.values.ReadAt(s.buffer, int64(at))
	if n < 4 {
		return nil, err
	}
	end := 4 + int(binary.LittleEndian.Uint32(s.buffer))
	if end > n {
		s.buffer = slices.Grow(s.buffer, end)[:end]
		if _, err := s.values.ReadAt(s.buffer[n:], int64(at)+int64(n)); err != nil {
			return nil, err
		}
	}
	return s.buffer[4:end], nil
}

// item reads the item that took a key; nil: none here.
func (s *spill) item(key string) (*ledger.Booked, error) {
	at, ok, err := s.find(s.itemSum(key))
	if !ok || err != nil {
		return nil, err
	}
	data, err := s.value(at)
	if err != nil {
		return nil, err
	}
	return ledger.DecodeItem(data)
}

// record reads a record; ok is false when it was neither put nor removed here.
func (s *spill) record(ref ledger.Ref) (r ledger.Record, ok bool, err error) {
	at, ok, err := s.find(s.recordSum(ref))
	if !ok || err != nil || at == removed {
		return nil, ok, err
	}
	data, err := s.value(at)
	if err != nil {
		return nil, false, err
	}
	into := reflect.New(s.types[ref.Kind]).Interface()
	err = json.Unmarshal(data, into)
	r, ok = into.(ledger.Record)
	if err != nil || !ok {
		return nil, false, fmt.Errorf("record %s: read a %T: %w", ref, into, err)
	}
	return r, true, nil
}
