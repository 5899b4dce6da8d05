package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/ledger/proof"
)

func (p *program) proofCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "proof",
		Short: "Sign checkpoints of the journal, prove entries, and check proofs",
		Long: `A checkpoint says how long the journal is and what the hash over all of it is, and is signed. Kept where nobody who can write the
data file can write, it shows later that nothing before it was changed or cut off. A proof shows, to somebody who has a verifier key and not
the books, that an entry is in the journal of a checkpoint, or that a checkpoint continues an older one, and nothing else of the books.`,
		Example: `  settlex proof key --name books.example.com/main --out signer.key
  settlex proof checkpoint --signer signer.key --out 2026-03-31.checkpoint
  settlex proof entry deposit/d_1042/captured --checkpoint 2026-03-31.checkpoint --out d_1042.proof
  settlex proof verify d_1042.proof --key books.example.com/main+1f2e3d4c+AbCd...`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("key, checkpoint, entry or verify?"))
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(p.proofKeyCommand(), p.proofCheckpointCommand(), p.proofEntryCommand(), p.proofVerifyCommand())
	return cmd
}

func (p *program) proofKeyCommand() *cobra.Command {
	var name, out string
	cmd := &cobra.Command{
		Use:   "key --name NAME --out FILE",
		Short: "Make a key that signs checkpoints",
		Long: `Key writes a new signer key to a file that only its owner can read, and prints the verifier key, which is for everybody. The name says
whose books are signed for; it stands in every checkpoint. Keep the signer key away from the data file, and give the verifier key to auditors on
a way of its own.`,
		Example: `  settlex proof key --name books.example.com/main --out signer.key`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" || out == "" {
				return misused(cmd, errors.New("--name and --out are needed"))
			}
			signer, verifier, err := proof.NewKey(rand.Reader, name)
			if err != nil {
				return misused(cmd, err)
			}
			if err := newSecret(out, signer+"\n"); err != nil {
				return err
			}
			p.printf("%s\n", verifier)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of the books, such as a domain and a path; no space, no plus sign")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the signer key; must not be there")
	return cmd
}

// newSecret writes a file that is not there yet and that its owner alone can
// read, from its first byte on.
func newSecret(name, content string) (err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and stays as it is", name)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// proofBytes bounds what is read of a file: the longest proof is far shorter.
const proofBytes = 64 << 20

// readProof reads a file that somebody sent.
func readProof(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, proofBytes+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if len(content) > proofBytes {
		return nil, fmt.Errorf("%s: longer than %s bytes, so no proof", name, number(proofBytes))
	}
	return content, nil
}

// keptCheckpoint is a checkpoint somebody kept, and what stands in its file.
type keptCheckpoint struct {
	proof.Checkpoint
	signed []byte
}

// openCheckpoint reads a checkpoint that one of the keys must have signed.
func openCheckpoint(name string, keys []string) (keptCheckpoint, error) {
	known, err := proof.ParseVerifiers(keys...)
	if err != nil {
		return keptCheckpoint{}, err
	}
	signed, err := readProof(name)
	if err != nil {
		return keptCheckpoint{}, err
	}
	c, err := proof.Open(signed, known)
	if err != nil {
		return keptCheckpoint{}, fmt.Errorf("%s: %w", name, err)
	}
	return keptCheckpoint{c, signed}, nil
}

// covers says in words how much of the journal a checkpoint covers.
func covers(c proof.Checkpoint) string {
	text := fmt.Sprintf("%s, %s", count(int(c.Blocks), "block", "blocks"), count(int(c.Seq), "item", "items"))
	if c.Blocks > 0 {
		text += ", up to " + instant(c.At)
	}
	return text
}
