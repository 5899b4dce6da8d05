package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/reconcile/report"
)

func (p *program) verifyCommand() *cobra.Command {
	var files bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove the books",
		Long: `Verify reads the whole journal and derives everything again that is kept beside it: hashes, balances, indexes, positions,
reserves, and each batch with its lines. It lists every difference; one is enough for exit code 1.`,
		Example: `  settlex verify
  settlex verify --files`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.within(cmd.Context(), func(s *session) error { return p.verify(cmd.Context(), s, files) })
		},
	}
	cmd.Flags().BoolVar(&files, "files", false, "compare every report file with its manifest too")
	return cmd
}

func (p *program) verify(ctx context.Context, s *session, files bool) error {
	v, err := s.engine.Verify(ctx)
	if err != nil {
		return err
	}
	findings := len(v.Findings)
	for _, f := range v.Findings {
		p.printf("%s\n", f)
	}
	looked := fmt.Sprintf("%s, %s", count(int(v.Entries), "entry", "entries"), count(int(v.Accounts), "account", "accounts"))
	if files {
		checked, err := report.Check(s.Reports)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing was reported yet
			return err
		}
		findings += len(checked.Findings)
		for _, f := range checked.Findings {
			p.printf("%s\n", f)
		}
		looked += ", " + count(checked.Files, "file", "files")
	}
	if findings > 0 {
		return fmt.Errorf("verify: %s (%s)", count(findings, "finding", "findings"), looked)
	}
	p.sayf("verify found nothing (%s)\n", looked)
	return nil
}
