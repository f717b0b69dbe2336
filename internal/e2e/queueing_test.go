package e2e

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// requireStillWaiting gives an acquisition the time to succeed wrongly.
func requireStillWaiting(tb testing.TB, p *zklock.Pending) {
	tb.Helper()
	select {
	case <-p.Done():
		require.FailNow(tb, "not waiting any more", "error: %v", p.Err())
	case <-time.After(200 * time.Millisecond):
	}
}

// TestTheNextNumberIsNoProofInAnotherZnode has a session lock alone, so that it knows the next
// number. Then the lock's znode is recreated, and others stand in the queue when ours gets that
// number.
func TestTheNextNumberIsNoProofInAnotherZnode(t *testing.T) {
	s, far := dial(t), dial(t)
	m, other := mutex(t, s, "next"), mutex(t, far, "next")
	for range 3 {
		lock(t, m)
		m.Unlock()
	}
	require.NoError(t, far.Remove(t.Context(), "next"))
	first := queued(t, other)
	receive(t, first.Done(), "lock")
	var behind []*zklock.Pending
	for range 2 {
		behind = append(behind, queued(t, other))
	}
	p := queued(t, m)
	q, err := m.Contenders(t.Context())
	require.NoError(t, err)
	require.Len(t, q, 4)
	require.EqualValues(t, 3, q[3].Sequence, "the number after the last of the old znode")
	requireStillWaiting(t, p)
	for range behind {
		other.Unlock()
		receive(t, behind[0].Done(), "lock")
		behind = behind[1:]
	}
	other.Unlock()
	receive(t, p.Done(), "lock")
	m.Unlock()
	requireQueue(t, m, 0)
}

// TestTheNextNumberIsNoProofBehindOthers has others come and go, and come and stay, between two of
// our own.
func TestTheNextNumberIsNoProofBehindOthers(t *testing.T) {
	m, other := mutex(t, dial(t), "next"), mutex(t, dial(t), "next")
	last := zklock.Token{}
	for _, between := range []int{0, 0, 1, 0, 2, 0, 0} {
		for range between {
			lock(t, other)
			other.Unlock()
		}
		lock(t, m)
		assert.Positive(t, m.Token().Compare(last))
		last = m.Token()
		m.Unlock()
	}
	lock(t, other)
	p := queued(t, m)
	requireStillWaiting(t, p)
	other.Unlock()
	receive(t, p.Done(), "lock")
	m.Unlock()
	requireQueue(t, m, 0)
}

// TestRemovedTogetherWithTheHolder has somebody remove the candidate of the next and the holder's,
// while the next asks what has become of the holder: it learns that nobody is ahead, and has to
// notice that it is not in the queue itself.
func TestRemovedTogetherWithTheHolder(t *testing.T) {
	proxy := server(t).Proxy(t)
	holder, next, third := mutex(t, dial(t), "both"), mutex(t, dialTo(t, proxy.Addr()), "both"),
		mutex(t, dial(t), "both")
	conn := dial(t).Conn()
	lock(t, holder)
	second := queued(t, next)
	last := queued(t, third)
	q, err := third.Contenders(t.Context())
	require.NoError(t, err)
	require.Len(t, q, 3)
	holders, nexts := holder.Path()+"/"+q[0].Znode, holder.Path()+"/"+q[1].Znode
	requireWatched(t, nexts, 2) // by itself, and by the one behind
	var once sync.Once
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if opOf(dir, frame) == wire.OpGetData {
			once.Do(func() {
				_, err := conn.Multi(&zk.DeleteRequest{Path: nexts, Version: -1},
					&zk.DeleteRequest{Path: holders, Version: -1})
				assert.NoError(t, err)
			})
		}
		return zktest.Pass
	})
	_, err = conn.Set(holders, []byte("no mark"), -1) // so that the next asks
	require.NoError(t, err)
	receive(t, last.Done(), "lock for the third")
	require.NoError(t, last.Err())
	requireStillWaiting(t, second) // at the end
	requireQueue(t, third, 2)
	third.Unlock()
	receive(t, second.Done(), "lock for the next")
	next.Unlock()
	require.ErrorIs(t, holder.UnlockContext(t.Context()), zklock.ErrLost)
	requireQueue(t, holder, 0)
}

// TestRemovedWhileWaiting has somebody remove a candidate that waits behind others: it queues
// again, long before its turn.
func TestRemovedWhileWaiting(t *testing.T) {
	locktest.NeedsServer(t)
	for name, sessions := range map[string]func() *zklock.Session{
		"behind others": func() *zklock.Session {
			return dial(t)
		}, "behind siblings": sync.OnceValue(func() *zklock.Session { return dial(t) }),
	} {
		t.Run(name, func(t *testing.T) { removeWhileWaiting(t, sessions) })
	}
}

func removeWhileWaiting(t *testing.T, session func() *zklock.Session) {
	holder, first, second := mutex(t, session(), "gone"), mutex(t, session(), "gone"),
		mutex(t, session(), "gone")
	lock(t, holder)
	p, q := queued(t, first), queued(t, second)
	before := contenders(t, holder)
	require.Len(t, before, 3)
	require.NoError(t, dial(t).Conn().Delete(holder.Path()+"/"+before[2].Znode, -1))
	// everybody looks again after a whole one
	requireQueuedAgain(t, holder, before, sessionTimeout/2)
	holder.Unlock()
	receive(t, p.Done(), "lock")
	first.Unlock()
	receive(t, q.Done(), "lock")
	second.Unlock()
	requireQueue(t, holder, 0)
}

// TestALostHoldLeavesNoCandidate has a lease run out and the session go on: others need not wait
// for the Unlock.
func TestALostHoldLeavesNoCandidate(t *testing.T) {
	t.Parallel()
	proxy := server(t).Proxy(t)
	s := dialTo(t, proxy.Addr())
	m, other := mutex(t, s, "lapsed"), mutex(t, dial(t), "lapsed")
	lock(t, m)
	id := s.ID()
	proxy.Blackhole()
	receive(t, m.Lost(), "loss")
	proxy.Heal()
	lock(t, other)
	require.Equal(t, id, s.ID(), "the session was not to end")
	other.Unlock()
	require.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
	requireQueue(t, m, 0)
}

// TestAHandOffNeedsNoRequest has one wait behind others, all in sessions of their own, and counts
// what it asks for when its turn comes: it has found out that nobody but the nearest is left while
// that held the lock.
func TestAHandOffNeedsNoRequest(t *testing.T) {
	for _, n := range []int{1, 2, 4} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			// otherwise a busy machine might have to prove the lease anew
			long := zklock.WithSessionTimeout(30 * time.Second)
			ahead := make([]*zklock.Mutex, n)
			pending := make([]*zklock.Pending, n)
			for i := range n {
				ahead[i] = mutex(t, dial(t, long), "turns")
				pending[i] = queued(t, ahead[i])
			}
			proxy := server(t).Proxy(t)
			m := mutex(t, dialTo(t, proxy.Addr(), long), "turns")
			var requests, asked, listed atomic.Int64
			proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
				switch {
				case opOf(dir, frame) == wire.OpGetChildren:
					asked.Store(int64(xidOf(frame)))
				case isReply(dir, frame) && asked.CompareAndSwap(int64(xidOf(frame)), 0):
					listed.Add(1)
				}
				if isRequest(dir, frame) {
					requests.Add(1)
				}
				return zktest.Pass
			})
			last := queued(t, m)
			q := contenders(t, ahead[0])
			require.Len(t, q, n+1)
			requireWatched(t, m.Path()+"/"+q[n].Znode, 1) // by itself
			listings := int64(1)                          // when it queues
			if n > 2 {
				listings++ // when the nearest but one of more is gone
			}
			for i := range n - 1 {
				receive(t, pending[i].Done(), "lock")
				requireStillWaiting(t, last)
				ahead[i].Unlock()
			}
			receive(t, pending[n-1].Done(), "lock")
			require.Eventually(t, func() bool {
				return listed.Load() >= listings
			}, patience, time.Millisecond)
			requireStillWaiting(t, last)

			before := requests.Load()
			ahead[n-1].Unlock()
			receive(t, last.Done(), "lock")
			require.NoError(t, last.Err())
			assert.Equal(t, before, requests.Load(), "requests before the grant")
			m.Unlock()
		})
	}
}

// TestOthersThanTheHolderLeave has those who are watched give up, while the holder and others are
// still ahead.
func TestOthersThanTheHolderLeave(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{1, 2, 3}, {3, 2, 1}, {2, 1, 3}, {2, 3, 1}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			holder := mutex(t, dial(t), "leave")
			lock(t, holder)
			pending := make([]*zklock.Pending, 4)
			for i := 1; i < len(pending); i++ {
				pending[i] = queued(t, mutex(t, dial(t), "leave"))
			}
			m := mutex(t, dial(t), "leave")
			last := queued(t, m)
			for _, i := range order {
				requireStillWaiting(t, last)
				pending[i].Cancel()
			}
			requireStillWaiting(t, last)
			holder.Unlock()
			receive(t, last.Done(), "lock")
			require.NoError(t, last.Err())
			m.Unlock()
			requireQueue(t, m, 0)
		})
	}
}
