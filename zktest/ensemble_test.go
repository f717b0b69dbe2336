package zktest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

func TestOptionsAreChecked(t *testing.T) {
	locktest.NeedsServer(t)
	for _, opt := range []zktest.Option{
		zktest.WithServers(0),
		zktest.WithServers(10),
		zktest.WithPort(-1),
		zktest.WithPort(65536),
		zktest.WithTickTime(time.Millisecond),
		zktest.WithLogf(nil),
		zktest.WithMaxSessionTimeout(time.Minute, time.Minute),
		zktest.WithMaxSessionTimeout(zktest.DefaultTickTime),
	} {
		_, err := zktest.Run(t.Context(), opt)
		require.Error(t, err)
	}
}

func TestOneServer(t *testing.T) {
	locktest.NeedsServer(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithCancel(t.Context())
	e, err := zktest.Run(ctx, zktest.WithServers(1), zktest.WithTickTime(50*time.Millisecond))
	require.NoError(t, err)
	defer e.Stop()
	cancel() // bounds the start only

	require.Len(t, e.Servers(), 1)
	s := e.Servers()[0]
	require.Equal(t, s.Addr(), e.Connect())
	require.True(t, strings.HasPrefix(s.Addr(), "127.0.0.1:"))
	leads, err := s.Leader()
	require.NoError(t, err)
	require.True(t, leads)
	require.Same(t, s, leader(t, e))

	conn, _ := connect(t, s.Addr())
	_, _, _, err = conn.ExistsW("/nothing")
	require.NoError(t, err)
	watches, err := s.Command("wchs")
	require.NoError(t, err)
	require.Contains(t, watches, "Total watches:1")
	conf, err := s.Command("conf")
	require.NoError(t, err)
	require.Contains(t, conf, "tickTime=50\n")
	require.Contains(t, conf, "maxSessionTimeout=60000\n")

	require.NoError(t, e.Stop())
	require.NoError(t, e.Stop(), "Stop is idempotent")
	require.Error(t, s.Start(), "no server comes back after Stop")
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestServersGrantUnequalTimeouts(t *testing.T) {
	locktest.NeedsServer(t)
	e := zktest.Start(t, zktest.WithServers(3),
		zktest.WithMaxSessionTimeout(20*time.Second, 4*time.Second))
	for i, want := range []string{"20000", "4000", "4000"} {
		conf, err := e.Servers()[i].Command("conf")
		require.NoError(t, err)
		require.Contains(t, conf, "maxSessionTimeout="+want+"\n")
	}
}

func TestServersWaitForTheDiskIfTheyAreTold(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	for _, fsync := range []bool{false, true} {
		opts := []zktest.Option{zktest.WithServers(1)}
		if fsync {
			opts = append(opts, zktest.WithFsync())
		}
		e := zktest.Start(t, opts...)
		conn, _ := connect(t, e.Connect())
		_, err := conn.Create("/written", nil, 0, zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		metrics, err := e.Servers()[0].Command("mntr")
		require.NoError(t, err)
		require.Contains(t, metrics, "zk_cnt_fsynctime\t")
		require.Equal(t, fsync, !strings.Contains(metrics, "zk_cnt_fsynctime\t0\n"), metrics)
	}
}

func TestTheProcessOfAServer(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	s := zktest.Start(t, zktest.WithServers(1)).Servers()[0]
	pid, err := s.PID()
	require.NoError(t, err)
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /proc")
	}
	require.NoError(t, err)
	require.Contains(t, string(command), "QuorumPeerMain")
	require.NoError(t, s.Kill())
	_, err = s.PID()
	require.ErrorIs(t, err, zktest.ErrNotRunning)
}

func TestDataSurvivesStopAndKill(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	s := e.Servers()[0]
	conn, _ := connect(t, e.Connect())
	_, err := conn.Create("/kept", []byte("yes"), 0, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	conn.Close()
	for name, end := range map[string]func() error{"stop": s.Stop, "kill": s.Kill} {
		require.NoError(t, end(), name)
		for _, f := range []func() error{s.Stop, s.Kill, s.Pause, s.Resume} {
			require.ErrorIs(t, f(), zktest.ErrNotRunning)
		}
		_, err = s.Leader()
		require.Error(t, err)
		require.NoError(t, s.Start())
		require.Error(t, s.Start(), "already running")
		conn, _ = connect(t, e.Connect())
		data, _, err := conn.Get("/kept")
		require.NoError(t, err)
		require.Equal(t, "yes", string(data))
		conn.Close()
	}
}

func TestAnotherLeaderAfterAKill(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(3))
	require.Len(t, strings.Split(e.Connect(), ","), 3)
	old := leader(t, e)
	require.NoError(t, old.Kill())
	next := leader(t, e)
	require.NotSame(t, old, next)
	leads, err := next.Leader()
	require.NoError(t, err)
	require.True(t, leads)

	require.NoError(t, old.Start())
	leads, err = old.Leader()
	require.NoError(t, err)
	require.False(t, leads)

	// Without a quorum nobody leads, and Start does not wait for one.
	for _, s := range e.Servers() {
		require.NoError(t, s.Kill())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = e.WaitLeader(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, e.Servers()[0].Start())
	leads, err = e.Servers()[0].Leader()
	require.NoError(t, err)
	require.False(t, leads)
	require.NoError(t, e.Servers()[1].Start())
	leader(t, e)
}

func TestAPausedLeaderIsReplaced(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(3))
	old := leader(t, e)
	require.NoError(t, old.Pause())
	require.NotSame(t, old, leader(t, e))
	require.NoError(t, old.Resume())
	require.NoError(t, old.Resume(), "harmless on a running server")
	require.Eventually(t, func() bool {
		leads, err := old.Leader()
		return err == nil && !leads
	}, 30*time.Second, 10*time.Millisecond)
}

func TestAPausedServerIsSilentAndStops(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	e := zktest.Start(t, zktest.WithServers(1))
	s := e.Servers()[0]
	conn, _ := connect(t, e.Connect())
	require.NoError(t, s.Pause())
	require.NoError(t, s.Pause(), "harmless on a paused server")
	answer := make(chan error, 1)
	go func() {
		_, _, err := conn.Get("/")
		answer <- err
	}()
	select {
	case <-answer:
		t.Fatal("a paused server answered")
	case <-time.After(100 * time.Millisecond):
	}
	require.NoError(t, s.Resume())
	require.NoError(t, <-answer)
	require.NoError(t, s.Pause())
	// One that does not end in order is killed after 10 s.
	within(t, 9*time.Second, "stop a paused server", func() { require.NoError(t, s.Stop()) })
	require.NoError(t, s.Start())
	require.NoError(t, s.Pause())
	within(t, 9*time.Second, "kill a paused server", func() { require.NoError(t, s.Kill()) })
	require.NoError(t, s.Start())
	require.NoError(t, s.Pause()) // and Start's cleanup ends it so
}

func TestManyAtOnce(t *testing.T) {
	locktest.NeedsServer(t)
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			e := zktest.Start(t, zktest.WithServers(1))
			conn, _ := connect(t, e.Connect())
			_, _, err := conn.Get("/")
			require.NoError(t, err)
		})
	}
}

func TestServerOfTheUsers(t *testing.T) {
	locktest.NeedsServer(t)
	theirs := zktest.Start(t, zktest.WithServers(1))
	t.Setenv("ZKLOCK_CONNECT", theirs.Connect()+"/their/root")
	e, err := zktest.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, os.Getenv("ZKLOCK_CONNECT"), e.Connect())
	require.Empty(t, e.Servers())
	_, err = e.WaitLeader(t.Context())
	require.ErrorContains(t, err, "WithServers")
	require.True(t, strings.HasSuffix(e.Proxy(t).Addr(), "/their/root"))

	conn, events := connect(t, theirs.Connect())
	require.NoError(t, e.Expire(conn.SessionID()))
	await(t, events, zk.StateExpired)

	require.NoError(t, e.Stop())
	_, err = theirs.Servers()[0].Command("ruok")
	require.NoError(t, err)

	own := zktest.Start(t, zktest.WithServers(1))
	require.NotEqual(t, theirs.Connect(), own.Connect())

	require.NoError(t, theirs.Stop())
	_, err = zktest.Run(t.Context())
	require.ErrorContains(t, err, "ZKLOCK_CONNECT="+os.Getenv("ZKLOCK_CONNECT"))
}
