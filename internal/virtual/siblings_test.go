package virtual

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/locktest"
)

// TestVirtualASiblingThatIsNotThereIsNoWord has the lock's znode recreated under a fresh hold, and
// somebody else hold the lock there. The hold finds out, and removes what is not there; at some
// latencies the next of the session looks again just then.
func TestVirtualASiblingThatIsNotThereIsNoWord(t *testing.T) {
	for latency := 10 * time.Millisecond; latency <= 80*time.Millisecond; latency += 5 * time.Millisecond {
		var now atomic.Int64
		now.Store(int64(2 * time.Millisecond))
		cfg := fakezk.Config{Latency: func() time.Duration { return time.Duration(now.Load()) }}
		virtually(t, cfg, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			far, _ := w.dial("", 10*time.Second)
			holder, m := mutex(t, s, "m"), mutex(t, s, "m")
			lock(t, holder)
			lost := holder.Lost()
			foreign := locktest.RecreateAndQueue(t, far.Conn(), holder)
			p := queued(t, m)
			require.True(t, isOpen(lost))
			now.Store(int64(latency))
			<-lost
			time.Sleep(20 * time.Second) // sleep ok: virtual
			assert.True(t, isOpen(p.Done()), "latency %v: two hold the lock", latency)
			require.ErrorIs(t, holder.UnlockContext(t.Context()), zklock.ErrLost)
			require.NoError(t, far.Conn().Delete(foreign, -1))
			<-p.Done()
			require.NoError(t, p.Err())
			m.Unlock()
		})
	}
}

// TestVirtualANumberGivenTwiceIsCountedOnce has the lock's znode recreated under a fresh hold, and
// its session get the hold's number again.
func TestVirtualANumberGivenTwiceIsCountedOnce(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(2)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		far, _ := w.dial("", 10*time.Second)
		holder, m := mutex(t, s, "m"), mutex(t, s, "m")
		lock(t, holder)
		locktest.Recreate(t, far.Conn(), holder)
		lock(t, m)
		assert.NoError(t, holder.Err(), "it has heard of it, and this shows nothing")
		<-holder.Lost()
		require.ErrorIs(t, holder.UnlockContext(t.Context()), zklock.ErrLost)
		m.Unlock()
		mutex(t, far, "m").Lock() // so that the next is not known to be alone
		mutex(t, far, "n").Lock()
		begun := time.Now()
		_, err := m.TryLockContext(t.Context())
		require.ErrorIs(t, err, zklock.ErrLocked)
		assert.Equal(t, 12*time.Millisecond, time.Since(begun),
			"to create, with a listing as no sibling waits, to look again, and to remove")
	})
}
