package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

func TestRevokedByMarksOfOthers(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "marks")
	for _, mark := range []string{"unlock", "__REVOKE__"} {
		revoked := lock(t, m)
		requireHoldWatched(t, m)
		holder := m.Path() + "/" + contenders(t, m)[0].Znode
		for _, data := range []string{"", "0", "unlock ", "UNLOCK"} {
			_, err := s.Conn().Set(holder, []byte(data), -1)
			require.NoError(t, err)
			pause(t, 50*time.Millisecond) // for the holder to look while it is there
		}
		assert.True(t, isOpen(revoked), "other data revoked the hold")
		_, err := s.Conn().Set(holder, []byte(mark), -1)
		require.NoError(t, err)
		receive(t, revoked, "revocation by "+mark)
		assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
		assert.NotErrorIs(t, m.Err(), zklock.ErrLost)
		assert.True(t, contenders(t, m)[0].Revoked)
		assert.NoError(t, m.UnlockContext(t.Context()))
	}
}

func TestRemovalByForceIsLossAndRevocation(t *testing.T) {
	s := dial(t)
	for _, marked := range []bool{false, true} {
		t.Run(fmt.Sprintf("marked=%v", marked), func(t *testing.T) {
			m := mutex(t, s, "removed")
			revoked := lock(t, m)
			lost, token := m.Lost(), m.Token()
			holder := m.Path() + "/" + contenders(t, m)[0].Znode
			if marked { // at once after each other: neither may hide the other
				_, err := s.Conn().Multi(
					&zk.SetDataRequest{Path: holder, Data: []byte("unlock"), Version: -1},
					&zk.DeleteRequest{Path: holder, Version: -1})
				require.NoError(t, err)
			} else {
				require.NoError(t, s.Conn().Delete(holder, -1))
			}
			receive(t, lost, "loss")
			receive(t, revoked, "revocation")
			assert.ErrorIs(t, m.Err(), zklock.ErrLost)
			assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
			assert.Equal(t, token, m.Token())
			held, err := m.Held(t.Context())
			require.NoError(t, err)
			assert.False(t, held)
			assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
			assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrNotLocked,
				"the handle is unlocked whatever was returned")
		})
	}
}

func TestAskedWhileWaiting(t *testing.T) {
	holder, waiter := mutex(t, dial(t), "early"), mutex(t, dial(t), "early")
	lock(t, holder)
	p := queued(t, waiter)
	n, err := holder.RevokeAll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	receive(t, holder.Revoked(), "revocation of the holder")
	receive(t, p.Revoked(), "revocation of the waiter")
	assert.True(t, isOpen(p.Done()), "a mark granted the lock")
	holder.Unlock()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	assert.False(t, isOpen(waiter.Revoked()))
	assert.ErrorIs(t, waiter.Err(), zklock.ErrRevoked)
	waiter.Unlock()
}
