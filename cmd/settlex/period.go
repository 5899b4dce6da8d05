package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

func (p *program) periodCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "period",
		Short: "Close value dates, or open them again",
		Long: `A closed value date takes no more entries. Facts about payments that arrive late are booked on the first open date and keep their own.
Closing waits for settlement: every window up to the date must be closed. Both acts stay in the journal with their reason.`,
		Example: `  settlex period show
  settlex period close 2026-03-31 --reason "March is reported"
  settlex period reopen 2026-02-28 --reason "auditor's correction of March"`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return misused(cmd, errors.New("show, close or reopen?")) },
	}
	cmd.AddCommand(p.periodShowCommand(), p.periodCloseCommand(), p.periodReopenCommand())
	return cmd
}

func (p *program) periodShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print the last closed value date", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.within(cmd.Context(), func(s *session) error {
				through, err := s.engine.Books().ClosedThrough(cmd.Context())
				if err != nil {
					return err
				}
				p.printf("%s\n", closedThrough(through))
				return nil
			})
		},
	}
}

func closedThrough(d calendar.Date) string {
	if d.IsZero() {
		return "no value date is closed"
	}
	return "value dates are closed through " + d.String()
}

func (p *program) periodCloseCommand() *cobra.Command {
	return p.periodMove("close DATE", "Close value dates up to and including DATE", one("DATE"), func(ctx context.Context, s *session, d calendar.Date, reason string) (ledger.Result, error) {
		return s.engine.ClosePeriod(ctx, d, "period/"+p.clock().UTC().Format(keyTime)+"/close", reason)
	})
}

func (p *program) periodReopenCommand() *cobra.Command {
	return p.periodMove("reopen [DATE]", "Open the value dates after DATE again, or all", func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return one("DATE")(cmd, args)
	}, func(ctx context.Context, s *session, d calendar.Date, reason string) (ledger.Result, error) {
		return s.engine.ReopenPeriod(ctx, d, "period/"+p.clock().UTC().Format(keyTime)+"/reopen", reason)
	})
}

// keyTime makes the keys of acts that people do by hand.
const keyTime = "20060102T150405.000000Z"

func (p *program) periodMove(use, short string, args cobra.PositionalArgs, move func(context.Context, *session, calendar.Date, string) (ledger.Result, error)) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			var date calendar.Date // none: all of them
			var err error
			if len(args) > 0 {
				date, err = calendar.ParseDate(args[0])
			}
			if err == nil && reason == "" {
				err = errors.New("give a --reason: it stays in the journal")
			}
			if err != nil {
				return misused(cmd, err)
			}
			return p.alone(cmd.Context(), func(ctx context.Context, s *session) error {
				result, err := move(ctx, s, date, reason)
				if err == nil {
					p.printf("%s (item %d)\n", closedThrough(result.Through), result.Seq)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, and who says so")
	return cmd
}
