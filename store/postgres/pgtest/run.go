package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

var errNotRunning = errors.New("the server is not running")

// run is the life of a server's processes.
type run struct {
	process *os.Process
	gone    chan struct{} // closed when all of them are
}

// running tells whether the run is still going on.
func (r *run) running() bool {
	if r == nil {
		return false
	}
	select {
	case <-r.gone:
		return false
	default:
		return true
	}
}

// start runs the server and waits until it lets clients in.
func (c *Cluster) start(ctx context.Context) error {
	const tries = 5
	for try := 1; ; try++ {
		mark := c.log.len()
		err := c.launch(ctx, mark)
		if err == nil {
			return nil
		}
		said, _ := c.log.since(mark)
		// Before its first run the server has not told anybody its port.
		if c.settled || try == tries || !strings.Contains(said, "Address already in use") {
			return fmt.Errorf("%w; its log ends with:\n%s", err, tail(said))
		}
		if c.port, err = freePort(ctx); err != nil {
			return err
		}
	}
}

// launch starts the processes and waits.
func (c *Cluster) launch(ctx context.Context, mark int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run.running() {
		return errors.New("the server is running already")
	}
	if err := c.configure(); err != nil {
		return err
	}
	// The processes outlive ctx. They hold on to the pipe of their standard error, so Wait returns when the last of them is gone.
	cmd := c.nest.owner.command(context.WithoutCancel(ctx), filepath.Join(c.server.Bin, "postgres"), "-D", c.data())
	cmd.Stdout, cmd.Stderr = c.log, c.log
	if err := cmd.Start(); err != nil {
		return err
	}
	r := &run{process: cmd.Process, gone: make(chan struct{})}
	c.run = r
	if err := c.nest.started(r.process.Pid); err != nil {
		return errors.Join(err, r.process.Signal(immediateStop))
	}
	go c.reap(cmd, r)
	if err := c.log.await(ctx, mark, "database system is ready to accept", r.gone); err != nil {
		return err
	}
	c.settled = true
	return nil
}

// reap waits for the end of a run.
func (c *Cluster) reap(cmd *exec.Cmd, r *run) {
	_ = cmd.Wait() // the log says more than the exit code
	_ = c.nest.ended(r.process.Pid)
	close(r.gone)
}

// end has all processes end and waits for that.
func (c *Cluster) end(how func(*os.Process) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.run.running() {
		return errNotRunning
	}
	if err := how(c.run.process); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-c.run.gone:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("the server does not end"), killAll(c.run.process))
	}
}

// configure writes postgresql.conf anew. A copy of the data becomes a server of its own by it.
func (c *Cluster) configure() error {
	settings := []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(c.port), "unix_socket_directories=" + c.dir,
		"max_connections=200", "shared_buffers=32MB", "fsync=on",
		// Kept in the data directory, where it goes with the rest even after a kill.
		"dynamic_shared_memory_type=mmap",
		"timezone=Asia/Kolkata",
		// A standby that lost its primary, or did not reach it at once, asks again soon.
		"wal_retrieve_retry_interval=100ms",
		"logging_collector=off", "log_destination=stderr", "log_line_prefix=%m [%p] %d ", "log_timezone=UTC", "lc_messages=C",
	}
	var text strings.Builder
	for _, setting := range append(settings, c.settings...) {
		name, value, _ := strings.Cut(setting, "=")
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
	}
	return c.write("postgresql.conf", text.String())
}

// write writes a file of the data directory.
func (c *Cluster) write(name, text string) error {
	path := filepath.Join(c.data(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return c.nest.owner.give(path)
}

// freeMemory gives back the few bytes of shared memory by which a server that was killed keeps another from its data. All its processes are
// gone, so nobody needs them; nor would anybody else give them back, were the server never started again.
func (c *Cluster) freeMemory() {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return // it had none yet
	}
	// The seventh line is "key id".
	lines := strings.Split(string(text), "\n")
	if len(lines) < 7 {
		return
	}
	if fields := strings.Fields(lines[6]); len(fields) == 2 {
		// Without ipcrm they stay: the machine has room for thousands.
		_ = c.nest.owner.command(context.Background(), "ipcrm", "-m", fields[1]).Run()
	}
}
