package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

var totalWatches = regexp.MustCompile(`Total watches:(\d+)`)

func watchCount(tb testing.TB, ensemble *zktest.Ensemble) int {
	tb.Helper()
	reply, err := ensemble.Servers()[0].Command("wchs")
	require.NoError(tb, err)
	found := totalWatches.FindStringSubmatch(reply)
	require.Len(tb, found, 2, reply)
	n, err := strconv.Atoi(found[1])
	require.NoError(tb, err)
	return n
}

// requireWatched waits until so many sessions watch a znode. A hold that was granted at once is not
// watched at once.
func requireWatched(tb testing.TB, znode string, sessions int) {
	tb.Helper()
	require.Eventually(tb, func() bool {
		// each path, then a line with a tab for each session
		reply, err := server(tb).Servers()[0].Command("wchp")
		_, rest, _ := strings.Cut(reply, znode+"\n")
		n := 0
		for line := range strings.Lines(rest) {
			if !strings.HasPrefix(line, "\t") {
				break
			}
			n++
		}
		return err == nil && n >= sessions
	}, patience, 5*time.Millisecond, "not %d watches on %s", sessions, znode)
}

// requireHoldWatched waits until the holder's session watches the hold.
func requireHoldWatched(tb testing.TB, m *zklock.Mutex) {
	tb.Helper()
	guard, err := m.Guard()
	require.NoError(tb, err)
	requireWatched(tb, guard.Path, 1)
}

// TestAReleaseWakesWhomItMust counts the events that a release brings to 1,000 that wait: two for a
// mutex, however many wait behind it, to the next and to the one after that; for a writer with
// readers behind it, one for each session that reads.
func TestAReleaseWakesWhomItMust(t *testing.T) {
	slow(t)
	const waiters, sessions = 300, 10
	ensemble := zktest.Start(t, zktest.WithServers(1)) // nobody else's watches
	proxy := ensemble.Proxy(t)
	requireWatches := func(least, most int) {
		t.Helper()
		require.Eventually(t, func() bool {
			n := watchCount(t, ensemble)
			return least <= n && n <= most
		}, patience,
			10*time.Millisecond, "not %d to %d watches", least, most)
	}
	var events atomic.Int64
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isEvent(dir, frame) {
			events.Add(1)
		}
		return zktest.Pass
	})
	// a busy machine must not cost anybody the lock
	long := zklock.WithSessionTimeout(30 * time.Second)
	var readers []*zklock.RWMutex
	var locks []*zklock.Mutex
	for range sessions {
		s := dialTo(t, proxy.Addr(), long)
		readers, locks = append(readers, rwmutex(t, s, "read")), append(locks, mutex(t, s, "lock"))
	}

	writer := mutex(t, dialTo(t, ensemble.Connect(), long), "read")
	lock(t, writer)
	var pending []*zklock.Pending
	for i := range waiters {
		pending = append(pending, readers[i%sessions].Reader().LockAsync(t.Context()))
	}
	all := 1 + waiters + sessions // everybody's own znode, and the writer's once for each session
	requireWatches(all, all)
	events.Store(0)
	writer.Unlock()
	for _, p := range pending {
		receive(t, p.Done(), "read lock")
		require.NoError(t, p.Err())
	}
	assert.EqualValues(t, sessions, events.Load(), "events for %d readers in %d sessions",
		waiters, sessions)

	before := watchCount(t, ensemble)
	holder := mutex(t, dialTo(t, ensemble.Connect(), long), "lock")
	lock(t, holder)
	first := queued(t, locks[0])
	for i := 1; i < waiters; i++ {
		// one after the other, so that neighbours are of different sessions
		queued(t, locks[i%sessions])
	}
	// everybody's own znode, the one ahead, and the one before that
	all = before + 1 + waiters + waiters + waiters - 1
	requireWatches(all, all)
	events.Store(0)
	holder.Unlock()
	receive(t, first.Done(), "lock")
	require.NoError(t, first.Err())
	held, err := locks[0].Held(t.Context()) // an answer that comes behind every event
	require.NoError(t, err)
	require.True(t, held)
	assert.EqualValues(t, 2, events.Load(), "events for %d that wait for a mutex", waiters)
}
