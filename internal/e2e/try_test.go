package e2e

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// TestARefusedTryWritesNothing looks at the server's zxid.
func TestARefusedTryWritesNothing(t *testing.T) {
	locktest.NeedsServer(t)
	e := zktest.Start(t, zktest.WithServers(1))
	zxid := func() string {
		answer, err := e.Servers()[0].Command("srvr")
		require.NoError(t, err)
		return regexp.MustCompile(`Zxid: (\S+)`).FindString(answer)
	}
	quiet := zklock.WithLease(zklock.LeasePing) // whose holds write nothing
	m := mutex(t, dialTo(t, e.Connect(), quiet), "m")
	s := dialTo(t, e.Connect(), quiet)
	rw := rwmutex(t, s, "m")
	all := []*zklock.Mutex{
		mutex(t, s, "m"), rw.Mutex, rw.Reader(), mutex(t, s, "m", zklock.WithLocalHandoff(2)),
	}
	lock(t, m)
	for _, other := range all {
		require.False(t, other.TryLock()) // now each has seen that it is taken
	}
	require.False(t, rw.TryRLock())
	before := zxid()
	for range 20 {
		for _, other := range all {
			require.False(t, other.TryLock())
		}
		require.False(t, rw.TryRLock())
	}
	assert.Equal(t, before, zxid())
	m.Unlock()
	assert.NotEqual(t, before, zxid())
}

// TestATryTellsWhyItFailed has the lock taken, no permission, and no server.
func TestATryTellsWhyItFailed(t *testing.T) {
	private := mutex(t, dial(t, digest("ann:secret")), "private")
	lock(t, private)
	private.Unlock()
	eve := mutex(t, dial(t, digest("eve:secret")), "private")
	_, err := eve.TryLockContext(t.Context())
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	assert.NotErrorIs(t, err, zklock.ErrLocked)

	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "m")
	proxy.Cut()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond,
		errors.New("patience"))
	defer cancel()
	_, err = m.TryLockContext(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, zklock.ErrLocked, fmt.Sprint(err))
}
