package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Modes of what is created: reports are for their owner and group.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// sink is a file under a temporary name that counts and hashes what it takes. The name is made from the final one, so
// what a killed process left behind is overwritten by the next.
type sink struct {
	name   string // the final name
	file   *os.File
	hash   hash.Hash
	bytes  int64
	gone   bool // the temporary file is not there any more
	placed bool
}

func newSink(root *os.Root, name string) (*sink, error) {
	file, err := root.OpenFile(tempName(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return nil, err
	}
	return &sink{name: name, file: file, hash: sha256.New()}, nil
}

func tempName(name string) string { return tempPrefix + name + tempSuffix }

// Write appends p.
func (s *sink) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.hash.Write(p[:n])
	s.bytes += int64(n)
	return n, err
}

func (s *sink) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// finish makes the content durable.
func (s *sink) finish() error {
	return errors.Join(s.file.Sync(), s.file.Close())
}

// place gives the file its name.
func (s *sink) place(root *os.Root) error {
	if err := root.Rename(tempName(s.name), s.name); err != nil {
		return err
	}
	s.gone, s.placed = true, true
	return nil
}

// discard removes the temporary file, once.
func (s *sink) discard(root *os.Root) error {
	if s.gone {
		return nil
	}
	s.gone = true
	if err := s.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return root.Remove(tempName(s.name))
}

// writeWhole writes a small file so that it is there whole or not at all; the caller syncs the directory.
func writeWhole(root *os.Root, name string, content []byte) error {
	s, err := newSink(root, name)
	if err != nil {
		return err
	}
	if _, err := s.Write(content); err != nil {
		return errors.Join(err, s.discard(root))
	}
	if err := s.finish(); err != nil {
		return errors.Join(err, s.discard(root))
	}
	return s.place(root)
}

// digest returns the size and SHA-256 of a file.
func digest(fsys fs.FS, name string) (int64, string, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return 0, "", err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return size, hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}

// makeDir creates dir and what is missing above it, durably.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// syncDir makes renames in dir durable. Windows cannot sync a directory and orders renames by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
