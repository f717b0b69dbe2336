package interop_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/peers"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/zktest"
)

// sessionTimeout is everybody's, long enough for a busy machine; shortTimeout is for those whose
// sessions are to time out.
const sessionTimeout, shortTimeout = 20 * time.Second, 4 * time.Second

// patience bounds what must happen; a test that runs into it has failed.
const patience = 60 * time.Second

// shared is the server for all tests, for it is the clients that are on trial.
var shared = sync.OnceValues(func() (*zktest.Ensemble, error) {
	return zktest.Run(context.Background(), zktest.WithServers(1))
})

var started atomic.Bool // shared was

func TestMain(m *testing.M) {
	locktest.MostlyWait()
	code := m.Run()
	for _, stop := range []func() error{stopPeers, stopServer} {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func stopServer() error {
	if !started.Load() {
		return nil
	}
	e, err := shared()
	if err != nil {
		return nil // the tests have said so
	}
	return e.Stop()
}

func server(tb testing.TB) *zktest.Ensemble {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs kazoo and Curator, and may fetch them: run without -short")
	}
	started.Store(true)
	e, err := shared()
	require.NoError(tb, err)
	return e
}

// start starts a client of its own of a library. Its end is the caller's.
func start(tb testing.TB, library string) peers.Client {
	tb.Helper()
	return startAt(tb, library, server(tb).Connect(), sessionTimeout)
}

// startAt has the client connect to another address, with a session timeout of its own.
func startAt(tb testing.TB, library, connect string, timeout time.Duration) peers.Client {
	tb.Helper()
	client, err := peers.Start(tb.Context(), library, connect, timeout, tb.Logf)
	require.NoError(tb, err)
	return client
}

// running are the clients that tests share: a JVM takes a second to start.
var (
	runningMu sync.Mutex // guards the map
	running   = map[string]peers.Client{}
)

// peer returns the shared client of a library.
func peer(tb testing.TB, library string) peers.Client {
	tb.Helper()
	runningMu.Lock()
	defer runningMu.Unlock()
	if running[library] == nil {
		running[library] = start(tb, library)
	}
	return running[library]
}

func stopPeers() (err error) {
	for library, client := range running {
		if failed := client.Close(); failed != nil {
			err = fmt.Errorf("%s: %w", library, failed)
		}
	}
	return err
}

// ours is a handle of zklock's, in the shape of the peers'.
type ours struct {
	*zklock.Mutex
	kind peers.Kind
}

var _ peers.Handle = ours{}

func (o ours) Lock(timeout time.Duration) (bool, error) {
	if timeout != 0 {
		return false, peers.ErrUnsupported
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := o.LockContext(ctx)
	return err == nil, err
}

func (o ours) Unlock() error { return o.UnlockContext(context.Background()) }

func (o ours) Churn(n int, dir string) error { return peers.Churn(o, "zklock", o.kind, n, dir) }

func (o ours) Contenders() ([]string, error) {
	list, err := o.Mutex.Contenders(context.Background())
	var znodes []string
	for _, c := range list {
		znodes = append(znodes, c.Znode)
	}
	return znodes, err
}

// root is where the tests' locks are: each has a znode of its own below.
const root = "/interop"

// lockName is a lock's of the test's own.
func lockName(tb testing.TB) string {
	return string(slices.DeleteFunc([]byte(tb.Name()), func(c byte) bool {
		return c == '/' || c == ' ' || c == '#'
	}))
}

func dial(tb testing.TB, connect string, opts ...zklock.SessionOption) *zklock.Session {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	opts = append([]zklock.SessionOption{zklock.WithRoot(root),
		zklock.WithSessionTimeout(sessionTimeout)}, opts...)
	s, err := zklock.Dial(ctx, connect, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() })
	return s
}

// open makes a handle of ours on a lock.
func open(tb testing.TB, s *zklock.Session, kind peers.Kind, name string,
	opts ...zklock.LockOption) ours {
	tb.Helper()
	if kind == peers.Mutex {
		m, err := s.Mutex(name, opts...)
		require.NoError(tb, err)
		return ours{m, kind}
	}
	rw, err := s.RWMutex(name, opts...)
	require.NoError(tb, err)
	if kind == peers.Read {
		return ours{rw.Reader(), kind}
	}
	return ours{rw.Mutex, kind}
}

// eventually waits for a condition of the ensemble's.
func eventually(tb testing.TB, condition func() bool, what string, args ...any) {
	tb.Helper()
	require.Eventually(tb, condition, patience, 2*time.Millisecond, append([]any{what}, args...)...)
}

// children lists a znode.
func children(tb testing.TB, s *zklock.Session, path string) []string {
	tb.Helper()
	names, _, err := s.Conn().Children(path)
	if err == zk.ErrNoNode {
		return nil
	}
	require.NoError(tb, err)
	slices.SortFunc(names, func(a, b string) int { return cmpNumber(a, b) })
	return names
}

// cmpNumber orders by the ten digits at the end.
func cmpNumber(a, b string) int {
	if a, b := a[max(0, len(a)-10):], b[max(0, len(b)-10):]; a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

// begin begins to acquire a lock and returns when its candidate stands in the queue, as number n of
// it. The channel closes when it is granted; a failure is the test's.
func begin(tb testing.TB, s *zklock.Session, path string, h peers.Handle, n int) <-chan struct{} {
	tb.Helper()
	granted := make(chan struct{})
	go func() { // ends with the grant or the test's failure; the caller waits for granted
		if got, err := h.Lock(0); err != nil || !got {
			tb.Errorf("not acquired: %v, %v", got, err)
		}
		close(granted)
	}()
	eventually(tb, func() bool {
		return len(children(tb, s, path)) >= n || tb.Failed()
	}, "%d candidates", n)
	return granted
}

func receive(tb testing.TB, ch <-chan struct{}, what string) {
	tb.Helper()
	wait.For(tb, ch, patience, what)
}

func isOpen(ch <-chan struct{}) bool { return wait.IsOpen(ch) }

func acquire(tb testing.TB, h peers.Handle) {
	tb.Helper()
	got, err := h.Lock(0)
	require.NoError(tb, err)
	require.True(tb, got)
}

func release(tb testing.TB, h peers.Handle) {
	tb.Helper()
	assert.NoError(tb, h.Unlock())
}
