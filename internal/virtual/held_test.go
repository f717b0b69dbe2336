package virtual

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// hold acquires n locks, and waits until their znodes are watched.
func hold(t *testing.T, s *zklock.Session, n int) (locks []*zklock.Mutex, znodes []string) {
	t.Helper()
	for i := range n {
		m := mutex(t, s, fmt.Sprintf("held-%d", i))
		lock(t, m)
		guard, err := m.Guard()
		require.NoError(t, err)
		locks, znodes = append(locks, m), append(znodes, guard.Path)
	}
	time.Sleep(100 * time.Millisecond) // sleep ok: virtual
	return locks, znodes
}

func unlockAll(locks []*zklock.Mutex) {
	for _, m := range locks {
		m.Unlock()
	}
}

// readsOf returns how many reads of znodes the servers have had from a client.
func readsOf(client *fakezk.Client) int {
	return client.Sent(wire.OpGetData) + client.Sent(wire.OpExists)
}

// TestVirtualIdleHoldsCostNothing counts what a session sends that holds locks and does nothing.
func TestVirtualIdleHoldsCostNothing(t *testing.T) {
	const timeout = 10 * time.Second
	for _, n := range []int{1, 12, 400} {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, client := w.dial("", timeout)
			locks, _ := hold(t, s, n)
			time.Sleep(3 * timeout) // sleep ok: virtual; to have said since when they are held
			synctest.Wait()
			beats, checks, reads := client.Sent(wire.OpMulti), client.Checks(), readsOf(client)
			time.Sleep(10 * timeout) // sleep ok: virtual
			synctest.Wait()
			assert.InDelta(t, 60, client.Sent(wire.OpMulti)-beats, 1, "beats of %d", n)
			assert.InDelta(t, 60*((n+10)/11), client.Checks()-checks, float64(n+10)/11, "of %d", n)
			assert.Zero(t, readsOf(client)-reads, "reads of %d", n)
			for _, m := range locks {
				assert.NoError(t, m.Err())
			}
			unlockAll(locks)
		})
	}
}

// TestVirtualIdleHoldsOfOtherLeases counts the same for the leases that have no beats.
func TestVirtualIdleHoldsOfOtherLeases(t *testing.T) {
	const timeout, n = 10 * time.Second, 100
	for _, lease := range []zklock.Lease{zklock.LeasePing, zklock.LeaseServer} {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, client := w.dial("", timeout, zklock.WithLease(lease))
			locks, _ := hold(t, s, n)
			time.Sleep(3 * timeout) // sleep ok: virtual
			synctest.Wait()
			beats, reads := client.Sent(wire.OpMulti), readsOf(client)
			time.Sleep(10 * timeout) // sleep ok: virtual
			synctest.Wait()
			assert.Equal(t, beats, client.Sent(wire.OpMulti), "%v", lease)
			assert.InDelta(t, 10*n, readsOf(client)-reads, n, "%v", lease)
			unlockAll(locks)
		})
	}
}

// TestVirtualYoungHoldsAreChecked has locks be held for the moment of a beat, when no watch vouches
// for them.
func TestVirtualYoungHoldsAreChecked(t *testing.T) {
	const timeout = 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		locks, _ := hold(t, s, 30)
		time.Sleep(4 * timeout) // sleep ok: virtual; those whose turn it is are no young ones then
		w.Answer(wire.OpGetData, -127)
		more := mutexes(t, s, "a", "b", "c", "d", "e")
		for _, m := range more {
			lock(t, m)
		}
		time.Sleep(timeout / 6) // sleep ok: virtual; the next beat may be left out
		synctest.Wait()
		checks := client.Checks()
		time.Sleep(timeout / 6) // sleep ok: virtual
		synctest.Wait()
		assert.Equal(t, 4+5, client.Checks()-checks)
		w.Answer(wire.OpGetData, 0)
		unlockAll(append(locks, more...))
	})
}

// TestVirtualARemovedHoldIsTold has another client remove the znode of one of many holds, when the
// watch on it has been used up, or has ended with its connection, and no request is answered that
// would set it again. A beat finds it.
func TestVirtualARemovedHoldIsTold(t *testing.T) {
	const timeout, trip = 12 * time.Second, 2 * time.Millisecond
	for name, c := range map[string]struct {
		unwatch func(*world, *fakezk.Client, string)
		within  time.Duration
	}{
		"watched": {func(*world, *fakezk.Client, string) {}, 2 * trip},
		"used up": {func(w *world, _ *fakezk.Client, p string) {
			w.Answer(wire.OpGetData, -127)
			w.Stranger().Set(p, []byte("x"))
		}, timeout/6 + trip},
		"disconnected": {func(w *world, client *fakezk.Client, _ string) {
			w.Answer(wire.OpGetData, -127)
			w.Answer(wire.OpSetWatches, -6)
			client.Cut()
		}, timeout/6 + trip},
	} {
		t.Run(name, func(t *testing.T) {
			for step := range 12 {
				virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
					s, client := w.dial("", timeout)
					locks, znodes := hold(t, s, 24)
					time.Sleep(3*timeout + time.Duration(step)*timeout/50) // sleep ok: virtual
					at := step * len(locks) / 12
					c.unwatch(w, client, znodes[at])
					time.Sleep(3 * time.Second) // sleep ok: virtual; to be connected again
					w.Stranger().Delete(znodes[at])
					removed := time.Now()
					<-locks[at].Lost()
					assert.LessOrEqual(t, time.Since(removed), c.within)
					w.Answer(wire.OpGetData, 0)
					assert.ErrorIs(t, locks[at].UnlockContext(t.Context()), zklock.ErrLost)
					unlockAll(append(locks[:at:at], locks[at+1:]...))
				})
			}
		})
	}
}

// TestVirtualHoldsOnAServerThatLostATransaction has a server miss the deletion of a hold's znode.
// The session of one of the holders is busy, so that it needs no beats.
func TestVirtualHoldsOnAServerThatLostATransaction(t *testing.T) {
	const timeout = 12 * time.Second
	for _, busy := range []bool{false, true} {
		for _, n := range []int{1, 7, 100} {
			virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", timeout)
				locks, znodes := hold(t, s, n)
				var worker sync.WaitGroup
				stop := make(chan struct{})
				if busy {
					m := mutex(t, s, "busy")
					worker.Go(func() {
						for isOpen(stop) {
							m.Lock()
							time.Sleep(timeout / 50) // sleep ok: virtual
							m.Unlock()
						}
					})
				}
				time.Sleep(3 * timeout) // sleep ok: virtual
				for _, p := range znodes {
					w.Server(0).Keep(p)
					w.Stranger().Delete(p)
				}
				removed := time.Now()
				for _, m := range locks {
					<-m.Lost()
				}
				assert.LessOrEqual(t, time.Since(removed), 2*timeout+20*time.Millisecond*
					time.Duration(n), "%d, busy %v", n, busy)
				for _, m := range locks {
					assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
				}
				close(stop)
				worker.Wait()
			})
		}
	}
}

// TestVirtualAMarkWithoutAnEvent has a server not report that a holder is asked for the lock.
func TestVirtualAMarkWithoutAnEvent(t *testing.T) {
	const timeout = 12 * time.Second
	for _, n := range []int{1, 50} {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", timeout)
			locks, znodes := hold(t, s, n)
			time.Sleep(3 * timeout) // sleep ok: virtual
			w.Server(0).Silence(znodes[0], true)
			w.Stranger().Set(znodes[0], []byte("unlock"))
			asked := time.Now()
			select {
			case <-locks[0].Revoked():
				assert.LessOrEqual(t, time.Since(asked), 2*timeout+20*time.Millisecond)
			case <-time.After(5 * timeout):
				assert.Fail(t, "not told")
			}
			assert.NotErrorIs(t, locks[0].Err(), zklock.ErrLost)
			unlockAll(locks)
		})
	}
}
