package postgres_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/settlex/settlex/internal/torture"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// What a worker of TestProcessesKilled is told, in its environment.
const (
	taskVar = "SETTLEX_TORTURE_TASK"
	urlVar  = "SETTLEX_TORTURE_URL"
)

// TestTortureWorker is a worker of TestProcessesKilled. It never ends by itself.
func TestTortureWorker(t *testing.T) {
	t.Parallel()
	task := os.Getenv(taskVar)
	if task == "" {
		t.Skip("runs when TestProcessesKilled starts it")
	}
	at := ground{url: os.Getenv(urlVar), options: postgres.Options{Lanes: torturedLanes}}
	if err := torture.Work(t.Context(), at, task, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}

const torturedLanes = 3

// Several processes keep one ledger. Whenever some are killed the others go on, and everything is as all of them said.
func TestProcessesKilled(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := pgtest.NewCluster(t, pgtest.Newest(t), hasty)
	at := ground{url: c.DSN(), options: postgres.Options{Lanes: torturedLanes}}
	report, err := torture.Run(t.Context(), torture.Config{
		Dir: t.ArtifactDir(), Seed: seedOf(t), Rounds: rounds(5), For: *tortureFor, Callers: 9, Workers: 3, Ground: at, Log: t.Logf,
		Worker: func(ctx context.Context, task string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, path, "-test.run=^TestTortureWorker$")
			cmd.Env = append(os.Environ(), taskVar+"="+task, urlVar+"="+at.url)
			return cmd
		},
	})
	t.Log(report)
	if err != nil {
		t.Error(err)
	}
}
