package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestUnlockWaitsForTheAcknowledgement(t *testing.T) {
	const delay = 50 * time.Millisecond
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "acknowledged")
	lock(t, m)
	proxy.Delay(delay)
	begun := time.Now()
	m.Unlock()
	assert.GreaterOrEqual(t, time.Since(begun), 2*delay)
	proxy.Delay(0)
	requireQueue(t, m, 0)
}

// TestFailedCleanUpIsJoined lets candidates be created and not deleted.
func TestFailedCleanUpIsJoined(t *testing.T) {
	s := dial(t)
	m, other := mutex(t, s, "sticky"), mutex(t, s, "sticky")
	lock(t, m)
	_, err := s.Conn().SetACL(m.Path(), zk.WorldACL(zk.PermAll&^zk.PermDelete), -1)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = other.LockContext(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	receive(t, m.Lost(), "loss, with the session that has the orphan")
	assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
	_, err = m.LockContext(t.Context())
	assert.ErrorIs(t, err, zk.ErrNoAuth)
	assert.ErrorContains(t, err, "zk.PermDelete")
	requireQueue(t, m, 0)
}
