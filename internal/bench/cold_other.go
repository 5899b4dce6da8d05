//go:build !linux || !(amd64 || arm64 || riscv64)

package bench

import (
	"errors"
	"fmt"
)

// DropsCache tells whether DropCache works on this system.
const DropsCache = false

// DropCache cannot be done here.
func DropCache(name string) error { return fmt.Errorf("forget %s: %w", name, errors.ErrUnsupported) }
