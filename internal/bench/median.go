package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Median gives the median of each figure of several runs; of an even number, the
// lower of the two in the middle. A figure that one of them has not is in none, and
// texts are those of the last.
func Median(runs []*Result) (*Result, error) {
	if len(runs) == 0 {
		return nil, errors.New("medians of no run")
	}
	trees := make([]any, len(runs))
	for i, run := range runs {
		text, err := json.Marshal(run)
		if err == nil {
			err = json.Unmarshal(text, &trees[i])
		}
		if err != nil {
			return nil, fmt.Errorf("medians of %d runs: %w", len(runs), err)
		}
	}
	var out Result
	text, err := json.Marshal(middles(trees))
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("medians of %d runs: %w", len(runs), err)
	}
	out.Median, out.Run = true, len(runs)
	last := runs[len(runs)-1].Settings
	last.Seed = runs[0].Seed // as it was; a tree knows numbers up to 2^53
	out.Settings = last
	return &out, nil
}

// middles takes trees of the same form together.
func middles(trees []any) any {
	switch last := trees[len(trees)-1].(type) {
	case float64:
		values, ok := all[float64](trees)
		if !ok {
			return nil
		}
		slices.Sort(values)
		return values[(len(values)-1)/2]
	case map[string]any:
		objects, ok := all[map[string]any](trees)
		if !ok {
			return nil
		}
		out := make(map[string]any, len(last))
		for name := range last {
			out[name] = middles(each(objects, func(o map[string]any) any { return o[name] }))
		}
		return out
	case []any:
		lists, ok := all[[]any](trees)
		if !ok {
			return nil
		}
		length := len(slices.MinFunc(lists, func(a, b []any) int { return len(a) - len(b) }))
		out := make([]any, length)
		for i := range out {
			out[i] = middles(each(lists, func(l []any) any { return l[i] }))
		}
		return out
	default:
		return last
	}
}

// all gives the values if each is of one type.
func all[T any](values []any) (out []T, ok bool) {
	for _, v := range values {
		typed, ok := v.(T)
		if !ok {
			return nil, false
		}
		out = append(out, typed)
	}
	return out, true
}

func each[T any](values []T, of func(T) any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = of(v)
	}
	return out
}
