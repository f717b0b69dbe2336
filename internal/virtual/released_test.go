package virtual

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// sharers are handles whose goroutines share a candidate, or none.
func sharers(n int) []handle {
	return []handle{
		{fmt.Sprintf("mutex-%d", n), func(t *testing.T, s *zklock.Session) *zklock.Mutex {
			return mutex(t, s, "m", zklock.WithLocalHandoff(n))
		}},
		{fmt.Sprintf("writer-%d", n), func(t *testing.T, s *zklock.Session) *zklock.Mutex {
			rw, err := s.RWMutex("m", zklock.WithLocalHandoff(n))
			require.NoError(t, err)
			return rw.Mutex
		}},
	}
}

// TestVirtualReleasedAfterALoss has a hold be lost that nobody unlocks.
func TestVirtualReleasedAfterALoss(t *testing.T) {
	for _, h := range append(sharers(0), sharers(2)...) {
		for name, lose := range losses {
			t.Run(h.name+"/"+name, func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, _ := w.dial("", 10*time.Second)
					elsewhere, _ := w.dial("", 10*time.Second)
					m, other := h.of(t, s), rwMutex(t, elsewhere, "m").Mutex
					p := m.LockAsync(t.Context())
					<-p.Done()
					require.NoError(t, p.Err())
					lost, znode := m.Lost(), w.Ephemerals()[0]
					time.Sleep(time.Second) // sleep ok: virtual; the hold is watched
					assert.True(t, isOpen(p.Released()))
					lose(t, w, s, other, znode)
					<-lost
					time.Sleep(time.Minute) // sleep ok: virtual time
					assert.False(t, isOpen(p.Released()))
					assert.Empty(t, w.Ephemerals())
					assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
				})
			})
		}
	}
}

// TestVirtualReleasedWhenTheCandidateIsGone gives the lock back in two ways. Nothing may be left
// when that is told.
func TestVirtualReleasedWhenTheCandidateIsGone(t *testing.T) {
	for _, h := range append(sharers(0), sharers(2)...) {
		for name, release := range map[string]func(*zklock.Mutex, *zklock.Pending){
			"unlock": func(m *zklock.Mutex, _ *zklock.Pending) { m.Unlock() },
			"cancel": func(_ *zklock.Mutex, p *zklock.Pending) { p.Cancel() },
		} {
			t.Run(h.name+"/"+name, func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, _ := w.dial("", 10*time.Second)
					m := h.of(t, s)
					p := m.LockAsync(t.Context())
					<-p.Done()
					require.NoError(t, p.Err())
					go release(m, p) // ended when Released is closed
					<-p.Released()
					assert.Empty(t, w.Ephemerals())
					synctest.Wait()
				})
			})
		}
	}
}

// TestVirtualReleasedWhenPassedOn has others go on with the candidate.
func TestVirtualReleasedWhenPassedOn(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m", zklock.WithLocalHandoff(2))
		var pending []*zklock.Pending
		for range 40 {
			pending = append(pending, m.LockAsync(t.Context()))
		}
		for i, p := range pending { // faster than it is looked who else queues
			<-p.Done()
			require.NoError(t, p.Err())
			synctest.Wait()
			for j, earlier := range pending[:i] {
				require.False(t, isOpen(earlier.Released()), "%d, and %d has the lock", j, i)
			}
			m.Unlock()
		}
		assert.Empty(t, w.Ephemerals())
	})
}

// TestVirtualTheLastWaiterGivesUpAtTheHandOff cancels the only one who waits in the moment of the
// Unlock, while it is looked who else queues. Whatever comes first, nothing is left when Unlock
// returns, unless the waiter has the lock.
func TestVirtualTheLastWaiterGivesUpAtTheHandOff(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		for i := range fewer(3000, 1000) {
			m := mutex(t, s, fmt.Sprint("m", i), zklock.WithLocalHandoff(2))
			ctx, cancel := context.WithCancel(t.Context())
			first, last := m.LockAsync(t.Context()), m.LockAsync(ctx)
			<-first.Done()
			require.NoError(t, first.Err())
			go cancel()
			m.Unlock()
			<-last.Done()
			if last.Err() != nil {
				require.Empty(t, w.Ephemerals(), "Unlock has returned")
			} else {
				m.Unlock()
			}
		}
	})
}

// TestVirtualCancelBesideClose gives locks back while their Session is closed.
func TestVirtualCancelBesideClose(t *testing.T) {
	for range 200 {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			var pending []*zklock.Pending
			for i := range 8 {
				m := mutex(t, s, fmt.Sprint("m", i), zklock.WithLocalHandoff(i%3))
				pending = append(pending, m.LockAsync(t.Context()), m.LockAsync(t.Context()))
			}
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual; half of them hold the locks
			for _, p := range pending {
				go p.Cancel() // does not wait
			}
			require.NoError(t, s.Close())
			synctest.Wait()
			for i, p := range pending {
				require.False(t, isOpen(p.Done()), "%d", i)
				require.False(t, isOpen(p.Released()), "%d", i)
			}
			assert.Empty(t, w.Ephemerals())
		})
	}
}
