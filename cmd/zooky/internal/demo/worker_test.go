package demo

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWorkerWhoseFilesAreCleared has another worker clear up while this one is at work: the
// demonstration ends, and the orders of this worker end a moment later.
func TestWorkerWhoseFilesAreCleared(t *testing.T) {
	s := newStore(t)
	in, orders := io.Pipe()
	done := make(chan error, 1)
	ann := Worker{Name: "ann", File: s.path}
	go func() { done <- ann.Run(t.Context(), in, io.Discard) }() // ends below
	_, err := io.WriteString(orders, orderGo+"\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { // it may make a file meanwhile
		return os.RemoveAll(filepath.Dir(s.path)) == nil
	}, 5*time.Second, time.Millisecond)
	time.Sleep(100 * time.Millisecond) // sleep ok: it notices
	require.NoError(t, orders.Close())
	require.NoError(t, <-done)
}
