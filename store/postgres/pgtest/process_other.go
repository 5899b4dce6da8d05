//go:build !unix

package pgtest

import (
	"errors"
	"os"
	"syscall"
)

func (account) attributes() *syscall.SysProcAttr { return nil }

var fastStop, immediateStop = os.Kill, os.Kill

func killAll(p *os.Process) error { return errors.Join(p.Kill(), errors.ErrUnsupported) }
