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

	warm  chan struct{} // closed by the first mark
	gone  chan struct{} // closed when there will be no more
	armed atomic.Bool   // kill in the next commit
	plan  plan
	usual *time.Duration // what a commit takes
	died  manner         // where it was when the marks ended: inCommit, or anywhere
}

// kill starts a worker and kills it; it tells whether the worker died within a commit. The error is for a worker that did not
// need to be killed, or said something.
func kill(ctx context.Context, cmd *exec.Cmd, p plan, usual *time.Duration) (within bool, err error) {
	v := &victim{cmd: cmd, plan: p, usual: usual, warm: make(chan struct{}), gone: make(chan struct{}), died: anywhere}
	cmd.Stderr = &v.stderr
	if v.marks, err = cmd.StdoutPipe(); err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	go v.read()
	v.wait(ctx)
	<-v.gone
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		return false, fmt.Errorf("the worker ended by itself: %w\n%s", errors.Join(err, ctx.Err()), &v.stderr)
	}
	if v.stderr.Len() > 0 {
		return false, fmt.Errorf("the worker said:\n%s", &v.stderr)
	}
	return v.died == inCommit, nil
}

// wait kills the worker when its time has come, or leaves it to the reader of marks.
func (v *victim) wait(ctx context.Context) {
	if v.plan.manner != cold {
		select {
		case <-v.warm:
		case <-v.gone:
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
func (v *victim) took(d time.Duration) { *v.usual += (d - *v.usual) / 16 }

// strike kills a share of a commit's time after it began. That is too short for a timer.
func (v *victim) strike(began time.Time) {
	for moment := time.Duration(v.plan.share * float64(*v.usual)); time.Since(began) < moment; {
		continue
	}
	_ = v.cmd.Process.Kill()
}
