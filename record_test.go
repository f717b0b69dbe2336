package zklock_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// longLine has n waiters of several sessions queue behind a holder, one after the other. The waiters' sessions are at connect. All
// look at the queue again once in a session timeout, which is long: that is not what is counted.
func longLine(t *testing.T, connect string, n int, opts ...zklock.LockOption) (holder *zklock.Mutex, waiters []*zklock.Pending, handles []*zklock.Mutex) {
	t.Helper()
	const sessions = 4
	long := zklock.WithSessionTimeout(patience)
	for range sessions {
		handles = append(handles, mutex(t, dialTo(t, connect, long), "long", opts...))
	}
	holder = mutex(t, dial(t, long), "long", opts...)
	lock(t, holder)
	for i := range n {
		p := handles[i%sessions].LockAsync(t.Context())
		receive(t, p.Queued(), "candidate")
		waiters = append(waiters, p)
	}
	return holder, waiters, handles
}

// TestALongQueueIsNotListedAtEveryHandoff drains one and counts the listings, and the bytes that each grant takes.
func TestALongQueueIsNotListedAtEveryHandoff(t *testing.T) {
	const n, giveUp = 550, 50 // of which some in the middle give up
	proxy := server(t).Proxy(t)
	holder, waiters, handles := longLine(t, proxy.Addr(), n)
	var listings, bytes atomic.Int64
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		const getChildren = 8
		if opOf(dir, frame) == getChildren {
			listings.Add(1)
		}
		if dir == zktest.ToClient {
			bytes.Add(int64(len(frame)))
		}
		return zktest.Pass
	})
	holder.Unlock()
	last := zklock.Token{}
	for i, p := range waiters {
		if i == 100 {
			for _, p := range waiters[150 : 150+giveUp] {
				p.Cancel()
				receive(t, p.Released(), "removal")
			}
		}
		if 150 <= i && i < 150+giveUp {
			continue
		}
		receive(t, p.Done(), "grant")
		require.NoError(t, p.Err())
		m := handles[i%len(handles)]
		require.Positive(t, m.Token().Compare(last))
		last = m.Token()
		if i == 200 {
			listings.Store(0)
			bytes.Store(0)
		}
		if i == 230 { // what is left is long still
			t.Logf("30 grants: %d listings, %d bytes each", listings.Load(), bytes.Load()/30)
			assert.LessOrEqual(t, listings.Load(), int64(1))
			assert.Less(t, bytes.Load()/30, int64(2000)) // 260 names would be 13 kB
		}
		m.Unlock()
	}
	requireQueue(t, holder, 0)
}

// TestARecordIsTrustedForItsOwnZnodeOnly has the lock's znode say that everybody is gone: of another znode, or in other words.
func TestARecordIsTrustedForItsOwnZnodeOnly(t *testing.T) {
	for name, data := range map[string]string{
		"another znode": "zklock: released in 0000000000000001 up to 2000000000",
		"foreign":       "the janitor was here",
	} {
		t.Run(name, func(t *testing.T) {
			holder, waiters, handles := longLine(t, server(t).Connect(), 290)
			conn := dial(t).Conn()
			_, err := conn.Set(holder.Path(), []byte(data), -1)
			require.NoError(t, err)
			// Those ahead of the last give up, and it looks who is there. The nearest goes first: another than the last could be granted
			// the lock wrongly, and leave a record that is right when it is cancelled.
			for _, p := range slices.Backward(waiters[280:289]) {
				p.Cancel()
				receive(t, p.Released(), "removal")
			}
			last := waiters[289]
			requireStillWaiting(t, last)
			holder.Unlock()
			for i, p := range waiters {
				if 280 <= i && i < 289 {
					continue
				}
				receive(t, p.Done(), "grant")
				require.NoError(t, p.Err())
				handles[i%len(handles)].Unlock()
			}
			requireQueue(t, holder, 0)
			if name == "foreign" {
				now, _, err := conn.Get(holder.Path())
				require.NoError(t, err)
				assert.Equal(t, data, string(now), "somebody else's data was overwritten")
			}
		})
	}
}

// TestDataWrittenMeanwhileStays has somebody else write into the lock's znode while one session drains a long queue, and knows
// how the znode was.
func TestDataWrittenMeanwhileStays(t *testing.T) {
	const n = 540 // the first 256 cannot know that it is long
	m := mutex(t, dial(t), "long")
	lock(t, m)
	var waiters []*zklock.Pending
	for range n {
		p := m.LockAsync(t.Context())
		receive(t, p.Queued(), "candidate")
		waiters = append(waiters, p)
	}
	conn := dial(t).Conn()
	requireData := func(want string) {
		t.Helper()
		now, _, err := conn.Get(m.Path())
		require.NoError(t, err)
		require.Contains(t, string(now), want)
	}
	m.Unlock()
	for i, p := range waiters {
		receive(t, p.Done(), "grant")
		require.NoError(t, p.Err())
		switch i {
		case 265:
			requireData("released in")
			_, err := conn.Set(m.Path(), []byte("the janitor was here"), -1)
			require.NoError(t, err)
		case 266:
			requireData("the janitor was here")
			_, err := conn.Set(m.Path(), nil, -1)
			require.NoError(t, err)
		case 267:
			requireData("released in")
		}
		m.Unlock()
	}
	requireQueue(t, m, 0)
}

// TestALongQueueWithoutTheRightToKeepARecord drains one whose znode may not be written.
func TestALongQueueWithoutTheRightToKeepARecord(t *testing.T) {
	s := dial(t)
	path := mutex(t, s, "long").Path()
	for _, dir := range []string{root(t), path} {
		_, err := s.Conn().Create(dir, nil, zk.FlagPersistent, zk.WorldACL(zk.PermCreate|zk.PermDelete|zk.PermRead|zk.PermAdmin))
		require.NoError(t, err)
	}
	holder, waiters, handles := longLine(t, server(t).Connect(), 290)
	holder.Unlock()
	for i, p := range waiters {
		receive(t, p.Done(), "grant")
		require.NoError(t, p.Err())
		handles[i%len(handles)].Unlock()
	}
	requireQueue(t, holder, 0)
	data, _, err := s.Conn().Get(path)
	require.NoError(t, err)
	assert.Empty(t, data)
}

// TestOnlyAHolderLeavesARecord has one in the middle of a long queue give up, and the one behind it must go on waiting.
func TestOnlyAHolderLeavesARecord(t *testing.T) {
	holder, waiters, handles := longLine(t, server(t).Connect(), 290)
	waiters[288].Cancel()
	receive(t, waiters[288].Released(), "removal")
	requireStillWaiting(t, waiters[289])
	data, _, err := dial(t).Conn().Get(holder.Path())
	require.NoError(t, err)
	assert.Empty(t, data)
	holder.Unlock()
	for i, p := range waiters {
		if i != 288 {
			receive(t, p.Done(), "grant")
			handles[i%len(handles)].Unlock()
		}
	}
	requireQueue(t, holder, 0)
}
