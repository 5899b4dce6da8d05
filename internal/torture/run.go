package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/settlex/settlex/ledger"
)

// Config says how a run goes.
type Config struct {
	Dir     string        // for the logs, and for what the ground keeps there; required
	Seed    uint64        // of the commands and of the deaths
	Rounds  int           // deaths; 0: until For is over
	For     time.Duration // with Rounds as well, whatever comes first; 0: no bound
	Callers int           // goroutines of all workers, in some rounds fewer; 0 means 16
	Workers int           // processes at once, each killed at a time of its own; 0 means 1
	Ground  Ground        // where the ledger stands; nil: in a file
	PerFile int           // rounds after which a new file is begun, so that a round takes as long as the first; 0 means 30
	// Worker makes a process that calls Work with the task. Its standard output is taken; its standard error stays empty unless
	// something is wrong.
	Worker func(ctx context.Context, task string) *exec.Cmd
	// Between is called with the directory of the file and the logs when a worker is dead and nobody has looked at what it left:
	// tests of the torture do there what a broken ledger would have done. nil: nothing is done.
	Between func(dir string) error
	// Log is told about each round; nil: nobody is.
	Log func(format string, args ...any)
}

// Report is what a run did.
type Report struct {
	Rounds       int
	Files        int
	Commands     int // attempts that were begun, retries included
	Requests     int // within them
	Acknowledged int // attempts that were answered before the worker died
	Booked       int // items in the files at their ends
	Refused      int // of them: keys that were burnt
	Unsettled    int // commands without an answer when a worker died
	There        int // of them: they were in the file all the same
	InCommit     int // deaths between the beginning and the end of a commit
	// Stood is the longest time from the death of all other workers until the last one had made some commits; in a storm, from the
	// moment the ground shook until every caller was served again.
	Stood time.Duration
}

// String is the report in one line.
func (r Report) String() string {
	text := fmt.Sprintf("%d rounds on %d files, %d deaths in a commit; %d commands (%d requests), %d acknowledged; %d items booked, %d of them refusals; "+
		"%d commands without an answer, %d of them were there and %d not", r.Rounds, r.Files, r.InCommit, r.Commands, r.Requests, r.Acknowledged,
		r.Booked, r.Refused, r.Unsettled, r.There, r.Unsettled-r.There)
	if r.Stood > 0 {
		text += fmt.Sprintf("; who was left stood still for %v at most", r.Stood.Round(time.Millisecond))
	}
	return text
}

// run is a run under way.
type run struct {
	Config
	Report
	dice  *rand.Rand
	usual []time.Duration // what a commit takes, by worker
}

// Run kills workers, round after round, and holds what they leave to what they said. The error names what was found first, with
// the round and the directory, whose files stay; nil means that every promise was kept.
func Run(ctx context.Context, config Config) (Report, error) {
	if config.Callers == 0 {
		config.Callers = 16
	}
	if config.PerFile == 0 {
		config.PerFile = 30
	}
	if config.Log == nil {
		config.Log = func(string, ...any) {}
	}
	if config.Workers == 0 {
		config.Workers = 1
	}
	if config.Ground == nil {
		config.Ground = File{}
	}
	r := &run{Config: config, dice: rand.New(rand.NewPCG(config.Seed, 1)), usual: slices.Repeat([]time.Duration{time.Millisecond}, config.Workers)}
	err := r.rounds(ctx)
	return r.Report, err
}

func (r *run) rounds(ctx context.Context) error {
	var f *file
	began := time.Now()
	for round := 0; !r.isOver(round, time.Since(began)); round++ {
		if round%r.PerFile == 0 {
			if err := f.remove(); err != nil {
				return err
			}
			r.Files++
			f = &file{dir: filepath.Join(r.Dir, fmt.Sprintf("file-%d", r.Files)), history: newHistory(r.script())}
			if err := os.MkdirAll(f.dir, 0o700); err != nil {
				return err
			}
		}
		if err := r.round(ctx, f, round); err != nil {
			return fmt.Errorf("seed %d, round %d, %s: %w", r.Seed, round, f.dir, err)
		}
		r.Report.Rounds++
	}
	return f.remove()
}

func (r *run) isOver(round int, spent time.Duration) bool {
	return r.Config.Rounds > 0 && round >= r.Config.Rounds || r.For > 0 && spent >= r.For
}

func (r *run) script() script { return script{seed: r.Seed, callers: r.Callers} }

// round is one life of each worker, their deaths and the post-mortem.
func (r *run) round(ctx context.Context, f *file, round int) error {
	deaths, killErr := r.kill(ctx, f.dir, round)
	if r.Between != nil {
		if err := r.Between(f.dir); err != nil {
			return err
		}
	}
	var lines []line
	for worker := range r.Workers {
		more, err := readLog(logIn(f.dir, round, worker, r.Workers))
		if err != nil {
			return errors.Join(killErr, err)
		}
		f.history.add(more)
		lines = append(lines, more...)
	}
	if killErr != nil {
		return errors.Join(killErr, foundError(f.history.faults))
	}
	c, found, err := f.reopen(ctx, r.Ground, r.script().start(round))
	if err = errors.Join(foundError(found), err); err != nil {
		return err
	}
	r.count(lines, f, c)
	r.Log("round %d: %s; %d items, %d commands without an answer", round, deaths, len(c.items), len(f.history.unsettled()))
	return f.settle(ctx, r.Ground, r.script(), round)
}

// kill has the workers of a round live and die. Deaths says how, in words.
func (r *run) kill(ctx context.Context, dir string, round int) (deaths string, err error) {
	victims := make([]*victim, r.Workers)
	for i := range victims {
		t := task{Dir: dir, Seed: r.Seed, Callers: r.Callers, Round: round, Worker: i, Workers: r.Workers}
		text, err := json.Marshal(t)
		if err != nil {
			return "", err
		}
		victims[i] = newVictim(r.Worker(ctx, string(text)), newPlan(r.dice), &r.usual[i])
	}
	if r.Workers > 1 {
		last := r.dice.IntN(r.Workers)
		for i, v := range victims {
			if i != last {
				victims[last].before = append(victims[last].before, v)
			}
		}
	}
	errs := make([]error, r.Workers)
	var all sync.WaitGroup
	for i, v := range victims {
		all.Go(func() { errs[i] = v.kill(ctx) })
	}
	all.Wait()
	words := make([]string, r.Workers)
	for i, v := range victims {
		if words[i] = v.String(); v.died == inCommit {
			r.InCommit++
		}
		r.Stood = max(r.Stood, v.stood)
	}
	return strings.Join(words, ", "), errors.Join(errs...)
}

// foundError is what was found, the first of it in full.
func foundError(found []string) error {
	if len(found) == 0 {
		return nil
	}
	const shown = 12
	return fmt.Errorf("%d findings:\n%s", len(found), strings.Join(found[:min(len(found), shown)], "\n"))
}

// count adds a life to the report.
func (r *run) count(lines []line, f *file, c *contents) {
	for _, l := range lines {
		switch {
		case l.Try != nil:
			r.Commands++
			r.Requests += len(f.history.commands[*l.Try].requests)
		case l.Got != nil:
			r.Acknowledged++
		}
	}
	for _, item := range c.items[f.counted:] {
		r.Booked++
		if item.Act == ledger.Refused {
			r.Refused++
		}
	}
	f.counted = len(c.items)
	for _, a := range f.history.unsettled() {
		r.Unsettled++
		if slices.ContainsFunc(a.requests, func(q ledger.Request) bool { _, there := c.byKey[asked(q).key]; return there }) {
			r.There++
		}
	}
}
