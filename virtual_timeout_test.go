package zklock_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// route leads every new connection of a client to one server, which a test can change.
type route struct {
	client *fakezk.Client
	server atomic.Pointer[fakezk.Server]
}

// dialRouted opens a Session on the server of number 0, and returns the way to lead it to others.
func (w *world) dialRouted(timeout time.Duration) (*zklock.Session, *route) {
	w.t.Helper()
	r := &route{client: w.Client()}
	r.server.Store(w.Server(0))
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return r.client.Dial(ctx, network, r.server.Load().Address())
	}
	s, _ := w.dial("", timeout, zklock.WithDialer(dial))
	return s, r
}

// moveTo breaks the connection and leads the next one to another server.
func (r *route) moveTo(s *fakezk.Server) {
	r.server.Store(s)
	r.client.Cut()
}

// TestVirtualFakeServersBoundTheTimeoutAnew has a session go to a server that grants less.
func TestVirtualFakeServersBoundTheTimeoutAnew(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 2}, func(t *testing.T, w *world) {
		w.Server(1).SetMost(5 * time.Second)
		s, route := w.dialRouted(20 * time.Second)
		id := s.ID()
		route.moveTo(w.Server(1))
		time.Sleep(2 * time.Second) // sleep ok: virtual; go-zookeeper pauses before it connects again
		assert.Equal(t, 5*time.Second, s.Timeout())
		route.client.Blackhole()
		cut := time.Now()
		time.Sleep(10 * time.Second) // sleep ok: virtual time
		assert.WithinRange(t, w.expiry(id), cut, cut.Add(5*time.Second), "counted by the newer timeout")
		route.client.Heal()
	})
}
