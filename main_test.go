package zklock_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/zktest"
)

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
	contenders   = locktest.Contenders
	requireQueue = locktest.RequireQueue
)

// shared is one server for all tests and examples. It starts with the first that needs it.
var shared = sync.OnceValues(func() (*zktest.Ensemble, error) { return zktest.Run(context.Background()) })

// started tells TestMain that there is something to stop.
var started atomic.Bool

func TestMain(m *testing.M) {
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
func server(t *testing.T) *zktest.Ensemble {
	t.Helper()
	started.Store(true)
	ensemble, err := shared()
	require.NoError(t, err)
	return ensemble
}

// roots are those of the tests that run.
var roots sync.Map // of strings, by *testing.T

// root returns a root of the test's own, so that tests can share a server.
func root(t *testing.T) string {
	known, loaded := roots.LoadOrStore(t, zktest.Root(t))
	if !loaded {
		t.Cleanup(func() { roots.Delete(t) })
	}
	return known.(string)
}

// dial opens a Session on the shared server that is closed at the test's end.
func dial(t *testing.T) *zklock.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := zklock.Dial(ctx, server(t).Connect(), zklock.WithRoot(root(t)))
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}
