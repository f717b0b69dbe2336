//go:build unix

package main_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ctrlC, ctrlZ = "\x03", "\x1a"

// job is a zooky run on a terminal, in the foreground of a shell. The shell says "job STATUS" when
// that has ended or stopped, does what is typed, and says "status STATUS".
type job struct {
	*command
	t        *testing.T
	terminal *os.File
}

// startJob starts zooky run fred with a shell script for its command, which has to say that it is
// ready. stdin is /dev/tty for a command that gets the terminal.
func startJob(p *place, stdin, script string, flags ...string) *job {
	p.t.Helper()
	c := p.prepare()
	c.Cmd = &exec.Cmd{Path: "/bin/sh", Env: c.Env, Args: append([]string{"sh", "-c",
		`set -m; z=$1 in=$2 s=$3; shift 3; "$z" run fred "$@" -- sh -c "$s" <$in; echo "job $?"; read line; eval "$line"; echo "status $?"`,
		"sh", zooky, stdin, script}, flags...)}
	terminal := onTerminal(p.t, c)
	c.requireOutput(p.t, "ready")
	return &job{c, p.t, terminal}
}

func (j *job) enter(keys string) {
	j.t.Helper()
	_, err := j.terminal.WriteString(keys)
	require.NoError(j.t, err)
}

// stop types Ctrl-Z and waits until the shell has seen what comes of it.
func (j *job) stop() {
	j.t.Helper()
	j.enter(ctrlZ)
	j.requireOutput(j.t, "job "+strconv.Itoa(128+int(syscall.SIGTSTP)))
}

func TestRunStoppedAndContinued(t *testing.T) {
	p := newPlace(t)
	j := startJob(p, "/dev/tty", `echo ready; read line; echo "got $line"; read line`,
		"--session-timeout", "40s")
	j.stop()
	p.requireQueue("fred", 1)
	j.enter("fg\n")
	j.enter("hello\n")
	j.requireOutput(t, "got hello")
	j.enter(ctrlC)
	assert.Equal(t, -1, j.status(t), "the shell ends with what it waits for\n%s", &j.stdout)
	j.requireNoTrace(t)
}

// TestRunContinuedInTheBackground has the command want the terminal there, which stops it again.
func TestRunContinuedInTheBackground(t *testing.T) {
	p := newPlace(t)
	j := startJob(p, "/dev/tty", `echo ready; read line; echo "got $line"; exit 8`,
		"--session-timeout", "40s")
	j.stop()
	// Not a pipe: the shell knows its jobs, its subshell does not.
	j.enter("bg; while jobs >$TMPDIR/jobs; ! grep Stopped $TMPDIR/jobs; do sleep 0.05; done; echo wants it; fg\n")
	j.requireOutput(t, "wants it\r\n")
	j.enter("hello\n")
	j.requireOutput(t, "got hello")
	j.requireOutput(t, "status 8")
	j.status(t)
}

// TestRunStopsWithItsCommand has the command stop itself alone: the shell has to see that its job
// does not go on.
func TestRunStopsWithItsCommand(t *testing.T) {
	p := newPlace(t)
	j := startJob(p, "/dev/tty", `echo ready; kill -STOP $$; echo again; exit 5`,
		"--session-timeout", "40s")
	j.requireOutput(t, "job "+strconv.Itoa(128+int(syscall.SIGTSTP)))
	j.enter("fg\n")
	j.requireOutput(t, "again")
	j.requireOutput(t, "status 5")
	j.status(t)
	j.requireNoTrace(t)
}

// loud is a command that says if it gets to do anything more. Its other process would not be
// stopped by a terminal. The shell itself starts nothing after the word: dash uses vfork, and hangs
// if Ctrl-Z comes then, with zooky or without.
const loud = `trap 'echo alive' TERM CONT INT HUP; (trap '' TSTP; while :; do sleep 0.05; done) & echo ready; while :; do wait; done`

func TestRunStoppedForTooLong(t *testing.T) {
	t.Parallel()
	for name, stdin := range map[string]string{"with the terminal": "/dev/tty",
		"without": "/dev/null"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			j := startJob(p, stdin, loud, "--session-timeout", "10s")
			next := p.queue("fred", "ben")
			j.stop()
			receive(t, next.Done())
			require.NoError(t, next.Err())
			j.enter("fg\n")
			j.requireOutput(t, "status 123")
			assert.Contains(t, j.stdout.String(), "zooky: fred: lock lost: ")
			assert.NotContains(t, j.stdout.String(), "alive")
			j.status(t)
			j.requireNoTrace(t)
		})
	}
}

// TestRunKilledWhileStopped expects the command to be killed at once: the lock may have been
// another's for long. (When zooky dies the kernel continues what it has stopped, so that the
// command may get to a word.)
func TestRunKilledWhileStopped(t *testing.T) {
	p := newPlace(t)
	j := startJob(p, "/dev/tty", loud, "--session-timeout", "40s", "--kill-after", "20s")
	j.stop()
	begin := time.Now()
	j.enter("kill -9 %1\n")
	j.requireOutput(t, "status 0")
	j.status(t)
	j.requireNoTrace(t)
	assert.Less(t, time.Since(begin), 15*time.Second)
}

// TestRunNobodyToContinueIt types Ctrl-Z where no shell is: the kernel stops nobody there.
func TestRunNobodyToContinueIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c",
		`echo ready; read line; echo "got $line"; exit 6`)
	terminal := onTerminal(t, c)
	c.requireOutput(t, "ready")
	_, err := terminal.WriteString(ctrlZ)
	require.NoError(t, err)
	_, err = terminal.WriteString("hello\n")
	require.NoError(t, err)
	assert.Equal(t, 6, c.status(t), "%s", &c.stdout)
}

// TestRunHeedsNohup sends the signal that zooky was started to ignore.
func TestRunHeedsNohup(t *testing.T) {
	p := newPlace(t)
	c := p.prepare()
	c.Cmd = &exec.Cmd{Path: "/bin/sh", Env: c.Env, Stdout: c.Stdout, Stderr: c.Stderr,
		Stdin: strings.NewReader("line\n"),
		Args: []string{"sh", "-c",
			`trap '' HUP; exec "$0" run fred -- sh -c 'kill -HUP $PPID $$; read line; echo "got $line"'`, zooky}}
	c.start(t)
	assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
	assert.Equal(t, "got line\n", c.stdout.String())
}
