package virtual

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// heldHandles are handles of every kind whose hold can be had as a context.
func heldHandles() []handle {
	reader := handle{"reader", func(t *testing.T, s *zklock.Session) *zklock.Mutex {
		return rwMutex(t, s, "m").Reader()
	}}
	return append(append(sharers(0), sharers(2)...), reader)
}

// TestVirtualContextEndsWithTheHold ends holds in every way, under a goroutine that follows the
// context.
func TestVirtualContextEndsWithTheHold(t *testing.T) {
	type scene struct {
		w      *world
		s      *zklock.Session
		client *fakezk.Client
		m      *zklock.Mutex
		other  *zklock.Mutex // of another Session
		stop   context.CancelFunc
		leave  context.CancelFunc // of the parent
	}
	for name, c := range map[string]struct {
		end     func(*testing.T, scene)
		want    error
		already bool // the context has ended when end returns
	}{
		"unlocked": {func(t *testing.T, sc scene) { sc.m.Unlock() }, zklock.ErrNotLocked, true},
		"asked": {func(t *testing.T, sc scene) {
			_, err := sc.other.RevokeAll(t.Context())
			require.NoError(t, err)
		}, zklock.ErrRevoked, false},
		"removed": {func(t *testing.T, sc scene) {
			_, err := sc.other.Clear(t.Context())
			require.NoError(t, err)
		}, zklock.ErrLost, false},
		"expired": {func(t *testing.T, sc scene) { sc.w.Expire(sc.s.ID()) }, zklock.ErrLost, false},
		"cut off": {func(t *testing.T, sc scene) {
			sc.client.Blackhole()
			<-sc.m.Lost()
			sc.client.Heal()
		}, zklock.ErrLost, true},
		"closed":          {func(t *testing.T, sc scene) { require.NoError(t, sc.s.Close()) }, zklock.ErrClosed, true},
		"parent is over":  {func(_ *testing.T, sc scene) { sc.leave() }, context.Canceled, true},
		"not wanted more": {func(_ *testing.T, sc scene) { sc.stop() }, context.Canceled, true},
	} {
		for _, h := range heldHandles() {
			t.Run(name+"/"+h.name, func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					s, client := w.dial("", 10*time.Second)
					elsewhere, _ := w.dial("", 10*time.Second)
					m := h.of(t, s)
					lock(t, m)
					parent, leave := context.WithCancel(t.Context())
					defer leave()
					ctx, stop := m.Context(parent)
					defer stop()
					followed := make(chan struct{})
					go func() { // ends with the hold, which is what is tested
						<-ctx.Done()
						close(followed)
					}()
					time.Sleep(time.Second) // sleep ok: virtual; the hold is watched
					require.NoError(t, ctx.Err())
					c.end(t, scene{w, s, client, m, mutex(t, elsewhere, "m"), stop, leave})
					if c.already {
						assert.Error(t, ctx.Err(), "it should have ended by now")
					}
					<-followed
					assert.ErrorIs(t, ctx.Err(), context.Canceled)
					assert.ErrorIs(t, context.Cause(ctx), c.want)
					if c.want == context.Canceled {
						assert.NoError(t, m.Err(), "the hold is as it was")
					}
					m.UnlockContext(t.Context())
				})
			})
		}
	}
}

// TestVirtualContextOfALateCaller asks for the context when the hold is not what it was.
func TestVirtualContextOfALateCaller(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		cause := func() error {
			ctx, cancel := m.Context(t.Context())
			defer cancel()
			return context.Cause(ctx)
		}
		assert.ErrorIs(t, cause(), zklock.ErrNotLocked)
		revoked := lock(t, m)
		assert.NoError(t, cause())
		_, err := m.RevokeAll(t.Context())
		require.NoError(t, err)
		<-revoked
		assert.ErrorIs(t, cause(), zklock.ErrRevoked)
		lost := m.Lost()
		w.Expire(s.ID())
		<-lost
		assert.ErrorIs(t, cause(), zklock.ErrLost)
		m.Unlock()
		assert.ErrorIs(t, cause(), zklock.ErrNotLocked)
		lock(t, m)
		assert.NoError(t, cause(), "it is another hold")
		m.Unlock()
	})
}

// waits are the calls that would wait for a hold of their own context.
var waits = map[string]func(context.Context, *zklock.Mutex) error{
	"LockContext":    func(ctx context.Context, m *zklock.Mutex) error { _, err := m.LockContext(ctx); return err },
	"TryLockContext": func(ctx context.Context, m *zklock.Mutex) error { _, err := m.TryLockContext(ctx); return err },
	"LockRevoking": func(ctx context.Context, m *zklock.Mutex) error {
		_, err := m.LockRevoking(ctx, zklock.Force)
		return err
	},
	"Do": func(ctx context.Context, m *zklock.Mutex) error {
		return m.Do(ctx, func(context.Context) error { panic("it is held already") })
	},
}

// TestVirtualAWaitForOneselfIsAnError asks for what the context holds, through the same handle and
// through others.
func TestVirtualAWaitForOneselfIsAnError(t *testing.T) {
	for _, held := range heldHandles() {
		for _, asked := range heldHandles() {
			for call, wait := range waits {
				t.Run(held.name+"/"+asked.name+"/"+call, func(t *testing.T) {
					virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
						s, _ := w.dial("", 10*time.Second)
						m, other := held.of(t, s), asked.of(t, s)
						begun := time.Now()
						check := func(ctx context.Context) error {
							begun = time.Now()
							assert.ErrorIs(t, wait(ctx, m), zklock.ErrDeadlock,
								"through the same handle")
							if held.name != "reader" || asked.name != "reader" {
								assert.ErrorIs(t, wait(ctx, other), zklock.ErrDeadlock,
									"through another handle")
							}
							assert.Equal(t, begun, time.Now(), "it took a while")
							return m.Err()
						}
						require.NoError(t, m.Do(t.Context(), check))
						lock(t, m)
						ctx, cancel := m.Context(t.Context())
						type key struct{}
						deeper, stop := context.WithTimeout(context.WithValue(ctx, key{}, 1),
							time.Minute)
						assert.NoError(t, check(deeper))
						another, done := mutex(t, s, "another"), context.CancelFunc(nil)
						lock(t, another)
						deeper, done = another.Context(deeper)
						assert.NoError(t, check(deeper), "under another hold too")
						done()
						stop()
						cancel()
						another.Unlock()
						m.Unlock()
					})
				})
			}
		}
	}
}

// TestVirtualWhatIsNoDeadlock acquires locks under contexts whose holds are not in the way.
func TestVirtualWhatIsNoDeadlock(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		elsewhere, _ := w.dial("", 10*time.Second)
		m, handoff, rw := mutex(t, s, "m"), mutex(t, s, "m", zklock.WithLocalHandoff(2)),
			rwMutex(t, s, "m")
		relock := func(ctx context.Context, m *zklock.Mutex) {
			_, err := m.LockContext(ctx)
			require.NoError(t, err)
			m.Unlock()
		}
		hold := func(m *zklock.Mutex) context.Context {
			lock(t, m)
			ctx, cancel := m.Context(t.Context())
			t.Cleanup(cancel)
			return ctx
		}

		relock(hold(mutex(t, s, "other")), m)
		ctx := hold(mutex(t, elsewhere, "third"))
		relock(ctx, mutex(t, s, "fourth"))
		for _, m := range []*zklock.Mutex{m, handoff, rw.Mutex} {
			ctx = hold(m)
			m.Unlock()
			relock(context.WithoutCancel(ctx), m) // the values are still there
		}

		// Readers share. One that has released is not in the way of a writer.
		reader, another := rw.Reader(), rw.Reader()
		ctx = hold(reader)
		relock(ctx, another)
		_, err := rw.RLockContext(ctx)
		require.NoError(t, err)
		rw.RUnlock()
		reader.Unlock()
		relock(context.WithoutCancel(ctx), rw.Mutex)

		// A lost hold occupies its own handle, and no other.
		ctx = context.WithoutCancel(hold(m))
		lost := m.Lost()
		w.Expire(s.ID())
		<-lost
		relock(ctx, handoff)
		_, err = m.LockContext(ctx)
		assert.ErrorIs(t, err, zklock.ErrDeadlock)
		m.Unlock()

		// Whose session it is counts: the hold of another one can end by itself.
		ctx = hold(mutex(t, elsewhere, "m"))
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err = m.LockContext(short)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
	})
}

// TestVirtualRequestsInALostHoldsContext asks for things with the context that Do gives, which ends
// with the hold's loss as its cause, while there is no server: the time stands still if anything
// goes round and round.
func TestVirtualRequestsInALostHoldsContext(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
		var client *fakezk.Client
		s, machine := w.dial("", 10*time.Second, zklock.WithStateFunc(func(st zklock.State) {
			if st == zklock.StateExpired {
				client.Refuse()
				client.Cut()
			}
		}))
		client = machine
		m := mutex(t, s, "m")
		time.Sleep(time.Second) // sleep ok: virtual; the state function is called
		err := m.Do(t.Context(), func(ctx context.Context) error {
			w.Expire(s.ID()) // before the znode is watched, so that its removal is not seen
			<-ctx.Done()
			require.ErrorContains(t, context.Cause(ctx), "session expired")
			time.Sleep(time.Second) // sleep ok: virtual
			for name, ask := range map[string]func() error{
				"Contenders": func() error { _, err := m.Contenders(ctx); return err },
				"Held":       func() error { _, err := mutex(t, s, "m").Held(ctx); return err },
				"RevokeAll":  func() error { _, err := m.RevokeAll(ctx); return err },
				"Clear":      func() error { _, err := m.Clear(ctx); return err },
				"Locks":      func() error { _, err := s.Locks(ctx); return err },
				"Remove":     func() error { return s.Remove(ctx, "m") },
			} {
				if err := ask(); name != "Held" { // which asks nothing without a hold
					assert.ErrorIs(t, err, context.Canceled, name)
					assert.ErrorIs(t, err, context.Cause(ctx), name)
				}
			}
			return ctx.Err()
		})
		assert.ErrorIs(t, err, zklock.ErrLost)
		time.Sleep(time.Minute) // sleep ok: virtual
		client.Heal()
	})
}
