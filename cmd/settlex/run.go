package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/runner"
	"github.com/settlex/settlex/store/postgres"
)

func (p *program) runCommand() *cobra.Command {
	once := false
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Settle and report day after day",
		Long: `Run closes windows, releases reserves, writes the files of each day that is complete, hands to the rails what is approved and takes in
their answers, requests queued payouts that there is money for, issues the invoices of months that are over, and verifies the books, as the schedules say. What was missed while it was not running is caught up in order, window by window and day by day. It has the data file open only
while it works, so that other commands, such as ingest, find their turn. SIGTERM and SIGINT let it finish what is under way and end
with exit code 0; a second one ends it at once with 1. It writes its log to standard error.

On a PostgreSQL database any number of processes may run: one has the jobs, by a lease in the database, the others wait. When it ends,
another one takes over within seconds; when it is killed or cannot be reached, once its lease has run out, within 15 seconds.

A configuration file that is changed is taken at the next waking, and at once on SIGHUP, if it is right as a whole; else its faults are
logged and the one of before goes on. Only data and run.wake need a new start.

With --once it does what is due now and ends, for a cron of your own; exit code 1 if any of it failed.`,
		Example: `  settlex run --config settlex.yaml
  settlex run --once`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.run(cmd.Context(), once) },
	}
	cmd.Flags().BoolVar(&once, "once", false, "do what is due now, and end")
	return cmd
}

// runLockWait is how long a job waits for another command to let go of the
// data file, or to be done with settling on a database. After that the next waking
// tries again.
const runLockWait = 10 * time.Second

func (p *program) run(ctx context.Context, once bool) error {
	level := slog.LevelInfo
	if p.quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: level}))
	c, err := p.stand(log)
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	switch {
	case config.IsDatabase(c.Data):
		return p.runOnDatabase(ctx, c, hangups, once)
	case once:
		return p.runOnFile(ctx, c, hangups, runner.Once)
	}
	return p.runOnFile(ctx, c, hangups, runner.Run)
}

// runOnFile opens the data file for each job. That it can be opened is found out
// at once.
func (p *program) runOnFile(ctx context.Context, c *standing, hangups <-chan os.Signal, run func(context.Context, runner.Config) error) error {
	p.lockWait = runLockWait
	s, err := p.session(ctx, c.Config)
	if err != nil {
		return err
	}
	jobs, err := p.jobs(s, c, func(ctx context.Context, c *config.Config, fn func(context.Context, *session) error) error {
		s, err := p.session(ctx, c)
		if err != nil {
			return err
		}
		return s.do(func(s *session) error { return fn(ctx, s) })
	})
	if err := errors.Join(err, s.store.Close()); err != nil {
		return err
	}
	p.logStart(c)
	if err := run(ctx, runner.Config{Wake: c.Run.Wake, Jobs: jobs, Log: c.log, Rouse: hangups}); err != nil {
		return err
	}
	c.log.Info("stopped")
	return nil
}

// runOnDatabase runs the jobs whenever no other process on the database does; once,
// each as soon as no other process settles.
func (p *program) runOnDatabase(ctx context.Context, c *standing, hangups <-chan os.Signal, once bool) error {
	if err := runner.CheckWake(c.Run.Wake); err != nil { // not only when its turn comes
		return err
	}
	store, err := p.openDatabase(ctx, c.Data, postgres.Options{})
	if err != nil {
		return err
	}
	return errors.Join(p.takeTurns(ctx, c, store, hangups, once), store.Close())
}

func (p *program) takeTurns(ctx context.Context, c *standing, store *postgres.Store, hangups <-chan os.Signal, once bool) error {
	s, err := p.start(ctx, c.Config, store)
	if err != nil {
		return err
	}
	jobs, err := p.jobs(s, c, func(ctx context.Context, c *config.Config, fn func(context.Context, *session) error) error {
		return p.aloneOn(ctx, c, store, fn)
	})
	if err != nil {
		return err
	}
	if once {
		p.logStart(c)
		if err := runner.Once(ctx, runner.Config{Jobs: jobs}); err != nil {
			return err
		}
		c.log.Info("stopped")
		return nil
	}
	turn, err := p.turn(store, leaseRun)
	if err != nil {
		return err
	}
	turn.Log = c.log
	p.logStart(c)
	for ctx.Err() == nil {
		err := turn.Take(ctx, func(ctx context.Context, term *postgres.Term) error {
			c.log.Info("this process has the jobs", "owner", p.owner, "term", term.Token())
			return runner.Run(ctx, runner.Config{Wake: c.Run.Wake, Jobs: jobs, Log: c.log, Rouse: hangups})
		})
		if err != nil { // what is left undone, whoever has the lease next does
			c.log.Warn("this process has the jobs no more", "error", err)
		}
	}
	c.log.Info("stopped")
	return nil
}

func (p *program) logStart(c *standing) {
	c.log.Info("started", "config", p.config, "data", place(c.Data), "reports", c.Reports, "wake", c.Run.Wake)
}

// withinSession runs fn in a session of its own, under a configuration.
type withinSession func(ctx context.Context, c *config.Config, fn func(context.Context, *session) error) error

// jobs makes each job of the engine one that has a session of its own, under the
// configuration that stands by then. The first one looks whether there is another.
func (p *program) jobs(s *session, c *standing, within withinSession) ([]runner.Job, error) {
	c.try = func(ctx context.Context, next *config.Config) error {
		return within(ctx, next, func(context.Context, *session) error { return nil })
	}
	options, err := jobOptions(s.Config, c.log)
	if err != nil {
		return nil, err
	}
	jobs := s.engine.Jobs(options)
	for i := range jobs {
		jobs[i].Step = func(ctx context.Context) (more bool, err error) {
			err = within(ctx, c.Config, func(ctx context.Context, s *session) error {
				options, err := jobOptions(s.Config, c.log)
				if err != nil {
					return err
				}
				more, err = s.engine.Jobs(options)[i].Step(ctx)
				return err
			})
			return more, err
		}
	}
	jobs = append([]runner.Job{{Name: "configuration", Step: c.look}}, jobs...)
	caughtUp := false
	return append(jobs, runner.Job{Name: "wait", Step: func(context.Context) (bool, error) {
		if !caughtUp {
			caughtUp = true
			c.log.Info("caught up")
		}
		return false, nil
	}}), nil
}

// jobOptions say what the jobs write, as a configuration says.
func jobOptions(c *config.Config, log *slog.Logger) (settlex.JobOptions, error) {
	formats, err := formatsOf(c)
	return settlex.JobOptions{Dir: c.Reports, Formats: formats, Log: log}, err
}
