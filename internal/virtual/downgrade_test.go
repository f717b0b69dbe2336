package virtual

import (
	"context"
	"errors"
	"fmt"
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

// namings are all of them.
var namings = []zklock.Naming{
	zklock.NamingDefault, zklock.NamingZktools, zklock.NamingCurator, zklock.NamingKazoo,
}

// downgrade makes a writer a reader.
func downgrade(t *testing.T, rw *zklock.RWMutex) *zklock.Mutex {
	t.Helper()
	reader, err := rw.Downgrade(t.Context())
	require.NoError(t, err)
	return reader
}

// TestVirtualDowngradeKeepsWritersOut has readers and writers of this session and of another wait
// for a writer, which becomes a reader: the readers directly behind share the lock, the others wait
// for it in their order.
func TestVirtualDowngradeKeepsWritersOut(t *testing.T) {
	for _, naming := range namings {
		for _, behind := range []string{"w", "r", "wr", "rw", "ww", "rwr", "wrw", "rrw"} {
			for _, where := range []string{"here", "elsewhere", "both"} {
				name := fmt.Sprintf("%v/%s/%s", naming, behind, where)
				t.Run(name, func(t *testing.T) { testDowngrade(t, naming, behind, where) })
			}
		}
	}
}

func testDowngrade(t *testing.T, naming zklock.Naming, behind, where string) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		rw := rwMutex(t, s, "m", zklock.WithNaming(naming))
		lock(t, rw.Mutex)
		token, lost, revoked := rw.Token(), rw.Lost(), rw.Revoked()
		ctx, cancel := rw.Context(t.Context())
		defer cancel()
		var waiting []*zklock.Pending
		var handles []*zklock.Mutex
		for i, kind := range behind {
			from := s
			if where == "elsewhere" || where == "both" && i%2 == 0 {
				from = elsewhere
			}
			m := rwMutex(t, from, "m", zklock.WithNaming(naming))
			handle := m.Mutex
			if kind == 'r' {
				handle = m.Reader()
			}
			handles = append(handles, handle)
			waiting = append(waiting, queued(t, handle))
			time.Sleep(time.Second) // sleep ok: virtual; it has looked who is ahead
		}
		guard, err := rw.Guard()
		require.NoError(t, err)
		reader := downgrade(t, rw)

		time.Sleep(2 * time.Second) // sleep ok: virtual; whoever can be granted the lock was
		shared := true
		for i, kind := range behind {
			shared = shared && kind == 'r'
			assert.Equal(t, shared, !isOpen(waiting[i].Done()), "number %d", i)
		}
		assert.Equal(t, token, reader.Token(), "writers that wait have greater ones")
		assert.True(t, rw.Token().IsZero())
		assert.NoError(t, reader.Err())
		assert.NoError(t, ctx.Err())
		assert.ErrorIs(t, rw.UnlockContext(t.Context()), zklock.ErrNotLocked)
		_, err = s.Conn().Multi(guard)
		assert.ErrorIs(t, err, zk.ErrNoNode, "the writer's guard")
		guard, err = reader.Guard()
		require.NoError(t, err)
		_, err = s.Conn().Multi(guard)
		assert.NoError(t, err)
		q := contenders(t, rw.Mutex)
		require.Len(t, q, 1+len(behind))
		assert.Equal(t, zklock.KindRead, q[0].Kind)
		assert.True(t, q[0].Holder)
		assert.Equal(t, zklock.KindRead, s.Holds()[0].Lock.Kind)

		reader.Unlock()
		assert.ErrorIs(t, context.Cause(ctx), zklock.ErrNotLocked)
		for i, p := range waiting {
			<-p.Done()
			require.NoError(t, p.Err())
			handles[i].Unlock()
		}
		assert.True(t, isOpen(lost), "it was not lost")
		assert.True(t, isOpen(revoked), "nor revoked")
	})
}

// TestVirtualAHandOffBetweenWritersTakesNoListing counts requests: that a writer can become a
// reader costs nothing where it does not.
func TestVirtualAHandOffBetweenWritersTakesNoListing(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, client := w.dial("", 10*time.Second)
		rw, other := rwMutex(t, s, "m"), rwMutex(t, elsewhere, "m")
		lock(t, rw.Mutex)
		p := queued(t, other.Mutex)
		time.Sleep(time.Second) // sleep ok: virtual; it watches the one ahead
		listings := client.Sent(wire.OpGetChildren)
		rw.Unlock()
		<-p.Done()
		assert.Equal(t, listings, client.Sent(wire.OpGetChildren))
		other.Unlock()
	})
}

// TestVirtualDowngradeThroughFaults breaks the connection at every moment of a downgrade: it
// succeeds in the end, and no writer comes in between.
func TestVirtualDowngradeThroughFaults(t *testing.T) {
	faults := map[string]func(*fakezk.Client){
		"cut": func(cl *fakezk.Client) { cl.Cut() },
		"answers lost": func(cl *fakezk.Client) {
			cl.Blackhole(fakezk.ToClient)
			time.Sleep(500 * time.Millisecond) // sleep ok: virtual; requests arrive
			cl.Cut()
			cl.Heal()
		},
		"requests late": func(cl *fakezk.Client) {
			cl.Blackhole(fakezk.ToServer)
			time.Sleep(500 * time.Millisecond) // sleep ok: virtual
			cl.Heal()
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			for after := time.Duration(0); after < 14*time.Millisecond; after += time.Millisecond {
				for _, age := range []time.Duration{0, 100 * time.Millisecond} {
					testDowngradeThrough(t, age, after, fault)
				}
			}
		})
	}
}

func testDowngradeThrough(t *testing.T, age, after time.Duration, fault func(*fakezk.Client)) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		rw, other := rwMutex(t, s, "m"), rwMutex(t, elsewhere, "m")
		lock(t, rw.Mutex)
		r := queued(t, other.Reader())
		p := queued(t, other.Mutex)
		time.Sleep(age) // sleep ok: virtual; the hold's age
		broken := make(chan struct{})
		go func() { // ends with the fault
			defer close(broken)
			time.Sleep(after) // sleep ok: virtual
			fault(client)
		}()
		reader := downgrade(t, rw)
		<-broken
		<-r.Done()
		require.NoError(t, r.Err())
		time.Sleep(5 * time.Second) // sleep ok: virtual; it is watched over
		assert.NoError(t, reader.Err())
		assert.True(t, isOpen(p.Done()), "a writer beside readers")
		held, err := reader.Held(t.Context())
		assert.NoError(t, err)
		assert.True(t, held)
		r.Cancel()
		reader.Unlock()
		<-p.Done()
		other.Unlock()
	})
}

// TestVirtualDowngradeWithoutAnswer gives up while no server answers, and unlocks, or tries again.
func TestVirtualDowngradeWithoutAnswer(t *testing.T) {
	for _, lost := range []fakezk.Direction{fakezk.ToServer, fakezk.ToClient} {
		for _, next := range []string{"unlock", "again", "close", "expire"} {
			t.Run(fmt.Sprint(lost, next), func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, client := w.dial("", 10*time.Second)
					rw := rwMutex(t, s, "m")
					lock(t, rw.Mutex)
					client.Blackhole(lost)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					begun := time.Now()
					_, err := rw.Downgrade(ctx)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.ErrorIs(t, err, zklock.ErrUnavailable)
					assert.Equal(t, time.Second, time.Since(begun))
					assert.NoError(t, rw.Err(), "the hold is still the writer's")
					switch next {
					case "unlock":
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						assert.ErrorIs(t, rw.UnlockContext(ctx), context.DeadlineExceeded)
						client.Heal()
						time.Sleep(time.Second) // sleep ok: virtual; the removal goes on
						assert.Empty(t, w.Ephemerals())
					case "again":
						client.Heal()
						downgrade(t, rw).Unlock()
					case "close":
						client.Heal()
						assert.NoError(t, s.Close())
					case "expire":
						w.Expire(s.ID())
						client.Heal()
						<-rw.Lost()
						_, err = rw.Downgrade(t.Context())
						assert.ErrorIs(t, err, zklock.ErrLost)
						rw.Unlock()
					}
				})
			})
		}
	}
}

// TestVirtualDowngradeOfWhatIsNotHeld has nothing to downgrade, or no right to.
func TestVirtualDowngradeOfWhatIsNotHeld(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		rw, other := rwMutex(t, s, "m"), rwMutex(t, elsewhere, "m")
		_, err := rw.Downgrade(t.Context())
		assert.ErrorIs(t, err, zklock.ErrNotLocked)
		rw.RLock()
		_, err = rw.Downgrade(t.Context())
		assert.ErrorIs(t, err, zklock.ErrNotLocked, "a read hold")
		rw.RUnlock()

		lock(t, rw.Mutex)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = rw.Downgrade(ended)
		assert.ErrorIs(t, err, context.Canceled)
		rw.Unlock()

		for _, age := range []time.Duration{0, time.Second} { // of the hold, which then is watched
			lock(t, rw.Mutex)
			lost := rw.Lost()
			time.Sleep(age) // sleep ok: virtual
			_, err = other.LockRevoking(t.Context(), zklock.Force)
			require.NoError(t, err)
			_, err = rw.Downgrade(t.Context())
			assert.ErrorIs(t, err, zklock.ErrLost)
			<-lost
			assert.ErrorIs(t, rw.UnlockContext(t.Context()), zklock.ErrLost)
			other.Unlock()
		}

		const multi, noAuth = wire.OpMulti, -102
		lock(t, rw.Mutex)
		w.Answer(multi, noAuth)
		_, err = rw.Downgrade(t.Context())
		assert.ErrorIs(t, err, zk.ErrNoAuth)
		w.Answer(multi, 0)
		assert.NoError(t, rw.Err(), "the hold is still the writer's")
		downgrade(t, rw).Unlock()
	})
}

// TestVirtualDowngradeHeedsWhoAsked has a client ask for the lock just before and just after the
// writer becomes a reader: the holder is told in any case.
func TestVirtualDowngradeHeedsWhoAsked(t *testing.T) {
	for after := time.Duration(0); after < 30*time.Millisecond; after += time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			elsewhere, _ := w.dial("", 10*time.Second)
			rw, other := rwMutex(t, s, "m"), rwMutex(t, elsewhere, "m")
			revoked := lock(t, rw.Mutex)
			granted := make(chan error, 1)
			go func() { // ends with the hold
				_, err := other.LockRevoking(t.Context(), zklock.Ask)
				granted <- err
			}()
			time.Sleep(after) // sleep ok: virtual
			reader := downgrade(t, rw)
			<-revoked
			assert.ErrorIs(t, reader.Err(), zklock.ErrRevoked)
			assert.Empty(t, granted, "after %v", after)
			reader.Unlock()
			assert.NoError(t, <-granted)
			other.Unlock()
		})
	}
}

// TestVirtualDowngradeHeedsAMark has a mark written once, before the hold is watched.
func TestVirtualDowngradeHeedsAMark(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		rw := rwMutex(t, s, "m")
		revoked := lock(t, rw.Mutex)
		w.Stranger().Set(w.Ephemerals()[0], []byte("unlock"))
		reader := downgrade(t, rw)
		assert.False(t, isOpen(revoked))
		reader.Unlock()
	})
}

// TestVirtualDowngradeIsLostAndRevoked has what befalls a downgraded hold be told.
func TestVirtualDowngradeIsLostAndRevoked(t *testing.T) {
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				elsewhere, _ := w.dial("", 10*time.Second)
				rw, other := rwMutex(t, s, "m"), rwMutex(t, elsewhere, "m")
				lock(t, rw.Mutex)
				lost := rw.Lost()
				reader := downgrade(t, rw)
				time.Sleep(time.Second) // sleep ok: virtual; the hold is watched
				lose(t, w, s, other.Mutex, w.Ephemerals()[0])
				<-lost
				assert.ErrorIs(t, reader.Err(), zklock.ErrLost)
				lock(t, rw.Mutex)
				rw.Unlock()
				assert.ErrorIs(t, reader.UnlockContext(t.Context()), zklock.ErrLost)
			})
		})
	}
}

// TestVirtualDowngradeOfACohort has the goroutines of a handle that share a candidate wait for a
// writer that becomes a reader.
func TestVirtualDowngradeOfACohort(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		rw := rwMutex(t, s, "m", zklock.WithLocalHandoff(4))
		other := rwMutex(t, elsewhere, "m")
		lock(t, rw.Mutex)
		before := rw.LockAsync(t.Context())
		r := queued(t, other.Reader())
		reader := downgrade(t, rw)
		<-r.Done()
		after := rw.LockAsync(t.Context())
		time.Sleep(3 * time.Second) // sleep ok: virtual; whoever can be granted the lock was
		assert.True(t, isOpen(before.Done()), "a writer beside readers")
		assert.True(t, isOpen(after.Done()), "a writer beside readers")
		assert.NoError(t, reader.Err())
		reader.Unlock()
		time.Sleep(time.Second) // sleep ok: virtual
		assert.True(t, isOpen(before.Done()), "a writer beside another reader")
		r.Cancel()
		for _, p := range []*zklock.Pending{before, after} {
			<-p.Done()
			require.NoError(t, p.Err())
			rw.Unlock()
		}
	})
}

// TestVirtualAReaderCannotBecomeAWriter asks for the exclusive lock under a read hold.
func TestVirtualAReaderCannotBecomeAWriter(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		rw, another := rwMutex(t, s, "m"), rwMutex(t, s, "m")
		readers := map[string]func() *zklock.Mutex{
			"reader": func() *zklock.Mutex { m := rw.Reader(); lock(t, m); return m },
			"downgraded writer": func() *zklock.Mutex {
				lock(t, rw.Mutex)
				return downgrade(t, rw)
			},
		}
		for name, acquire := range readers {
			reader := acquire()
			ctx, cancel := reader.Context(t.Context())
			begun := time.Now()
			for _, m := range []*zklock.Mutex{rw.Mutex, another.Mutex, mutex(t, s, "m"), reader} {
				_, err := m.LockContext(ctx)
				assert.ErrorIs(t, err, zklock.ErrDeadlock, name)
			}
			assert.Equal(t, begun, time.Now(), "it took a while")
			_, err := another.RLockContext(ctx)
			assert.NoError(t, err, "readers share")
			another.RUnlock()
			cancel()
			reader.Unlock()
		}

		err := rw.Do(t.Context(), func(ctx context.Context) error {
			reader, err := rw.Downgrade(ctx)
			if err != nil {
				return err
			}
			defer reader.Unlock()
			_, err = rw.LockContext(ctx)
			assert.ErrorIs(t, err, zklock.ErrDeadlock)
			_, err = reader.LockContext(ctx)
			assert.ErrorIs(t, err, zklock.ErrDeadlock)
			synctest.Wait()
			assert.NoError(t, ctx.Err())
			return errors.New("as it was returned")
		})
		assert.EqualError(t, err, "as it was returned")
	})
}

// TestVirtualDowngradeDuringABeat downgrades at every moment around a beat of the lease, which
// checks the writer's znode.
func TestVirtualDowngradeDuringABeat(t *testing.T) {
	const timeout = 8 * time.Second
	for step := -30; step < 30; step++ {
		virtually(t, fakezk.Config{Latency: ms(10)}, func(t *testing.T, w *world) {
			s, client := w.dial("", timeout)
			rw := rwMutex(t, s, "m")
			lock(t, rw.Mutex)
			for beats := client.Sent(wire.OpMulti); beats == client.Sent(wire.OpMulti); {
				time.Sleep(time.Millisecond) // sleep ok: virtual; until the first beat
			}
			nearNext := timeout/6 + time.Duration(step)*time.Millisecond // the next beat
			time.Sleep(nearNext)                                         // sleep ok: virtual
			client.Delay(time.Duration(step&7) * time.Millisecond)
			reader := downgrade(t, rw)
			time.Sleep(timeout) // sleep ok: virtual; other beats
			assert.NoError(t, reader.Err(), "step %d", step)
			reader.Unlock()
		})
	}
}
