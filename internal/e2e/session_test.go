package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// noDial fails the test if the network is used.
func noDial(t *testing.T) zklock.SessionOption {
	return zklock.WithDialer(func(context.Context, string, string) (net.Conn, error) {
		t.Error("the network was used")
		return nil, errors.New("not allowed")
	})
}

func TestDialRefusesBadConnectStrings(t *testing.T) {
	for connect, want := range map[string]string{
		"":                     "no valid host",
		",":                    "no valid host",
		"a:2181,":              "no valid host",
		":2181":                "no valid host",
		"a:0":                  "from 1 to 65535",
		"a:65536":              "from 1 to 65535",
		"a:zk":                 "from 1 to 65535",
		"a:1:2":                "too many colons",
		"a b:2181":             "no valid host",
		"a]b:2181":             "unexpected ']'",
		"[::1":                 "no valid host",
		"a:2181/x/":            "empty segment",
		"a:2181//x":            "empty segment",
		"a:2181/..":            `the segment ".."`,
		"zookeeper://a:2181/x": "empty segment",
	} {
		t.Run(connect, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			s, err := zklock.Dial(ctx, connect, noDial(t))
			assert.Nil(t, s)
			require.ErrorContains(t, err, want)
			assert.ErrorContains(t, err, "dial: ")
		})
	}
}

func TestDialRefusesBadOptions(t *testing.T) {
	for want, opt := range map[string]zklock.SessionOption{
		"session timeout 0s":  zklock.WithSessionTimeout(0),
		"session timeout -1s": zklock.WithSessionTimeout(-time.Second),
		"from 100ms to 24h":   zklock.WithSessionTimeout(time.Millisecond),
		"timeout 25h0m0s":     zklock.WithSessionTimeout(25 * time.Hour),
		"does not begin":      zklock.WithRoot("locks"),
		"root: path":          zklock.WithRoot("/locks/"),
		"root /zookeeper":     zklock.WithRoot("/zookeeper"),
		"/zookeeper/locks":    zklock.WithRoot("/zookeeper/locks"),
		"auth scheme":         zklock.WithAuth("", nil),
		"ACL is empty":        zklock.WithACL(),
		"TLS config":          zklock.WithTLS(nil),
		"dialer is nil":       zklock.WithDialer(nil),
		"logger is nil":       zklock.WithLogger(nil),
		"state function":      zklock.WithStateFunc(nil),
		"lease 7":             zklock.WithLease(7),
	} {
		_, err := zklock.Dial(t.Context(), "localhost:2181", noDial(t), opt)
		assert.ErrorContains(t, err, want)
	}
}

func TestLockRefusesBadOptionsAndNames(t *testing.T) {
	s := dial(t)
	for want, opt := range map[string]zklock.LockOption{
		"identifier has 0 bytes":    zklock.WithIdentifier(""),
		"identifier has 1025 bytes": zklock.WithIdentifier(strings.Repeat("x", 1025)),
		"not UTF-8":                 zklock.WithIdentifier("\xff"),
		"revocation mark":           zklock.WithIdentifier("unlock"),
		"ACL is empty":              zklock.WithLockACL(),
	} {
		_, err := s.Mutex("a", opt)
		assert.ErrorContains(t, err, want)
		_, err = s.RWMutex("a", opt)
		assert.ErrorContains(t, err, want)
	}
	for _, name := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/.", "a/../b", "a\x00b", "a\nb", "\x7f", "\u0085",
		"\xff", "a\xc3",
		"\ue000", "\uf8ff", "\ufffe", "🔒", strings.Repeat("x", 1025),
	} {
		_, err := s.Mutex(name)
		assert.ErrorIs(t, err, zklock.ErrInvalidName, "%q", name)
		_, err = s.RWMutex(name)
		assert.ErrorIs(t, err, zklock.ErrInvalidName, "%q", name)
		assert.ErrorIs(t, s.Remove(t.Context(), name), zklock.ErrInvalidName, "%q", name)
	}
	for _, name := range []string{"a", "a/b/c", "...", "a b", "ä/日本", "%",
		strings.Repeat("x", 1024)} {
		m := mutex(t, s, name)
		lock(t, m)
		m.Unlock()
		assert.Equal(t, name, m.Name())
	}
}

// TestTheServersOwnZnodesAreNoLocks has a root below which they are.
func TestTheServersOwnZnodesAreNoLocks(t *testing.T) {
	s := dialTo(t, server(t).Connect(), zklock.WithRoot("/"))
	for _, name := range []string{"zookeeper", "zookeeper/quota"} {
		_, err := s.Mutex(name)
		assert.ErrorIs(t, err, zklock.ErrInvalidName, name)
		assert.ErrorIs(t, s.Remove(t.Context(), name), zklock.ErrInvalidName, name)
	}
	mutex(t, s, "zookeepers")
	_, err := zklock.Dial(t.Context(), server(t).Connect()+"/zookeeper", zklock.WithRoot("/"))
	assert.ErrorContains(t, err, "belongs to the servers")
}

func TestDialEndsWithItsContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, in the kernel, and never answers
	require.NoError(t, err)
	defer silent.Close()
	for name, connect := range map[string]string{"refused": "127.0.0.1:1",
		"silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			cause := errors.New("no patience")
			ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, cause)
			defer cancel()
			begun := time.Now()
			_, err := zklock.Dial(ctx, connect)
			// zk.Conn.Close can take one; see TestVirtualDialEndsWithItsContext
			assert.Less(t, time.Since(begun), 10*time.Second)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorIs(t, err, cause)
			if name == "refused" {
				assert.ErrorIs(t, err, syscall.ECONNREFUSED, "it does not say why")
			}
		})
	}
}

func TestDialTellsOfRefusedCredentials(t *testing.T) {
	_, err := zklock.Dial(t.Context(), server(t).Connect(),
		zklock.WithAuth("no-such-scheme", []byte("x")))
	assert.ErrorIs(t, err, zk.ErrAuthFailed)
}

func TestChrootAndRoot(t *testing.T) {
	chroot := root(t)
	connect := server(t).Connect() + chroot
	for root, want := range map[string]string{"/": "/", "/deep/root": "/deep/root/"} {
		s := dialTo(t, connect, zklock.WithRoot(root))
		m := mutex(t, s, "a/b")
		lock(t, m)
		assert.Equal(t, chroot+want+"a/b", m.Path())
		exists, _, err := s.Conn().Exists(m.Path())
		require.NoError(t, err)
		assert.True(t, exists)
		locks, err := s.Locks(t.Context())
		require.NoError(t, err)
		names := []string{}
		for _, lock := range locks {
			names = append(names, lock.Name)
		}
		assert.Contains(t, names, "a/b")
		m.Unlock()
	}
}

func TestDefaultRootIsZktools(t *testing.T) {
	s, err := zklock.Dial(t.Context(), server(t).Connect())
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, "/ZktoolsLocks/a", mutex(t, s, "a").Path())
}

func TestStatesAreToldInOrder(t *testing.T) {
	t.Parallel()
	ensemble := server(t)
	proxy := ensemble.Proxy(t)
	states := make(chan zklock.State, 100)
	s := dialTo(t, proxy.Addr(), zklock.WithStateFunc(func(st zklock.State) { states <- st }))
	next := func(want zklock.State) {
		t.Helper()
		select {
		case got := <-states:
			require.Equal(t, want, got, "%v, not %v", got, want)
		case <-time.After(patience):
			require.FailNow(t, "never "+want.String())
		}
	}
	next(zklock.StateConnected)
	assert.Equal(t, zklock.StateConnected, s.State())
	id := s.ID()
	assert.NotZero(t, id)
	assert.Equal(t, sessionTimeout, s.Timeout())

	proxy.Cut()
	next(zklock.StateSuspended)
	assert.Equal(t, zklock.StateSuspended, s.State())
	assert.Equal(t, id, s.ID())
	require.NoError(t, ensemble.Expire(id)) // unnoticed, as nobody can tell us
	proxy.Heal()
	next(zklock.StateExpired)
	next(zklock.StateConnected)
	assert.NotEqual(t, id, s.ID())

	require.NoError(t, s.Close())
	next(zklock.StateClosed)
	assert.Equal(t, zklock.StateClosed, s.State())
	assert.Zero(t, s.ID())
	assert.False(t, isOpen(s.Done()))
	assert.Empty(t, states)
	for st, text := range map[zklock.State]string{zklock.StateClosed: "closed",
		zklock.StateExpired: "expired"} {
		assert.Equal(t, text, st.String())
	}
}

func TestDialerAndLoggerAreUsed(t *testing.T) {
	var dials atomic.Int64
	var log bytes.Buffer
	s := dial(t, zklock.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		zklock.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		}))
	require.NoError(t, s.Close())
	assert.Positive(t, dials.Load())
	assert.Contains(t, log.String(), "zookeeper session")
}

// TestSessionIDsAreLoggedAtDebugOnly has a Session log whatever it does for a while.
func TestSessionIDsAreLoggedAtDebugOnly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		level slog.Level
		shown bool
	}{{slog.LevelInfo, false}, {slog.LevelDebug, true}} {
		var log bytes.Buffer
		s := dial(t,
			zklock.WithLogger(slog.New(slog.NewTextHandler(&log,
				&slog.HandlerOptions{Level: test.level}))))
		id := fmt.Sprintf("%x", s.ID())
		m := mutex(t, s, "logged")
		lock(t, m)
		lost := m.Lost()
		require.NoError(t, server(t).Expire(s.ID()))
		receive(t, lost, "loss")
		m.Unlock()
		lock(t, m)
		m.Unlock()
		require.NoError(t, s.Close())
		assert.Contains(t, log.String(), "zookeeper session")
		assert.Equal(t, test.shown, strings.Contains(log.String(), id), log.String())
	}
}

func TestSessionSurvivesTheLossOfItsServer(t *testing.T) {
	locktest.NeedsServer(t)
	ensemble := zktest.Start(t, zktest.WithServers(3))
	// if it is the leader, another is elected first
	s := dialTo(t, ensemble.Connect(), zklock.WithSessionTimeout(patience))
	m := mutex(t, s, "failover")
	lock(t, m)
	id := s.ID()
	require.NoError(t, serverOf(t, ensemble, s).Kill())
	held, err := m.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held)
	assert.NoError(t, m.Err(), "a failover that is over in time loses no hold")
	assert.Equal(t, id, s.ID())
	m.Unlock()
}

// serverOf returns the server that a session is connected to.
func serverOf(tb testing.TB, ensemble *zktest.Ensemble, s *zklock.Session) *zktest.Server {
	tb.Helper()
	for _, server := range ensemble.Servers() {
		connections, err := server.Command("cons")
		require.NoError(tb, err)
		if strings.Contains(connections, fmt.Sprintf("sid=0x%x", s.ID())) {
			return server
		}
	}
	require.FailNow(tb, "no server has the session")
	return nil
}

// TestASecondSpellingOfAChroot has connect strings that would be paths, and are mistakes: a lock
// there would exclude nobody who wrote it right.
func TestASecondSpellingOfAChroot(t *testing.T) {
	for _, chroot := range []string{"/a,127.0.0.1:1/a", "/a,", "/a ", "/ a", "/a\t", "/a/ b",
		"/a\u2003", "/a\u00a0"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := zklock.Dial(ctx, "127.0.0.1:1"+chroot)
		require.ErrorContains(t, err,
			"the chroot comes once, at the end: host:port,host:port/chroot", "%q", chroot)
	}
}
