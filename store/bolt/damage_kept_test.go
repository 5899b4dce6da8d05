package bolt_test

import (
	"bytes"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// What contradicts nothing in the file is found by what was kept outside of it:
// the root of the Merkle log, as a checkpoint says it.
func TestVerifyAgainstKept(t *testing.T) {
	t.Parallel()
	whole := newImage(t)
	kept := whole.kept[0]
	tests := []struct {
		name  string
		data  func(t *testing.T) []byte
		place string
		want  string
	}{
		{"the newest meta page torn", func(*testing.T) []byte {
			data := bytes.Clone(whole.data)
			newest := whole.newest()
			copy(data[newest*pageSize+16+44:(newest+1)*pageSize], data[(1-newest)*pageSize+16+44:]) // the rest is that of the commit before
			return data
		}, "journal", "at least the 8 blocks of a checkpoint, have 7 blocks: its end is missing"},
		{"the newest meta page zeroed", func(*testing.T) []byte {
			data := bytes.Clone(whole.data)
			clear(data[whole.newest()*pageSize:][:pageSize])
			return data
		}, "journal", "have 7 blocks: its end is missing"},
		{"a copy of an hour ago", func(t *testing.T) []byte {
			t.Helper()
			return history(t, func(books *ledger.Ledger) { mustPost(t, books, sale("s1", 500), payout("p1", 200)) })
		}, "journal", "have 1 blocks: its end is missing"},
		{"an empty file", func(t *testing.T) []byte {
			t.Helper()
			return history(t, func(*ledger.Ledger) {})
		}, "journal", "have 0 blocks: its end is missing"},
		{"a cut tail, with another one grown", func(t *testing.T) []byte {
			t.Helper()
			return history(t, func(books *ledger.Ledger) {
				for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
					mustPost(t, books, sale(key, 500))
				}
			})
		}, "checkpoint over 8 blocks", ", as it was signed"},
		{"history rewritten", func(t *testing.T) []byte {
			t.Helper()
			clock := newWatch()
			h := newDamaged(t, &bbolt.Options{NoSync: true})
			settings := config(t)
			settings.Clock = clock.now
			h.on(t, settings)
			everything(t, h.books, clock, 501) // one rupee cent more in the first entry
			return h.bytes(t)
		}, "checkpoint over 8 blocks", ", as it was signed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			write(t, path, test.data(t))
			books, err := ledger.New(bolttest.OpenFile(t, path), config(t))
			if err != nil {
				t.Fatal(err)
			}
			bolttest.Verify(t, books) // by itself it is sound
			v, err := books.Verify(t.Context(), kept)
			if err != nil {
				t.Fatal(err)
			}
			wantFinding(t, v.Findings, test.place, test.want)
		})
	}
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		if found := whole.findings(t, whole.data, kept); found != "" {
			t.Error(found)
		}
	})
}

// history gives the file of other books.
func history(t *testing.T, book func(*ledger.Ledger)) []byte {
	t.Helper()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	book(h.books)
	return h.bytes(t)
}

// bytes closes the host's file and reads it.
func (h *host) bytes(t testing.TB) []byte {
	t.Helper()
	path := h.db.Path()
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, path)
}
