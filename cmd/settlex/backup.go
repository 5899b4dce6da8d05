package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

func (p *program) backupCommand() *cobra.Command {
	var do verifying
	var compact bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the data file, verified",
		Long: `Backup copies the data file to FILE, as it is at one instant, and verifies the copy as settlex verify does before it gets its name. With
--checkpoint and --key, the copy must continue a checkpoint that was kept. Nothing is ever overwritten, and what fails leaves nothing behind.

A data file has one process at a time. Backup holds it only while it copies, not while it verifies, and waits ten seconds for another
command, or for settlex run to be done with a step. A program that embeds the ledger and has the file open all day backs it up from within,
with Store.Backup, while it goes on booking.

Everything booked is in the data file, but neither the configuration, nor reports, nor a signer key or checkpoints: keep those
separately, and a signer key away from both.`,
		Example: `  settlex backup /backup/2026-03-31.db
  settlex backup /backup/2026-03-31.db --checkpoint 2026-03-31.checkpoint --key "$(cat verifier.key)"`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := do.check(cmd); err != nil {
				return err
			}
			return p.backup(cmd.Context(), args[0], do, compact)
		},
	}
	do.flags(cmd)
	cmd.Flags().BoolVar(&compact, "compact", false, "leave out what is free in the file")
	return cmd
}

// oneFile wants one argument.
func oneFile(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return misused(cmd, errors.New("which file?"))
	case 1:
		return nil
	}
	return misused(cmd, fmt.Errorf("%s takes one file, here are %d", cmd.Name(), len(args)))
}

// flags adds those for checkpoints that were kept.
func (v *verifying) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&v.checkpoints, "checkpoint", nil, "`FILE` with a kept checkpoint that the journal must continue; may be repeated")
	cmd.Flags().StringArrayVar(&v.keys, "key", nil, "verifier `KEY` that may have signed it; may be repeated")
}

// check wants checkpoints that can be read, before any work is done.
func (v *verifying) check(cmd *cobra.Command) error {
	if (len(v.checkpoints) == 0) != (len(v.keys) == 0) {
		return misused(cmd, errors.New("--checkpoint and --key go together"))
	}
	_, err := openCheckpoints(v.checkpoints, v.keys)
	return err
}

func (p *program) backup(ctx context.Context, target string, do verifying, compact bool) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	if err := errNoFile("backup", c); err != nil {
		return err
	}
	if p.lockWait == 0 {
		p.lockWait = runLockWait
	}
	var info bolt.BackupInfo
	err = apart(target, func(made string) error {
		if err := present(c.Data); err != nil {
			return err
		}
		store, err := p.openFile(c.Data)
		if errors.Is(err, bolt.ErrInUse) {
			return fmt.Errorf("%w; a program that keeps it open backs it up itself, with Store.Backup", err)
		}
		if err != nil {
			return err
		}
		info, err = store.Backup(ctx, made)
		err = errors.Join(err, store.Close())
		if err == nil && compact {
			_, info.Bytes, err = bolt.Compact(ctx, made)
		}
		if err != nil {
			return err
		}
		return p.verifyCopy(ctx, c, made, do)
	})
	if err != nil {
		return err
	}
	p.sayf("%s: %s, copied in %s\n", target, holds(info.Head, info.Bytes), info.Duration.Round(time.Millisecond))
	return nil
}

// verifyCopy verifies the books in a copy of the data file.
func (p *program) verifyCopy(ctx context.Context, c *config.Config, path string, do verifying) error {
	s, err := p.open(ctx, c, path)
	if err != nil {
		return err
	}
	return s.do(func(s *session) error { return p.verify(ctx, s, do) })
}

// holds says what is in a data file.
func holds(head ledger.Head, bytes int64) string {
	text := fmt.Sprintf("%s, %s bytes", count(int(head.Seq), "item", "items"), number(int(bytes)))
	if head.Seq > 0 {
		text += ", the last booked at " + instant(head.At)
	}
	return text
}

// apart lets fn make a file in a directory of its own beside the one it is to be,
// and gives it its name when that is done: whatever happens meanwhile, a file of
// that name is whole and verified. Nothing is overwritten.
func apart(target string, fn func(made string) error) (err error) {
	if err := absent(target); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made := filepath.Join(dir, filepath.Base(target))
	if err := fn(made); err != nil {
		return err
	}
	if err := os.Link(made, target); err != nil { // a rename would overwrite
		return err
	}
	return syncDir(filepath.Dir(target))
}

// syncDir makes the names in a directory durable.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
