package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestCloseReleasesEverythingAtOnce(t *testing.T) {
	s, other := dial(t), dial(t)
	held, waiting := mutex(t, s, "held"), mutex(t, s, "held")
	revoked := lock(t, held)
	lost := held.Lost()
	p := queued(t, waiting)
	next := queued(t, mutex(t, other, "held"))

	require.NoError(t, s.Close())
	assert.False(t, isOpen(lost))
	assert.False(t, isOpen(revoked))
	assert.ErrorIs(t, held.Err(), zklock.ErrLost)
	assert.ErrorIs(t, held.Err(), zklock.ErrClosed)
	receive(t, p.Done(), "end of the wait")
	assert.ErrorIs(t, p.Err(), zklock.ErrClosed)
	ctx, cancel := context.WithTimeout(t.Context(), sessionTimeout/4)
	defer cancel()
	select {
	case <-next.Done():
	case <-ctx.Done():
		t.Error("the lock stayed taken after Close")
	}
	require.NoError(t, s.Close(), "once more")
	assert.ErrorIs(t, held.UnlockContext(t.Context()), zklock.ErrLost)
}

// TestCloseDoesNotWaitForWhatIsOver: zk.Conn has ways to wait for a second.
func TestCloseDoesNotWaitForWhatIsOver(t *testing.T) {
	quickest := time.Hour
	for range 3 { // a busy machine may be slow once
		s := dial(t)
		m := mutex(t, s, "quick")
		lock(t, m)
		m.Unlock()
		begun := time.Now()
		require.NoError(t, s.Close())
		quickest = min(quickest, time.Since(begun))
	}
	assert.Less(t, quickest, 500*time.Millisecond)
}

func TestClosedSessionRefuses(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "closed")
	require.NoError(t, s.Close())
	ctx := t.Context()
	assert.Panics(t, m.Lock)
	assert.False(t, m.TryLock())
	_, err := m.LockContext(ctx)
	assert.ErrorIs(t, err, zklock.ErrClosed)
	_, err = m.TryLockContext(ctx)
	assert.ErrorIs(t, err, zklock.ErrClosed)
	assert.ErrorIs(t, m.Do(ctx, func(context.Context) error { return nil }), zklock.ErrClosed)
	_, err = m.Contenders(ctx)
	assert.ErrorIs(t, err, zklock.ErrClosed)
	_, err = s.Locks(ctx)
	assert.ErrorIs(t, err, zklock.ErrClosed)
	assert.ErrorIs(t, s.Remove(ctx, "closed"), zklock.ErrClosed)
	assert.Panics(t, m.Unlock, "it is not locked")
}

func TestCloseOfManyAtOnce(t *testing.T) {
	s := dial(t)
	lock(t, mutex(t, s, "many"))
	var work sync.WaitGroup
	for range 10 {
		work.Go(func() { mutex(t, s, "many").LockContext(context.Background()) })
		work.Go(func() { s.Close() })
	}
	work.Wait()
}

func TestCloseWithoutServersSaysSo(t *testing.T) {
	t.Parallel()
	proxy := server(t).Proxy(t)
	s := dialTo(t, proxy.Addr())
	m := mutex(t, s, "unreachable")
	lock(t, m)
	proxy.Cut()
	begun := time.Now()
	err := s.Close()
	assert.Less(t, time.Since(begun), 10*time.Second)
	var op *zklock.OpError
	require.ErrorAs(t, err, &op)
	assert.Equal(t, "close", op.Op)
	assert.ErrorContains(t, err, sessionTimeout.String())
	assert.Equal(t, err, s.Close())
	assert.ErrorIs(t, m.Err(), zklock.ErrLost)
}
