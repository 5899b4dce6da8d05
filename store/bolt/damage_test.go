package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

func be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// plant changes a bucket of the ledger through bbolt, behind its back.
func (h *host) plant(t testing.TB, path string, fn func(*bbolt.Bucket) error) {
	t.Helper()
	h.update(t, func(tx *bbolt.Tx) error { return fn(inner(tx, path)) })
}

// flip inverts the lowest bit of one byte of a value; -1 is the last one.
func flip(key []byte, at int) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		value := bytes.Clone(b.Get(key))
		if at < 0 {
			at += len(value)
		}
		value[at] ^= 1
		return b.Put(key, value)
	}
}

func set(key, value []byte) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error { return b.Put(key, value) }
}

func remove(key []byte) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error { return b.Delete(key) }
}

// file puts the value of one key under another.
func file(key, under []byte) func(*bbolt.Bucket) error {
	return func(b *bbolt.Bucket) error {
		value := bytes.Clone(b.Get(key))
		return errors.Join(b.Delete(key), b.Put(under, value))
	}
}

// Whatever is wrong in the file is named by Verify. Books are sound before each
// damage.
func TestVerifyNamesDamage(t *testing.T) {
	t.Parallel()
	for group, rows := range map[string][]damageRow{
		"accounts": accountDamage(), "journal": journalDamage(), "rest": otherDamage(),
	} {
		for _, test := range rows {
			t.Run(group+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				h := damaged(t)
				h.plant(t, test.bucket, test.damage)
				v, err := h.books.Verify(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				wantFinding(t, v.Findings, test.place, test.want)
			})
		}
	}
}

// wantFinding looks for a finding at a place, which may be the beginning of one
// with a quotation or a parenthesis, or end with a space.
func wantFinding(t testing.TB, findings []ledger.Finding, place, want string) {
	t.Helper()
	for _, f := range findings {
		at := f.Place == place || (strings.ContainsAny(place, `"(`) || strings.HasSuffix(place, " ")) && strings.HasPrefix(f.Place, place)
		if at && strings.Contains(f.String(), want) {
			return
		}
	}
	t.Errorf("nothing is found at %q with %q, only %q", place, want, findings)
}

// What cannot be read hides what depends on it; nothing that is right is called
// wrong for it.
func TestVerifyAccusesNobodyWrongly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		bucket string
		damage func(*bbolt.Bucket) error
		want   []string // the places of all findings
	}{
		{"head", "meta", set([]byte("head"), nil), []string{"head", "accounts", "indexes"}},
		{"first account", "accounts", set([]byte("bank\x00INR"), nil), []string{"accounts", "indexes"}},
		{"first page", "journal", flip(be(1), 1+32), []string{"block after item 0", "indexes"}},
		{"last page", "journal", flip(be(103), 1+32), []string{"block after item 102", "indexes"}},
		{"last block header", "journal", header(121, 0), []string{"block after item 120", "indexes"}},
		{"a record", "records/merchant", flip([]byte("m1"), 0), []string{"record merchant/m1"}},
		{"list of runs gone", "meta", remove([]byte("runs")), []string{"accounts", "runs"}},
		{"list of runs", "meta", set([]byte("runs"), nil), []string{"accounts", "runs"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.plant(t, test.bucket, test.damage)
			v, err := h.books.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, f := range v.Findings {
				places = append(places, f.Place)
			}
			wantDiff(t, "places", test.want, places)
		})
	}
}
