package virtual

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wire"
)

// refusedRequest is what the log says where servers do not know a request.
const refusedRequest = "the servers do not take a request of ours"

// onEachKind runs f on servers of each kind.
func onEachKind(t *testing.T, f func(*testing.T, *world, fakezk.Profile)) {
	for _, p := range fakezk.Profiles {
		t.Run(p.Name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				w.Imitate(p)
				f(t, w, p)
			})
		})
	}
}

// TestVirtualKindsOfServers acquires and releases locks of all kinds on all kinds of servers. What
// a server does not take is found out once, and said once.
func TestVirtualKindsOfServers(t *testing.T) {
	onEachKind(t, func(t *testing.T, w *world, p fakezk.Profile) {
		var log locktest.Log
		s, client := w.dial("", 10*time.Second, log.AtWarn())
		m, rw := mutex(t, s, "a/b/m"), rwMutex(t, s, "a/b/rw")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := m.LockContext(ctx)
		require.NoError(t, err)
		require.Positive(t, m.Token().Zxid)
		m.Unlock()
		foreign := func() (n int) {
			for op := range p.Foreign {
				n += client.Sent(op)
			}
			return n
		}
		found := foreign()
		const containers = 3 // a, b and m, in one packet
		assert.LessOrEqual(t, found, max(2*len(p.Foreign), containers))

		other, _ := w.dial("", 10*time.Second)
		theirs := mutex(t, other, "a/b/m")
		last := m.Token()
		for range 5 {
			lock(t, m)
			assert.False(t, theirs.TryLock())
			granted := theirs.LockAsync(t.Context())
			synctest.Wait()
			m.Unlock()
			<-granted.Done()
			require.NoError(t, granted.Err())
			assert.Greater(t, theirs.Token().Zxid, last.Zxid)
			last = theirs.Token()
			theirs.Unlock()
		}
		reader := rw.Reader()
		lock(t, reader)
		assert.True(t, rwMutex(t, other, "a/b/rw").TryRLock())
		assert.False(t, rw.TryLock())
		reader.Unlock()
		assert.False(t, rw.TryLock(), "the other reads")

		fresh := mutex(t, s, "another/one")
		lock(t, fresh)
		fresh.Unlock()
		assert.Equal(t, found, foreign(), "it is known by now")
		assert.Equal(t, len(p.Foreign), strings.Count(log.String(), refusedRequest))
	})
}

// TestVirtualKindsOfServersExpire has a session end while it holds a lock and another waits.
func TestVirtualKindsOfServersExpire(t *testing.T) {
	onEachKind(t, func(t *testing.T, w *world, _ fakezk.Profile) {
		s, _ := w.dial("", 10*time.Second)
		other, client := w.dial("", 10*time.Second)
		m, theirs := mutex(t, s, "m"), mutex(t, other, "m")
		lock(t, theirs)
		lost := theirs.Lost()
		granted := m.LockAsync(t.Context())
		synctest.Wait()
		client.Blackhole()
		<-granted.Done()
		assert.False(t, isOpen(lost), "told first")
		require.NoError(t, granted.Err())
		client.Heal()
		time.Sleep(20 * time.Second) // sleep ok: virtual; until it is back
		assert.ErrorIs(t, theirs.UnlockContext(t.Context()), zklock.ErrLost)
		again := theirs.LockAsync(t.Context())
		synctest.Wait()
		m.Unlock()
		<-again.Done()
		require.NoError(t, again.Err())
		theirs.Unlock()
	})
}

// TestVirtualKindsOfServersReconnect breaks the connection under a hold. Where the session goes on
// so does the hold; a new session in its place loses it before anybody else is granted the lock.
func TestVirtualKindsOfServersReconnect(t *testing.T) {
	onEachKind(t, func(t *testing.T, w *world, p fakezk.Profile) {
		s, client := w.dial("", 10*time.Second)
		m := mutex(t, s, "m")
		lock(t, m)
		time.Sleep(time.Second) // sleep ok: virtual
		id, lost := s.ID(), m.Lost()
		asked, _ := requests(client)
		client.Cut()
		if p.NewSessions {
			<-lost
			now, _ := requests(client)
			assert.Equal(t, asked, now, "the answer to the connect request is enough")
			assert.Equal(t, zklock.Losses{Expired: 1}, s.Stats().Lost)
		}
		time.Sleep(5 * time.Second) // sleep ok: virtual
		assert.Equal(t, p.NewSessions, s.ID() != id)
		assert.Equal(t, !p.NewSessions, isOpen(lost))
		if err := m.UnlockContext(t.Context()); p.NewSessions {
			assert.ErrorIs(t, err, zklock.ErrLost)
		}
		lock(t, m)
		m.Unlock()
		time.Sleep(20 * time.Second) // sleep ok: virtual; until the servers have forgotten the sessions that were left
	})
}

// TestVirtualABrokenConnectionIsNoRefusal breaks the connection while requests are under way that
// some servers do not take.
func TestVirtualABrokenConnectionIsNoRefusal(t *testing.T) {
	for _, op := range []int32{wire.OpCreate2, wire.OpCreateContainer} {
		t.Run(wire.OpName(op), func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				var log locktest.Log
				s, client := w.dial("", 10*time.Second, log.AtWarn())
				for i := range 6 {
					m := mutex(t, s, path.Join("over", string(rune('a'+i))))
					cuts := 3
					if i == 0 { // none has been answered yet
						cuts = 1
					}
					client.OnRequest(func(sent int32) {
						if sent == op && cuts > 0 {
							cuts--
							go client.Cut() // ends at once, before the answer arrives
						}
					})
					lock(t, m)
					m.Unlock()
				}
				assert.Zero(t, strings.Count(log.String(), refusedRequest), log.String())
			})
		})
	}
}

// TestVirtualARefusalIsSaidOnce has many begin at the same time on a server that refuses.
func TestVirtualARefusalIsSaidOnce(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		w.Imitate(fakezk.Profile{Foreign: map[int32]fakezk.Manner{
			wire.OpCreate2: fakezk.BadArguments, wire.OpCreateContainer: fakezk.BadArguments,
		}})
		var log locktest.Log
		s, _ := w.dial("", 10*time.Second, log.AtWarn())
		var work sync.WaitGroup
		for i := range 100 {
			m := mutex(t, s, fmt.Sprintf("m%d", i))
			work.Go(func() {
				lock(t, m)
				m.Unlock()
			})
		}
		work.Wait()
		assert.Equal(t, 2, strings.Count(log.String(), refusedRequest), log.String())
	})
}

// TestVirtualUserCodeMayBlockAtDial has a logger block that is told of a granted timeout on
// zk.Conn's goroutine.
func TestVirtualUserCodeMayBlockAtDial(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		blocked := make(chan struct{})
		defer close(blocked)
		logger := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			<-blocked
			return len(p), nil
		}), &slog.HandlerOptions{Level: slog.LevelWarn}))
		w.Server(0).SetMost(4 * time.Second)
		begun := time.Now()
		s, err := zklock.Dial(t.Context(), w.Connect(), zklock.WithDialer(w.Client().Dial),
			zklock.WithLogger(logger),
			zklock.WithSessionTimeout(30*time.Second))
		require.NoError(t, err)
		w.sessions = append(w.sessions, s)
		require.Equal(t, 4*time.Second, s.Timeout())
		assert.Less(t, time.Since(begun), 200*time.Millisecond)
		m := mutex(t, s, "m")
		lock(t, m)
		time.Sleep(time.Minute) // sleep ok: virtual
		assert.NoError(t, m.Err())
		m.Unlock()
		require.NoError(t, s.Close())
	})
}

// TestVirtualAnotherServerWithinTwoSeconds breaks a connection while one of three servers accepts
// connections and says nothing.
func TestVirtualAnotherServerWithinTwoSeconds(t *testing.T) {
	var most time.Duration
	for i := range 30 {
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
			s, client := w.dial("", 10*time.Second)
			m := mutex(t, s, "m")
			lock(t, m)
			w.Server(i % 3).Hang()
			client.Cut()
			begun := time.Now()
			held, err := m.Held(t.Context())
			require.NoError(t, err)
			assert.True(t, held)
			most = max(most, time.Since(begun))
			w.Server(i % 3).Resume()
			m.Unlock()
		})
	}
	t.Logf("another server after %v, at the most", most)
	assert.LessOrEqual(t, most, 2*time.Second+50*time.Millisecond)
}

// TestVirtualRejectedCredentials has servers refuse on a reconnection what they accepted before.
func TestVirtualRejectedCredentials(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		s, client := w.dial("", 10*time.Second, zklock.WithAuth("digest", []byte("a:b")))
		m := mutex(t, s, "m")
		lock(t, m)
		w.RejectCredentials(true)
		client.Cut()
		var dials []int
		for range 10 {
			before := client.Dials()
			time.Sleep(time.Minute) // sleep ok: virtual time
			dials = append(dials, client.Dials()-before)
		}
		t.Logf("connections in each minute: %v", dials)
		assert.LessOrEqual(t, dials[0], 30)
		for _, n := range dials[1:] {
			assert.LessOrEqual(t, n, 15)
		}
		w.RejectCredentials(false)
		m.UnlockContext(t.Context()) // lost or not
		lock(t, m)
		m.Unlock()
	})
}

// TestVirtualServerOutOfStep waits on a server that has missed the deletion it waits for, and all
// after it. No event comes, and no look at that server helps.
func TestVirtualServerOutOfStep(t *testing.T) {
	const timeout = 4 * time.Second
	for range 10 { // servers are tried in any order, and the others may have been found down
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Server(0).Stop()
			w.Server(2).Stop()
			s, client := w.dial("", timeout)
			w.Server(0).Resume()
			w.Server(2).Resume()
			other, _ := w.dial(w.Server(0).Address(), timeout)
			m, holder := mutex(t, s, "m"), mutex(t, other, "m")
			lock(t, holder)
			guard, err := holder.Guard()
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 10*timeout)
			defer cancel()
			p := m.LockAsync(ctx)
			<-p.Queued()
			w.Server(1).Keep(guard.Path)
			holder.Unlock()
			begun := time.Now()
			<-p.Done()
			require.NoError(t, p.Err())
			t.Logf("granted after %v", time.Since(begun))
			assert.Greater(t, time.Since(begun), timeout,
				"the server is not out of step: this proves nothing")
			assert.Less(t, time.Since(begun), 4*timeout)
			m.Unlock()
			client.Cut()
			time.Sleep(time.Second) // sleep ok: virtual
			assert.NotEqual(t, w.Server(1).Address(), s.Stats().Server, "which is out of step still")
		})
	}
}

// TestVirtualThrottled has servers refuse requests that they have no time for, each in turn and
// several in a row.
func TestVirtualThrottled(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", 10*time.Second)
		other, _ := w.dial("", 10*time.Second)
		m, next := mutex(t, s, "m"), mutex(t, other, "m")
		for n := range 8 {
			w.Throttle(n)
			lock(t, m)
			w.Throttle(n)
			p := next.LockAsync(t.Context())
			time.Sleep(time.Minute) // sleep ok: virtual
			assert.NoError(t, m.Err())
			assert.True(t, isOpen(p.Done()))
			w.Throttle(n)
			require.NoError(t, m.UnlockContext(t.Context()))
			<-p.Done()
			require.NoError(t, p.Err())
			next.Unlock()
			assert.Empty(t, w.Ephemerals())
		}
	})
}
