package zklock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// TestASemaphoreThroughChangesOfLeaders has clients of three servers take permits while each server is
// restarted in turn. Sessions last, and there are never too many holders.
func TestASemaphoreThroughChangesOfLeaders(t *testing.T) {
	slow(t)
	e := zktest.Start(t, zktest.WithServers(3))
	const size = 3
	c := counter{t: t, most: size}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 6 {
		s := dialTo(t, e.Connect(), zklock.WithSessionTimeout(40*time.Second))
		sem := semaphore(t, s, "pool", size)
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
				c.enter(p.Count())
				time.Sleep(time.Millisecond) // sleep ok: the work
				assert.NoError(t, p.Err())
				c.leave(p.Count())
				p.Release()
			}
		})
	}
	for _, server := range e.Servers() {
		require.NoError(t, server.Stop())
		require.NoError(t, server.Start())
	}
	close(stop)
	wg.Wait()
	c.check()
	s := dialTo(t, e.Connect())
	left, err := semaphore(t, s, "pool", size).Contenders(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
}
