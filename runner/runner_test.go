package runner_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/runner"
)

func TestRunCatchesUpAtOnceAndAgainWhenWoken(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var ran []string
	err := runner.Run(ctx, runner.Config{Wake: "@every 1s", Jobs: []runner.Job{
		{Name: "first", Run: func(context.Context) error { ran = append(ran, "first"); return errors.New("broken") }},
		{Name: "second", Run: func(context.Context) error {
			if ran = append(ran, "second"); len(ran) >= 4 {
				cancel()
			}
			return nil
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second", "first", "second"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v: a failing job must not keep the next one or the next waking away", ran, want)
	}
}

func TestRunFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	finished := false
	err := runner.Run(ctx, runner.Config{Wake: "@every 1h", Jobs: []runner.Job{
		{Name: "long", Run: func(ctx context.Context) error {
			cancel()
			if finished = ctx.Err() == nil; !finished {
				return ctx.Err()
			}
			return nil
		}},
		{Name: "next", Run: func(context.Context) error { t.Error("a job was begun after the stop"); return nil }},
	}})
	if err != nil || !finished {
		t.Errorf("error %v, finished %v: a job under way must see no cancellation", err, finished)
	}
}

func TestRunLogsFailures(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	err := runner.Run(ctx, runner.Config{Wake: "@every 1h", Log: slog.New(slog.NewTextHandler(&out, nil)), Jobs: []runner.Job{
		{Name: "settle", Run: func(context.Context) error { cancel(); return errors.New("disk full") }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if line := out.String(); !strings.Contains(line, "job=settle") || !strings.Contains(line, `error="disk full"`) {
		t.Errorf("log says %q", line)
	}
}

func TestBadWake(t *testing.T) {
	t.Parallel()
	for _, wake := range []string{"", "every now and then", "61 * * * *"} {
		if err := runner.CheckWake(wake); err == nil {
			t.Errorf("CheckWake(%q) found nothing", wake)
		}
		if err := runner.Run(t.Context(), runner.Config{Wake: wake}); err == nil {
			t.Errorf("Run with wake %q did not fail", wake)
		}
	}
}
