package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/zktest"
)

// sessionTimeout is what tests ask for. A hold survives that its holder stands still for a third of it, as on a busy machine.
const sessionTimeout = 10 * time.Second

// shortTimeout is for those that wait for a lease or a session to run out.
const shortTimeout = 4 * time.Second

// patience bounds what must happen.
const patience = locktest.Patience

// What the packages of tests share has short names here.
var (
	slow         = locktest.Slow
	mutex        = locktest.Mutex
	lock         = locktest.Lock
	queued       = locktest.Queued
	receive      = locktest.Receive
	isOpen       = wait.IsOpen
	rwmutex      = locktest.RWMutex
	contenders   = locktest.Contenders
	requireQueue = locktest.RequireQueue
)

// shared is one server for all tests that do no harm to it. It starts with the first that needs it.
var shared = sync.OnceValues(func() (*zktest.Ensemble, error) { return zktest.Run(context.Background()) })

// started tells TestMain that there is something to stop.
var started atomic.Bool

func TestMain(m *testing.M) {
	if spec := os.Getenv(hoardVariable); spec != "" {
		fmt.Fprintln(os.Stderr, runHoarder(spec))
		os.Exit(1)
	}
	code := m.Run()
	if started.Load() {
		ensemble, err := shared()
		if err == nil {
			err = ensemble.Stop()
		}
		if err != nil {
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

// server returns the shared server.
func server(tb testing.TB) *zktest.Ensemble {
	tb.Helper()
	started.Store(true)
	ensemble, err := shared()
	require.NoError(tb, err)
	return ensemble
}

// roots are those of the tests that run, and rootCount numbers them: a test that is repeated begins in a place of its own.
var (
	roots     sync.Map // of strings, by testing.TB
	rootCount atomic.Int32
)

// root returns a root of the test's own, so that tests can share a server.
func root(tb testing.TB) string {
	if known, ok := roots.Load(tb); ok {
		return known.(string)
	}
	name := strings.NewReplacer("/", "-", " ", "-", "#", "-").Replace(tb.Name())
	known, loaded := roots.LoadOrStore(tb, fmt.Sprintf("/test-%s-%d", name, rootCount.Add(1)))
	if !loaded {
		tb.Cleanup(func() { roots.Delete(tb) })
	}
	return known.(string)
}

// dial opens a Session on the shared server that is closed at the test's end.
func dial(tb testing.TB, opts ...zklock.SessionOption) *zklock.Session {
	tb.Helper()
	return dialTo(tb, server(tb).Connect(), opts...)
}

func dialTo(tb testing.TB, connect string, opts ...zklock.SessionOption) *zklock.Session {
	tb.Helper()
	opts = append([]zklock.SessionOption{zklock.WithRoot(root(tb)), zklock.WithSessionTimeout(sessionTimeout)}, opts...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := zklock.Dial(ctx, connect, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() }) // tests that are about Close look at its error
	return s
}

// requireQueuedAgain waits until the last of those who stood in the lock's queue has another znode.
func requireQueuedAgain(tb testing.TB, m *zklock.Mutex, before []zklock.Contender, within time.Duration) {
	tb.Helper()
	last := len(before) - 1
	require.Eventually(tb, func() bool {
		now := contenders(tb, m)
		return len(now) == len(before) && now[last].Znode != before[last].Znode
	}, within, 5*time.Millisecond, "the last does not queue again")
}

// pause lets time go by in which nothing is expected to happen.
func pause(tb testing.TB, d time.Duration) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), d)
	defer cancel()
	<-ctx.Done()
}
