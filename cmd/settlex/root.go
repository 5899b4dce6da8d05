package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// program is what the commands share: where they write, the clock, and the
// flags that every one of them takes.
type program struct {
	out      *output   // results
	err      io.Writer // progress and errors
	clock    func() time.Time
	terminal bool // err is one

	config string // path of the configuration
	data   string // where the books are; empty: where the configuration says
	quiet  bool

	lockWait time.Duration // for the data file, 0: a second; to settle alone on a database, 0: runLockWait
	owner    string        // who this process is among those on a database
}

// execute runs one command line and gives its exit code.
func (p *program) execute(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = p.out.err
	}
	return p.exitCode(ctx, err)
}

// exitCode prints an error, once, and gives the exit code it means.
func (p *program) exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if faults, ok := errors.AsType[config.Faults](err); ok {
		_, _ = fmt.Fprintln(p.err, faults)
		err = fmt.Errorf("%s: %s", faults[0].File, count(len(faults), "fault", "faults"))
	}
	_, _ = fmt.Fprintf(p.err, "settlex: %v\n", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "settlex",
		Short: "A double-entry ledger and settlement engine for payment platforms",
		Long: `SettleX books payment events in a double-entry ledger, settles each merchant by the schedule of its region, and
writes the files that finance teams reconcile with.

Exit codes: 0 done, 1 failed, 2 called wrongly.`,
		Example: `  settlex demo                                 settle a bundled month of payments, to see what comes out
  settlex init                                 write settlex.yaml and make the data file
  settlex ingest payments.csv                  book a file of payment events
  settlex settle --through 2026-03-31          close the windows that are due
  settlex report --date 2026-03-31             write the files of a business date
  settlex summary                              sum up what was settled
  settlex run                                  do all of that day after day`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              knownCommand,
		PersistentPreRunE: p.checkData,

		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("which command?"))
		},
	}
	root.SetFlagErrorFunc(misused)
	flags := root.PersistentFlags()
	flags.StringVar(&p.config, "config", "settlex.yaml", "configuration `FILE`")
	flags.StringVar(&p.data, "data", "", "data `FILE`, or URL of a PostgreSQL database, instead of the configuration's")
	flags.BoolVarP(&p.quiet, "quiet", "q", false, "say nothing but errors and what was asked for")
	root.AddCommand(
		p.scheduleCommand(),
		p.balanceCommand(),
		p.demoCommand(),
		p.initCommand(),
		p.ingestCommand(),
		p.payoutsCommand(),
		p.settleCommand(),
		p.settlementCommand(),
		p.simulateCommand(),
		p.reportCommand(),
		p.summaryCommand(),
		p.balancesCommand(),
		p.eventsCommand(),
		p.verifyCommand(),
		p.checkCommand(),
		p.proofCommand(),
		p.merchantCommand(),
		p.calendarCommand(),
		p.invoiceCommand(),
		p.periodCommand(),
		p.configCommand(),
		p.exportCommand(),
		p.importCommand(),
		p.runCommand(),
		p.feesCommand(),
		p.backupCommand(),
		p.restoreCommand(),
		p.compactCommand(),
		p.migrateCommand(),
		p.migrateStoreCommand(),
		p.benchCommand(),
		p.versionCommand(),
	)
	return root
}

// checkData refuses what can be no place of books.
func (p *program) checkData(cmd *cobra.Command, _ []string) error {
	if p.data == "" {
		return nil
	}
	if err := config.CheckData(p.data); err != nil {
		return misused(cmd, fmt.Errorf("--data %w", err))
	}
	return nil
}

// knownCommand refuses what is left of the arguments when no command has taken
// them.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return misused(cmd, err)
}

// noArguments refuses any.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misused(cmd, fmt.Errorf("%s takes no argument, %q is one", cmd.Name(), args[0]))
	}
	return nil
}

// one wants one argument, such as an ID.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return misused(cmd, fmt.Errorf("%s takes one %s, here are %d", cmd.Name(), what, len(args)))
		}
		return nil
	}
}

// usageError marks a command line that cannot be meant.
type usageError struct {
	command string // whose help says more
	err     error
}

// Error gives the fault and where to look.
func (e *usageError) Error() string { return fmt.Sprintf("%v (see %s --help)", e.err, e.command) }

// Unwrap gives the fault itself.
func (e *usageError) Unwrap() error { return e.err }

func misused(cmd *cobra.Command, err error) error {
	return &usageError{command: cmd.CommandPath(), err: err}
}

// output remembers that a write failed, so that results which did not arrive
// end in an error.
type output struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	if err != nil {
		o.err = fmt.Errorf("write the result: %w", err)
	}
	return n, err
}

// printf prints what was asked for.
func (p *program) printf(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format, args...) }

// warnf tells what may surprise, also to those who want to hear little.
func (p *program) warnf(format string, args ...any) {
	_, _ = fmt.Fprintf(p.err, "settlex: warning: "+format+"\n", args...)
}

// sayf tells what was done, unless nobody wants to know.
func (p *program) sayf(format string, args ...any) {
	if !p.quiet {
		p.printf(format, args...)
	}
}
