//go:build unix

package bolt_test

import (
	"fmt"
	"os"
	"syscall"
)

// ownerOf gives the numbers of a file's owner and group.
func ownerOf(info os.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "unknown"
	}
	return fmt.Sprintf("%d:%d", stat.Uid, stat.Gid)
}
