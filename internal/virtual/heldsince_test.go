package virtual

import (
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// trips is how far HeldSince is off at most: by a trip to the server.
const trips = 10 * time.Millisecond

// heldSince returns since when the first in the queue holds the lock, as the queue says, and checks
// that it says who that is.
func heldSince(t *testing.T, m *zklock.Mutex, who string) time.Time {
	t.Helper()
	q := contenders(t, m)
	require.NotEmpty(t, q)
	assert.Equal(t, who, string(q[0].Data))
	assert.Equal(t, len(who), q[0].DataSize)
	for _, c := range q[1:] {
		assert.Zero(t, c.HeldSince, "it waits")
	}
	return q[0].HeldSince
}

// TestVirtualHeldSinceTheGrant has a holder that waited for the lock before. It says since when it
// holds the lock after 10 seconds, once.
func TestVirtualHeldSinceTheGrant(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		first := mutex(t, elsewhere, "m")
		m := mutex(t, s, "m", zklock.WithIdentifier("ann\nat db1"))
		lock(t, first)
		p := queued(t, m)
		time.Sleep(5 * time.Second) // sleep ok: virtual; it waits
		first.Unlock()
		<-p.Done()
		granted := time.Now()
		next := queued(t, first)

		time.Sleep(9 * time.Second) // sleep ok: virtual
		assert.Zero(t, heldSince(t, m, "ann\nat db1"))
		assert.Zero(t, client.Sent(wire.OpSetData))
		time.Sleep(1100 * time.Millisecond) // sleep ok: virtual
		assert.WithinDuration(t, granted, heldSince(t, m, "ann\nat db1"), trips)
		time.Sleep(time.Minute) // sleep ok: virtual
		assert.WithinDuration(t, granted, heldSince(t, m, "ann\nat db1"), trips)
		assert.Equal(t, 1, client.Sent(wire.OpSetData))
		assert.NoError(t, m.Err())
		locks, err := s.Locks(t.Context())
		require.NoError(t, err)
		require.Len(t, locks, 1)
		q := contenders(t, m)
		assert.Equal(t, q[0].HeldSince, locks[0].HeldSince)
		assert.Equal(t, q[0].Created, locks[0].QueuedSince)
		assert.Equal(t, q[1].Created, locks[0].WaitingSince)
		assert.Equal(t, "ann\nat db1", locks[0].HeldBy)
		assert.Zero(t, locks[0].Revoked)
		_, err = first.RevokeAll(t.Context())
		require.NoError(t, err)
		locks, err = s.Locks(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, locks[0].Revoked)
		assert.Equal(t, q[0].HeldSince, locks[0].HeldSince)

		m.Unlock()
		<-next.Done()
		assert.NoError(t, next.Err())
		first.Unlock()
	})
}

// TestVirtualHeldSinceAndMarks has the holder be asked before it says since when it holds the lock,
// at every moment while it does, and after.
func TestVirtualHeldSinceAndMarks(t *testing.T) {
	const around = 30 * time.Millisecond
	moments := []time.Duration{time.Second, 15 * time.Second}
	for at := 10*time.Second - around; at < 10*time.Second+around; at += time.Millisecond {
		moments = append(moments, at)
	}
	for _, mark := range []string{"unlock", "__REVOKE__", "ours"} {
		t.Run(mark, func(t *testing.T) {
			for _, after := range moments {
				testHeldSinceAndMark(t, mark, after)
			}
		})
	}
}

func testHeldSinceAndMark(t *testing.T, mark string, after time.Duration) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m", zklock.WithIdentifier("ann"))
		other := mutex(t, elsewhere, "m", zklock.WithIdentifier("ben"))
		revoked, granted := lock(t, m), time.Now()
		znode := w.Ephemerals()[0]
		time.Sleep(after) // sleep ok: virtual
		if mark == "ours" {
			_, err := other.RevokeHolder(t.Context(), zklock.WithReason("drained"))
			require.NoError(t, err)
		} else {
			w.Stranger().Set(znode, []byte(mark))
		}
		<-revoked
		time.Sleep(20 * time.Second) // sleep ok: virtual
		q := contenders(t, other)
		require.Len(t, q, 1)
		assert.True(t, q[0].Revoked, "after %v", after)
		assert.LessOrEqual(t, client.Sent(wire.OpSetData), 2)
		if mark == "ours" {
			assert.Equal(t, "ann ben drained",
				strings.Join([]string{string(q[0].Data), q[0].RevokedBy, q[0].Reason}, " "))
			assert.WithinDuration(t, granted, q[0].HeldSince, trips, "after %v", after)
		} else {
			assert.Zero(t, q[0].HeldSince, "another client's mark has overwritten it")
			data, _, err := elsewhere.Conn().Get(znode)
			require.NoError(t, err)
			assert.Equal(t, mark, string(data), "after %v", after)
		}
		m.Unlock()
	})
}

// TestVirtualHeldSinceOfAShortHold counts requests: a short hold costs none.
func TestVirtualHeldSinceOfAShortHold(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		for range 3 {
			lockFor(t, m, 9900*time.Millisecond)
			m.Unlock()
			time.Sleep(time.Minute) // sleep ok: virtual; nothing comes late
		}
		assert.Zero(t, client.Sent(wire.OpSetData))
	})
}

// TestVirtualHeldSinceOfOtherNamings has holders whose znodes are as those of other libraries.
func TestVirtualHeldSinceOfOtherNamings(t *testing.T) {
	for _, naming := range namings[1:] {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, client := w.dial("", 10*time.Second)
			m := mutex(t, s, "m", zklock.WithNaming(naming), zklock.WithIdentifier("ann"))
			rw := rwMutex(t, s, "rw", zklock.WithNaming(naming), zklock.WithIdentifier("ann"))
			lock(t, m)
			lock(t, rw.Mutex)
			reader := downgrade(t, rw)
			time.Sleep(time.Minute) // sleep ok: virtual
			assert.Zero(t, heldSince(t, m, "ann"))
			assert.Zero(t, heldSince(t, reader, "ann"))
			assert.Zero(t, client.Sent(wire.OpSetData))
			m.Unlock()
			reader.Unlock()
		})
	}
}

// TestVirtualHeldSinceWithoutTheRight has a holder that may not write its znode.
func TestVirtualHeldSinceWithoutTheRight(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		m := mutex(t, s, "m", zklock.WithIdentifier("ann"),
			zklock.WithLockACL(zk.WorldACL(zk.PermAll&^zk.PermWrite)...))
		lock(t, m)
		time.Sleep(time.Minute) // sleep ok: virtual
		assert.NoError(t, m.Err())
		assert.Zero(t, heldSince(t, m, "ann"))
		assert.Equal(t, 1, client.Sent(wire.OpSetData), "it was refused, and is not asked again")
		m.Unlock()
	})
}

// TestVirtualHeldSinceOfAHoldThatIsPassedOn has goroutines pass a hold on for longer than that. It
// is their process's since the first of them was granted the lock.
func TestVirtualHeldSinceOfAHoldThatIsPassedOn(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m", zklock.WithIdentifier("ann"), zklock.WithLocalHandoff(100))
		p := m.LockAsync(t.Context())
		<-p.Done()
		require.NoError(t, p.Err())
		granted := time.Now()
		for range 8 {
			next := m.LockAsync(t.Context())
			time.Sleep(3 * time.Second) // sleep ok: virtual
			m.Unlock()
			<-next.Done()
			require.NoError(t, next.Err())
		}
		assert.WithinDuration(t, granted, heldSince(t, m, "ann"), trips)
		m.Unlock()
	})
}

// TestVirtualHeldSinceOfADowngradedHold has a writer become a reader before and after it has said
// since when it holds the lock, and at every moment while it does.
func TestVirtualHeldSinceOfADowngradedHold(t *testing.T) {
	const around = 30 * time.Millisecond
	moments := []time.Duration{0, time.Second, 15 * time.Second}
	for at := 10*time.Second - around; at < 10*time.Second+around; at += time.Millisecond {
		moments = append(moments, at)
	}
	for _, after := range moments {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			rw := rwMutex(t, s, "m", zklock.WithIdentifier("ann"))
			lock(t, rw.Mutex)
			granted := time.Now()
			time.Sleep(after) // sleep ok: virtual
			reader := downgrade(t, rw)
			assert.WithinDuration(t, granted, heldSince(t, reader, "ann"), trips, "%v", after)
			time.Sleep(time.Minute) // sleep ok: virtual
			assert.WithinDuration(t, granted, heldSince(t, reader, "ann"), trips, "%v", after)
			assert.NoError(t, reader.Err())
			reader.Unlock()
		})
	}
}

// TestVirtualADowngradeAfterTheNoteHeedsAMark has a mark be written at every moment of a downgrade,
// by which the writer's znode has been written already: the holder hears of it, or the mark came too
// late for the writer, and the reader is not asked.
func TestVirtualADowngradeAfterTheNoteHeedsAMark(t *testing.T) {
	const half = 500 * time.Microsecond // nothing else happens then
	for after := half; after < 20*time.Millisecond; after += time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			rw := rwMutex(t, s, "m")
			revoked := lock(t, rw.Mutex)
			writer := w.Ephemerals()[0]
			time.Sleep(15 * time.Second) // sleep ok: virtual
			marked := make(chan bool)
			stranger := w.Stranger()
			go func() { // ends with the mark
				time.Sleep(after) // sleep ok: virtual
				there := w.Ephemerals()[0] == writer
				stranger.Set(writer, []byte("unlock"))
				marked <- there
			}()
			reader := downgrade(t, rw)
			there := <-marked
			time.Sleep(time.Second) // sleep ok: virtual
			assert.Equal(t, there, !isOpen(revoked), "after %v", after)
			reader.Unlock()
		})
	}
}

// TestVirtualHeldSinceOfSeveralLocks has one of several locks wait for another: they are held from
// when all are.
func TestVirtualHeldSinceOfSeveralLocks(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		locks := mutexes(t, s, "a", "b")
		taken := mutex(t, elsewhere, "b")
		lock(t, taken)
		all := asyncAll(t.Context(), s, locks...)
		time.Sleep(5 * time.Second) // sleep ok: virtual; a is first in its queue
		taken.Unlock()
		got := <-all
		require.NoError(t, got.err)
		granted := time.Now()
		time.Sleep(15 * time.Second) // sleep ok: virtual
		for _, m := range locks {
			q := contenders(t, m)
			assert.WithinDuration(t, granted, q[0].HeldSince, trips, m.Name())
		}
		got.h.Unlock()
	})
}

// TestVirtualHeldSinceOfPermits has a client wait for permits of a semaphore: they are created when
// they are granted.
func TestVirtualHeldSinceOfPermits(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "pool", 1)
		first := acquire(t, sem, 1)
		waits := ask(t.Context(), sem, 1)
		time.Sleep(5 * time.Second) // sleep ok: virtual
		q, err := sem.Contenders(t.Context())
		require.NoError(t, err)
		assert.Zero(t, q[1].HeldSince, "it waits")
		first.Release()
		<-waits.done
		require.NoError(t, waits.err)
		second := waits.permit
		granted, writes := time.Now(), client.Sent(wire.OpSetData)
		time.Sleep(time.Minute) // sleep ok: virtual
		q, err = sem.Contenders(t.Context())
		require.NoError(t, err)
		assert.WithinDuration(t, granted, q[0].HeldSince, trips)
		assert.Equal(t, writes, client.Sent(wire.OpSetData))
		locks, err := s.Locks(t.Context())
		require.NoError(t, err)
		require.Len(t, locks, 1)
		assert.Equal(t, q[0].HeldSince, locks[0].HeldSince)
		assert.Equal(t, 1, locks[0].Permits)
		assert.Equal(t, string(q[0].Data), locks[0].HeldBy)
		second.Release()
	})
}

// TestVirtualForgedHeldSince has lines like those of a holder that are none.
func TestVirtualForgedHeldSince(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m", zklock.WithIdentifier("ann"))
		lock(t, m)
		for _, line := range []string{"", "x", "3", "1s ", "99999999999h", strings.Repeat("1", 5000)} {
			data := "eve\ngranted after " + line
			w.Stranger().Set(w.Ephemerals()[0], []byte(data))
			q := contenders(t, m)
			assert.Zero(t, q[0].HeldSince, line)
			assert.Equal(t, data[:min(len(data), 4096)], string(q[0].Data))
		}
		w.Stranger().Set(w.Ephemerals()[0], []byte("eve"))
		_, err := s.Conn().Create(m.Path()+"/_c_0123456789abcdef0123456789abcdef-lock-",
			[]byte("eve\ngranted after 1s"), zk.FlagEphemeralSequential, zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		time.Sleep(20 * time.Second) // sleep ok: virtual
		q := contenders(t, m)
		assert.Zero(t, q[0].HeldSince, "another has written there")
		assert.Zero(t, q[1].HeldSince, "it waits")
		m.Unlock()
		_, err = s.Mutex("m", zklock.WithIdentifier("ann\ngranted after 3s"))
		assert.ErrorContains(t, err, "ends in a line")
	})
}
