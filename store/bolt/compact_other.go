//go:build !unix

package bolt

import "os"

// keepOwner does nothing: files have no owner that a number names here.
func keepOwner(*os.File, os.FileInfo) error { return nil }
