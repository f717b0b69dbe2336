package virtual

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// machine is one that can be suspended: Go's clock stands still, and only another one tells.
// Nothing of that is seen in the bubble's clock, which is the servers' too; so these tests have no
// server expire anything, and look at the holder alone.
type machine struct{ asleep atomic.Int64 }

func (m *machine) suspend(d time.Duration) { m.asleep.Add(int64(d)) }

func (m *machine) option() zklock.SessionOption {
	return withTimeAsleep(func() time.Duration { return time.Duration(m.asleep.Load()) })
}

const suspendTimeout = 8 * time.Second

// proving are the leases that run out.
var proving = map[string]zklock.Lease{"quorum": zklock.LeaseQuorum, "ping": zklock.LeasePing}

// TestVirtualSuspendedHolder suspends a holder's machine, between two beats and while nothing is
// under way.
func TestVirtualSuspendedHolder(t *testing.T) {
	for name, lease := range proving {
		for _, looks := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/looks=%v", name, looks), func(t *testing.T) {
				virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
					var pc machine
					s, client := w.dial("", suspendTimeout, zklock.WithLease(lease), pc.option())
					m := mutex(t, s, "m")
					lock(t, m)
					lost := m.Lost()
					time.Sleep(2*suspendTimeout + suspendTimeout/20) // sleep ok: virtual time
					// no answer is to tell of the time
					client.Blackhole()
					pc.suspend(suspendTimeout / 8)
					assert.NoError(t, m.Err(), "suspended for an eighth of the timeout")
					pc.suspend(suspendTimeout)
					if looks {
						assert.ErrorIs(t, m.Err(), zklock.ErrLost)
						assert.False(t, isOpen(lost))
					} else {
						woken := time.Now()
						<-lost
						assert.LessOrEqual(t, time.Since(woken), suspendTimeout/8)
					}
					client.Heal()
					assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
					lock(t, m)                     // and is well again
					time.Sleep(2 * suspendTimeout) // sleep ok: virtual time
					assert.NoError(t, m.Err())
					m.Unlock()
				})
			})
		}
	}
}

// TestVirtualSuspendedWithAProofUnderWay suspends a machine that waits for an answer, which has
// come when it goes on. It proves nothing: by this clock it took no time.
func TestVirtualSuspendedWithAProofUnderWay(t *testing.T) {
	for name, lease := range proving {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(50)}, func(t *testing.T, w *world) {
				var pc machine
				s, client := w.dial("", suspendTimeout, zklock.WithLease(lease), pc.option())
				m := mutex(t, s, "m")
				lock(t, m)
				lost := m.Lost()
				asked := make(chan struct{}, 1)
				client.OnRequest(func(int32) {
					select {
					case asked <- struct{}{}:
					default:
					}
				})
				<-asked // of a request that has reached the server and is not answered yet
				pc.suspend(time.Hour)
				time.Sleep(60 * time.Millisecond) // sleep ok: virtual; it is answered
				synctest.Wait()
				assert.False(t, isOpen(lost))
				client.OnRequest(nil)
				assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
			})
		})
	}
}

// TestVirtualSuspendedWaiter suspends a machine that waits in the queue: the hold is proved anew,
// and lasts.
func TestVirtualSuspendedWaiter(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var pc machine
		s, _ := w.dial("", suspendTimeout, pc.option())
		other, _ := w.dial("", suspendTimeout)
		m, holder := mutex(t, s, "m"), mutex(t, other, "m")
		lock(t, holder)
		p := m.LockAsync(t.Context())
		<-p.Queued()
		time.Sleep(suspendTimeout) // sleep ok: virtual time
		pc.suspend(suspendTimeout / 2)
		holder.Unlock()
		<-p.Done()
		require.NoError(t, p.Err())
		time.Sleep(3 * suspendTimeout) // sleep ok: virtual time
		assert.NoError(t, m.Err())
		m.Unlock()
	})
}

// TestVirtualSleepInPieces suspends a machine often and each time for less than can be told from
// noise.
func TestVirtualSleepInPieces(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var pc machine
		s, client := w.dial("", suspendTimeout, pc.option())
		m := mutex(t, s, "m")
		lock(t, m)
		time.Sleep(2*suspendTimeout + suspendTimeout/20) // sleep ok: virtual time
		client.Blackhole()
		for range 2000 {
			pc.suspend(4 * time.Millisecond)
			_ = m.Err() // a look each time
		}
		assert.ErrorIs(t, m.Err(), zklock.ErrLost)
		client.Heal()
		assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
	})
}

// TestVirtualClockPutBack has the clock that tells of suspensions go back, as a wall clock may, and
// tells of one after.
func TestVirtualClockPutBack(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var pc machine
		s, _ := w.dial("", suspendTimeout, pc.option())
		m := mutex(t, s, "m")
		lock(t, m)
		pc.suspend(-time.Hour)
		assert.NoError(t, m.Err())
		time.Sleep(2 * suspendTimeout) // sleep ok: virtual time
		assert.NoError(t, m.Err())
		pc.suspend(suspendTimeout)
		assert.ErrorIs(t, m.Err(), zklock.ErrLost)
		m.Unlock()
	})
}

// TestVirtualSuspendedWhileTheTimeoutShrinks suspends a machine whose connect request is under way,
// to a server that grants less: the new timeout counts from the request, and so do the seconds that
// were slept.
func TestVirtualSuspendedWhileTheTimeoutShrinks(t *testing.T) {
	for d, kept := range map[time.Duration]bool{time.Second: true, 5 * time.Second: false} {
		virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
			var pc machine
			u := newUnequal(t, w, 4*time.Second, pc.option())
			u.client.OnRequest(func(op int32) {
				if op == wire.OpConnect {
					pc.suspend(d)
				}
			})
			w.Server(0).Stop()
			for u.holder.Timeout() == 40*time.Second {
				time.Sleep(time.Millisecond) // sleep ok: virtual time
			}
			w.Server(0).Resume()
			u.client.OnRequest(nil)
			time.Sleep(100 * time.Millisecond) // sleep ok: virtual; until a beat is answered
			assert.Equal(t, kept, u.held.Err() == nil, "slept %v: %v", d, u.held.Err())
			u.client.Blackhole()
			u.requireToldFirst(t)
		})
	}
}
