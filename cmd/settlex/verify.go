package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/reconcile/report"
)

// verifying is what to hold the books against.
type verifying struct {
	files       bool
	checkpoints []string // files
	keys        []string // that may have signed them
}

func (p *program) verifyCommand() *cobra.Command {
	var do verifying
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove the books",
		Long: `Verify reads the whole journal and derives everything again that is kept beside it: hashes, balances, indexes, positions,
reserves, and each batch with its lines. It lists every difference; one is enough for exit code 1. A data file that was replaced by an earlier
copy, or written anew, agrees with itself: only a checkpoint that was signed and kept elsewhere shows that.`,
		Example: `  settlex verify
  settlex verify --files
  settlex verify --checkpoint march.checkpoint --key "$(cat verifier.key)"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (len(do.checkpoints) == 0) != (len(do.keys) == 0) {
				return misused(cmd, errors.New("--checkpoint and --key go together"))
			}
			return p.within(cmd.Context(), func(s *session) error { return p.verify(cmd.Context(), s, do) })
		},
	}
	cmd.Flags().BoolVar(&do.files, "files", false, "compare every report file with its manifest too")
	cmd.Flags().StringArrayVar(&do.checkpoints, "checkpoint", nil, "`FILE` with a kept checkpoint that the journal must continue; may be repeated")
	cmd.Flags().StringArrayVar(&do.keys, "key", nil, "verifier `KEY` that may have signed it; may be repeated")
	return cmd
}

func (p *program) verify(ctx context.Context, s *session, do verifying) error {
	kept, err := openCheckpoints(do.checkpoints, do.keys)
	if err != nil {
		return err
	}
	var heads []ledger.TreeHead
	for _, c := range kept {
		heads = append(heads, c.TreeHead())
	}
	v, err := s.engine.Verify(ctx, heads...)
	if err != nil {
		return err
	}
	findings := len(v.Findings)
	for _, f := range v.Findings {
		p.printf("%s\n", f)
	}
	looked := fmt.Sprintf("%s, %s", count(int(v.Entries), "item", "items"), count(int(v.Accounts), "account", "accounts"))
	if do.files {
		more, files, err := p.verifyFiles(s.Reports)
		if err != nil {
			return err
		}
		findings += more
		looked += ", " + count(files, "file", "files")
	}
	if findings > 0 {
		return fmt.Errorf("verify: %s (%s)", count(findings, "finding", "findings"), looked)
	}
	for _, c := range kept {
		p.sayf("the journal continues the checkpoint of %s over %s\n", instant(c.At), count(int(c.Blocks), "block", "blocks"))
	}
	p.sayf("verify found nothing (%s)\n", looked)
	return nil
}

// openCheckpoints reads the checkpoints that the journal must continue. Which
// books they are of says the key's name.
func openCheckpoints(names, keys []string) ([]keptCheckpoint, error) {
	kept := make([]keptCheckpoint, len(names))
	for i, name := range names {
		var err error
		if kept[i], err = openCheckpoint(name, keys); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// verifyFiles compares the report files with their manifests.
func (p *program) verifyFiles(dir string) (findings, files int, err error) {
	checked, err := report.Check(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing was reported yet
		return 0, 0, err
	}
	for _, f := range checked.Findings {
		p.printf("%s\n", f)
	}
	return len(checked.Findings), checked.Files, nil
}
