package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// Sign gives the checkpoint as a signed note (https://c2sp.org/signed-note). The
// signer's name must be the checkpoint's origin.
func Sign(c Checkpoint, signer note.Signer) ([]byte, error) {
	if signer.Name() != c.Origin {
		return nil, fmt.Errorf("sign a checkpoint of %q: the key is of %q", c.Origin, signer.Name())
	}
	if _, err := ParseCheckpoint(c.Text()); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign a checkpoint over %d blocks: %w", c.Blocks, err)
	}
	return signed, nil
}

// Open reads a signed checkpoint. One of the known keys, of the checkpoint's
// origin, must have signed it; signatures of unknown keys, such as those of
// witnesses, are passed over. The error wraps ErrProof, and ErrUnsigned where
// the form is right and the signature is missing or wrong.
func Open(signed []byte, known note.Verifiers) (Checkpoint, error) {
	n, err := note.Open(signed, known)
	if err != nil {
		return Checkpoint{}, unsigned(err)
	}
	if err := checkSignatures(signed, n); err != nil {
		return Checkpoint{}, err
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == c.Origin }) {
		return Checkpoint{}, refuse("%w: the checkpoint is of %q, the signature of %q", ErrUnsigned, c.Origin, n.Sigs[0].Name)
	}
	return c, nil
}

// Read reads a checkpoint without looking at its signatures. It is for whoever
// holds it against a journal of his own, and proves nothing to anybody else.
func Read(signed []byte) (Checkpoint, error) {
	n, err := note.Open(signed, nil)
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		n, err = unverified.Note, nil
	}
	if err != nil {
		return Checkpoint{}, unsigned(err)
	}
	return ParseCheckpoint(n.Text)
}

// unsigned sorts the faults of package note.
func unsigned(err error) error {
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		by := unverified.Note.UnverifiedSigs[0]
		return refuse("%w, but by %s+%08x", ErrUnsigned, by.Name, by.Hash)
	}
	if _, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return refuse("%w: %w", ErrUnsigned, err)
	}
	return refuse("no signed checkpoint: %w", err)
}

// checkSignatures refuses a second way to write the same signatures.
func checkSignatures(signed []byte, n *note.Note) error {
	if lines := bytes.Count(signed[len(n.Text)+1:], []byte("\n")); lines != len(n.Sigs)+len(n.UnverifiedSigs) {
		return refuse("a signature of the checkpoint is repeated")
	}
	for _, s := range n.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
			return refuse("signature of %s is not in canonical form", s.Name)
		}
	}
	return nil
}
