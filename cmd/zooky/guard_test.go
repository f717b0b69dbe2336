//go:build unix

package main_test

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
)

// family is a command with a child, a child that has left the session, and one whose parent has
// ended. None heeds TERM.
const family = `trap '' TERM; spin() { while :; do sleep 0.05; done; }
spin & setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' & (setsid sh -c '(trap "" TERM; while :; do sleep 0.05; done) & exit' &)
echo ready; spin`

// others returns the processes of a command but zooky itself, which may be stopped, and zombies.
func (c *command) others(t *testing.T) (pids []string) {
	t.Helper()
	for _, pid := range marked(t, c.marker) {
		if pid != strconv.Itoa(c.Process.Pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// guard returns the process that is the parent of the command.
func (c *command) guard(t *testing.T) int {
	t.Helper()
	for _, pid := range c.others(t) {
		line, err := os.ReadFile("/proc/" + pid + "/cmdline")
		if err == nil && strings.Contains(string(line), "run-guard") {
			n, err := strconv.Atoi(pid)
			require.NoError(t, err)
			return n
		}
	}
	require.FailNow(t, "no guard")
	return 0
}

// TestRunStoppedAlone stops zooky and nothing else. The command has to be gone before the next is
// granted the lock.
func TestRunStoppedAlone(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(zooky int) error{
		"STOP":      func(zooky int) error { return syscall.Kill(zooky, syscall.SIGSTOP) },
		"TTIN":      func(zooky int) error { return syscall.Kill(zooky, syscall.SIGTTIN) },
		"TTOU":      func(zooky int) error { return syscall.Kill(zooky, syscall.SIGTTOU) },
		"TSTP":      func(zooky int) error { return syscall.Kill(zooky, syscall.SIGTSTP) },
		"its group": func(zooky int) error { return syscall.Kill(-zooky, syscall.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			c := p.prepare("run", "fred", "--session-timeout", "6s", "--", "sh", "-c", family)
			// in this session, which has its parent: it can be stopped
			c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			c.start(t)
			c.requireOutput(t, "ready")
			next := p.queue("fred", "ben")
			require.NoError(t, stop(c.Process.Pid))
			receive(t, next.Done())
			require.NoError(t, next.Err())
			left := c.others(t)
			require.NoError(t, c.Process.Signal(syscall.SIGCONT))
			assert.Empty(t, left, "the lock has been granted, and the command runs")
			assert.Equal(t, 123, c.status(t))
			assert.Contains(t, c.stderr.String(),
				"zooky: ending the command: there is no word any more that the lock is held\n")
			assert.Contains(t, c.stderr.String(), "zooky: fred: lock lost: ")
			c.requireNoTrace(t)
		})
	}
}

// TestRunStoppedBriefly stops zooky for less than it takes to lose the lock.
func TestRunStoppedBriefly(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--session-timeout", "20s", "--", "sh", "-c",
		"echo ready; sleep 3; exit 9").start(t)
	c.requireOutput(t, "ready")
	require.NoError(t, c.Process.Signal(syscall.SIGSTOP))
	time.Sleep(time.Second) // sleep ok: for how long it is stopped
	require.NoError(t, c.Process.Signal(syscall.SIGCONT))
	assert.Equal(t, 9, c.status(t), "%s", &c.stderr)
}

// TestRunKilledWhileItsCommandIsStopped wants the command to be killed without a word, which it
// would have to be continued for. In a session of its own: elsewhere the kernel continues it, when
// zooky dies.
func TestRunKilledWhileItsCommandIsStopped(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--session-timeout", "40s", "--kill-after", "20s",
		"--", "sh", "-c",
		`trap 'echo alive' TERM CONT HUP; echo $$; while :; do sleep 0.05; done`)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.start(t)
	c.requireOutput(t, "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(c.stdout.String()))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	}, patience, time.Millisecond)
	time.Sleep(time.Second) // sleep ok: the guard has been told by then
	require.NoError(t, c.Process.Kill())
	c.requireNoTrace(t)
	assert.NotContains(t, c.stdout.String(), "alive")
}

// TestRunGuardKilled kills the guard, also while zooky is stopped.
func TestRunGuardKilled(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c", family).start(t)
	c.requireOutput(t, "ready")
	require.NoError(t, syscall.Kill(c.guard(t), syscall.SIGKILL))
	assert.Equal(t, 125, c.status(t))
	assert.Empty(t, c.others(t))
	assert.Equal(t, "zooky: the guard process was killed, and the command with it\n",
		c.stderr.String())
	p.requireQueue("fred", 0)

	c = p.prepare("run", "fred", "--", "sh", "-c", "echo ready; exec sleep 1000").start(t)
	c.requireOutput(t, "ready")
	require.NoError(t, c.Process.Signal(syscall.SIGSTOP))
	require.NoError(t, syscall.Kill(c.guard(t), syscall.SIGKILL))
	require.Eventually(t, func() bool {
		return len(c.others(t)) == 0
	}, patience, 5*time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGCONT))
	assert.Equal(t, 125, c.status(t))
}

// TestRunGuardStopped stops the guard, and takes the lock away.
func TestRunGuardStopped(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c", family).start(t)
	c.requireOutput(t, "ready")
	require.NoError(t, syscall.Kill(c.guard(t), syscall.SIGSTOP))
	_, err := p.mutex("fred", "ben").Clear(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 123, c.status(t))
	assert.Empty(t, c.others(t))
}

// TestRunEndsAllThatWasStarted has the lock asked for. Nothing may be left when it is released, and
// no time be lost: only the last process, which has left everything else, takes a while to end.
func TestRunEndsAllThatWasStarted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--kill-after", "15s", "--", "sh", "-c",
		`(setsid sh -c '(trap "sleep 0.5; exit" TERM; echo ready; while :; do sleep 0.05; done) & exit' &); exec sleep 1000`).start(t)
	c.requireOutput(t, "ready")
	next := p.queue("fred", "ben")
	begun := time.Now()
	_, err := p.mutex("fred", "ben").RevokeAll(t.Context())
	require.NoError(t, err)
	receive(t, next.Done())
	took := time.Since(begun)
	for _, pid := range c.others(t) { // zooky itself has yet to end
		assert.Empty(t, pid)
	}
	assert.Greater(t, took, 500*time.Millisecond)
	assert.Less(t, took, 10*time.Second)
	assert.Equal(t, 143, c.status(t))
	assert.Contains(t, c.stderr.String(),
		"zooky: fred: asked to release the lock by ben: ending the command with SIGTERM")
}

// TestRunEndsWhatIsLeftBehindAtTheEnd has the command start another process when it is asked to
// end.
func TestRunEndsWhatIsLeftBehindAtTheEnd(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--kill-after", "30s", "--", "bash", "-c",
		`trap 'sleep 0.2; echo cleaned; (sleep 1000 &); exit 3' TERM; echo ready; while :; do sleep 0.05; done`).start(t)
	c.requireOutput(t, "ready")
	begun := time.Now()
	_, err := p.mutex("fred", "ben").RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, c.status(t))
	assert.Less(t, time.Since(begun), 20*time.Second)
	assert.Contains(t, c.stdout.String(), "cleaned")
	assert.Empty(t, c.others(t))
}

// TestRunLeavesTheBackgroundAlone has the command end by itself.
func TestRunLeavesTheBackgroundAlone(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c", `sleep 1000 >/dev/null 2>&1 & echo $!`).start(t)
	assert.Equal(t, 0, c.status(t))
	pid, err := strconv.Atoi(strings.TrimSpace(c.stdout.String()))
	require.NoError(t, err)
	assert.NoError(t, syscall.Kill(pid, syscall.SIGKILL), "it lives")
}

// TestRunAnotherUsersCommand has nobody run a command that becomes root's.
func TestRunAnotherUsersCommand(t *testing.T) {
	setpriv, err := exec.LookPath("setpriv")
	if os.Getuid() != 0 || err != nil {
		t.Skip("needs root, and setpriv of util-linux")
	}
	dir, err := os.MkdirTemp("", "zooky-setuid-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	suid := filepath.Join(dir, "become-root")
	for from, to := range map[string]string{setpriv: suid, zooky: filepath.Join(dir, "zooky")} {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, data, 0o755))
	}
	require.NoError(t, os.Chmod(suid, 0o755|os.ModeSetuid))
	p := newPlace(t)
	c := p.prepare()
	c.Cmd = &exec.Cmd{Path: setpriv, Env: c.Env, Stdout: c.Stdout, Stderr: c.Stderr, Dir: "/",
		Args: []string{"setpriv", "--reuid", "65534",
			"--clear-groups", filepath.Join(dir, "zooky"), "run", "fred", "--", suid, "--reuid",
			"0", "sh", "-c", "id -u; exec sleep 2"}}
	c.start(t)
	c.requireOutput(t, "0\n")
	_, err = p.mutex("fred", "ben").Clear(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return strings.Contains(c.stderr.String(), "zooky: cannot end the command: process ")
	}, patience, 5*time.Millisecond)
	assert.NotEmpty(t, c.others(t), "said at once, not at its end")
	assert.Equal(t, 123, c.status(t))
}
