package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Storm says how a run goes in which nobody is killed but the ground shakes: a server that many use dies and comes back, and they find it again
// by themselves.
type Storm struct {
	Dir     string // for the logs; required
	Seed    uint64 // of the commands
	Ground  Ground // required
	Sites   int    // how many have the ledger open at once, in this process; 0 means 2
	Callers int    // of all sites; 0 means 8
	Rounds  int    // how often the ground shakes; 0: until For is over
	For     time.Duration
	// Shake is called while everybody is asking, often in the middle of a commit, and returns when the ground stands still again.
	Shake func(ctx context.Context, round int) error
	// Calm is called when everybody is served again; nil: nothing is.
	Calm func()
	// Log is told about each round; nil: nobody is.
	Log func(format string, args ...any)
}

// Bounds of a storm.
const (
	calmAtMost = 300 * time.Millisecond // before the ground shakes
	backAtMost = 30 * time.Second       // until every caller is served again
)

// storm is one under way.
type storm struct {
	Storm
	run
	dice   *rand.Rand
	file   *file
	desks  []*desk
	served atomic.Int64 // answers
	stop   chan struct{}
	pulse  *pulse
}

// pulse takes the marks of all desks, and tells of commits that begin.
type pulse struct {
	begun chan time.Time // has the last one, unless it was taken
	usual atomic.Int64   // nanoseconds a commit takes
	last  atomic.Int64   // when the last one began
}

// Write implements io.Writer.
func (p *pulse) Write(marks []byte) (int, error) {
	now := time.Now()
	for _, mark := range marks {
		if mark == markEnd {
			took := now.UnixNano() - p.last.Load()
			p.usual.Add((took - p.usual.Load()) / 16)
			continue
		}
		p.last.Store(now.UnixNano())
		select {
		case p.begun <- now:
		default:
		}
	}
	return len(marks), nil
}

// within waits for a commit to begin, and then for a share of what one takes. That is too short for a timer.
func (p *pulse) within(ctx context.Context, share float64) error {
	for len(p.begun) > 0 {
		<-p.begun
	}
	select {
	case began := <-p.begun:
		for moment := time.Duration(share * float64(p.usual.Load())); time.Since(began) < moment; {
			continue
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Weather has the ground shake again and again, and holds the ledger to what it said after each time. The error names what was found
// first; nil means that every promise was kept.
func Weather(ctx context.Context, config Storm) (r Report, err error) {
	if config.Sites == 0 {
		config.Sites = 2
	}
	if config.Callers == 0 {
		config.Callers = 8
	}
	if config.Log == nil {
		config.Log = func(string, ...any) {}
	}
	s := &storm{Storm: config, dice: rand.New(rand.NewPCG(config.Seed, 2)), pulse: &pulse{begun: make(chan time.Time, 1)}}
	s.run.Config = Config{Seed: config.Seed, Callers: config.Callers}
	s.Files, s.file = 1, &file{dir: filepath.Join(config.Dir, "storm"), history: newHistory(s.script())}
	if err := os.MkdirAll(s.file.dir, 0o700); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	began := time.Now()
	for round := 0; round < config.Rounds || config.Rounds == 0 && time.Since(began) < config.For; round++ {
		if err := s.round(ctx, round); err != nil {
			return s.Report, fmt.Errorf("seed %d, round %d, %s: %w", config.Seed, round, s.file.dir, err)
		}
		s.Report.Rounds++
	}
	return s.Report, nil
}

func (s *storm) close() (err error) {
	for _, d := range s.desks {
		err = errors.Join(err, d.site.Close())
	}
	return err
}

// open has the desks of a round write into logs of that round. The sites stay open from round to round.
func (s *storm) open(ctx context.Context, round int) (logs []*logFile, err error) {
	for i := range s.Sites {
		log, err := openLog(logIn(s.file.dir, round, i, s.Sites))
		if err != nil {
			return logs, err
		}
		logs = append(logs, log)
		if i < len(s.desks) {
			err = s.desks[i].begin(s.script().start(round), log)
		} else {
			var d *desk
			if d, err = openDesk(ctx, s.script(), s.Ground, s.file.dir, s.script().start(round), log, marks{s.pulse}); err == nil {
				s.desks = append(s.desks, d)
			}
		}
		if err != nil {
			return logs, err
		}
	}
	return logs, nil
}

func (s *storm) round(ctx context.Context, round int) error {
	logs, err := s.open(ctx, round)
	if err == nil {
		err = s.blow(ctx, round)
	}
	for _, log := range logs {
		err = errors.Join(err, log.close())
	}
	var lines []line
	for i := range s.Sites {
		more, readErr := readLog(logIn(s.file.dir, round, i, s.Sites))
		err = errors.Join(err, readErr)
		s.file.history.add(more)
		lines = append(lines, more...)
	}
	if err != nil {
		return errors.Join(err, foundError(s.file.history.faults))
	}
	c, found, err := s.file.reopen(ctx, s.Ground, s.script().start(round))
	if err = errors.Join(foundError(found), err); err != nil {
		return err
	}
	s.count(lines, s.file, c)
	s.Log("round %d: %d items, %d commands without an answer", round, len(c.items), len(s.file.history.unsettled()))
	return s.settle(ctx, round)
}

// settle asks again for what got no answer, where it was asked before.
func (s *storm) settle(ctx context.Context, round int) error {
	path := logIn(s.file.dir, round, 0, 1) + ".settled"
	log, err := openLog(path)
	if err != nil {
		return err
	}
	if err := s.desks[0].begin(s.script().start(round), log); err != nil {
		return errors.Join(err, log.close())
	}
	return errors.Join(s.file.askAgain(ctx, s.desks[0], path), log.close())
}

// blow has everybody ask, shakes the ground, and goes on until everybody is served again.
func (s *storm) blow(ctx context.Context, round int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.stop = make(chan struct{})
	s.served.Store(0)
	counts := make([]atomic.Int64, s.Callers)
	errs := make(chan error, s.Callers+2*len(s.desks))
	var callers, watchers sync.WaitGroup
	for caller := range s.Callers {
		callers.Go(func() {
			errs <- s.call(ctx, s.desks[caller%len(s.desks)], Name{Round: round, Caller: caller}, &counts[caller])
		})
	}
	for _, d := range s.desks {
		watchers.Go(func() { errs <- notOver(ctx, d.watch(ctx)) })
		watchers.Go(func() { errs <- notOver(ctx, d.follow(ctx)) })
	}
	err := s.shake(ctx, round, counts)
	if err != nil {
		cancel() // some may hang
	}
	close(s.stop)
	callers.Wait()
	cancel()
	watchers.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// notOver leaves out the error of a context that has ended.
func notOver(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// call is one caller's stream of commands. Served counts those that were carried out.
func (s *storm) call(ctx context.Context, d *desk, n Name, served *atomic.Int64) error {
	for ; ; n.No++ {
		select {
		case <-s.stop:
			return nil
		default:
		}
		c := d.command(n)
		took, err := d.attempt(ctx, n.String(), &c)
		if err != nil {
			return err
		}
		if took {
			served.Add(1)
			s.served.Add(1)
		}
	}
}

// shake lets everybody work for a while, shakes, and waits until everybody has been served since.
func (s *storm) shake(ctx context.Context, round int, counts []atomic.Int64) error {
	if err := until(ctx, func() bool { return s.served.Load() >= int64(len(counts)) }); err != nil {
		return fmt.Errorf("nobody is served: %w", err)
	}
	calm := time.NewTimer(time.Duration(s.dice.Int64N(int64(calmAtMost))))
	defer calm.Stop()
	select {
	case <-calm.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.pulse.within(ctx, 1.3*s.dice.Float64()); err != nil {
		return err
	}
	began := time.Now()
	if err := s.Shake(ctx, round); err != nil {
		return err
	}
	before := make([]int64, len(counts))
	for i := range counts {
		before[i] = counts[i].Load()
	}
	err := until(ctx, func() bool {
		for i := range counts {
			if counts[i].Load() == before[i] {
				return false
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("not everybody is served again: %w", err)
	}
	s.Stood = max(s.Stood, time.Since(began))
	if s.Calm != nil {
		s.Calm()
	}
	return nil
}

// until asks again and again, for as long as a storm may last.
func until(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, backAtMost)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
