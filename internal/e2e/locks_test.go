package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestLocksHasTheTranscriptOfZktools is what zktools documents: fred is held, zkLockTest is not.
func TestLocksHasTheTranscriptOfZktools(t *testing.T) {
	s := dial(t)
	locks, err := s.Locks(t.Context())
	require.NoError(t, err)
	assert.Empty(t, locks, "there is no root yet")

	fred, free, nested := mutex(t, s, "fred"), mutex(t, s, "zkLockTest"), mutex(t, s, "app/db/main")
	lock(t, fred)
	p := queued(t, mutex(t, s, "fred"))
	for _, m := range []*zklock.Mutex{free, nested} {
		lock(t, m)
		m.Unlock()
	}
	// Neither a stray ephemeral znode nor a child of a lock that is no lock is listed.
	_, err = s.Conn().Create(fred.Path()+"/stray", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll))
	require.NoError(t, err)

	locks, err = s.Locks(t.Context())
	require.NoError(t, err)
	require.Len(t, locks, 3)
	for i, want := range []zklock.LockInfo{
		{Name: "app/db/main"}, {Name: "fred", Kind: zklock.KindLock, Holders: 1, Waiters: 1}, {Name: "zkLockTest"},
	} {
		got := &locks[i]
		assert.WithinDuration(t, time.Now(), got.Created, time.Minute)
		if want.Holders > 0 {
			q := contenders(t, fred)
			assert.Equal(t, string(q[0].Data), got.HeldBy)
			assert.Equal(t, q[0].Created, got.QueuedSince)
			assert.Equal(t, q[1].Created, got.WaitingSince)
		}
		got.Created, got.QueuedSince, got.WaitingSince = time.Time{}, time.Time{}, time.Time{}
		got.HeldBy = ""
		assert.Equal(t, want, *got)
	}
	p.Cancel()
	fred.Unlock()
}

func TestRemoveRefusesWhatIsUsed(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "used")
	lock(t, m)
	err := s.Remove(t.Context(), "used")
	assert.ErrorIs(t, err, zklock.ErrLocked)
	assert.ErrorContains(t, err, "remove "+m.Path())
	held, err := m.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held)
	m.Unlock()
	require.NoError(t, s.Remove(t.Context(), "used"))
	assert.ErrorIs(t, s.Remove(t.Context(), "used"), zk.ErrNoNode)

	deep := mutex(t, s, "used/deep")
	lock(t, deep)
	deep.Unlock()
	assert.ErrorIs(t, s.Remove(t.Context(), "used"), zk.ErrNotEmpty)
	require.NoError(t, s.Remove(t.Context(), "used/deep"))
	require.NoError(t, s.Remove(t.Context(), "used"))
}

func TestRequestsEndWithTheirContext(t *testing.T) {
	proxy := server(t).Proxy(t)
	// two thirds of it pass before the connection is given up
	s := dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(patience))
	m := mutex(t, s, "requests")
	lock(t, m)
	proxy.Blackhole()
	defer proxy.Heal()
	for _, test := range []struct {
		name    string
		request func(context.Context) error
	}{
		{"Held", func(ctx context.Context) error { _, err := m.Held(ctx); return err }},
		{"Contenders", func(ctx context.Context) error { _, err := m.Contenders(ctx); return err }},
		{"RevokeAll", func(ctx context.Context) error { _, err := m.RevokeAll(ctx); return err }},
		{"Clear", func(ctx context.Context) error { _, err := m.Clear(ctx); return err }},
		{"Locks", func(ctx context.Context) error { _, err := s.Locks(ctx); return err }},
		{"Remove", func(ctx context.Context) error { return s.Remove(ctx, "requests") }},
		{"Unlock", m.UnlockContext},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begun := time.Now()
		err := test.request(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded, test.name)
		assert.Less(t, time.Since(begun), patience/6, test.name)
		cancel()
	}
}
