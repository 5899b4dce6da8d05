package pgtest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// emptyInCopies are directories of a data directory whose contents belong to a running server alone; WAL comes by streaming.
var emptyInCopies = []string{
	"pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans", "pg_wal",
}

// copyData copies the data directory of a running server in backup mode. A file that goes meanwhile is one that the WAL tells of.
func copyData(o account, from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		top, _, inside := strings.Cut(filepath.ToSlash(rel), "/")
		if inside && slices.Contains(emptyInCopies, top) || strings.HasPrefix(rel, "postmaster.") {
			return skip(entry)
		}
		if entry.IsDir() {
			return o.directory(filepath.Join(to, rel))
		}
		err = copyFile(o, path, filepath.Join(to, rel))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// skip leaves out a file, or a directory with all below it.
func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func copyFile(o account, from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close(), o.give(to))
}
