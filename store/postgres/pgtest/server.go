package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/settlex/settlex/internal/testneed"
)

// ServersVar is the environment variable that lists the installations to test on: their bin directories, parted by ':'.
const ServersVar = "SETTLEX_TEST_POSTGRES"

// Oldest is the oldest major version that tests run on.
const Oldest = 15

// how tells a reader of a skipped test what to do.
const how = "apt-get install postgresql, or set " + ServersVar + " to the bin directories of some versions, parted by ':'"

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+[.\w]*)`)

// Server is an installation of PostgreSQL.
type Server struct {
	// Version is as PostgreSQL says it, "15.18".
	Version string
	// Bin is the directory of initdb and postgres.
	Bin string
}

// String names the server in a test's name, "postgres-15.18".
func (s Server) String() string { return "postgres-" + s.Version }

// Major is the version that decides what the server can do, 15.
func (s Server) Major() int {
	major, _, _ := strings.Cut(s.Version, ".")
	n, _ := strconv.Atoi(major)
	return n
}

// Servers lists every installation, in the order of [ServersVar] or just one. Without any it skips the test, loudly. What the variable names
// and does not work fails the test: nobody wants to find out later that it was never tested.
func Servers(t testing.TB) []Server {
	t.Helper()
	named, err := namedServers()
	if err != nil {
		t.Fatalf("%s: %v", ServersVar, err)
	}
	if len(named) > 0 {
		return named
	}
	server, err := foundServer()
	if err != nil {
		t.Log(err)
	}
	testneed.Need(t, fmt.Sprintf("PostgreSQL %d or newer", Oldest), how, err == nil)
	return []Server{server}
}

// Newest is the newest of [Servers], for a test that one of them is enough for.
func Newest(t testing.TB) Server {
	t.Helper()
	return slices.MaxFunc(Servers(t), func(a, b Server) int { return a.Major() - b.Major() })
}

// namedServers asks what ServersVar names, once.
var namedServers = sync.OnceValues(func() ([]Server, error) {
	var servers []Server
	for _, bin := range filepath.SplitList(os.Getenv(ServersVar)) {
		server, err := installed(context.Background(), bin)
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
})

// foundServer looks where installations usually are, once.
var foundServer = sync.OnceValues(func() (Server, error) {
	if program, err := exec.LookPath("postgres"); err == nil {
		// Often a link to where the other programs are.
		if program, err = filepath.EvalSymlinks(program); err != nil {
			return Server{}, err
		}
		return installed(context.Background(), filepath.Dir(program))
	}
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return Server{}, errors.New("no postgres in PATH, nothing in /usr/lib/postgresql")
	}
	return installed(context.Background(), slices.MaxFunc(bins, func(a, b string) int { return majorOf(a) - majorOf(b) }))
})

// majorOf reads the version in Debian's path of a bin directory.
func majorOf(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// installed asks an installation for its version, as the user that will run it.
func installed(ctx context.Context, bin string) (Server, error) {
	if _, err := versionOf(ctx, filepath.Join(bin, "initdb")); err != nil {
		return Server{}, err
	}
	version, err := versionOf(ctx, filepath.Join(bin, "postgres"))
	if err != nil {
		return Server{}, err
	}
	server := Server{Version: version, Bin: bin}
	return server, server.check()
}

// versionOf is what "postgres --version" says: "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func versionOf(ctx context.Context, program string) (string, error) {
	o, err := owner()
	if err != nil {
		return "", err
	}
	out, err := o.command(ctx, program, "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version, %s: %w %s", program, o, err, out)
	}
	version := versionPattern.FindSubmatch(out)
	if version == nil {
		return "", fmt.Errorf("ask %s for its version: it says %q", program, out)
	}
	return string(version[1]), nil
}

// check refuses what is too old.
func (s Server) check() error {
	if s.Major() < Oldest {
		return fmt.Errorf("PostgreSQL %s in %s is older than %d", s.Version, s.Bin, Oldest)
	}
	return nil
}
