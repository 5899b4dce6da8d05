package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

// Job is something to do again and again.
type Job struct {
	Name string
	// Step does the next thing that is due, and nothing if nothing is; more
	// says that another step is due at once. A step is not interrupted when the
	// runner stops, but no further one is begun.
	Step func(ctx context.Context) (more bool, err error)
}

// Config says how a runner behaves.
type Config struct {
	// Wake is a standard cron expression of five fields, or a descriptor such
	// as "@every 10s"; read in UTC. Required.
	Wake string
	// Jobs run one after the other at each waking, in this order, each until no
	// step is due. A failure is logged and ends the job, but does not keep the
	// next ones from running; the next waking tries again.
	Jobs []Job
	// Log receives what happened; nil: nothing is logged.
	Log *slog.Logger
	// Rouse is for wakings beside those of Wake, such as by a signal; nil: there are none.
	Rouse <-chan os.Signal
}

// CheckWake tells why an expression cannot wake a runner.
func CheckWake(wake string) error {
	if _, err := cron.ParseStandard(wake); err != nil {
		return fmt.Errorf("wake %q: %w", wake, err)
	}
	return nil
}

// Run runs the jobs at once, to catch up, and then at each waking until ctx is
// done; it returns when the step under way has finished. A waking that comes
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
		runJobs(ctx, config.Jobs, func(job string, err error) { log.Error("job failed", "job", job, "error", err) })
		select {
		case <-ctx.Done():
			return nil
		case <-wakings:
		case <-config.Rouse:
		}
	}
}

// Once runs the jobs once, each until no step is due, until ctx is done. The error
// joins those of the jobs, by their names; Wake and Log are not looked at.
func Once(ctx context.Context, config Config) error {
	var faults error
	runJobs(ctx, config.Jobs, func(job string, err error) { faults = errors.Join(faults, fmt.Errorf("%s: %w", job, err)) })
	return faults
}

func runJobs(ctx context.Context, jobs []Job, failed func(job string, err error)) {
	for _, job := range jobs {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = job.Step(context.WithoutCancel(ctx)); err != nil {
				failed(job.Name, err)
				break
			}
		}
	}
}
