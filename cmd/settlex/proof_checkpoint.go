package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
)

// signing is what to sign, and with what.
type signing struct {
	signer string   // file of the signer key
	lane   uint16   // of the journal
	out    string   // empty: standard output
	since  string   // file of a kept checkpoint, to be continued; empty: none
	keys   []string // that may have signed it
}

func (p *program) proofCheckpointCommand() *cobra.Command {
	var s signing
	cmd := &cobra.Command{
		Use:   "checkpoint --signer FILE",
		Short: "Sign what the journal is now",
		Long: `Checkpoint signs the length of the journal and the hash over all of it. With --since it holds the journal against a kept checkpoint
first, signs nothing if it does not continue that, and writes a proof that it does to a second file: the name of --out with .consistency behind it.`,
		Example: `  settlex proof checkpoint --signer signer.key --out march.checkpoint
  settlex proof checkpoint --signer signer.key --out april.checkpoint --since march.checkpoint --key "$(cat verifier.key)"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case s.signer == "":
				return misused(cmd, errors.New("--signer is missing"))
			case (s.since == "") != (len(s.keys) == 0):
				return misused(cmd, errors.New("--since and --key go together"))
			case s.since != "" && s.out == "":
				return misused(cmd, errors.New("--since needs --out, because there are two files to write"))
			}
			return p.within(cmd.Context(), func(session *session) error { return p.checkpoint(cmd.Context(), session, s) })
		},
	}
	cmd.Flags().StringVar(&s.signer, "signer", "", "`FILE` with the signer key")
	cmd.Flags().Uint16Var(&s.lane, "lane", 0, "`LANE` of the journal; a data file has the lane 0 alone")
	cmd.Flags().StringVar(&s.out, "out", "", "`FILE` to write instead of standard output; must not be there")
	cmd.Flags().StringVar(&s.since, "since", "", "`FILE` with an older checkpoint that the journal must continue")
	cmd.Flags().StringArrayVar(&s.keys, "key", nil, "verifier `KEY` that may have signed it; may be repeated")
	return cmd
}

func (p *program) checkpoint(ctx context.Context, s *session, do signing) error {
	continued := do.out + ".consistency"
	files := []string{do.out}
	if do.since != "" {
		files = append(files, continued)
	}
	if err := absent(files...); err != nil && do.out != "" {
		return err
	}
	var since keptCheckpoint
	if do.since != "" {
		var err error
		if since, err = openCheckpoint(do.since, do.keys); err != nil {
			return err
		}
	}
	var signed, consistency []byte
	err := s.engine.Books().Read(ctx, func(r ledger.Reader) (err error) {
		if signed, err = signCheckpoint(ctx, r, do.lane, do.signer); err == nil && since.signed != nil {
			consistency, err = proof.ProveConsistency(ctx, r, since.signed, signed)
		}
		return err
	})
	if err != nil {
		return err
	}
	if do.out == "" {
		p.printf("%s", signed)
		return nil
	}
	c, err := proof.Read(signed)
	if err != nil {
		return err
	}
	if consistency != nil {
		if err := newFile(continued, consistency); err != nil {
			return err
		}
	}
	if err := newFile(do.out, signed); err != nil {
		return err
	}
	p.sayf("%s: %s, %s\n", do.out, c.Origin, covers(c))
	if consistency != nil {
		p.sayf("%s: it continues %s\n", continued, do.since)
	}
	return nil
}

// signCheckpoint signs a lane of a snapshot's journal with the key in a file.
func signCheckpoint(ctx context.Context, r ledger.Reader, lane uint16, file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	signer, err := proof.ParseSigner(string(key))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c, err := proof.Take(ctx, r, lane, signer.Name())
	if err != nil {
		return nil, err
	}
	return proof.Sign(c, signer)
}

// absent wants files that are not there yet.
func absent(names ...string) error {
	for _, name := range names {
		there, err := exists(name)
		if err != nil {
			return err
		}
		if there {
			return fmt.Errorf("%s is there already, and stays as it is", name)
		}
	}
	return nil
}
