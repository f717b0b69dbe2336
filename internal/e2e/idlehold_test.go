package e2e

import (
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestIdleHoldOnARealServer has a handle keep its hold, and clients of several kinds take it away:
// the server tells of each of them.
func TestIdleHoldOnARealServer(t *testing.T) {
	s, far := dial(t), dial(t)
	other, err := far.RWMutex("m")
	require.NoError(t, err)
	foreign := zk.NewLock(far.Conn(), other.Path(), zk.WorldACL(zk.PermAll))
	for name, take := range map[string]func() error{
		"lock": func() error {
			other.Lock()
			return other.UnlockContext(t.Context())
		},
		"read": func() error {
			other.RLock()
			//lint:ignore SA2001 the hold before it is what is wanted
			other.RUnlock()
			return nil
		},
		"zk.Lock": func() error {
			if err := foreign.Lock(); err != nil {
				return err
			}
			return foreign.Unlock()
		},
	} {
		m := mutex(t, s, "m", zklock.WithIdleHold(time.Hour)) // such a hold stays if it is not taken away
		var last zklock.Token
		for range 100 {
			lock(t, m)
			require.Positive(t, m.Token().Compare(last))
			last = m.Token()
			m.Unlock()
		}
		assert.Len(t, contenders(t, m), 1, "%s: it is kept", name)
		assert.NotZero(t, last.Handoff, name)
		require.NoError(t, take(), name)
		lock(t, m)
		assert.Greater(t, m.Token().Zxid, last.Zxid, "%s: it has queued again", name)
		m.Unlock()
		require.NoError(t, m.Relinquish(t.Context()))
		assert.Empty(t, contenders(t, m), name)
	}
}
