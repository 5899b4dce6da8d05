package runner

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"
)

// Job is something to do again and again.
type Job struct {
	Name string
	// Run does what is due now, and nothing if nothing is. It is not
	// interrupted when the runner stops: what is under way is finished.
	Run func(ctx context.Context) error
}

// Config says how a runner behaves.
type Config struct {
	// Wake is a standard cron expression of five fields, or a descriptor such
	// as "@every 10s"; read in UTC. Required.
	Wake string
	// Jobs run one after the other at each waking, in this order. A failure is
	// logged and does not keep the next ones from running; the next waking
	// tries again.
	Jobs []Job
	// Log receives what happened; nil: nothing is logged.
	Log *slog.Logger
}

// CheckWake tells why an expression cannot wake a runner.
func CheckWake(wake string) error {
	if _, err := cron.ParseStandard(wake); err != nil {
		return fmt.Errorf("wake %q: %w", wake, err)
	}
	return nil
}

// Run runs the jobs at once, to catch up, and then at each waking until ctx is
// done; it returns when the jobs under way have finished. A waking that comes
// while jobs run is not lost: they run once more. The error is for a Wake that
// cannot be read.
func Run(ctx context.Context, config Config) error {
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	wakings := make(chan struct{}, 1)
	clock := cron.New(cron.WithLocation(time.UTC))
	if _, err := clock.AddFunc(config.Wake, func() {
		select {
		case wakings <- struct{}{}:
		default: // one is waiting already
		}
	}); err != nil {
		return fmt.Errorf("wake %q: %w", config.Wake, err)
	}
	clock.Start()
	defer func() { <-clock.Stop().Done() }()
	for {
		runJobs(ctx, config.Jobs, log)
		select {
		case <-ctx.Done():
			return nil
		case <-wakings:
		}
	}
}

func runJobs(ctx context.Context, jobs []Job, log *slog.Logger) {
	for _, job := range jobs {
		if ctx.Err() != nil {
			return
		}
		if err := job.Run(context.WithoutCancel(ctx)); err != nil {
			log.Error("job failed", "job", job.Name, "error", err)
		}
	}
}
