//go:build unix

package pgtest

import (
	"os"
	"syscall"
)

// attributes start a process of the account in a session of its own, so that an interrupt at the terminal is for the tests alone.
func (a account) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if a.name != "" {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attributes
}

// Signals that a postmaster knows.
const (
	fastStop      = syscall.SIGINT
	immediateStop = syscall.SIGQUIT
)

// killAll ends a process and its children at once. The process is halted first, so that it neither notices nor starts another.
func killAll(p *os.Process) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	children, err := childrenOf(p.Pid)
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL) // gone by itself: the same
	}
	if killErr := p.Kill(); err == nil {
		err = killErr
	}
	return err
}
