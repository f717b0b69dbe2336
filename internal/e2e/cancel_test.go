package e2e

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// TestCancelReturnsWhateverTheServersDo cancels acquisitions while the servers are up, stopped, cut
// off or dead. A busy machine may be late, but not each time; TestVirtualCancelAtEveryMoment wants
// the time of each.
func TestCancelReturnsWhateverTheServersDo(t *testing.T) {
	locktest.NeedsServer(t)
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
				require.Eventually(t, func() bool {
					return len(contenders(t, holder)) <= 1
				}, patience, 10*time.Millisecond,
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

// TestCancelAfterALostCreateReply cancels while the search for a candidate whose creation was not
// answered cannot go on.
func TestCancelAfterALostCreateReply(t *testing.T) {
	t.Parallel()
	proxy := server(t).Proxy(t)
	other := mutex(t, dial(t), "cue")
	lock(t, other)
	other.Unlock()
	// an expiry would remove the candidate too
	m := mutex(t, dialTo(t, proxy.Addr(), zklock.WithSessionTimeout(patience)), "cue")
	cut := make(chan struct{})
	var once sync.Once
	proxy.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		if isReply(dir, frame) {
			proxy.Cut()
			once.Do(func() { close(cut) })
			return zktest.Cut
		}
		return zktest.Pass
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := m.LockAsync(ctx)
	receive(t, cut, "cut")
	// go-zookeeper refuses what waits once it has tried all servers, a second later
	pause(t, 1500*time.Millisecond)
	cancel()
	receive(t, p.Done(), "end of the wait")
	proxy.OnFrame(nil)
	proxy.Heal()
	receive(t, p.Released(), "removal")
	requireQueue(t, other, 0)
}

// TestTimedOutAttemptsLeaveNothing has 10,000 attempts on a held lock time out and compares the
// heap and the server's watches before and after.
func TestTimedOutAttemptsLeaveNothing(t *testing.T) {
	slow(t)
	const attempts, atOnce = 10_000, 50
	ensemble := zktest.Start(t, zktest.WithServers(1)) // nobody else's watches
	// a busy machine must not cost the holder the lock
	long := zklock.WithSessionTimeout(30 * time.Second)
	s := dialTo(t, ensemble.Connect(), long)
	holder, m := mutex(t, dialTo(t, ensemble.Connect(), long), "held"), mutex(t, s, "held")
	lock(t, holder)
	try := func(n int) {
		var g errgroup.Group
		g.SetLimit(atOnce)
		for i := range n {
			g.Go(func() error {
				ctx, cancel := context.WithTimeout(context.Background(),
					time.Duration(5+i%20)*time.Millisecond)
				defer cancel()
				if _, err := m.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
					return fmt.Errorf("not timed out: %w", err)
				}
				return nil
			})
		}
		require.NoError(t, g.Wait())
		requireQueue(t, holder, 1)
	}
	try(100) // what is allocated once
	heap, watches := heapInUse(), watchCount(t, ensemble)
	for range 10 { // if many were left for a while, maps would keep that size
		try(attempts / 10)
	}
	var grown atomic.Int64
	// on a busy machine the last of the attempts take a while to end
	assert.Eventually(t, func() bool {
		grown.Store(heapInUse() - heap)
		return grown.Load() < 1<<20
	}, patience, 100*time.Millisecond, "the heap has grown")
	more := watchCount(t, ensemble) - watches
	t.Logf("heap %+d bytes, watches %+d", grown.Load(), more)
	assert.LessOrEqual(t, more, 2)
	holder.Unlock()
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what the first one only let go of
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
