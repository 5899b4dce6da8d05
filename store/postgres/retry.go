package postgres

import (
	"context"
	"fmt"
	"time"
)

// Pauses before another attempt: the first is at most firstPause, and they double up to maxPause.
const (
	firstPause = 4 * time.Millisecond
	maxPause   = time.Second
)

// maxAtOnce bounds attempts that follow at once. Each has learned a name, or that it needs every lane, so there are few.
const maxAtOnce = 64

// again repeats a transaction until it is settled.
func (s *Store) again(ctx context.Context, once func(*plan) (fate, error)) error {
	p, tries, hurried := new(plan), 0, 0
	for {
		f, err := once(p)
		switch {
		case f == atOnce && hurried < maxAtOnce:
			hurried++
			continue
		case f == settled:
			return err
		}
		if tries++; tries >= s.options.Attempts {
			return exhausted(tries, err)
		}
		if waitErr := s.options.Wait(ctx, s.pause(tries)); waitErr != nil {
			return fmt.Errorf("%w, after %w", waitErr, conflict(err))
		}
	}
}

// pause is how long to wait before the next attempt: any part of a bound that doubles, so that those who met do not meet again.
func (s *Store) pause(tries int) time.Duration {
	bound := min(firstPause<<min(tries-1, 16), maxPause)
	return time.Duration(s.options.Chance() * float64(bound))
}

// exhausted is the error of the last attempt.
func exhausted(tries int, err error) error {
	if isConflict(err) {
		return fmt.Errorf("%w: %d attempts: %w", ErrBusy, tries, conflict(err))
	}
	return fmt.Errorf("%d attempts: %w", tries, err)
}
