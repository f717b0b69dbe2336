package zklock_test

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/zktest"
)

// The tests of this file need one frame held back, lost, or followed by something on cue. Each forbids a mutant of
// internal/mutants that would pass the others.

const opMulti = 14

func xidOf(frame []byte) int32 { return int32(binary.BigEndian.Uint32(frame[4:])) }

// isReply reports whether the frame answers a request, go-zookeeper's or one of our own: it is no ping's, event or handshake.
func isReply(dir zktest.Direction, frame []byte) bool {
	return dir == zktest.ToClient && (xidOf(frame) > 0 || xidOf(frame) < -2)
}

// isRequest reports whether the frame asks for something: it is no ping.
func isRequest(dir zktest.Direction, frame []byte) bool {
	const ping = 11
	return dir == zktest.ToServer && opOf(dir, frame) != ping
}

// opOf returns the operation of a request, 0 if the frame is none.
func opOf(dir zktest.Direction, frame []byte) uint32 {
	if dir != zktest.ToServer || len(frame) < 12 {
		return 0
	}
	return binary.BigEndian.Uint32(frame[8:])
}

func isMulti(dir zktest.Direction, frame []byte) bool { return opOf(dir, frame) == opMulti }

// TestCancelAfterALostCreateReply cancels while the search for a candidate whose creation was not answered cannot go on.
func TestCancelAfterALostCreateReply(t *testing.T) {
	proxy := server(t).Proxy(t)
	other := mutex(t, dial(t), "cue")
	lock(t, other)
	other.Unlock()
	m := mutex(t, dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(patience)), "cue") // an expiry would remove the candidate too
	cut := make(chan struct{})
	var once sync.Once
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isReply(dir, frame) {
			proxy.Cut()
			once.Do(func() { close(cut) })
			return zktest.Cut
		}
		return zktest.Pass
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := m.LockAsync(ctx)
	receive(t, cut, "cut")
	pause(t, 1500*time.Millisecond) // go-zookeeper refuses what waits once it has tried all servers, a second later
	cancel()
	receive(t, p.Done(), "end of the wait")
	proxy.OnFrame(nil)
	proxy.Heal()
	receive(t, p.Released(), "removal")
	requireQueue(t, other, 0)
}

// TestPingsProveNothingToTheQuorumLease lets nothing but pings through to the server.
func TestPingsProveNothingToTheQuorumLease(t *testing.T) {
	const ping = -2
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "cue")
	lock(t, m)
	lost := m.Lost()
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if dir == zktest.ToServer && xidOf(frame) != ping {
			return zktest.Drop
		}
		return zktest.Pass
	})
	defer proxy.OnFrame(nil)                      // so that Close has an answer
	wait.For(t, lost, sessionTimeout*3/4, "loss") // with the quorum's proof it has T/2, and some more with that of pings
}

// TestExpiryIsToldAtOnce wants the loss from the expiry, and not from the lease that runs out later.
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
		case <-time.After(sessionTimeout * 3 / 8): // a second if the server is not back at once; the lease takes T/2
			receive(t, lost, "loss")
			m.Unlock() // Ensemble.Expire says that this can happen; not three times in a row
		}
	}
	t.Error("the loss was not told before the lease ran out")
}

// TestAMarkBeforeTheFirstLook has the mark written after the candidate was created and before it is read.
func TestAMarkBeforeTheFirstLook(t *testing.T) {
	proxy := server(t).Proxy(t)
	other := mutex(t, dial(t), "cue")
	lock(t, other)
	other.Unlock()
	m := mutex(t, dialTo(t, proxy.Addr()), "cue")
	var marked atomic.Bool
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isReply(dir, frame) && marked.CompareAndSwap(false, true) { // the reply to create
			n, err := other.RevokeAll(context.Background())
			assert.NoError(t, err)
			assert.Equal(t, 1, n)
		}
		return zktest.Pass
	})
	wait.For(t, lock(t, m), sessionTimeout/2, "revocation, before everybody looks again anyway")
	m.Unlock()
}

// TestNoConnectionAfterAnExpiry: the zk.Conn of a session that expired would run what is queued in a session of its own.
// With one server it waits a second first, hence three addresses.
func TestNoConnectionAfterAnExpiry(t *testing.T) {
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
		require.LessOrEqual(t, dials.Load(), int64(2), "one to learn of the expiry, one for the next session")
	}
}

// TestForceOfACandidateThatIsGoneHarmsNobody removes the candidate and cancels while its force is under way.
func TestForceOfACandidateThatIsGoneHarmsNobody(t *testing.T) {
	proxy := server(t).Proxy(t)
	direct := dial(t)
	holder := mutex(t, direct, "cue")
	revoked := lock(t, holder)
	m := mutex(t, dialTo(t, proxy.Addr()), "cue")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isMulti(dir, frame) && ctx.Err() == nil {
			queue, err := holder.Contenders(context.Background())
			if assert.NoError(t, err) && assert.Len(t, queue, 2) {
				assert.NoError(t, direct.Conn().Delete(holder.Path()+"/"+queue[1].Znode, -1))
			}
			cancel()
		}
		return zktest.Pass
	})
	_, err := m.LockRevoking(ctx, zklock.Force)
	assert.ErrorIs(t, err, context.Canceled)
	held, err := holder.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held, "removed for nothing")
	assert.True(t, isOpen(revoked))
	holder.Unlock()
}

// TestTheDeadlineCountsFromTheRequest delays answers, and loses all but one. A busy machine can delay that one too, so
// that it proves nothing, or the news of the loss; hence more than one attempt.
func TestTheDeadlineCountsFromTheRequest(t *testing.T) {
	const delay, attempts = 200 * time.Millisecond, 5
	const least, most = shortTimeout / 4, shortTimeout/2 - 300*time.Millisecond
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(shortTimeout)), "cue")
	for range attempts {
		lock(t, m)
		lost := m.Lost()
		proxy.Delay(delay)
		pause(t, shortTimeout/4)
		var last atomic.Int64
		begun := time.Now()
		proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
			if isMulti(dir, frame) && !last.CompareAndSwap(0, int64(time.Since(begun))) {
				return zktest.Drop
			}
			return zktest.Pass
		})
		receive(t, lost, "loss")
		// The hook saw the request after the delay.
		after := time.Since(begun) - time.Duration(last.Load()) + delay
		proxy.OnFrame(nil)
		proxy.Heal()
		m.Unlock()
		t.Logf("from the request to the loss: %v", after)
		if least < after && after < most {
			return
		}
	}
	t.Errorf("in none of %d attempts was the hold kept by its last answer for %v to %v", attempts, least, most)
}

// TestServersThatHangUpAreNotStormed has the server close each connection right after the handshake.
func TestServersThatHangUpAreNotStormed(t *testing.T) {
	proxy := server(t).Proxy(t)
	var dials atomic.Int64
	s := dialTo(t, proxy.Addr(), zklock.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
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
