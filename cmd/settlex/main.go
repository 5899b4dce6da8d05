// Command settlex settles payments from the command line: it books files of
// payment events, closes settlement windows, and writes the files that finance
// teams reconcile with. With run it does so by itself, day after day.
//
//	settlex demo
//	settlex init
//	settlex ingest payments.csv
//	settlex settle --through 2026-03-31
//	settlex report --date 2026-03-31
//	settlex summary
//
// Every rule is in the packages below; a command parses its flags, calls the
// engine and prints. Exit codes: 0 done, 1 failed, 2 called wrongly. Results go
// to standard output, progress and errors to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	os.Exit(start(time.Now))
}

// start runs the program on the process's own arguments and streams.
func start(clock func() time.Time) int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	p := &program{out: &output{w: os.Stdout}, err: os.Stderr, clock: clock, terminal: term.IsTerminal(int(os.Stderr.Fd())), owner: owner()}
	return p.execute(ctx, os.Args[1:])
}

// owner names this process for others on the same database.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// errInterrupted is why a context of interruptible ended.
var errInterrupted = errors.New("interrupted; the same command goes on where it stopped")

// interruptible gives a context that the first SIGINT or SIGTERM ends. The
// second one ends the process at once, with exit code 1. stop must be called.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stopped := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-stopped:
				return
			case <-signals:
				if ctx.Err() != nil {
					os.Exit(exitFailure)
				}
				cancel(errInterrupted)
			}
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		close(stopped)
		watching.Wait()
		cancel(nil)
	}
}
