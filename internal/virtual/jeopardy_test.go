package virtual

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualJeopardy has servers that answer, and then fall silent: for so long that a beat is
// overdue, and for longer. It looks every 10 ms.
func TestVirtualJeopardy(t *testing.T) {
	const look = 10 * time.Millisecond
	for name, c := range map[string]struct {
		lease zklock.Lease
		left  time.Duration // until the Deadline, when it is told
	}{
		"quorum": {zklock.LeaseQuorum, suspendTimeout / 4},
		"ping":   {zklock.LeasePing, suspendTimeout / 8},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
				s, client := w.dial("", suspendTimeout, zklock.WithLease(c.lease))
				m := mutex(t, s, "m")
				assert.True(t, m.Jeopardy(), "nothing is held")
				await := func(jeopardy bool) time.Time {
					for m.Jeopardy() != jeopardy {
						time.Sleep(look) // sleep ok: virtual time
					}
					return time.Now()
				}
				lock(t, m)
				for end := time.Now().Add(3 * suspendTimeout); time.Now().Before(end); {
					assert.False(t, m.Jeopardy(), "the servers answer")
					time.Sleep(look) // sleep ok: virtual time
				}

				client.Blackhole()
				told := await(true)
				assert.InDelta(t, c.left, m.Deadline().Sub(told), float64(2*look))
				client.Heal()
				await(false)
				assert.NoError(t, m.Err(), "the outage was short")
				assert.Greater(t, time.Until(m.Deadline()), c.left)

				client.Blackhole()
				lost := m.Lost()
				told = await(true)
				assert.True(t, isOpen(lost))
				<-lost
				assert.InDelta(t, c.left, time.Since(told), float64(2*look))
				assert.True(t, m.Jeopardy(), "it was lost")
				client.Heal()
				m.Unlock()
			})
		})
	}
}

// TestVirtualJeopardyAfterASuspension asks at the moment at which the machine goes on.
func TestVirtualJeopardyAfterASuspension(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var pc machine
		s, _ := w.dial("", suspendTimeout, pc.option())
		m := mutex(t, s, "m")
		lock(t, m)
		assert.False(t, m.Jeopardy())
		left := time.Until(m.Deadline())
		pc.suspend(left - suspendTimeout/8)
		assert.True(t, m.Jeopardy())
		assert.NoError(t, m.Err())
		m.Unlock()
	})
}

// TestVirtualNoJeopardy has a lease that waits for the server's word.
func TestVirtualNoJeopardy(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", suspendTimeout, zklock.WithLease(zklock.LeaseServer))
		m := mutex(t, s, "m")
		lock(t, m)
		client.Blackhole()
		time.Sleep(suspendTimeout) // sleep ok: virtual time
		assert.False(t, m.Jeopardy())
		assert.NoError(t, m.Err())
		client.Heal()
		m.Unlock()
		assert.True(t, m.Jeopardy(), "nothing is held")
	})
}
