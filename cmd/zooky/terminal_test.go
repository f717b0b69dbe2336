//go:build unix

package main_test

import (
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// onTerminal starts a command with a terminal for its standard streams. What is shown there is the
// command's stdout.
func onTerminal(t *testing.T, c *command) (terminal *os.File) {
	t.Helper()
	terminal, tty, err := pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 120}))
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	shown := make(chan struct{})
	t.Cleanup(func() {
		receive(t, shown)
		terminal.Close()
	})
	c.start(t)
	require.NoError(t, tty.Close())
	go func() { // ended by the end of the last process that has the terminal; the cleanup waits
		defer close(shown)
		io.Copy(&c.stdout, terminal) // the error is that end
	}()
	return terminal
}

func TestColours(t *testing.T) {
	p := newPlace(t)
	p.lock("fred")
	p.create("free", "") // the server removes the znode of one that was released, when it likes
	c := p.prepare("list")
	c.Env = append(c.Env, "NO_COLOR=", "TERM=xterm")
	onTerminal(t, c)
	require.Equal(t, 0, c.status(t))
	c.requireOutput(t, "\x1b[32mFree\x1b[0m")
	assert.Contains(t, c.stdout.String(), "\x1b[31mLocked\x1b[0m")

	c = p.prepare("list")
	c.Env = append(c.Env, "NO_COLOR=1", "TERM=xterm")
	onTerminal(t, c)
	require.Equal(t, 0, c.status(t))
	c.requireOutput(t, "Free")
	assert.NotContains(t, c.stdout.String(), "\x1b")
}

// TestListShowsThatItTakesLong has a server that is in no hurry.
func TestListShowsThatItTakesLong(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
	p.create("", "")
	p.create("fred", "")
	server := p.ensemble.Servers()[0]
	require.NoError(t, server.Pause())
	c := p.prepare("list", "--timeout", patience.String())
	onTerminal(t, c)
	c.requireOutput(t, "\rreading the locks … 2 s")
	require.NoError(t, server.Resume())
	assert.Equal(t, 0, c.status(t))
	c.requireOutput(t, "fred")
	assert.Regexp(t, `\d s\r\x1b\[K[^\r]*LOCK`, c.stdout.String(), "the progress is taken away")
}
