package virtual

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// mutexes opens a lock for each name.
func mutexes(t *testing.T, s *zklock.Session, names ...string) (locks []*zklock.Mutex) {
	for _, name := range names {
		locks = append(locks, mutex(t, s, name))
	}
	return locks
}

func lockAll(t *testing.T, s *zklock.Session, locks ...*zklock.Mutex) *zklock.Hold {
	t.Helper()
	h, err := s.LockAll(t.Context(), locks...)
	require.NoError(t, err)
	return h
}

// asyncAll begins a LockAll. The channel receives its outcome.
func asyncAll(ctx context.Context, s *zklock.Session, locks ...*zklock.Mutex) <-chan allResult {
	result := make(chan allResult, 1)
	go func() { // ends with the acquisition
		h, err := s.LockAll(ctx, locks...)
		result <- allResult{h, err}
	}()
	return result
}

type allResult struct {
	h   *zklock.Hold
	err error
}

// TestVirtualLockAllTakesTwoTrips acquires locks that are free: it takes two trips, and a release
// one.
func TestVirtualLockAllTakesTwoTrips(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(10)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		rw := rwMutex(t, s, "rw")
		locks := append(mutexes(t, s, "b", "a", "c/d"), rw.Reader(), rwMutex(t, s, "w").Mutex)
		lockAll(t, s, locks...).Unlock() // makes the parents
		begun := time.Now()
		h := lockAll(t, s, locks...)
		assert.Equal(t, 40*time.Millisecond, time.Since(begun))
		assert.Equal(t, len(locks), s.Stats().Held)
		for _, m := range locks {
			assert.Equal(t, h.Token(), m.Token())
			assert.False(t, mutex(t, elsewhere, m.Name()).TryLock())
		}
		other := rwMutex(t, elsewhere, "rw")
		assert.True(t, other.TryRLock(), "readers share")
		other.RUnlock()
		guards, err := h.Guard()
		require.NoError(t, err)
		require.Len(t, guards, len(locks))
		_, err = s.Conn().Multi(guards...)
		assert.NoError(t, err)
		ctx, cancel := h.Context(t.Context())
		defer cancel()
		for _, m := range locks {
			_, err := m.LockContext(ctx)
			assert.ErrorIs(t, err, zklock.ErrDeadlock)
		}
		_, err = s.LockAll(ctx, mutex(t, s, "a"))
		assert.ErrorIs(t, err, zklock.ErrDeadlock)

		assert.Equal(t, locks[0].Deadline(), h.Deadline())
		token := h.Token()
		begun = time.Now()
		h.Unlock()
		assert.Equal(t, 20*time.Millisecond, time.Since(begun))
		assert.ErrorIs(t, context.Cause(ctx), zklock.ErrNotLocked)
		assert.NoError(t, h.Err())
		assert.Zero(t, h.Deadline())
		_, err = h.Guard()
		assert.ErrorIs(t, err, zklock.ErrNotLocked)
		_, err = s.Conn().Multi(guards...)
		assert.ErrorIs(t, err, zk.ErrNoNode)
		assert.Panics(t, h.Unlock)
		lock(t, locks[0])
		assert.Equal(t, 1, locks[0].Token().Compare(token))
		locks[0].Unlock()
	})
}

// TestVirtualLockAllIsFasterThanOneByOne measures locks that are free, at 10 ms each way.
func TestVirtualLockAllIsFasterThanOneByOne(t *testing.T) {
	for _, n := range []int{2, 8} {
		virtually(t, fakezk.Config{Latency: ms(10)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			var locks []*zklock.Mutex
			for i := range n {
				locks = append(locks, mutex(t, s, fmt.Sprint(i)))
			}
			lockAll(t, s, locks...).Unlock() // makes the parents
			begun := time.Now()
			lockAll(t, s, locks...).Unlock()
			together := time.Since(begun)
			begun = time.Now()
			for _, m := range locks {
				lock(t, m)
			}
			for _, m := range locks {
				m.Unlock()
			}
			times := float64(time.Since(begun)) / float64(together)
			t.Logf("%d locks: %v, one by one %.1f times as long", n, together, times)
			assert.Equal(t, 60*time.Millisecond, together)
			assert.GreaterOrEqual(t, times, map[int]float64{2: 1.3, 8: 5}[n])
		})
	}
}

// TestVirtualLockAllInAnyOrder has many programs acquire locks in orders of their own, with others
// that acquire one: nobody waits forever, and each lock has one holder.
func TestVirtualLockAllInAnyOrder(t *testing.T) {
	for seed := range uint64(12) {
		virtually(t, fakezk.Config{Latency: ms(3), Servers: 3}, func(t *testing.T, w *world) {
			const locks, programs, rounds = 4, 6, 8
			var inside [locks]atomic.Int32 // a writer counts 1000
			var workers sync.WaitGroup
			for i := range programs {
				s, _ := w.dial("", 10*time.Second)
				rnd := rand.New(rand.NewPCG(seed, uint64(i)))
				workers.Go(func() {
					for range rounds {
						var chosen []*zklock.Mutex
						var which []int
						var weight []int32
						for _, n := range rnd.Perm(locks)[:1+rnd.IntN(locks)] {
							rw := rwMutex(t, s, fmt.Sprint(n))
							m, by := rw.Mutex, int32(1000)
							if rnd.IntN(2) == 0 {
								m, by = rw.Reader(), 1
							}
							chosen, which, weight = append(chosen, m), append(which, n),
								append(weight, by)
						}
						h, err := s.LockAll(t.Context(), chosen...)
						if !assert.NoError(t, err) {
							return
						}
						for j, n := range which {
							now := inside[n].Add(weight[j])
							assert.True(t, now == 1000 || now < 1000, "lock %d: %d", n, now)
						}
						time.Sleep(time.Duration(rnd.IntN(5)) * time.Millisecond) // sleep ok: virtual; the work
						for j, n := range which {
							inside[n].Add(-weight[j])
						}
						h.Unlock()
					}
				})
			}
			workers.Wait()
		})
	}
}

// TestVirtualLockAllLosesAPlace has one of several candidates removed while the others wait: all
// queue again at the end, and those who came later are granted the locks earlier.
func TestVirtualLockAllLosesAPlace(t *testing.T) {
	for _, which := range []string{"a", "b"} {
		t.Run(which, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				elsewhere, _ := w.dial("", 10*time.Second)
				holder := mutex(t, elsewhere, "b")
				lock(t, holder)
				first := asyncAll(t.Context(), s, mutexes(t, s, "a", "b")...)
				time.Sleep(time.Second) // sleep ok: virtual; it waits for b alone
				second := asyncAll(t.Context(), elsewhere, mutexes(t, elsewhere, "b", "a")...)
				time.Sleep(time.Second) // sleep ok: virtual
				queue := w.Children(mutex(t, s, which).Path())
				place := len(queue) - 2
				require.NoError(t, elsewhere.Conn().Delete(queue[place], -1))
				time.Sleep(time.Second) // sleep ok: virtual; they have queued again
				assert.Len(t, w.Children(mutex(t, s, which).Path()), len(queue))
				for _, name := range []string{"a", "b"} {
					assert.NotContains(t, w.Children(mutex(t, s, name).Path()), queue[place])
				}
				holder.Unlock()
				got := <-second
				require.NoError(t, got.err)
				time.Sleep(time.Second) // sleep ok: virtual
				assert.Empty(t, first, "it stands behind")
				got.h.Unlock()
				got = <-first
				require.NoError(t, got.err)
				assert.NoError(t, got.h.Err())
				got.h.Unlock()
			})
		})
	}
}

// TestVirtualLockAllHoldIsLostAndRevoked has one of several holds asked for, or taken away.
func TestVirtualLockAllHoldIsLostAndRevoked(t *testing.T) {
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				elsewhere, _ := w.dial("", 10*time.Second)
				other := mutex(t, elsewhere, "a")
				h := lockAll(t, s, mutexes(t, s, "b", "a", "c")...)
				revoked, lost := h.Revoked(), h.Lost()
				ctx, cancel := h.Context(t.Context())
				defer cancel()
				_, err := other.RevokeAll(t.Context())
				require.NoError(t, err)
				<-revoked
				assert.ErrorIs(t, h.Err(), zklock.ErrRevoked)
				assert.NotErrorIs(t, h.Err(), zklock.ErrLost)
				assert.ErrorIs(t, context.Cause(ctx), zklock.ErrRevoked)
				assert.True(t, isOpen(lost))
				lose(t, w, s, other, w.Children(other.Path())[0])
				<-lost
				assert.ErrorIs(t, h.Err(), zklock.ErrLost)
				_, err = h.Guard()
				assert.ErrorIs(t, err, zklock.ErrLost)
				assert.ErrorIs(t, h.UnlockContext(t.Context()), zklock.ErrLost)
				lockAll(t, s, mutexes(t, s, "c", "a", "b")...).Unlock()
			})
		})
	}
}

// TestVirtualLockAllAskedWhileItWaits has a candidate asked that waits: the hold begins revoked.
func TestVirtualLockAllAskedWhileItWaits(t *testing.T) {
	for _, asked := range []string{"a", "b"} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			elsewhere, _ := w.dial("", 10*time.Second)
			holder := mutex(t, elsewhere, "b")
			lock(t, holder)
			waiting := asyncAll(t.Context(), s, mutexes(t, s, "a", "b")...)
			time.Sleep(time.Second) // sleep ok: virtual
			_, err := mutex(t, elsewhere, asked).RevokeAll(t.Context())
			require.NoError(t, err)
			holder.Unlock()
			got := <-waiting
			require.NoError(t, got.err)
			assert.False(t, isOpen(got.h.Revoked()))
			assert.ErrorIs(t, got.h.Err(), zklock.ErrRevoked)
			got.h.Unlock()
		})
	}
}

// TestVirtualLockAllThroughFaults breaks the connection, or the session, at every moment of an
// acquisition that waits for one lock: it succeeds in the end.
func TestVirtualLockAllThroughFaults(t *testing.T) {
	faults := map[string]func(*world, *zklock.Session, *fakezk.Client){
		"cut":    func(_ *world, _ *zklock.Session, cl *fakezk.Client) { cl.Cut() },
		"expire": func(w *world, s *zklock.Session, _ *fakezk.Client) { w.Expire(s.ID()) },
		"answers lost": func(_ *world, _ *zklock.Session, cl *fakezk.Client) {
			cl.Blackhole(fakezk.ToClient)
			time.Sleep(300 * time.Millisecond) // sleep ok: virtual; requests arrive
			cl.Cut()
			cl.Heal()
		},
	}
	for name, fault := range faults {
		for _, taken := range []bool{false, true} {
			t.Run(fmt.Sprint(name, taken), func(t *testing.T) {
				for after := time.Duration(0); after < 40*time.Millisecond; after += 2 * time.Millisecond {
					virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
						s, client := w.dial("", 10*time.Second)
						elsewhere, _ := w.dial("", 10*time.Second)
						lockAll(t, elsewhere, mutexes(t, elsewhere, "a", "b", "c")...).Unlock() // makes parents
						holder := mutex(t, elsewhere, "b")
						if taken {
							lock(t, holder)
						}
						waiting := asyncAll(t.Context(), s, mutexes(t, s, "c", "b", "a")...)
						time.Sleep(after) // sleep ok: virtual
						fault(w, s, client)
						time.Sleep(time.Second) // sleep ok: virtual
						if taken {
							holder.Unlock()
						}
						got := <-waiting
						require.NoError(t, got.err)
						if got.h.Err() == nil {
							assert.Len(t, w.Ephemerals(), 3)
						}
						_ = got.h.UnlockContext(t.Context())
						lockAll(t, s, mutexes(t, s, "a", "b", "c")...).Unlock()
					})
				}
			})
		}
	}
}

// TestVirtualLockAllThrottled has servers refuse requests that they have no time for.
func TestVirtualLockAllThrottled(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		locks := mutexes(t, s, "a", "b")
		for n := range 8 {
			for _, ctx := range []context.Context{context.Background(), t.Context()} {
				w.Throttle(n)
				h, err := s.LockAll(ctx, locks...)
				require.NoError(t, err)
				h.Unlock()
			}
		}
		w.Answer(wire.OpMulti, -125)
		_, err := s.LockAll(t.Context(), locks...)
		assert.ErrorContains(t, err, "quota exceeded")
		w.Answer(wire.OpMulti, 0)
		assert.Empty(t, w.Ephemerals())
	})
}

// TestVirtualLockAllGivesUpAtEveryMoment ends the context, or closes the Session, while it
// acquires: the call returns at once, and nothing is left.
func TestVirtualLockAllGivesUpAtEveryMoment(t *testing.T) {
	for _, end := range []string{"cancel", "close", "silence"} {
		for _, taken := range []bool{false, true} {
			t.Run(fmt.Sprint(end, taken), func(t *testing.T) {
				for after := time.Duration(0); after < 40*time.Millisecond; after += time.Millisecond {
					testLockAllGivesUp(t, end, taken, after)
				}
			})
		}
	}
}

func testLockAllGivesUp(t *testing.T, end string, taken bool, after time.Duration) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		lockAll(t, elsewhere, mutexes(t, elsewhere, "a", "b", "c")...).Unlock() // makes parents
		holder := mutex(t, elsewhere, "b")
		if taken {
			lock(t, holder)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waiting := asyncAll(ctx, s, mutexes(t, s, "a", "b", "c")...)
		time.Sleep(after) // sleep ok: virtual
		want := context.Canceled
		switch end {
		case "silence":
			client.Blackhole()
			time.Sleep(time.Second) // sleep ok: virtual
			cancel()
		case "cancel":
			cancel()
		case "close":
			assert.NoError(t, s.Close())
			want = zklock.ErrClosed
		}
		begun := time.Now()
		got := <-waiting
		assert.LessOrEqual(t, time.Since(begun), 100*time.Millisecond)
		client.Heal()
		switch {
		case got.err == nil && end == "close":
			assert.ErrorIs(t, got.h.UnlockContext(t.Context()), zklock.ErrLost)
		case got.err == nil:
			got.h.Unlock()
		default:
			assert.ErrorIs(t, got.err, want)
		}
		time.Sleep(time.Second) // sleep ok: virtual; what is left is removed
		if left := w.Ephemerals(); taken {
			assert.Len(t, left, 1)
			holder.Unlock()
		} else {
			assert.Empty(t, left)
		}
		assert.Zero(t, s.Stats().Waiting)
	})
}

// TestVirtualLockAllRefuses has calls that cannot succeed.
func TestVirtualLockAllRefuses(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second, zklock.WithFootprint(4096))
		elsewhere, _ := w.dial("", 10*time.Second)
		a, b, rw := mutex(t, s, "a"), mutex(t, s, "b"), rwMutex(t, s, "a")
		sent := client.Sent(wire.OpMulti)
		_, err := s.LockAll(t.Context())
		assert.EqualError(t, err, "lock: no lock is named")
		for _, twice := range []*zklock.Mutex{a, mutex(t, s, "a"), rw.Mutex, rw.Reader()} {
			_, err = s.LockAll(t.Context(), a, b, twice)
			assert.ErrorIs(t, err, zklock.ErrDeadlock)
		}
		_, err = s.LockAll(t.Context(), a, mutex(t, elsewhere, "b"))
		assert.ErrorContains(t, err, "another Session")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.LockAll(ended, a, b)
		assert.ErrorIs(t, err, context.Canceled)
		var none context.Context
		_, err = s.LockAll(none, a, b)
		assert.ErrorContains(t, err, "context is nil")
		assert.Equal(t, sent, client.Sent(wire.OpMulti), "nothing was sent")

		var many []*zklock.Mutex
		for i := range 80 {
			many = append(many, mutex(t, s, fmt.Sprint(i)))
		}
		_, err = s.LockAll(t.Context(), many...)
		assert.ErrorIs(t, err, zklock.ErrTooMany)
		lockAll(t, s, many[:4]...).Unlock()
		for i := range 257 {
			many = append(many, mutex(t, elsewhere, fmt.Sprint(i)))
		}
		_, err = elsewhere.LockAll(t.Context(), many[80:]...)
		assert.ErrorContains(t, err, "257 locks")
		lockAll(t, elsewhere, many[80:80+256]...).Unlock()

		stranger := w.Stranger()
		lock(t, a)
		stranger.Queue(a.Path() + "/unknown-")
		a.Unlock()
		_, err = s.LockAll(t.Context(), b, a)
		assert.ErrorIs(t, err, zklock.ErrMixedDialects)
		stranger.Leave()
		assert.Empty(t, w.Ephemerals())
		require.NoError(t, s.Close())
		_, err = s.LockAll(t.Context(), a, b)
		assert.ErrorIs(t, err, zklock.ErrClosed)
	})
}

// TestVirtualLockAllDistrustsRepeatedNumbers has an earlier candidate with a greater number, as
// after a change of leaders: the later one does not count as the first.
func TestVirtualLockAllDistrustsRepeatedNumbers(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		a := mutex(t, s, "a")
		lock(t, a)
		const holder = "/_c_00112233445566778899aabbccddeeff-lock-0000000007"
		_, err := elsewhere.Conn().Create(a.Path()+holder, nil, zk.FlagEphemeral,
			zk.WorldACL(zk.PermAll))
		require.NoError(t, err)
		a.Unlock()
		waiting := asyncAll(t.Context(), s, mutex(t, s, "b"), a)
		time.Sleep(3 * time.Second) // sleep ok: virtual
		assert.Empty(t, waiting)
		require.NoError(t, elsewhere.Conn().Delete(a.Path()+holder, -1))
		got := <-waiting
		require.NoError(t, got.err)
		got.h.Unlock()
	})
}

// TestVirtualLockAllWithALostHold has a lost hold occupy one of the handles: the other locks are
// free until it is unlocked.
func TestVirtualLockAllWithALostHold(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		a, b := mutex(t, s, "a"), mutex(t, s, "b")
		lock(t, b)
		waiting := asyncAll(t.Context(), s, a, b)
		time.Sleep(time.Second) // sleep ok: virtual; they stand in the queues
		w.Expire(s.ID())
		<-b.Lost()
		time.Sleep(time.Second) // sleep ok: virtual
		h := lockAll(t, elsewhere, mutexes(t, elsewhere, "b", "a")...)
		h.Unlock()
		assert.Empty(t, waiting)
		assert.ErrorIs(t, b.UnlockContext(t.Context()), zklock.ErrLost)
		got := <-waiting
		require.NoError(t, got.err)
		synctest.Wait()
		got.h.Unlock()
	})
}

// TestVirtualLockAllDeadlineAfterADowngrade asks until when two locks are held, of which one becomes
// a reader's, and is then released.
func TestVirtualLockAllDeadlineAfterADowngrade(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		rw, err := s.RWMutex("a")
		require.NoError(t, err)
		m := mutex(t, s, "b")
		h, err := s.LockAll(t.Context(), rw.Mutex, m)
		require.NoError(t, err)
		reader, err := rw.Downgrade(t.Context())
		require.NoError(t, err)
		assert.Equal(t, m.Deadline(), h.Deadline())
		assert.WithinDuration(t, time.Now().Add(5*time.Second), h.Deadline(), 2*time.Second)
		reader.Unlock()
		assert.Zero(t, h.Deadline())
		m.Unlock()
	})
}
