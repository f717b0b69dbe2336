package virtual

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// tries are the kinds of handle that can be tried, beside one holder.
func tries(t *testing.T, s *zklock.Session) map[string]func() error {
	m, rw, cohort := mutex(t, s, "m"), rwMutex(t, s, "m"),
		mutex(t, s, "m", zklock.WithLocalHandoff(2))
	try := func(m *zklock.Mutex) func() error {
		return func() error {
			_, err := m.TryLockContext(t.Context())
			return err
		}
	}
	return map[string]func() error{
		"mutex": try(m), "writer": try(rw.Mutex), "reader": try(rw.Reader()), "cohort": try(cohort),
		"TryRLock": func() error {
			if rw.TryRLock() {
				return nil
			}
			return zklock.ErrLocked
		},
	}
}

// requests counts what a client has asked, but for pings.
func requests(client *fakezk.Client) (all, writes int) {
	reads := client.Sent(wire.OpGetChildren) + client.Sent(wire.OpExists) +
		client.Sent(wire.OpGetData)
	for _, op := range []int32{wire.OpCreate, wire.OpCreate2, wire.OpCreateContainer, wire.OpDelete,
		wire.OpSetData, wire.OpMulti, wire.OpSync} {
		writes += client.Sent(op)
	}
	return reads + writes, writes
}

// TestVirtualARefusedTryReadsOnce counts the requests of tries of a lock that is taken.
func TestVirtualARefusedTryReadsOnce(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		holder, _ := w.dial("", 10*time.Second)
		s, client := w.dial("", 10*time.Second)
		m := mutex(t, holder, "m")
		lock(t, m)
		for name, try := range tries(t, s) {
			require.ErrorIs(t, try(), zklock.ErrLocked,
				"%s: the first has not seen that it is taken", name)
			all, writes := requests(client)
			require.ErrorIs(t, try(), zklock.ErrLocked, name)
			first, _ := requests(client)
			assert.LessOrEqual(t, first-all, 2, "%s: the second also looks at the holder", name)
			for range 5 {
				require.ErrorIs(t, try(), zklock.ErrLocked, name)
			}
			last, writesNow := requests(client)
			assert.Equal(t, 5, last-first, name)
			assert.Equal(t, writes, writesNow, "%s writes", name)
		}
		m.Unlock()
	})
}

// TestVirtualATryOfAFreeLockTakesOneTrip measures it by the clock.
func TestVirtualATryOfAFreeLockTakesOneTrip(t *testing.T) {
	const latency = 10 * time.Millisecond
	virtually(t, fakezk.Config{Latency: ms(10)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		for i := range 5 {
			begun := time.Now()
			require.True(t, m.TryLock())
			if i > 0 {
				assert.Equal(t, 2*latency, time.Since(begun))
			}
			m.Unlock()
		}
		fresh := mutex(t, s, "m")
		begun := time.Now()
		require.True(t, fresh.TryLock())
		assert.Equal(t, 4*latency, time.Since(begun), "it has not seen the lock, and looks first")
		fresh.Unlock()
	})
}

// TestVirtualTriesAloneTakeAFreeLock has many poll one lock, without a pause. None waits, and the
// lock must not stay free for long.
func TestVirtualTriesAloneTakeAFreeLock(t *testing.T) {
	const trip = 6 * time.Millisecond
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var mu sync.Mutex // guards the variables below
		var released, longest = time.Now(), time.Duration(0)
		wins := 0
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		var work sync.WaitGroup
		for range 8 {
			s, _ := w.dial("", 10*time.Second)
			for i := range 6 {
				m := mutex(t, s, "m")
				time.Sleep(time.Millisecond) // sleep ok: virtual; not all at once
				work.Go(func() {
					for ctx.Err() == nil {
						if _, err := m.TryLockContext(ctx); err != nil {
							continue
						}
						mu.Lock()
						wins++
						longest = max(longest, time.Since(released))
						mu.Unlock()
						time.Sleep(time.Duration(i) * time.Millisecond) // sleep ok: virtual; the hold's length
						m.Unlock()
						mu.Lock()
						released = time.Now()
						mu.Unlock()
					}
				})
			}
		}
		work.Wait()
		t.Logf("%d wins; the free lock was untaken for %v at the longest", wins, longest)
		assert.Greater(t, wins, 150)
		assert.LessOrEqual(t, longest, 10*trip)
	})
}
