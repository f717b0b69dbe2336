package virtual

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// TestVirtualReconnectionWithManyHolds counts what a reconnection costs a session that holds many
// locks, also if a server hangs up a few times before. An audit comes while it is cut off.
func TestVirtualReconnectionWithManyHolds(t *testing.T) {
	const n, timeout = 1000, 12 * time.Second
	for _, shut := range []bool{false, true} {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, client := w.dial("", timeout)
			begun := time.Now()
			var locks []*zklock.Mutex
			for i := range n {
				m := mutex(t, s, fmt.Sprintf("%s-%d", strings.Repeat("long", 50), i))
				lock(t, m)
				locks = append(locks, m)
			}
			// audits come once in a session timeout
			time.Sleep(time.Until(begun.Add(5*timeout - timeout/20))) // sleep ok: virtual
			synctest.Wait()
			assert.Len(t, w.Watches(), n)
			reads, beats := readsOf(client), client.Sent(wire.OpMulti)
			w.Server(0).Shut(shut)
			client.Cut()
			synctest.Wait()
			assert.Empty(t, w.Watches())
			time.Sleep(2 * time.Second) // sleep ok: virtual
			w.Server(0).Shut(false)
			time.Sleep(4 * time.Second) // sleep ok: virtual; to be connected again
			synctest.Wait()
			assert.Len(t, w.Watches(), n)
			// of 270 bytes each
			assert.Equal(t, 3, client.Sent(wire.OpSetWatches))
			assert.Zero(t, readsOf(client)-reads)
			assert.LessOrEqual(t, client.Sent(wire.OpMulti)-beats, 8)
			for _, m := range locks {
				assert.NoError(t, m.Err())
			}
			unlockAll(locks)
		})
	}
}

// TestVirtualChangesWhileAHolderIsCutOff has other clients remove some of the holds' znodes, and
// ask for others, while the holder has no connection.
func TestVirtualChangesWhileAHolderIsCutOff(t *testing.T) {
	const n, timeout = 20, 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		locks, znodes := hold(t, s, n)
		time.Sleep(3 * timeout) // sleep ok: virtual
		client.Refuse()
		client.Cut()
		time.Sleep(time.Second) // sleep ok: virtual
		for i, p := range znodes {
			if i%4&1 != 0 {
				w.Stranger().Set(p, []byte("unlock"))
			}
			if i%4&2 != 0 {
				w.Stranger().Delete(p)
			}
		}
		reads := readsOf(client)
		client.Heal()
		synctest.Wait()
		time.Sleep(1100 * time.Millisecond) // sleep ok: virtual; go-zookeeper's pause
		for i, m := range locks {
			switch i % 4 {
			case 0:
				assert.NoError(t, m.Err())
			case 1:
				assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
				assert.NotErrorIs(t, m.Err(), zklock.ErrLost)
			default:
				assert.ErrorIs(t, m.Err(), zklock.ErrLost)
			}
		}
		assert.Equal(t, n/4+n/2, readsOf(client)-reads,
			"one of each that has changed, one to remove each that is lost")
		w.Stranger().Set(znodes[0], []byte("unlock"))
		time.Sleep(10 * time.Millisecond) // sleep ok: virtual
		assert.ErrorIs(t, locks[0].Err(), zklock.ErrRevoked, "the watch stands")
		for _, m := range locks {
			_ = m.UnlockContext(t.Context()) // lost or not
		}
	})
}

// TestVirtualHalfOfTheEvents ends a connection when the first event of a transaction has come and
// the second has not. What the event says of the transaction must not hide the second.
func TestVirtualHalfOfTheEvents(t *testing.T) {
	const timeout = 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		locks, znodes := hold(t, s, 50)
		time.Sleep(3*timeout + time.Second) // sleep ok: virtual
		w.Server(0).Silence(znodes[1], true)
		w.Answer(wire.OpGetData, -127)
		w.Stranger().SetAll(znodes[:2], []byte("unlock"))
		time.Sleep(ms(1)() + 100*time.Microsecond) // sleep ok: virtual
		client.Cut()
		w.Answer(wire.OpGetData, 0)
		w.Server(0).Silence(znodes[1], false)
		time.Sleep(1100 * time.Millisecond) // sleep ok: virtual
		assert.ErrorIs(t, locks[0].Err(), zklock.ErrRevoked)
		assert.ErrorIs(t, locks[1].Err(), zklock.ErrRevoked)
		assert.NoError(t, locks[2].Err())
		unlockAll(locks)
	})
}

// TestVirtualAMarkThatWasNotRead ends a connection when the event of a mark has come, and the
// answer to a later request, and the mark is being read.
func TestVirtualAMarkThatWasNotRead(t *testing.T) {
	const timeout = 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		locks, znodes := hold(t, s, 50)
		other := mutex(t, s, "other")
		lock(t, other)
		other.Unlock()
		time.Sleep(3*timeout + time.Second) // sleep ok: virtual
		p := other.LockAsync(t.Context())   // which is answered after two milliseconds
		time.Sleep(900 * time.Microsecond)  // sleep ok: virtual
		w.Stranger().Set(znodes[0], []byte("unlock"))
		time.Sleep(1600 * time.Microsecond) // sleep ok: virtual
		assert.NoError(t, locks[0].Err(), "it is read already: this proves nothing")
		client.Cut()
		time.Sleep(1100 * time.Millisecond) // sleep ok: virtual
		assert.ErrorIs(t, locks[0].Err(), zklock.ErrRevoked)
		<-p.Done()
		require.NoError(t, p.Err())
		other.Unlock()
		unlockAll(locks)
	})
}

// TestVirtualConnectionEndsBeforeWatchesAreRestored ends it when the request to restore them has
// reached the server.
func TestVirtualConnectionEndsBeforeWatchesAreRestored(t *testing.T) {
	const n, timeout = 20, 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		locks, znodes := hold(t, s, n)
		time.Sleep(3 * timeout) // sleep ok: virtual
		asked := make(chan struct{}, 10)
		client.OnRequest(func(op int32) {
			if op == wire.OpSetWatches {
				asked <- struct{}{}
			}
		})
		client.Cut()
		<-asked
		client.OnRequest(nil)
		client.Cut()
		w.Stranger().Set(znodes[0], []byte("unlock"))
		time.Sleep(2200 * time.Millisecond) // sleep ok: virtual
		synctest.Wait()
		assert.ErrorIs(t, locks[0].Err(), zklock.ErrRevoked)
		assert.Len(t, w.Watches(), n)
		unlockAll(locks)
	})
}

// TestVirtualServersThatRestoreNoWatches has a server not know the request.
func TestVirtualServersThatRestoreNoWatches(t *testing.T) {
	const n, timeout = 20, 12 * time.Second
	for _, manner := range []fakezk.Manner{fakezk.HangsUp, fakezk.Refuses, fakezk.BadArguments} {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			w.Imitate(fakezk.Profile{
				Foreign: map[int32]fakezk.Manner{wire.OpSetWatches: manner}})
			s, client := w.dial("", timeout)
			locks, _ := hold(t, s, n)
			for range 3 {
				time.Sleep(timeout) // sleep ok: virtual
				client.Cut()
				time.Sleep(timeout / 3) // sleep ok: virtual
				synctest.Wait()
				assert.Len(t, w.Watches(), n)
				for _, m := range locks {
					assert.NoError(t, m.Err())
				}
			}
			if manner != fakezk.HangsUp { // which may have been the network
				assert.Equal(t, 1, client.Sent(wire.OpSetWatches))
			}
			unlockAll(locks)
		})
	}
}

// TestVirtualADowngradeWhileAWriterIsCutOff has a writer wait for another, which becomes a reader
// while the one that waits has no connection.
func TestVirtualADowngradeWhileAWriterIsCutOff(t *testing.T) {
	const timeout = 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", timeout)
		cut, client := w.dial("", timeout)
		rw, next := rwMutex(t, s, "m"), rwMutex(t, cut, "m")
		lock(t, rw.Mutex)
		p := next.LockAsync(t.Context())
		<-p.Queued()
		time.Sleep(time.Second) // sleep ok: virtual
		client.Refuse()
		client.Cut()
		time.Sleep(time.Second) // sleep ok: virtual
		reader := downgrade(t, rw)
		client.Heal()
		time.Sleep(2 * time.Second) // sleep ok: virtual
		assert.True(t, isOpen(p.Done()), "granted beside a reader")
		reader.Unlock()
		<-p.Done()
		require.NoError(t, p.Err())
		next.Unlock()
	})
}
