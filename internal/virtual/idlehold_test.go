package virtual

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// keeping makes a handle that keeps its holds, and has it keep one.
func keeping(t *testing.T, s *zklock.Session, d time.Duration,
	opts ...zklock.LockOption) *zklock.Mutex {
	t.Helper()
	m := mutex(t, s, "m", append(opts, zklock.WithIdleHold(d))...)
	for range 2 {
		lock(t, m)
		m.Unlock()
	}
	time.Sleep(time.Second) // sleep ok: virtual; its watch is set
	return m
}

// free has the lock be known to be free.
func free(t *testing.T, w *world) {
	t.Helper()
	require.Empty(t, w.Ephemerals())
}

// took returns how long f takes.
func took(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

// TestVirtualIdleHoldAloneCostsNothing has one handle take its lock again and again.
func TestVirtualIdleHoldAloneCostsNothing(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		m := keeping(t, s, time.Minute)
		require.Len(t, w.Ephemerals(), 1)
		before, _ := requests(client)
		var last zklock.Token
		alone := took(func() {
			for i := range 1000 {
				switch i % 3 {
				case 0:
					m.Lock()
				case 1:
					require.True(t, m.TryLock())
				default:
					p := m.LockAsync(t.Context())
					<-p.Done()
					require.NoError(t, p.Err())
				}
				token := m.Token()
				require.Positive(t, token.Compare(last), "%v after %v", token, last)
				last = token
				require.NoError(t, m.Err())
				require.NoError(t, m.UnlockContext(t.Context()))
			}
		})
		after, _ := requests(client)
		assert.Equal(t, before, after)
		assert.Zero(t, alone)
		assert.Len(t, w.Ephemerals(), 1)
	})
}

// use locks and unlocks.
func use(m *zklock.Mutex) {
	m.Lock()
	//lint:ignore SA2001 the pair is what is wanted
	m.Unlock()
}

// TestVirtualIdleHoldIsOffByDefault and needs two acquisitions in a row.
func TestVirtualIdleHoldIsOffByDefault(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		for _, opt := range []zklock.LockOption{zklock.WithLocalHandoff(64), zklock.WithIdleHold(0)} {
			m := mutex(t, s, "m", opt)
			for range 5 {
				lock(t, m)
				m.Unlock()
				free(t, w)
			}
		}
		m := mutex(t, s, "fresh", zklock.WithIdleHold(time.Minute))
		lock(t, m)
		m.Unlock()
		free(t, w)
	})
}

// TestVirtualIdleHoldLostInUse has a hold be lost that was kept before.
func TestVirtualIdleHoldLostInUse(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		far, _ := w.dial("", 10*time.Second)
		m := keeping(t, s, time.Minute)
		p := m.LockAsync(t.Context())
		<-p.Done()
		_, err := mutex(t, far, "m").Clear(t.Context())
		require.NoError(t, err)
		<-m.Lost()
		require.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
		receive(t, p.Released(), "release")
		free(t, w)
		lock(t, m)
		require.NoError(t, m.Err())
		m.Unlock()
	})
}

// TestVirtualIdleHoldRevokedInUse has the holder release as soon as it is asked: its Unlock returns
// when the candidate is gone, whichever of its goroutines hears first of the request.
func TestVirtualIdleHoldRevokedInUse(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		far, _ := w.dial("", 10*time.Second)
		other := mutex(t, far, "m")
		for range 100 {
			m := keeping(t, s, time.Minute)
			revoked := lock(t, m)
			_, err := other.RevokeHolder(t.Context())
			require.NoError(t, err)
			<-revoked
			m.Unlock()
			free(t, w)
		}
	})
}

// TestVirtualIdleHoldEnds in each of the ways in which nobody queues.
func TestVirtualIdleHoldEnds(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world, s, far *zklock.Session,
		m *zklock.Mutex){
		"unused": func(t *testing.T, w *world, _, _ *zklock.Session, _ *zklock.Mutex) {
			require.Len(t, w.Ephemerals(), 1)
			time.Sleep(time.Minute) // sleep ok: virtual; it is kept for as long
		},
		"relinquished": func(t *testing.T, w *world, _, _ *zklock.Session, m *zklock.Mutex) {
			require.NoError(t, m.Relinquish(t.Context()))
			free(t, w)
			require.NoError(t, m.Relinquish(t.Context()))
		},
		"asked": func(t *testing.T, w *world, _, far *zklock.Session, _ *zklock.Mutex) {
			_, err := mutex(t, far, "m").RevokeHolder(t.Context())
			require.NoError(t, err)
		},
		"removed": func(t *testing.T, w *world, _, far *zklock.Session, _ *zklock.Mutex) {
			_, err := mutex(t, far, "m").Clear(t.Context())
			require.NoError(t, err)
		},
		"expired": func(t *testing.T, w *world, s, _ *zklock.Session, _ *zklock.Mutex) {
			w.Expire(s.ID())
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				far, _ := w.dial("", 10*time.Second)
				m := keeping(t, s, time.Minute)
				end(t, w, s, far, m)
				time.Sleep(50 * time.Millisecond) // sleep ok: virtual; the event and the removal
				free(t, w)
				lock(t, m)
				require.NoError(t, m.UnlockContext(t.Context()))
			})
		})
	}
}

// TestVirtualIdleHoldIsReleased has a kept hold be told of as one that was passed on.
func TestVirtualIdleHoldIsReleased(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := keeping(t, s, time.Minute)
		for range 3 {
			p := m.LockAsync(t.Context())
			<-p.Done()
			require.NoError(t, p.Err())
			receive(t, p.Queued(), "candidate")
			revoked, lost := p.Revoked(), m.Lost()
			m.Unlock()
			receive(t, p.Released(), "release")
			require.Len(t, w.Ephemerals(), 1)
			require.NoError(t, m.Relinquish(t.Context()))
			require.True(t, isOpen(revoked))
			require.True(t, isOpen(lost))
			m = keeping(t, s, time.Minute)
		}
	})
}

// TestVirtualIdleHoldIsGoneOnceRelinquished has that be at every moment after another contender has
// come.
func TestVirtualIdleHoldIsGoneOnceRelinquished(t *testing.T) {
	for after := time.Duration(0); after <= 20*time.Millisecond; after += time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			far, _ := w.dial("", 10*time.Second)
			m := keeping(t, s, time.Minute)
			znode := w.Ephemerals()[0]
			p := mutex(t, far, "m").LockAsync(t.Context())
			time.Sleep(after) // sleep ok: virtual
			require.NoError(t, m.Relinquish(t.Context()))
			require.NotContains(t, w.Ephemerals(), znode)
			p.Cancel()
		})
	}
}

// TestVirtualIdleHoldAndClose has a Session be closed while a hold is kept.
func TestVirtualIdleHoldAndClose(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := keeping(t, s, time.Minute)
		require.NoError(t, s.Close())
		free(t, w)
		_, err := m.LockContext(t.Context())
		require.ErrorIs(t, err, zklock.ErrClosed)
		require.False(t, m.TryLock())
		require.NoError(t, m.Relinquish(t.Context()))
	})
}

// TestVirtualIdleHoldOnANewConnection has the connection break while a hold is kept, with and
// without another contender that comes meanwhile.
func TestVirtualIdleHoldOnANewConnection(t *testing.T) {
	for _, c := range []struct{ contended, limited bool }{{}, {limited: true}, {contended: true}} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, client := w.dial("", 10*time.Second)
			far, _ := w.dial("", 10*time.Second)
			contended, opts := c.contended, []zklock.LockOption(nil)
			if c.limited { // so that the queue is listed once more before the next is granted the lock
				opts = append(opts, zklock.WithLocalHandoff(1))
			}
			m, other := keeping(t, s, time.Minute, opts...), mutex(t, far, "m")
			znode := w.Ephemerals()[0]
			client.Refuse()
			client.Cut()
			synctest.Wait()
			before := m.LockAsync(t.Context())
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := m.TryLockContext(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			time.Sleep(time.Second) // sleep ok: virtual
			require.True(t, isOpen(before.Done()), "granted although another may have come")
			var p *zklock.Pending
			if contended {
				p = queued(t, other)
				time.Sleep(100 * time.Millisecond) // sleep ok: virtual
				require.True(t, isOpen(p.Done()))
			}
			client.Heal()
			if contended {
				<-p.Done()
				require.NoError(t, p.Err())
				require.True(t, isOpen(before.Done()), "it was here first")
				other.Unlock()
			}
			<-before.Done()
			require.NoError(t, before.Err())
			assert.Equal(t, !contended, w.Ephemerals()[0] == znode)
			require.True(t, isOpen(before.Released()))
			m.Unlock()
			require.NoError(t, m.Relinquish(t.Context()))
			synctest.Wait()
			assert.False(t, isOpen(before.Released()), "it is not told that no candidate is left")
		})
	}
}

// TestVirtualIdleHoldGoesUnnoticed has the connection break while a hold is kept and nobody uses the
// handle: another contender must not wait.
func TestVirtualIdleHoldGoesUnnoticed(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		far, _ := w.dial("", 10*time.Second)
		keeping(t, s, time.Hour)
		client.Refuse()
		client.Cut()
		p := queued(t, mutex(t, far, "m"))
		time.Sleep(time.Second) // sleep ok: virtual
		require.True(t, isOpen(p.Done()))
		client.Heal()
		waited := took(func() { <-p.Done() })
		require.NoError(t, p.Err())
		assert.Less(t, waited, 2*time.Second, "it has waited for the audit")
		p.Cancel()
	})
}

// TestVirtualIdleHoldOfGoroutinesAlone has many use one handle, and no other client.
func TestVirtualIdleHoldOfGoroutinesAlone(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		m := keeping(t, s, time.Minute, zklock.WithLocalHandoff(2))
		before, _ := requests(client)
		alone := took(func() {
			var work sync.WaitGroup
			for range 8 {
				work.Go(func() {
					for range 100 {
						use(m)
					}
				})
			}
			work.Wait()
		})
		after, _ := requests(client)
		assert.Equal(t, before, after)
		assert.Zero(t, alone)
	})
}

// TestVirtualIdleHoldsMakeRoom has a session be full of holds that are kept: they go where others
// need the room, one after the other.
func TestVirtualIdleHoldsMakeRoom(t *testing.T) {
	const bound = 8 << 10
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second, zklock.WithFootprint(bound))
		one := len("/ZktoolsLocks/k0000/_c_00000000000000000000000000000000-lock-0000000000") + 4
		for i := range bound / one {
			m := mutex(t, s, fmt.Sprintf("k%04d", i), zklock.WithIdleHold(time.Hour))
			for range 2 {
				lock(t, m)
				m.Unlock()
			}
		}
		require.Len(t, w.Ephemerals(), bound/one)
		together, err := s.LockAll(t.Context(), mutex(t, s, "t0001"), mutex(t, s, "t0002"))
		require.NoError(t, err)
		for i := range bound/one - 2 {
			lock(t, mutex(t, s, fmt.Sprintf("h%04d", i)))
			require.LessOrEqual(t, pathBytes(w), bound)
			require.Len(t, w.Ephemerals(), bound/one)
		}
		_, err = mutex(t, s, "h9999").LockContext(t.Context())
		require.ErrorIs(t, err, zklock.ErrTooMany)
		require.NoError(t, together.UnlockContext(t.Context()))
	})
}

// TestVirtualIdleHoldIsRefused where it makes no sense.
func TestVirtualIdleHoldIsRefused(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		_, err := s.Mutex("m", zklock.WithIdleHold(-1))
		require.ErrorContains(t, err, "idle hold of -1ns")
		_, err = s.Semaphore("m", 1, zklock.WithIdleHold(1))
		require.ErrorContains(t, err, "WithIdleHold is for locks")
		_, err = s.Election("m", zklock.WithIdleHold(1))
		require.ErrorContains(t, err, "WithIdleHold is for locks")
		require.NoError(t, mutex(t, s, "m").Relinquish(t.Context()))
	})
}

// TestVirtualIdleHoldIsShown looks at a kept hold, and at one that is not kept.
func TestVirtualIdleHoldIsShown(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		kept := contenders(t, keeping(t, s, time.Minute))
		require.Len(t, kept, 1)
		assert.True(t, kept[0].Holder)
		assert.True(t, kept[0].IdleHold)
		other := mutex(t, s, "other")
		lock(t, other)
		held := contenders(t, other)
		require.Len(t, held, 1)
		assert.False(t, held[0].IdleHold)
	})
}
