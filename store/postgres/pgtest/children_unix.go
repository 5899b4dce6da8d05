//go:build unix && !linux

package pgtest

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
)

// childrenOf lists the processes that a process started, as ps knows them.
func childrenOf(parent int) ([]int, error) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output() //nolint:noctx // it answers at once
	if err != nil {
		return nil, err
	}
	var children []int
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var child, of int
		if _, err := fmt.Sscan(lines.Text(), &child, &of); err != nil {
			return nil, fmt.Errorf("read what ps says: %q: %w", lines.Text(), err)
		}
		if of == parent {
			children = append(children, child)
		}
	}
	return children, lines.Err()
}
