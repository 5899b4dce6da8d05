package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/settlex/settlex/internal/sample"
)

var update = flag.Bool("update", false, "write golden files and scripts anew")

// clockVar sets the clock of the program under test: an instant at which it
// stands still.
const clockVar = "SETTLEX_TEST_CLOCK"

// The test binary is the program as well: a copy of it in the PATH is called
// settlex.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"settlex": func() {
		text := os.Getenv(clockVar)
		if text == "" {
			main()
		}
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		os.Exit(start(func() time.Time { return instant }))
	}})
}

// oneAfterAnother leaves a test out with -short, as the race detector runs them: it starts the program many times, command after command, and
// what runs beside something else in them is tested where it is written.
func oneAfterAnother(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the program many times, command after command")
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	oneAfterAnother(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sample": writeSample,
			"exits":  exits,
		},
	})
}

// writeSample is the script command "sample FILE": it writes the bundled
// payments.
func writeSample(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: sample FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), sample.PaymentsCSV(), 0o600))
}

// exits is the script command "exits CODE PROGRAM ARGS...": it runs a program
// and wants that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}
