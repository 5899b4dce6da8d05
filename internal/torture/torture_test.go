package torture_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/settlex/settlex/internal/torture"
)

var (
	duration = flag.Duration("torture.for", 0, "how long TestTorture goes on; 0: 12 rounds")
	seed     = flag.Uint64("torture.seed", 0, "seed of TestTorture; 0: another one each time")
)

// taskVar tells this program that it is a worker, and its task.
const taskVar = "SETTLEX_TORTURE_TASK"

func TestMain(m *testing.M) {
	if text := os.Getenv(taskVar); text != "" {
		if err := torture.Work(context.Background(), torture.File{}, text, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// self makes this program a worker.
func self(t testing.TB) func(context.Context, string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, task string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, path)
		cmd.Env = append(os.Environ(), taskVar+"="+task)
		return cmd
	}
}

// The ledger keeps its word, whenever it is killed.
func TestTorture(t *testing.T) {
	t.Parallel()
	config := torture.Config{Dir: t.ArtifactDir(), Seed: *seed, For: *duration, Worker: self(t), Log: t.Logf}
	if config.Seed == 0 {
		config.Seed = rand.Uint64()
	}
	if config.For == 0 {
		config.Rounds = 12
	}
	t.Logf("seed %d; -torture.seed=%d gives the same commands again", config.Seed, config.Seed)
	began := time.Now()
	report, err := torture.Run(t.Context(), config)
	t.Logf("%v: %s", time.Since(began).Round(time.Millisecond), report)
	if err != nil {
		t.Error(err)
	}
}
