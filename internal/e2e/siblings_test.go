package e2e

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// TestSiblingsNeedNoListing has goroutines of one session take turns, and counts what that takes.
func TestSiblingsNeedNoListing(t *testing.T) {
	const goroutines, each = 16, 50
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "siblings")
	lock(t, m)
	m.Unlock()
	var requests, events atomic.Int64
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		switch {
		case isRequest(dir, frame):
			requests.Add(1)
		case isEvent(dir, frame):
			events.Add(1)
		}
		return zktest.Pass
	})
	counter := 0
	var work sync.WaitGroup
	for range goroutines {
		work.Go(func() {
			for range each {
				m.Lock()
				counter++
				m.Unlock()
			}
		})
	}
	work.Wait()
	assert.Equal(t, goroutines*each, counter)
	n := float64(goroutines * each)
	t.Logf("an acquisition: %.2f requests, %.2f events", float64(requests.Load())/n,
		float64(events.Load())/n)
	assert.Less(t, float64(requests.Load())/n, 3.5,
		"create, look whether it is still there, delete")
	assert.Less(t, float64(events.Load())/n, 0.5)
	requireQueue(t, m, 0)
}

// TestASiblingOfAnotherZnodeProvesNothing has the lock's znode recreated under a fresh hold, and
// somebody else hold the lock there when the same session queues with the next number.
func TestASiblingOfAnotherZnodeProvesNothing(t *testing.T) {
	s := dial(t)
	holder, m := mutex(t, s, "siblings"), mutex(t, s, "siblings")
	conn := dial(t).Conn()
	lock(t, holder)
	foreign := locktest.RecreateAndQueue(t, conn, holder)
	p := queued(t, m)
	_ = holder.UnlockContext(t.Context()) // it may have been told already
	requireStillWaiting(t, p)
	require.NoError(t, conn.Delete(foreign, -1))
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	m.Unlock()
	requireQueue(t, m, 0)
}

// TestASiblingThatWasRemovedIsNotNext has somebody else remove a candidate that waits behind one of
// its own session.
func TestASiblingThatWasRemovedIsNotNext(t *testing.T) {
	m, other := mutex(t, dial(t), "siblings"), mutex(t, dial(t), "siblings")
	lock(t, m)
	p := queued(t, m)
	behind := queued(t, other)
	q := contenders(t, other)
	require.Len(t, q, 3)
	require.NoError(t, dial(t).Conn().Delete(m.Path()+"/"+q[1].Znode, -1))
	m.Unlock()
	receive(t, behind.Done(), "lock")
	requireStillWaiting(t, p)
	other.Unlock()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	m.Unlock()
	requireQueue(t, m, 0)
}

// TestASiblingThatGivesUpIsNotFollowed has one in the middle of three give up while the first holds
// the lock.
func TestASiblingThatGivesUpIsNotFollowed(t *testing.T) {
	s := dial(t)
	// one handle alone would not hold twice
	holder, m := mutex(t, s, "siblings"), mutex(t, s, "siblings")
	lock(t, holder)
	middle, last := queued(t, m), queued(t, m)
	middle.Cancel()
	receive(t, middle.Released(), "removal")
	requireStillWaiting(t, last)
	holder.Unlock()
	receive(t, last.Done(), "lock")
	m.Unlock()
	requireQueue(t, m, 0)
}

// TestAStrangerBetweenSiblingsIsSeen has a client that does not see ours come to the lock between
// two of one session.
func TestAStrangerBetweenSiblingsIsSeen(t *testing.T) {
	m := mutex(t, dial(t), "siblings")
	conn := dial(t).Conn()
	lock(t, m)
	kazoo := m.Path() + "/00000000000000000000000000000000__lock__"
	_, err := conn.Create(kazoo, nil, zk.FlagEphemeral|zk.FlagSequence, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)
	_, err = m.LockContext(t.Context())
	require.ErrorIs(t, err, zklock.ErrMixedDialects)
	m.Unlock()
}

// TestASiblingWhoseDataMayNotBeRead has candidates that show nobody more than that they exist.
func TestASiblingWhoseDataMayNotBeRead(t *testing.T) {
	s := dial(t)
	readable := mutex(t, s, "siblings") // so that the lock's own znode is
	lock(t, readable)
	// that this is not we is known to the servers alone
	elsewhere := zk.ACL{Perms: zk.PermRead, Scheme: "ip", ID: "192.0.2.1"}
	m := mutex(t, s, "siblings",
		zklock.WithLockACL(append(zk.WorldACL(zk.PermAll&^zk.PermRead), elsewhere)...))
	first, second := queued(t, m), queued(t, m)
	readable.Unlock()
	for _, p := range []*zklock.Pending{first, second} {
		receive(t, p.Done(), "lock")
		require.NoError(t, p.Err())
		m.Unlock()
	}
	requireQueue(t, readable, 0)
}
