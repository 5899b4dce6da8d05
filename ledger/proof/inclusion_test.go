package proof_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
)

// The bytes of a file with a proof, as docs/FORMAT.md draws them.
func TestInclusionFile(t *testing.T) {
	t.Parallel()
	wantFile(t, "item.proof", proved(t, grown(t, "", 2, 3, 1), 4))
}

// proved is a proof of one item under the checkpoint of the whole journal.
func proved(t failer, j *journal, seq uint64) []byte {
	t.Helper()
	data, err := proof.ProveInclusion(context.Background(), j, seq, signed(t, j, key(t, origin, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCheckInclusion(t *testing.T) {
	t.Parallel()
	j := grown(t, "", 2, 3, 1)
	got, err := proof.CheckInclusion(proved(t, j, 4), known(t, key(t, origin, 1)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := proof.Take(t.Context(), j, 0, origin)
	if err != nil {
		t.Fatal(err)
	}
	want := &proof.Inclusion{Item: item("", 4), Block: 2, Checkpoint: c}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(calendar.Date{})); diff != "" {
		t.Errorf("fact (-want +got):\n%s", diff)
	}
}

// Whitespace may change on the way; it says nothing.
func TestInclusionReflowed(t *testing.T) {
	t.Parallel()
	var compact bytes.Buffer
	if err := json.Compact(&compact, proved(t, grown(t, "", 2, 3, 1), 4)); err != nil {
		t.Fatal(err)
	}
	if _, err := proof.CheckInclusion(compact.Bytes(), known(t, key(t, origin, 1))); err != nil {
		t.Error(err)
	}
}

// A proof shows its item and nothing of the others, in whatever form.
func TestInclusionShowsNoNeighbour(t *testing.T) {
	t.Parallel()
	j := grown(t, "", 3, 4, 2)
	for seq := uint64(1); seq <= 9; seq++ {
		data := proved(t, j, seq)
		var file struct {
			Canonical []byte `json:"canonical"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		everything := string(data) + string(file.Canonical)
		for other := uint64(1); other <= 9; other++ {
			for _, secret := range secrets(item("", other)) {
				if strings.Contains(everything, secret) != (other == seq) {
					t.Errorf("proof of item %d shows %q of item %d: %t", seq, secret, other, other != seq)
				}
			}
		}
	}
}

// secrets is what tells an item from all others.
func secrets(b *ledger.Booked) []string {
	return []string{
		b.Key, b.Reference, b.Metadata[0].Value, b.Postings[1].Account, inr().Format(b.Postings[0].Amount),
		b.At.Format(time.RFC3339Nano) + `",` + "\n", // the checkpoint has that of the last item, in another place
		base64.StdEncoding.EncodeToString(b.AppendCanonical(nil)),
	}
}

func TestProveInclusionRefuses(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	j := grown(t, "", 2, 3, 1)
	lane := strings.Replace(string(signed(t, j, ours)), "lane 0", "lane 1", 1)
	seqs := strings.Replace(string(signed(t, j.upTo(1), ours)), "seq 2", "seq 3", 1)
	damaged := grown(t, "", 2, 3, 1)
	damaged.blocks[1] = grown(t, "other", 2, 3).blocks[1]
	rows := []struct {
		name   string
		r      *journal
		seq    uint64
		signed []byte
		is     error
		want   string
	}{
		{"no such item", j, 7, signed(t, j, ours), ledger.ErrNotFound, "prove item 7: not found: no such item is in the journal"},
		{"item zero", j, 0, signed(t, j, ours), ledger.ErrNotFound, "prove item 0: not found: no such item is in the journal"},
		{"booked later", j, 3, signed(t, j.upTo(1), ours), proof.ErrBeyond, "prove item 3: item is behind the checkpoint, which ends with item 2"},
		{"empty checkpoint", j, 1, signed(t, &journal{}, ours), proof.ErrBeyond, "prove item 1: item is behind the checkpoint, which ends with item 0"},
		{"cut", j.upTo(1), 1, signed(t, j, ours), proof.ErrDiverged, "prove item 1: journal does not continue the checkpoint: it covers 3 blocks, there are 1: the end is missing"},
		{"rewritten", grown(t, "other", 2, 3, 1), 1, signed(t, j, ours), proof.ErrDiverged, "history was rewritten"},
		{"of another lane", j, 1, []byte(lane), proof.ErrDiverged, "it is of lane 1, which this journal does not have"},
		{"no checkpoint", j, 1, []byte("hello"), proof.ErrProof, "no signed checkpoint"},
		{"more items than it covers", j, 3, []byte(seqs), ledger.ErrCorrupt, "is not in the log"},
		{"block damaged", damaged, 3, signed(t, j, ours), ledger.ErrCorrupt, "is not in the log"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := proof.ProveInclusion(t.Context(), row.r, row.seq, row.signed)
			if !errors.Is(err, row.is) || !strings.Contains(fmt.Sprint(err), row.want) {
				t.Errorf("got %v, want %q, which wraps %v", err, row.want, row.is)
			}
		})
	}
}
