package zklock_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/wait"
	"github.com/zookylock/zklock/zktest"
)

// TestCancelReturnsWhateverTheServersDo cancels acquisitions while the servers are up, stopped, cut off or dead. A busy machine may be
// late, but not each time; TestVirtualCancelAtEveryMoment wants the time of each.
func TestCancelReturnsWhateverTheServersDo(t *testing.T) {
	const times = 3
	ensemble := zktest.Start(t, zktest.WithServers(1))
	zookeeper := ensemble.Servers()[0]
	proxy := ensemble.Proxy(t)
	for _, fault := range []struct {
		name         string
		begin, mend  func() error
		afterQueuing bool
	}{
		{name: "up"},
		{name: "paused", begin: zookeeper.Pause, mend: zookeeper.Resume},
		{name: "blackholed", begin: func() error { proxy.Blackhole(); return nil }, mend: heal(proxy)},
		{name: "requests lost", begin: func() error { proxy.Blackhole(zktest.ToServer); return nil }, mend: heal(proxy)},
		{name: "replies lost", begin: func() error { proxy.Blackhole(zktest.ToClient); return nil }, mend: heal(proxy)},
		{name: "cut", begin: func() error { proxy.Cut(); return nil }, mend: heal(proxy)},
		{name: "killed", begin: zookeeper.Kill, mend: zookeeper.Start},
	} {
		for _, waiting := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/waiting=%v", fault.name, waiting), func(t *testing.T) {
				direct := dialTo(t, ensemble.Connect())
				holder := mutex(t, direct, "busy")
				lock(t, holder)
				s := dialTo(t, proxy.Addr())
				attempts := make([]attempt, times)
				if waiting { // the fault comes while they wait
					for i := range attempts {
						attempts[i].begin(t, mutex(t, s, "busy"))
					}
					requireQueue(t, holder, 1+times)
				}
				if fault.begin != nil {
					require.NoError(t, fault.begin())
				}
				quickest := time.Hour
				for i := range attempts {
					a := &attempts[i]
					if !waiting { // it comes first
						a.begin(t, mutex(t, s, "busy"))
					}
					a.cancel()
					cancelled := time.Now()
					receive(t, a.returned, "return of LockContext")
					quickest = min(quickest, time.Since(cancelled))
					assert.ErrorIs(t, a.err, context.Canceled)
				}
				assert.Less(t, quickest, 100*time.Millisecond)
				if fault.mend != nil {
					require.NoError(t, fault.mend())
				}
				require.Eventually(t, func() bool { return len(contenders(t, holder)) <= 1 }, patience, 10*time.Millisecond,
					"a candidate was left behind")
			})
		}
	}
}

// attempt is an acquisition on a goroutine.
type attempt struct {
	cancel   context.CancelFunc
	returned chan struct{}
	err      error // once it has returned
}

func (a *attempt) begin(t *testing.T, m *zklock.Mutex) {
	ctx, cancel := context.WithCancel(t.Context())
	a.cancel, a.returned = cancel, make(chan struct{})
	go func() { // ends with ctx, the test's at the latest
		defer close(a.returned)
		_, a.err = m.LockContext(ctx)
	}()
}

func heal(p *zktest.Proxy) func() error {
	return func() error { p.Heal(); return nil }
}

// TestReleaseGoesOnInTheBackground cuts a holder off while it releases.
func TestReleaseGoesOnInTheBackground(t *testing.T) {
	proxy := server(t).Proxy(t)
	m := mutex(t, dialTo(t, proxy.Addr()), "background")
	next := mutex(t, dial(t), "background")
	lock(t, m)
	p := queued(t, next)
	proxy.Cut()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, m.UnlockContext(ctx), context.DeadlineExceeded)
	assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrNotLocked)
	proxy.Heal()
	receive(t, p.Done(), "lock")
	require.NoError(t, p.Err())
	next.Unlock()
}

// TestAMarkIsSeenAfterAReconnection has the mark written while the holder is cut off.
func TestAMarkIsSeenAfterAReconnection(t *testing.T) {
	proxy := server(t).Proxy(t)
	m, other := mutex(t, dialTo(t, proxy.Addr()), "missed"), mutex(t, dial(t), "missed")
	revoked := lock(t, m)
	requireHoldWatched(t, m)
	proxy.Cut()
	n, err := other.RevokeAll(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	proxy.Heal()
	wait.For(t, revoked, sessionTimeout/2, "revocation, before everybody looks again anyway")
	assert.ErrorIs(t, m.Err(), zklock.ErrRevoked)
	m.Unlock()
}
