package e2e

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// The tests of this file need one frame held back, lost, or followed by something on cue. Each
// forbids a mutant of internal/mutants that would pass the others.

// TestExpiryIsToldAtOnce wants the loss from the expiry, and not from the lease that runs out
// later.
func TestExpiryIsToldAtOnce(t *testing.T) {
	s := dial(t)
	m := mutex(t, s, "cue")
	for range 3 {
		lock(t, m)
		lost := m.Lost()
		require.NoError(t, server(t).Expire(s.ID()))
		select {
		case <-lost:
			m.Unlock()
			return
		case <-time.After(sessionTimeout * 3 / 8):
			// a second if the server is not back at once; the lease takes T/2
			receive(t, lost, "loss")
			m.Unlock() // Ensemble.Expire says that this can happen; not three times in a row
		}
	}
	t.Error("the loss was not told before the lease ran out")
}

// TestNoConnectionAfterAnExpiry: the zk.Conn of a session that expired would run what is queued in
// a session of its own. With one server it waits a second first, hence three addresses.
func TestNoConnectionAfterAnExpiry(t *testing.T) {
	t.Parallel()
	proxy := server(t).Proxy(t)
	var dials atomic.Int64
	states := make(chan zklock.State, 100)
	s := dialTo(t, proxy.Addr()+","+proxy.Addr()+","+proxy.Addr(),
		zklock.WithStateFunc(func(st zklock.State) { states <- st }),
		zklock.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil {
				dials.Add(1)
			}
			return conn, err
		}))
	for range 3 {
		id := s.ID()
		dials.Store(0)
		proxy.Cut()
		require.NoError(t, server(t).Expire(id))
		require.Eventually(t, func() bool { return dials.Load() >= 3 }, patience, time.Millisecond)
		proxy.Heal() // while zk.Conn waits a second
		dials.Store(0)
		requireState(t, states, zklock.StateExpired)
		requireState(t, states, zklock.StateConnected)
		require.LessOrEqual(t, dials.Load(), int64(2),
			"one to learn of the expiry, one for the next session")
	}
}

// TestServersThatHangUpAreNotStormed has the server close each connection right after the
// handshake.
func TestServersThatHangUpAreNotStormed(t *testing.T) {
	proxy := server(t).Proxy(t)
	var dials atomic.Int64
	s := dialTo(t, proxy.Addr(),
		zklock.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		}))
	m := mutex(t, s, "cue")
	lock(t, m)
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if dir == zktest.ToServer && xidOf(frame) != 0 { // not the connect request
			return zktest.Cut
		}
		return zktest.Pass
	})
	proxy.Break()
	dials.Store(0)
	go m.Held(t.Context()) // asks again and again; ends with the test
	pause(t, 2*time.Second)
	t.Log(dials.Load(), "connections")
	assert.Less(t, dials.Load(), int64(30))
	proxy.OnFrame(nil)
	m.UnlockContext(t.Context()) // it may be lost by now
	lock(t, m)
	m.Unlock()
}
