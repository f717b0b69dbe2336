package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestListerOnARealServer compares what a Lister and a Session list, from before there is a
// root on.
func TestListerOnARealServer(t *testing.T) {
	s := dial(t)
	watching := dial(t)
	l := watching.NewLister()
	defer l.Close()
	same := func(after string) {
		t.Helper()
		var want, got []zklock.LockInfo
		require.Eventually(t, func() bool {
			var err error
			want, err = s.Locks(t.Context())
			require.NoError(t, err)
			got, err = l.Locks(t.Context())
			require.NoError(t, err)
			return slices.Equal(want, got)
		}, patience, 5*time.Millisecond, after)
	}
	same("nothing")
	m := mutex(t, s, "jobs/a")
	lock(t, m)
	same("the first lock")
	p := queued(t, mutex(t, s, "jobs/a"))
	same("a waiter")
	_, err := m.RevokeAll(t.Context())
	require.NoError(t, err)
	same("a request")
	m.Unlock()
	<-p.Done()
	same("a hand-off")
	p.Cancel()
	sem, err := s.Semaphore("pool", 3)
	require.NoError(t, err)
	permit, err := sem.Acquire(t.Context(), 2)
	require.NoError(t, err)
	same("permits")
	locks, err := l.Locks(t.Context())
	require.NoError(t, err)
	pool := locks[slices.IndexFunc(locks, func(l zklock.LockInfo) bool { return l.Name == "pool" })]
	assert.Equal(t, 2, pool.Permits)
	permit.Release()
	same("none")
	require.NoError(t, s.Remove(t.Context(), "pool"))
	same("removed")
}
