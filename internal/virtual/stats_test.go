package virtual

import (
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualStats counts what a Session does.
func TestVirtualStats(t *testing.T) {
	const timeout = 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		begun := time.Now()
		s, client := w.dial("", timeout)
		other, _ := w.dial("", timeout)
		m, theirs := mutex(t, s, "a/m"), mutex(t, other, "a/m")
		rw := rwMutex(t, s, "rw")
		stats := s.Stats()
		assert.Equal(t, zklock.StateConnected, stats.State)
		assert.WithinDuration(t, begun, stats.StateSince, time.Second)
		assert.Equal(t, w.Connect(), stats.Server)
		assert.Equal(t, timeout, stats.LeastLeaseLeft)
		assert.Empty(t, s.Holds())

		lockFor(t, theirs, 0)
		assert.False(t, m.TryLock())
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := m.LockContext(ctx)
		require.Error(t, err)
		p := m.LockAsync(t.Context())
		time.Sleep(2 * time.Second) // sleep ok: virtual
		assert.Equal(t, 1, s.Stats().Waiting)
		theirs.Unlock()
		<-p.Done()
		granted := time.Now()
		time.Sleep(time.Second) // sleep ok: virtual
		rw.RLock()
		holds := s.Holds()
		require.Len(t, holds, 2)
		assert.Equal(t, zklock.LockRef{Name: "a/m", Path: m.Path(), Kind: zklock.KindLock},
			holds[0].Lock)
		assert.Equal(t, m.Token(), holds[0].Token)
		assert.WithinDuration(t, granted, holds[0].Since, 0)
		assert.Equal(t, zklock.LockRef{Name: "rw", Path: rw.Path(), Kind: zklock.KindRead},
			holds[1].Lock)
		stats = s.Stats()
		assert.Equal(t, 2, stats.Held)
		assert.Zero(t, stats.Waiting)

		_, err = theirs.RevokeAll(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second) // sleep ok: virtual
		m.Unlock()
		rw.RUnlock()
		stats = s.Stats()
		assert.EqualValues(t, 2, stats.Acquired)
		assert.EqualValues(t, 1, stats.Refused)
		assert.EqualValues(t, 1, stats.GaveUp)
		assert.EqualValues(t, 1, stats.Revoked)
		assert.Zero(t, stats.Held)
		assert.Zero(t, stats.Lost)
		assert.InDelta(t, 5, stats.Wait.Seconds(), 0.1)
		assert.InDelta(t, 3, stats.Hold.Seconds(), 0.1)
		assert.Less(t, stats.LeastLeaseLeft, timeout*2/5, "less than a new confirmation gives")
		assert.Greater(t, stats.LeastLeaseLeft, timeout/6)

		lockFor(t, m, 0) // too short to be watched: its release notices the loss
		_, err = theirs.Clear(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
		assert.Equal(t, zklock.Losses{Removed: 1}, s.Stats().Lost)

		lockFor(t, m, time.Second)
		w.expireCutOff(s, client)
		<-m.Lost()
		synctest.Wait() // Lost closes before anything else is done about it
		assert.Empty(t, s.Holds(), "a hold that is lost")
		m.Unlock()
		lockFor(t, m, time.Second)
		stats = s.Stats()
		assert.Equal(t, zklock.Losses{Removed: 1, Expired: 1}, stats.Lost)
		assert.EqualValues(t, 1, stats.Expiries)
		disconnections := stats.Disconnections

		client.Cut()
		time.Sleep(3 * time.Second) // sleep ok: virtual
		stats = s.Stats()
		assert.EqualValues(t, disconnections+1, stats.Disconnections)
		assert.EqualValues(t, 1, stats.Expiries)
		assert.NotZero(t, stats.LeastLeaseLeft)
		client.Blackhole()
		<-m.Lost()
		synctest.Wait()
		client.Heal()
		assert.Equal(t, zklock.Losses{Removed: 1, Expired: 1, Lease: 1}, s.Stats().Lost)
		assert.Zero(t, s.Stats().LeastLeaseLeft)
		m.Unlock()

		lockFor(t, m, time.Second)
		require.NoError(t, s.Close())
		assert.Equal(t, zklock.Losses{Removed: 1, Expired: 1, Lease: 1, Closed: 1}, s.Stats().Lost)
		assert.Equal(t, zklock.StateClosed, s.Stats().State)
	})
}

// TestVirtualHoldProfile shows where a hold came from, until it is over.
func TestVirtualHoldProfile(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 12*time.Second, zklock.WithHoldProfile())
		plain, _ := w.dial("", 12*time.Second)
		profile := pprof.Lookup("zklock.holds")
		require.NotNil(t, profile)
		m, lost, shared := mutex(t, s, "m"), mutex(t, s, "lost"),
			mutex(t, s, "shared", zklock.WithLocalHandoff(3))
		lockAndForget(t, m)
		lock(t, mutex(t, plain, "other"))
		lock(t, shared)
		assert.Equal(t, 2, profile.Count())
		var text strings.Builder
		require.NoError(t, profile.WriteTo(&text, 1))
		assert.Contains(t, text.String(), "lockAndForget")
		m.Unlock()
		shared.Unlock()
		assert.Zero(t, profile.Count())
		require.NoError(t, lost.Do(t.Context(), func(context.Context) error {
			assert.Equal(t, 1, profile.Count())
			return nil
		}))
		lock(t, lost)
		w.Expire(s.ID())
		<-lost.Lost()
		synctest.Wait()
		assert.Zero(t, profile.Count())
	})
}

//go:noinline
func lockAndForget(t *testing.T, m *zklock.Mutex) { lock(t, m) }

// TestStatsOfManyLocks has each of many locks acquired, refused and given up once.
func TestStatsOfManyLocks(t *testing.T) {
	const locks = 40
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for i := range locks {
			m := mutex(t, s, strings.Repeat("a", i+1))
			lockFor(t, m, 0)
			assert.False(t, mutex(t, s, m.Name()).TryLock())
			_, err := m.LockContext(ended)
			require.Error(t, err)
		}
		stats := s.Stats()
		assert.Equal(t, locks, stats.Held)
		assert.EqualValues(t, locks, stats.Acquired)
		assert.EqualValues(t, locks, stats.Refused)
		assert.EqualValues(t, locks, stats.GaveUp)
		assert.Zero(t, stats.Waiting)
		assert.Len(t, s.Holds(), locks)
	})
}
