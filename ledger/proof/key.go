package proof

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// NewKey makes a pair of Ed25519 keys from 32 bytes of randomness, which a
// program takes from crypto/rand. The name is the origin of the checkpoints
// they sign, usually a domain and a path: it has no space and no plus sign.
// Whoever has the signer key can sign: keep it away from the data file. The
// verifier key is for everybody.
func NewKey(randomness io.Reader, name string) (signer, verifier string, err error) {
	signer, verifier, err = note.GenerateKey(randomness, name)
	if err != nil {
		return "", "", fmt.Errorf("make a key: %w", err)
	}
	if _, err := note.NewVerifier(verifier); err != nil {
		return "", "", fmt.Errorf("make a key: %q cannot be the name of one: it is empty, or has a space or a plus sign", name)
	}
	return signer, verifier, nil
}

// ParseSigner reads a signer key. The error never shows the key.
func ParseSigner(key string) (note.Signer, error) {
	signer, err := note.NewSigner(strings.TrimSpace(key))
	if err != nil {
		return nil, fmt.Errorf("signer key: %w", err)
	}
	return signer, nil
}

// ParseVerifiers reads verifier keys, of which any may have signed.
func ParseVerifiers(keys ...string) (note.Verifiers, error) {
	list := make([]note.Verifier, 0, len(keys))
	seen := make(map[string]bool)
	for _, key := range keys {
		if key = strings.TrimSpace(key); seen[key] {
			continue
		}
		seen[key] = true
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("verifier key %q: %w", key, err)
		}
		list = append(list, verifier)
	}
	return note.VerifierList(list...), nil
}
