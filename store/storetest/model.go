package storetest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
)

// Model drives a ledger on the store by commands drawn at random, side by side
// with a notebook that says what must come of each, and compares all that can
// be seen after every one. It says at the end how many steps it took.
//
// How long it runs is for -rapid.checks and -rapid.steps to say.
func Model(t *testing.T, h Harness) {
	t.Helper()
	tally := &tally{steps: map[string]int{}, answers: map[string]int{}}
	t.Cleanup(func() { t.Log(tally) })
	config := ledger.Config{Chart: shopChart(t)}
	rapid.Check(t, func(rt *rapid.T) {
		stage := NewStage(t)
		defer stage.Clear()
		d := &desk{
			harness: h, stage: stage, config: config, clock: noon(), notebook: &notebook{}, failures: map[string]*ledger.Failure{}, tally: tally,
		}
		d.config.Clock = func() time.Time { return d.clock }
		d.store = h.Open(stage)
		d.sit(rt)
		rt.Repeat(tally.counted(d.commands()))
		d.finish(rt)
		tally.run()
	})
}

// desk is where a ledger and a notebook are kept side by side.
type desk struct {
	harness  Harness
	stage    *Stage
	config   ledger.Config
	store    ledger.Store
	books    *ledger.Ledger
	clock    time.Time // what the clock on the wall shows; it may go backwards
	notebook *notebook

	fresh    int                        // keys given so far
	tried    []ledger.Request           // whatever was asked, whatever became of it
	failures map[string]*ledger.Failure // what burnt a key, by the key
	compared int                        // pages that were held against the change feed
	cursor   ledger.Cursor              // behind them
	tally    *tally
}

// sit keeps books on the store as it is.
func (d *desk) sit(t *rapid.T) {
	var err error
	if d.books, err = ledger.New(d.store, d.config); err != nil {
		t.Fatal(err)
	}
}

// finish verifies the books.
func (d *desk) finish(t *rapid.T) {
	v, err := d.books.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range v.Findings {
		t.Errorf("verify: %s", finding)
	}
}

// tally counts what was done, so that a claim about it can be checked.
type tally struct {
	mu      sync.Mutex
	runs    int
	steps   map[string]int // by command
	answers map[string]int // by what became of a request
}

func (a *tally) run() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs++
}

func (a *tally) answer(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[what]++
}

// counted gives commands that count themselves.
func (a *tally) counted(commands map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	out := maps.Clone(commands)
	for name, command := range commands {
		if name == "" {
			continue
		}
		out[name] = func(t *rapid.T) {
			command(t)
			a.mu.Lock()
			defer a.mu.Unlock()
			a.steps[name]++
		}
	}
	return out
}

// String says how many steps there were, and lists them and the answers.
func (a *tally) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	steps, stepLines := lines(a.steps)
	answers, answerLines := lines(a.answers)
	return fmt.Sprintf("model: %d steps of %d kinds in %d runs%s\n%d answers of %d kinds%s",
		steps, len(a.steps), a.runs, stepLines, answers, len(a.answers), answerLines)
}

func lines(counts map[string]int) (total int, text string) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		text += fmt.Sprintf("\n%8d %s", counts[name], name)
		total += counts[name]
	}
	return total, text
}
