package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/store/bolt"
)

func (p *program) compactCommand() *cobra.Command {
	var do verifying
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Make the data file smaller",
		Long: `Compact writes the data file anew, without what is free in it, puts that in its place, and verifies it as settlex verify does. A
data file never gets smaller by itself, and need not: what is free is used again. Compact pays after much was deleted, or after a reader kept
the file growing.

No other process may have the file open, and there must be room beside it for a second one. What is written is compared with the original pair
by pair before it takes its place. Killed at any time, one of the two is there, whole.`,
		Example: `  settlex compact`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := do.check(cmd); err != nil {
				return err
			}
			return p.compact(cmd.Context(), do)
		},
	}
	do.flags(cmd)
	return cmd
}

func (p *program) compact(ctx context.Context, do verifying) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	if err := errNoFile("compact", c); err != nil {
		return err
	}
	if err := present(c.Data); err != nil {
		return err
	}
	before, after, err := bolt.Compact(ctx, c.Data)
	if err != nil {
		return err
	}
	if err := p.verifyCopy(ctx, c, c.Data, do); err != nil {
		return err
	}
	p.sayf("%s: %s bytes, %s before\n", c.Data, number(int(after)), number(int(before)))
	return nil
}
