package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/store/bolt"
)

func (p *program) restoreCommand() *cobra.Command {
	var do verifying
	cmd := &cobra.Command{
		Use:   "restore BACKUP",
		Short: "Make the data file of a backup, verified",
		Long: `Restore copies a backup to where the configuration, or --data, says that the data file is, and verifies the copy as settlex verify
does before it gets its name. With --checkpoint and --key, it must continue a checkpoint that was kept: one from before the backup, because a
later one says, rightly, that the end is missing. The backup stays as it is. Nothing is ever overwritten: stop every process, and move what is
left of the data file away first.

What was booked after the backup is not in it. Ingest the files since then again, and a day more: what is there is recognised by its keys, the
rest is booked anew. The configuration, reports, keys and checkpoints are in no backup.`,
		Example: `  settlex restore /backup/2026-03-31.db --checkpoint 2026-03-30.checkpoint --key "$(cat verifier.key)"
  settlex restore /backup/2026-03-31.db --data rehearsal.db`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := do.check(cmd); err != nil {
				return err
			}
			return p.restore(cmd.Context(), args[0], do)
		},
	}
	do.flags(cmd)
	return cmd
}

func (p *program) restore(ctx context.Context, backup string, do verifying) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	if err := errNoFile("restore", c); err != nil {
		return err
	}
	var info bolt.BackupInfo
	err = apart(c.Data, func(made string) (err error) {
		if info, err = bolt.Restore(ctx, backup, made); err != nil {
			return err
		}
		return p.verifyCopy(ctx, c, made, do)
	})
	if err != nil {
		return err
	}
	p.sayf("%s: restored from %s: %s\n", c.Data, backup, holds(info.Head, info.Bytes))
	return nil
}
