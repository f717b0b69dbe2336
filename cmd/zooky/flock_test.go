//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// beside runs f twice, with zooky and with util-linux's flock, which has to do the same job in the
// same way. In the scripts of prepare, $LOCK takes the place of the command that locks.
func beside(t *testing.T, f func(t *testing.T, l *locker)) {
	t.Helper()
	flock, err := exec.LookPath("flock")
	require.NoError(t, err, "util-linux")
	t.Run("flock", func(t *testing.T) {
		p := newPlace(t)
		f(t, &locker{place: p, command: flock + " " + filepath.Join(t.TempDir(), "lock")})
	})
	t.Run("zooky", func(t *testing.T) {
		p := newPlace(t)
		f(t, &locker{place: p, command: zooky + " run --quiet fred --"})
	})
}

// locker is one of two.
type locker struct {
	*place
	command string
}

// prepare makes a shell that runs a script in an empty folder.
func (l *locker) prepare(script string) *command {
	l.t.Helper()
	c := l.place.prepare()
	c.Cmd = &exec.Cmd{Path: "/bin/bash", Dir: l.t.TempDir(), Env: append(c.Env, "LOCK="+l.command),
		Args: []string{"bash", "-c", script}, Stdout: c.Stdout, Stderr: c.Stderr}
	return c
}

// output runs a script without a terminal.
func (l *locker) output(script string) string {
	l.t.Helper()
	c := l.prepare(script).start(l.t)
	c.status(l.t)
	return c.stdout.String() + c.stderr.String()
}

// session runs a script on a terminal.
func (l *locker) session(script string) *session {
	l.t.Helper()
	c := l.prepare(script)
	return &session{c, l.t, onTerminal(l.t, c)}
}

// session is a shell on a terminal.
type session struct {
	*command
	t        *testing.T
	terminal *os.File
}

func (s *session) enter(keys string) {
	s.t.Helper()
	_, err := s.terminal.WriteString(keys)
	require.NoError(s.t, err)
}

func TestRunBesideAPager(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		s := l.session(`$LOCK sh -c 'for i in 1 2 3; do echo line $i; sleep 0.1; done' |
			sh -c 'stty -echo </dev/tty; while read line; do echo "shown $line" >/dev/tty; done; stty echo </dev/tty'; echo end ${PIPESTATUS[@]}`)
		s.requireOutput(t, "end 0 0")
		s.requireOutput(t, "shown line 3")
		assert.Equal(t, 0, s.status(t))
	})
}

func TestRunAsksOnTheTerminal(t *testing.T) {
	for name, input := range map[string]string{"file": "</dev/null", "here": "<<<text",
		"pipe": "< <(echo text)"} {
		t.Run(name, func(t *testing.T) {
			beside(t, func(t *testing.T, l *locker) {
				s := l.session(`$LOCK sh -c 'stty -echo </dev/tty; echo Password; read x </dev/tty; echo "got $x"' ` + input)
				s.requireOutput(t, "Password")
				s.enter("secret\n")
				s.requireOutput(t, "got secret")
				assert.Equal(t, 0, s.status(t))
			})
		})
	}
}

// TestRunInterruptedInALoop types the key while the command runs, and while the lock is waited for.
func TestRunInterruptedInALoop(t *testing.T) {
	for name, key := range map[string]string{"INT": ctrlC, "QUIT": "\x1c"} {
		t.Run(name, func(t *testing.T) {
			beside(t, func(t *testing.T, l *locker) {
				s := l.session(`ulimit -c 0; for i in 1 2; do $LOCK sh -c "echo turn $i; exec sleep 1000"; echo "status $?"; done`)
				s.requireOutput(t, "turn 1")
				s.enter(key)
				if name == "INT" {
					assert.Equal(t, -1, s.status(t))
					assert.NotContains(t, s.stdout.String(), "status")
				} else { // bash goes on after that
					s.requireOutput(t, "status 131")
					s.requireOutput(t, "turn 2")
					s.enter(ctrlC)
				}
				s.status(t)
				s.requireNoTrace(t)
				assert.NotContains(t, s.stdout.String(), "goroutine")
			})
		})
	}
}

func TestRunInterruptedWhileWaitingInALoop(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		holder := l.prepare(`$LOCK sh -c 'echo holds; exec sleep 1000'`).start(t)
		holder.requireOutput(t, "holds")
		s := l.session(`for i in 1 2; do echo "turn $i"; $LOCK true; done`)
		s.requireOutput(t, "turn 1")
		if strings.HasPrefix(l.command, zooky) {
			l.requireQueue("fred", 2)
		}
		s.enter(ctrlC)
		assert.Equal(t, -1, s.status(t))
		assert.NotContains(t, s.stdout.String(), "turn 2")
	})
}

func TestRunWithOpenFiles(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		assert.Equal(t, "3\n4\n9\n", l.output(`exec 3>three 4>four 9>nine
			$LOCK sh -c 'echo 3 >&3; echo 4 >&4; echo 9 >&9'; cat three four nine`))
	})
}

// TestRunHasNoOtherOpenFiles lists what the command has open.
func TestRunHasNoOtherOpenFiles(t *testing.T) {
	l := &locker{newPlace(t), zooky + " run fred --"}
	const script = `sh -c 'ls /proc/$$/fd'`
	assert.Equal(t, l.output(script), l.output(`$LOCK `+script))
}

func TestRunUnderMake(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		out := l.output(`printf 'all:\n\t+@$(LOCK) $(MAKE) --no-print-directory sub\nsub: a b\na b:\n\t@echo $@\n' >Makefile; MAKEFLAGS= MAKELEVEL= MFLAGS= make -j3`)
		assert.ElementsMatch(t, []string{"a", "b"}, strings.Fields(out),
			"no warning about the jobserver")
	})
}

func TestRunIgnoresWhatItWasStartedToIgnore(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		const script = `grep SigIgn /proc/self/status`
		for _, signals := range []string{"HUP", "TERM", "QUIT USR1 USR2 PIPE",
			"TSTP TTIN TTOU INT ALRM HUP TERM"} {
			bare := l.output(`trap '' ` + signals + `; ` + script)
			assert.Equal(t, bare, l.output(`trap '' `+signals+`; $LOCK `+script), signals)
		}
		assert.Equal(t, l.output(script), l.output(`$LOCK `+script))
		// In a script's background INT and QUIT are ignored.
		assert.Equal(t, "status 0\n",
			l.output(`$LOCK sh -c 'kill -QUIT $PPID; kill -INT $PPID $$; kill -QUIT $$; exit 0' & wait $!; echo "status $?"`))
	})
}

func TestRunScriptsAsAShellDoes(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		const make = `echo 'echo "script $1"' >runme; chmod +x runme; `
		for _, run := range []string{`$LOCK ./runme x`, `PATH=.:$PATH; $LOCK runme x`,
			`PATH=:$PATH; $LOCK runme x`, `PATH=$PATH:; $LOCK runme x`} {
			assert.Equal(t, "script x\n", l.output(make+run), run)
		}
	})
}

// TestRunQuitWhileWaiting wants its place in the queue to be free at once.
func TestRunQuitWhileWaiting(t *testing.T) {
	p := newPlace(t)
	p.lock("fred")
	for _, s := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGINT} {
		c := p.prepare("run", "fred", "--", "true").start(t)
		p.requireQueue("fred", 2)
		require.NoError(t, c.Process.Signal(s))
		c.status(t)
		assert.Equal(t, s, c.ProcessState.Sys().(syscall.WaitStatus).Signal())
		assert.Regexp(t, `^zooky: .*\n$`, c.stderr.String())
		p.requireQueue("fred", 1)
	}
}

// TestRunEndsWithItsSignal has the command end by what was sent to zooky, or not heed it.
func TestRunEndsWithItsSignal(t *testing.T) {
	p := newPlace(t)
	for script, status := range map[string]string{"exec sleep 1000": "signal: interrupt",
		"trap 'exit 7' INT; while :; do sleep 0.05; done": "exit status 7"} {
		c := p.prepare("run", "fred", "--", "sh", "-c", "echo ready; "+script).start(t)
		c.requireOutput(t, "ready")
		require.NoError(t, c.Process.Signal(syscall.SIGINT))
		c.status(t)
		assert.Equal(t, status, c.ProcessState.String())
	}
}

// TestRunWaitsForASessionOfTheCommand has the command be in a session of its own.
func TestRunWaitsForASessionOfTheCommand(t *testing.T) {
	beside(t, func(t *testing.T, l *locker) {
		assert.Equal(t, "inner\nouter\n",
			l.output(`$LOCK setsid sh -c 'sleep 0.3; echo inner'; echo outer`))
	})
}

// TestRunAsProcessOne runs in a PID namespace, as in a container, and leaves processes behind that
// end.
func TestRunAsProcessOne(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a PID namespace")
	}
	p := newPlace(t)
	c := p.prepare()
	args := append([]string{"unshare", "--pid", "--fork", "--mount-proc", zooky, "run", "fred",
		"--kill-after", "15s", "--"}, "sh", "-c",
		`for i in 1 2 3; do (sh -c 'sleep 0.2 & exit' & exit); done; sleep 1; ps -A -o stat= | grep -c Z; echo ready; exec sleep 1000`)
	c.Cmd = &exec.Cmd{Path: "/usr/bin/unshare", Args: args, Env: c.Env, Stdout: c.Stdout,
		Stderr: c.Stderr}
	c.start(t)
	c.requireOutput(t, "ready")
	assert.Equal(t, "0\nready\n", c.stdout.String(), "zombies")
	status, _, stderr := p.zooky("revoke", "fred", "--wait", "5s")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, 143, c.status(t))
}

// TestRunReapsStrangersAsProcessOne has a process enter the PID namespace, as docker exec does, and
// leave one behind there.
func TestRunReapsStrangersAsProcessOne(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a PID namespace")
	}
	p := newPlace(t)
	c := p.prepare()
	c.Cmd = &exec.Cmd{Path: "/usr/bin/unshare", Env: c.Env, Stdout: c.Stdout, Stderr: c.Stderr,
		Args: []string{"unshare", "--pid", "--fork",
			"--mount-proc", zooky, "run", "fred", "--", "sh", "-c",
			`echo ready; read line; ps -A -o stat= | grep -c Z`}}
	in, err := c.StdinPipe()
	require.NoError(t, err)
	c.start(t)
	c.requireOutput(t, "ready")
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", c.Process.Pid))
	require.NoError(t, err)
	enter := exec.Command("nsenter", "--pid", "--mount", "--target",
		strings.TrimSpace(string(children)), "sh", "-c", "sleep 0.1 & exit")
	out, err := enter.CombinedOutput()
	require.NoError(t, err, "%s", out)
	time.Sleep(time.Second) // sleep ok: the process ends meanwhile
	_, err = in.Write([]byte("\n"))
	require.NoError(t, err)
	c.status(t)
	assert.Equal(t, "ready\n0\n", c.stdout.String())
}
