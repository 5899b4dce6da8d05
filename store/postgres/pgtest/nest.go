package pgtest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

//go:embed guard.sh
var guardScript string

// nest is where the servers of this test binary live. Its guard outlives the binary and clears up behind it.
type nest struct {
	dir   string
	owner account

	mu    sync.Mutex
	guard io.Writer // ends with the binary
	made  int
}

// theNest is made when the first server is.
var theNest = sync.OnceValues(func() (*nest, error) {
	o, err := owner()
	if err != nil {
		return nil, err
	}
	dir, err := reachable(o)
	if err != nil {
		return nil, err
	}
	guard := o.command(context.Background(), "sh", "-c", guardScript, "pgtest-guard", dir)
	pipe, err := guard.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := guard.Start(); err != nil {
		return nil, fmt.Errorf("start the guard of %s: %w", dir, err)
	}
	return &nest{dir: dir, owner: o, guard: pipe}, nil
})

// reachable makes a temporary directory that the account gets to. That of root may lie where nobody else may go.
func reachable(o account) (string, error) {
	var faults []error
	for _, base := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		dir, err := os.MkdirTemp(base, "pgtest-")
		if err != nil {
			faults = append(faults, err)
			continue
		}
		err = o.give(dir)
		if err == nil {
			err = o.command(context.Background(), "sh", "-c", `cd -- "$1"`, "sh", dir).Run()
		}
		if err == nil {
			return dir, nil
		}
		faults = append(faults, fmt.Errorf("enter %s, %s: %w", dir, o, err), os.Remove(dir))
	}
	return "", fmt.Errorf("no place for servers: %w", errors.Join(faults...))
}

// directory makes an empty one for one more server.
func (n *nest) directory() (string, error) {
	n.mu.Lock()
	n.made++
	dir := filepath.Join(n.dir, strconv.Itoa(n.made))
	n.mu.Unlock()
	return dir, n.owner.directory(dir)
}

// started tells the guard about a server.
func (n *nest) started(pid int) error { return n.tell("started", pid) }

// ended tells the guard that a server is gone, and its number may be somebody else's.
func (n *nest) ended(pid int) error { return n.tell("ended", pid) }

func (n *nest) tell(deed string, pid int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := fmt.Fprintln(n.guard, deed, pid); err != nil {
		return fmt.Errorf("tell the guard of servers: %w", err)
	}
	return nil
}
