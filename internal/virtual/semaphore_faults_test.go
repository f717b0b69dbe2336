package virtual

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
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

// TestVirtualPermitsAreLostBeforeTheNextGrant takes the network from a holder, in every way and at
// many moments, while another waits for its permits.
func TestVirtualPermitsAreLostBeforeTheNextGrant(t *testing.T) {
	const timeout = 4 * time.Second
	for _, name := range []string{"blackholed", "requests lost", "replies lost",
		"refused", "severed"} {
		t.Run(name, func(t *testing.T) {
			for step := range 8 {
				virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)},
					func(t *testing.T, w *world) {
						s, client := w.dial(w.Server(0).Address(), timeout)
						other, _ := w.dial(w.Server(1).Address(), timeout)
						one := acquire(t, semaphore(t, s, "pool", 2), 1)
						two := acquire(t, semaphore(t, other, "pool", 2), 1)
						next := ask(t.Context(), semaphore(t, other, "pool", 2), 1)
						begin := time.Duration(step) * timeout / 64
						time.Sleep(timeout + begin) // sleep ok: virtual time
						troubles[name](w, client, s.ID())
						<-one.Lost()
						synctest.Wait()
						assert.True(t, isOpen(next.done), "it was granted before the loss was told")
						assert.ErrorIs(t, one.Err(), zklock.ErrLost)
						assert.Zero(t, one.Deadline())
						_, err := one.Guard()
						assert.ErrorIs(t, err, zklock.ErrLost)
						<-next.done
						require.NoError(t, next.err)
						assert.NoError(t, two.Err())
						w.Server(0).Resume()
						client.Heal()
						assert.ErrorIs(t, one.ReleaseContext(t.Context()), zklock.ErrLost)
						two.Release()
						next.permit.Release()
					})
			}
		})
	}
}

// TestVirtualPermitsRevoked has permits asked for, and removed by force.
func TestVirtualPermitsRevoked(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		sem := semaphore(t, s, "pool", 2)
		p, other := acquire(t, sem, 1), acquire(t, sem, 1)
		guard, err := p.Guard()
		require.NoError(t, err)
		stranger := w.Stranger()
		stranger.Set(guard.Path, []byte("unlock"))
		<-p.Revoked()
		assert.ErrorIs(t, p.Err(), zklock.ErrRevoked)
		assert.True(t, isOpen(p.Lost()))
		assert.True(t, isOpen(other.Revoked()))
		begun := time.Now()
		stranger.Delete(guard.Path)
		<-p.Lost()
		assert.LessOrEqual(t, time.Since(begun), 60*time.Millisecond)
		assert.ErrorIs(t, p.ReleaseContext(t.Context()), zklock.ErrLost)
		other.Release()
	})
}

// TestVirtualAMarkIsNotLostWithTheQueue marks a candidate in the moment in which it leaves the
// queue.
func TestVirtualAMarkIsNotLostWithTheQueue(t *testing.T) {
	for moment := range 40 {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			holder, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "pool", 1)
			p := acquire(t, semaphore(t, holder, "pool", 1), 1)
			next := ask(t.Context(), sem, 1)
			candidates := w.Ephemerals()
			require.Len(t, candidates, 2)
			candidate := candidates[0]
			if path.Base(path.Dir(candidate)) != "locks" {
				candidate = candidates[1]
			}
			marked := make(chan bool)
			go func() { // ends with its answer
				time.Sleep(time.Duration(moment) * 500 * time.Microsecond) // sleep ok: virtual time
				there := w.Owner(candidate) != 0
				w.Stranger().Set(candidate, []byte("unlock"))
				marked <- there
			}()
			p.Release()
			there := <-marked
			<-next.done
			require.NoError(t, next.err)
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual time
			assert.Equal(t, there, !isOpen(next.permit.Revoked()),
				"after %d half milliseconds", moment)
			next.permit.Release()
		})
	}
}

// TestVirtualAcquireCancelledAtEveryMoment puts a fault on at every request of an acquisition of
// permits, cancels at once or later, and takes the fault away. Nothing may be left.
func TestVirtualAcquireCancelledAtEveryMoment(t *testing.T) {
	const timeout = 4 * time.Second
	for _, name := range []string{"none", "cut", "replies lost", "hung", "stopped", "expired"} {
		trouble := troubles[name]
		for _, taken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/taken=%v", name, taken), func(t *testing.T) {
				cases, reached := 0, true
				for at := 1; reached; at++ {
					for _, later := range []time.Duration{0, 3 * timeout} {
						cases++
						virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
							s, client := w.dial("", timeout,
								zklock.WithAuth("digest", []byte("a:b")))
							direct, _ := w.dial("", timeout)
							sem := semaphore(t, s, "pool", 2)
							if taken {
								acquire(t, semaphore(t, direct, "pool", 2), 2)
							}
							moment, n := make(chan struct{}), 0
							client.OnRequest(func(op int32) {
								if op != wire.OpPing {
									if n++; n == at {
										close(moment)
									}
								}
							})
							ctx, cancel := context.WithCancelCause(t.Context())
							defer cancel(nil)
							why := errors.New("test")
							a := &asking{done: make(chan struct{})}
							go func() { // ends with the context
								defer close(a.done)
								a.permit, a.err = sem.Acquire(ctx, 1)
							}()
							select {
							case <-moment:
							case <-a.done:
								require.NoError(t, a.err)
								reached = false // there are no more
								a.permit.Release()
								return
							case <-time.After(timeout / 2): // nor if it waits
								reached = false
							}
							trouble(w, client, s.ID())
							time.Sleep(later) // sleep ok: virtual time
							cancel(why)
							cancelled := time.Now()
							<-a.done
							assert.LessOrEqual(t, time.Since(cancelled), 100*time.Millisecond)
							if a.err == nil {
								a.permit.ReleaseContext(t.Context())
							} else {
								assert.ErrorIs(t, a.err, why)
							}
							time.Sleep(later) // sleep ok: virtual time
							w.RejectCredentials(false)
							w.Server(0).Resume()
							client.Heal()
							time.Sleep(4 * timeout) // sleep ok: virtual time
							most := 0               // the other session's
							if taken {
								most = 1
							}
							assert.LessOrEqual(t, len(w.Ephemerals()), most,
								"of request %d, cancelled after %v", at, later)
							if !taken {
								p, err := sem.TryAcquire(t.Context(), 2) // and still usable
								require.NoError(t, err)
								p.Release()
							}
						})
					}
				}
				t.Logf("%d cases", cases)
			})
		}
	}
}

// TestVirtualPermitsAreCountedWhateverBreaks breaks the connections of some at every request, again
// and again, while all take permits. There are never too many, and everybody comes to its turn.
func TestVirtualPermitsAreCountedWhateverBreaks(t *testing.T) {
	for every := 2; every <= 25; every++ {
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(1)}, func(t *testing.T, w *world) {
			c := counter{t: t, most: 3}
			var wg sync.WaitGroup
			for i := range 5 {
				s, client := w.dial("", 20*time.Second)
				sem := semaphore(t, s, "pool", 3)
				n := 0
				client.OnRequest(func(op int32) {
					if op == wire.OpPing || op == wire.OpConnect || n >= 12*every {
						return
					}
					if n++; n%every == every-1 && (n/every+i)%2 == 0 {
						go client.Cut() // ends with the loop's answer, which waits for this
					}
				})
				wg.Go(func() {
					for range 4 {
						p, err := sem.Acquire(t.Context(), i%2+1)
						if !assert.NoError(t, err) {
							return
						}
						c.enter(p.Count())
						time.Sleep(5 * time.Millisecond) // sleep ok: virtual; the work
						c.leave(p.Count())
						p.ReleaseContext(t.Context())
					}
				})
			}
			wg.Wait()
			assert.GreaterOrEqual(t, c.peak, 2)
			time.Sleep(time.Minute) // sleep ok: virtual time
			assert.Empty(t, w.Ephemerals())
		})
	}
}

// TestVirtualTwoSemaphoresWhileTheSessionMoves has a transaction under way at one server, and
// another acquisition at the next.
func TestVirtualTwoSemaphoresWhileTheSessionMoves(t *testing.T) {
	everyMove(t, func(t *testing.T, cfg fakezk.Config, move [2]int, pause time.Duration) {
		for _, full := range []bool{false, true} {
			virtually(t, cfg, func(t *testing.T, w *world) {
				s, route := w.dialRouted(20 * time.Second)
				elsewhere, _ := w.dial("", 20*time.Second)
				sems := []*zklock.Semaphore{semaphore(t, s, "a", 2), semaphore(t, s, "b", 2)}
				var held []*zklock.Permit
				for i, sem := range sems {
					p := acquire(t, semaphore(t, elsewhere, sem.Name(), 2), 2)
					if held = append(held, p); !full && i == 0 {
						p.Release()
					}
				}
				asked := make([]*asking, 2)
				begin := func(i int) func() {
					return func() {
						a := &asking{done: make(chan struct{})}
						go func() { // ends when it is granted
							defer close(a.done)
							a.permit, a.err = sems[i].Acquire(t.Context(), 1)
						}()
						asked[i] = a
					}
				}
				w.whileItMoves(s, route, move, pause, begin(0), begin(1))
				time.Sleep(10 * time.Second) // sleep ok: virtual; more than enough
				for i, p := range held {
					if full || i > 0 {
						p.Release()
					}
				}
				time.Sleep(10 * time.Second) // sleep ok: virtual; more than enough
				for _, a := range asked {
					p := a.granted(t)
					guard, err := p.Guard()
					require.NoError(t, err)
					require.Equal(t, s.ID(), w.Owner(guard.Path))
				}
				require.Len(t, w.Ephemerals(), 2)
				for _, a := range asked {
					a.permit.Release()
				}
				require.Empty(t, w.Ephemerals(), "znodes are left")
			})
		}
	})
}

// TestVirtualCloseWhilePermitsAreTaken closes the Session at every request.
func TestVirtualCloseWhilePermitsAreTaken(t *testing.T) {
	for _, taken := range []bool{false, true} {
		reached := true
		for at := 1; reached; at++ {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, client := w.dial("", 10*time.Second)
				other, _ := w.dial("", 10*time.Second)
				holder := semaphore(t, other, "pool", 2)
				p := acquire(t, holder, 2)
				if !taken {
					p.Release()
				}
				moment, n := make(chan struct{}), 0
				client.OnRequest(func(op int32) {
					if op != wire.OpPing {
						if n++; n == at {
							close(moment)
						}
					}
				})
				sem := semaphore(t, s, "pool", 2)
				a := &asking{done: make(chan struct{})}
				go func() { // ends when the Session is closed
					defer close(a.done)
					a.permit, a.err = sem.Acquire(t.Context(), 1)
				}()
				select {
				case <-moment:
				case <-time.After(time.Second):
					reached = false
				}
				begun := time.Now()
				require.NoError(t, s.Close())
				assert.Less(t, time.Since(begun), time.Second)
				<-a.done
				if a.err == nil {
					<-a.permit.Lost()
					assert.ErrorIs(t, a.permit.Err(), zklock.ErrClosed)
					assert.ErrorIs(t, a.permit.ReleaseContext(t.Context()), zklock.ErrLost)
				} else {
					assert.ErrorIs(t, a.err, zklock.ErrClosed)
				}
				_, err := sem.Acquire(t.Context(), 1)
				assert.ErrorIs(t, err, zklock.ErrClosed)
				if taken {
					p.Release()
				}
				all, err := holder.TryAcquire(t.Context(), 2)
				require.NoError(t, err, "something is left of the closed Session")
				all.Release()
			})
		}
	}
}

// TestVirtualSemaphoreFootprint counts the znodes of permits like those of candidates.
func TestVirtualSemaphoreFootprint(t *testing.T) {
	for _, naming := range []zklock.Naming{zklock.NamingDefault, zklock.NamingCurator} {
		virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
			const most = 4096
			s, _ := w.dial("", 20*time.Second, zklock.WithFootprint(most))
			sem := semaphore(t, s, "pool", 1000, zklock.WithNaming(naming))
			for range 2 {
				var held []*zklock.Permit
				for {
					p, err := sem.Acquire(t.Context(), 1)
					if err != nil {
						assert.ErrorIs(t, err, zklock.ErrTooMany)
						break
					}
					held = append(held, p)
				}
				owned := 0
				for _, path := range w.Ephemerals() {
					owned += len(path) + 4
				}
				assert.LessOrEqual(t, owned, most)
				assert.Greater(t, owned, most*3/4)
				for _, p := range held {
					p.Release()
				}
			}
		})
	}
}

// TestVirtualSemaphoreOnAWipedEnsemble wipes the servers' data under holders and those who wait.
func TestVirtualSemaphoreOnAWipedEnsemble(t *testing.T) {
	const timeout = 4 * time.Second
	virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", timeout)
		other, _ := w.dial("", timeout)
		sem, there := semaphore(t, s, "pool", 2), semaphore(t, other, "pool", 2)
		for range 20 {
			acquire(t, sem, 1).Release()
		}
		p := acquire(t, sem, 2)
		next := ask(t.Context(), there, 1)
		time.Sleep(3 * timeout) // sleep ok: virtual time
		w.Wipe()
		wiped := time.Now()
		<-p.Lost()
		assert.ErrorIs(t, p.Err(), zklock.ErrLost)
		<-next.done
		require.NoError(t, next.err)
		assert.Less(t, time.Since(wiped), 2*timeout)
		acquire(t, sem, 1).Release()
		next.permit.Release()
		assert.ErrorIs(t, p.ReleaseContext(t.Context()), zklock.ErrLost)
	})
}

// TestVirtualSemaphoreExpiresWhileItWaits has the sessions of some who wait expire: they wait
// again, at the end, and the others move up.
func TestVirtualSemaphoreExpiresWhileItWaits(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var asked []*asking
		var sessions []*zklock.Session
		holder, _ := w.dial("", 10*time.Second)
		p := acquire(t, semaphore(t, holder, "pool", 1), 1)
		for range 3 {
			s, _ := w.dial("", 10*time.Second)
			sessions = append(sessions, s)
			asked = append(asked, ask(t.Context(), semaphore(t, s, "pool", 1), 1))
		}
		w.Expire(sessions[0].ID()) // the first in the queue
		time.Sleep(time.Second)    // sleep ok: virtual time
		for _, at := range []int{1, 2, 0} {
			p.Release()
			time.Sleep(time.Second) // sleep ok: virtual time
			p = asked[at].granted(t)
		}
		p.Release()
	})
}

// TestVirtualSomebodyElseTakesPermits has a client, as one of Curator's whose session has expired,
// create a permit although it is not the first in the queue, at every moment of an acquisition.
// Those who see too many give theirs back.
func TestVirtualSomebodyElseTakesPermits(t *testing.T) {
	for moment := range 60 {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			sem := semaphore(t, s, "pool", 1, zklock.WithNaming(zklock.NamingCurator))
			acquire(t, sem, 1).Release()
			leases := func() (all []string) {
				for _, p := range w.Ephemerals() {
					if path.Base(path.Dir(p)) == "leases" {
						all = append(all, p)
					}
				}
				return all
			}
			// What Curator does: it creates its lease, looks how many there are, and takes itself for
			// a holder if that is the only one.
			const lease = "/ZktoolsLocks/pool/leases/_c_01234567-0123-0123-0123-0123456789ab-lease-"
			holds := make(chan bool, 1)
			go func() { // ends at once
				time.Sleep(time.Duration(moment) * 500 * time.Microsecond) // sleep ok: virtual time
				w.Stranger().Queue(lease)
				holds <- len(leases()) == 1
			}()
			a := &asking{done: make(chan struct{})}
			ctx, cancel := context.WithCancel(t.Context())
			go func() { // ends with the context
				defer close(a.done)
				a.permit, a.err = sem.Acquire(ctx, 1)
			}()
			time.Sleep(time.Second) // sleep ok: virtual time
			first := leases()[slices.IndexFunc(leases(), func(p string) bool { return w.Owner(p) < 0 })]
			if <-holds {
				assert.True(t, isOpen(a.done), "both hold the one permit")
			} else {
				a.granted(t).Release()
			}
			cancel()
			<-a.done
			if a.err != nil {
				assert.ErrorIs(t, a.err, context.Canceled)
			}
			w.Stranger().Delete(first)
		})
	}
}
