//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/user"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRunOncePer has a job that comes again too soon, and after its period.
func TestRunOncePer(t *testing.T) {
	p := newPlace(t)
	run := func(args ...string) (int, string, string) {
		return p.zooky(append([]string{"run", "jobs/a", "--once-per"}, args...)...)
	}
	status, stdout, stderr := run("1h", "--", "echo", "ran")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "ran\n", stdout)
	status, stdout, stderr = run("1h", "--", "echo", "ran")
	assert.Equal(t, 124, status)
	assert.Empty(t, stdout)
	assert.Regexp(t, `^zooky: jobs/a: a command was started \d+s ago, less than 1h0m0s\n$`, stderr)
	status, stdout, stderr = run("1h", "-E", "0", "-q", "--", "echo", "ran")
	assert.Equal(t, 0, status)
	assert.Empty(t, stdout+stderr)
	status, stdout, _ = run("1ms", "--", "echo", "ran")
	assert.Equal(t, 0, status)
	assert.Equal(t, "ran\n", stdout)
	status, stdout, _ = p.zooky("run", "jobs", "--once-per", "1h", "--", "echo", "other")
	assert.Equal(t, 0, status, "another lock")
	assert.Equal(t, "other\n", stdout)
	status, stdout, _ = p.zooky("list")
	assert.Equal(t, 0, status)
	assert.NotContains(t, stdout, "started", "the record is no lock")
	status, _, stderr = run("1h", "--shared", "--", "true")
	assert.Equal(t, 125, status)
	assert.Contains(t, stderr, "--shared")
}

// TestRunOncePerAmongMany has five machines start one job at one time.
func TestRunOncePerAmongMany(t *testing.T) {
	p := newPlace(t)
	file := t.TempDir() + "/ran"
	var commands []*command
	for range 5 {
		commands = append(commands,
			p.prepare("run", "job", "--once-per", "1h", "--", "sh", "-c",
				"echo ran >> "+file).start(t))
	}
	ran := 0
	for _, c := range commands {
		if status := c.status(t); status == 0 {
			ran++
		} else {
			assert.Equal(t, 124, status, "%s", &c.stderr)
		}
	}
	assert.Equal(t, 1, ran)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "ran\n", string(data))
}

// TestRunOncePerDoesNotWait has a job that runs for longer than the one that comes too soon would
// wait.
func TestRunOncePerDoesNotWait(t *testing.T) {
	p := newPlace(t)
	long := p.prepare("run", "job", "--once-per", "1h", "--", "sh", "-c",
		"echo begun; exec sleep 300").start(t)
	long.requireOutput(t, "begun")
	status, _, stderr := p.zooky("run", "job", "--once-per", "1h", "--", "true")
	assert.Equal(t, 124, status)
	assert.Contains(t, stderr, "a command was started")
	require.NoError(t, long.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, long.status(t))
}

// TestRunOncePerWithoutARecord has a place that may not be written to.
func TestRunOncePerWithoutARecord(t *testing.T) {
	p := newPlace(t)
	_, err := p.session.Conn().Create(p.root+"-started", nil, 0, zk.WorldACL(zk.PermRead))
	require.NoError(t, err)
	status, stdout, stderr := p.zooky("run", "job", "--once-per", "1h", "--", "echo", "ran")
	assert.Equal(t, 125, status)
	assert.Empty(t, stdout, "what cannot be noted is not run")
	assert.Contains(t, stderr, "not authenticated")
}

func TestRunAtLeast(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "job", "--at-least", "5m", "--", "sh", "-c", "echo ran; exit 3").start(t)
	c.requireOutput(t, "ran")
	status, _, _ := p.zooky("run", "job", "--try", "--", "true")
	assert.Equal(t, 124, status)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.Contains(t, []int{3, 143}, c.status(t)) // the command may not have ended
	p.requireQueue("job", 0)

	begun := time.Now()
	status, _, _ = p.zooky("run", "job", "--at-least", "700ms", "--", "sh", "-c", "exit 3")
	assert.Equal(t, 3, status)
	assert.GreaterOrEqual(t, time.Since(begun), 700*time.Millisecond)

	c = p.prepare("run", "job", "--at-least", "5m", "--", "true").start(t)
	p.requireQueue("job", 1)
	_, err := p.mutex("job", "asker").RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Contains(t, []int{0, 143}, c.status(t)) // which may not have begun
}

// TestRunAtLeastAfterASignal has the signal come while the command runs, which does not heed it.
func TestRunAtLeastAfterASignal(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "job", "--at-least", "5m", "--", "sh", "-c",
		"trap '' TERM; echo ran; sleep 0.3; exit 3").start(t)
	c.requireOutput(t, "ran")
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 3, c.status(t))
	p.requireQueue("job", 0)
}

// TestRunsIdentity is who others see.
func TestRunsIdentity(t *testing.T) {
	p := newPlace(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	u, err := user.Current()
	require.NoError(t, err)
	c := p.prepare("run", "fred", "--", "sh", "-c", "echo begun; read line",
		strings.Repeat("é", 300))
	in, err := c.StdinPipe()
	require.NoError(t, err)
	c.start(t)
	c.requireOutput(t, "begun")
	who := string(p.requireQueue("fred", 1)[0].Data)
	want := fmt.Sprintf("%s@%s/%d sh -c echo begun; read line éé", u.Username, host, c.Process.Pid)
	assert.True(t, strings.HasPrefix(who, want), "%q\n%q", who, want)
	assert.True(t, strings.HasSuffix(who, "é…"), who)
	assert.Less(t, len(who), 300)
	require.NoError(t, in.Close())
	c.status(t)

	c = p.prepare("run", "fred", "--identity", "deployment 7", "--", "sh", "-c",
		"echo begun; read line")
	in, err = c.StdinPipe()
	require.NoError(t, err)
	c.start(t)
	c.requireOutput(t, "begun")
	assert.Equal(t, "deployment 7", string(p.requireQueue("fred", 1)[0].Data))
	require.NoError(t, in.Close())
	c.status(t)
	status, _, stderr := p.zooky("run", "fred", "--identity",
		strings.Repeat("x", 2000), "--", "true")
	assert.Equal(t, 125, status)
	assert.Contains(t, stderr, "identifier")
}
