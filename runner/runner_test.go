package runner_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
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
		{Name: "first", Step: func(context.Context) (bool, error) { ran = append(ran, "first"); return true, errors.New("broken") }},
		{Name: "second", Step: func(context.Context) (bool, error) {
			if ran = append(ran, "second"); len(ran) >= 4 {
				cancel()
			}
			return false, nil
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second", "first", "second"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v: a failing job must not keep the next one or the next waking away", ran, want)
	}
}

func TestRunIsRoused(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	rouse, ran := make(chan os.Signal, 1), 0
	err := runner.Run(ctx, runner.Config{Wake: "@every 1h", Rouse: rouse, Jobs: []runner.Job{{Name: "job", Step: func(context.Context) (bool, error) {
		if ran++; ran == 3 {
			cancel()
		}
		rouse <- os.Interrupt
		return false, nil
	}}}})
	if err != nil || ran != 3 {
		t.Errorf("ran %d times, %v, want 3", ran, err)
	}
}

func TestRunFinishesTheStepUnderWayAndBeginsNoOther(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	err := runner.Run(ctx, runner.Config{Wake: "@every 1h", Jobs: []runner.Job{
		{Name: "long", Step: func(ctx context.Context) (bool, error) {
			if steps++; steps == 3 {
				cancel()
			}
			return true, ctx.Err()
		}},
		{Name: "next", Step: func(context.Context) (bool, error) { t.Error("a job was begun after the stop"); return false, nil }},
	}})
	if err != nil || steps != 3 {
		t.Errorf("error %v after %d steps, want none after 3: the step that is under way must see no cancellation", err, steps)
	}
}

func TestRunLogsFailures(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	err := runner.Run(ctx, runner.Config{Wake: "@every 1h", Log: slog.New(slog.NewTextHandler(&out, nil)), Jobs: []runner.Job{
		{Name: "settle", Step: func(context.Context) (bool, error) { cancel(); return false, errors.New("disk full") }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if line := out.String(); !strings.Contains(line, "job=settle") || !strings.Contains(line, `error="disk full"`) {
		t.Errorf("log says %q", line)
	}
}

func TestOnceRunsEachJobUntilNothingIsDueAndJoinsFailures(t *testing.T) {
	t.Parallel()
	var ran []string
	err := runner.Once(t.Context(), runner.Config{Jobs: []runner.Job{
		{Name: "first", Step: func(context.Context) (bool, error) { ran = append(ran, "first"); return true, errors.New("broken") }},
		{Name: "second", Step: func(context.Context) (bool, error) { ran = append(ran, "second"); return len(ran) < 3, nil }},
		{Name: "third", Step: func(context.Context) (bool, error) { return false, errors.New("disk full") }},
	}})
	if err == nil || err.Error() != "first: broken\nthird: disk full" {
		t.Errorf("error %v", err)
	}
	if want := []string{"first", "second", "second"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
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
