//go:build linux && (amd64 || arm64 || riscv64)

package bench

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// DropsCache tells whether DropCache works on this system.
const DropsCache = true

// DropCache asks the system to forget what it keeps in memory of a file that
// nobody has open: the next one who reads it reads the disk.
func DropCache(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = f.Sync() // pages not written yet would stay
	if err == nil {
		const dontNeed = 4 // POSIX_FADV_DONTNEED
		if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
			err = fmt.Errorf("forget %s: %w", name, errno)
		}
	}
	return errors.Join(err, f.Close())
}
