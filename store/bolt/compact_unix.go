//go:build unix

package bolt

import (
	"os"
	"syscall"
)

// keepOwner gives a file the owner and the group that another one has.
func keepOwner(file *os.File, other os.FileInfo) error {
	want, ok := other.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if have, ok := info.Sys().(*syscall.Stat_t); ok && have.Uid == want.Uid && have.Gid == want.Gid {
		return nil // not everybody may ask for what is so already
	}
	return file.Chown(int(want.Uid), int(want.Gid))
}
