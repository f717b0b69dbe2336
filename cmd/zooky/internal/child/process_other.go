//go:build unix && !linux

package child

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
)

// adopt does nothing: here a process whose parent ends is nobody's that can be told.
func adopt() {}

// attributes are the usual ones.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// below returns the living processes that a process has started, directly or through others that live.
func below(root int) (processes []int) {
	listing := exec.Command("ps", "-A", "-o", "pid=,ppid=,state=")
	out, err := listing.Output()
	if err != nil {
		return nil
	}
	children := make(map[int][]int)
	for line := range strings.Lines(string(out)) {
		var pid, parent int
		var state string
		if _, err := fmt.Sscan(line, &pid, &parent, &state); err == nil && state[0] != 'Z' && pid != listing.Process.Pid {
			children[parent] = append(children[parent], pid)
		}
	}
	processes = children[root]
	for i := 0; i < len(processes); i++ {
		processes = append(processes, children[processes[i]]...)
	}
	return processes
}
