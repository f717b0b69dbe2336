// Package wait has what tests do with channels that close.
package wait

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/closed"
)

// For waits until a channel is closed, and fails the test if that takes longer than patience.
func For(tb testing.TB, ch <-chan struct{}, patience time.Duration, what string) {
	tb.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		require.FailNow(tb, "not in time: "+what)
	}
}

// IsOpen reports whether a channel has not closed so far.
func IsOpen(ch <-chan struct{}) bool { return !closed.Is(ch) }
