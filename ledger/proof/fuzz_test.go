package proof_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/settlex/settlex/ledger/proof"
)

// Whatever is read as a checkpoint is the text of that checkpoint.
func FuzzParseCheckpoint(f *testing.F) {
	j := grown(f, "", 2, 3, 1)
	ours := key(f, origin, 1)
	for n := range 4 {
		text, _, _ := bytes.Cut(signed(f, j.upTo(n), ours), []byte("\n\n"))
		f.Add(string(text) + "\n")
	}
	f.Add("o\n9223372036854775807\n\nlane 65535\nseq 18446744073709551615\nat 9999-12-31T23:59:59.999999Z\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := proof.ParseCheckpoint(text)
		switch {
		case err == nil && c.Text() != text:
			t.Errorf("%q was read as %q", text, c.Text())
		case err != nil && !errors.Is(err, proof.ErrProof):
			t.Errorf("got %v, want an ErrProof", err)
		}
	})
}

// Nothing is accepted but what was made by the keys' owner, and nothing makes
// the checks fail otherwise than with a refusal.
func FuzzCheck(f *testing.F) {
	ours := key(f, origin, 1)
	verifiers := known(f, ours)
	var made [][]byte
	for _, name := range []string{"item.proof", "consistency.proof"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		made = append(made, data)
	}
	made = append(made, signed(f, grown(f, "", 2, 3, 1), ours))
	for _, data := range made {
		f.Add(data)
	}
	f.Add([]byte(`{"settlex_proof":1,"kind":"item"}`))
	f.Add([]byte(`{"settlex_proof":1,"kind":"consistency","path":[],"older":"","newer":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = proof.Read(data)
		_, err := proof.Check(data, verifiers)
		if err != nil && !errors.Is(err, proof.ErrProof) {
			t.Errorf("got %v, want an ErrProof", err)
		}
		for _, accepted := range made {
			if sameTokens(accepted, data) {
				return
			}
		}
		if err == nil && !witnessed(data, made[2]) {
			t.Errorf("accepted, and nobody made it: %s", data)
		}
	})
}

// witnessed tells that a file is a signed checkpoint with more signatures.
func witnessed(data, checkpoint []byte) bool {
	body, _, _ := bytes.Cut(checkpoint, []byte("\n\n"))
	return bytes.HasPrefix(data, body)
}
