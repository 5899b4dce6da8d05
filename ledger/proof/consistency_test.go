package proof_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger/proof"
)

func TestConsistencyFile(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	j := grown(t, "", 2, 3, 1)
	data, err := proof.ProveConsistency(t.Context(), j, signed(t, j.upTo(2), ours), signed(t, j, ours))
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, "consistency.proof", data)
	got, err := proof.CheckConsistency(data, known(t, ours))
	if err != nil {
		t.Fatal(err)
	}
	if got.Older.Blocks != 2 || got.Newer.Blocks != 3 {
		t.Errorf("from %d to %d blocks are proved", got.Older.Blocks, got.Newer.Blocks)
	}
}

func TestProveConsistencyRefuses(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	j := grown(t, "", 2, 3, 1)
	rows := []struct {
		name         string
		r            *journal
		older, newer []byte
		is           error
		want         string
	}{
		{"the wrong way round", j, signed(t, j, ours), signed(t, j.upTo(1), ours), proof.ErrProof, "the older checkpoint is over 3 blocks, the newer over 1"},
		{"of two origins", j, signed(t, j.upTo(1), key(t, "other", 1)), signed(t, j, ours), proof.ErrProof, "of other lane 0 and books.example/main lane 0 are of two journals"},
		{"cut", j.upTo(1), signed(t, j.upTo(2), ours), signed(t, j, ours), proof.ErrDiverged, "the end is missing"},
		{"rewritten", j, signed(t, grown(t, "other", 2, 3), ours), signed(t, j, ours), proof.ErrDiverged, "history was rewritten"},
		{"no older", j, nil, signed(t, j, ours), proof.ErrProof, "older checkpoint: "},
		{"no newer", j, signed(t, j, ours), nil, proof.ErrProof, "newer checkpoint: "},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := proof.ProveConsistency(t.Context(), row.r, row.older, row.newer)
			if !errors.Is(err, row.is) || !strings.Contains(fmt.Sprint(err), row.want) {
				t.Errorf("got %v, want %q, which wraps %v", err, row.want, row.is)
			}
		})
	}
}

// A proof between two checkpoints holds for those two and no others.
func TestConsistencyTampered(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	j := grown(t, "", 2, 3, 1, 1, 1)
	older, newer := signed(t, j.upTo(3), ours), signed(t, j, ours)
	file, err := proof.ProveConsistency(t.Context(), j, older, newer)
	if err != nil {
		t.Fatal(err)
	}
	data := string(file)
	rows := []struct{ name, old, new, want string }{
		{"older", quoted(t, older), quoted(t, signed(t, j.upTo(2), ours)), "does not continue the one over 2"},
		{"older of another history", quoted(t, older), quoted(t, signed(t, grown(t, "other", 2, 3, 1), ours)), "history was rewritten"},
		{"newer", quoted(t, newer), quoted(t, signed(t, j.upTo(4), ours)), "does not continue the one over 3"},
		{"newer of another history", quoted(t, newer), quoted(t, signed(t, grown(t, "other", 2, 3, 1, 1, 1), ours)), "history was rewritten"},
		{"newer of the same size", quoted(t, newer), quoted(t, signed(t, grown(t, "other", 2, 3, 1), ours)), "two checkpoints over 3 blocks are not the same"},
		{"newer of another origin", quoted(t, newer), quoted(t, signed(t, j, key(t, "other", 1))), "are of two journals"},
		{"newer by another key", quoted(t, newer), quoted(t, signed(t, j, key(t, origin, 2))), "newer checkpoint: proof is refused: not signed by a given key"},
		{"exchanged", quoted(t, older) + ",\n  \"newer\": " + quoted(t, newer), quoted(t, newer) + ",\n  \"newer\": " + quoted(t, older), "the older checkpoint is over 5 blocks"},
		{"from nothing", quoted(t, older), quoted(t, signed(t, &journal{}, ours)), "a path from an empty journal"},
		{"path", `"path": [`, `"path": ["t9Eh1W0Zl4mUvQhiWnrcEQ7P3yOAhAmuFBQnj5TvW/o=", `, "does not continue"},
		{"kind", `"consistency"`, `"growth"`, `it is of no kind that is known: "growth"`},
		{"version", `"settlex_proof": 1`, `"settlex_proof": 0`, "version 0, this program knows 1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(data, row.old) {
				t.Fatalf("the proof has no %q:\n%s", row.old, data)
			}
			_, err := proof.Check([]byte(strings.Replace(data, row.old, row.new, 1)), known(t, ours, key(t, "other", 1)))
			if err == nil {
				t.Error("it was accepted")
			}
			wantRefusal(t, err, row.want)
		})
	}
}
