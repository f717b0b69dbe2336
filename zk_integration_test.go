package zklock_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
)

var _ sync.Locker = (*zklock.Mutex)(nil)

func TestMutexExcludesGoroutinesOfThreeSessions(t *testing.T) {
	slow(t)
	const goroutines, acquisitions = 200, 10_000
	handles := []*zklock.Mutex{
		mutex(t, dial(t), "counter"), mutex(t, dial(t), "counter"), mutex(t, dial(t), "counter"),
	}
	var inside, counter int // the race detector watches these
	var left = make(chan struct{}, acquisitions)
	for range acquisitions {
		left <- struct{}{}
	}
	close(left)
	var tokens []zklock.Token
	var g errgroup.Group
	for i := range goroutines {
		m := handles[i%len(handles)]
		g.Go(func() error {
			for range left {
				m.Lock()
				inside++
				if inside != 1 {
					return fmt.Errorf("%d inside", inside)
				}
				counter++
				tokens = append(tokens, m.Token())
				inside--
				m.Unlock()
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	assert.Equal(t, acquisitions, counter)
	assert.True(t, slices.IsSortedFunc(tokens, func(a, b zklock.Token) int {
		if a.Compare(b) < 0 {
			return -1
		}
		return 1 // equal ones are out of order too
	}), "tokens do not increase strictly")
	requireQueue(t, handles[0], 0)
}

func TestMutexIsFirstComeFirstServed(t *testing.T) {
	s := dial(t)
	holder := mutex(t, s, "fifo")
	lock(t, holder)
	const n = 20
	var order []int
	var g errgroup.Group
	for i := range n {
		session := s
		if i%2 == 1 {
			session = dial(t)
		}
		m := mutex(t, session, "fifo")
		p := queued(t, m)
		g.Go(func() error {
			<-p.Done()
			order = append(order, i)
			return errors.Join(p.Err(), m.UnlockContext(context.Background()))
		})
	}
	holder.Unlock()
	require.NoError(t, g.Wait())
	assert.Len(t, order, n)
	assert.True(t, slices.IsSorted(order), "%v", order)
}

func TestMutexIsNotReentrant(t *testing.T) {
	m := mutex(t, dial(t), "once")
	lock(t, m)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := m.LockContext(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NoError(t, m.Err(), "the failed attempt touched the hold")
	requireQueue(t, m, 1)
	m.Unlock()
}

func TestUnlockOfUnlockedPanics(t *testing.T) {
	m := mutex(t, dial(t), "free")
	assert.Panics(t, m.Unlock)
	assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrNotLocked)
	lock(t, m)
	m.Unlock()
	assert.Panics(t, m.Unlock)
}

func TestUnlockByAnotherGoroutine(t *testing.T) {
	m := mutex(t, dial(t), "shared")
	lock(t, m)
	var g errgroup.Group
	g.Go(func() error { return m.UnlockContext(context.Background()) })
	require.NoError(t, g.Wait())
	lock(t, m)
	m.Unlock()
}

func TestTryLockLeavesNothingWhenRefused(t *testing.T) {
	holder, other := mutex(t, dial(t), "try"), mutex(t, dial(t), "try")
	assert.True(t, holder.TryLock())
	assert.False(t, holder.TryLock(), "same handle")
	assert.False(t, other.TryLock(), "other handle")
	_, err := other.TryLockContext(t.Context())
	var op *zklock.OpError
	require.ErrorAs(t, err, &op)
	assert.Equal(t, "lock", op.Op)
	assert.Equal(t, other.Path(), op.Path)
	assert.ErrorIs(t, err, zklock.ErrLocked)
	children, _, err := dial(t).Conn().Children(other.Path())
	require.NoError(t, err)
	assert.Len(t, children, 1, "a refused try left its znode")
	holder.Unlock()
	revoked, err := other.TryLockContext(t.Context())
	require.NoError(t, err)
	assert.True(t, isOpen(revoked))
	other.Unlock()
}

func TestContextBoundsTheAcquisitionOnly(t *testing.T) {
	m := mutex(t, dial(t), "ctx")
	ctx, cancel := context.WithCancel(t.Context())
	revoked, err := m.LockContext(ctx)
	require.NoError(t, err)
	cancel()
	held, err := m.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held)
	assert.True(t, isOpen(revoked))
	assert.NoError(t, m.Err())
	m.Unlock()
}

func TestContextErrorAndCause(t *testing.T) {
	s := dial(t)
	lock(t, mutex(t, s, "taken"))
	waiter := mutex(t, s, "taken")
	cause := errors.New("the user went home")

	ended, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	_, err := waiter.LockContext(ended)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, cause)

	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	_, err = waiter.LockContext(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, cause)

	late, stop := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, cause)
	defer stop()
	_, err = waiter.LockContext(late)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, cause)
	requireQueue(t, waiter, 1)
}

func TestChannelsBelongToOneHold(t *testing.T) {
	m := mutex(t, dial(t), "channels")
	assert.False(t, isOpen(m.Revoked()), "nothing is held")
	assert.False(t, isOpen(m.Lost()), "nothing is held")
	assert.True(t, m.Token().IsZero())
	assert.NoError(t, m.Err())

	revoked := lock(t, m)
	lost := m.Lost()
	assert.Equal(t, revoked, m.Revoked())
	first := m.Token()
	m.Unlock()
	assert.False(t, isOpen(m.Revoked()))
	assert.True(t, m.Token().IsZero())

	again := lock(t, m)
	assert.NotEqual(t, revoked, again)
	assert.Positive(t, m.Token().Compare(first))
	_, err := m.RevokeAll(t.Context())
	require.NoError(t, err)
	receive(t, again, "revocation")
	assert.True(t, isOpen(revoked), "the first hold, released long ago, was told of a revocation")
	assert.True(t, isOpen(lost))
	assert.True(t, isOpen(m.Lost()), "to be asked is not to have lost")
	assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
	m.Unlock()
	assert.True(t, isOpen(lock(t, m)), "the third hold inherited the second's revocation")
	m.Unlock()
}

func TestHoldIsLostWithItsSession(t *testing.T) {
	s := dial(t)
	m, waiter := mutex(t, s, "expired"), mutex(t, s, "expired")
	revoked := lock(t, m)
	lost, token, conn, id := m.Lost(), m.Token(), s.Conn(), s.ID()
	p := queued(t, waiter)

	require.NoError(t, server(t).Expire(id))
	receive(t, lost, "loss")
	receive(t, revoked, "revocation")
	assert.ErrorIs(t, m.Err(), zklock.ErrLost)
	assert.NotErrorIs(t, m.Err(), zklock.ErrRevoked)
	_, err := m.Guard()
	assert.ErrorIs(t, err, zklock.ErrLost)

	receive(t, p.Done(), "lock in the next session")
	require.NoError(t, p.Err())
	assert.Positive(t, waiter.Token().Compare(token))
	assert.NotEqual(t, id, s.ID())
	assert.NotSame(t, conn, s.Conn())
	waiter.Unlock()
	m.Unlock() // no panic
	lock(t, m)
	m.Unlock()
}

func TestLostHoldOccupiesItsHandle(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "handle")
	lock(t, m)
	p := queued(t, m)
	require.NoError(t, server(t).Expire(s.ID()))
	receive(t, m.Lost(), "loss")
	requireQueue(t, m, 0) // the second goroutine's would keep everybody from the lock
	_, err := m.TryLockContext(t.Context())
	assert.ErrorIs(t, err, zklock.ErrLocked)
	assert.True(t, isOpen(p.Done()), "two goroutines are inside one handle")
	m.Unlock()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	m.Unlock()
}

func TestTokensIncreaseThroughEverything(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "fence/deep")
	var last zklock.Token
	next := func(when string) {
		lock(t, m)
		token := m.Token()
		assert.Equal(t, 1, token.Compare(last), "%s: %v after %v", when, token, last)
		assert.Greater(t, token.String(), last.String(), when)
		assert.Equal(t, token.Zxid, contenders(t, m)[0].Zxid)
		last = token
		m.Unlock()
	}
	next("first")
	next("again")
	require.NoError(t, s.Remove(t.Context(), "fence/deep"))
	next("after the lock's znode was removed")
	require.NoError(t, server(t).Expire(s.ID()))
	next("after an expiry")
	m = mutex(t, dial(t), "fence/deep")
	next("in another session")
}

func TestGuardLetsNoStaleHolderWrite(t *testing.T) {
	s, other := dial(t), dial(t)
	m, usurper := mutex(t, s, "guarded"), mutex(t, other, "guarded")
	_, err := m.Guard()
	assert.ErrorIs(t, err, zklock.ErrNotLocked)

	lock(t, m)
	data := m.Path() + "-data"
	_, err = s.Conn().Create(data, []byte("0"), zk.FlagPersistent, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	guard, err := m.Guard()
	require.NoError(t, err)
	write := func(text string) error {
		_, err := s.Conn().Multi(guard,
			&zk.SetDataRequest{Path: data, Data: []byte(text), Version: -1})
		return err
	}
	require.NoError(t, write("1"))
	_, err = m.RevokeAll(t.Context())
	require.NoError(t, err)
	require.NoError(t, write("2"), "to be asked is not to have lost")

	_, err = usurper.LockRevoking(t.Context(), zklock.Force)
	require.NoError(t, err)
	assert.ErrorIs(t, write("3"), zk.ErrNoNode)
	got, _, err := s.Conn().Get(data)
	require.NoError(t, err)
	assert.Equal(t, "2", string(got))
	m.Unlock()
	usurper.Unlock()
}

func TestHeldAsksTheEnsemble(t *testing.T) {
	m := mutex(t, dial(t), "held")
	is := func(want bool) {
		t.Helper()
		held, err := m.Held(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, held)
	}
	is(false)
	lock(t, m)
	is(true)
	m.Unlock()
	is(false)
}

func TestContendersInQueueOrder(t *testing.T) {
	s := dial(t)
	holder := mutex(t, s, "queue", zklock.WithIdentifier("first"))
	assert.Empty(t, contenders(t, holder), "a lock that does not exist")
	lock(t, holder)
	second := dial(t)
	p := queued(t, mutex(t, second, "queue", zklock.WithIdentifier("second")))
	got := contenders(t, holder)
	require.Len(t, got, 2)
	for i, want := range []struct {
		data string
		id   int64
	}{{"first", s.ID()}, {"second", second.ID()}} {
		assert.Equal(t, want.data, string(got[i].Data))
		assert.Equal(t, want.id, got[i].SessionID)
		assert.Equal(t, zklock.KindLock, got[i].Kind)
		assert.Equal(t, i == 0, got[i].Holder)
		assert.False(t, got[i].Revoked)
		assert.Equal(t, int32(i), got[i].Sequence)
		assert.Regexp(t, `^_c_[0-9a-f]{32}-lock-\d{10}$`, got[i].Znode)
		assert.WithinDuration(t, time.Now(), got[i].Created, time.Minute)
		assert.Equal(t, got[i].Created, got[i].Modified)
	}
	assert.Equal(t, holder.Token().Zxid, got[0].Zxid)
	p.Cancel()
	receive(t, p.Released(), "removal")
	holder.Unlock()
}
