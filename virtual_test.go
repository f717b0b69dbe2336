package zklock_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// world is a fake ensemble in a bubble of virtual time, with what it knows of its sessions.
type world struct {
	*fakezk.Cluster
	t *testing.T

	sessions []*zklock.Session // the test's own goroutine's, as is what follows
	thorough bool              // check that no timer is left, which takes a garbage collection

	mu        sync.Mutex // guards what follows
	confirmed map[int64]confirmation
	expired   map[int64]time.Time
	onExpired func(session int64, forced bool) // may be nil
}

// confirmation is the best proof that a client has of its session.
type confirmation struct {
	sent, answered time.Time
	deadline       time.Time
}

// lease is the deadline that DESIGN.md has, counted from an operation that took rtt, for a client that does not know the tick:
// that is half the timeout at most.
func lease(timeout, rtt time.Duration) time.Duration {
	return timeout - timeout/100 - (timeout/4 + timeout/4 + rtt)
}

// virtually runs f in virtual time, on a fake ensemble, and checks that nothing is left.
func virtually(t *testing.T, cfg fakezk.Config, f func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, confirmed: make(map[int64]confirmation), expired: make(map[int64]time.Time)}
		cfg.Confirmed, cfg.Expired = w.onConfirmed, w.onExpiry
		w.Cluster = fakezk.New(cfg)
		defer func() { // also if f has failed
			for _, s := range w.sessions {
				s.Close()
			}
			w.Cluster.Close()
		}()
		f(t, w)
		w.end()
	})
}

func (w *world) onConfirmed(session int64, timeout time.Duration, sent time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	deadline := sent.Add(lease(timeout, now.Sub(sent)))
	if deadline.After(w.confirmed[session].deadline) {
		w.confirmed[session] = confirmation{sent, now, deadline}
	}
}

func (w *world) onExpiry(session int64, forced bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expired[session] = time.Now()
	if w.onExpired != nil {
		w.onExpired(session, forced)
	}
}

// proof returns the best proof that a session has.
func (w *world) proof(session int64) confirmation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.confirmed[session]
}

func (w *world) expiry(session int64) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.expired[session]
}

// dial opens a Session from a machine of its own, to all servers if connect is "".
func (w *world) dial(connect string, timeout time.Duration, opts ...zklock.SessionOption) (*zklock.Session, *fakezk.Client) {
	w.t.Helper()
	if connect == "" {
		connect = w.Connect()
	}
	client := w.Client()
	awake := zklock.WithTimeAsleep(func() time.Duration { return 0 }) // the machine's own clocks seem to jump under load
	opts = append([]zklock.SessionOption{zklock.WithDialer(client.Dial), zklock.WithSessionTimeout(timeout), awake}, opts...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := zklock.Dial(ctx, connect, opts...)
	require.NoError(w.t, err)
	require.Equal(w.t, timeout, s.Timeout())
	w.sessions = append(w.sessions, s)
	return s, client
}

// end closes the sessions and checks that nothing is left of them. That no goroutine is left is what the bubble checks.
func (w *world) end() {
	time.Sleep(10 * time.Second) // sleep ok: virtual; to be connected again, after whatever there was
	for _, s := range w.sessions {
		assert.NoError(w.t, s.Close())
	}
	synctest.Wait()
	assert.Empty(w.t, w.Ephemerals(), "candidates are left")
	assert.Empty(w.t, w.Watches(), "watches are left")
	assert.Empty(w.t, w.Sessions(), "sessions are left")
	assert.Zero(w.t, w.Connections(), "connections are left")
	var left []weak.Pointer[zklock.Session]
	for _, s := range w.sessions {
		left = append(left, weak.Make(s))
	}
	w.sessions = nil
	if w.thorough {
		runtime.GC()
		for _, p := range left {
			assert.Nil(w.t, p.Value(), "something refers to a closed session: a timer is left")
		}
	}
}

// ms is a latency for every frame.
func ms(n int) func() time.Duration {
	return func() time.Duration { return time.Duration(n) * time.Millisecond }
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
						time.Sleep(timeout + time.Duration(step)*timeout/80 + time.Millisecond) // sleep ok: virtual time
						fault.begin(w, client)
						assert.True(t, isOpen(lost))
						<-lost
						told := time.Now()
						synctest.Wait()
						assert.Equal(t, w.proof(id).deadline, told, "after the last proof: %v", told.Sub(w.proof(id).sent))
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
