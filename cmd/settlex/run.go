package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/runner"
)

func (p *program) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Settle and report day after day",
		Long: `Run closes windows, releases reserves, writes the files of each day that is complete, and verifies the books, as the schedules
say. What was missed while it was not running is caught up in order, window by window and day by day. It has the data file open only
while it works, so that other commands, such as ingest, find their turn. SIGTERM and SIGINT let it finish what is under way and end
with exit code 0; a second one ends it at once with 1. It writes its log to standard error.`,
		Example: `  settlex run --config settlex.yaml`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.run(cmd.Context()) },
	}
}

// runLockWait is how long a job waits for another command to let go of the
// data file. After that the next waking tries again.
const runLockWait = 10 * time.Second

func (p *program) run(ctx context.Context) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if p.quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: level}))
	jobs, err := p.jobs(ctx, c, log)
	if err != nil {
		return err
	}
	log.Info("started", "config", p.config, "data", c.Data, "reports", c.Reports, "wake", c.Run.Wake)
	if err := runner.Run(ctx, runner.Config{Wake: c.Run.Wake, Jobs: jobs, Log: log}); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// jobs makes each job of the engine one that opens the data file for itself.
// That it can be opened is found out at once.
func (p *program) jobs(ctx context.Context, c *config.Config, log *slog.Logger) ([]runner.Job, error) {
	formats, err := formatsOf(c)
	if err != nil {
		return nil, err
	}
	options := settlex.JobOptions{Dir: c.Reports, Formats: formats, Log: log}
	p.lockWait = runLockWait
	s, err := p.session(ctx, c)
	if err != nil {
		return nil, err
	}
	jobs := s.engine.Jobs(options)
	for i := range jobs {
		jobs[i].Step = func(ctx context.Context) (more bool, err error) {
			s, err := p.session(ctx, c)
			if err != nil {
				return false, err
			}
			err = s.do(func(s *session) error {
				more, err = s.engine.Jobs(options)[i].Step(ctx)
				return err
			})
			return more, err
		}
	}
	caughtUp := false
	jobs = append(jobs, runner.Job{Name: "wait", Step: func(context.Context) (bool, error) {
		if !caughtUp {
			caughtUp = true
			log.Info("caught up")
		}
		return false, nil
	}})
	return jobs, s.store.Close()
}
