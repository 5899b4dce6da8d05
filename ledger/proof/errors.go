package proof

import (
	"errors"
	"fmt"
)

// Sentinels a caller may branch on with errors.Is.
var (
	// ErrProof marks everything that a reader of files refuses: whatever it was
	// given proves nothing.
	ErrProof = errors.New("proof is refused")
	// ErrUnsigned marks a checkpoint that none of the given keys has signed. It
	// is an ErrProof too.
	ErrUnsigned = errors.New("not signed by a given key")
	// ErrDiverged marks a journal that does not continue a checkpoint: its end is
	// missing, or its history was rewritten.
	ErrDiverged = errors.New("journal does not continue the checkpoint")
	// ErrBeyond marks an item that was booked after a checkpoint.
	ErrBeyond = errors.New("item is behind the checkpoint")
)

// refuse makes an error that wraps ErrProof.
func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrProof, fmt.Errorf(format, args...))
}
