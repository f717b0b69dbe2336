package e2e

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

const (
	persistent          = 0
	sequential          = zk.FlagSequence
	ephemeralSequential = zk.FlagEphemeral | zk.FlagSequence
)

// makeChild makes a child of a lock, whose znode is made where it is missing, and stays.
func makeChild(tb testing.TB, s *zklock.Session, m *zklock.Mutex, name string,
	flags int32) (path string) {
	tb.Helper()
	acl := zk.WorldACL(zk.PermAll)
	for _, parent := range []string{root(tb), m.Path()} {
		if _, err := s.Conn().Create(parent, nil, persistent, acl); err != nil {
			require.ErrorIs(tb, err, zk.ErrNodeExists)
		}
	}
	path, err := s.Conn().Create(m.Path()+"/"+name, nil, flags, acl)
	require.NoError(tb, err)
	return path
}

// acquisitions are the ways to a lock that return an error. Each releases the lock if it was
// granted it.
func acquisitions(tb testing.TB, s *zklock.Session,
	name string) map[string]func(context.Context) error {
	m := mutex(tb, s, name)
	rw, err := s.RWMutex(name)
	require.NoError(tb, err)
	released := func(_ <-chan struct{}, err error) func(func()) error {
		return func(release func()) error {
			if err == nil {
				release()
			}
			return err
		}
	}
	return map[string]func(context.Context) error{
		"LockContext":    func(ctx context.Context) error { return released(m.LockContext(ctx))(m.Unlock) },
		"TryLockContext": func(ctx context.Context) error { return released(m.TryLockContext(ctx))(m.Unlock) },
		"LockRevoking":   func(ctx context.Context) error { return released(m.LockRevoking(ctx, zklock.Ask))(m.Unlock) },
		"RWMutex":        func(ctx context.Context) error { return released(rw.LockContext(ctx))(rw.Unlock) },
		"RLockContext":   func(ctx context.Context) error { return released(rw.RLockContext(ctx))(rw.RUnlock) },
	}
}

// TestACandidateOfAnUnknownClientIsRefused has children with a session and a number that no known
// client makes, ahead and behind.
func TestACandidateOfAnUnknownClientIsRefused(t *testing.T) {
	s, other := dial(t), dial(t)
	for i, prefix := range []string{"elect-", "x-", "", "n_", "_c_0-latch-", "x-0123-",
		"write lock"} {
		m := mutex(t, s, fmt.Sprint("unknown", i))
		path := makeChild(t, other, m, prefix, ephemeralSequential)
		for name, acquire := range acquisitions(t, s, m.Name()) {
			err := acquire(t.Context())
			require.ErrorIs(t, err, zklock.ErrMixedDialects, "%s: %q", name, prefix)
			assert.ErrorContains(t, err, path[len(m.Path())+1:])
		}
		q := contenders(t, m)
		require.Len(t, q, 1)
		assert.True(t, q[0].Holder)
		require.NoError(t, other.Conn().Delete(path, -1))
		lock(t, m)
		makeChild(t, other, m, prefix, ephemeralSequential)
		require.ErrorIs(t, acquisitions(t, s, m.Name())["LockContext"](t.Context()),
			zklock.ErrMixedDialects, "behind")
		m.Unlock()
	}
}

// TestChildrenThatAreNoCandidates has children without a session, or without a number, in the way:
// all are granted the lock, and nobody counts them.
func TestChildrenThatAreNoCandidates(t *testing.T) {
	s := dial(t)
	for name, flags := range map[string]int32{
		"elect-": sequential, "_c_00000000000000000000000000000000-lock-": sequential,
		"user-lock-": sequential, "": sequential,
		"no number": zk.FlagEphemeral, "too-short-000000001": zk.FlagEphemeral,
		"too-large-9999999999": zk.FlagEphemeral,
	} {
		m := mutex(t, s, fmt.Sprintf("alike%x", name))
		makeChild(t, s, m, name, flags)
		for way, acquire := range acquisitions(t, s, m.Name()) {
			require.NoError(t, acquire(t.Context()), "%s: %q", way, name)
		}
		assert.Empty(t, contenders(t, m), name)
		n, err := m.RevokeAll(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n)
		assert.ErrorIs(t, s.Remove(t.Context(), m.Name()), zk.ErrNotEmpty, name)
		locks, err := s.Locks(t.Context())
		require.NoError(t, err)
		for _, l := range locks {
			assert.Zero(t, l.Holders+l.Waiters, "%+v", l)
		}
	}
}

// TestLockNamesThatLookLikeCandidates has a lock below another whose name could be a candidate's.
func TestLockNamesThatLookLikeCandidates(t *testing.T) {
	s := dial(t)
	users := mutex(t, s, "users")
	names := []string{"users/user-lock-0000000042", "users/0000000042",
		"users/_c_00000000000000000000000000000000-lock-0000000007"}
	for _, name := range names {
		lock(t, mutex(t, s, name))
	}
	locks, err := s.Locks(t.Context())
	require.NoError(t, err)
	require.Len(t, locks, len(names))
	for _, l := range locks {
		assert.Contains(t, names, l.Name)
		assert.Equal(t, 1, l.Holders)
	}
	for range 3 {
		require.True(t, users.TryLock())
		users.Unlock()
	}
	assert.ErrorIs(t, s.Remove(t.Context(), "users"), zk.ErrNotEmpty)
	lock(t, users)
	assert.ErrorIs(t, s.Remove(t.Context(), "users"), zklock.ErrLocked)
	assert.False(t, mutex(t, dial(t), "users").TryLock())
	users.Unlock()
}

// TestPlantedChildrenAreLookedAtOnce has many children with candidates' names ahead. An acquisition
// lists them a fixed number of times, however many they are.
func TestPlantedChildrenAreLookedAtOnce(t *testing.T) {
	const planted = 1000
	proxy, s := server(t).Proxy(t), dial(t)
	m := mutex(t, s, "planted")
	makeChild(t, s, m, "first", persistent)
	plant(t, s, m, planted)
	var listings, reads atomic.Int64
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		switch opOf(dir, frame) {
		case wire.OpGetChildren:
			listings.Add(1)
		case wire.OpExists, wire.OpGetData:
			reads.Add(1)
		}
		return zktest.Pass
	})
	for way := range acquisitions(t, s, m.Name()) {
		far := dialTo(t, proxy.Addr()) // a session that has had the lock knows more
		listings.Store(0)
		reads.Store(0)
		require.NoError(t, acquisitions(t, far, m.Name())[way](t.Context()), way)
		assert.LessOrEqual(t, listings.Load(), int64(3), way)
		assert.LessOrEqual(t, reads.Load(), int64(planted+10), way)
	}
}

// plant makes persistent children with candidates' names.
func plant(tb testing.TB, s *zklock.Session, m *zklock.Mutex, n int) {
	tb.Helper()
	for i := 0; i < n; i += 500 {
		var ops []any
		for j := i; j < min(i+500, n); j++ {
			name := fmt.Sprintf("%s/_c_%032x-lock-%010d", m.Path(), j, j)
			ops = append(ops, &zk.CreateRequest{Path: name, Acl: zk.WorldACL(zk.PermAll)})
		}
		_, err := s.Conn().Multi(ops...)
		require.NoError(tb, err)
	}
}

// TestANumberMadeByHandHoldsNothing has a client make its candidate with a number of its own, ahead
// of the holder.
func TestANumberMadeByHandHoldsNothing(t *testing.T) {
	s, other := dial(t), dial(t)
	m := mutex(t, s, "by hand")
	makeChild(t, s, m, "so that the next number is not 0", persistent)
	lock(t, m)
	makeChild(t, other, m, "_c_00000000000000000000000000000000-lock-0000000000", zk.FlagEphemeral)
	q := contenders(t, m)
	require.Len(t, q, 2)
	assert.False(t, q[0].Holder)
	assert.True(t, q[1].Holder)
	locks, err := s.Locks(t.Context())
	require.NoError(t, err)
	for _, l := range locks {
		if l.Name == m.Name() {
			assert.Equal(t, [2]int{1, 1}, [2]int{l.Holders, l.Waiters})
		}
	}
	m.Unlock()
}

// TestACohortSeesWhoIsACandidate has a child with a candidate's name in the queue while the
// goroutines of one handle take turns: nobody else waits, and they keep their candidate.
func TestACohortSeesWhoIsACandidate(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "cohort", zklock.WithLocalHandoff(4))
	makeChild(t, s, m, "_c_00000000000000000000000000000000-lock-", sequential)
	lock(t, m)
	const turns = 40
	var pending []*zklock.Pending
	for range turns {
		pending = append(pending, m.LockAsync(t.Context()))
	}
	candidates := map[int64]bool{m.Token().Zxid: true}
	m.Unlock()
	for _, p := range pending {
		receive(t, p.Done(), "lock")
		require.NoError(t, p.Err())
		candidates[m.Token().Zxid] = true
		time.Sleep(10 * time.Millisecond) // sleep ok: a turn, in which the queue is looked at
		m.Unlock()
	}
	assert.LessOrEqual(t, len(candidates), turns/8, "of 4 turns each there are %d", turns/4)
}

func TestForeignChildrenHarmNobody(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "foreign")
	lock(t, m)
	m.Unlock()
	for _, name := range []string{
		"README", "_c_x", "lock-", "_c_x-lock-00000000zz", "-lock-99999999999", "\u202eevil",
		// looks like a candidate, but is not ephemeral
		"_c_00000000000000000000000000000000-lock-0000000000",
	} {
		_, err := s.Conn().Create(m.Path()+"/"+name, []byte("0"), zk.FlagPersistent,
			zk.WorldACL(zk.PermAll))
		require.NoError(t, err, name)
	}
	lock(t, m)
	assert.Len(t, contenders(t, m), 1)
	m.Unlock()
}

func TestLockWhoseZnodeVanishes(t *testing.T) {
	s := dial(t)
	m, waiter := mutex(t, s, "gone"), mutex(t, s, "gone")
	lock(t, m)
	p := queued(t, waiter)
	n, err := m.Clear(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	receive(t, m.Lost(), "loss")
	receive(t, p.Done(), "lock by the one who queued again")
	require.NoError(t, p.Err())
	waiter.Unlock()
	m.Unlock()
	require.NoError(t, s.Remove(t.Context(), "gone"))
	lock(t, m)
	m.Unlock()
}
