//go:build unix

package main_test

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

func TestWatchLines(t *testing.T) {
	p := newPlace(t)
	locks := p.prepare("watch", "--every", "100ms").start(t)
	queue := p.prepare("watch", "fred", "--every", "100ms").start(t)
	asJSON := p.prepare("watch", "fred", "--every", "100ms", "--json").start(t)
	m := p.lock("fred")
	locks.requireOutput(t, "fred: Locked, 1 holders, 0 waiters, held by ann\n")
	queue.requireOutput(t, "held     fred: ann, lock, token "+m.Token().String()+"\n")
	asJSON.requireOutput(t, `"what":"held"`)
	p.queue("fred", "ben")
	locks.requireOutput(t, "changed  fred: Locked, 1 holders, 1 waiters, held by ann\n")
	queue.requireOutput(t, "queued   fred: ben, lock")
	_, err := m.RevokeAll(t.Context())
	require.NoError(t, err)
	queue.requireOutput(t, "revoked  fred: ")
	m.Unlock()
	queue.requireOutput(t, "left     fred: ")
	asJSON.requireOutput(t, `"what":"left"`)
	for _, c := range []*command{locks, queue, asJSON} {
		require.NoError(t, c.Process.Signal(syscall.SIGINT))
		assert.Equal(t, 0, c.status(t))
		assert.Empty(t, c.stderr.String())
		assert.NotContains(t, c.stdout.String(), "\x1b")
	}
	for _, line := range regexp.MustCompile(`(?m)^.+$`).FindAllString(asJSON.stdout.String(), -1) {
		var change struct {
			At         time.Time
			What, Lock string
			Now        any
		}
		decode(t, line, &change)
	}
}

// TestWatchOnATerminal looks at a screen that is too small for what there is.
func TestWatchOnATerminal(t *testing.T) {
	const rows, columns = 6, 40
	p := newPlace(t)
	p.create("", "")
	p.create("a", "")
	p.create("b"+strings.Repeat("東京", 40), "")
	p.create("c"+strings.Repeat("x", 150), "")
	for _, name := range []string{"d", "e", "f"} {
		p.create(name, "")
	}
	c := p.prepare("watch", "--every", "100ms")
	c.Env = append(c.Env, "NO_COLOR=", "TERM=xterm")
	terminal := onTerminal(t, c)
	// watch looks each time
	require.NoError(t, pty.Setsize(terminal, &pty.Winsize{Rows: rows, Cols: columns}))
	c.requireOutput(t, "… and 2 more\x1b[J")
	p.lock("a")
	c.requireOutput(t, "\x1b[31mLocked\x1b[0m")
	_, err := terminal.Write([]byte{3})
	require.NoError(t, err)
	assert.Equal(t, 0, c.status(t))
	c.requireOutput(t, "\x1b[?1049l")

	screen, ok := strings.CutPrefix(strings.ReplaceAll(c.stdout.String(), "\r\n", "\n"),
		"\x1b[?1049h")
	assert.True(t, ok)
	screen = regexp.MustCompile(`\x1b\[[0-9]*[mK]|\^C`).ReplaceAllString(strings.TrimSuffix(screen,
		"\x1b[?1049l"), "")
	frames := strings.Split(screen, "\x1b[H")[1:]
	last := strings.Split(strings.TrimSuffix(frames[len(frames)-1], "\x1b[J"), "\n")
	require.Len(t, last, rows)
	for _, line := range last {
		width := 0
		for _, r := range line {
			width++
			if r == '東' || r == '京' {
				width++
			}
		}
		assert.Less(t, width, columns, line)
	}
	assert.Regexp(t, `^LOCK +STATUS .*`, last[0])
	assert.Regexp(t, `^a +Locked .*`, last[1])
	assert.Regexp(t, `^b東京.*… +Free .*`, last[2])
	assert.Regexp(t, `^cxx.*… +Free .*`, last[3])
	assert.Equal(t, "… and 2 more", last[5])
}

// TestWatchWithoutAnswers stops the server, and has it go on.
func TestWatchWithoutAnswers(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	p := newPlaceOn(t, zktest.Start(t, zktest.WithServers(1)))
	p.create("", "")
	p.create("fred", "")
	lines := p.prepare("watch", "--every", "100ms").start(t)
	lines.requireOutput(t, "fred: Free")
	live := p.prepare("watch", "--every", "100ms")
	live.Env = append(live.Env, "TERM=xterm")
	onTerminal(t, live)
	live.requireOutput(t, "Free")
	server := p.ensemble.Servers()[0]
	require.NoError(t, server.Pause())
	live.requireOutput(t, "\x1b[Hno answer since ")
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`^zooky: no answer since \d\d:\d\d:\d\d\n$`).MatchString(lines.stderr.String())
	}, patience, 5*time.Millisecond)
	require.NoError(t, server.Resume())
	require.Eventually(t, func() bool {
		return strings.Contains(lines.stderr.String(), "zooky: the servers answer again, after ")
	}, patience, 5*time.Millisecond)
	require.NoError(t, lines.Process.Signal(syscall.SIGINT))
	require.NoError(t, live.Process.Signal(syscall.SIGQUIT))
	for _, c := range []*command{lines, live} {
		assert.Equal(t, 0, c.status(t))
	}
	assert.NotContains(t, live.stdout.String(), "goroutine", "SIGQUIT shows no stacks")
}
