package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"sync/atomic"
	"time"
)

// manner is how a worker is to die.
type manner uint8

const (
	cold     manner = iota // while it starts and opens the file
	anywhere               // at any time once it is warm
	inCommit               // a moment after a commit has begun
)

// String is the manner in words.
func (m manner) String() string { return [...]string{"cold", "anywhere", "in a commit"}[m] }

// plan is a death that was drawn.
type plan struct {
	manner manner
	after  time.Duration // of the start, or of the first commit
	share  float64       // inCommit: so much of a commit's usual time later
}

func newPlan(dice *rand.Rand) plan {
	p := plan{manner: anywhere, after: time.Duration(20_000+dice.IntN(480_000)) * time.Microsecond, share: 1.3 * dice.Float64()}
	switch lot := dice.IntN(20); {
	case lot < 2:
		p.manner, p.after = cold, time.Duration(dice.IntN(25_000))*time.Microsecond
	case lot < 14:
		p.manner = inCommit
	}
	return p
}

// victim is a worker that is going to be killed.
type victim struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	marks  io.Reader

	before []*victim // those that die before it does; nil: it waits for nobody

	warm    chan struct{} // closed by the first mark
	gone    chan struct{} // closed when there will be no more
	commits chan struct{} // has one after some commit has ended
	armed   atomic.Bool   // kill in the next commit
	plan    plan
	usual   *time.Duration // what a commit takes
	died    manner         // where it was when the marks ended: inCommit, or anywhere
	stood   time.Duration  // from the deaths of those before it until it had made some commits
}

func newVictim(cmd *exec.Cmd, p plan, usual *time.Duration) *victim {
	return &victim{cmd: cmd, plan: p, usual: usual, warm: make(chan struct{}), gone: make(chan struct{}), commits: make(chan struct{}, 1), died: anywhere}
}

// String is how it died.
func (v *victim) String() string {
	return fmt.Sprintf("died %s after %v, in a commit: %t, a commit takes %v", v.plan.manner, v.plan.after, v.died == inCommit, *v.usual)
}

// kill starts a worker and kills it. The error is for a worker that did not need to be killed, or said something.
func (v *victim) kill(ctx context.Context) (err error) {
	v.cmd.Stderr = &v.stderr
	if v.marks, err = v.cmd.StdoutPipe(); err != nil {
		return err
	}
	if err := v.cmd.Start(); err != nil {
		close(v.gone)
		return err
	}
	go v.read()
	standErr := v.survive(ctx)
	v.wait(ctx)
	<-v.gone
	var exit *exec.ExitError
	if err := v.cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		return fmt.Errorf("the worker ended by itself: %w\n%s", errors.Join(err, ctx.Err()), &v.stderr)
	}
	if v.stderr.Len() > 0 {
		return fmt.Errorf("the worker said:\n%s", &v.stderr)
	}
	return standErr
}

// Those that are left go on when the others are dead: so many commits within so long.
const (
	commitsAfter = 20
	standAtMost  = 20 * time.Second
)

// survive waits until those before it are dead and it has gone on without them.
func (v *victim) survive(ctx context.Context) error {
	if len(v.before) == 0 {
		return nil
	}
	for _, other := range v.before {
		<-other.gone
	}
	began := time.Now()
	timer := time.NewTimer(standAtMost)
	defer timer.Stop()
	for n := range commitsAfter {
		select {
		case <-v.commits:
		case <-v.gone:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return fmt.Errorf("a worker made %d commits within %v after the others were dead", n, standAtMost)
		}
	}
	v.stood = time.Since(began)
	return nil
}

// wait kills the worker when its time has come, or leaves it to the reader of marks.
func (v *victim) wait(ctx context.Context) {
	if v.plan.manner != cold || len(v.before) > 0 {
		select {
		case <-v.warm:
		case <-v.gone:
			return
		case <-ctx.Done():
			_ = v.cmd.Process.Kill()
			return
		}
	}
	timer := time.NewTimer(v.plan.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		_ = v.cmd.Process.Kill()
		return
	case <-v.gone:
		return
	}
	if v.plan.manner == inCommit {
		v.armed.Store(true)
		return
	}
	_ = v.cmd.Process.Kill() // if it is gone already, Wait says how
}

// read follows the marks until the worker is dead.
func (v *victim) read() {
	defer close(v.gone)
	buffer := make([]byte, 256)
	open, warm := 0, false
	var began time.Time
	for {
		n, err := v.marks.Read(buffer)
		for _, mark := range buffer[:n] {
			if mark == markEnd {
				open--
				v.took(time.Since(began))
				continue
			}
			open++
			began = time.Now()
		}
		if n > 0 && !warm {
			warm = true
			close(v.warm)
		}
		if open > 0 && v.armed.Swap(false) {
			v.strike(began)
		}
		if err != nil {
			break
		}
	}
	if open > 0 {
		v.died = inCommit
	}
}

// took learns what a commit usually takes.
func (v *victim) took(d time.Duration) {
	*v.usual += (d - *v.usual) / 16
	select {
	case v.commits <- struct{}{}:
	default:
	}
}

// strike kills a share of a commit's time after it began. That is too short for a timer.
func (v *victim) strike(began time.Time) {
	for moment := time.Duration(v.plan.share * float64(*v.usual)); time.Since(began) < moment; {
		continue
	}
	_ = v.cmd.Process.Kill()
}
