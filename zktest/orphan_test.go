//go:build unix

package zktest_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
)

// However a process ends that has an ensemble, a paused server included: no server and no file is
// left.
func TestNothingStaysBehind(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	for _, test := range []struct {
		end    string
		signal syscall.Signal
	}{
		{end: "panic"},
		{end: "exit"},
		{end: "interrupt", signal: syscall.SIGINT},
		{end: "terminate", signal: syscall.SIGTERM},
		{end: "kill", signal: syscall.SIGKILL},
	} {
		t.Run(test.end, func(t *testing.T) {
			tmp := t.TempDir()
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), "ZKTEST_CHILD="+test.end, "TMPDIR="+tmp)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			if test.signal != 0 {
				require.Len(t, processesIn(t, tmp), 2)
				require.NoError(t, cmd.Process.Signal(test.signal))
			}
			require.Error(t, cmd.Wait())
			require.NoError(t, err)
			require.Equal(t, "running\n", line)

			require.Eventually(t, func() bool {
				left, err := filepath.Glob(filepath.Join(tmp, "*"))
				return err == nil && len(left) == 0 && len(processesIn(t, tmp)) == 0
			}, 30*time.Second, 10*time.Millisecond)
		})
	}
}

// processesIn returns the command lines of Java processes that name dir.
func processesIn(t *testing.T, dir string) []string {
	var all []string
	if runtime.GOOS == "linux" {
		files, err := filepath.Glob("/proc/[0-9]*/cmdline")
		require.NoError(t, err)
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil { // else it has ended
				all = append(all, string(text))
			}
		}
	} else {
		text, err := exec.Command("ps", "-axww", "-o", "command=").Output()
		require.NoError(t, err)
		all = strings.Split(string(text), "\n")
	}
	var in []string
	for _, line := range all {
		if strings.Contains(line, dir) && strings.Contains(line, "QuorumPeerMain") {
			in = append(in, line)
		}
	}
	return in
}
