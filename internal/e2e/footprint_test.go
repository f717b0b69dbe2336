package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestAKilledHoarderHarmsNoServer has a process ask for more locks than servers can drop in one
// transaction, and kills it. The short form has few locks and servers that read back less; make
// footprint has 30,000 and servers as they are.
func TestAKilledHoarderHarmsNoServer(t *testing.T) {
	slow(t)
	const timeout = 4 * time.Second
	locks, maxBuffer, footprint := 4500, 256<<10, 220<<10
	if long := os.Getenv("ZKLOCK_FOOTPRINT"); long != "" {
		n, err := strconv.Atoi(long)
		require.NoError(t, err)
		locks, maxBuffer, footprint = n, 0, 0
	}
	for _, servers := range []int{1, 3} {
		t.Run(fmt.Sprintf("servers=%d", servers), func(t *testing.T) {
			if maxBuffer > 0 {
				t.Setenv("JAVA_TOOL_OPTIONS", fmt.Sprintf("-Djute.maxbuffer=%d", maxBuffer))
			}
			e := zktest.Start(t, zktest.WithServers(servers))
			h := startHoarder(t, e.Connect(), hoard{root(t), locks, footprint, timeout})
			t.Logf("%d of %d locks granted, the others are refused", h.granted, locks)
			require.Positive(t, h.granted)
			require.Less(t, h.granted, locks, "nothing is refused")
			h.kill(t)
			killed := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			s := dialTo(t, e.Connect(), zklock.WithSessionTimeout(timeout))
			m := mutex(t, s, hoardedLock(0))
			_, err := m.LockContext(ctx)
			require.NoError(t, err, "the ensemble does not serve")
			took := time.Since(killed)
			t.Logf("the next holder comes %v after the kill; the session timeout is %v",
				took, timeout)
			assert.Less(t, took, timeout+2*time.Second, "the session should have been expired")
			require.NoError(t, m.UnlockContext(ctx))
			for _, server := range e.Servers() {
				require.NoError(t, server.Stop())
				require.NoError(t, server.Start(), "%v does not read back what it has written",
					server)
			}
			lock(t, m)
			m.Unlock()
			// the servers may have taken long to start
			listing, stop := context.WithTimeout(t.Context(), patience)
			defer stop()
			locks, err := s.Locks(listing)
			require.NoError(t, err)
			for _, l := range locks {
				require.Zero(t, l.Holders+l.Waiters, "%s is held by who was killed", l.Name)
			}
		})
	}
}

// hoard is what the process that is to be killed does.
type hoard struct {
	root      string
	locks     int
	footprint int // 0 for the default
	timeout   time.Duration
}

const hoardVariable = "ZKLOCK_TEST_HOARD"

func hoardedLock(i int) string {
	return fmt.Sprintf("hoarded/lock-with-a-rather-long-name-%08d", i)
}

type hoarder struct {
	cmd     *exec.Cmd
	granted int
}

// startHoarder returns when the process has asked for all of its locks.
func startHoarder(t *testing.T, connect string, h hoard) *hoarder {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(),
		fmt.Sprintf("%s=%s %s %d %d %d", hoardVariable, connect, h.root, h.locks,
			h.footprint, h.timeout))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	hoarder := &hoarder{cmd: cmd}
	t.Cleanup(func() { hoarder.kill(t) })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the process has ended")
	hoarder.granted, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	return hoarder
}

func (h *hoarder) kill(t *testing.T) {
	if h.cmd.ProcessState == nil {
		require.NoError(t, h.cmd.Process.Kill())
		_ = h.cmd.Wait() // killed, as wanted
	}
}

// runHoarder is the process: it prints how many locks it was granted, and waits for its end.
func runHoarder(spec string) error {
	var h hoard
	var connect string
	if _, err := fmt.Sscanf(spec, "%s %s %d %d %d", &connect, &h.root, &h.locks, &h.footprint,
		&h.timeout); err != nil {
		return err
	}
	opts := []zklock.SessionOption{zklock.WithRoot(h.root), zklock.WithSessionTimeout(h.timeout)}
	if h.footprint > 0 {
		opts = append(opts, zklock.WithFootprint(h.footprint))
	}
	s, err := zklock.Dial(context.Background(), connect, opts...)
	if err != nil {
		return err
	}
	var granted atomic.Int64
	var g errgroup.Group
	g.SetLimit(64)
	for i := range h.locks {
		g.Go(func() error {
			m, err := s.Mutex(hoardedLock(i))
			if err != nil {
				return err
			}
			_, err = m.LockContext(context.Background())
			switch {
			case err == nil:
				granted.Add(1)
			case errors.Is(err, zklock.ErrTooMany):
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	fmt.Println(granted.Load())
	select {} // until it is killed
}

func TestFootprintIsChecked(t *testing.T) {
	for _, bytes := range []int{-1, 0, 1, 4095, 1<<30 + 1} {
		_, err := zklock.Dial(t.Context(), "127.0.0.1:1", zklock.WithFootprint(bytes))
		assert.ErrorContains(t, err, "want from", bytes)
	}
}
