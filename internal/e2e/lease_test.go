package e2e

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/internal/wire"
	"github.com/zookylock/zklock/zktest"
)

// TestLostClosesBeforeAnotherAcquires cuts holders off in every way and looks, when another client
// is granted the lock, whether they have been told.
func TestLostClosesBeforeAnotherAcquires(t *testing.T) {
	for name, fault := range map[string]func(*zktest.Proxy){
		"cut":           (*zktest.Proxy).Cut,
		"blackholed":    func(p *zktest.Proxy) { p.Blackhole() },
		"requests lost": func(p *zktest.Proxy) { p.Blackhole(zktest.ToServer) },
		"replies lost":  func(p *zktest.Proxy) { p.Blackhole(zktest.ToClient) },
	} {
		for _, lease := range []zklock.Lease{zklock.LeaseQuorum, zklock.LeasePing} {
			t.Run(name+"/"+
				map[zklock.Lease]string{zklock.LeaseQuorum: "quorum",
					zklock.LeasePing: "ping"}[lease],
				func(t *testing.T) {
					t.Parallel()
					proxy := server(t).Proxy(t)
					timeout := zklock.WithSessionTimeout(2 * time.Second)
					m := mutex(t, dialTo(t, proxy.Addr(), timeout, zklock.WithLease(lease)),
						"lease")
					next := mutex(t, dial(t), "lease")
					revoked := lock(t, m)
					lost := m.Lost()
					p := queued(t, next)
					fault(proxy)
					receive(t, p.Done(), "lock")
					require.NoError(t, p.Err())
					assert.False(t, isOpen(lost),
						"another client was granted the lock before the holder was told")
					assert.False(t, isOpen(revoked))
					assert.ErrorIs(t, m.Err(), zklock.ErrLost)
					next.Unlock()
					proxy.Heal()
					assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
					lock(t, m)
					m.Unlock()
				})
		}
	}
}

// TestLeaseServerWaitsForTheServer shows what the weakest lease is: the holder is told when it is
// connected again, and not before.
func TestLeaseServerWaitsForTheServer(t *testing.T) {
	t.Parallel()
	proxy := server(t).Proxy(t)
	s := dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(shortTimeout),
		zklock.WithLease(zklock.LeaseServer))
	m, next := mutex(t, s, "weak"), mutex(t, dial(t), "weak")
	lock(t, m)
	lost := m.Lost()
	p := queued(t, next)
	proxy.Cut()
	receive(t, p.Done(), "lock")
	assert.True(t, isOpen(lost))
	assert.NoError(t, m.Err())
	proxy.Heal()
	receive(t, lost, "loss")
	next.Unlock()
	m.Unlock()
}

// TestLeaseLastsWhileTheEnsembleAnswers holds a lock for two session timeouts, after a wait of one
// in which nothing of the session was confirmed. A busy machine can cost anybody the lock, but not
// each time.
func TestLeaseLastsWhileTheEnsembleAnswers(t *testing.T) {
	slow(t)
	for name, lease := range map[string]zklock.Lease{
		"quorum": zklock.LeaseQuorum, "ping": zklock.LeasePing, "server": zklock.LeaseServer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const attempts = 3
			s := dial(t, zklock.WithSessionTimeout(shortTimeout), zklock.WithLease(lease))
			m, holder := mutex(t, s, "lasting"), mutex(t, dial(t), "lasting")
			for range attempts {
				lock(t, holder)
				p := queued(t, m)
				pause(t, shortTimeout)
				holder.Unlock()
				receive(t, p.Done(), "lock")
				require.NoError(t, p.Err())
				select {
				case <-m.Lost():
				case <-time.After(2 * shortTimeout):
				}
				held, err := m.Held(t.Context())
				require.NoError(t, err)
				m.Unlock()
				if held {
					return
				}
			}
			t.Errorf("lost in each of %d attempts", attempts)
		})
	}
}

// TestAnOutageWithinTheLeaseLosesNothing breaks the connection for less than the lease.
func TestAnOutageWithinTheLeaseLosesNothing(t *testing.T) {
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "outage")
	revoked := lock(t, m)
	proxy.Cut()
	pause(t, 500*time.Millisecond) // go-zookeeper waits a second before it tries again
	proxy.Heal()
	held, err := m.Held(t.Context())
	require.NoError(t, err)
	assert.True(t, held)
	assert.True(t, isOpen(revoked))
	assert.NoError(t, m.UnlockContext(t.Context()))
}

// TestARemovalIsNoticedWithoutItsEvent has the beat find out what the watch was kept from telling.
func TestARemovalIsNoticedWithoutItsEvent(t *testing.T) {
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "silent")
	lock(t, m)
	requireHoldWatched(t, m)
	lost := m.Lost()
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isEvent(dir, frame) {
			return zktest.Drop
		}
		return zktest.Pass
	})
	n, err := mutex(t, dial(t), "silent").Clear(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	// by a beat, a sixth of the timeout; everybody looks again after a whole one
	wait.For(t, lost, sessionTimeout/2, "loss")
	assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
	m.Unlock()
}

// TestBlackholedHoldersAreToldFirst has 20 holders cut off without a word, and waits for who learns
// of it first: the holder by its lease, or another client by being granted the lock.
func TestBlackholedHoldersAreToldFirst(t *testing.T) {
	t.Parallel()
	const runs = 20
	ahead := make([]time.Duration, runs)
	var g errgroup.Group
	for run := range runs {
		proxy := server(t).Proxy(t)
		name := fmt.Sprint("lock-", run)
		m := mutex(t, dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(shortTimeout)), name)
		next := mutex(t, dial(t), name)
		lock(t, m)
		lost := m.Lost()
		p := queued(t, next)
		g.Go(func() error {
			proxy.Blackhole()
			defer proxy.Heal()
			var told, acquired time.Time
			for told.IsZero() || acquired.IsZero() {
				select {
				case <-lost:
					told, lost = time.Now(), nil
				case <-p.Done():
					acquired = time.Now()
					p.Cancel()
					// both can be there when a busy machine looks
					if told.IsZero() && isOpen(lost) {
						return fmt.Errorf("%s: another client was granted the lock, and the holder not told", name)
					}
				case <-time.After(patience):
					return fmt.Errorf("%s: told %v, acquired %v", name, told, acquired)
				}
			}
			ahead[run] = acquired.Sub(told)
			return nil
		})
	}
	require.NoError(t, g.Wait())
	slices.Sort(ahead)
	t.Logf("told before another acquired, of %d runs: least %v, median %v, most %v", runs, ahead[0],
		ahead[runs/2], ahead[runs-1])
}

// TestALeaderFailoverLosesNoHold kills the leader under a holder that is connected to a follower,
// and one that is connected to the leader itself.
func TestALeaderFailoverLosesNoHold(t *testing.T) {
	t.Parallel()
	slow(t)
	ensemble := zktest.Start(t, zktest.WithServers(3))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	leader, err := ensemble.WaitLeader(ctx)
	require.NoError(t, err)
	holders := holdersOnAll(t, ensemble)
	begun := time.Now()
	require.NoError(t, leader.Kill())
	requireHeld(ctx, t, holders)
	t.Logf("the next leader answers after %v", time.Since(begun))
	for _, m := range holders {
		assert.NoError(t, m.Err())
		assert.NoError(t, m.UnlockContext(ctx))
	}
}

// TestARollingRestartLosesNoHold restarts every server, the leader last.
func TestARollingRestartLosesNoHold(t *testing.T) {
	t.Parallel()
	slow(t)
	ensemble := zktest.Start(t, zktest.WithServers(3))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	leader, err := ensemble.WaitLeader(ctx)
	require.NoError(t, err)
	holders := holdersOnAll(t, ensemble)
	restart := func(server *zktest.Server) {
		require.NoError(t, server.Stop())
		require.NoError(t, server.Start())
		_, err := ensemble.WaitLeader(ctx)
		require.NoError(t, err)
		requireHeld(ctx, t, holders)
	}
	for _, server := range ensemble.Servers() {
		if server != leader {
			restart(server)
		}
	}
	restart(leader)
	for _, m := range holders {
		assert.NoError(t, m.Err())
		assert.NoError(t, m.UnlockContext(ctx))
	}
}

// holdersOnAll returns held locks, of one session on each server.
func holdersOnAll(t *testing.T, ensemble *zktest.Ensemble) (holders []*zklock.Mutex) {
	t.Helper()
	for i, server := range ensemble.Servers() {
		connect := server.Addr() // first; the others are there to go to
		for _, other := range ensemble.Servers() {
			if other != server {
				connect += "," + other.Addr()
			}
		}
		m := mutex(t, dialTo(t, connect, zklock.WithSessionTimeout(patience)), fmt.Sprint(i))
		lock(t, m)
		holders = append(holders, m)
	}
	return holders
}

// requireHeld asks the ensemble whether the locks are held.
func requireHeld(ctx context.Context, t *testing.T, holders []*zklock.Mutex) {
	t.Helper()
	for _, m := range holders {
		held, err := m.Held(ctx)
		require.NoError(t, err)
		require.True(t, held)
	}
}

// deadlines follows the frames of one session and works out the deadline that DESIGN.md has,
// independently of the library.
type deadlines struct {
	timeout time.Duration

	mu     sync.Mutex // guards the fields below
	asked  map[[4]byte]time.Time
	latest time.Time
}

func (d *deadlines) onFrame(dir zktest.Direction, frame []byte) zktest.Verdict {
	if len(frame) < 12 {
		return zktest.Pass
	}
	now, xid := time.Now(), [4]byte(frame[4:8])
	d.mu.Lock()
	defer d.mu.Unlock()
	if dir == zktest.ToServer {
		if op := int32(binary.BigEndian.Uint32(frame[8:])); op == wire.OpMulti ||
			op == wire.OpCreate2 {
			d.asked[xid] = now
		}
		return zktest.Pass
	}
	if asked, ok := d.asked[xid]; ok && binary.BigEndian.Uint32(frame[16:]) == 0 {
		if proved := asked.Add(locktest.Lease(d.timeout, now.Sub(asked))); proved.After(d.latest) {
			d.latest = proved
		}
	}
	return zktest.Pass
}

// TestLostClosesAtTheDeadline measures by how much later, and earlier, than the deadline a holder
// is told. A busy machine may be late, but not each time.
func TestLostClosesAtTheDeadline(t *testing.T) {
	slow(t)
	const timeout, tolerance, runs = 2 * time.Second, 50 * time.Millisecond, 3
	hung := zktest.Start(t)
	for name, fault := range map[string]struct {
		ensemble    *zktest.Ensemble
		begin, mend func(*zktest.Proxy)
	}{
		"cut":           {server(t), (*zktest.Proxy).Cut, (*zktest.Proxy).Heal},
		"blackholed":    {server(t), func(p *zktest.Proxy) { p.Blackhole() }, (*zktest.Proxy).Heal},
		"requests lost": {server(t), func(p *zktest.Proxy) { p.Blackhole(zktest.ToServer) }, (*zktest.Proxy).Heal},
		"replies lost":  {server(t), func(p *zktest.Proxy) { p.Blackhole(zktest.ToClient) }, (*zktest.Proxy).Heal},
		"server hung": {hung, func(*zktest.Proxy) { assert.NoError(t, hung.Servers()[0].Pause()) },
			func(*zktest.Proxy) { assert.NoError(t, hung.Servers()[0].Resume()) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			promptest := time.Hour
			for run := range runs {
				proxy := fault.ensemble.Proxy(t)
				d := &deadlines{timeout: timeout, asked: make(map[[4]byte]time.Time)}
				proxy.OnFrame(d.onFrame)
				m := mutex(t, dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(timeout)),
					"deadline")
				lock(t, m)
				lost := m.Lost()
				pause(t, timeout/4+time.Duration(run)*timeout/24)
				fault.begin(proxy)
				pause(t, tolerance) // what was under way has arrived
				d.mu.Lock()
				deadline := d.latest
				d.mu.Unlock()
				// A machine that is busy may keep anybody waiting: another timer for the same
				// moment tells for how long.
				due := make(chan time.Time, 1)
				time.AfterFunc(time.Until(deadline), func() { due <- time.Now() })
				receive(t, lost, "loss")
				told := time.Now()
				late := told.Sub(<-due)
				t.Logf("told %v after the deadline, %v after another timer",
					told.Sub(deadline), late)
				promptest = min(promptest, late)
				// The answer is seen here before the library has it, and each moment in between is
				// two off the deadline.
				assert.GreaterOrEqual(t, told.Sub(deadline), -timeout/8)
				fault.mend(proxy)
				assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
			}
			assert.LessOrEqual(t, promptest, tolerance)
		})
	}
}

// TestPingsProveNothingToTheQuorumLease lets nothing but pings through to the server.
func TestPingsProveNothingToTheQuorumLease(t *testing.T) {
	t.Parallel()
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "cue")
	lock(t, m)
	lost := m.Lost()
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if dir == zktest.ToServer && xidOf(frame) != wire.XidPing {
			return zktest.Drop
		}
		return zktest.Pass
	})
	defer proxy.OnFrame(nil) // so that Close has an answer
	// with the quorum's proof it has T/2, and some more with that of pings
	wait.For(t, lost, sessionTimeout*3/4, "loss")
}

// TestTheDeadlineCountsFromTheRequest delays answers, and loses all but one. A busy machine can
// delay that one too, so that it proves nothing, or the news of the loss; hence more than one
// attempt.
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
			if opOf(dir, frame) == wire.OpMulti &&
				!last.CompareAndSwap(0, int64(time.Since(begun))) {
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
	t.Errorf("in none of %d attempts was the hold kept by its last answer for %v to %v",
		attempts, least, most)
}
