package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger/plaintext"
)

func (p *program) exportCommand() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "export --format hledger|beancount",
		Short: "Write the journal for plain text accounting",
		Long: `Export writes every entry of the journal, and the balance of every account as an assertion, in the language of hledger or of
beancount. Either program then proves the books on its own.`,
		Example: `  settlex export --format hledger | hledger -f - balance
  settlex export --format beancount --out ledger.beancount && bean-check ledger.beancount`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch plaintext.Format(format) {
			case plaintext.HLedger, plaintext.Beancount:
			case "":
				return misused(cmd, errors.New("--format is missing: hledger or beancount"))
			default:
				return misused(cmd, fmt.Errorf("--format %q is neither hledger nor beancount", format))
			}
			return p.within(cmd.Context(), func(s *session) error {
				return p.export(cmd.Context(), s.engine, plaintext.Format(format), out)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "`LANGUAGE`: hledger or beancount")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write instead of standard output")
	return cmd
}

func (p *program) export(ctx context.Context, engine *settlex.Engine, format plaintext.Format, out string) error {
	if out == "" {
		_, err := engine.Export(ctx, p.out, format)
		return err
	}
	var summary plaintext.Summary
	err := replaceFile(out, func(w io.Writer) (err error) {
		summary, err = engine.Export(ctx, w, format)
		return err
	})
	if err != nil {
		return err
	}
	p.sayf("%s: %s, %s\n", out, count(int(summary.Entries), "entry", "entries"), count(int(summary.Accounts), "account", "accounts"))
	return nil
}
