package postgres

import (
	"context"
	"fmt"
)

// What tests of the encodings need to see.
var (
	Storable       = storable
	Restored       = restored
	StorableJSON   = storableJSON
	RestoredJSON   = restoredJSON
	EncodeVelocity = encodeVelocity
	DecodeVelocity = decodeVelocity
	EncodeCounters = encodeCounters
	DecodeCounters = decodeCounters
	EncodeMetadata = encodeMetadata
	DecodeMetadata = decodeMetadata
	RegisterArrays = registerArrays
)

// Settings gives a setting of the sessions that book, and of those that read.
func (s *Store) Settings(ctx context.Context, name string) (writers, readers string, err error) {
	const setting = "SELECT current_setting($1)"
	if err := s.writers.QueryRow(ctx, setting, name).Scan(&writers); err != nil {
		return "", "", fmt.Errorf("writers: %w", err)
	}
	if err := s.pool.QueryRow(ctx, setting, name).Scan(&readers); err != nil {
		return "", "", fmt.Errorf("readers: %w", err)
	}
	return writers, readers, nil
}

// DialServer is how the store connects unless it is told otherwise.
var DialServer = dial

// GoneBy is how many accounts the next transactions need not read. Nobody may be booking.
func (s *Store) GoneBy() (n int) {
	for lane := range s.lanes.warm {
		if w := &s.lanes.warm[lane]; w.alone >= aloneOften {
			n += len(w.rows)
		}
	}
	return n
}
