package virtual

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualCloseWhileListingsGoUnanswered closes a Session whose servers answer nothing, while a
// queue is being listed, and is to be listed again. Whether the candidates were created nobody
// knows.
func TestVirtualCloseWhileListingsGoUnanswered(t *testing.T) {
	const timeout = 10 * time.Second
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		w.sessions = nil // Close fails
		rw, err := s.RWMutex("m")
		require.NoError(t, err)
		lock(t, rw.Reader())
		client.Blackhole()
		for range 2 {
			rw.Reader().LockAsync(t.Context())
		}
		time.Sleep(time.Second) // sleep ok: virtual
		begun := time.Now()
		require.ErrorContains(t, s.Close(), "no server has confirmed it")
		assert.LessOrEqual(t, time.Since(begun), 4*time.Second)
	})
}

// TestVirtualCloseOnASlowServer closes a Session that holds many locks. The server needs longer to
// remove them all than Close waits for one that does nothing, so Close must not leave it. If it needs
// much longer, the end of the session removes the rest.
func TestVirtualCloseOnASlowServer(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration // for each
		want  float64       // seconds
	}{{70 * time.Millisecond, 4.2}, {300 * time.Millisecond, 11}} {
		virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 30*time.Second)
			hold(t, s, 60)
			w.HoldCommits()
			stop := make(chan struct{})
			var server sync.WaitGroup
			server.Go(func() {
				for isOpen(stop) {
					time.Sleep(c.pause) // sleep ok: virtual
					w.CommitNext()
				}
			})
			w.sessions = nil // a second Close would return what the first does
			begun := time.Now()
			err := s.Close()
			assert.InDelta(t, c.want, time.Since(begun).Seconds(), 0.6)
			assert.Zero(t, s.Stats().Disconnections)
			close(stop)
			server.Wait()
			if c.want < 10 {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, "no server has confirmed it")
				w.ReleaseCommits()
			}
			assert.Empty(t, w.Ephemerals())
		})
	}
}

// TestVirtualCloseOnAServerThatHangs has Close go to another server.
func TestVirtualCloseOnAServerThatHangs(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial(w.Server(0).Address()+","+w.Server(1).Address(), 10*time.Second)
		hold(t, s, 20)
		server := w.Server(0)
		if server.Address() != s.Stats().Server {
			server = w.Server(1)
		}
		server.Hang()
		begun := time.Now()
		assert.NoError(t, s.Close())
		assert.Less(t, time.Since(begun), time.Second)
		assert.Empty(t, w.Ephemerals())
		server.Resume()
	})
}

// TestVirtualCloseAfterALostCreation closes a Session that does not know of its only candidate.
func TestVirtualCloseAfterALostCreation(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second)
		w.sessions = nil // Close fails
		m := mutex(t, s, "m")
		lock(t, m)
		m.Unlock()
		m.LockAsync(t.Context())
		time.Sleep(4 * time.Millisecond) // sleep ok: virtual; the server has it, and its answer is under way
		client.Blackhole()
		require.Len(t, w.Ephemerals(), 1)
		require.ErrorContains(t, s.Close(), "no server has confirmed it")
	})
}

// TestVirtualUnlockCutShortByClose has a context end that bounds an unlock just when the Session is
// closed.
func TestVirtualUnlockCutShortByClose(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(50)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		lock(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		unlocked, closed := make(chan error), make(chan error)
		// ends with its receive below, as the next does
		go func() { unlocked <- m.UnlockContext(ctx) }()
		time.Sleep(10 * time.Millisecond) // sleep ok: virtual; the request is on its way
		begun := time.Now()
		go func() { closed <- s.Close() }()
		time.Sleep(time.Millisecond) // sleep ok: virtual
		cancel()
		require.ErrorIs(t, <-unlocked, context.Canceled)
		require.NoError(t, <-closed)
		assert.Less(t, time.Since(begun), 400*time.Millisecond)
	})
}

// TestVirtualCloseBesideLock closes a Session while goroutines wait in Lock: they end, and run what
// is deferred, the unlocking too.
func TestVirtualCloseBesideLock(t *testing.T) {
	for name, handle := range map[string]func(*zklock.Session) sync.Locker{
		"Mutex":    func(s *zklock.Session) sync.Locker { return mutex(t, s, "m") },
		"hand-off": func(s *zklock.Session) sync.Locker { return mutex(t, s, "m", zklock.WithLocalHandoff(2)) },
		"RLocker": func(s *zklock.Session) sync.Locker {
			rw, err := s.RWMutex("m")
			require.NoError(t, err)
			return rw.RLocker()
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				other, _ := w.dial("", 10*time.Second)
				s, _ := w.dial("", 10*time.Second)
				lock(t, mutex(t, other, "m"))
				l := handle(s)
				var returned atomic.Bool
				var workers sync.WaitGroup
				for range 3 {
					workers.Go(func() { // ended by Close, and waited for below
						defer l.Unlock()
						l.Lock()
						returned.Store(true)
					})
				}
				time.Sleep(time.Second) // sleep ok: virtual
				require.NoError(t, s.Close())
				workers.Wait()
				assert.False(t, returned.Load())
				assert.Panics(t, l.Lock, "it is closed")
			})
		})
	}
}
