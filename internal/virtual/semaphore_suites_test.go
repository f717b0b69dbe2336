package virtual

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualWhatTheirSuitesAssert tells again what Curator's tests of InterProcessSemaphoreV2 and
// kazoo's of Semaphore assert. Each is named after theirs.
func TestVirtualWhatTheirSuitesAssert(t *testing.T) {
	within := func(t *testing.T, d time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		t.Cleanup(cancel)
		return ctx
	}
	for name, test := range map[string]func(*testing.T, *world){
		"Curator/testSimple2": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			var held []*zklock.Permit
			for range 3 {
				held = append(held, acquire(t, semaphore(t, s, "test", 3), 1))
			}
			sem := semaphore(t, s, "test", 3)
			_, err := sem.Acquire(within(t, time.Minute), 1)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			held[0].Release()
			held[0] = acquire(t, sem, 1)
			for _, p := range held {
				p.Release()
			}
		},
		"Curator/testGetParticipantNodes, kazoo/test_holders": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "test", 3, zklock.WithIdentifier("fred"))
			for range 3 {
				defer acquire(t, sem, 1).Release()
			}
			holders, err := semaphore(t, s, "test", 3).Contenders(t.Context())
			require.NoError(t, err)
			require.Len(t, holders, 3)
			for _, c := range holders {
				assert.Equal(t, "fred", string(c.Data))
			}
		},
		"Curator/testClientClose": func(t *testing.T, w *world) {
			first, _ := w.dial("", 10*time.Second)
			second, _ := w.dial("", 10*time.Second)
			one, two := semaphore(t, first, "test", 1), semaphore(t, second, "test", 1)
			acquire(t, two, 1).Release()
			acquire(t, one, 1)
			require.NoError(t, first.Close())
			acquire(t, two, 1).Release()
		},
		"Curator/testThreadedLeaseIncrease": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "test", 1)
			first, second := acquire(t, sem, 1), ask(t.Context(), sem, 1)
			require.True(t, isOpen(second.done))
			require.NoError(t, sem.Resize(t.Context(), 2))
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual time
			second.granted(t).Release()
			first.Release()
		},
		"Curator/testMaxPerSession": func(t *testing.T, w *world) {
			most := 25 + rand.IntN(75)
			c := counter{t: t, most: most}
			var wg sync.WaitGroup
			for range 10 {
				s, _ := w.dial("", 40*time.Second)
				sem := semaphore(t, s, "test", most)
				wg.Go(func() {
					for range 20 {
						p, err := sem.Acquire(t.Context(), 1+rand.IntN(most))
						if !assert.NoError(t, err) {
							return
						}
						c.enter(p.Count())
						time.Sleep(time.Duration(rand.IntN(25)) * time.Millisecond) // sleep ok: virtual; the work
						c.leave(p.Count())
						p.Release()
					}
				})
			}
			wg.Wait()
			assert.Zero(t, c.now)
			assert.Positive(t, c.peak)
		},
		"Curator/testRelease1AtATime": func(t *testing.T, w *world) {
			c := counter{t: t, most: 5}
			var wg sync.WaitGroup
			for range 10 {
				s, _ := w.dial("", 10*time.Second)
				sem := semaphore(t, s, "test", 5)
				wg.Go(func() {
					p := acquire(t, sem, 1)
					c.enter(1)
					time.Sleep(time.Second) // sleep ok: virtual; the work
					c.leave(1)
					p.Release()
				})
			}
			wg.Wait()
			c.check()
		},
		"Curator/testReleaseInChunks": func(t *testing.T, w *world) {
			s, _ := w.dial("", 40*time.Second)
			c := counter{t: t, most: 11}
			step := make(chan struct{})
			var wg sync.WaitGroup
			for range 100 {
				sem := semaphore(t, s, "test", 11)
				wg.Go(func() {
					p, err := sem.Acquire(t.Context(), 1)
					if !assert.NoError(t, err) {
						return
					}
					c.enter(1)
					<-step
					c.leave(1)
					p.Release()
				})
			}
			for remaining := 100; remaining > 0; {
				chunk := min(1+rand.IntN(5), remaining)
				for range chunk {
					step <- struct{}{}
				}
				remaining -= chunk
				time.Sleep(time.Duration(1+rand.IntN(100)) * time.Millisecond) // sleep ok: virtual time
			}
			wg.Wait()
			c.check()
		},
		"Curator/testAcquireAfterLostServer": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			var wg sync.WaitGroup
			stop := make(chan struct{})
			granted := make(chan struct{}, 10_000)
			for range 10 {
				sem := semaphore(t, s, "test", 1)
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						p, err := sem.Acquire(t.Context(), 1)
						if !assert.NoError(t, err) {
							return
						}
						granted <- struct{}{}
						time.Sleep(10 * time.Millisecond) // sleep ok: virtual; the work
						p.ReleaseContext(t.Context())
					}
				})
			}
			time.Sleep(time.Second) // sleep ok: virtual time
			w.Server(0).Stop()
			time.Sleep(time.Minute) // sleep ok: virtual; the session has expired
			w.Server(0).Resume()
			for len(granted) > 0 {
				<-granted
			}
			time.Sleep(10 * time.Second) // sleep ok: virtual time
			assert.Greater(t, len(granted), 10, "not reacquired after the restart")
			close(stop)
			wg.Wait()
		},
		"Curator/testNoOrphanedNodes": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "test", 1)
			p := acquire(t, sem, 1)
			held := w.Ephemerals()
			next := ask(t.Context(), sem, 1)
			for _, znode := range w.Ephemerals() {
				if znode != held[0] {
					w.Stranger().Delete(znode)
				}
			}
			time.Sleep(time.Second) // sleep ok: virtual; it queues again
			p.Release()
			<-next.done
			require.NoError(t, next.err)
			next.permit.Release()
			assert.Empty(t, w.Ephemerals())
			acquire(t, sem, 1).Release()
		},
		"kazoo/test_non_blocking": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			one, two := acquire(t, semaphore(t, s, "test", 2), 1),
				acquire(t, semaphore(t, s, "test", 2), 1)
			_, err := semaphore(t, s, "test", 2).TryAcquire(t.Context(), 1)
			assert.ErrorIs(t, err, zklock.ErrLocked)
			two.Release()
			acquire(t, semaphore(t, s, "test", 2), 1).Release()
			one.Release()
		},
		"kazoo/test_semaphore_cancel, test_acquire_after_cancelled": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "test", 1)
			p := acquire(t, sem, 1)
			ctx, cancel := context.WithCancel(t.Context())
			next := ask(ctx, sem, 1)
			cancel()
			<-next.done
			assert.ErrorIs(t, next.err, context.Canceled)
			assert.Len(t, w.Ephemerals(), 1)
			p.Release()
			acquire(t, sem, 1).Release()
		},
		"kazoo/test_handle_session_loss": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			other, _ := w.dial("", 10*time.Second)
			george := acquire(t, semaphore(t, other, "test", 1), 1)
			fred := ask(t.Context(), semaphore(t, s, "test", 1), 1)
			w.Expire(s.ID())
			time.Sleep(time.Second) // sleep ok: virtual time
			require.True(t, isOpen(fred.done))
			george.Release()
			time.Sleep(time.Second) // sleep ok: virtual time
			fred.granted(t).Release()
		},
		"kazoo/test_inconsistent_max_leases": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			defer acquire(t, semaphore(t, s, "test", 1), 1).Release()
			_, err := semaphore(t, s, "test", 2).Acquire(t.Context(), 1)
			assert.ErrorIs(t, err, zklock.ErrSize)
		},
		"kazoo/test_timeout": func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			other, _ := w.dial("", 10*time.Second)
			p := acquire(t, semaphore(t, s, "test", 1), 1)
			begun := time.Now()
			_, err := semaphore(t, other, "test", 1).Acquire(within(t, 3*time.Second), 1)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.InDelta(t, 3, time.Since(begun).Seconds(), 0.1)
			p.Release()
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(2)}, test)
		})
	}
}
