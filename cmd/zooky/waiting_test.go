//go:build unix

package main_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// TestRunTellsWhomItWaitsFor waits on a terminal, on one without a word, and elsewhere.
func TestRunTellsWhomItWaitsFor(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	p.queue("fred", "ben")
	live := p.prepare("run", "fred", "--", "true")
	onTerminal(t, live)
	p.requireQueue("fred", 3)
	quiet := p.prepare("run", "fred", "--quiet", "--", "true")
	onTerminal(t, quiet)
	verbose := p.prepare("run", "fred", "--verbose", "--", "true").start(t)
	plain := p.prepare("run", "fred", "--", "true").start(t)
	live.requireOutput(t, "\rzooky: waiting for fred: held by ann, in the queue since ")
	live.requireOutput(t, "(2s); 2 ahead\x1b[K\r") // kept current
	require.Eventually(t, func() bool {
		return strings.HasPrefix(verbose.stderr.String(),
			"zooky: waiting for fred: held by ann, in the queue since ")
	}, patience, 5*time.Millisecond)
	p.requireQueue("fred", 6)
	m.Unlock()
	require.NoError(t, p.session.Close())
	for _, c := range []*command{live, quiet, verbose, plain} {
		assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
	}
	live.requireOutput(t, "\r\x1b[K")
	assert.Empty(t, quiet.stdout.String())
	assert.Empty(t, plain.stderr.String())
	assert.Equal(t, 1, strings.Count(verbose.stderr.String(), "\n"))
}

// TestRunTellsWhomItWaitsForOfSeveral waits for several locks, of which one is free.
func TestRunTellsWhomItWaitsForOfSeveral(t *testing.T) {
	p := newPlace(t)
	ben := p.lock("b")
	p.queue("b", "cat")
	p.lock("c")
	live := p.prepare("run", "-l", "a", "-l", "b", "-l", "c", "--", "true")
	onTerminal(t, live)
	live.requireOutput(t, "\rzooky: waiting for a, b, c: b is held by ann, in the queue since ")
	live.requireOutput(t, ", 2 ahead; c is held by ann, ")
	ben.Unlock()
	require.NoError(t, p.session.Close())
	assert.Equal(t, 0, live.status(t), "%s", &live.stderr)
}

// requireHeldSince waits until it is known since when a lock is held, which takes ten seconds.
func (p *place) requireHeldSince(name string) {
	p.t.Helper()
	m := p.mutex(name, "nobody")
	require.Eventually(p.t, func() bool {
		q, err := m.Contenders(p.t.Context())
		return err == nil && len(q) > 0 && !q[0].HeldSince.IsZero()
	}, patience, 50*time.Millisecond)
}

// TestHeldSinceTheGrant has a holder that waited before, and looks at it in every way.
func TestHeldSinceTheGrant(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	first := p.lock("fred")
	ann := p.prepare("run", "fred", "--identity", "ann", "--", "sh", "-c", "echo begun; read line")
	in, err := ann.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	ann.start(t)
	p.requireQueue("fred", 2)
	time.Sleep(1200 * time.Millisecond) // sleep ok: it waits for longer than it is told to the second
	before := time.Now().Truncate(time.Second)
	first.Unlock()
	ann.requireOutput(t, "begun")
	p.queue("fred", "ben")
	p.requireHeldSince("fred")

	var q struct {
		Contenders []struct {
			HeldSince time.Time `json:"held_since"`
			Created   time.Time
		}
	}
	_, stdout, _ := p.zooky("show", "fred", "--json")
	require.NoError(t, json.Unmarshal([]byte(stdout), &q))
	since := q.Contenders[0].HeldSince
	assert.WithinRange(t, since, before, time.Now())
	assert.Greater(t, since.Sub(q.Contenders[0].Created), time.Second)
	assert.Zero(t, q.Contenders[1].HeldSince)
	_, stdout, _ = p.zooky("show", "fred")
	assert.Regexp(t, `(?m)^holder +ann +lock +\S+ +\d+s +\d+s ago .*$`, stdout)
	_, stdout, _ = p.zooky("list")
	assert.Regexp(t, `(?m)^fred +Locked +lock +1 +1 +\d+s +ann$`, stdout)
	_, stdout, _ = p.zooky("list", "--json")
	assert.Contains(t, stdout, `"held_since": "`+since.Format(time.RFC3339Nano)+`"`)
	at := since.Local().Format(time.DateTime)
	_, _, stderr := p.zooky("run", "fred", "--try", "--", "true")
	assert.Contains(t, stderr, "fred is taken: held by ann, since "+at+" (")
	for _, args := range [][]string{{"watch"}, {"watch", "fred"}} {
		watch := p.prepare(args...).start(t)
		watch.requireOutput(t, ", since "+at+"\n")
		require.NoError(t, watch.Process.Signal(syscall.SIGINT))
		watch.status(t)
	}
	require.NoError(t, p.session.Close())
	io.WriteString(in, "end\n")
	assert.Equal(t, 0, ann.status(t))
}

// TestRunAskedBeforeItBegins is asked to make way while it waits.
func TestRunAskedBeforeItBegins(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	c := p.prepare("run", "fred", "--", "echo", "begun").start(t)
	p.requireQueue("fred", 2)
	_, err := m.RevokeAll(t.Context())
	require.NoError(t, err)
	m.Unlock()
	assert.Equal(t, 143, c.status(t))
	assert.Empty(t, c.stdout.String())
	assert.Equal(t,
		"zooky: fred: asked to release the lock by ann before the command began: it was not started\n", c.stderr.String())
}

// TestRunOfAProgramThatIsGone has zooky's own file removed, and another put in its place, while it
// waits.
func TestRunOfAProgramThatIsGone(t *testing.T) {
	for name, upgrade := range map[string]func(t *testing.T, file string){
		"removed": func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"replaced": func(t *testing.T, file string) {
			require.NoError(t, os.WriteFile(file+".new", []byte("#!/bin/sh\necho other\n"), 0o755))
			require.NoError(t, os.Rename(file+".new", file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			m := p.lock("fred")
			file := filepath.Join(t.TempDir(), "zooky")
			copyFile(t, zooky, file)
			c := p.prepare("run", "fred", "--", "echo", "mine")
			c.Path = file
			c.start(t)
			p.requireQueue("fred", 2)
			upgrade(t, file)
			m.Unlock()
			assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
			assert.Equal(t, "mine\n", c.stdout.String())
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
}

// TestRunWaitEndsAlthoughTheServersHang has them stop while the lock is waited for.
func TestRunWaitEndsAlthoughTheServersHang(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
	p.lock("fred")
	const wait = 3 * time.Second
	c := p.prepare("run", "fred", "--wait", wait.String(), "--", "true")
	begun := time.Now()
	c.start(t)
	p.requireQueue("fred", 2)
	server := p.ensemble.Servers()[0]
	require.NoError(t, server.Pause())
	defer server.Resume()
	assert.Equal(t, 124, c.status(t))
	// To close the session takes about a second, and to start the process is up to the machine. To
	// wait for the servers would take a session timeout more.
	assert.Less(t, time.Since(begun), wait+5*time.Second)
	assert.Equal(t, "zooky: fred was not acquired within 3s\n", c.stderr.String())
}

// TestRunReleasesWithoutAnAnswer has the servers stop while the command runs.
func TestRunReleasesWithoutAnAnswer(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
	c := p.prepare("run", "fred", "--session-timeout", "40s", "--timeout", "1s", "--", "sh", "-c",
		"echo begun; read line; exit 7")
	in, err := c.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	c.start(t)
	c.requireOutput(t, "begun")
	server := p.ensemble.Servers()[0]
	require.NoError(t, server.Pause())
	defer server.Resume()
	_, err = io.WriteString(in, "end\n")
	require.NoError(t, err)
	assert.Equal(t, 7, c.status(t))
	assert.Equal(t, "zooky: release fred: no answer within 1s: "+
		"the servers release it when the session times out\n", c.stderr.String())
}

// TestRunTellsTheGrantedTimeout asks for more than the servers grant.
func TestRunTellsTheGrantedTimeout(t *testing.T) {
	p := newPlace(t)
	for asked, told := range map[string]string{
		"20h": `^zooky: the servers grant a session timeout of \S+, not 20h0m0s\n$`,
		"10s": `^$`,
		"25h": `^zooky: --session-timeout 25h0m0s: want from 100ms to 24h0m0s\n$`,
		"1ms": `^zooky: --session-timeout 1ms: want .*\n$`,
		"-5s": `^zooky: --session-timeout -5s: want .*\n$`,
		// A busy machine may lose such a short session, which is told behind that.
		"100ms": `^zooky: the servers grant a session timeout of \S+, not 100ms\n`,
	} {
		_, _, stderr := p.zooky("run", "fred", "--session-timeout", asked, "--", "true")
		assert.Regexp(t, told, stderr)
	}
}

// TestRunTellsOfALossAtOnce has a command that does not end when it is told.
func TestRunTellsOfALossAtOnce(t *testing.T) {
	p := newPlace(t)
	c := p.prepare("run", "fred", "--session-timeout", "40s", "--", "sh", "-c", stubborn).start(t)
	c.requireOutput(t, "ready")
	_, err := p.mutex("fred", "ben").Clear(t.Context())
	require.NoError(t, err)
	begun := time.Now()
	require.Eventually(t, func() bool {
		return c.stderr.String() != ""
	}, patience, time.Millisecond)
	assert.Less(t, time.Since(begun), 2*time.Second)
	assert.Regexp(t,
		`^zooky: fred: lock lost: .*: ending the command with SIGTERM, and with SIGKILL after 5s\n$`, c.stderr.String())
	require.NoError(t, c.Process.Signal(syscall.SIGKILL))
	c.status(t)
}
