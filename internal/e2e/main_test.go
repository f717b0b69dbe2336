package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wait"
)

// sessionTimeout is what dial asks for.
const sessionTimeout = locktest.SessionTimeout

// shortTimeout is for those that wait for a lease or a session to run out.
const shortTimeout = 4 * time.Second

// patience bounds what must happen.
const patience = locktest.Patience

// What the packages of tests share has short names here.
var (
	slow         = locktest.Slow
	server       = locktest.Server
	root         = locktest.Root
	dial         = locktest.Dial
	dialTo       = locktest.DialTo
	mutex        = locktest.Mutex
	lock         = locktest.Lock
	queued       = locktest.Queued
	receive      = locktest.Receive
	isOpen       = wait.IsOpen
	rwmutex      = locktest.RWMutex
	contenders   = locktest.Contenders
	requireQueue = locktest.RequireQueue
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(hoardVariable); spec != "" {
		fmt.Fprintln(os.Stderr, runHoarder(spec))
		os.Exit(1)
	}
	locktest.Main(m)
}

// requireQueuedAgain waits until the last of those who stood in the lock's queue has another znode.
func requireQueuedAgain(tb testing.TB, m *zklock.Mutex, before []zklock.Contender,
	within time.Duration) {
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
