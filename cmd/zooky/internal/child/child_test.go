//go:build unix

package child_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/cmd/zooky/internal/child"
)

// The processes of a child are this program, called so.
const (
	parentRole = "test-parent" // with the guard's command line, and then the command's
	guardRole  = "test-guard"
	execRole   = "test-exec" // with the command line
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch args := os.Args[2:]; os.Args[1] {
	case parentRole:
		fail(parent(args))
	case guardRole:
		fail(child.Guard(os.Stdin, os.Stdout))
	case execRole:
		fail(child.Exec(args[0], args))
	default:
		os.Exit(m.Run())
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parent(args []string) error {
	cmd := command(append([]string{execRole}, args[1:]...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	c, err := child.Start(cmd, exec.Command("/bin/sh", "-c", args[0], os.Args[0], guardRole), syscall.SIGTERM, time.Minute)
	if err != nil {
		return err
	}
	<-c.Ended()
	return c.Release()
}

func command(args ...string) *exec.Cmd { return exec.Command(os.Args[0], args...) }

// TestKilledBeforeTheGuardKnows kills the parent when it has started the command's process and tells the guard.
func TestKilledBeforeTheGuardKnows(t *testing.T) {
	for name, guard := range map[string]string{
		"guard has the line":   `read pgid rest; kill -9 $PPID; (echo $pgid $rest; cat) | "$0" "$1" >&2`,
		"guard has not":        `kill -9 $PPID; exec "$0" "$1"`,
		"guard does not start": `exit 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "file")
			// The pipe is open as long as anybody is left.
			out, err := command(parentRole, guard, "/usr/bin/touch", file).CombinedOutput()
			assert.Error(t, err, "%s", out)
			assert.NoFileExists(t, file)
		})
	}
}

func TestCommandBegins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	out, err := command(parentRole, `exec "$0" "$1"`, "/usr/bin/touch", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.FileExists(t, file)
}

// TestKilled kills the parent at work.
func TestKilled(t *testing.T) {
	c := command(parentRole, `exec "$0" "$1"`, "/bin/sh", "-c", `trap 'echo ended; exit' TERM; echo $PPID; while :; do sleep 0.05; done`)
	var out strings.Builder
	r, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	buf := make([]byte, 100)
	n, err := r.Read(buf)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	require.NoError(t, err)
	require.Equal(t, c.Process.Pid, pid)
	require.NoError(t, c.Process.Kill())
	for err == nil {
		n, err = r.Read(buf)
		out.Write(buf[:n])
	}
	assert.Equal(t, "ended\n", out.String())
	assert.Error(t, c.Wait())
}
