package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// wipe has a server lose its data.
func wipe(tb testing.TB, e *zktest.Ensemble) {
	tb.Helper()
	for _, s := range e.Servers() {
		require.NoError(tb, s.Kill())
		require.NoError(tb, s.Wipe())
	}
	for _, s := range e.Servers() {
		require.NoError(tb, s.Start())
	}
}

// TestRebuiltEnsemble wipes the data under a holder and many who wait, and wants all to be granted
// the lock within three session timeouts.
func TestRebuiltEnsemble(t *testing.T) {
	t.Parallel()
	locktest.NeedsServer(t)
	sessions, each := 5, 10
	if !testing.Short() {
		sessions, each = 10, 100
	}
	e := zktest.Start(t, zktest.WithServers(1))
	first := mutex(t, dialTo(t, e.Connect()), "m")
	lock(t, first)
	lost := first.Lost()
	var waiting errgroup.Group
	for range sessions {
		s := dialTo(t, e.Connect())
		for range each {
			m := mutex(t, s, "m")
			waiting.Go(func() error {
				_, err := m.LockContext(t.Context())
				if err == nil {
					m.Unlock()
				}
				return err
			})
		}
	}
	requireQueue(t, first, 1+sessions*each)
	wipe(t, e)
	wiped := time.Now()
	require.NoError(t, waiting.Wait())
	took := time.Since(wiped)
	assert.Less(t, took, 3*sessionTimeout)
	t.Logf("%d were granted the lock within %v", sessions*each, took)
	assert.False(t, isOpen(lost))
	first.Unlock()
}
