package virtual

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// TestVirtualQueuedAfterAnotherGaveUp has all who wait in a cohort give up before they have a
// candidate, and one come meanwhile.
func TestVirtualQueuedAfterAnotherGaveUp(t *testing.T) {
	for pause := time.Duration(0); pause <= 200*time.Millisecond; pause += 10 * time.Millisecond {
		virtually(t, fakezk.Config{Latency: ms(20)}, func(t *testing.T, w *world) {
			s, _ := w.dial("", 10*time.Second)
			m := mutex(t, s, "m", zklock.WithLocalHandoff(100))
			first := m.LockAsync(t.Context())
			time.Sleep(pause) // sleep ok: virtual
			first.Cancel()
			second := m.LockAsync(t.Context())
			<-second.Done()
			require.NoError(t, second.Err())
			receive(t, second.Queued(), "candidate")
			require.NoError(t, m.UnlockContext(t.Context()))
		})
	}
}
