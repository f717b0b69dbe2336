package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestPendingTellsEveryStep(t *testing.T) {
	holder, waiter := mutex(t, dial(t), "steps"), mutex(t, dial(t), "steps")
	lock(t, holder)
	p := waiter.LockAsync(t.Context())
	receive(t, p.Queued(), "candidate")
	assert.True(t, isOpen(p.Done()))
	assert.NoError(t, p.Err())
	assert.True(t, waiter.Token().IsZero(), "it waits still")
	holder.Unlock()
	receive(t, p.Done(), "lock")
	assert.NoError(t, p.Err())
	assert.Equal(t, waiter.Revoked(), p.Revoked())
	assert.True(t, isOpen(p.Revoked()))
	assert.True(t, isOpen(p.Released()))
	waiter.Unlock()
	receive(t, p.Released(), "removal")
	assert.NoError(t, p.Err())
	assert.True(t, isOpen(p.Revoked()), "to release is not to be revoked")
}

func TestCancelLeavesTheQueue(t *testing.T) {
	holder, waiter, last := mutex(t, dial(t), "leave"), mutex(t, dial(t), "leave"),
		mutex(t, dial(t), "leave")
	lock(t, holder)
	p, next := queued(t, waiter), queued(t, last)
	p.Cancel()
	receive(t, p.Done(), "end of the wait")
	assert.ErrorIs(t, p.Err(), context.Canceled)
	receive(t, p.Released(), "removal")
	requireQueue(t, holder, 2)
	p.Cancel()
	assert.True(t, isOpen(next.Done()), "the one behind overtook the holder")
	holder.Unlock()
	receive(t, next.Done(), "lock")
	assert.NoError(t, next.Err())
	last.Unlock()
}

func TestCancelReleasesWhatWasAcquired(t *testing.T) {
	m := mutex(t, dial(t), "acquired")
	p := m.LockAsync(t.Context())
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	p.Cancel()
	receive(t, p.Released(), "removal")
	assert.NoError(t, p.Err(), "it had been acquired")
	assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrNotLocked)
	requireQueue(t, m, 0)

	lock(t, m)
	p.Cancel() // of the hold before
	held, err := m.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held, "a late Cancel released somebody else's hold")
	m.Unlock()
}

func TestPendingEndsWithItsContext(t *testing.T) {
	m := mutex(t, dial(t), "ends")
	lock(t, m)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	p := m.LockAsync(ctx)
	receive(t, p.Queued(), "candidate")
	cancel(cause)
	receive(t, p.Done(), "end of the wait")
	assert.ErrorIs(t, p.Err(), context.Canceled)
	assert.ErrorIs(t, p.Err(), cause)
	receive(t, p.Released(), "removal")
	requireQueue(t, m, 1)
	m.Unlock()
}

func TestPendingGoesOnAfterAnExpiry(t *testing.T) {
	t.Parallel()
	holder, s := mutex(t, dial(t), "again"), dial(t)
	lock(t, holder)
	waiter := mutex(t, s, "again")
	p := queued(t, waiter)
	before := contenders(t, holder)
	require.Len(t, before, 2)
	_, err := s.Conn().Set(waiter.Path()+"/"+before[1].Znode, []byte("unlock"), -1)
	require.NoError(t, err)
	receive(t, p.Revoked(), "revocation of the first candidate")
	require.NoError(t, server(t).Expire(s.ID()))
	requireQueuedAgain(t, holder, before, patience)
	holder.Unlock()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	assert.True(t, isOpen(p.Revoked()), "the second candidate inherited the first's mark")
	assert.NoError(t, waiter.Err())
	waiter.Unlock()
}
