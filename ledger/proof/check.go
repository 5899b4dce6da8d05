package proof

import (
	"bytes"
	"encoding/json"

	"golang.org/x/mod/sumdb/note"
)

// Fact is what a file proves: a *Checkpoint, an *Inclusion or a *Consistency.
type Fact interface{ fact() }

func (*Checkpoint) fact()  {}
func (*Inclusion) fact()   {}
func (*Consistency) fact() {}

// Check tells by its content what a file is, a signed checkpoint or one of the
// two proofs, and says what it proves. The error wraps ErrProof.
func Check(data []byte, known note.Verifiers) (Fact, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		c, err := Open(data, known)
		if err != nil {
			return nil, err
		}
		return &c, nil
	}
	var p preamble
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, refuse("it cannot be read: %w", err)
	}
	if p.Version != formVersion {
		return nil, p.check(p.Kind)
	}
	switch p.Kind {
	case kindInclusion:
		return factOf(CheckInclusion(data, known))
	case kindConsistency:
		return factOf(CheckConsistency(data, known))
	}
	return nil, refuse("it is of no kind that is known: %q", p.Kind)
}

// factOf keeps a nil pointer out of an interface.
func factOf[F Fact](fact F, err error) (Fact, error) {
	if err != nil {
		return nil, err
	}
	return fact, nil
}
