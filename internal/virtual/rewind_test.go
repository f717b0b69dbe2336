package virtual

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/locktest"
)

// TestVirtualWipedEnsemble wipes the servers' data under a holder and others who wait: it is told,
// and all come back by themselves.
func TestVirtualWipedEnsemble(t *testing.T) {
	const timeout = 4 * time.Second
	for _, lease := range []zklock.Lease{zklock.LeaseQuorum, zklock.LeasePing, zklock.LeaseServer} {
		for _, auth := range []bool{false, true} {
			t.Run(fmt.Sprint(lease, auth), func(t *testing.T) {
				virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)},
					func(t *testing.T, w *world) {
						var log locktest.Log
						opts := []zklock.SessionOption{zklock.WithLease(lease), log.AtWarn()}
						// of both: they make the lock's znode anew
						var credentials []zklock.SessionOption
						if auth {
							credentials = append(credentials,
								zklock.WithAuth("digest", []byte("a:b")))
						}
						s, _ := w.dial("", timeout, append(opts, credentials...)...)
						other, _ := w.dial("", timeout, credentials...)
						m, next := mutex(t, s, "m"), mutex(t, other, "m")
						for range 50 {
							lock(t, m)
							m.Unlock()
						}
						lock(t, m)
						lost, token := m.Lost(), m.Token()
						p := next.LockAsync(t.Context())
						time.Sleep(3 * timeout) // sleep ok: virtual time
						w.Wipe()
						wiped := time.Now()
						<-lost
						assert.ErrorIs(t, m.Err(), zklock.ErrLost)
						m.Unlock()
						<-p.Done()
						require.NoError(t, p.Err())
						assert.Less(t, time.Since(wiped), 2*timeout)
						next.Unlock()
						lock(t, m)
						assert.Less(t, time.Since(wiped), 2*timeout)
						assert.Negative(t, m.Token().Compare(token))
						assert.Equal(t, 1, s.Rewinds())
						assert.Equal(t, 1, strings.Count(log.String(), "session given up"),
							log.String())
						assert.Equal(t, 1, strings.Count(log.String(), "tokens begin again"),
							log.String())
						m.Unlock()
					})
			})
		}
	}
}

// TestVirtualRebuiltUnderManyWaiters wipes the data under a crowd.
func TestVirtualRebuiltUnderManyWaiters(t *testing.T) {
	const timeout = 10 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		var pending []*zklock.Pending
		for range 10 {
			s, _ := w.dial("", timeout)
			for range 10 {
				m := mutex(t, s, "m")
				p := m.LockAsync(t.Context())
				go func() { <-p.Done(); m.Unlock() }()
				pending = append(pending, p)
				if len(pending) == 1 {
					<-p.Done()
				} else {
					<-p.Queued()
				}
			}
		}
		w.Wipe()
		wiped := time.Now()
		for _, p := range pending {
			<-p.Done()
			require.NoError(t, p.Err())
		}
		assert.Less(t, time.Since(wiped), 3*timeout)
		t.Logf("all granted %v after", time.Since(wiped))
		time.Sleep(time.Second) // sleep ok: virtual; until all have unlocked
	})
}

// TestVirtualAnOutageIsNoRewind takes all servers away for longer than the timeout, and keeps their
// data.
func TestVirtualAnOutageIsNoRewind(t *testing.T) {
	const timeout = 4 * time.Second
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", timeout)
		m := mutex(t, s, "m")
		lock(t, m)
		token := m.Token()
		for range 3 {
			w.Server(0).Stop()
			time.Sleep(10 * timeout) // sleep ok: virtual time
			w.Server(0).Resume()
			m.Unlock()
			lock(t, m)
			assert.Positive(t, m.Token().Compare(token))
			token = m.Token()
		}
		assert.Zero(t, s.Rewinds())
		m.Unlock()
	})
}

// TestVirtualShortOutageKeepsTheSession has no server for less than the timeout.
func TestVirtualShortOutageKeepsTheSession(t *testing.T) {
	const timeout = 10 * time.Second
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout)
		id := s.ID()
		time.Sleep(3 * timeout) // sleep ok: virtual time
		client.Refuse()
		client.Cut()
		time.Sleep(timeout / 2) // sleep ok: virtual time
		client.Heal()
		time.Sleep(2 * timeout) // sleep ok: virtual time
		assert.Equal(t, id, s.ID())
		assert.Equal(t, zklock.StateConnected, s.State())
	})
}

// TestVirtualForgedZxid has servers tell of a transaction that is not, and hang, so that none takes
// the session any more.
func TestVirtualForgedZxid(t *testing.T) {
	const timeout = 4 * time.Second
	for _, before := range []bool{true, false} { // the session is ready
		virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
			if !before {
				w.ForgeZxid(math.MaxInt64 - 1)
			}
			s, client := w.dial("", timeout)
			m := mutex(t, s, "m")
			lock(t, m)
			w.ForgeZxid(math.MaxInt64 - 1)
			time.Sleep(timeout) // sleep ok: virtual time
			w.ForgeZxid(0)
			client.Cut()
			cut := time.Now()
			m.Unlock()
			lock(t, m)
			assert.Less(t, time.Since(cut), 2*timeout)
			assert.Equal(t, 1, s.Rewinds())
			m.Unlock()
		})
	}
}

// TestVirtualExpiredBeforeItBegan has the first server say of a new session that it has expired,
// while the others serve.
func TestVirtualExpiredBeforeItBegan(t *testing.T) {
	for range 10 { // servers are tried in any order
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Server(0).Deny(true)
			w.Server(1).Deny(true)
			begun := time.Now()
			s, _ := w.dial("", 4*time.Second)
			assert.Less(t, time.Since(begun), time.Second)
			m := mutex(t, s, "m")
			lock(t, m)
			m.Unlock()
			w.Server(0).Deny(false)
			w.Server(1).Deny(false)
		})
	}
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		w.Server(0).Deny(true)
		client := w.Client()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := zklock.Dial(ctx, w.Connect(), zklock.WithDialer(client.Dial))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "of a new session that it has expired")
		assert.Less(t, client.Dials(), 40, "without a pause")
	})
}
