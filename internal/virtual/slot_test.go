package virtual

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// handle is one that several goroutines share, with what else takes its lock.
type handle struct {
	name string
	of   func(*testing.T, *zklock.Session) *zklock.Mutex
}

// handles are those that have room for one hold.
var handles = []handle{
	{"mutex", func(t *testing.T, s *zklock.Session) *zklock.Mutex { return mutex(t, s, "m") }},
	{"writer", func(t *testing.T, s *zklock.Session) *zklock.Mutex { return rwMutex(t, s, "m").Mutex }},
	{"reader", func(t *testing.T, s *zklock.Session) *zklock.Mutex { return rwMutex(t, s, "m").Reader() }},
	{"cohort", func(t *testing.T, s *zklock.Session) *zklock.Mutex {
		return mutex(t, s, "m", zklock.WithLocalHandoff(2))
	}},
}

// losses take a hold away while its session lives, or with it.
var losses = map[string]func(t *testing.T, w *world, s *zklock.Session,
	other *zklock.Mutex, znode string){
	"forced": func(t *testing.T, _ *world, _ *zklock.Session, other *zklock.Mutex, _ string) {
		_, err := other.LockRevoking(t.Context(), zklock.Force)
		require.NoError(t, err)
		other.Unlock()
	},
	"cleared": func(t *testing.T, _ *world, _ *zklock.Session, other *zklock.Mutex, _ string) {
		_, err := other.Clear(t.Context())
		require.NoError(t, err)
	},
	"removed by hand": func(t *testing.T, _ *world, s *zklock.Session, _ *zklock.Mutex,
		znode string) {
		require.NoError(t, s.Conn().Delete(znode, -1))
	},
	"expired": func(_ *testing.T, w *world, s *zklock.Session, _ *zklock.Mutex, _ string) { w.Expire(s.ID()) },
}

// TestVirtualALostHoldBlocksItsHandleAlone has a holder lose its hold and not notice, while others
// wait through the same handle. They must not keep other clients from the lock.
func TestVirtualALostHoldBlocksItsHandleAlone(t *testing.T) {
	for _, h := range handles {
		for name, lose := range losses {
			t.Run(h.name+"/"+name, func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, client := w.dial("", 10*time.Second)
					elsewhere, _ := w.dial("", 10*time.Second)
					m, other := h.of(t, s), rwMutex(t, elsewhere, "m").Mutex
					lock(t, m) // and hangs
					lost, znode := m.Lost(), w.Ephemerals()[0]
					time.Sleep(time.Second) // sleep ok: virtual; the hold is watched
					waiting := []*zklock.Pending{m.LockAsync(t.Context()), m.LockAsync(t.Context())}
					time.Sleep(time.Second) // sleep ok: virtual; they are in the queue
					revoked := waiting[0].Revoked()
					lose(t, w, s, other, znode)
					<-lost
					time.Sleep(2 * time.Second) // sleep ok: virtual; whoever can be granted the lock was

					q, err := other.Contenders(t.Context())
					require.NoError(t, err)
					assert.Empty(t, q, "nobody can hold the lock")
					// after a silence the lease wants a quarter of the timeout
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
					defer cancel()
					_, err = other.LockContext(ctx)
					require.NoError(t, err, "nobody holds the lock, and nobody gets it")

					before := client.Sent(wire.OpCreate2)
					_, err = m.TryLockContext(t.Context())
					assert.ErrorIs(t, err, zklock.ErrLocked)
					time.Sleep(time.Minute) // sleep ok: virtual time
					assert.Equal(t, before, client.Sent(wire.OpCreate2),
						"they queue again although they cannot have the handle")
					assert.True(t, isOpen(revoked), "nobody has asked for the lock")

					assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
					time.Sleep(time.Second) // sleep ok: virtual; they queue again
					other.Unlock()
					for range waiting {
						synctest.Wait()
						time.Sleep(time.Second) // sleep ok: virtual time
						assert.NoError(t, m.Err())
						require.NoError(t, m.UnlockContext(t.Context()))
					}
					for _, p := range waiting {
						assert.False(t, isOpen(p.Done()))
						assert.NoError(t, p.Err())
					}
				})
			})
		}
	}
}

// TestVirtualAHoldThatHasNotBeenToldBlocksItsHandleAlone removes a hold's znode before the hold is
// watched.
func TestVirtualAHoldThatHasNotBeenToldBlocksItsHandleAlone(t *testing.T) {
	latency := func() time.Duration { return 200 * time.Microsecond }
	virtually(t, fakezk.Config{Latency: latency}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		lock(t, m)
		lost, znode := m.Lost(), w.Ephemerals()[0]
		// more than a candidate remembers, so that the next lists the queue when these are gone
		var between []*zklock.Pending
		for range 3 {
			p := mutex(t, elsewhere, "m").LockAsync(t.Context())
			<-p.Queued()
			between = append(between, p)
		}
		p := m.LockAsync(t.Context())
		<-p.Queued()
		require.NoError(t, s.Conn().Delete(znode, -1))
		for _, other := range between {
			<-other.Done()
			require.NoError(t, other.Err())
			other.Cancel()
			<-other.Released()
		}
		assert.True(t, isOpen(lost), "the test is too slow")
		<-lost
		assert.LessOrEqual(t, client.Sent(wire.OpCreate2), 3, "it queues again and again")
		time.Sleep(time.Second) // sleep ok: virtual time
		assert.Empty(t, w.Ephemerals())
		assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
		<-p.Done()
		require.NoError(t, p.Err())
		m.Unlock()
	})
}

// TestVirtualWaitersForALostHoldGiveUp ends the context of one who waits for the handle, and closes
// the Session.
func TestVirtualWaitersForALostHoldGiveUp(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		lock(t, m)
		lost := m.Lost()
		w.Expire(s.ID())
		<-lost
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := m.LockContext(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(begun), 1100*time.Millisecond)
		p := m.LockAsync(t.Context())
		time.Sleep(time.Second) // sleep ok: virtual time
		assert.True(t, isOpen(p.Done()))
		assert.True(t, isOpen(p.Queued()))
		require.NoError(t, s.Close())
		<-p.Done()
		assert.ErrorIs(t, p.Err(), zklock.ErrClosed)
		<-p.Released()
	})
}

// TestVirtualAReaderHandleIsPassedOnInOrder has several goroutines share a Reader, whose candidates
// are at the head together.
func TestVirtualAReaderHandleIsPassedOnInOrder(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		r := rwMutex(t, s, "m").Reader()
		lock(t, r)
		var waiting []*zklock.Pending
		for range 20 {
			p := r.LockAsync(t.Context())
			<-p.Queued()
			time.Sleep(50 * time.Millisecond) // sleep ok: virtual; it is at the head
			waiting = append(waiting, p)
		}
		writer := mutex(t, s, "m").LockAsync(t.Context())
		<-writer.Queued()
		waiting[3].Cancel()
		for i, p := range waiting {
			if i == 3 {
				continue
			}
			assert.True(t, isOpen(p.Done()), "the handle is taken")
			r.Unlock()
			synctest.Wait()
			time.Sleep(time.Millisecond) // sleep ok: virtual time
			require.False(t, isOpen(p.Done()), "reader %d is not next", i)
			require.NoError(t, p.Err())
		}
		assert.True(t, isOpen(writer.Done()), "overtakes the readers")
		r.Unlock()
		<-writer.Done()
		assert.NoError(t, writer.Err())
		writer.Cancel()
	})
}
