package e2e

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestLocalHandoffExcludesInOrder has goroutines of two handles, each with a cohort, count under
// the lock.
func TestLocalHandoffExcludesInOrder(t *testing.T) {
	const goroutines, each = 16, 50
	handles := []*zklock.Mutex{
		mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(8)),
		mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(3)),
		mutex(t, dial(t), "cohort"),
	}
	count, last := 0, zklock.Token{} // guarded by the lock
	passed := 0
	var work sync.WaitGroup
	for _, m := range handles {
		for range goroutines {
			work.Go(func() {
				for range each {
					m.Lock()
					count++
					token := m.Token()
					assert.Positive(t, token.Compare(last), "%v after %v", token, last)
					if token.Zxid == last.Zxid {
						assert.Equal(t, last.Handoff+1, token.Handoff)
						passed++
					}
					last = token
					m.Unlock()
				}
			})
		}
	}
	work.Wait()
	assert.Equal(t, len(handles)*goroutines*each, count)
	assert.Greater(t, passed, count/4, "grants that were handed off")
	requireQueue(t, handles[0], 0)
}

// TestLocalHandoffIsFirstComeFirstServed has waiters come one after the other.
func TestLocalHandoffIsFirstComeFirstServed(t *testing.T) {
	m := mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(100))
	lock(t, m)
	var order []int
	var work sync.WaitGroup
	for i := range 20 {
		p := m.LockAsync(t.Context())
		work.Go(func() {
			<-p.Done()
			if assert.NoError(t, p.Err()) {
				order = append(order, i)
				m.Unlock()
			}
		})
	}
	requireQueue(t, m, 1) // nobody else has a candidate
	m.Unlock()
	work.Wait()
	for i, n := range order {
		assert.Equal(t, i, n)
	}
	assert.Len(t, order, 20)
	requireQueue(t, m, 0)
}

// TestAContenderWaitsForFewHandoffs has a cohort that never rests, and somebody else who queues.
func TestAContenderWaitsForFewHandoffs(t *testing.T) {
	for _, n := range []int{1, 2, 16, 64} {
		m := mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(n))
		other := mutex(t, dial(t), "cohort")
		var grants atomic.Int64
		var stop atomic.Bool
		var work sync.WaitGroup
		for range 32 {
			work.Go(func() {
				for !stop.Load() {
					m.Lock()
					grants.Add(1)
					m.Unlock()
				}
			})
		}
		most := int64(0)
		for range 20 {
			require.Eventually(t, func() bool {
				return grants.Load() > 0
			}, patience, time.Millisecond)
			p := queued(t, other)
			before := grants.Load()
			receive(t, p.Done(), "grant")
			most = max(most, grants.Load()-before)
			require.NoError(t, p.Err())
			other.Unlock()
		}
		stop.Store(true)
		work.Wait()
		t.Logf("n = %d: %d grants, the contender waited for %d at most", n, grants.Load(), most)
		// It hears a little after it has queued that it has, and then that it is granted the lock,
		// when one more may be counted here.
		assert.LessOrEqual(t, most, int64(n)+1)
		requireQueue(t, m, 0)
	}
}

// TestNoHandoffAfterARevocation has the holder asked while others of the handle wait.
func TestNoHandoffAfterARevocation(t *testing.T) {
	m := mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(100))
	other := mutex(t, dial(t), "cohort")
	revoked := lock(t, m)
	first := m.Token()
	waiter := m.LockAsync(t.Context())
	p := queued(t, other)
	n, err := other.RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	receive(t, revoked, "revocation")
	assert.True(t, isOpen(waiter.Revoked()),
		"who waits has not been asked: the next candidate is another")
	m.Unlock()
	receive(t, p.Done(), "grant to the one who asked")
	require.NoError(t, p.Err())
	assert.True(t, isOpen(waiter.Done()))
	other.Unlock()
	receive(t, waiter.Done(), "grant to the one who waited here")
	require.NoError(t, waiter.Err())
	assert.NotEqual(t, first.Zxid, m.Token().Zxid)
	require.NoError(t, m.UnlockContext(t.Context()))
	requireQueue(t, m, 0)
}

// TestHandedOffHoldIsLostWithItsSession has the session expire while a hold that was passed on is
// out.
func TestHandedOffHoldIsLostWithItsSession(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "cohort", zklock.WithLocalHandoff(100))
	lock(t, m)
	firstLost := m.Lost()
	second, third := m.LockAsync(t.Context()), m.LockAsync(t.Context())
	m.Unlock()
	receive(t, second.Done(), "handoff")
	assert.EqualValues(t, 1, m.Token().Handoff)
	lost := m.Lost()
	require.NoError(t, server(t).Expire(s.ID()))
	receive(t, lost, "loss")
	assert.False(t, isOpen(second.Revoked()))
	assert.True(t, isOpen(firstLost), "a hold that was released cannot be lost")
	assert.True(t, isOpen(third.Done()), "a lost hold keeps its handle until it is unlocked")
	require.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
	receive(t, third.Done(), "grant in the next session")
	require.NoError(t, third.Err())
	m.Unlock()
	requireQueue(t, m, 0)
}

// TestHandoffWaitersEndWithTheirContext has those who wait in a cohort give up, one by one and all
// together.
func TestHandoffWaitersEndWithTheirContext(t *testing.T) {
	m := mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(100))
	other := mutex(t, dial(t), "cohort")
	lock(t, other)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	first, second := m.LockAsync(ctx), m.LockAsync(t.Context())
	receive(t, first.Queued(), "candidate")
	requireQueue(t, other, 2)
	cancel(cause)
	receive(t, first.Done(), "end")
	require.ErrorIs(t, first.Err(), cause)
	require.ErrorIs(t, first.Err(), context.Canceled)
	requireQueue(t, other, 2)
	second.Cancel()
	receive(t, second.Released(), "end")
	requireQueue(t, other, 1) // nobody waits any more
	third := m.LockAsync(t.Context())
	other.Unlock()
	receive(t, third.Done(), "grant")
	require.NoError(t, third.Err())
	_, err := m.LockContext(ctx)
	require.ErrorIs(t, err, cause)
	_, err = m.TryLockContext(t.Context())
	require.ErrorIs(t, err, zklock.ErrLocked)
	m.Unlock()
	requireQueue(t, other, 0)
}

// TestCloseFreesThoseWhoWaitInACohort closes the Session while the lock is held, and while it is
// waited for.
func TestCloseFreesThoseWhoWaitInACohort(t *testing.T) {
	other := mutex(t, dial(t), "cohort")
	for _, held := range []bool{true, false} {
		s := dial(t)
		m := mutex(t, s, "cohort", zklock.WithLocalHandoff(100))
		if held {
			lock(t, m)
		} else {
			lock(t, other)
		}
		waiter := m.LockAsync(t.Context())
		receive(t, waiter.Queued(), "candidate")
		require.NoError(t, s.Close())
		receive(t, waiter.Done(), "end")
		require.ErrorIs(t, waiter.Err(), zklock.ErrClosed)
		if held {
			require.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
		} else {
			other.Unlock()
		}
		_, err := m.LockContext(t.Context())
		require.ErrorIs(t, err, zklock.ErrClosed)
		requireQueue(t, other, 0)
	}
}

// TestReadersOfAProcessShareACandidate has readers join, until a writer queues.
func TestReadersOfAProcessShareACandidate(t *testing.T) {
	s, far := dial(t), dial(t)
	rw, err := s.RWMutex("cohort", zklock.WithLocalHandoff(4))
	require.NoError(t, err)
	writer, err := far.RWMutex("cohort")
	require.NoError(t, err)
	rw.RLock()
	rw.RLock()
	requireQueue(t, writer.Mutex, 1)
	w := queued(t, writer.Mutex)
	joined := 0
	for full := false; !full; { // each is in at once, or queues behind the writer
		held := readAsync(rw)
		require.Eventually(t, func() bool {
			return !isOpen(held) || len(contenders(t, writer.Mutex)) == 3
		}, patience, time.Millisecond)
		if full = isOpen(held); !full {
			joined++
		}
		require.LessOrEqual(t, joined, 4)
	}
	assert.Positive(t, joined)
	requireQueue(t, writer.Mutex, 3) // the readers, the writer, the next readers
	for range 2 + joined {
		rw.RUnlock()
	}
	receive(t, w.Done(), "write lock")
	require.NoError(t, w.Err())
	writer.Unlock()
	require.Eventually(t, func() bool { return rw.TryRLock() }, patience, time.Millisecond)
	rw.RUnlock()
	rw.RUnlock()
	requireQueue(t, writer.Mutex, 0)
}

// readAsync returns a channel that is closed when a read hold is acquired.
func readAsync(rw *zklock.RWMutex) <-chan struct{} {
	held := make(chan struct{})
	go func() { // ends with the grant, which the test waits for
		rw.RLock()
		close(held)
	}()
	return held
}

// TestALostReaderDoesNotKeepOthersOut has the session expire while readers hold the lock who do not
// unlock.
func TestALostReaderDoesNotKeepOthersOut(t *testing.T) {
	t.Parallel()
	s := dial(t)
	rw, err := s.RWMutex("cohort", zklock.WithLocalHandoff(100))
	require.NoError(t, err)
	revoked, err := rw.RLockContext(t.Context())
	require.NoError(t, err)
	require.NoError(t, server(t).Expire(s.ID()))
	receive(t, revoked, "loss")
	again, err := rw.RLockContext(t.Context())
	require.NoError(t, err)
	assert.True(t, isOpen(again))
	rw.RUnlock() // the lost one first
	assert.True(t, isOpen(again))
	rw.RUnlock()
	assert.Panics(t, rw.RUnlock)
	requireQueue(t, rw.Mutex, 0)
}

// TestACohortThatIsAskedWhileItWaits has somebody ask everybody in the queue to make way, and queue
// behind.
func TestACohortThatIsAskedWhileItWaits(t *testing.T) {
	m := mutex(t, dial(t), "cohort", zklock.WithLocalHandoff(100))
	other, asks := mutex(t, dial(t), "cohort"), mutex(t, dial(t), "cohort")
	lock(t, other)
	first, second := m.LockAsync(t.Context()), m.LockAsync(t.Context())
	receive(t, first.Queued(), "candidate")
	last := queued(t, asks)
	_, err := asks.RevokeAll(t.Context())
	require.NoError(t, err)
	other.Unlock()
	receive(t, first.Done(), "the turn of who came before those who ask")
	require.NoError(t, first.Err())
	assert.False(t, isOpen(m.Revoked()), "it has been asked already")
	require.ErrorIs(t, m.Err(), zklock.ErrRevoked)
	assert.True(t, isOpen(last.Done()))
	m.Unlock()
	receive(t, last.Done(), "the turn of who asked")
	assert.True(t, isOpen(second.Done()), "a hold that was revoked is not passed on")
	asks.Unlock()
	receive(t, second.Done(), "grant")
	require.NoError(t, m.UnlockContext(t.Context()))
	requireQueue(t, other, 0)
}
