package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
)

const hashesSQL = `SELECT hash_no, hash FROM log_hashes WHERE lane = $1 AND (hash_no = ANY($2) OR hash_no > $3 AND hash_no <= $4) ORDER BY hash_no`

// readAhead is how many hashes are read at once for who asks for one after the other.
const readAhead = 1000

// hashesAhead is hashes of one lane that were read before anybody asked. Stored hashes never change.
type hashesAhead struct {
	lane   uint16
	next   int64 // the index behind the last one that was asked for
	first  int64 // index of the first of hashes
	hashes []ledger.Hash
}

// Hashes implements ledger.Reader.
func (r *reader) Hashes(ctx context.Context, lane uint16, indexes []int64) ([]ledger.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	if len(indexes) == 1 {
		hash, err := r.hash(ctx, lane, indexes[0])
		return []ledger.Hash{hash}, err
	}
	found, err := r.hashes(ctx, lane, indexes, 0, 0)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		hash, ok := found[at]
		if !ok {
			return nil, noHash(lane, at)
		}
		out[i] = hash
	}
	return out, nil
}

func noHash(lane uint16, at int64) error {
	return corrupt("hash %d of lane %d is not in the log", at, lane)
}

// hash gives one hash, and reads on when it is the one behind the last.
func (r *reader) hash(ctx context.Context, lane uint16, at int64) (ledger.Hash, error) {
	a := &r.ahead
	follows := a.lane == lane && a.next == at
	if a.lane != lane {
		*a = hashesAhead{lane: lane}
	}
	if a.next = at + 1; at >= a.first && at < a.first+int64(len(a.hashes)) {
		return a.hashes[at-a.first], nil
	}
	last := at
	if follows {
		last += readAhead
	}
	found, err := r.hashes(ctx, lane, []int64{at}, at, last)
	if err != nil {
		return ledger.Hash{}, err
	}
	hash, ok := found[at]
	if !ok {
		return hash, noHash(lane, at)
	}
	a.first, a.hashes = at, a.hashes[:0]
	for ; ok; hash, ok = found[a.first+int64(len(a.hashes))] {
		a.hashes = append(a.hashes, hash)
	}
	return a.hashes[0], nil
}

// hashes reads some hashes, and those behind one up to another.
func (r *reader) hashes(ctx context.Context, lane uint16, indexes []int64, behind, upTo int64) (map[int64]ledger.Hash, error) {
	what := fmt.Sprintf("log hashes of lane %d", lane)
	list, err := collect(ctx, r, what, scanHash, hashesSQL, laneArg(lane), indexes, behind, upTo)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]ledger.Hash, len(list))
	for _, h := range list {
		out[h.at] = h.hash
	}
	return out, nil
}

type hashRow struct {
	at   int64
	hash ledger.Hash
}

func scanHash(row pgx.CollectableRow) (h hashRow, err error) {
	var hash []byte
	if err := row.Scan(&h.at, &hash); err != nil {
		return h, err
	}
	if len(hash) != ledger.HashSize {
		return h, corrupt("hash %d has %d bytes", h.at, len(hash))
	}
	h.hash = ledger.Hash(hash)
	return h, nil
}
