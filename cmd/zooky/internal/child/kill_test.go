//go:build unix

package child

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestKillDoesNotRelyOnOneList has a list lack a process whose parent ended while it was read.
func TestKillDoesNotRelyOnOneList(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	lists := 0
	killThose(func() processTree {
		if lists++; lists == 1 {
			return nil
		}
		return children()
	})
	assert.ErrorIs(t, unix.Kill(cmd.Process.Pid, 0), syscall.ESRCH)
	assert.Greater(t, lists, 1)
	_ = cmd.Process.Kill() // if it is left
	_ = cmd.Wait()         // the error is that it was waited for
}
