//go:build unix

package main_test

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
)

// TestManualPages has troff read them, which warns of what it does not understand.
func TestManualPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	c := prepare(t, "man", dir).start(t)
	require.Equal(t, 0, c.status(t), "%s", &c.stderr)
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("%d pages written.\n", len(pages)), c.stdout.String())
	assert.Contains(t, pages, filepath.Join(dir, "zooky.1"))
	groff, err := exec.LookPath("groff")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no groff to read the pages with")
	}
	require.NoError(t, err)
	out, err := exec.Command(groff,
		append([]string{"-man", "-Tutf8", "-Kutf8", "-ww", "-z"}, pages...)...).CombinedOutput()
	assert.NoError(t, err)
	assert.Empty(t, string(out))
	// What is shown has the help's own words: stars, backslashes and lists.
	for page, words := range map[string][]string{
		"zooky-list.1": {"** for any number of segments", "zooky list 'jobs/**'"},
		"zooky-run.1":  {`Ctrl-\ ends`, "\n         123  the lock was lost while the command ran\n", "--once-per"},
	} {
		shown, err := exec.Command(groff, "-man", "-Tascii", "-P-cbou", "-rLL=200n",
			filepath.Join(dir, page)).Output()
		require.NoError(t, err)
		for _, w := range words {
			assert.Contains(t, string(shown), w)
		}
	}
}

func TestHelpHasShortLines(t *testing.T) {
	help := func(args ...string) string {
		c := prepare(t, append(args, "--help")...).start(t)
		require.Equal(t, 0, c.status(t), "%s", &c.stderr)
		for line := range strings.Lines(c.stdout.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 100,
				"%v: %s", args, line)
		}
		return c.stdout.String()
	}
	_, commands, _ := strings.Cut(help(), "Available Commands:\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	names := regexp.MustCompile(`(?m)^  (\w+)`).FindAllStringSubmatch(commands, -1)
	assert.Greater(t, len(names), 10)
	for _, name := range names {
		help(name[1])
	}
}

func TestCompletionOfLocks(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"jobs/a", "jobs/b", "other", "odd\u202ename"} {
		p.lock(name)
	}
	for _, command := range []string{"show", "held", "revoke", "clear", "remove", "watch", "run"} {
		status, stdout, stderr := p.zooky("__complete", command, "jo")
		assert.Equal(t, 0, status, stderr)
		assert.Equal(t, "jobs/a\njobs/b\n:4\n", stdout, command)
	}
	_, stdout, _ := p.zooky("__complete", "show", "")
	assert.Equal(t, "jobs/a\njobs/b\nother\n:4\n", stdout)
	_, stdout, _ = p.zooky("__complete", "run", "jobs/a", "")
	assert.Equal(t, ":0\n", stdout, "files, for the command")
	_, stdout, _ = p.zooky("__complete", "show", "--servers", "127.0.0.1:1",
		"--timeout", "300ms", "jo")
	assert.Equal(t, ":1\n", stdout)
}

func TestDidYouMean(t *testing.T) {
	for typed, meant := range map[string]string{"lst": "list", "revok": "revoke",
		"deadlock": "deadlocks"} {
		c := prepare(t, typed).start(t)
		assert.Equal(t, 2, c.status(t))
		assert.Equal(t,
			fmt.Sprintf("zooky: unknown command %q for \"zooky\": did you mean %s?\n", typed,
				meant), c.stderr.String())
	}
}

func TestDevOnAPort(t *testing.T) {
	locktest.NeedsServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	c := prepare(t, "dev", "--port", port).start(t)
	assert.Equal(t, 2, c.status(t), "it is taken")
	assert.Contains(t, c.stderr.String(), "port is taken")
	require.NoError(t, l.Close())
	c = prepare(t, "dev", "--port", port).start(t)
	c.requireOutput(t, "export ZOOKY_SERVERS=127.0.0.1:"+port+"\n")
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	assert.Equal(t, 0, c.status(t), "%s", &c.stderr)
	c.requireNoTrace(t)
}
