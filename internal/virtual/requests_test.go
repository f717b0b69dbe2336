package virtual

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
	"github.com/zookylock/zklock/internal/wire"
)

// toldRequests are the RequestEvents of one Session.
type toldRequests struct {
	mu   sync.Mutex // guards told
	told []zklock.RequestEvent
}

func (r *toldRequests) option() zklock.SessionOption {
	return zklock.WithHooks(&zklock.Hooks{Request: func(e zklock.RequestEvent) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, e)
	}})
}

// take returns what was told since the last call.
func (r *toldRequests) take() []zklock.RequestEvent {
	time.Sleep(lull) // sleep ok: virtual
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.told
	r.told = nil
	return told
}

// TestVirtualHooksOfRequests compares what hooks are told of requests with what a server has
// received.
func TestVirtualHooksOfRequests(t *testing.T) {
	const trip = 6 * time.Millisecond // there and back
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var told toldRequests
		s, client := w.dial("", 12*time.Second, told.option())
		other, _ := w.dial("", 12*time.Second)
		m, theirs := mutex(t, s, "m"), mutex(t, other, "m")
		for range 3 {
			lockFor(t, m, time.Second)
			m.Unlock()
		}
		lockFor(t, theirs, 0)
		assert.False(t, m.TryLock())
		p := m.LockAsync(t.Context())
		time.Sleep(10 * time.Second) // sleep ok: virtual
		theirs.Unlock()
		<-p.Done()
		m.Unlock()
		_, err := m.Contenders(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Minute) // sleep ok: virtual

		events := told.take()
		count := make(map[string]int)
		for _, e := range events {
			count[e.Operation]++
		}
		for op := range int32(wire.OpSetWatches) {
			assert.Equal(t, client.Sent(op), count[wire.OpName(op)], wire.OpName(op))
		}
		for _, op := range []string{"create2", "delete", "multi", "ping"} {
			assert.NotZero(t, count[op], op)
		}
		for _, e := range events {
			assert.Equal(t, w.Connect(), e.Server)
			assert.Equal(t, trip, e.Duration, e.Operation)
			if e.Err != nil {
				assert.ErrorIs(t, e.Err, zk.ErrNoNode, e.Operation)
			}
		}
	})
}

// TestVirtualHooksOfRequestsThatFail has requests be refused, and not be answered: each is told of
// once.
func TestVirtualHooksOfRequestsThatFail(t *testing.T) {
	const timeout = 12 * time.Second
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		var told toldRequests
		s, client := w.dial("", timeout, told.option())
		m := mutex(t, s, "m")
		_, err := s.Conn().Set("/none", nil, -1)
		require.ErrorIs(t, err, zk.ErrNoNode)
		refused := told.take()
		require.NotEmpty(t, refused)
		last := refused[len(refused)-1]
		assert.Equal(t, "setData", last.Operation)
		assert.ErrorIs(t, last.Err, zk.ErrNoNode)

		lockFor(t, m, time.Second)
		told.take()
		client.Blackhole()
		<-m.Lost()
		time.Sleep(timeout) // sleep ok: virtual
		unanswered := told.take()
		assert.NotEmpty(t, unanswered)
		for _, e := range unanswered {
			assert.ErrorIs(t, e.Err, zk.ErrConnectionClosed, e.Operation)
			assert.LessOrEqual(t, e.Duration, timeout, e.Operation)
			assert.Positive(t, e.Duration, e.Operation)
		}
		client.Heal()
		m.Unlock()
	})
}
