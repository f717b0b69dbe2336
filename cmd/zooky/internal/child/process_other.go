//go:build unix && !linux

package child

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
)

// adopt does nothing: here a process whose parent has ended cannot be adopted.
func adopt() {}

// attributes are the usual ones.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// children returns the living processes of the machine by their parents.
func children() processTree {
	listing := exec.Command("ps", "-A", "-o", "pid=,ppid=,state=")
	out, err := listing.Output()
	if err != nil {
		return nil
	}
	children := make(processTree)
	for line := range strings.Lines(string(out)) {
		var pid, parent int
		var state string
		if _, err := fmt.Sscan(line, &pid, &parent, &state); err == nil && state[0] != 'Z' &&
			pid != listing.Process.Pid {
			children[parent] = append(children[parent], pid)
		}
	}
	return children
}
