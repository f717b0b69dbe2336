package virtual

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualDeadline cuts a holder off: Lost closes at the Deadline that was told last, which each
// beat has moved.
func TestVirtualDeadline(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, client := w.dial("", suspendTimeout)
		m := mutex(t, s, "m")
		assert.Zero(t, m.Deadline(), "nothing is held")
		lock(t, m)
		first := m.Deadline()
		time.Sleep(2 * suspendTimeout) // sleep ok: virtual time
		assert.InDelta(t, 2*suspendTimeout, m.Deadline().Sub(first), float64(suspendTimeout/6))
		client.Blackhole()
		lost, last := m.Lost(), m.Deadline()
		<-lost
		assert.Equal(t, last, time.Now())
		assert.Zero(t, m.Deadline(), "it was lost")
		client.Heal()
		m.Unlock()
	})
}

// TestVirtualDeadlineOfASuspendedMachine has the Deadline come nearer by as long as the machine
// slept.
func TestVirtualDeadlineOfASuspendedMachine(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var pc machine
		s, _ := w.dial("", suspendTimeout, pc.option())
		m := mutex(t, s, "m")
		lock(t, m)
		before := m.Deadline()
		pc.suspend(suspendTimeout / 8)
		assert.Equal(t, before.Add(-suspendTimeout/8), m.Deadline())
		m.Unlock()
	})
}

// TestVirtualNoDeadline has a lease that waits for the server's word.
func TestVirtualNoDeadline(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", suspendTimeout, zklock.WithLease(zklock.LeaseServer))
		m := mutex(t, s, "m")
		lock(t, m)
		assert.Zero(t, m.Deadline())
		m.Unlock()
	})
}
