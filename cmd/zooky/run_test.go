//go:build unix

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

func TestRunPassesEverythingThrough(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c",
		`read line; echo "$line $ZOOKY_LOCK $ZOOKY_TOKEN $1$ZOOKY_SESSION"; echo oops >&2; exit 7`,
		"sh", "-x")
	c.Stdin = strings.NewReader("in\n")
	c.start(t)
	assert.Equal(t, 7, c.status(t))
	assert.Regexp(t, `^in fred [0-9a-f]{16}\.[0-9a-f]{8} -x\n$`, c.stdout.String())
	assert.Equal(t, "oops\n", c.stderr.String())
	c.requireNoTrace(t)
	p.requireQueue("fred", 0)
}

// TestRunOfSeveralLocks takes two locks as one, of which another client has one first.
func TestRunOfSeveralLocks(t *testing.T) {
	p := newPlace(t)
	held := p.lock("b")
	c := p.prepare("run", "--lock", "b", "-l", "a", "--", "sh", "-c", `echo "$ZOOKY_LOCK"; exit 7`)
	c.start(t)
	p.requireQueue("a", 1)
	p.requireQueue("b", 2)
	assert.Empty(t, c.stdout.String())
	held.Unlock()
	assert.Equal(t, 7, c.status(t))
	assert.Equal(t, "b\na\n", c.stdout.String())
	p.requireQueue("a", 0)
	p.requireQueue("b", 0)

	p.lock("b")
	for _, test := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"-l", "a", "-l", "b", "--wait", "100ms", "--", "true"}, 124,
			`zooky: a, b were not acquired within 100ms: b is held by ann, in the queue since .* \(\d+s\), 1 ahead\n`},
		{[]string{"-l", "a", "-l", "b", "--try", "--", "true"}, 125, "zooky: --try, .* are for one lock\n"},
		{[]string{"-l", "a", "-l", "a", "--", "true"}, 125, "zooky: lock /.*/a: deadlock: .*named twice\n"},
		{[]string{"-l", "a", "--", "true"}, 0, ""},
		{[]string{"-l", "a"}, 125, "zooky: run needs a command\n"},
	} {
		c := p.prepare(append([]string{"run"}, test.args...)...)
		c.start(t)
		assert.Equal(t, test.status, c.status(t), test.args)
		assert.Regexp(t, "^"+test.stderr+"$", c.stderr.String())
	}
	p.requireQueue("a", 0)
}

func TestRunStatuses(t *testing.T) {
	p := newPlace(t)
	p.lock("taken")
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"file": 0o644, "nothing": 0o755,
		"#!/no/such/program": 0o755} {
		require.NoError(t,
			os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(name), mode))
	}
	file, nothing, script := filepath.Join(dir, "file"), filepath.Join(dir, "nothing"),
		filepath.Join(dir, "program")
	for _, test := range []struct {
		args   []string
		status int
		stderr string // a regular expression
	}{
		{[]string{"free", "--", "true"}, 0, ""},
		{[]string{"free", "--", "false"}, 1, ""},
		{[]string{"free", "--", "sh", "-c", "kill -9 $$"}, 137, ""},
		{[]string{"taken", "--try", "--", "true"}, 124, `zooky: taken is taken: held by ann, in the queue since .* \(\d+s\); 1 ahead\n`},
		{[]string{"taken", "--wait", "200ms", "--", "true"}, 124, `zooky: taken was not acquired within 200ms: held by ann, in the queue since .*\n`},
		{[]string{"free", "--", "no-such-program"}, 127, `zooky: exec: "no-such-program": executable file not found in \$PATH\n`},
		{[]string{"free", "--", "/no/such/program"}, 127, "zooky: exec: \"/no/such/program\": stat /no/such/program: no such file or directory\n"},
		{[]string{"free", "--", file}, 126, `zooky: exec: "` + file + `": permission denied` + "\n"},
		{[]string{"free", "--", nothing}, 127, nothing + ": .*nothing: not found\n"},
		{[]string{"free", "--", script}, 127, "zooky: exec " + script + ": no such file or directory\n"},
		{[]string{"taken", "--wait", "0", "--", "true"}, 124, "zooky: taken is taken: .*\n"},
		{[]string{"taken", "-E", "0", "--try", "--", "true"}, 0, "zooky: taken is taken: .*\n"},
		{[]string{"free", "-E", "300", "--", "true"}, 125, "zooky: --conflict-exit-code 300: .*\n"},
		{[]string{"free", "--session-timeout", "0", "--", "true"}, 125, "zooky: --session-timeout 0s: want .*\n"},
		{[]string{"free", "--on-revoke", "15", "--", "true"}, 0, ""},
		{[]string{"free", "--on-revoke", "99", "--", "true"}, 125, "zooky: --on-revoke 99: no such signal\n"},
	} {
		status, stdout, stderr := p.zooky(append([]string{"run"}, test.args...)...)
		assert.Equal(t, test.status, status, "%v", test.args)
		assert.Empty(t, stdout)
		assert.Regexp(t, "^"+test.stderr+"$", stderr, "%v", test.args)
	}
	p.requireQueue("taken", 1)
}

// sleeper is a command with a process of its own; both say when they get TERM, and go on if they
// are told to.
const sleeper = `
(trap 'echo inner' TERM; echo ready; while :; do sleep 0.05; done) &
trap 'echo outer; kill -9 $!; exit 0' TERM
while :; do wait $!; done`

const stubborn = `trap '' TERM; (trap '' TERM; while :; do sleep 0.05; done) & echo ready; while :; do sleep 0.05; done`

func TestRunRevoked(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c", sleeper).start(t)
	c.requireOutput(t, "ready\n")
	_, err := p.mutex("fred", "ben").RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 0, c.status(t), "the command's own, which has ended in time\n%s", &c.stderr)
	assert.Contains(t, c.stdout.String(), "outer\n")
	c.requireNoTrace(t)
}

func TestRunRevokedKillsWhoDoesNotEnd(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--kill-after", "300ms", "--", "sh", "-c", stubborn).start(t)
	c.requireOutput(t, "ready\n")
	status, _, stderr := p.zooky("run", "fred", "--revoke", "ask", "--", "true")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, 137, c.status(t))
	c.requireNoTrace(t)
}

func TestRunLost(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	for name, lose := range map[string]func(*place, zklock.Contender){
		"expired": func(p *place, c zklock.Contender) { require.NoError(p.t, p.ensemble.Expire(c.SessionID)) },
		"removed": func(p *place, _ zklock.Contender) {
			_, err := p.mutex("fred", "ben").Clear(p.t.Context())
			require.NoError(p.t, err)
		},
		"server killed": func(p *place, _ zklock.Contender) { require.NoError(p.t, p.ensemble.Servers()[0].Kill()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
			c := p.prepare("run", "fred", "--session-timeout", "10s", "--timeout", "5s", "--", "sh",
				"-c", stubborn).start(t)
			c.requireOutput(t, "ready\n")
			lose(p, p.requireQueue("fred", 1)[0])
			begin := time.Now()
			assert.Equal(t, 123, c.status(t))
			assert.Less(t, time.Since(begin), 40*time.Second)
			assert.Regexp(t, `zooky: fred: lock lost: .*\n$`, c.stderr.String())
			c.requireNoTrace(t)
		})
	}
}

// TestRunKilled kills zooky itself, and expects the command to be gone before somebody else has the
// lock.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.prepare("run", "fred", "--session-timeout", "6s", "--kill-after", "500ms", "--", "sh",
		"-c", stubborn).start(t)
	c.requireOutput(t, "ready\n")
	next := p.queue("fred", "ben")
	require.NoError(t, c.Process.Kill())
	receive(t, next.Done())
	require.NoError(t, next.Err())
	assert.Empty(t, marked(t, c.marker), "the lock has been granted, and the command runs")
	assert.Equal(t, -1, c.status(t))
}

func TestRunCommandKilled(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c", "echo $$; exec sleep 1000").start(t)
	c.requireOutput(t, "\n")
	var pid int
	for _, r := range strings.TrimSpace(c.stdout.String()) {
		pid = pid*10 + int(r-'0')
	}
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	assert.Equal(t, 137, c.status(t))
	p.requireQueue("fred", 0)
	c.requireNoTrace(t)
}

func TestRunForwardsSignals(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c",
		`trap 'echo hup' HUP; trap 'echo usr; exit 5' USR1; echo ready; while :; do sleep 0.05; done`).start(t)
	c.requireOutput(t, "ready\n")
	require.NoError(t, c.Process.Signal(syscall.SIGHUP))
	c.requireOutput(t, "hup\n")
	require.NoError(t, c.Process.Signal(syscall.SIGUSR1))
	assert.Equal(t, 5, c.status(t))
}

func TestRunInterruptedWhileWaiting(t *testing.T) {
	p := newPlace(t)
	p.lock("fred")
	c := p.prepare("run", "fred", "--", "true").start(t)
	p.requireQueue("fred", 2)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 143, c.status(t))
	p.requireQueue("fred", 1)
}

func TestRunShared(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--shared", "--", "sh", "-c",
		"echo ready; exec sleep 1000").start(t)
	c.requireOutput(t, "ready\n")
	status, _, stderr := p.zooky("run", "fred", "--shared", "--try", "--", "true")
	assert.Equal(t, 0, status, stderr)
	status, _, _ = p.zooky("run", "fred", "--try", "--", "true")
	assert.Equal(t, 124, status)
	status, _, stderr = p.zooky("run", "fred", "--revoke", "force", "--", "true")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, 123, c.status(t))
}

// TestRunOnATerminal has the command read from the terminal and gets it interrupted by Ctrl-C.
func TestRunOnATerminal(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--", "sh", "-c",
		`trap 'echo interrupted; exit 9' INT; read line; echo "got $line"; read line`)
	terminal := onTerminal(t, c)
	_, err := terminal.WriteString("hello\n")
	require.NoError(t, err)
	c.requireOutput(t, "got hello")
	_, err = terminal.Write([]byte{3})
	require.NoError(t, err)
	assert.Equal(t, 9, c.status(t), "%s", &c.stdout)
	c.requireOutput(t, "interrupted")
}
