package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
)

// proving is what to prove.
type proving struct {
	key        string // of the item; empty: Seq says which
	seq        uint64
	lane       laneFlag // of the item, if its key does not tell
	checkpoint string   // file; empty: a new one is signed
	signer     string   // file
	out        string   // empty: standard output
}

func (p *program) proofEntryCommand() *cobra.Command {
	var do proving
	cmd := &cobra.Command{
		Use:   "entry KEY --checkpoint FILE",
		Short: "Prove that an entry is in the journal",
		Long: `Entry writes a proof that the journal has an entry, or another act, as it was booked. Whoever has the verifier key can check it, without
the books; of everything else in them the proof holds hashes alone. It refers to a checkpoint that was signed after the entry was booked, or to
one that --signer signs now.`,
		Example: `  settlex proof entry deposit/d_1042/captured --checkpoint march.checkpoint --out d_1042.proof
  settlex proof entry --seq 1042 --signer signer.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return misused(cmd, fmt.Errorf("one key at a time, here are %d", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				do.key = args[0]
			}
			switch {
			case (do.key == "") == (do.seq == 0):
				return misused(cmd, errors.New("which entry? Give its key, or --seq"))
			case do.lane.set && do.seq == 0:
				return misused(cmd, errors.New("--lane goes with --seq: a key tells its lane"))
			case (do.checkpoint == "") == (do.signer == ""):
				return misused(cmd, errors.New("--checkpoint or --signer is needed, and not both"))
			}
			return p.within(cmd.Context(), func(s *session) error { return p.prove(cmd.Context(), s, do) })
		},
	}
	cmd.Flags().Uint64Var(&do.seq, "seq", 0, "`NUMBER` of the item in the journal, instead of its key")
	cmd.Flags().Var(&do.lane, "lane", "`LANE` of the item, beside --seq (default: that of --checkpoint, or 0); a data file has the lane 0 alone")
	cmd.Flags().StringVar(&do.checkpoint, "checkpoint", "", "`FILE` with a signed checkpoint that covers the entry")
	cmd.Flags().StringVar(&do.signer, "signer", "", "`FILE` with the signer key, for a checkpoint of now")
	cmd.Flags().StringVar(&do.out, "out", "", "`FILE` to write instead of standard output; must not be there")
	return cmd
}

func (p *program) prove(ctx context.Context, s *session, do proving) error {
	if do.key != "" {
		item, ok, err := s.engine.Books().Entry(ctx, do.key)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("no entry has the key %q", do.key)
		}
		do.seq, do.lane = item.Seq, laneFlag{item.Lane, true}
	}
	var file []byte
	err := s.engine.Books().Read(ctx, func(r ledger.Reader) error {
		signed, err := do.signed(ctx, r)
		if err != nil {
			return err
		}
		file, err = proof.ProveInclusion(ctx, r, do.seq, signed)
		return err
	})
	if err != nil {
		return err
	}
	if do.out == "" {
		p.printf("%s", file)
		return nil
	}
	if err := absent(do.out); err != nil {
		return err
	}
	if err := newFile(do.out, file); err != nil {
		return err
	}
	p.sayf("%s: a proof of item %s\n", do.out, number(int(do.seq)))
	return nil
}

// signed gives the checkpoint to refer to.
func (do *proving) signed(ctx context.Context, r ledger.Reader) ([]byte, error) {
	if do.signer != "" {
		return signCheckpoint(ctx, r, do.lane.lane, do.signer)
	}
	signed, err := readProof(do.checkpoint)
	if err != nil {
		return nil, err
	}
	c, err := proof.Read(signed)
	if err == nil && do.lane.set && c.Lane != do.lane.lane {
		err = fmt.Errorf("it is of lane %d of the journal, the item is in lane %d", c.Lane, do.lane.lane)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", do.checkpoint, err)
	}
	return signed, nil
}
