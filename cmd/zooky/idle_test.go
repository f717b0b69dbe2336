//go:build unix

package main_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// TestShowIdleHold shows a lock that no goroutine holds and whose hold is kept.
func TestShowIdleHold(t *testing.T) {
	p := newPlace(t)
	m, err := p.session.Mutex("jobs/a", zklock.WithIdleHold(time.Hour))
	require.NoError(t, err)
	for range 3 {
		m.Lock()
		//lint:ignore SA2001 the hold that is left is what is wanted
		m.Unlock()
	}
	status, stdout, stderr := p.zooky("show", "jobs/a")
	assert.Zero(t, status, stderr)
	assert.Contains(t, stdout, "holder, may be idle")
	status, stdout, stderr = p.zooky("show", "jobs/a", "--json")
	assert.Zero(t, status, stderr)
	assert.Contains(t, stdout, `"idle_hold": true`)

	p.lock("jobs/b")
	_, stdout, _ = p.zooky("show", "jobs/b")
	assert.NotContains(t, stdout, "idle")
}
