package e2e

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestASemaphoreThroughChangesOfLeaders has clients of three servers take permits while each server
// is restarted in turn. Sessions last, and there are never too many holders.
func TestASemaphoreThroughChangesOfLeaders(t *testing.T) {
	t.Parallel()
	slow(t)
	e := zktest.Start(t, zktest.WithServers(3))
	const size = 3
	var inside, peak atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 6 {
		s := dialTo(t, e.Connect(), zklock.WithSessionTimeout(40*time.Second))
		sem, err := s.Semaphore("pool", size)
		require.NoError(t, err)
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				p, err := sem.Acquire(t.Context(), i%2+1)
				if !assert.NoError(t, err) {
					return
				}
				now := inside.Add(int64(p.Count()))
				assert.LessOrEqual(t, now, int64(size))
				for most := peak.Load(); now > most && !peak.CompareAndSwap(most, now); {
					most = peak.Load()
				}
				time.Sleep(time.Millisecond) // sleep ok: the work
				assert.NoError(t, p.Err())
				inside.Add(-int64(p.Count()))
				p.Release()
			}
		})
	}
	for _, server := range e.Servers() {
		require.NoError(t, server.Stop())
		require.NoError(t, server.Start())
	}
	assert.Eventually(t, func() bool {
		return peak.Load() == size
	}, patience, time.Millisecond, "the test shows nothing")
	close(stop)
	wg.Wait()
	s := dialTo(t, e.Connect())
	sem, err := s.Semaphore("pool", size)
	require.NoError(t, err)
	left, err := sem.Contenders(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
}
