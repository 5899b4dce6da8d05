package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/payment"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, print it, its versions and the JSON Schema of configurations",
		Example: `  settlex config check
  settlex config print --defaults
  settlex config versions
  settlex config schema > settlex.schema.json`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("check, print, versions or schema?"))
		},
	}
	cmd.AddCommand(p.configCheckCommand(), p.configPrintCommand(), p.configVersionsCommand(), p.configSchemaCommand())
	return cmd
}

// configCheck says how a configuration is checked.
type configCheck struct {
	on     dateFlag
	strict bool
}

func (p *program) configCheckCommand() *cobra.Command {
	var do configCheck
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Tell all faults of a configuration, and what is hardly meant",
		Long: `Check reads a configuration, that of --config or a FILE, and tells all its faults at once, each with file, line and column: exit
code 1. Of a file that is right it tells what is hardly meant, or will not hold for long: calendars about to end, prices that are over or that
never win, taxes and calendars that nothing names. With --strict that is a failure too. The file of rates that it names is read and
checked as well. No books are opened.`,
		Example: `  settlex config check
  settlex config check next-year.yaml --on 2027-01-01 --strict`,
		Args: upToOne("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.checkConfig(cmd.Context(), p.configFile(args), &do)
		},
	}
	cmd.Flags().Var(&do.on, "on", "as of a `DATE` (default: today)")
	cmd.Flags().BoolVar(&do.strict, "strict", false, "let a warning be a failure too")
	return cmd
}

// configFile is the configuration that a command is about.
func (p *program) configFile(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return p.config
}

// upToOne wants an argument or none.
func upToOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return misused(cmd, fmt.Errorf("%s takes one %s at most, here are %d", cmd.Name(), what, len(args)))
		}
		return nil
	}
}

func (p *program) checkConfig(ctx context.Context, path string, do *configCheck) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	at := p.clock()
	if !do.on.IsZero() {
		at = calendar.Cutoff(do.on.Date, calendar.Clock{}, time.UTC)
	}
	c, warnings, err := config.Check(path, text, at)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		p.printf("%s:%d:%d: warning: %s: %v\n", w.File, w.Line, w.Column, w.Key, w.Err)
	}
	book, found := c.Rules.Book, count(len(warnings), "warning", "warnings")
	p.sayf("%s holds together: %s, %s, %s, %s, %s; %s\n", path, count(len(book.Regions), "region", "regions"),
		count(len(c.Merchants), "merchant", "merchants"), count(len(book.Schedules), "schedule", "schedules"),
		count(len(c.Rules.Fees), "fee schedule", "fee schedules"), count(len(c.Rules.Plans), "reserve plan", "reserve plans"), found)
	if c.Rates != nil {
		if err := c.Rates.Refresh(ctx); err != nil {
			return err
		}
	}
	if do.strict && len(warnings) > 0 {
		return fmt.Errorf("%s: %s", path, found)
	}
	return nil
}

func (p *program) configPrintCommand() *cobra.Command {
	var options config.PrintOptions
	cmd := &cobra.Command{
		Use:   "print [FILE]",
		Short: "Print a configuration in canonical form, with the version of each object",
		Long: `Print prints a configuration, that of --config or a FILE, as the program reads it: one key per line in a fixed order, the version of
each calendar, schedule, fee schedule and reserve plan as a remark, and the chart of accounts at the end. Shipped calendars that schedules
name stand at the top with their versions. What is printed reads as the same objects with the same versions. The password of a
database is left out.`,
		Example: `  settlex config print
  settlex config print --defaults`,
		Args: upToOne("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			path := p.configFile(args)
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			printed, err := config.Print(path, text, options)
			if err != nil {
				return err
			}
			p.printf("%s", printed)
			return nil
		},
	}
	cmd.Flags().BoolVar(&options.Defaults, "defaults", false, "add as remarks the keys that are left out, and what holds instead")
	return cmd
}

func (p *program) configVersionsCommand() *cobra.Command {
	var kind string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "versions [KIND/ID@VERSION]",
		Short: "List every version of the configuration's objects that the books were kept by",
		Long: `Versions lists, from the books, each version of each region, calendar, schedule, fee schedule and reserve plan, and of the rules that have no id, that
the program ever ran by, and when it first did. They are kept for ever, so that an older fee or date can be explained; what holds is the
configuration of now. Given one of them, it prints its content as JSON, amounts in minor units.`,
		Example: `  settlex config versions
  settlex config versions --kind fee_schedule
  settlex config versions fee_schedule/in-upi@5f3ad9d4b6c1`,
		Args: upToOne("KIND/ID@VERSION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.within(cmd.Context(), func(s *session) error { return p.versions(cmd.Context(), s.engine, kind, asJSON) })
			}
			of, rest, _ := strings.Cut(args[0], "/")
			at := strings.LastIndexByte(rest, '@')
			if at < 0 {
				return misused(cmd, fmt.Errorf("%q is not written as KIND/ID@VERSION", args[0]))
			}
			return p.within(cmd.Context(), func(s *session) error {
				c, err := s.engine.Version(cmd.Context(), payment.ConfiguredKind(of), rest[:at], rest[at+1:])
				if err != nil {
					return err
				}
				return p.printJSON(json.RawMessage(c.Content))
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "of one `KIND`: region, calendar, schedule, fee_schedule, reserve_plan or rules")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, contents included")
	return cmd
}

// versionJSON is a version as --json prints it.
type versionJSON struct {
	Kind    payment.ConfiguredKind `json:"kind"`
	ID      string                 `json:"id"`
	Version string                 `json:"version"`
	Seen    time.Time              `json:"first_seen"`
	Content json.RawMessage        `json:"content,omitempty"`
}

func (p *program) versions(ctx context.Context, engine *settlex.Engine, kind string, asJSON bool) error {
	all, err := engine.Versions(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(c *payment.Configured) bool { return kind != "" && string(c.Kind) != kind })
	if asJSON {
		rows := make([]versionJSON, len(all))
		for i, c := range all {
			rows[i] = versionJSON{c.Kind, c.ID, c.Version, c.Seen, json.RawMessage(c.Content)}
		}
		return p.printJSON(rows)
	}
	t := table{left: 4}
	t.add("kind", "id", "version", "first seen")
	for _, c := range all {
		t.add(string(c.Kind), c.ID, c.Version, c.Seen.Format(time.RFC3339))
	}
	p.printf("%s", &t)
	return nil
}

func (p *program) configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configurations, for editors",
		Long: `Schema prints the JSON Schema (2020-12) of configuration files: every key with its form, its meaning and its default. Editors
that know YAML complete and check by it, for example with this first line of the configuration:

  # yaml-language-server: $schema=settlex.schema.json`,
		Example: `  settlex config schema > settlex.schema.json`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			p.printf("%s", config.Schema())
			return nil
		},
	}
}
