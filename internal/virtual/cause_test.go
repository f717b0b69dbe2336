package virtual

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/recipe"
)

// causes are errors that a caller may end a context with. Each could be mistaken for an answer of a
// server, or for what has become of a session, a hold or a candidate.
func causes() []error {
	return []error{
		zk.ErrConnectionClosed, zk.ErrUnknown, zk.ErrAPIError, zk.ErrNoNode, zk.ErrNoAuth,
		zk.ErrBadVersion,
		zk.ErrNoChildrenForEphemerals, zk.ErrNodeExists, zk.ErrNotEmpty, zk.ErrSessionExpired,
		zk.ErrInvalidACL,
		zk.ErrInvalidFlags, zk.ErrAuthFailed, zk.ErrClosing, zk.ErrNothing, zk.ErrSessionMoved,
		zk.ErrReconfigDisabled,
		zk.ErrBadArguments, zk.ErrNoServer, zk.ErrInvalidPath,
		zklock.ErrLocked, zklock.ErrNotLocked, zklock.ErrRevoked, zklock.ErrLost, zklock.ErrClosed,
		zklock.ErrInvalidName,
		zklock.ErrMixedDialects, zklock.ErrExhausted, zklock.ErrUnavailable,
		errors.New("unknown error: -6"), errors.New("unknown error: -127"),
		context.Canceled, context.DeadlineExceeded,
		&zklock.OpError{Op: "lock", Path: "/other", Err: zk.ErrNoNode},
		ensemble.ErrExpired, ensemble.ErrLeaseRanOut, ensemble.ErrRemoved, ensemble.ErrClosed,
		recipe.ErrVanished,
	}
}

// scene is a lock, and those around it, while one call is cut short.
type scene struct {
	*world
	t      *testing.T
	name   string          // of the lock
	caller *zklock.Session // makes the call
	client *fakezk.Client  // of the caller
	other  *zklock.Session

	handle *zklock.Mutex   // of the caller
	holder *zklock.Mutex   // of the other; nil if it does not hold the lock
	lost   <-chan struct{} // of the holder
	left   atomic.Bool     // the holder has begun to unlock
	znodes []string        // that are there before the call
}

// hold has the other hold the lock.
func (sc *scene) hold() {
	sc.holder = mutex(sc.t, sc.other, sc.name)
	lock(sc.t, sc.holder)
	sc.lost = sc.holder.Lost()
}

// held reports whether the other certainly holds the lock.
func (sc *scene) held() bool { return sc.holder != nil && !sc.left.Load() && isOpen(sc.lost) }

// write puts data into the znodes.
func (sc *scene) write(data string) {
	for _, path := range sc.znodes {
		// it may be removed by force
		if _, err := sc.other.Conn().Set(path, []byte(data), -1); !errors.Is(err, zk.ErrNoNode) {
			assert.NoError(sc.t, err)
		}
	}
}

// condition is how it stands with the lock before the call, and what happens during it.
type condition struct {
	before func(*scene)
	during func(*scene)
	from   time.Duration
	span   time.Duration // the call is cut short between the two
}

var conditions = map[string]condition{
	"free": {span: 60 * time.Millisecond},
	"held": {
		before: (*scene).hold,
		during: func(sc *scene) { // whoever waits for the holder reads its znode again
			idle(22)
			sc.write("unlock")
			idle(20)
			sc.write("data")
		},
		span: 80 * time.Millisecond,
	},
	"held for long": {before: (*scene).hold, from: 200 * time.Millisecond, span: 230 * time.Millisecond},
	"released": {
		before: (*scene).hold,
		during: func(sc *scene) {
			idle(27)
			sc.left.Store(true)
			// by force
			if err := sc.holder.UnlockContext(context.Background()); !errors.Is(err,
				zklock.ErrRevoked) {
				assert.NoError(sc.t, err)
			}
		},
		span: 70 * time.Millisecond,
	},
	"one gives up": {
		before: func(sc *scene) {
			sc.hold()
			p := queued(sc.t, mutex(sc.t, sc.other, sc.name))
			context.AfterFunc(sc.t.Context(), p.Cancel)
			time.AfterFunc(37*time.Millisecond, p.Cancel)
		},
		span: 80 * time.Millisecond,
	},
	"answer lost": {
		during: func(sc *scene) {
			idle(7) // the server has executed what came first
			sc.client.Cut()
		},
		span: 80 * time.Millisecond,
	},
	"disconnected": {
		during: func(sc *scene) {
			sc.client.Refuse()
			sc.client.Cut()
			idle(40)
			sc.client.Heal()
		},
		span: 60 * time.Millisecond,
	},
	"stranger": {
		before: func(sc *scene) {
			m := mutex(sc.t, sc.other, sc.name)
			lock(sc.t, m) // which makes the lock's znode
			defer m.Unlock()
			_, err := sc.other.Conn().Create(m.Path()+"/00000000000000000000000000000000__lock__",
				nil,
				zk.FlagEphemeral|zk.FlagSequence, zk.WorldACL(zk.PermAll))
			require.NoError(sc.t, err)
		},
		span: 50 * time.Millisecond,
	},
}

func idle(milliseconds int) {
	time.Sleep(time.Duration(milliseconds) * time.Millisecond) // sleep ok: virtual
}

// call is one of the library's functions. It returns how to release what it has acquired, nil if it
// acquires nothing.
type call struct {
	make   func(context.Context, *scene) (release func(), err error)
	holds  bool    // the caller holds the lock before
	forces bool    // it removes those who hold the lock
	fair   []error // that it may also end with
	in     []string
}

var (
	anywhere = []string{"free", "held", "held for long", "released", "one gives up", "answer lost",
		"disconnected", "stranger"}
	withHold  = []string{"free", "answer lost", "disconnected"}
	asVisitor = []string{"free", "held", "answer lost", "disconnected"}
)

// locking is a call that acquires the lock through the scene's handle.
func locking(acquire func(context.Context, *zklock.Mutex) error) func(context.Context,
	*scene) (func(), error) {
	return func(ctx context.Context, sc *scene) (func(), error) {
		return sc.handle.Unlock, acquire(ctx, sc.handle)
	}
}

func revoking(how zklock.Revocation) func(context.Context, *scene) (func(), error) {
	return locking(func(ctx context.Context, m *zklock.Mutex) error {
		_, err := m.LockRevoking(ctx, how)
		return err
	})
}

var mixed = []error{zklock.ErrMixedDialects}

var calls = map[string]call{
	"LockContext": {in: anywhere, fair: mixed,
		make: locking(func(ctx context.Context, m *zklock.Mutex) error {
			_, err := m.LockContext(ctx)
			return err
		})},
	"TryLockContext": {
		in: anywhere, fair: []error{zklock.ErrLocked, zklock.ErrMixedDialects},
		make: locking(func(ctx context.Context, m *zklock.Mutex) error {
			_, err := m.TryLockContext(ctx)
			return err
		}),
	},
	"LockRevoking(Ask)":          {in: anywhere, fair: mixed, make: revoking(zklock.Ask)},
	"LockRevoking(Force)":        {in: anywhere, fair: mixed, forces: true, make: revoking(zklock.Force)},
	"LockRevoking(AskThenForce)": {in: anywhere, fair: mixed, forces: true, make: revoking(zklock.AskThenForce(20 * time.Millisecond))},
	"LockAsync": {in: anywhere, fair: mixed,
		make: locking(func(ctx context.Context, m *zklock.Mutex) error {
			p := m.LockAsync(ctx)
			<-p.Done()
			return p.Err()
		})},
	"LockContext with local hand-off": {in: anywhere, fair: mixed,
		make: func(ctx context.Context, sc *scene) (func(), error) {
			m := mutex(sc.t, sc.caller, sc.name, zklock.WithLocalHandoff(2))
			innocent := m.LockAsync(sc.t.Context())
			_, err := m.LockContext(ctx)
			innocent.Cancel()
			return m.Unlock, err
		}},
	"RLockContext": {in: anywhere, fair: mixed,
		make: func(ctx context.Context, sc *scene) (func(), error) {
			rw, err := sc.caller.RWMutex(sc.name)
			require.NoError(sc.t, err)
			_, err = rw.RLockContext(ctx)
			return rw.RUnlock, err
		}},
	"RLockContext with local hand-off": {in: anywhere, fair: mixed,
		make: func(ctx context.Context, sc *scene) (func(), error) {
			rw, err := sc.caller.RWMutex(sc.name, zklock.WithLocalHandoff(2))
			require.NoError(sc.t, err)
			_, err = rw.RLockContext(ctx)
			return rw.RUnlock, err
		}},
	"Reader": {in: anywhere, fair: mixed,
		make: func(ctx context.Context, sc *scene) (func(), error) {
			rw, err := sc.caller.RWMutex(sc.name)
			require.NoError(sc.t, err)
			m := rw.Reader()
			_, err = m.LockContext(ctx)
			return m.Unlock, err
		}},
	"Do": {in: anywhere, fair: mixed, make: func(ctx context.Context, sc *scene) (func(), error) {
		return nil, sc.handle.Do(ctx, func(context.Context) error {
			assert.False(sc.t, sc.held(), "beside the holder")
			return nil
		})
	}},
	"UnlockContext": {in: withHold, holds: true,
		make: func(ctx context.Context, sc *scene) (func(), error) {
			return nil, sc.handle.UnlockContext(ctx)
		}},
	"Held": {in: withHold, holds: true, make: func(ctx context.Context, sc *scene) (func(), error) {
		held, err := sc.handle.Held(ctx)
		assert.NotEqual(sc.t, held, err != nil, "held %v, %v", held, err)
		return sc.handle.Unlock, err
	}},
	"Contenders": {in: asVisitor, make: func(ctx context.Context, sc *scene) (func(), error) {
		found, err := sc.handle.Contenders(ctx)
		assert.True(sc.t, err != nil || len(found) == len(sc.znodes), "%v, %v", found, err)
		return nil, err
	}},
	"RevokeAll": {in: asVisitor, make: func(ctx context.Context, sc *scene) (func(), error) {
		n, err := sc.handle.RevokeAll(ctx)
		assert.True(sc.t, err != nil || n == len(sc.znodes), "%d, %v", n, err)
		return nil, err
	}},
	"Clear": {in: asVisitor, forces: true,
		make: func(ctx context.Context, sc *scene) (func(), error) {
			n, err := sc.handle.Clear(ctx)
			assert.True(sc.t, err != nil || n == len(sc.znodes) || sc.client.Dials() > 1,
				"%d, %v", n, err)
			return nil, err
		}},
	"Locks": {in: asVisitor, make: func(ctx context.Context, sc *scene) (func(), error) {
		locks, err := sc.caller.Locks(ctx)
		assert.True(sc.t, err != nil || len(locks) > 0 || len(sc.znodes) == 0, "%v, %v", locks, err)
		return nil, err
	}},
	"Remove": {
		in: asVisitor, fair: []error{zk.ErrNoNode, zklock.ErrLocked},
		make: func(ctx context.Context, sc *scene) (func(), error) {
			return nil, sc.caller.Remove(ctx, sc.name)
		},
	},
}

// TestVirtualCauseIsNoAnswer cuts every call short at every step, with contexts whose causes could
// be taken for something else. The causes take turns; each comes at some steps of every call.
func TestVirtualCauseIsNoAnswer(t *testing.T) {
	slow(t)
	cutEverything(t, fewer(8, 1), causes()...)
}

// TestVirtualCauseIsNoMissingZnode is that for the cause that an errgroup is likeliest to give.
func TestVirtualCauseIsNoMissingZnode(t *testing.T) { cutEverything(t, 1, zk.ErrNoNode) }

// TestVirtualCauseIsNoOwnEnd is that for a cause that another Session may give.
func TestVirtualCauseIsNoOwnEnd(t *testing.T) { cutEverything(t, 1, zklock.ErrClosed) }

// TestVirtualCauseIsNoCode is that for a cause that reads as a code of a server.
func TestVirtualCauseIsNoCode(t *testing.T) {
	cutEverything(t, fewer(2, 1), canceled("unknown error: -6"), canceled("unknown error: -127"))
}

// canceled is a cause that is shown alone, because it says itself that the context was canceled.
type canceled string

func (c canceled) Error() string        { return string(c) }
func (c canceled) Is(target error) bool { return target == context.Canceled }

// cutEverything cuts every call short so often at each step, with one cause after the other.
func cutEverything(t *testing.T, times int, causes ...error) {
	scenes, step := 0, 2500*time.Microsecond
	if underRace {
		step = 5500 * time.Microsecond
	}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		call := calls[name]
		for _, in := range call.in {
			scenes++
			turn := 7 * scenes // so that a cause comes at another step of the next scene
			t.Run(name+"/"+in, func(t *testing.T) {
				t.Parallel()
				virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
					sc := &scene{world: w, t: t}
					sc.caller, sc.client = w.dial("", 10*time.Second)
					sc.other, _ = w.dial("", 10*time.Second)
					n := 0
					for after := conditions[in].from; after < conditions[in].span; after += step {
						for range times {
							cause := causes[(turn+n)%len(causes)]
							n++
							sc.name = fmt.Sprintf("m%d", n)
							sc.cut(call, conditions[in], after, cause)
							require.False(t, t.Failed(), "cut after %v with %v", after, cause)
						}
					}
				})
			})
		}
	}
}

// cut makes a call whose context ends after some time, and checks what is left of it.
func (sc *scene) cut(call call, in condition, after time.Duration, cause error) {
	sc.handle, sc.holder = mutex(sc.t, sc.caller, sc.name), nil
	sc.left.Store(false)
	if call.holds {
		lock(sc.t, sc.handle)
	}
	if in.before != nil {
		in.before(sc)
	}
	sc.znodes = sc.Ephemerals()
	ctx, cancel := context.WithCancelCause(context.Background())
	var around errgroup.Group
	if in.during != nil {
		around.Go(func() error { in.during(sc); return nil })
	}
	if sc.held() && !call.forces {
		around.Go(func() error { sc.visit(); return nil })
	}
	begun := time.Now()
	time.AfterFunc(after, func() { cancel(cause) })
	release, err := call.make(ctx, sc)
	assert.LessOrEqual(sc.t, time.Since(begun), after+100*time.Millisecond, "returns late")
	switch {
	case err == nil && release != nil:
		assert.True(sc.t, call.forces || !sc.held(), "two holders")
		release()
	case err == nil ||
		slices.ContainsFunc(call.fair, func(fair error) bool { return errors.Is(err, fair) }):
	default:
		sc.checkGaveUp(err, cause)
	}
	assert.NoError(sc.t, around.Wait())
	time.Sleep(2 * time.Second) // sleep ok: virtual; to be connected again
	cancel(nil)
	switch {
	case sc.left.Load():
	case sc.holder != nil && call.forces:
		sc.holder.UnlockContext(context.Background()) // it may be lost
	case sc.holder != nil:
		assert.NoError(sc.t, sc.holder.UnlockContext(context.Background()))
	case call.holds && release != nil && err != nil:
		release()
	}
	synctest.Wait()
	for _, path := range sc.Ephemerals() {
		assert.Contains(sc.t, path, "__lock__", "left in the queue")
		assert.NoError(sc.t, sc.other.Conn().Delete(path, -1))
	}
}

// checkGaveUp checks that the error tells of the context's end, and of nothing else.
func (sc *scene) checkGaveUp(err, cause error) {
	assert.ErrorIs(sc.t, err, context.Canceled)
	assert.ErrorIs(sc.t, err, cause)
	for _, other := range causes() {
		if other != context.Canceled && other != zklock.ErrUnavailable && !errors.Is(cause, other) {
			assert.NotErrorIs(sc.t, err, other)
		}
	}
}

// visit looks at the lock through the caller's session, as somebody does who shares its listings.
func (sc *scene) visit() {
	for range 5 {
		found, err := sc.handle.Contenders(context.Background())
		if assert.NoError(sc.t, err) && sc.held() && assert.NotEmpty(sc.t, found) {
			assert.True(sc.t, found[0].Holder)
		}
	}
}
