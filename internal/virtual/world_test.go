package virtual

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/locktest"
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

// virtually runs f in virtual time, on a fake ensemble, and checks that nothing is left.
func virtually(t *testing.T, cfg fakezk.Config, f func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, confirmed: make(map[int64]confirmation),
			expired: make(map[int64]time.Time)}
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
	deadline := sent.Add(locktest.Lease(timeout, now.Sub(sent)))
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

// awake is for every Session here: the machine's own clocks seem to jump under load, as if it had
// been suspended.
var awake = withTimeAsleep(func() time.Duration { return 0 })

// dial opens a Session from a machine of its own, to all servers if connect is "".
func (w *world) dial(connect string, timeout time.Duration,
	opts ...zklock.SessionOption) (*zklock.Session, *fakezk.Client) {
	w.t.Helper()
	if connect == "" {
		connect = w.Connect()
	}
	client := w.Client()
	opts = append([]zklock.SessionOption{zklock.WithDialer(client.Dial),
		zklock.WithSessionTimeout(timeout), awake}, opts...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := zklock.Dial(ctx, connect, opts...)
	require.NoError(w.t, err)
	require.Equal(w.t, timeout, s.Timeout())
	w.sessions = append(w.sessions, s)
	return s, client
}

// end closes the sessions and checks that nothing is left of them. That no goroutine is left is
// what the bubble checks.
func (w *world) end() {
	time.Sleep(10 * time.Second) // sleep ok: virtual; to be connected again, after whatever there was
	for _, s := range w.sessions {
		assert.NoError(w.t, s.Close())
	}
	synctest.Wait()
	assert.Empty(w.t, w.Ephemerals(), "candidates are left")
	assert.Empty(w.t, w.Watches(), "watches are left")
	// A session whose creation was never answered belongs to no client, and ends with its timeout.
	assert.Empty(w.t, slices.DeleteFunc(w.Sessions(), func(id int64) bool {
		return w.proof(id) == confirmation{}
	}), "sessions are left")
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
