package bench

import (
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// Child is what running a program came to.
type Child struct {
	Took    time.Duration
	CPU     time.Duration // of all its threads, in the system too
	RSSAnon *int64        // most bytes of memory of its own; nil: the system does not tell
}

// RunChild runs a program to its end and samples its memory meanwhile.
func RunChild(cmd *exec.Cmd) (c Child, err error) {
	const every = 20 * time.Millisecond
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return c, err
	}
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			c.Took, c.CPU = time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				err = fmt.Errorf("%s: %w", cmd, exit)
			}
			return c, err
		case <-ticker.C:
			c.RSSAnon = larger(c.RSSAnon, scaled(procFigures(status)["RssAnon"], 1024))
		}
	}
}
