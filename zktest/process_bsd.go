//go:build unix && !linux

package zktest

import (
	"os/exec"
	"strconv"
	"strings"
)

// stopped reports whether the process is stopped, in ps's words. Waiting for a
// child's stop, as on Linux, has no portable call that leaves its end alone.
func (p *process) stopped() (bool, error) {
	state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(p.cmd.Process.Pid)).Output()
	return strings.HasPrefix(strings.TrimSpace(string(state)), "T"), err
}
