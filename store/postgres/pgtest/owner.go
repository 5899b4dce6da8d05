package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"sync"
)

// account is the user of the machine that servers and their files belong to.
type account struct {
	name     string // empty: whoever runs the tests
	uid, gid int
}

// owner is who runs servers: whoever runs the tests, but for root, whom PostgreSQL refuses.
var owner = sync.OnceValues(func() (account, error) {
	if os.Getuid() != 0 {
		return account{uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return account{}, err
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			return account{}, err
		}
		return account{name, uid, gid}, nil
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody")
})

// String ends a sentence about what somebody did.
func (a account) String() string {
	if a.name == "" {
		return "as whoever runs the tests"
	}
	return "as " + a.name + " in place of root"
}

// command is a program that the account runs, apart from the terminal of the tests and speaking English.
func (a account) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = a.attributes()
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LC_MESSAGES=C")
	// The directory of the tests may be out of the account's reach.
	cmd.Dir = "/"
	return cmd
}

// give hands a file to the account.
func (a account) give(path string) error {
	if a.name == "" {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// directory makes a directory of the account's own.
func (a account) directory(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	return a.give(path)
}
