//go:build unix && !linux

package zktest

import (
	"os/exec"
	"strconv"
	"strings"
)

// stopped reports whether ps shows the process as stopped. There is no portable call that waits for
// a child's stop, as on Linux, without also consuming the child's end.
func (p *process) stopped() (bool, error) {
	state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(p.cmd.Process.Pid)).Output()
	return strings.HasPrefix(strings.TrimSpace(string(state)), "T"), err
}
