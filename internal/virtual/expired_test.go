package virtual

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// TestVirtualSessionThatItsServerDoesNotKnow has a server answer requests with an error that says
// that the session is over, until it hangs up: a server answers so what has been under way when a
// session expired (SessionTrackerImpl.checkSession).
func TestVirtualSessionThatItsServerDoesNotKnow(t *testing.T) {
	const unknownSession, sessionExpired = -12, -112
	ops := []int32{wire.OpCreate2, wire.OpDelete, wire.OpMulti, wire.OpExists, wire.OpGetData,
		wire.OpGetChildren, wire.OpMultiRead, wire.OpSync, wire.OpSetData}
	for _, code := range []int32{unknownSession, sessionExpired} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			virtually(t, fakezk.Config{Latency: ms(1)}, func(t *testing.T, w *world) {
				s, _ := w.dial("", 10*time.Second)
				other, _ := w.dial("", 10*time.Second)
				held, waits := mutex(t, s, "held"), mutex(t, s, "waits")
				free, holder := mutex(t, s, "free"), mutex(t, other, "waits")
				lock(t, held)
				lock(t, holder)
				id, waiting := s.ID(), waits.LockAsync(t.Context())
				<-waiting.Queued()
				for _, op := range ops {
					w.Answer(op, code)
				}
				acquired := free.LockAsync(t.Context())
				released := make(chan error, 1)
				go func() { released <- held.UnlockContext(t.Context()) }() // ends below
				time.Sleep(50 * time.Millisecond)                           // sleep ok: virtual
				require.True(t, w.Expire(id))
				for _, op := range ops {
					w.Answer(op, 0)
				}
				if err := <-released; err != nil { // the session, and so the candidate, is gone
					assert.ErrorIs(t, err, zklock.ErrLost)
				}
				<-acquired.Done()
				require.NoError(t, acquired.Err())
				holder.Unlock()
				<-waiting.Done()
				require.NoError(t, waiting.Err())
				assert.NotEqual(t, id, s.ID())
				free.Unlock()
				waits.Unlock()
			})
		})
	}
}
