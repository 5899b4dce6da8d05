//go:build !linux

package bench

import "os"

// syncData makes a file's content durable, as the embedded store does.
func syncData(f *os.File) error { return f.Sync() }
