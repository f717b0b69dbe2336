package virtual

import (
	"context"
	"fmt"
	"net"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// route leads every new connection of a client to one server, which a test can change.
type route struct {
	client *fakezk.Client
	server atomic.Pointer[fakezk.Server]
}

// dialRouted opens a Session on the server of number 0, and returns the way to lead it to others.
func (w *world) dialRouted(timeout time.Duration) (*zklock.Session, *route) {
	w.t.Helper()
	r := &route{client: w.Client()}
	r.server.Store(w.Server(0))
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return r.client.Dial(ctx, network, r.server.Load().Address())
	}
	s, _ := w.dial("", timeout, zklock.WithDialer(dial))
	return s, r
}

// moveTo breaks the connection and leads the next one to another server.
func (r *route) moveTo(s *fakezk.Server) {
	r.server.Store(s)
	r.client.Cut()
}

// TestVirtualFakeServersBoundTheTimeoutAnew has a session go to a server that grants less.
func TestVirtualFakeServersBoundTheTimeoutAnew(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 2}, func(t *testing.T, w *world) {
		w.Server(1).SetMost(5 * time.Second)
		s, route := w.dialRouted(20 * time.Second)
		id := s.ID()
		route.moveTo(w.Server(1))
		time.Sleep(2 * time.Second) // sleep ok: virtual; go-zookeeper pauses before it connects again
		assert.Equal(t, 5*time.Second, s.Timeout())
		route.client.Blackhole()
		cut := time.Now()
		time.Sleep(10 * time.Second) // sleep ok: virtual time
		assert.WithinRange(t, w.expiry(id), cut, cut.Add(5*time.Second),
			"counted by the newer timeout")
		route.client.Heal()
	})
}

// moves are ways of a session from one server to another, by their numbers. That of number 0 is the
// leader's.
var moves = [][2]int{{0, 1}, {1, 2}, {1, 0}, {1, 1}}

// pauses are how long after the connection has been broken the next request comes: just before
// there is another, when it is the first that is sent, and after.
var pauses = []time.Duration{500 * time.Microsecond, 20 * time.Millisecond}

// whileItMoves has commits hang while first is asked for at one server and second at another, and
// returns when both can be answered.
func (w *world) whileItMoves(
	s *zklock.Session, r *route, move [2]int, pause time.Duration, first, second func(),
) {
	r.moveTo(w.Server(move[0]))
	time.Sleep(2 * time.Second) // sleep ok: virtual; to be connected, and nothing under way
	require.Equal(w.t, zklock.StateConnected, s.State())
	w.HoldCommits()
	first()
	time.Sleep(100 * time.Millisecond) // sleep ok: virtual; to be proposed
	require.NotZero(w.t, w.Proposed())
	r.moveTo(w.Server(move[1]))
	time.Sleep(pause) // sleep ok: virtual
	second()
	time.Sleep(500 * time.Millisecond) // sleep ok: virtual; to be proposed
	w.ReleaseCommits()
}

// everyMove runs a test for each way to move, each pause, and both settings of the leader.
func everyMove(t *testing.T,
	f func(t *testing.T, cfg fakezk.Config, move [2]int, pause time.Duration)) {
	for _, move := range moves {
		for _, pause := range pauses {
			for _, unforwarded := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v/%v/unforwarded=%v", move, pause, unforwarded),
					func(t *testing.T) {
						f(t, fakezk.Config{Servers: 3, Latency: ms(1), Unforwarded: unforwarded},
							move, pause)
					})
			}
		}
	}
}

// TestVirtualTwoLocksWhileTheSessionMoves has an acquisition under way at each of two servers.
// Where the first lock is new, its creation is refused.
func TestVirtualTwoLocksWhileTheSessionMoves(t *testing.T) {
	everyMove(t, func(t *testing.T, cfg fakezk.Config, move [2]int, pause time.Duration) {
		for _, isNew := range []bool{false, true} {
			virtually(t, cfg, func(t *testing.T, w *world) {
				twoLocksWhileTheSessionMoves(t, w, move, pause, isNew)
			})
		}
	})
}

func twoLocksWhileTheSessionMoves(t *testing.T, w *world, move [2]int,
	pause time.Duration, isNew bool) {
	s, route := w.dialRouted(20 * time.Second)
	locks := []*zklock.Mutex{mutex(t, s, "a"), mutex(t, s, "b")}
	for i, m := range locks {
		if i > 0 || !isNew { // there is its znode then
			lock(t, m)
			m.Unlock()
		}
	}
	pending := make([]*zklock.Pending, 2)
	begin := func(i int) func() { return func() { pending[i] = locks[i].LockAsync(t.Context()) } }
	w.whileItMoves(s, route, move, pause, begin(0), begin(1))
	time.Sleep(10 * time.Second) // sleep ok: virtual; more than enough
	for i, p := range pending {
		require.False(t, isOpen(p.Done()), "lock %d is not granted, and nobody holds it", i)
		require.NoError(t, p.Err())
		guard, err := locks[i].Guard()
		require.NoError(t, err)
		require.Equal(t, locks[i].Path(), path.Dir(guard.Path))
		require.Equal(t, s.ID(), w.Owner(guard.Path))
	}
	require.Len(t, w.Ephemerals(), 2)
	for _, m := range locks {
		m.Unlock()
	}
	require.Empty(t, w.Ephemerals(), "candidates are left")
}

// TestVirtualOneLockWhileTheSessionMoves has two handles ask for one lock, each at another server.
func TestVirtualOneLockWhileTheSessionMoves(t *testing.T) {
	for _, known := range []bool{true, false} {
		oneLockWhileTheSessionMoves(t, known)
	}
}

func oneLockWhileTheSessionMoves(t *testing.T, known bool) {
	everyMove(t, func(t *testing.T, cfg fakezk.Config, move [2]int, pause time.Duration) {
		virtually(t, cfg, func(t *testing.T, w *world) {
			s, route := w.dialRouted(20 * time.Second)
			locks := []*zklock.Mutex{mutex(t, s, "a"), mutex(t, s, "a")}
			if known { // to be free, so that the number of a candidate tells enough
				use(locks[0])
			} else { // and the first request on either connection is the creation
				elsewhere, _ := w.dial("", 20*time.Second)
				use(mutex(t, elsewhere, "a"))
			}
			pending := make([]*zklock.Pending, 2)
			begin := func(i int) func() {
				return func() { pending[i] = locks[i].LockAsync(t.Context()) }
			}
			w.whileItMoves(s, route, move, pause, begin(0), begin(1))
			time.Sleep(10 * time.Second) // sleep ok: virtual; more than enough
			first, second := 0, 1
			if isOpen(pending[0].Done()) {
				first, second = 1, 0
			}
			require.False(t, isOpen(pending[first].Done()), "nobody is granted the lock")
			require.True(t, isOpen(pending[second].Done()), "two are granted the lock")
			require.Len(t, w.Ephemerals(), 2)
			token := locks[first].Token()
			locks[first].Unlock()
			<-pending[second].Done()
			require.NoError(t, pending[second].Err())
			require.Positive(t, locks[second].Token().Compare(token))
			locks[second].Unlock()
			require.Empty(t, w.Ephemerals(), "candidates are left")
		})
	})
}

// TestVirtualReleaseWhileTheSessionMoves has a release under way at one server, and an acquisition
// or a release at another.
func TestVirtualReleaseWhileTheSessionMoves(t *testing.T) {
	everyMove(t, func(t *testing.T, cfg fakezk.Config, move [2]int, pause time.Duration) {
		for _, acquires := range []bool{false, true} {
			virtually(t, cfg, func(t *testing.T, w *world) {
				s, route := w.dialRouted(20 * time.Second)
				a, b := mutex(t, s, "a"), mutex(t, s, "b")
				lock(t, b)
				if acquires {
					b.Unlock()
				}
				lock(t, a)
				released := make(chan error, 1)
				var p *zklock.Pending
				w.whileItMoves(s, route, move, pause,
					func() { go func() { released <- a.UnlockContext(context.Background()) }() },
					func() {
						if acquires {
							p = b.LockAsync(t.Context())
						} else {
							b.Unlock()
						}
					})
				assert.NoError(t, <-released)
				if acquires {
					<-p.Done()
					require.NoError(t, p.Err())
					guard, err := b.Guard()
					require.NoError(t, err)
					require.Equal(t, []string{guard.Path}, w.Ephemerals())
					b.Unlock()
				}
				require.Empty(t, w.Ephemerals(), "candidates are left")
			})
		}
	})
}

// TestVirtualNumbersUsedUp comes to the end of the numbers that the requests of a session can have.
func TestVirtualNumbersUsedUp(t *testing.T) {
	const timeout = 10 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", timeout)
		other, _ := w.dial("", timeout)
		held, next, free := mutex(t, s, "held"), mutex(t, other, "held"), mutex(t, s, "free")
		lock(t, held)
		lost, id := held.Lost(), s.ID()
		time.Sleep(time.Second) // sleep ok: virtual; everything is watched
		p := next.LockAsync(t.Context())
		useUpNumbers(s, 1)
		lock(t, free) // takes two, and so another session
		assert.NotEqual(t, id, s.ID())
		assert.False(t, isOpen(lost), "a session that is given up keeps no hold")
		assert.ErrorIs(t, held.Err(), zklock.ErrLost)
		assert.True(t, isOpen(p.Done()),
			"the next is granted the lock before the old session is over")
		<-p.Done()
		assert.NoError(t, p.Err())
		next.Unlock()
		free.Unlock()
		assert.ErrorIs(t, held.UnlockContext(t.Context()), zklock.ErrLost)
	})
}

// TestVirtualRemovedAgainAndAgain has every candidate of a waiter removed as soon as it is there.
func TestVirtualRemovedAgainAndAgain(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		m, holder := mutex(t, s, "m"), mutex(t, other, "m")
		lock(t, holder)
		p := m.LockAsync(t.Context())
		<-p.Queued()
		const during = 20 * time.Second
		removals := 0
		for begun := time.Now(); time.Since(begun) < during; {
			for _, c := range contenders(t, holder) {
				if c.SessionID == s.ID() {
					require.NoError(t, other.Conn().Delete(m.Path()+"/"+c.Znode, -1))
					removals++
				}
			}
		}
		assert.Less(t, removals, 40, "in %v", during)
		assert.Greater(t, removals, 20, "in %v", during)
		assert.InDelta(t, removals, client.Sent(wire.OpCreate2), 2)
		holder.Unlock()
		healed := time.Now()
		<-p.Done()
		require.NoError(t, p.Err())
		assert.Less(t, time.Since(healed), 1100*time.Millisecond)
		m.Unlock()
	})
}
