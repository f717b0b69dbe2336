package zklock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// TestVirtualFollowerCutFromItsLeader has a holder and one who waits, the holder on a follower that goes on to answer its
// pings. It shows the hole in LeasePing, and that LeaseQuorum has none, at many points between the leader's pings.
func TestVirtualFollowerCutFromItsLeader(t *testing.T) {
	const timeout = 4 * time.Second // two ticks, the least that servers grant
	for lease, overlaps := range map[zklock.Lease]bool{zklock.LeaseQuorum: false, zklock.LeasePing: true, zklock.LeaseServer: true} {
		t.Run(fmt.Sprint(lease), func(t *testing.T) {
			least := time.Hour
			for step := range 20 {
				virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
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
						assert.True(t, isOpen(lost), "the hole is closed: correct the documentation")
						assert.Less(t, time.Since(cut), timeout+100*time.Millisecond)
						time.Sleep(10 * timeout) // sleep ok: virtual time
						assert.True(t, isOpen(lost), "who told it?")
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
		assert.Less(t, time.Since(w.expiry(id)), 50*time.Millisecond, "the grant came later than the expiry")
		assert.True(t, isOpen(lost))
		<-lost
		assert.Less(t, time.Since(w.expiry(id)), timeout/2+100*time.Millisecond, "given up, unheard for so long")
		client.Heal()
		next.Unlock()
		m.Unlock()
	})
}

// troubles are faults that a client and its server can be in, the client's server being that of number 0.
var troubles = map[string]func(*world, *fakezk.Client, int64){
	"none":          func(*world, *fakezk.Client, int64) {},
	"refused":       func(_ *world, cl *fakezk.Client, _ int64) { cl.Refuse(); cl.Cut() },
	"cut":           func(_ *world, cl *fakezk.Client, _ int64) { cl.Cut() },
	"blackholed":    func(_ *world, cl *fakezk.Client, _ int64) { cl.Blackhole() },
	"requests lost": func(_ *world, cl *fakezk.Client, _ int64) { cl.Blackhole(fakezk.ToServer) },
	"replies lost":  func(_ *world, cl *fakezk.Client, _ int64) { cl.Blackhole(fakezk.ToClient) },
	"delayed":       func(_ *world, cl *fakezk.Client, _ int64) { cl.Delay(1700 * time.Millisecond) },
	"hung":          func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Hang() },
	"mute":          func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Mute() },
	"severed":       func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Sever() },
	"stopped":       func(w *world, _ *fakezk.Client, _ int64) { w.Server(0).Stop() },
	"expired":       func(w *world, _ *fakezk.Client, id int64) { w.Expire(id) },
	"forgotten":     func(w *world, _ *fakezk.Client, id int64) { w.Forget(id) },
	"rejected":      func(w *world, cl *fakezk.Client, _ int64) { w.RejectCredentials(true); cl.Cut() },
}

// TestVirtualCancelAtEveryMoment puts every fault on at every request of an acquisition, cancels at once or later, and
// takes the fault away.
func TestVirtualCancelAtEveryMoment(t *testing.T) {
	const timeout = 4 * time.Second
	for name, trouble := range troubles {
		for _, contended := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/contended=%v", name, contended), func(t *testing.T) {
				cases, reached := 0, true
				for at := 1; reached; at++ {
					for _, later := range []time.Duration{0, 3 * timeout} {
						cases++
						virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
							s, client := w.dial("", timeout, zklock.WithAuth("digest", []byte("a:b")))
							direct, _ := w.dial("", timeout)
							holder, m := mutex(t, direct, "m"), mutex(t, s, "m")
							if contended {
								lock(t, holder)
							}
							moment, n := make(chan struct{}), 0
							client.OnRequest(func(op int32) {
								if op != wire.OpPing {
									if n++; n == at {
										close(moment)
									}
								}
							})
							ctx, cancel := context.WithCancelCause(t.Context())
							defer cancel(nil)
							why := errors.New("test")
							returned := make(chan error, 1)
							go func() {
								_, err := m.LockContext(ctx)
								returned <- err
							}()
							select {
							case <-moment:
							case err := <-returned:
								require.NoError(t, err)
								reached = false // there are no more
								m.Unlock()
								return
							case <-time.After(timeout / 2): // nor if it waits
								reached = false
							}
							trouble(w, client, s.ID())
							time.Sleep(later) // sleep ok: virtual time
							cancel(why)
							cancelled := time.Now()
							err := <-returned
							assert.LessOrEqual(t, time.Since(cancelled), 100*time.Millisecond)
							if err == nil {
								m.Unlock()
							} else {
								assert.ErrorIs(t, err, context.Canceled)
								assert.ErrorIs(t, err, why)
							}
							time.Sleep(later) // sleep ok: virtual time
							w.RejectCredentials(false)
							w.Server(0).Resume()
							client.Heal()
							time.Sleep(4 * timeout) // sleep ok: virtual time
							want := 0
							if contended && holder.Err() == nil {
								want = 1
							}
							assert.Len(t, w.Ephemerals(), want, "of request %d, cancelled after %v", at, later)
							lockable := contended || m.TryLock() // and still usable
							assert.True(t, lockable)
						})
					}
				}
				t.Logf("%d cases", cases)
			})
		}
	}
}

// dialGrace is how much later than its context Dial may return.
const dialGrace = 100 * time.Millisecond

// TestVirtualDialEndsWithItsContext dials while no server answers.
func TestVirtualDialEndsWithItsContext(t *testing.T) {
	for name, trouble := range troubles {
		if name == "none" || name == "delayed" || name == "cut" || name == "expired" || name == "forgotten" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				for _, d := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, time.Second, 7 * time.Second, time.Minute} {
					client := w.Client()
					trouble(w, client, 0)
					ctx, cancel := context.WithTimeout(t.Context(), d)
					begun := time.Now()
					s, err := zklock.Dial(ctx, w.Connect(), zklock.WithDialer(client.Dial), zklock.WithAuth("digest", []byte("a:b")))
					took := time.Since(begun)
					cancel()
					assert.Nil(t, s)
					assert.Error(t, err)
					assert.LessOrEqual(t, took, d+dialGrace, "bounded by %v", d)
					if name != "rejected" {
						assert.ErrorIs(t, err, context.DeadlineExceeded)
					}
					w.RejectCredentials(false)
					w.Server(0).Resume()
				}
				time.Sleep(time.Minute) // sleep ok: virtual; for what the server did not hear of
			})
		})
	}
}

// TestVirtualAnotherServerWithinTwoSeconds breaks a connection while one of three servers accepts connections and says
// nothing.
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

// TestVirtualGrantAfterASilentWait cuts off a session that did nothing but wait, lets it be granted the lock, and severs its
// server from the leader before the next ping. The grant is confirmed, but the leader's last word of the session is from
// before the silence: a lease that counted from the confirmation alone would outlive the session.
func TestVirtualGrantAfterASilentWait(t *testing.T) {
	const timeout, tick = 4 * time.Second, 2 * time.Second
	granted, late := 0, 0
	var overlap time.Duration
	for begin := time.Duration(0); begin < timeout; begin += timeout / 16 {
		for silence := timeout / 8; silence < timeout; silence += timeout / 16 {
			virtually(t, fakezk.Config{Servers: 2, Tick: tick, Latency: ms(3)}, func(t *testing.T, w *world) {
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

// TestVirtualGrantAfterASilenceIsSoonAndLasts is the same without the cut: what the leader has to hear of first costs a
// quarter of the timeout at most, and the hold is not lost for want of proofs.
func TestVirtualGrantAfterASilenceIsSoonAndLasts(t *testing.T) {
	const timeout, tick, latency = 4 * time.Second, 2 * time.Second, 3 * time.Millisecond
	const most = timeout/4 + timeout/64 + 20*latency
	cases, delayed := 0, 0
	for begin := time.Duration(0); begin < timeout; begin += timeout / 16 {
		for silence := time.Duration(0); silence < timeout; silence += timeout / 16 {
			virtually(t, fakezk.Config{Servers: 2, Tick: tick, Latency: ms(3)}, func(t *testing.T, w *world) {
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
				if s.ID() == id && silence < timeout/2 { // after more the connection may be another
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

// TestVirtualServerOutOfStep waits on a server that has missed the deletion it waits for, and all after it. No event comes, and
// no look at that server helps.
func TestVirtualServerOutOfStep(t *testing.T) {
	const timeout = 4 * time.Second
	for range 10 { // servers are tried in any order, and the other one may have been found down
		virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
			w.Server(0).Stop()
			s, _ := w.dial("", timeout)
			w.Server(0).Resume()
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
			assert.Greater(t, time.Since(begun), timeout, "the server is not out of step: this proves nothing")
			assert.Less(t, time.Since(begun), 4*timeout)
			m.Unlock()
		})
	}
}

// TestVirtualThrottled has servers refuse requests that they have no time for, each in turn and several in a row.
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

// TestVirtualAMarkTogetherWithTheTurn has one transaction mark a candidate and remove the holder, at every moment of the candidate's
// first steps.
func TestVirtualAMarkTogetherWithTheTurn(t *testing.T) {
	for pause := 21 * time.Millisecond; pause < 320*time.Millisecond; pause += 3 * time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(20)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			far, _ := w.dial("", 10*time.Second)
			m, holder := mutex(t, s, "m"), mutex(t, far, "m")
			lock(t, holder)
			guard, err := holder.Guard()
			require.NoError(t, err)
			p := m.LockAsync(t.Context())
			time.Sleep(pause) // sleep ok: virtual
			queue := w.Ephemerals()
			require.Len(t, queue, 2)
			waiter := queue[0]
			if waiter == guard.Path {
				waiter = queue[1]
			}
			_, err = far.Conn().Multi(
				&zk.SetDataRequest{Path: waiter, Data: []byte("unlock"), Version: -1},
				&zk.DeleteRequest{Path: guard.Path, Version: -1},
			)
			require.NoError(t, err)
			<-p.Done()
			require.NoError(t, p.Err())
			assert.False(t, isOpen(p.Revoked()), "asked %v after it began", pause)
			m.Unlock()
			_ = holder.UnlockContext(t.Context()) // it may have been told already
		})
	}
}
