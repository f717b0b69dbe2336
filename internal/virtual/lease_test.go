package virtual

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// TestVirtualFollowerCutFromItsLeader has a holder and one who waits, the holder on a follower that
// goes on to answer its pings. It shows the hole in LeasePing, and that LeaseQuorum has none, at
// many points between the leader's pings.
func TestVirtualFollowerCutFromItsLeader(t *testing.T) {
	const timeout = 4 * time.Second // two ticks, the least that servers grant
	for lease, overlaps := range map[zklock.Lease]bool{zklock.LeaseQuorum: false,
		zklock.LeasePing: true, zklock.LeaseServer: true} {
		t.Run(fmt.Sprint(lease), func(t *testing.T) {
			least := time.Hour
			for step := range 20 {
				virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)},
					func(t *testing.T, w *world) {
						s, _ := w.dial(w.Server(1).Address(), timeout, zklock.WithLease(lease))
						other, _ := w.dial(w.Server(0).Address(), timeout)
						m, next := mutex(t, s, "m"), mutex(t, other, "m")
						lock(t, m)
						lost, id := m.Lost(), s.ID()
						p := next.LockAsync(t.Context())
						<-p.Queued()
						time.Sleep(timeout + time.Duration(step)*200*time.Millisecond) // sleep ok: virtual time
						w.Server(1).Sever()
						cut := time.Now()
						if overlaps {
							<-p.Done()
							require.NoError(t, p.Err())
							assert.True(t, isOpen(lost),
								"the hole is closed: correct the documentation")
							assert.Less(t, time.Since(cut), timeout+100*time.Millisecond)
						} else {
							<-lost
							told := time.Now()
							synctest.Wait()
							assert.Equal(t, w.proof(id).deadline, told)
							assert.True(t, isOpen(p.Done()))
							<-p.Done()
							require.NoError(t, p.Err())
							least = min(least, time.Since(told))
						}
						w.Server(1).Resume()
						<-lost
						next.Unlock()
						m.Unlock()
					})
			}
			if !overlaps {
				t.Logf("told %v before the next holder, at the least", least)
				assert.Positive(t, least)
			}
		})
	}
}

// TestVirtualLeaseServer takes the network away until another holds the lock.
func TestVirtualLeaseServer(t *testing.T) {
	const timeout = 10 * time.Second
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", timeout, zklock.WithLease(zklock.LeaseServer))
		other, _ := w.dial("", timeout)
		m, next := mutex(t, s, "m"), mutex(t, other, "m")
		lock(t, m)
		lost, id := m.Lost(), s.ID()
		p := next.LockAsync(t.Context())
		time.Sleep(timeout) // sleep ok: virtual time
		client.Blackhole()
		<-p.Done()
		require.NoError(t, p.Err())
		assert.Less(t, time.Since(w.expiry(id)), 50*time.Millisecond,
			"the grant came later than the expiry")
		assert.True(t, isOpen(lost))
		<-lost
		assert.Less(t, time.Since(w.expiry(id)), timeout/2+100*time.Millisecond,
			"given up, unheard for so long")
		client.Heal()
		next.Unlock()
		m.Unlock()
	})
}

// TestVirtualGrantAfterASilentWait cuts off a session that did nothing but wait, lets it be granted
// the lock, and severs its server from the leader before the next ping. The grant is confirmed, but
// the leader's last word of the session is from before the silence: a lease that counted from the
// confirmation alone would outlive the session.
func TestVirtualGrantAfterASilentWait(t *testing.T) {
	const timeout, tick = 4 * time.Second, 2 * time.Second
	step := time.Duration(fewer(16, 8))
	granted, late := 0, 0
	var overlap time.Duration
	for begin := time.Duration(0); begin < timeout; begin += timeout / step {
		for silence := timeout / 8; silence < timeout; silence += timeout / step {
			virtually(t, fakezk.Config{Servers: 2, Tick: tick, Latency: ms(3)},
				func(t *testing.T, w *world) {
					s, client := w.dial(w.Server(1).Address(), timeout)
					other, _ := w.dial(w.Server(0).Address(), timeout)
					m, holder, next := mutex(t, s, "m"), mutex(t, other, "m"), mutex(t, other, "m")
					lock(t, holder)
					p := m.LockAsync(t.Context())
					<-p.Queued()
					q := next.LockAsync(t.Context())
					<-q.Queued()
					time.Sleep(5*timeout + begin) // sleep ok: virtual time
					client.Blackhole()
					time.Sleep(silence) // sleep ok: virtual time
					holder.Unlock()
					client.Heal()
					time.Sleep(50 * time.Millisecond) // sleep ok: virtual; for the grant, if there is one
					w.Server(1).Sever()
					if isOpen(p.Done()) {
						late++ // not granted before the leader has heard of the session, or expired
					} else {
						require.NoError(t, p.Err())
						granted++
						lost := m.Lost()
						<-q.Done()
						acquired := time.Now()
						<-lost
						overlap = max(overlap, time.Since(acquired))
					}
					w.Server(1).Resume()
					q.Cancel()
					p.Cancel()
				})
		}
	}
	t.Logf("granted %d times at once, and not in %d", granted, late)
	assert.Zero(t, overlap, "told that much later than another was granted the lock")
	assert.Positive(t, granted)
}

// TestVirtualGrantAfterASilenceIsSoonAndLasts is the same without the cut: what the leader has to
// hear of first costs a quarter of the timeout at most, and the hold is not lost for want of
// proofs.
func TestVirtualGrantAfterASilenceIsSoonAndLasts(t *testing.T) {
	const timeout, tick, latency = 4 * time.Second, 2 * time.Second, 3 * time.Millisecond
	const most = timeout/4 + timeout/64 + 20*latency
	step := time.Duration(fewer(16, 8))
	cases, delayed := 0, 0
	for begin := time.Duration(0); begin < timeout; begin += timeout / step {
		for silence := time.Duration(0); silence < timeout; silence += timeout / step {
			virtually(t, fakezk.Config{Servers: 2, Tick: tick, Latency: ms(3)},
				func(t *testing.T, w *world) {
					s, client := w.dial(w.Server(1).Address(), timeout)
					other, _ := w.dial(w.Server(0).Address(), timeout)
					m, holder := mutex(t, s, "m"), mutex(t, other, "m")
					lock(t, holder)
					p := m.LockAsync(t.Context())
					<-p.Queued()
					time.Sleep(5*timeout + begin) // sleep ok: virtual time
					id := s.ID()
					client.Blackhole()
					time.Sleep(silence) // sleep ok: virtual time
					holder.Unlock()
					client.Heal()
					begun := time.Now()
					<-p.Done()
					require.NoError(t, p.Err())
					// after more the connection may be another
					if s.ID() == id && silence < timeout/2 {
						took := time.Since(begun)
						assert.LessOrEqual(t, took, most, "silent from %v for %v", begin, silence)
						cases++
						if took > timeout/8 {
							delayed++
						}
					}
					if silence == 0 {
						assert.Less(t, time.Since(begun), 20*latency)
					}
					time.Sleep(3 * timeout) // sleep ok: virtual time
					assert.NoError(t, m.Err(), "silent from %v for %v", begin, silence)
					m.Unlock()
				})
		}
	}
	t.Logf("%d grants, of which %d delayed", cases, delayed)
	assert.Positive(t, delayed)
}

// TestVirtualLeaseEndsOnTheMillisecond takes the network away at many points between two beats.
func TestVirtualLeaseEndsOnTheMillisecond(t *testing.T) {
	for _, timeout := range []time.Duration{4 * time.Second, 10 * time.Second, 40 * time.Second} {
		for _, fault := range []struct {
			name  string
			begin func(*world, *fakezk.Client)
		}{
			{"blackholed", func(_ *world, cl *fakezk.Client) { cl.Blackhole() }},
			{"requests lost", func(_ *world, cl *fakezk.Client) { cl.Blackhole(fakezk.ToServer) }},
			{"replies lost", func(_ *world, cl *fakezk.Client) { cl.Blackhole(fakezk.ToClient) }},
			{"cut", func(_ *world, cl *fakezk.Client) { cl.Refuse(); cl.Cut() }},
			{"hung", func(w *world, _ *fakezk.Client) { w.Server(0).Hang() }},
			{"mute", func(w *world, _ *fakezk.Client) { w.Server(0).Mute() }},
			{"severed", func(w *world, _ *fakezk.Client) { w.Server(0).Sever() }},
			{"stopped", func(w *world, _ *fakezk.Client) { w.Server(0).Stop() }},
		} {
			t.Run(timeout.String()+"/"+fault.name, func(t *testing.T) {
				for step := range 10 {
					virtually(t, fakezk.Config{Latency: ms(5)}, func(t *testing.T, w *world) {
						s, client := w.dial("", timeout)
						m := mutex(t, s, "m")
						_, err := m.LockContext(t.Context())
						require.NoError(t, err)
						lost, id := m.Lost(), s.ID()
						begin := time.Duration(step)*timeout/80 + time.Millisecond
						time.Sleep(timeout + begin) // sleep ok: virtual time
						fault.begin(w, client)
						assert.True(t, isOpen(lost))
						<-lost
						told := time.Now()
						synctest.Wait()
						assert.Equal(t, w.proof(id).deadline, told, "after the last proof: %v",
							told.Sub(w.proof(id).sent))
						assert.Zero(t, w.expiry(id), "the session had expired")
						assert.ErrorIs(t, m.Err(), zklock.ErrLost)
						w.Server(0).Resume()
						client.Heal()
						assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
					})
				}
			})
		}
	}
}

// TestVirtualBeats counts the operations that the lease costs.
func TestVirtualBeats(t *testing.T) {
	const timeout = 8 * time.Second
	virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
		w.thorough = true
		s, client := w.dial("", timeout)
		beats := func(during time.Duration) int {
			synctest.Wait()
			before := client.Sent(wire.OpMulti)
			time.Sleep(during) // sleep ok: virtual time
			synctest.Wait()
			return client.Sent(wire.OpMulti) - before
		}
		a, b := mutex(t, s, "a"), mutex(t, s, "b")
		assert.Zero(t, beats(10*timeout), "nothing is held")
		lock(t, a)
		assert.InDelta(t, 60, beats(10*timeout), 1, "one hold")
		lock(t, b)
		assert.InDelta(t, 60, beats(10*timeout), 1, "two holds")
		a.Unlock()
		b.Unlock()
		assert.LessOrEqual(t, beats(10*timeout), 1, "nothing is held any more")
		for _, lease := range []zklock.Lease{zklock.LeasePing, zklock.LeaseServer} {
			s, other := w.dial("", timeout, zklock.WithLease(lease))
			m := mutex(t, s, "a")
			lock(t, m)
			assert.Zero(t, beats(10*timeout))
			assert.LessOrEqual(t, other.Sent(wire.OpMulti), 1)
			m.Unlock()
		}
	})
}
