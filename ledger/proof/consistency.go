package proof

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/settlex/settlex/ledger"
)

// Consistency is a fact that a proof has shown: the journal of the newer
// checkpoint begins with all of the older one's, unchanged.
type Consistency struct {
	Older, Newer Checkpoint
}

// consistencyFile is the proof of it. It has hashes alone.
type consistencyFile struct {
	preamble
	Path  tlog.TreeProof `json:"path"`
	Older string         `json:"older"` // a signed note
	Newer string         `json:"newer"` // a signed note
}

// ProveConsistency proves that a signed checkpoint continues an older one: the
// file it gives is all that CheckConsistency needs. Both may be older than the
// snapshot. Signatures are not looked at; that the journal continues both is.
// Errors: ErrDiverged, ErrProof for what are no checkpoints of one journal in
// this order.
func ProveConsistency(ctx context.Context, r ledger.Reader, older, newer []byte) ([]byte, error) {
	data, err := proveConsistency(ctx, r, older, newer)
	if err != nil {
		return nil, fmt.Errorf("prove consistency: %w", err)
	}
	return data, nil
}

func proveConsistency(ctx context.Context, r ledger.Reader, older, newer []byte) ([]byte, error) {
	var fact Consistency
	var err error
	if fact.Older, err = Read(older); err != nil {
		return nil, fmt.Errorf("older checkpoint: %w", err)
	}
	if fact.Newer, err = Read(newer); err != nil {
		return nil, fmt.Errorf("newer checkpoint: %w", err)
	}
	for _, c := range []Checkpoint{fact.Older, fact.Newer} {
		if err := c.continued(ctx, r); err != nil {
			return nil, err
		}
	}
	file := consistencyFile{preamble: preamble{formVersion, kindConsistency}, Older: string(older), Newer: string(newer), Path: tlog.TreeProof{}}
	if 0 < fact.Older.Blocks && fact.Older.Blocks <= fact.Newer.Blocks {
		if file.Path, err = tlog.ProveTree(int64(fact.Newer.Blocks), int64(fact.Older.Blocks), ledger.HashReader(ctx, r, fact.Newer.Lane)); err != nil {
			return nil, err
		}
	}
	if err := file.check(fact); err != nil {
		return nil, err
	}
	return encode(file)
}

// CheckConsistency reads what ProveConsistency wrote and says what is proved. It
// needs no journal, only keys that may have signed. Any change of the file is
// refused, but for white space; the error wraps ErrProof.
func CheckConsistency(data []byte, known note.Verifiers) (*Consistency, error) {
	var file consistencyFile
	if err := decode(data, &file); err != nil {
		return nil, err
	}
	if err := file.preamble.check(kindConsistency); err != nil {
		return nil, err
	}
	var fact Consistency
	var err error
	if fact.Older, err = Open([]byte(file.Older), known); err != nil {
		return nil, fmt.Errorf("older checkpoint: %w", err)
	}
	if fact.Newer, err = Open([]byte(file.Newer), known); err != nil {
		return nil, fmt.Errorf("newer checkpoint: %w", err)
	}
	if err := file.check(fact); err != nil {
		return nil, err
	}
	return &fact, nil
}

func (f *consistencyFile) check(fact Consistency) error {
	older, newer := fact.Older, fact.Newer
	if f.Path == nil {
		return refuse("the path is missing")
	}
	if older.Origin != newer.Origin || older.Lane != newer.Lane {
		return refuse("checkpoints of %s lane %d and %s lane %d are of two journals", older.Origin, older.Lane, newer.Origin, newer.Lane)
	}
	if older.Blocks > newer.Blocks {
		return refuse("the older checkpoint is over %d blocks, the newer over %d", older.Blocks, newer.Blocks)
	}
	if older.Blocks == newer.Blocks && older != newer {
		return refuse("two checkpoints over %d blocks are not the same", older.Blocks)
	}
	if newer.Seq-older.Seq < newer.Blocks-older.Blocks || newer.Seq < older.Seq || newer.At.Before(older.At) {
		return refuse("items 1 to %d and 1 to %d do not go together", older.Seq, newer.Seq)
	}
	if older.Blocks == 0 { // whatever there is continues nothing
		if len(f.Path) > 0 {
			return refuse("a path from an empty journal")
		}
		return nil
	}
	if tlog.CheckTree(f.Path, int64(newer.Blocks), newer.Root, int64(older.Blocks), older.Root) != nil {
		return refuse("the journal over %d blocks does not continue the one over %d: history was rewritten", newer.Blocks, older.Blocks)
	}
	return nil
}
