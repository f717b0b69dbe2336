//go:build unix

package main_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/docblock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// counts are the two figures that the demonstration is about.
func counts(t *testing.T, stdout string) (must, has int) {
	t.Helper()
	figures := regexp.MustCompile(`updates the file must have +(\d+)\nupdates the file has +(\d+)\n`).FindStringSubmatch(stdout)
	require.NotNil(t, figures, stdout)
	must, _ = strconv.Atoi(figures[1])
	has, _ = strconv.Atoi(figures[2])
	return must, has
}

// requireDocumented compares the report, which follows the first empty line, with the one that
// README.md shows. Figures differ from run to run, and so do some names.
func requireDocumented(t *testing.T, command, stdout string) {
	t.Helper()
	_, report, found := strings.Cut(stdout, "\n\n")
	require.True(t, found, stdout)
	report = strings.TrimLeft(report, "\n")
	block, err := docblock.Find("../../README.md", "output", command)
	require.NoError(t, err)
	if docblock.Updating() {
		require.NoError(t, block.Replace(report))
		return
	}
	assert.Equal(t, shape(block.Text), shape(report), "README.md:%d: run make docs", block.Line)
}

// shape is what all runs have in common.
func shape(report string) string {
	for _, vary := range []struct{ pattern, as string }{
		{`(ann|ben|cat|dan|eve|fay)'s`, "NAME's"},
		{`((ann|ben|cat|dan|eve|fay)/[0-9]+(, | and ))+`, "NAMES "},
		{`([0-9.]+(h|ms|m|µs|s))+`, "TIME"},
		{`[0-9]+`, "NUMBER"},
		{` +`, " "},
	} {
		report = regexp.MustCompile(vary.pattern).ReplaceAllString(report, vary.as)
	}
	return report
}

// duration finds one in what the demonstration has printed, where pattern has it in parentheses.
func duration(t *testing.T, stdout, pattern string) time.Duration {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(stdout)
	require.NotNil(t, found, "no %s in:\n%s", pattern, stdout)
	d, err := time.ParseDuration(found[1])
	require.NoError(t, err)
	return d
}

func TestDemoLosesNoUpdate(t *testing.T) {
	locktest.NeedsServer(t)
	begin := time.Now()
	c := prepare(t, "demo").start(t)
	require.Equal(t, 0, c.status(t), "%s%s", &c.stdout, &c.stderr)
	assert.Less(t, time.Since(begin), 30*time.Second)
	out := c.stdout.String()
	must, has := counts(t, out)
	assert.Equal(t, must, has)
	assert.GreaterOrEqual(t, must, 200)
	for _, line := range []string{
		`\d+/200 updates  holder: \w+, token [0-9a-f.]{25}  queue: \w+ \w+ \w+`,
		`ben +late write, with the old token +refused`,
		`longest wait +\d`,
		`tokens +\d+, each greater than the one before`,
		`No update was lost\.`,
	} {
		assert.Regexp(t, line, out)
	}
	assert.GreaterOrEqual(t,
		duration(t, out, `ann +killed while it held the lock +delayed the others by (\S+)\n`),
		time.Second,
		"the session timeout is 2 s")
	duration(t, out, `ben +session expired while it held the lock +delayed the others by (\S+)\n`)
	duration(t, out, `cat +gave up after (\S+) in the queue +no delay`)
	assert.NotContains(t, out, "\x1b", "control sequences, but no terminal")
	requireDocumented(t, "zooky demo", out)
	c.requireNoTrace(t)
}

func TestDemoWithoutTheLockShowsTheLoss(t *testing.T) {
	locktest.NeedsServer(t)
	c := prepare(t, "demo", "--no-lock").start(t)
	require.Equal(t, 1, c.status(t), "%s%s", &c.stdout, &c.stderr)
	must, has := counts(t, c.stdout.String())
	assert.Less(t, has, must)
	assert.Contains(t, c.stdout.String(), strconv.Itoa(must-has)+" updates are LOST: ")
	assert.Regexp(t, `^zooky: .* updates are lost\n$`, c.stderr.String())
	requireDocumented(t, "zooky demo --no-lock", c.stdout.String())
	c.requireNoTrace(t)
}

func TestDemoEndedInTheMiddleLeavesNothing(t *testing.T) {
	locktest.NeedsServer(t)
	for _, test := range []struct {
		signal syscall.Signal
		status int
	}{
		{syscall.SIGINT, -1}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 129}, {syscall.SIGKILL, -1},
	} {
		t.Run(test.signal.String(), func(t *testing.T) {
			t.Parallel()
			c := prepare(t, "demo").start(t)
			c.requireOutput(t, "holder: ")
			require.GreaterOrEqual(t, len(marked(t, c.marker)), 8,
				"the demonstration, its workers and the server")
			require.NoError(t, c.Process.Signal(test.signal))
			assert.Equal(t, test.status, c.status(t))
			if test.signal != syscall.SIGKILL {
				assert.Regexp(t, `^zooky: [a-z ]+\n$`, c.stderr.String())
			}
			c.requireNoTrace(t)
		})
	}
}

// TestDemoOnATerminal looks at the live display, and types Ctrl-C, which goes to the workers and
// the server too.
func TestDemoOnATerminal(t *testing.T) {
	locktest.NeedsServer(t)
	c := prepare(t, "demo")
	terminal := onTerminal(t, c)
	c.requireOutput(t, "  updates  █")
	c.requireOutput(t, "\x1b[4A\x1b[J")
	assert.Regexp(t, `  holder   \w+, token `, c.stdout.String())
	_, err := terminal.Write([]byte{3})
	require.NoError(t, err)
	assert.Equal(t, -1, c.status(t), "it ends by the signal\n%s", &c.stdout)
	c.requireNoTrace(t)
	c.requireOutput(t, "zooky: interrupt\r\n")
}

func TestDemoOnAServerOfTheUsersLeavesNoZnode(t *testing.T) {
	locktest.NeedsServer(t)
	server := zktest.Start(t, zktest.WithServers(1))
	c := prepare(t, "demo")
	c.Env = append(c.Env, "ZKLOCK_CONNECT="+server.Connect())
	c.start(t)
	require.Equal(t, 0, c.status(t), "%s%s", &c.stdout, &c.stderr)
	c.requireNoTrace(t)
	conn, _, err := zk.Connect([]string{server.Connect()}, 10*time.Second, zk.WithLogInfo(false))
	require.NoError(t, err)
	defer conn.Close()
	locks, _, err := conn.Children("/ZktoolsLocks")
	require.NoError(t, err)
	assert.Empty(t, locks)
}

func TestDemoSaysWhatItLacks(t *testing.T) {
	locktest.NeedsServer(t)
	c := prepare(t, "demo")
	c.Env = append(c.Env, "ZKLOCK_ZOOKEEPER="+os.DevNull)
	c.start(t)
	assert.Equal(t, 2, c.status(t))
	assert.Regexp(t, `^zooky: start zookeeper: .*\n$`, c.stderr.String())
	c.requireNoTrace(t)
}
