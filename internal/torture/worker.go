package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"
)

// task is what a worker is told.
type task struct {
	Dir     string // of the ledger and the logs
	Seed    uint64
	Callers int // of all workers
	Round   int
	Worker  int // from 0
	Workers int
}

func (t task) log() string { return logIn(t.Dir, t.Round, t.Worker, t.Workers) }

// logIn is where a worker writes what it asks.
func logIn(dir string, round, worker, workers int) string {
	if workers == 1 {
		return filepath.Join(dir, fmt.Sprintf("round-%d.log", round))
	}
	return filepath.Join(dir, fmt.Sprintf("round-%d-%d.log", round, worker))
}

func (t task) script() script { return script{seed: t.Seed, callers: t.Callers} }

// life bounds a worker that nobody kills.
const life = 2 * time.Minute

// Work is a worker: it does what the task says, which Run gave to Config.Worker, and marks its commits on out. It is meant to
// be killed, and an error that it returns is a fault that it met.
func Work(ctx context.Context, ground Ground, taskText string, out io.Writer) error {
	var t task
	if err := json.Unmarshal([]byte(taskText), &t); err != nil {
		return fmt.Errorf("task %q: %w", taskText, err)
	}
	ctx, cancel := context.WithTimeout(ctx, life)
	defer cancel()
	s := t.script()
	log, err := openLog(t.log())
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, s, ground, t.Dir, s.start(t.Round), log, marks{out})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	crowd := max(s.crowd(t.Round), t.Workers)
	errs := make(chan error, crowd+2)
	var all sync.WaitGroup
	for caller := t.Worker; caller < crowd; caller += t.Workers {
		all.Go(func() { errs <- d.callAgainAndAgain(ctx, Name{Round: t.Round, Caller: caller}) })
	}
	all.Go(func() { errs <- d.watch(ctx) })
	all.Go(func() { errs <- d.follow(ctx) })
	err = <-errs
	cancel()
	all.Wait()
	return errors.Join(err, d.site.Close(), log.close())
}

// callAgainAndAgain is one caller's stream of commands.
func (d *desk) callAgainAndAgain(ctx context.Context, n Name) error {
	for ; ; n.No++ {
		c := d.command(n)
		if _, err := d.attempt(ctx, n.String(), &c); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
