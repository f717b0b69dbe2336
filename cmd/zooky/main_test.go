//go:build unix

package main_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// patience bounds what must happen; a test that runs into it has failed.
const patience = time.Minute

// zooky is the built binary.
var zooky string

// ensemble is one server for all tests that do no harm to it. A short run has none.
var ensemble *zktest.Ensemble

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func testMain(m *testing.M) (code int, err error) {
	heedSignals()
	locktest.MostlyWait()
	dir, err := os.MkdirTemp("", "zooky-test-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	zooky = filepath.Join(dir, "zooky")
	build := []string{"build", "-o", zooky}
	if race {
		build = append(build, "-race")
	}
	if out, err := exec.Command("go", append(build, ".")...).CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build zooky: %w\n%s", err, out)
	}
	flag.Parse()
	if testing.Short() {
		return m.Run(), goleak.Find()
	}
	if ensemble, err = zktest.Run(context.Background()); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, errors.Join(ensemble.Stop(), goleak.Find())
}

// heedSignals has the commands start as from a terminal, where the tests were started with nohup or
// in a script's background.
func heedSignals() {
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(s) {
			// what is caught here is the default in a child
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// command is one run of the binary. What it writes can be read while it runs.
type command struct {
	*exec.Cmd
	stdout, stderr buffer
	marker         string // in the environment of it and of every process that it starts
	tmp            string // where its temporary files go
	ended          chan struct{}
}

// prepare makes a command that can be changed before it is started. Whatever is left of it at the
// test's end is killed and fails the test.
func prepare(t *testing.T, args ...string) *command {
	t.Helper()
	c := &command{
		Cmd: exec.Command(zooky, args...),
		marker: fmt.Sprintf("ZOOKY_TEST_MARKER=%s-%d-%d", t.Name(), os.Getpid(),
			time.Now().UnixNano()),
		tmp:   t.TempDir(),
		ended: make(chan struct{}),
	}
	c.Stdout, c.Stderr = &c.stdout, &c.stderr
	// The race detector has a program wait a second at its end.
	c.Env = append(os.Environ(), c.marker, "TMPDIR="+c.tmp, "GORACE=atexit_sleep_ms=0")
	return c
}

// start runs the command in the background until wait.
func (c *command) start(t *testing.T) *command {
	t.Helper()
	require.NoError(t, c.Start())
	go func() { // ended with the process, and waited for by the cleanup
		defer close(c.ended)
		_ = c.Cmd.Wait() // ProcessState has what is wanted
	}()
	t.Cleanup(func() {
		for _, pid := range marked(t, c.marker) { // of a failed test
			if n, err := strconv.Atoi(pid); err == nil {
				syscall.Kill(n, syscall.SIGKILL)
			}
		}
		<-c.ended
	})
	return c
}

// status waits for the command's end and returns its exit status, -1 if a signal has ended it.
func (c *command) status(t *testing.T) int {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(patience):
		require.FailNow(t, "zooky does not end", "%v\n%s\n%s", c.Args, &c.stdout, &c.stderr)
	}
	return c.ProcessState.ExitCode()
}

// requireOutput waits until the command has written text to its standard output.
func (c *command) requireOutput(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return strings.Contains(c.stdout.String(), text)
	}, patience, 5*time.Millisecond,
		"no %q in:\n%v\n%v", text, &c.stdout, &c.stderr)
}

// requireNoTrace waits until no process of the command is left, nor a temporary file.
func (c *command) requireNoTrace(t *testing.T) {
	t.Helper()
	var left []string
	require.Eventually(t, func() bool {
		left = marked(t, c.marker)
		files, err := os.ReadDir(c.tmp)
		require.NoError(t, err)
		for _, f := range files {
			left = append(left, f.Name())
		}
		return len(left) == 0
	}, patience, 20*time.Millisecond, "left: %v", &left)
}

// marked lists the processes that have the marker in their environment, by id.
func marked(t *testing.T, marker string) (pids []string) {
	t.Helper()
	if environs, _ := filepath.Glob("/proc/[0-9]*/environ"); len(environs) > 0 {
		for _, path := range environs {
			if environ, err := os.ReadFile(path); err == nil &&
				bytes.Contains(environ, []byte(marker)) {
				pids = append(pids, filepath.Base(filepath.Dir(path)))
			}
		}
		return pids
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "axeww").Output() // e: with the environment
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, marker) {
			pids = append(pids, strings.Fields(line)[0])
		}
	}
	return pids
}

// buffer is a bytes.Buffer that can be read while it is written.
type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
