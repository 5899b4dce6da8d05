package bench

import (
	"os"
	"syscall"
)

// syncData makes a file's content durable, as the embedded store does.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
