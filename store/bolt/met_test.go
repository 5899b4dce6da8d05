package bolt_test

import (
	"errors"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
)

// Damage that a caller comes across is an error for it.
func TestDamageMet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		bucket string
		damage func(*bbolt.Bucket) error
		call   func(*host) error
	}{
		{"posting on a damaged head", "meta", flip([]byte("head"), 9), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("x", 1))
			return err
		}},
		{"posting on a damaged account", "accounts", set([]byte(available+"\x00INR"), []byte("x")), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("x", 1))
			return err
		}},
		{"a retry of a key that points astray", "keys", flip([]byte("s1"), 7), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("s1", 500))
			return err
		}},
		{"a retry of a key that points behind the end", "keys", set([]byte("s1"), be(9999)), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("s1", 500))
			return err
		}},
		{"a retry of a key that points nowhere", "keys", set([]byte("s1"), be(0)), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("s1", 500))
			return err
		}},
		{"a key of another length", "keys", set([]byte("s1"), []byte("x")), func(h *host) error {
			_, _, err := h.books.Entry(t.Context(), "s1")
			return err
		}},
		{"a statement of a damaged page", "journal", flip(be(1), 1), func(h *host) error {
			for _, err := range h.books.Lines(t.Context(), bank, inr(), ledger.Span{}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a statement of a cut movement", "movements", set(append(be(2), 1), nil), func(h *host) error {
			for _, err := range h.books.Lines(t.Context(), available, inr(), ledger.Span{}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a trial balance of a damaged account", "accounts", set([]byte("bank"), nil), func(h *host) error {
			_, err := h.books.TrialBalance(t.Context())
			return err
		}},
		{"a damaged record", "records/merchant", flip([]byte("m1"), 3), func(h *host) error {
			return h.books.Do(t.Context(), work(func(s *ledger.State) error {
				s.Record(known("m1", "").Ref())
				return nil
			}))
		}},
		{"a list of damaged records", "records/merchant", flip([]byte("m2"), 3), func(h *host) error {
			return h.books.Read(t.Context(), func(r ledger.Reader) error {
				for _, err := range r.Records(t.Context(), "merchant", "", "") {
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"entries under a short key", "journal", file(be(1), []byte{0}), func(h *host) error {
			return h.books.Read(t.Context(), func(r ledger.Reader) error {
				for _, err := range ledger.Entries(t.Context(), r, 1) {
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.plant(t, test.bucket, test.damage)
			before := h.dump(t)
			if err := test.call(h); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("error is %v, want ErrCorrupt", err)
			}
			wantDiff(t, "file", before, h.dump(t))
		})
	}
}
