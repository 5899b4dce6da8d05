package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/store/postgres/pgtest"
)

// victimVar has a test of this binary be the victim of another.
const victimVar = "PGTEST_VICTIM"

// TestVictim is what TestGuard runs and kills: it has servers, says where, and never ends.
func TestVictim(t *testing.T) {
	t.Parallel()
	if os.Getenv(victimVar) == "" {
		t.Skip("runs when TestGuard starts it")
	}
	server := pgtest.Newest(t)
	shared := pgtest.Database(t, server)
	own := pgtest.NewCluster(t, server)
	killed := pgtest.NewCluster(t, server)
	killed.Kill()
	for _, dsn := range []string{shared, own.DSN()} {
		addr := connect(t, dsn).Config().Host
		dir := column[string](t, dsn, "SHOW data_directory")[0]
		port := connect(t, dsn).Config().Port
		fmt.Printf("victim %s:%d %s\n", addr, port, dir)
	}
	fmt.Println("victim is ready")
	<-t.Context().Done()
}

// Whoever kills a test binary finds none of its servers, and none of their files.
func TestGuard(t *testing.T) {
	t.Parallel()
	pgtest.Newest(t)
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimVar+"=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var addrs, dirs []string
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "victim is ready" {
		if place, ok := strings.CutPrefix(lines.Text(), "victim "); ok {
			addr, dir, _ := strings.Cut(place, " ")
			addrs, dirs = append(addrs, addr), append(dirs, dir)
		}
	}
	same(t, 2, len(dirs))
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // killed
	for _, dir := range dirs {
		until(t, dir+" is removed", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
	}
	for _, addr := range addrs {
		until(t, "nobody listens on "+addr, func() bool { return !listens(t, addr) })
	}
}

func listens(t *testing.T, addr string) bool {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

// until asks again and again. Nobody tells us when a stranger's process is gone.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("gave up waiting until %s", what)
		}
	}
}
