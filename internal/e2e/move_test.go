package e2e

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// moving is a Session on a quorum that goes where the test leads it.
type moving struct {
	*zklock.Session
	quorum
	target atomic.Value // of string: the address for the next connection
	live   atomic.Value // of net.Conn: the last connection
}

func newMoving(t *testing.T, q quorum) *moving {
	m := &moving{quorum: q}
	m.target.Store(q.leader)
	dial := func(context.Context, string, string) (net.Conn, error) {
		time.Sleep(100 * time.Millisecond) // sleep ok: it stands for the way to the next server
		conn, err := q.dial(m.target.Load().(string))
		if err == nil {
			m.live.Store(conn)
		}
		return conn, err
	}
	m.Session = dialTo(t, q.leader, zklock.WithDialer(dial),
		zklock.WithSessionTimeout(20*time.Second))
	return m
}

func (m *moving) moveTo(address string) {
	m.target.Store(address)
	m.live.Load().(net.Conn).Close()
}

// whileCommitsHang asks for one lock at the leader and for another at a follower, and returns when
// both can be answered.
func (m *moving) whileCommitsHang(t *testing.T, a, b *zklock.Mutex) (*zklock.Pending,
	*zklock.Pending) {
	for _, l := range []*zklock.Mutex{a, b} { // there are their znodes now
		lock(t, l)
		l.Unlock()
	}
	m.moveTo(m.leader)
	require.Eventually(t, func() bool {
		return m.State() != zklock.StateConnected
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool {
		return m.State() == zklock.StateConnected
	}, patience, time.Millisecond)
	m.hold()
	defer m.release()
	first := a.LockAsync(t.Context())
	m.proposed(1)
	m.moveTo(m.follower)
	require.Eventually(t, func() bool {
		return m.State() != zklock.StateConnected
	}, patience, time.Millisecond)
	second := b.LockAsync(t.Context())
	m.proposed(2)
	return first, second
}

// TestTwoLocksWhileASessionMoves has a session go to another server while a creation is under way.
// The commit of that comes to the other server.
func TestTwoLocksWhileASessionMoves(t *testing.T) {
	t.Parallel()
	slow(t)
	m := newMoving(t, realQuorum(t))
	a, b := mutex(t, m.Session, "a"), mutex(t, m.Session, "b")
	far := dialTo(t, m.follower)
	first, second := m.whileCommitsHang(t, a, b)
	for name, p := range map[string]*zklock.Pending{"a": first, "b": second} {
		receive(t, p.Done(), "lock "+name)
		require.NoError(t, p.Err())
		requireQueue(t, mutex(t, far, name), 1)
	}
	assert.NoError(t, a.UnlockContext(t.Context()))
	assert.NoError(t, b.UnlockContext(t.Context()))
	for _, name := range []string{"a", "b"} {
		requireQueue(t, mutex(t, far, name), 0)
	}
	assert.Equal(t, zklock.StateConnected, m.State())
}

// TestOneLockWhileASessionMoves is that for two handles of one lock.
func TestOneLockWhileASessionMoves(t *testing.T) {
	t.Parallel()
	slow(t)
	m := newMoving(t, realQuorum(t))
	a, b := mutex(t, m.Session, "a"), mutex(t, m.Session, "a")
	far := mutex(t, dialTo(t, m.follower), "a")
	first, second := m.whileCommitsHang(t, a, b)
	requireQueue(t, far, 2)
	select {
	case <-first.Done():
	case <-second.Done():
		a, b, first, second = b, a, second, first
	case <-time.After(patience):
		require.FailNow(t, "nobody is granted the lock")
	}
	require.NoError(t, first.Err())
	require.Never(t, func() bool {
		return !isOpen(second.Done())
	}, time.Second, 10*time.Millisecond, "two are granted the lock")
	token := a.Token()
	assert.NoError(t, a.UnlockContext(t.Context()))
	receive(t, second.Done(), "lock")
	require.NoError(t, second.Err())
	assert.Positive(t, b.Token().Compare(token))
	assert.NoError(t, b.UnlockContext(t.Context()))
	requireQueue(t, far, 0)
}
